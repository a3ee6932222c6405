#include "runtime/engine.hpp"

#include "runtime/file_kind.hpp"
#include "runtime/openvino/engine.hpp"

namespace trtyolo {
namespace {

// The file, once it is sure that OpenVINO is what should open it.
ModelFile openForOpenVino(const std::string& path, const EngineOptions& options) {
  const ModelFile file = openModelFile(path);
  if (options.backend == Backend::TensorRT) {
    throw ModelError("'" + path + "': TensorRT was asked for, but this build of trtyolo has OpenVINO only");
  }
  if (file.kind == FileKind::TensorRtEngine) {
    throw ModelError("'" + path +
                     "': a TensorRT engine, but this build of trtyolo has OpenVINO only; give the .onnx "
                     "that the engine was built from");
  }
  if (options.deviceImages) {
    throw ModelError("'" + path +
                     "': enableCudaMem() says that images are in GPU memory, but the model would run on "
                     "the CPU");
  }
  return file;
}

}  // namespace

std::shared_ptr<const Engine> loadEngine(const std::string& path, const EngineOptions& options,
                                         const DescriptionCheck& check) {
  return openvino::loadEngine(path, openForOpenVino(path, options), options, check);
}

ModelDescription inspectFile(const std::string& path, const EngineOptions& options) {
  return openvino::inspectFile(path, openForOpenVino(path, options), options);
}

std::map<std::string, std::string> builtInBackends() {
  return {{"openvino", openvino::version()}};
}

}  // namespace trtyolo
