// Proves what the end of a network computes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/cut/network_end.hpp"
#include "model/description.hpp"
#include "model/raw_candidates.hpp"
#include "model/raw_head.hpp"

namespace trtyolo {

// Of one network: what its end gives for numbers of ours in the place of its last convolutions.
class HeadProof {
 public:
  // Both must outlive it. The end gives the outputs that are the description's boxes, scores and extra values.
  HeadProof(const ModelDescription& description, NetworkEnd& end);

  // Whether the guess is right; its levels say which convolutions they are by their places in the end's. Completes it:
  // anchors, and what angles and keypoints are.
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

  const ModelDescription& description_;
  NetworkEnd& end_;
  bool half_;  // the end computes in f16
  std::string why_;
};

}  // namespace trtyolo
