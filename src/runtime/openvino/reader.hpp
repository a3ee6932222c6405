// Reads a model file with OpenVINO and tells what it is; OpenVINO's exceptions as ours.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>
#include <string>

#include "model/description.hpp"
#include "runtime/model_source.hpp"
#include "runtime/options.hpp"

namespace trtyolo::openvino {

struct ReadModel {
  std::shared_ptr<ov::Model> network;
  ModelDescription description;
};

// Throws ModelError. The network is as in the file: nothing is reshaped or converted yet.
ReadModel readModel(const ModelSource& source, const EngineOptions& options);

// OpenVINO's messages with the source lines and "Check ... failed" taken off: what remains is for users.
std::string plainMessage(const std::exception& error);

// What `call` returns, which asks OpenVINO for something. What that throws becomes a Failure, whose message begins with
// `file` and `what`: none of OpenVINO's exceptions reaches users.
template <typename Failure, typename Call>
auto askOpenVino(const std::string& file, const char* what, const Call& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    throw Failure("'" + file + "': " + what + ": " + plainMessage(error));
  }
}

}  // namespace trtyolo::openvino
