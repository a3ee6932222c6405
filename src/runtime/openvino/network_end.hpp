// The end of a network that OpenVINO has read.
#pragma once

#include <cstddef>
#include <map>
#include <openvino/openvino.hpp>
#include <optional>
#include <set>
#include <vector>

#include "model/cut/network_end.hpp"
#include "runtime/openvino/core.hpp"

namespace trtyolo::openvino {

// A convolution's bias, which is a node of its own there, belongs to it.
class OpenVinoEnd final : public NetworkEnd {
 public:
  // `outputs`: places of the network's outputs.
  OpenVinoEnd(const ov::Model& network, const std::vector<std::size_t>& outputs);

  bool shareGrid(const std::vector<std::size_t>& convolutions) const override;
  bool half() const override { return half_; }
  // By OpenVINO, in f32.
  std::vector<OnnxArray> compute(const EndInput& input) override;

  // What the last convolutions give, in their order.
  const std::vector<ov::Output<ov::Node>>& values() const { return values_; }

 private:
  class Walk;

  std::shared_ptr<ov::Model> modelFor(const EndInput& input) const;

  ov::OutputVector outputs_, values_;
  std::vector<std::shared_ptr<ov::Node>> nodes_;  // of the end, each behind those that it reads
  std::map<const ov::Node*, std::size_t> sides_;  // nodes that ask for sides, and of which grid, as EndInput has it
  bool half_ = false;
  std::optional<Core> core_;  // from the first compute() on
};

}  // namespace trtyolo::openvino
