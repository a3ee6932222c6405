// TensorRT's engine.
#pragma once

#include <memory>
#include <string>

#include "runtime/engine.hpp"
#include "runtime/file_kind.hpp"

namespace trtyolo::tensorrt {

// See trtyolo::loadEngine(). An ONNX file's engine is taken from the cache, or built. Throws DeviceError where no GPU
// or no TensorRT can be used.
std::shared_ptr<const Engine> loadEngine(const std::string& path, const ModelFile& file, const EngineOptions& options,
                                         const DescriptionCheck& check);

// See trtyolo::inspectFile(). A plan must be loaded to be looked into, so this needs the GPU as well.
ModelDescription inspectFile(const std::string& path, const ModelFile& file, const EngineOptions& options);

// See trtyolo::buildEngineFile().
void buildEngineFile(const std::string& onnx, const std::string& engine, const BuildOption& option);

// "10.6.0", or that of the headers and why TensorRT cannot be used here.
std::string version();

// Why there is nothing here to run on, in a sentence; empty if there is. Never throws.
std::string whyNotUsable();

}  // namespace trtyolo::tensorrt
