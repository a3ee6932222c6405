// A deserialized TensorRT engine: what all executors share.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cuda/memory.hpp"
#include "image/geometry.hpp"
#include "model/cuda/objects.hpp"
#include "runtime/tensorrt/allocator.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {

// An input or output of the network.
struct Port {
  std::string name;
  nvinfer1::DataType type = nvinfer1::DataType::kFLOAT;
  nvinfer1::Dims shape;            // -1 where it is dynamic
  nvinfer1::Dims least{}, most{};  // of inputs
  bool channelsLast = false;       // of f16: the channels of a cell lie side by side, filled up to a multiple of 8

  bool half() const { return type == nvinfer1::DataType::kHALF; }
  cuda::ValueType valueType() const;  // of a type that is understood
  // One in this shape, without memory.
  cuda::DeviceTensor tensor(const nvinfer1::Dims& dims) const;
  std::size_t bytes(const nvinfer1::Dims& dims) const;
};

// A plan that TensorRT does not load, or a file that holds none.
class UnloadablePlan : public ModelError {
 public:
  using ModelError::ModelError;
};

// The plan on one device. Immutable; every method from any thread.
class Network {
 public:
  // Throws UnloadablePlan with `file` and TensorRT's words if the plan is damaged, or made by another version or for
  // another GPU; DeviceError if there is no memory for it. The device must be current.
  Network(std::string_view plan, const std::string& file);

  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }
  const std::string& file() const { return file_; }

  // A context on the shared weights, without scratch: see provideScratch(). It must go before this. Throws DeviceError.
  std::unique_ptr<nvinfer1::IExecutionContext> createContext() const;

  // Puts the context's work on the stream. Throws DeviceError if the device has failed or has no memory left, else
  // InferenceError.
  void enqueue(nvinfer1::IExecutionContext& context, cudaStream_t stream) const;

  // Bytes of the device's memory that TensorRT holds: for the engine, and for all contexts that there are.
  std::size_t engineBytes() const { return engineBytes_; }
  std::size_t contextBytes() const;

 private:
  void takeFormat(Port& port, bool input) const;

  std::string file_;
  CountingAllocator allocator_;                  // before the runtime: it must outlive it
  std::unique_ptr<nvinfer1::IRuntime> runtime_;  // before the engine: it must outlive it
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::vector<Port> inputs_, outputs_;
  std::size_t engineBytes_ = 0;
};

// Gives the context the scratch memory that its input shape needs; to be called whenever the shape has changed. True if
// the memory moved because there was too little: captured graphs are stale then. The memory must outlive the context,
// which must not be running. Throws DeviceError.
bool provideScratch(nvinfer1::IExecutionContext& context, cuda::ScratchMemory<std::byte>& memory);

// See Model::measureNetwork(): `requests` threads, each with a context, memory and captured graph of its own, for
// `seconds`. Throws DeviceError and InferenceError, and Error if a thread cannot be made.
NetworkSpeed measureNetwork(const Network& network, int batch, Size size, int requests, double seconds, int device);

// "f32", "f16", ...
const char* nameOf(nvinfer1::DataType type);

// As inspect() shows them: dimensions that can only have one size are not dynamic.
std::vector<TensorInfo> tensorsOf(const std::vector<Port>& ports);

}  // namespace trtyolo::tensorrt
