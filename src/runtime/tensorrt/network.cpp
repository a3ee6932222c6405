#include "runtime/tensorrt/network.hpp"

#include <algorithm>
#include <mutex>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

// TensorRT's deserialization and creation of contexts are not promised to be safe beside each other.
std::mutex& creating() {
  static std::mutex mutex;
  return mutex;
}

std::size_t totalMemory() {
  std::size_t free = 0, total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "asking for its memory");
  return total;
}

// Whether what TensorRT has just failed in wanted memory: it was refused some, or there is so little left that whatever
// fails does so for want of it. To TensorRT a kernel whose code finds no room is an "invalid resource handle".
bool wantedMemory(CountingAllocator& allocator) {
  constexpr std::size_t kLittle = std::size_t{64} << 20;
  if (allocator.takeRefused() > 0) {
    return true;
  }
  std::size_t free = 0, total = 0;
  const cudaError_t status = cudaMemGetInfo(&free, &total);
  cuda::ignore(status);
  return status == cudaSuccess && free < kLittle;
}

}  // namespace

Network::Network(std::string_view plan, const std::string& file) : file_(file) {
  const std::string doing = "loading '" + file + "'";
  cuda::check(cuda::state(), doing.c_str());  // TensorRT is asked for nothing on a device that has failed
  const Library& library = Library::get();
  library.registerPlugins();
  const std::lock_guard lock(creating());
  runtime_ = library.createRuntime();
  runtime_->setGpuAllocator(&allocator_);
  engine_.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
  if (!engine_) {
    // A damaged plan may ask for any amount.
    const std::size_t refused = allocator_.takeRefused();
    const bool absurd = refused > totalMemory();
    const std::string said = absurd ? Log::take() : wordsOfFailure(doing, refused > 0);
    throw UnloadablePlan("'" + file + "': TensorRT " + library.version() +
                         " cannot load this engine: damaged, incomplete, or built by another version or for another "
                         "kind of GPU; build it again from its .onnx on this machine" +
                         said);
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
  engineBytes_ = allocator_.bytes();
}

std::unique_ptr<nvinfer1::IExecutionContext> Network::createContext() const {
  const std::string doing = "making an execution context of '" + file_ + "'";
  cuda::check(cuda::state(), doing.c_str());
  const std::lock_guard lock(creating());
  Log::take();
  allocator_.takeRefused();
  std::unique_ptr<nvinfer1::IExecutionContext> context(
      engine_->createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED));
  if (!context) {
    const std::string said = wordsOfFailure(doing, wantedMemory(allocator_));
    throw DeviceError(cuda::deviceLabel(cuda::currentDevice()) + ": " + doing + ": TensorRT failed" + said);
  }
  return context;
}

void Network::enqueue(nvinfer1::IExecutionContext& context, cudaStream_t stream) const {
  Log::take();
  allocator_.takeRefused();
  if (!context.enqueueV3(stream)) {
    const std::string said = wordsOfFailure("running '" + file_ + "'", wantedMemory(allocator_));
    throw InferenceError("'" + file_ + "': TensorRT failed to run the network" + said);
  }
}

std::size_t Network::contextBytes() const {
  const std::size_t bytes = allocator_.bytes();
  return bytes > engineBytes_ ? bytes - engineBytes_ : 0;
}

bool provideScratch(nvinfer1::IExecutionContext& context, cuda::ScratchMemory<std::byte>& memory) {
  std::size_t bytes = context.updateDeviceMemorySizeForShapes();
  if (bytes == 0) {
    // None is needed, or TensorRT cannot tell: what does for every shape.
    bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, context.getEngine().getDeviceMemorySizeV2()));
    Log::take();
  }
  const bool moves = bytes > memory.bytes();
  if (moves) {
    memory = {};
    memory = cuda::ScratchMemory<std::byte>(bytes);
  }
  context.setDeviceMemoryV2(memory.get(), static_cast<std::int64_t>(memory.bytes()));
  return moves;
}

cuda::ValueType Port::valueType() const {
  switch (type) {
    case nvinfer1::DataType::kHALF:
      return cuda::ValueType::F16;
    case nvinfer1::DataType::kINT32:
      return cuda::ValueType::I32;
    case nvinfer1::DataType::kINT64:
      return cuda::ValueType::I64;
    default:
      return cuda::ValueType::F32;
  }
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
