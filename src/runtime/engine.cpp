#include "runtime/engine.hpp"

#include "runtime/file_kind.hpp"
#ifdef TRTYOLO_HAS_OPENVINO
#include "runtime/openvino/engine.hpp"
#endif
#ifdef TRTYOLO_HAS_TENSORRT
#include "runtime/tensorrt/engine.hpp"
#endif

namespace trtyolo {
namespace {

#ifdef TRTYOLO_HAS_OPENVINO
constexpr bool kHasOpenVino = true;
#else
constexpr bool kHasOpenVino = false;
#endif
#ifdef TRTYOLO_HAS_TENSORRT
constexpr bool kHasTensorRt = true;
#else
constexpr bool kHasTensorRt = false;
#endif

std::string whyNoGpu() {
#ifdef TRTYOLO_HAS_TENSORRT
  return tensorrt::whyNotUsable();
#else
  return "this build of trtyolo has OpenVINO only";
#endif
}

// Which back end opens the file: what the option says, else what the file needs, else the GPU where there is one.
Backend choose(const std::string& path, const ModelFile& file, const EngineOptions& options) {
  const auto fail = [&](const std::string& why) { return ModelError("'" + path + "': " + why); };
  const bool plan = file.kind == FileKind::TensorRtEngine, ir = file.kind == FileKind::OpenVinoIr;
  if (options.backend == Backend::TensorRT && ir) {
    throw fail("an OpenVINO IR cannot be run by TensorRT, which was asked for; give the .onnx");
  }
  if (options.backend == Backend::OpenVINO && plan) {
    throw fail(
        "a TensorRT engine cannot be run by OpenVINO, which was asked for; give the .onnx that it was built from");
  }
  if (plan || options.backend == Backend::TensorRT) {
    if (!kHasTensorRt) {
      throw fail(std::string(plan ? "a TensorRT engine" : "TensorRT was asked for") +
                 ", but this build of trtyolo has OpenVINO only" +
                 (plan ? "; give the .onnx that the engine was built from" : ""));
    }
    const std::string why = whyNoGpu();
    if (!why.empty()) {
      throw DeviceError(
          "'" + path +
          "': " + (plan ? "a TensorRT engine cannot be run here" : "TensorRT, which was asked for, cannot be used") +
          ": " + why + (plan ? "; give the .onnx that it was built from" : ""));
    }
    return Backend::TensorRT;
  }
  const bool gpu = kHasTensorRt && options.backend == Backend::Auto && !ir && whyNoGpu().empty();
  if (gpu) {
    return Backend::TensorRT;
  }
  if (!kHasOpenVino) {
    throw fail("this build of trtyolo has TensorRT only, and that cannot be used here: " + whyNoGpu());
  }
  if (options.deviceImages) {
    throw fail("enableCudaMem() says that images are in GPU memory, but the model would run on the CPU" +
               (options.backend == Backend::Auto && !ir ? ": " + whyNoGpu() : std::string()));
  }
  return Backend::OpenVINO;
}

}  // namespace

std::shared_ptr<const Engine> loadEngine(const std::string& path, const EngineOptions& options,
                                         [[maybe_unused]] const DescriptionCheck& check) {
  const ModelFile file = openModelFile(path);
  [[maybe_unused]] const Backend backend = choose(path, file, options);
#ifdef TRTYOLO_HAS_TENSORRT
  if (backend == Backend::TensorRT) {
    return tensorrt::loadEngine(path, file, options, check);
  }
#endif
#ifdef TRTYOLO_HAS_OPENVINO
  if (backend == Backend::OpenVINO) {
    return openvino::loadEngine(path, file, options, check);
  }
#endif
  throw ModelError("'" + path + "': this build of trtyolo has no back end for it");
}

ModelDescription inspectFile(const std::string& path, const EngineOptions& options) {
  const ModelFile file = openModelFile(path);
  [[maybe_unused]] const Backend backend = choose(path, file, options);
#ifdef TRTYOLO_HAS_TENSORRT
  if (backend == Backend::TensorRT) {
    return tensorrt::inspectFile(path, file, options);
  }
#endif
#ifdef TRTYOLO_HAS_OPENVINO
  if (backend == Backend::OpenVINO) {
    return openvino::inspectFile(path, file, options);
  }
#endif
  throw ModelError("'" + path + "': this build of trtyolo has no back end for it");
}

void buildEngineFile(const std::string& onnx, const std::string& engine, const BuildOption& option) {
  const ModelFile file = openModelFile(onnx);
  if (file.kind != FileKind::OnnxOrUnknown) {
    throw ModelError("'" + onnx + "': an engine is built from an ONNX model, found " +
                     (file.kind == FileKind::OpenVinoIr ? "an OpenVINO IR" : "a TensorRT engine"));
  }
#ifdef TRTYOLO_HAS_TENSORRT
  if (const std::string why = whyNoGpu(); !why.empty()) {
    throw DeviceError("'" + engine + "': engines are built by TensorRT, which cannot be used here: " + why);
  }
  tensorrt::buildEngineFile(onnx, engine, option);
#else
  static_cast<void>(option);
  throw DeviceError("'" + engine + "': engines are built by TensorRT, but " + whyNoGpu());
#endif
}

std::map<std::string, std::string> builtInBackends() {
  std::map<std::string, std::string> versions;
#ifdef TRTYOLO_HAS_OPENVINO
  versions["openvino"] = openvino::version();
#endif
#ifdef TRTYOLO_HAS_TENSORRT
  versions["tensorrt"] = tensorrt::version();
#endif
  return versions;
}

}  // namespace trtyolo
