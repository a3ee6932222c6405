// A look at what a network finds first: is it what its outputs were taken for?
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <utility>

#include "trtyolo/results.hpp"

namespace trtyolo {

// Why these results cannot be right; empty if nothing speaks against them: scores that are no probabilities (logits),
// boxes with their corners the wrong way round (centre and size), or all of them smaller than two pixels (shares of the
// image).
std::string doubtsAbout(std::span<const Result> results);

// Says so in the log, once for a network. Any thread.
class FirstLook {
 public:
  explicit FirstLook(std::string file) : file_(std::move(file)) {}

  // Results of a run, complete. The first that have objects are looked at.
  void at(std::span<const Result> results) noexcept;

 private:
  const std::string file_;
  std::atomic<bool> done_ = false;
};

}  // namespace trtyolo
