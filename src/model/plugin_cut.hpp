// What exporters add to a network in ONNX files: cut off, so that our own suppression, masks and keypoints run in the
// place of TensorRT's plugins, on every back end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/metadata.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

// What was cut off, and which of the network's outputs, by their names, are what. Files that were cut say it in their
// metadata, and so do engines that were built from them.
struct PluginCut {
  std::string plugin;   // "EfficientNMS_TRT"; empty: only the number of finished objects, or the size of images
  std::string outputs;  // that it had: "output", or several with a space between them
  std::string boxes, scores;
  std::string classes;      // numbers, of finished objects; empty: scores are those of all classes
  std::string extra;        // keypoints or mask coefficients of each box; may be empty
  std::string prototypes;   // of masks; may be empty
  bool corners = true;      // boxes are left, top, right, bottom; otherwise centre and size
  bool rotated = false;     // and an angle
  bool everyClass = false;  // a box is a candidate for each class; otherwise for its best one
  bool shares = false;      // boxes are shares of the image, whose size the network would have multiplied them with

  // What the plugin was told.
  std::optional<float> confidence, iou;
  std::optional<int> maxDetections;
  bool agnostic = false;
};

// The entry of the metadata that says it.
inline constexpr const char* kPluginCut = "trtyolo_cut";
std::optional<PluginCut> pluginCutOf(const Metadata& metadata);

// An ONNX file without its plugins EfficientNMS_TRT, EfficientIdxNMS_TRT, EfficientRotatedNMS_TRT, ROIAlign_TRT and
// all that follows from them; the tensors that went into them are outputs instead, and its metadata has the entry.
// Likewise without ONNX's own NonMaxSuppression where nmsPatternOf() knows what it does, a count of the finished
// objects that reach a threshold, and without an input for the size of the image (D-FINE, DEIM and RT-DETR, by their
// own exporters). Nothing if there is no such thing in it. Throws ModelError if there is one that is not understood.
std::optional<std::string> cutPlugins(const std::string& path, std::string_view file);

// The types of TensorRT's plugins that a graph has: "BatchedNMS_TRT, DCNv2_TRT".
std::string pluginsOf(const OnnxGraph& graph);

}  // namespace trtyolo
