// Reads a model file with OpenVINO and tells what it is.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>
#include <string>

#include "model/description.hpp"
#include "runtime/file_kind.hpp"
#include "runtime/options.hpp"

namespace trtyolo::openvino {

struct ReadModel {
  std::shared_ptr<ov::Model> network;
  ModelDescription description;
};

// Throws ModelError. The network is as in the file: nothing is reshaped or converted yet.
ReadModel readModel(const std::string& path, const ModelFile& file, const EngineOptions& options);

// OpenVINO's messages with the source lines and "Check ... failed" taken off: what remains is for users.
std::string plainMessage(const std::exception& error);

}  // namespace trtyolo::openvino
