// The end of a network: from its last convolutions to its outputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/onnx_graph.hpp"

namespace trtyolo {

// A last convolution. Views are into the file.
struct LastConvolution {
  std::string_view output;
  int channels = 0;
};

struct HeadEnd {
  // In the order in which they are met on the way back from the outputs: of nodes with several inputs, the first first.
  std::vector<LastConvolution> convolutions;
  // Values before them whose sides the end asks for, and the convolution whose grid each has; kInput: the network's
  // input.
  static constexpr std::size_t kInput = static_cast<std::size_t>(-1);
  std::map<std::string_view, std::size_t> sides;
  std::string why;  // it cannot be told, in words; empty if it can
};

// Whether these convolutions, by their places, have a value before them in common that lies on their grid.
bool shareGrid(const OnnxGraph& graph, const HeadEnd& end, const std::vector<std::size_t>& convolutions);

// `outputs`: names of values.
HeadEnd endOf(const OnnxGraph& graph, const std::vector<std::string_view>& outputs);

}  // namespace trtyolo
