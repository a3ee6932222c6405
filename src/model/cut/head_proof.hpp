// Proves what the end of a network computes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/cut/head_end.hpp"
#include "model/description.hpp"
#include "model/onnx_graph.hpp"
#include "model/raw_candidates.hpp"
#include "model/raw_head.hpp"

namespace trtyolo {

// Of one network: what its end gives for numbers of ours in the place of its last convolutions.
class HeadProof {
 public:
  // All of them must outlive it; `outputs` are the names of those of the whole network.
  HeadProof(const OnnxGraph& graph, const ModelDescription& description, const HeadEnd& end,
            std::vector<std::string_view> outputs);

  // Whether the guess is right; its levels say which convolutions they are by their places in the end's. Completes it:
  // anchors, and what angles and keypoints are. Work is limited for all guesses together.
  bool holds(RawHead& head);

  // What was found otherwise, or why it could not be computed, of the last guess.
  const std::string& why() const { return why_; }

 private:
  struct Sizes {
    std::int64_t batch = 1, height = 0, width = 0;
  };
  struct Values;

  std::optional<Sizes> sizesFor(const RawHead& head) const;
  bool compute(const RawHead& head, const Sizes& sizes, bool zeros, Values& values);
  bool takeAnchors(RawHead& head, const Values& values);
  bool isSame(const RawHead& head, const Values& values);
  bool isSameTable(const RawHead& head, const Values& values);
  bool isSameGrid(const RawHead& head, const RawGrid& grid, const OutputTables& whole) const;
  bool areSameObjects(const RawHead& head, const Values& values);

  const OnnxGraph& graph_;
  const ModelDescription& description_;
  const HeadEnd& end_;
  std::vector<std::string_view> outputs_;
  bool half_;  // the graph computes in f16
  std::size_t work_;
  std::string why_;
};

}  // namespace trtyolo
