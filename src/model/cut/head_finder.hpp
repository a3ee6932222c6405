// Recognises the end of a network.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/cut/head_cut.hpp"
#include "model/cut/network_end.hpp"
#include "model/description.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

struct HeadFinding {
  std::optional<HeadCut> cut;
  std::string why;  // it cannot be cut, in words; empty if it can
};

// The end that gives these outputs, by their numbers.
using MakeEnd = std::function<std::unique_ptr<NetworkEnd>(const std::vector<std::size_t>&)>;

// Where the network can be cut behind its last convolutions. `description` is that of the whole network, `names` are
// those of its outputs.
//
// Nothing is told from names. Which convolutions are the last is seen by going back from the outputs; what they mean is
// a guess from their channels; and the guess is proved by computing the graph's own end, in f32, of random numbers:
// what comes out has to be what model/raw_head.hpp makes of the same numbers, for every anchor and value. A graph that
// does anything else, or that is not understood, runs whole. Where its last convolutions turn out to give other grids
// than they seem to, it runs whole, too.
inline constexpr const char* kOtherGrids = "its last convolutions give other grids than they seem to";
HeadFinding findHead(const ModelDescription& description, const std::vector<std::string_view>& names,
                     const MakeEnd& makeEnd);
// Of an ONNX graph. Classifiers, too, are recognised in it.
HeadFinding findHead(const OnnxGraph& graph, const ModelDescription& description);

}  // namespace trtyolo
