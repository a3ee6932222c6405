#include "runtime/tensorrt/network.hpp"

#include <mutex>

#include "cuda/devices.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

// TensorRT's deserialization and creation of contexts are not promised to be safe beside each other.
std::mutex& creating() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

Network::Network(std::string_view plan, const std::string& file) : file_(file) {
  const Library& library = Library::get();
  library.registerPlugins();
  const std::lock_guard lock(creating());
  runtime_ = library.createRuntime();
  engine_.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
  if (!engine_) {
    const std::string words = Log::take();
    throw UnloadablePlan(
        "'" + file + "': TensorRT " + library.version() +
        " cannot load this engine: damaged, incomplete, or built by another version or for another kind of "
        "GPU; build it again from its .onnx on this machine" +
        (words.empty() ? "" : " (" + words + ")"));
  }
  for (int i = 0; i < engine_->getNbIOTensors(); ++i) {
    Port port;
    port.name = engine_->getIOTensorName(i);
    port.type = engine_->getTensorDataType(port.name.c_str());
    port.shape = engine_->getTensorShape(port.name.c_str());
    const bool input = engine_->getTensorIOMode(port.name.c_str()) == nvinfer1::TensorIOMode::kINPUT;
    if (input) {
      constexpr int kProfile = 0;
      port.least = engine_->getProfileShape(port.name.c_str(), kProfile, nvinfer1::OptProfileSelector::kMIN);
      port.most = engine_->getProfileShape(port.name.c_str(), kProfile, nvinfer1::OptProfileSelector::kMAX);
    }
    (input ? inputs_ : outputs_).push_back(port);
  }
}

std::unique_ptr<nvinfer1::IExecutionContext> Network::createContext() const {
  const std::lock_guard lock(creating());
  Log::take();
  std::unique_ptr<nvinfer1::IExecutionContext> context(engine_->createExecutionContext());
  if (!context) {
    const std::string words = Log::take();
    throw DeviceError("'" + file_ + "': TensorRT cannot create another execution context: " +
                      (words.empty() ? "no memory is left on the GPU, or it failed" : words));
  }
  return context;
}

std::size_t elementsOf(const nvinfer1::Dims& shape) {
  std::size_t count = 1;
  for (int i = 0; i < shape.nbDims; ++i) {
    count *= static_cast<std::size_t>(shape.d[i]);
  }
  return count;
}

const char* nameOf(nvinfer1::DataType type) {
  switch (type) {
    case nvinfer1::DataType::kFLOAT:
      return "f32";
    case nvinfer1::DataType::kHALF:
      return "f16";
    case nvinfer1::DataType::kBF16:
      return "bf16";
    case nvinfer1::DataType::kINT32:
      return "i32";
    case nvinfer1::DataType::kINT64:
      return "i64";
    case nvinfer1::DataType::kINT8:
      return "i8";
    case nvinfer1::DataType::kUINT8:
      return "u8";
    case nvinfer1::DataType::kBOOL:
      return "bool";
    default:
      return "another type";
  }
}

std::vector<TensorInfo> tensorsOf(const std::vector<Port>& ports) {
  std::vector<TensorInfo> tensors;
  for (const Port& port : ports) {
    TensorInfo tensor{port.name, nameOf(port.type), {}};
    for (int i = 0; i < port.shape.nbDims; ++i) {
      const bool fixed = port.shape.d[i] != -1 || (port.least.nbDims > i && port.least.d[i] == port.most.d[i]);
      tensor.shape.push_back(static_cast<int>(!fixed ? -1 : port.shape.d[i] != -1 ? port.shape.d[i] : port.most.d[i]));
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace trtyolo::tensorrt
