#include "runtime/tensorrt/library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "base/log.hpp"
#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "runtime/library_folders.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {
namespace {

thread_local std::string errorsOfThread;

constexpr std::size_t kMostErrorText = 2000;

// Opens the libraries of a folder whose names begin so, for others to find by their names; those that cannot be opened
// are missed there.
void openAll(const std::string& folder, const std::string& beginning) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().filename().string().rfind(beginning, 0) == 0) {
      dlopen(entry.path().c_str(), RTLD_LAZY | RTLD_LOCAL);
    }
  }
}

// A library of TensorRT, by its name without "lib" and ".so": from the loader's paths, else from TensorRT_ROOT, else
// from libraryFolders(). `folder` is set to the one that it was found in, if it was not the loader that found it.
void* open(const std::string& name, std::string& failure, std::string& folder) {
  const std::string file = "lib" + name + ".so." + std::to_string(NV_TENSORRT_MAJOR);
  if (void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    return library;
  }
  failure = dlerror();
  std::vector<std::string> places;
  if (const char* root = std::getenv("TensorRT_ROOT")) {
    places.push_back(std::string(root) + "/lib");
  }
  for (const std::string& place : libraryFolders()) {
    openAll(place, "libcudart.so.");  // TensorRT's wheels find it by its name only
    places.push_back(place);
  }
  for (const std::string& place : places) {
    if (void* library = dlopen((place + "/" + file).c_str(), RTLD_NOW | RTLD_LOCAL)) {
      folder = place;
      return library;
    }
    // That one is there and cannot be opened says more than that others are not there.
    const std::string why = dlerror();
    std::error_code none;
    if (std::filesystem::exists(place + "/" + file, none)) {
      failure = why;
    }
  }
  return nullptr;
}

template <typename Function>
Function* find(void* library, const char* name) {
  auto* function = reinterpret_cast<Function*>(dlsym(library, name));
  if (!function) {
    throw DeviceError(std::string("TensorRT's library has no ") + name + ": damaged, or something else");
  }
  return function;
}

LogLevel levelOf(nvinfer1::ILogger::Severity severity) {
  using Severity = nvinfer1::ILogger::Severity;
  if (severity <= Severity::kERROR) {
    return LogLevel::Error;
  }
  return severity == Severity::kWARNING ? LogLevel::Warning : LogLevel::Debug;
}

// What an entry point of TensorRT's makes; `what` for messages.
template <typename Made, typename... Arguments>
std::unique_ptr<Made> create(void* library, const char* name, const char* what, Arguments... arguments) {
  using Create = void*(Arguments...) noexcept;
  Logger::take();
  std::unique_ptr<Made> made(static_cast<Made*>(find<Create>(library, name)(arguments...)));
  if (!made) {
    const std::string errors = Logger::take();
    throw DeviceError(std::string("TensorRT cannot create its ") + what + (errors.empty() ? "" : ": " + errors));
  }
  return made;
}

}  // namespace

Logger& Logger::get() {
  static Logger* const logger = new Logger;  // never destroyed: TensorRT may write to it while the process ends
  return *logger;
}

void Logger::log(Severity severity, const char* message) noexcept {
  try {
    if (severity <= Severity::kERROR && errorsOfThread.size() < kMostErrorText) {
      errorsOfThread += (errorsOfThread.empty() ? "" : "; ") + std::string(message);
    }
    if (isLogging()) {
      writeLog(levelOf(severity), "TensorRT: " + std::string(message));
    }
  } catch (const std::bad_alloc&) {
    return;  // then without this one
  }
}

std::string Logger::take() {
  return std::exchange(errorsOfThread, {});
}

const Library& Library::get() {
  static const Library library;  // after a failure the next call tries again
  return library;
}

Library::Library() {
  std::string failure;
  inference_ = open("nvinfer", failure, folder_);
  if (!inference_) {
    throw DeviceError("TensorRT " + std::to_string(NV_TENSORRT_MAJOR) +
                      " cannot be loaded; put its folder of libraries on LD_LIBRARY_PATH or name TensorRT's folder in "
                      "TensorRT_ROOT; for Python, pip install 'trtyolo[gpu]' brings it (" +
                      failure + ")");
  }
}

std::string Library::version() const {
  using Number = int32_t() noexcept;
  const auto number = [this](const char* name) { return std::to_string(find<Number>(inference_, name)()); };
  return number("getInferLibMajorVersion") + "." + number("getInferLibMinorVersion") + "." +
         number("getInferLibPatchVersion");
}

std::unique_ptr<nvinfer1::IRuntime> Library::createRuntime() const {
  return create<nvinfer1::IRuntime, void*, int32_t>(inference_, "createInferRuntime_INTERNAL", "runtime",
                                                    &Logger::get(), NV_TENSORRT_VERSION);
}

std::unique_ptr<nvinfer1::IBuilder> Library::createBuilder() const {
  // What it builds with are libraries that it looks for by their names only.
  if (!folder_.empty()) {
    openAll(folder_, "libnvinfer_builder_resource");
  }
  return create<nvinfer1::IBuilder, void*, int32_t>(inference_, "createInferBuilder_INTERNAL", "builder",
                                                    &Logger::get(), NV_TENSORRT_VERSION);
}

std::unique_ptr<nvonnxparser::IParser> Library::createParser(nvinfer1::INetworkDefinition& network) const {
  std::string failure, folder;
  void* library = open("nvonnxparser", failure, folder);
  if (!library) {
    throw DeviceError("TensorRT's ONNX parser cannot be loaded (" + failure + ")");
  }
  return create<nvonnxparser::IParser, void*, void*, int32_t>(library, "createNvOnnxParser_INTERNAL", "ONNX parser",
                                                              &network, &Logger::get(), NV_ONNX_PARSER_VERSION);
}

void Library::registerPlugins() const {
  static std::once_flag once;
  std::call_once(once, [] {
    std::string failure, folder;
    if (void* library = open("nvinfer_plugin", failure, folder)) {
      using Register = bool(void*, const char*) noexcept;
      find<Register>(library, "initLibNvInferPlugins")(&Logger::get(), "");
    }
  });
}

void Library::loadPlugins(const std::vector<std::string>& files) const {
  if (files.empty()) {
    return;
  }
  using Registry = nvinfer1::IPluginRegistry*();
  nvinfer1::IPluginRegistry& registry = *find<Registry>(inference_, "getPluginRegistry")();
  const auto count = [&registry] {
    std::int32_t creators = 0;
    registry.getAllCreators(&creators);
    return creators;
  };
  static std::mutex loading;
  static std::set<std::string> loaded;
  const std::lock_guard lock(loading);
  for (const std::string& file : files) {
    // A name without a folder would be looked for elsewhere.
    const std::string path = std::filesystem::absolute(file).string();
    if (loaded.count(path) != 0) {
      continue;
    }
    const auto fail = [&file](const std::string& why) {
      throw ModelError("'" + file + "': this library of plugins cannot be loaded: " + why);
    };
    // The loader would wait for a pipe.
    if (const std::string why = whyNoFile(path); !why.empty()) {
      fail(why);
    }
    const std::int32_t before = count();
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
      const char* const why = dlerror();
      fail(why ? why : "no reason was given");
    }
    // A library registers its plugins when it is loaded, or has a function that names them.
    if (count() == before) {
      if (!dlsym(library, "getCreators") && !dlsym(library, "getPluginCreators")) {
        fail("it has registered no plugin, and has no function getCreators() that names some");
      }
      Logger::take();
      if (!registry.loadLibrary(path.c_str())) {
        fail("TensorRT does not take it: " + Logger::take());
      }
    }
    loaded.insert(path);
  }
}

std::string withPluginAdvice(std::string text) {
  const bool plugin = text.find("lugin") != std::string::npos;
  return plugin ? std::move(text) + "; setPluginLibraries() (--plugins FILE) loads the library that has it" : text;
}

std::string wordsOfFailure(const std::string& doing, bool noMemory) {
  std::string words = Logger::take();
  words = words.empty() ? "" : ": " + words;
  const int device = cuda::currentDevice();
  noMemory = cudaGetLastError() == cudaErrorMemoryAllocation || noMemory;  // TensorRT leaves what it met
  if (const cudaError_t state = cuda::state(); state != cudaSuccess) {
    cuda::fail(state, doing, device);
  }
  for (const char* reason : {"out of memory", "OutOfMemory", "GPU memory"}) {
    noMemory = noMemory || words.find(reason) != std::string::npos;
  }
  if (noMemory) {
    throw cuda::OutOfMemory(cuda::deviceLabel(device) + ": " + doing + ": out of memory" + words);
  }
  return words;
}

std::string whyNoTensorRt() {
  try {
    std::string why = cuda::whyNoDevice();
    if (why.empty()) {
      Library::get();
    }
    return why;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace trtyolo::tensorrt
