#include "runtime/openvino/graph_repair.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <openvino/op/ops.hpp>
#include <vector>

namespace trtyolo::openvino {
namespace {

// The value of an output that depends on constants only, else nothing.
std::shared_ptr<ov::op::v0::Constant> valueOf(const ov::Output<ov::Node>& output) {
  const auto node = output.get_node_shared_ptr();
  ov::OutputVector inputs, outputs(node->get_output_size());
  for (const auto& input : node->input_values()) {
    const auto value = valueOf(input);
    if (!value) {
      return nullptr;
    }
    inputs.emplace_back(value);
  }
  if (!inputs.empty() && !node->constant_fold(outputs, inputs)) {
    return nullptr;
  }
  return ov::as_type_ptr<ov::op::v0::Constant>(inputs.empty() ? node
                                                              : outputs[output.get_index()].get_node_shared_ptr());
}

}  // namespace

void keepSlicesBeforeGathers(const std::shared_ptr<ov::Model>& network) {
  for (const auto& node : network->get_ordered_ops()) {
    const auto gather = ov::as_type_ptr<ov::op::v6::GatherElements>(node);
    const auto slice = gather ? ov::as_type_ptr<ov::op::v8::Slice>(gather->get_input_node_shared_ptr(0)) : nullptr;
    if (!slice || slice->get_input_size() != 5 || slice->get_output_partial_shape(0).rank().is_dynamic()) {
      continue;
    }
    std::array<std::shared_ptr<ov::op::v0::Constant>, 4> bounds;  // start, stop, step, axes
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      bounds[i] = valueOf(slice->input_value(i + 1));
    }
    if (std::any_of(bounds.begin(), bounds.end(), [](const auto& constant) { return !constant; })) {
      continue;
    }
    const auto rank = static_cast<std::size_t>(slice->get_output_partial_shape(0).rank().get_length());
    std::vector<std::int64_t> begin(rank, 0), end(rank, 0), step(rank, 1), whole(rank, 1);
    const auto starts = bounds[0]->cast_vector<std::int64_t>(), stops = bounds[1]->cast_vector<std::int64_t>();
    const auto steps = bounds[2]->cast_vector<std::int64_t>(), axes = bounds[3]->cast_vector<std::int64_t>();
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<std::size_t>(axes[i] < 0 ? axes[i] + static_cast<std::int64_t>(rank) : axes[i]);
      begin.at(axis) = starts.at(i);
      end.at(axis) = stops.at(i);
      step.at(axis) = steps.at(i);
      whole.at(axis) = 0;
    }
    const auto constant = [](const std::vector<std::int64_t>& values) {
      return ov::op::v0::Constant::create(ov::element::i64, {values.size()}, values);
    };
    gather->input(0).replace_source_output(std::make_shared<ov::op::v1::StridedSlice>(
        slice->input_value(0), constant(begin), constant(end), constant(step), whole, whole));
  }
}

}  // namespace trtyolo::openvino
