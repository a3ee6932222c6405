#include "model/cut/onnx_evaluator.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace trtyolo {
namespace {

constexpr std::size_t kMostComputed = 20'000;  // nodes
constexpr std::size_t kShown = 200;            // letters of a name

}  // namespace

void OnnxEvaluator::give(std::string_view value, OnnxArray array) {
  given_.insert_or_assign(value, std::move(array));
}

void OnnxEvaluator::giveShape(std::string_view value, std::vector<std::int64_t> shape) {
  shapes_.insert_or_assign(value, std::move(shape));
}

// The places of the nodes that the values need, in the graph's order.
std::vector<std::size_t> OnnxEvaluator::nodesFor(const std::vector<std::string_view>& wanted) const {
  std::set<std::size_t> found;
  std::vector<std::string_view> open(wanted.begin(), wanted.end());
  while (!open.empty()) {
    const std::string_view value = open.back();
    open.pop_back();
    const OnnxNode* const node = given_.count(value) != 0 ? nullptr : graph_.producerOf(value);
    if (!node || !found.insert(static_cast<std::size_t>(node - graph_.nodes().data())).second) {
      continue;
    }
    if (found.size() > kMostComputed) {
      throw NotComputable("its end has more than " + std::to_string(kMostComputed) + " nodes");
    }
    const bool onlyShape = node->type == "Shape" && !node->inputs.empty() && shapes_.count(node->inputs[0]) != 0;
    if (!onlyShape) {
      open.insert(open.end(), node->inputs.begin(), node->inputs.end());
    }
  }
  return {found.begin(), found.end()};
}

std::vector<OnnxArray> OnnxEvaluator::compute(const std::vector<std::string_view>& wanted) {
  const std::vector<std::size_t> places = nodesFor(wanted);
  // How often each value is still needed: it goes when it is not.
  std::map<std::string_view, std::size_t> uses;
  for (const std::size_t place : places) {
    for (const std::string_view input : graph_.nodes()[place].inputs) {
      ++uses[input];
    }
  }
  for (const std::string_view value : wanted) {
    ++uses[value];
  }
  std::map<std::string_view, OnnxArray> known;
  const auto valueOf = [&](std::string_view value) -> const OnnxArray* {
    if (const auto given = given_.find(value); given != given_.end()) {
      return &given->second;
    }
    if (const auto computed = known.find(value); computed != known.end()) {
      return &computed->second;
    }
    const auto tensor = graph_.constant(value);
    auto constant = tensor ? arrayOfTensor(*tensor, most_) : std::nullopt;
    return constant ? &known.insert_or_assign(value, std::move(*constant)).first->second : nullptr;
  };
  for (const std::size_t place : places) {
    const OnnxNode& node = graph_.nodes()[place];
    const auto shape = node.type == "Shape" && !node.inputs.empty() ? shapes_.find(node.inputs[0]) : shapes_.end();
    OnnxArray formOnly;
    std::vector<const OnnxArray*> inputs;
    if (shape != shapes_.end()) {
      formOnly.shape = shape->second;
      inputs.push_back(&formOnly);
    } else {
      for (const std::string_view input : node.inputs) {
        inputs.push_back(input.empty() ? nullptr : valueOf(input));
        if (!input.empty() && !inputs.back()) {
          throw NotComputable(nodeName(node) + " needs '" + std::string(input.substr(0, kShown)) +
                              "', which is not known");
        }
      }
    }
    std::vector<OnnxArray> outputs;
    try {
      outputs = computeNode(node, inputs, most_);
    } catch (const NotComputable& reason) {
      throw NotComputable(nodeName(node) + " " + reason.what());
    }
    for (std::size_t i = 0; i < std::min(outputs.size(), node.outputs.size()); ++i) {
      if (outputs[i].size() > work_) {
        throw NotComputable("its end is too long a computation");
      }
      work_ -= outputs[i].size();
      known.insert_or_assign(node.outputs[i], std::move(outputs[i]));
    }
    for (const std::string_view input : node.inputs) {
      if (--uses[input] == 0) {
        known.erase(input);
      }
    }
  }
  std::vector<OnnxArray> result;
  for (const std::string_view value : wanted) {
    const OnnxArray* const array = valueOf(value);
    if (!array) {
      throw NotComputable("'" + std::string(value.substr(0, kShown)) + "' is not known");
    }
    result.push_back(*array);
  }
  return result;
}

}  // namespace trtyolo
