// A deserialized TensorRT engine: what all executors share.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "image/geometry.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {

// An input or output of the network.
struct Port {
  std::string name;
  nvinfer1::DataType type = nvinfer1::DataType::kFLOAT;
  nvinfer1::Dims shape;            // -1 where it is dynamic
  nvinfer1::Dims least{}, most{};  // of inputs

  bool half() const { return type == nvinfer1::DataType::kHALF; }
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

  // A context on the shared weights; it must go before this. Throws DeviceError.
  std::unique_ptr<nvinfer1::IExecutionContext> createContext() const;

 private:
  std::string file_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;  // before the engine: it must outlive it
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::vector<Port> inputs_, outputs_;
};

std::size_t elementsOf(const nvinfer1::Dims& shape);

// "f32", "f16", ...
const char* nameOf(nvinfer1::DataType type);

// As inspect() has them: dimensions that can only have one size are not dynamic.
std::vector<TensorInfo> tensorsOf(const std::vector<Port>& ports);

}  // namespace trtyolo::tensorrt
