#include "runtime/openvino/graph_repair.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>
#include <unordered_map>
#include <vector>

namespace trtyolo::openvino {
namespace {

using ov::op::v0::Constant;

// Values that depend on constants only: bounds of slices, so they are few numbers, a few steps from constants. A file
// may hold anything, so each node is looked at once, without recursion, and no long way is gone.
class Constants {
 public:
  // The value of an output, or nothing.
  std::shared_ptr<Constant> valueOf(const ov::Output<ov::Node>& output) {
    std::vector<std::shared_ptr<ov::Node>> open{output.get_node_shared_ptr()};
    while (!open.empty()) {
      const std::shared_ptr<ov::Node> node = open.back();
      if (values_.count(node.get()) != 0) {
        open.pop_back();
        continue;
      }
      if (values_.size() + open.size() > kMostNodes) {
        return nullptr;
      }
      const std::size_t waiting = open.size();
      for (const auto& input : node->input_values()) {
        if (values_.count(input.get_node()) == 0) {
          open.push_back(input.get_node_shared_ptr());
        }
      }
      if (open.size() == waiting) {
        values_[node.get()] = folded(node);
        open.pop_back();
      }
    }
    const ov::OutputVector& values = values_.at(output.get_node());
    return values.empty() ? nullptr : ov::as_type_ptr<Constant>(values[output.get_index()].get_node_shared_ptr());
  }

 private:
  static constexpr std::size_t kMostNodes = 10'000, kMostNumbers = 1'000;

  static bool isShort(const ov::Output<ov::Node>& output) {
    const ov::PartialShape& shape = output.get_partial_shape();
    if (shape.is_dynamic()) {
      return false;
    }
    std::size_t numbers = 1;
    for (const ov::Dimension& dimension : shape) {
      const auto side = static_cast<std::size_t>(dimension.get_length());
      numbers = side > kMostNumbers ? side : numbers * side;
      if (numbers > kMostNumbers) {
        return false;
      }
    }
    return true;
  }

  // The constants that a node's outputs are, whose inputs have been looked at; none if they are anything else.
  ov::OutputVector folded(const std::shared_ptr<ov::Node>& node) const {
    ov::OutputVector inputs, outputs(node->get_output_size());
    for (const auto& input : node->input_values()) {
      const ov::OutputVector& values = values_.at(input.get_node());
      if (values.empty()) {
        return {};
      }
      inputs.push_back(values[input.get_index()]);
    }
    for (const auto& output : node->outputs()) {
      if (!isShort(output)) {
        return {};
      }
    }
    if (inputs.empty()) {
      return ov::is_type<Constant>(node) ? node->outputs() : ov::OutputVector();
    }
    return node->constant_fold(outputs, inputs) ? outputs : ov::OutputVector();
  }

  std::unordered_map<const ov::Node*, ov::OutputVector> values_;
};

// The value of a constant, also behind a change of its type.
std::shared_ptr<Constant> constantOf(ov::Output<ov::Node> value) {
  if (ov::is_type<ov::op::v0::Convert>(value.get_node())) {
    value = value.get_node()->input_value(0);
  }
  return ov::as_type_ptr<Constant>(value.get_node_shared_ptr());
}

// (bound - zero) * scale; null if that is not constant. `zero` may be null.
std::shared_ptr<Constant> realBound(const ov::Output<ov::Node>& bound, const std::shared_ptr<Constant>& zero,
                                    const std::shared_ptr<Constant>& scale) {
  const auto folded = [](const std::shared_ptr<ov::Node>& node) {
    ov::OutputVector values(1);
    const bool done = node->constant_fold(values, node->input_values());
    return done ? ov::as_type_ptr<Constant>(values[0].get_node_shared_ptr()) : nullptr;
  };
  const auto real = [](const std::shared_ptr<Constant>& constant) {
    return Constant::create(ov::element::f32, constant->get_shape(), constant->cast_vector<float>());
  };
  std::shared_ptr<Constant> value = constantOf(bound);
  value = value ? real(value) : nullptr;
  if (value && zero) {
    value = folded(std::make_shared<ov::op::v1::Subtract>(value, real(zero)));
  }
  return value ? folded(std::make_shared<ov::op::v1::Multiply>(value, real(scale))) : nullptr;
}

// The quantizer whose bytes are made real again by this product; null if it is no such product.
std::shared_ptr<ov::op::v0::FakeQuantize> joinedQuantizer(const ov::op::v1::Multiply& product) {
  const std::shared_ptr<Constant> scale = constantOf(product.input_value(1));
  std::shared_ptr<ov::Node> node = product.get_input_node_shared_ptr(0);
  std::shared_ptr<Constant> zero;
  if (ov::is_type<ov::op::v1::Subtract>(node)) {
    zero = constantOf(node->input_value(1));
    if (!zero) {
      return nullptr;
    }
    node = node->get_input_node_shared_ptr(0);
  }
  constexpr int kConversions = 2;  // to bytes and back
  for (int i = 0; i < kConversions; ++i) {
    if (!ov::is_type<ov::op::v0::Convert>(node)) {
      return nullptr;
    }
    node = node->get_input_node_shared_ptr(0);
  }
  const auto quantizer = ov::as_type_ptr<ov::op::v0::FakeQuantize>(node);
  if (!quantizer || !scale || product.get_output_element_type(0) != quantizer->get_input_element_type(0)) {
    return nullptr;
  }
  const auto low = realBound(quantizer->input_value(3), zero, scale);
  const auto high = realBound(quantizer->input_value(4), zero, scale);
  if (!low || !high) {
    return nullptr;
  }
  return std::make_shared<ov::op::v0::FakeQuantize>(quantizer->input_value(0), quantizer->input_value(1),
                                                    quantizer->input_value(2), low, high, quantizer->get_levels());
}

}  // namespace

void joinQuantizers(const std::shared_ptr<ov::Model>& network) {
  for (const auto& node : network->get_ordered_ops()) {
    const auto product = ov::as_type_ptr<ov::op::v1::Multiply>(node);
    const auto quantizer = product ? joinedQuantizer(*product) : nullptr;
    if (quantizer && quantizer->get_output_partial_shape(0).same_scheme(product->get_output_partial_shape(0))) {
      quantizer->set_friendly_name(product->get_friendly_name());
      ov::replace_node(product, quantizer);
    }
  }
}

void keepSlicesBeforeGathers(const std::shared_ptr<ov::Model>& network) {
  Constants constants;
  for (const auto& node : network->get_ordered_ops()) {
    const auto gather = ov::as_type_ptr<ov::op::v6::GatherElements>(node);
    const auto slice = gather ? ov::as_type_ptr<ov::op::v8::Slice>(gather->get_input_node_shared_ptr(0)) : nullptr;
    if (!slice || slice->get_input_size() != 5 || slice->get_output_partial_shape(0).rank().is_dynamic()) {
      continue;
    }
    std::array<std::shared_ptr<Constant>, 4> bounds;  // start, stop, step, axes
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      bounds[i] = constants.valueOf(slice->input_value(i + 1));
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
      return Constant::create(ov::element::i64, {values.size()}, values);
    };
    gather->input(0).replace_source_output(std::make_shared<ov::op::v1::StridedSlice>(
        slice->input_value(0), constant(begin), constant(end), constant(step), whole, whole));
  }
}

}  // namespace trtyolo::openvino
