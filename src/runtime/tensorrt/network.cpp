#include "runtime/tensorrt/network.hpp"

#include <algorithm>
#include <functional>
#include <mutex>

#include "cuda/devices.hpp"
#include "cuda/error.hpp"
#include "cuda/stream.hpp"
#include "runtime/network_speed.hpp"
#include "runtime/refused_memory.hpp"
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

// Whether the call of TensorRT that has just failed lacked memory: an allocation failed, or there is so little left
// that any failure is due to it. TensorRT calls a kernel whose code finds no room an "invalid resource handle".
bool lackedMemory() {
  constexpr std::size_t kLittle = std::size_t{64} << 20;
  if (RefusedMemory::take() > 0) {
    return true;
  }
  std::size_t free = 0, total = 0;
  const cudaError_t status = cudaMemGetInfo(&free, &total);
  cuda::ignore(status);
  return status == cudaSuccess && free < kLittle;
}

// A context with all that it needs to run again and again.
class Request {
 public:
  Request(const Network& network, int batch, Size size) : network_(network), context_(network.createContext()) {
    const Port& input = network.inputs()[0];
    const nvinfer1::Dims shape{4, {batch, 3, size.height, size.width}};
    bool ready = context_->setInputShape(input.name.c_str(), shape);
    const auto place = [&](const Port& port, const nvinfer1::Dims& dims) {
      memory_.emplace_back(port.bytes(dims));
      cuda::check(cudaMemsetAsync(memory_.back().get(), 0, memory_.back().bytes(), stream_.get()), "clearing memory");
      ready = context_->setTensorAddress(port.name.c_str(), memory_.back().get()) && ready;
    };
    place(input, shape);
    for (const Port& output : network.outputs()) {
      place(output, context_->getTensorShape(output.name.c_str()));
    }
    provideScratch(*context_, scratch_);
    if (!ready) {
      throw InferenceError("'" + network.file() + "': TensorRT does not take the network's shapes" +
                           wordsOfFailure("measuring '" + network.file() + "'"));
    }
    enqueue();  // the first run may allocate
    stream_.synchronize();
    try {
      graph_ = cuda::Graph(stream_, [&] { enqueue(); });
    } catch (const Error&) {
      graph_ = {};  // then without
    }
    run();
  }

  void run() {
    if (graph_) {
      graph_.launch(stream_);
    } else {
      enqueue();
    }
    stream_.synchronize();
  }

 private:
  void enqueue() { network_.enqueue(*context_, stream_.get()); }

  const Network& network_;
  cuda::Stream stream_;
  std::vector<cuda::DeviceMemory<std::byte>> memory_;
  cuda::ScratchMemory<std::byte> scratch_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  cuda::Graph graph_;
};

}  // namespace

Network::Network(std::string_view plan, const std::string& file) : file_(file) {
  const std::string doing = "loading '" + file + "'";
  cuda::check(cuda::state(), doing.c_str());  // TensorRT is not called on a device that has failed
  const Library& library = Library::get();
  library.registerPlugins();
  const std::lock_guard lock(creating());
  runtime_ = library.createRuntime();
  runtime_->setGpuAllocator(&allocator_);
  RefusedMemory::take();
  engine_.reset(runtime_->deserializeCudaEngine(plan.data(), plan.size()));
  if (!engine_) {
    // A damaged plan may ask for any amount.
    const std::size_t refused = RefusedMemory::take();
    const bool absurd = refused > totalMemory();
    const std::string reason = absurd ? Logger::take() : wordsOfFailure(doing, refused > 0);
    throw UnloadablePlan("'" + file + "': TensorRT " + library.version() +
                         " cannot load this engine: damaged, incomplete, or built by another version or for another "
                         "kind of GPU; build it again from its .onnx on this machine" +
                         withPluginAdvice(reason));
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
    takeFormat(port, input);
    (input ? inputs_ : outputs_).push_back(port);
  }
  engineBytes_ = allocator_.bytes();
}

// How the port's values lie.
void Network::takeFormat(Port& port, bool input) const {
  const nvinfer1::TensorFormat format = engine_->getTensorFormat(port.name.c_str());
  port.channelsLast = !input && port.half() && port.shape.nbDims == 4 && format == nvinfer1::TensorFormat::kHWC8;
  if (!port.channelsLast && format != nvinfer1::TensorFormat::kLINEAR) {
    throw ModelError("'" + file_ + "': the values of '" + port.name + "' lie in an order that is not supported (" +
                     engine_->getTensorFormatDesc(port.name.c_str()) +
                     "); build the engine with inputs and outputs in TensorRT's linear format");
  }
}

std::unique_ptr<nvinfer1::IExecutionContext> Network::createContext() const {
  const std::string doing = "making an execution context of '" + file_ + "'";
  cuda::check(cuda::state(), doing.c_str());
  const std::lock_guard lock(creating());
  Logger::take();
  RefusedMemory::take();
  std::unique_ptr<nvinfer1::IExecutionContext> context(
      engine_->createExecutionContext(nvinfer1::ExecutionContextAllocationStrategy::kUSER_MANAGED));
  if (!context) {
    const std::string reason = wordsOfFailure(doing, lackedMemory());
    throw DeviceError(cuda::deviceLabel(cuda::currentDevice()) + ": " + doing + ": TensorRT failed" + reason);
  }
  return context;
}

void Network::enqueue(nvinfer1::IExecutionContext& context, cudaStream_t stream) const {
  Logger::take();
  RefusedMemory::take();
  if (!context.enqueueV3(stream)) {
    const std::string reason = wordsOfFailure("running '" + file_ + "'", lackedMemory());
    throw InferenceError("'" + file_ + "': TensorRT failed to run the network" + reason);
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
    Logger::take();
  }
  const bool moves = bytes > memory.bytes();
  if (moves) {
    memory = {};
    memory = cuda::ScratchMemory<std::byte>(bytes);
  }
  context.setDeviceMemoryV2(memory.get(), static_cast<std::int64_t>(memory.bytes()));
  return moves;
}

NetworkSpeed measureNetwork(const Network& network, int batch, Size size, int requests, double seconds, int device) {
  std::vector<std::unique_ptr<Request>> made;
  made.reserve(static_cast<std::size_t>(requests));
  for (int i = 0; i < requests; ++i) {
    made.push_back(std::make_unique<Request>(network, batch, size));
  }
  return raceThreads(made.size(), seconds, [&](std::size_t i, const std::function<bool()>& next) {
    const cuda::DeviceScope scope(device);
    do {
      made[i]->run();
    } while (next());
  });
}

cuda::ValueType Port::valueType() const {
  switch (type) {
    case nvinfer1::DataType::kHALF:
      return cuda::ValueType::F16;
    case nvinfer1::DataType::kINT32:
      return cuda::ValueType::I32;
    case nvinfer1::DataType::kINT64:
      return cuda::ValueType::I64;
    case nvinfer1::DataType::kUINT8:
      return cuda::ValueType::U8;
    default:
      return cuda::ValueType::F32;
  }
}

cuda::DeviceTensor Port::tensor(const nvinfer1::Dims& dims) const {
  constexpr int kChannels = 1;
  constexpr std::size_t kPadding = 8;
  cuda::DeviceTensor tensor{nullptr, valueType(), {dims.d, dims.d + dims.nbDims}};
  if (channelsLast) {
    tensor.cellStep = (static_cast<std::size_t>(dims.d[kChannels]) + kPadding - 1) / kPadding * kPadding;
  }
  return tensor;
}

std::size_t Port::bytes(const nvinfer1::Dims& dims) const {
  constexpr std::size_t kChannels = 1;
  const cuda::DeviceTensor shaped = tensor(dims);
  std::size_t count = 1;
  for (std::size_t i = 0; i < shaped.shape.size(); ++i) {
    count *= channelsLast && i == kChannels ? shaped.cellStep : static_cast<std::size_t>(shaped.shape[i]);
  }
  return count * cuda::bytesOf(shaped.type);
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
