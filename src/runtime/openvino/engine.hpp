// OpenVINO's engine: one compiled model on the CPU, one infer request a context.
#pragma once

#include <memory>
#include <string>

#include "runtime/engine.hpp"
#include "runtime/file_kind.hpp"

namespace trtyolo::openvino {

std::shared_ptr<const Engine> loadEngine(const std::string& path, const ModelFile& file, const EngineOptions& options,
                                         const DescriptionCheck& check);
ModelDescription inspectFile(const std::string& path, const ModelFile& file, const EngineOptions& options);
std::string version();

}  // namespace trtyolo::openvino
