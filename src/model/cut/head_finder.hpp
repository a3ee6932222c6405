// Recognises the end of a network in its ONNX graph.
#pragma once

#include <optional>
#include <string>

#include "model/cut/head_cut.hpp"
#include "model/description.hpp"
#include "model/onnx_graph.hpp"

namespace trtyolo {

struct HeadFinding {
  std::optional<HeadCut> cut;
  std::string why;  // it cannot be cut, in words; empty if it can
};

// Where the network can be cut behind its last convolutions. `description` is that of the whole network, whose outputs
// are the graph's.
//
// Nothing is told from names. Which convolutions are the last is seen by going back from the outputs; what they mean is
// a guess from their channels; and the guess is proved by computing the graph's own end, in f32, of random numbers:
// what comes out has to be what model/raw_head.hpp makes of the same numbers, for every anchor and value. A graph that
// does anything else, or that is not understood, runs whole. Where its last convolutions turn out to give other grids
// than they seem to, it runs whole, too.
inline constexpr const char* kOtherGrids = "its last convolutions give other grids than they seem to";
HeadFinding findHead(const OnnxGraph& graph, const ModelDescription& description);

}  // namespace trtyolo
