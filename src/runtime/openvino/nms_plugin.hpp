// TensorRT's EfficientNMS_TRT in an ONNX file, which OpenVINO does not have.
#pragma once

#include <memory>
#include <openvino/frontend/manager.hpp>
#include <openvino/openvino.hpp>
#include <optional>

#include "model/description.hpp"

namespace trtyolo::openvino {

// Cuts the node off: its two inputs, brought to boxes as corners [batch, anchors, 4] and scores [batch, anchors,
// classes], become the network's outputs, and what the node says of suppression is kept for our own.
class NmsPluginCutter {
 public:
  // To be called before the reader converts a file.
  void install(ov::frontend::FrontEnd& reader);

  // The network without the node, and what the node said; `network` itself and nothing if it had none.
  // Throws ModelError for a file with more than one such node.
  std::shared_ptr<ov::Model> cut(const std::shared_ptr<ov::Model>& network);
  const std::optional<Suppression>& suppression() const { return found_->suppression; }

 private:
  struct Found {
    int nodes = 0;
    ov::OutputVector inputs;  // boxes and scores
    std::optional<Suppression> suppression;
  };
  std::shared_ptr<Found> found_ = std::make_shared<Found>();  // the reader keeps a share
};

}  // namespace trtyolo::openvino
