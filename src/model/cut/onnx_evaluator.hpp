// Computes values of an ONNX graph on the processor, a few nodes at a time: slow, for small graphs and parts of them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/cut/onnx_array.hpp"
#include "model/cut/onnx_operators.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

// Values that are known, and those that follow from them. One thread at a time; the graph must outlive it.
class OnnxEvaluator {
 public:
  // `most`: elements of an array; `work`: elements that are computed in all.
  OnnxEvaluator(const OnnxGraph& graph, std::size_t most, std::size_t work) : graph_(graph), most_(most), work_(work) {}

  // A value of the graph is this array, whatever gives it there.
  void give(std::string_view value, OnnxArray array);
  // Of a value nothing but its sides is known.
  void giveShape(std::string_view value, std::vector<std::int64_t> shape);

  // These values. Throws NotComputable, with the name of the node, where one does not follow from what is known.
  std::vector<OnnxArray> compute(const std::vector<std::string_view>& wanted);
  // Elements that may still be computed.
  std::size_t workLeft() const { return work_; }

 private:
  std::vector<std::size_t> nodesFor(const std::vector<std::string_view>& wanted) const;

  const OnnxGraph& graph_;
  std::size_t most_, work_;
  std::map<std::string_view, OnnxArray> given_;
  std::map<std::string_view, std::vector<std::int64_t>> shapes_;
};

}  // namespace trtyolo
