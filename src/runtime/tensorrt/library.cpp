#include "runtime/tensorrt/library.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {
namespace {

thread_local std::string errorsOfThread;

constexpr std::size_t kMostErrorText = 2000;

// A library of TensorRT, by its name without "lib" and ".so": from the loader's paths, else from TensorRT_ROOT.
void* open(const std::string& name, std::string& failure) {
  const std::string file = "lib" + name + ".so." + std::to_string(NV_TENSORRT_MAJOR);
  std::string places[2] = {file, ""};
  if (const char* root = std::getenv("TensorRT_ROOT")) {
    places[1] = std::string(root) + "/lib/" + file;
  }
  for (const std::string& place : places) {
    if (place.empty()) {
      continue;
    }
    if (void* library = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL)) {
      return library;
    }
    failure = dlerror();
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

std::string withErrors(const std::string& text) {
  const std::string errors = Log::take();
  return errors.empty() ? text : text + ": " + errors;
}

}  // namespace

Log& Log::get() {
  static Log* const log = new Log;  // never destroyed: TensorRT may write to it while the process ends
  return *log;
}

void Log::log(Severity severity, const char* message) noexcept {
  if (severity > Severity::kERROR || errorsOfThread.size() > kMostErrorText) {
    return;
  }
  try {
    errorsOfThread += (errorsOfThread.empty() ? "" : "; ") + std::string(message);
  } catch (const std::bad_alloc&) {
    return;  // then without this one
  }
}

std::string Log::take() {
  return std::exchange(errorsOfThread, {});
}

const Library& Library::get() {
  static const Library library;  // after a failure the next call tries again
  return library;
}

Library::Library() {
  std::string failure;
  inference_ = open("nvinfer", failure);
  if (!inference_) {
    throw DeviceError("TensorRT " + std::to_string(NV_TENSORRT_MAJOR) +
                      " cannot be loaded; put its folder of libraries on LD_LIBRARY_PATH or name TensorRT's folder in "
                      "TensorRT_ROOT (" +
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
  using Create = void*(void*, int32_t) noexcept;
  Log::take();
  std::unique_ptr<nvinfer1::IRuntime> runtime(static_cast<nvinfer1::IRuntime*>(
      find<Create>(inference_, "createInferRuntime_INTERNAL")(&Log::get(), NV_TENSORRT_VERSION)));
  if (!runtime) {
    throw DeviceError(withErrors("TensorRT cannot create its runtime"));
  }
  return runtime;
}

std::unique_ptr<nvinfer1::IBuilder> Library::createBuilder() const {
  using Create = void*(void*, int32_t) noexcept;
  Log::take();
  std::unique_ptr<nvinfer1::IBuilder> builder(static_cast<nvinfer1::IBuilder*>(
      find<Create>(inference_, "createInferBuilder_INTERNAL")(&Log::get(), NV_TENSORRT_VERSION)));
  if (!builder) {
    throw DeviceError(withErrors("TensorRT cannot create its builder"));
  }
  return builder;
}

std::unique_ptr<nvonnxparser::IParser> Library::createParser(nvinfer1::INetworkDefinition& network) const {
  std::string failure;
  void* library = open("nvonnxparser", failure);
  if (!library) {
    throw DeviceError("TensorRT's ONNX parser cannot be loaded (" + failure + ")");
  }
  using Create = void*(void*, void*, int32_t) noexcept;
  Log::take();
  std::unique_ptr<nvonnxparser::IParser> parser(static_cast<nvonnxparser::IParser*>(
      find<Create>(library, "createNvOnnxParser_INTERNAL")(&network, &Log::get(), NV_ONNX_PARSER_VERSION)));
  if (!parser) {
    throw DeviceError(withErrors("TensorRT cannot create its ONNX parser"));
  }
  return parser;
}

void Library::registerPlugins() const {
  static std::once_flag once;
  std::call_once(once, [] {
    std::string failure;
    if (void* library = open("nvinfer_plugin", failure)) {
      using Register = bool(void*, const char*) noexcept;
      find<Register>(library, "initLibNvInferPlugins")(&Log::get(), "");
    }
  });
}

std::string wordsOfFailure(const std::string& doing, bool noMemory) {
  std::string words = Log::take();
  words = words.empty() ? "" : ": " + words;
  const int device = cuda::currentDevice();
  noMemory = cudaGetLastError() == cudaErrorMemoryAllocation || noMemory;  // TensorRT leaves what it met
  if (const cudaError_t state = cuda::state(); state != cudaSuccess) {
    cuda::fail(state, doing, device);
  }
  for (const char* said : {"out of memory", "OutOfMemory", "GPU memory"}) {
    noMemory = noMemory || words.find(said) != std::string::npos;
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
