// The end of a network in an ONNX graph.
#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

#include "model/cut/network_end.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

class OnnxEnd final : public NetworkEnd {
 public:
  // The graph, and what it was read from, must outlive it. `outputs`: names of values.
  OnnxEnd(const OnnxGraph& graph, const std::vector<std::string_view>& outputs);

  bool shareGrid(const std::vector<std::size_t>& convolutions) const override;
  bool half() const override;
  std::vector<OnnxArray> compute(const EndInput& input) override;

 private:
  class Walk;

  const OnnxGraph& graph_;
  const std::vector<std::string_view> outputs_;
  // Values before the convolutions whose sides the end asks for, and whose grid each has, as EndInput has it.
  std::map<std::string_view, std::size_t> sides_;
  std::size_t work_;  // elements that may still be computed
};

}  // namespace trtyolo
