#include "media/cuda/nvimgcodec.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "trtyolo/errors.hpp"

namespace trtyolo::media {
namespace {

constexpr const char* kFile = "libnvimgcodec.so.0";

void* openLibrary(const std::string& place) {
  std::vector<std::string> files;
  const auto add = [&](const std::string& where) {
    std::error_code error;
    files.push_back(std::filesystem::is_directory(where, error) ? where + "/" + kFile : where);
  };
  if (!place.empty()) {
    add(place);
  } else {
    if (const char* root = std::getenv("NvImageCodec_ROOT")) {
      add(root);
    }
    files.emplace_back(kFile);
  }
  std::string failure;
  for (const std::string& file : files) {
    if (void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
      return library;
    }
    failure += (failure.empty() ? "" : "; ") + std::string(dlerror());
  }
  throw DeviceError(
      "nvImageCodec cannot be loaded; pip install 'nvidia-nvimgcodec-cu13[nvjpeg]' brings it, and "
      "ImageDecoderOption::nvImageCodec or NvImageCodec_ROOT names its folder (" +
      failure + ")");
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (!function) {
    throw DeviceError(std::string("nvImageCodec's library has no ") + name + ": damaged, or of another version");
  }
}

// The extension for JPEG, which lies beside the library; it stays loaded.
void* openJpegExtension(const NvImageCodec& functions) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(functions.instanceCreate), &info) == 0 || !info.dli_fname) {
    throw DeviceError("nvImageCodec's library does not say where it is");
  }
  const std::filesystem::path folder = std::filesystem::weakly_canonical(info.dli_fname).parent_path() / "extensions";
  std::error_code none;
  std::string failure = "it is not there";
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().filename().string().rfind("libnvjpeg_ext.so", 0) == 0) {
      if (void* extension = dlopen(entry.path().c_str(), RTLD_NOW | RTLD_LOCAL)) {
        return extension;
      }
      failure = dlerror();
    }
  }
  throw DeviceError("nvImageCodec's extension libnvjpeg_ext.so in '" + folder.string() +
                    "' cannot be loaded: " + failure);
}

}  // namespace

NvImageCodec::NvImageCodec(const std::string& place) {
  void* const library = openLibrary(place);
  find(library, "nvimgcodecGetProperties", getProperties);
  auto properties = structure<nvimgcodecProperties_t>(NVIMGCODEC_STRUCTURE_TYPE_PROPERTIES);
  check(getProperties(&properties), "asking nvImageCodec for its version");
  // Before 1.0 each minor version may have structures of its own.
  if (properties.version / 100 != NVIMGCODEC_VER / 100) {
    throw DeviceError("nvImageCodec " + std::to_string(NVIMGCODEC_VER_MAJOR) + "." +
                      std::to_string(NVIMGCODEC_VER_MINOR) + " is needed, found was version " +
                      std::to_string(properties.version / 1000) + "." +
                      std::to_string(properties.version % 1000 / 100));
  }
  find(library, "nvimgcodecInstanceCreate", instanceCreate);
  find(library, "nvimgcodecInstanceDestroy", instanceDestroy);
  find(library, "nvimgcodecExtensionCreate", extensionCreate);
  find(library, "nvimgcodecExtensionDestroy", extensionDestroy);
  find(library, "nvimgcodecFutureWaitForAll", futureWaitForAll);
  find(library, "nvimgcodecFutureDestroy", futureDestroy);
  find(library, "nvimgcodecFutureGetProcessingStatus", futureGetProcessingStatus);
  find(library, "nvimgcodecImageCreate", imageCreate);
  find(library, "nvimgcodecImageDestroy", imageDestroy);
  find(library, "nvimgcodecCodeStreamCreateFromHostMem", codeStreamCreateFromHostMem);
  find(library, "nvimgcodecCodeStreamDestroy", codeStreamDestroy);
  find(library, "nvimgcodecCodeStreamGetImageInfo", codeStreamGetImageInfo);
  find(library, "nvimgcodecDecoderCreate", decoderCreate);
  find(library, "nvimgcodecDecoderDestroy", decoderDestroy);
  find(library, "nvimgcodecDecoderDecode", decoderDecode);
}

NvImageCodecInstance::NvImageCodecInstance(const std::string& place) : functions_(place) {
  decltype(&nvimgcodecExtensionModuleEntry) describe = nullptr;
  find(openJpegExtension(functions_), "nvimgcodecExtensionModuleEntry", describe);
  auto info = structure<nvimgcodecInstanceCreateInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
  info.load_builtin_modules = 1;
  check(functions_.instanceCreate(&instance_, &info), "starting nvImageCodec");
  auto extension = structure<nvimgcodecExtensionDesc_t>(NVIMGCODEC_STRUCTURE_TYPE_EXTENSION_DESC);
  nvimgcodecStatus_t status = describe(&extension);
  if (status == NVIMGCODEC_STATUS_SUCCESS) {
    status = functions_.extensionCreate(instance_, &jpeg_, &extension);
  }
  if (status != NVIMGCODEC_STATUS_SUCCESS) {
    functions_.instanceDestroy(instance_);
    throw DeviceError("nvImageCodec cannot start nvJPEG (status " + std::to_string(status) +
                      "); its library libnvjpeg comes with CUDA, or by pip install nvidia-nvjpeg");
  }
}

NvImageCodecInstance::~NvImageCodecInstance() {
  functions_.extensionDestroy(jpeg_);
  functions_.instanceDestroy(instance_);
}

void check(nvimgcodecStatus_t status, const char* doing) {
  if (status != NVIMGCODEC_STATUS_SUCCESS) {
    throw DeviceError(std::string(doing) + ": nvImageCodec's status " + std::to_string(status));
  }
}

}  // namespace trtyolo::media
