// ONNX's own NonMaxSuppression, as exporters put it behind a network.
#pragma once

#include <optional>
#include <string_view>

#include "model/onnx_graph.hpp"

namespace trtyolo {

// What goes into it. The views are into the file.
struct NmsPattern {
  std::string_view boxes;   // [batch, anchors, 4]
  std::string_view scores;  // [batch, anchors, classes], the values before what takes them to the node's form
  bool corners = true;      // boxes are left, top, right, bottom; otherwise centre and size
  bool everyClass = false;  // a box is a candidate for each class; otherwise for its best one
  std::optional<float> confidence, iou;
  std::optional<float> most;  // objects of an image
};

// The inputs of the node `nms`, if all outputs of the graph follow from it, boxes are given as they go in (or as they
// are before each class is moved to a place of its own), and nothing but boxes, scores and classes is picked for the
// objects: as super-gradients (flat and batch) and YOLOv7 (--end2end --max-wh) write it. Nothing if it is anything
// else, which then is left to the backend.
std::optional<NmsPattern> nmsPatternOf(const OnnxGraph& graph, const OnnxNode& nms);

}  // namespace trtyolo
