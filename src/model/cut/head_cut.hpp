// Networks that are cut behind their last convolutions: what follows, the decoding of all anchors, is done here for the
// few candidates instead. Classifiers are cut before their softmax.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/metadata.hpp"
#include "model/onnx_graph.hpp"
#include "model/raw_head.hpp"
#include "trtyolo/info.hpp"

namespace trtyolo {

// What is left of a network that was cut.
struct HeadCut {
  bool logits = false;                    // of a classifier: its only output is its softmax's argument
  RawHead head;                           // of all others
  std::vector<std::string> outputs;       // names of values, which `head` refers to by their places
  std::optional<std::size_t> prototypes;  // of masks, among them
  std::vector<TensorInfo> whole;          // the outputs that the file has
};

// Engines that were built from cut networks say so in an entry of their metadata.
inline constexpr const char* kHeadCut = "trtyolo_head";
std::string textOf(const HeadCut& cut);
// Nothing if there is no such entry. Throws ModelError if it makes no sense; `file` is named.
std::optional<HeadCut> headCutOf(const Metadata& metadata, const std::string& file);

// An ONNX file with the cut network in it, and in its metadata the entry. `halfInput`: an input of f32, if it is the
// only one, is cast from one of f16.
std::string cutOnnx(std::string_view file, const OnnxGraph& graph, const HeadCut& cut, bool halfInput);

// "behind the last convolutions: distributions over 16 cells, grids of 8, 16 and 32 pixels".
std::string wordsFor(const HeadCut& cut);

}  // namespace trtyolo
