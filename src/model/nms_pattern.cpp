#include "model/nms_pattern.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace trtyolo {
namespace {

constexpr std::string_view kNms = "NonMaxSuppression";

// The node that gives the value, if it is of this type and has so many inputs.
const OnnxNode* nodeBefore(const OnnxGraph& graph, std::string_view value, std::string_view type, std::size_t inputs) {
  const OnnxNode* const node = graph.producerOf(value);
  return node && node->type == type && node->inputs.size() >= inputs ? node : nullptr;
}

// Where class scores are reduced to the best one, and boxes are moved by their class so that those of different classes
// do not meet: what both are made of.
struct BestClass {
  std::string_view boxes, scores;
};

std::optional<BestClass> bestClassOf(const OnnxGraph& graph, std::string_view boxes, const OnnxNode& best) {
  const OnnxNode* const moved = nodeBefore(graph, boxes, "Add", 2);
  const OnnxNode* const by = moved ? nodeBefore(graph, moved->inputs[1], "Mul", 2) : nullptr;
  const OnnxNode* const number = by ? graph.sourceOf(by->inputs[0]) : nullptr;
  const bool same = number && number->type == "ArgMax" && !number->inputs.empty() && graph.scalar(by->inputs[1]) &&
                    number->inputs[0] == best.inputs[0];
  return same ? std::optional(BestClass{moved->inputs[0], best.inputs[0]}) : std::nullopt;
}

// Looks at all that follows from the node.
class Behind {
 public:
  Behind(const OnnxGraph& graph, const OnnxNode& nms) : graph_(graph) {
    values_.insert(nms.outputs.begin(), nms.outputs.end());
    for (const OnnxNode& node : graph.nodes()) {
      const auto follows = [this](std::string_view value) { return values_.count(value) != 0; };
      if (&node != &nms && std::any_of(node.inputs.begin(), node.inputs.end(), follows)) {
        nodes_.push_back(&node);
        values_.insert(node.outputs.begin(), node.outputs.end());
      }
    }
  }

  bool isEverything() const {
    return std::all_of(graph_.outputs().begin(), graph_.outputs().end(),
                       [this](const OnnxValue& output) { return values_.count(output.name) != 0; });
  }

  // Whether nothing is picked but from these, and boxes reach the outputs as they are picked.
  bool picks(std::string_view boxes, const std::vector<std::string_view>& others) const {
    std::set<const OnnxNode*> allowed;
    for (const std::string_view value : others) {
      allowed.insert(graph_.sourceOf(value));
    }
    const OnnxNode* const source = graph_.sourceOf(boxes);
    std::set<std::string_view> picked;
    for (const OnnxNode* node : nodes_) {
      constexpr std::array<std::string_view, 3> kPicks{"Gather", "GatherElements", "GatherND"};
      const bool picks = std::find(kPicks.begin(), kPicks.end(), node->type) != kPicks.end();
      if (!picks || values_.count(node->inputs[0]) != 0) {
        continue;
      }
      const OnnxNode* const from = graph_.sourceOf(node->inputs[0]);
      if (from == source && source) {
        picked.insert(node->outputs.begin(), node->outputs.end());
      } else if (from && from->type != "Shape" && allowed.count(from) == 0) {
        return false;
      }
    }
    return !picked.empty() && staysTheSame(picked);
  }

 private:
  // Whether nothing is computed with these values.
  bool staysTheSame(std::set<std::string_view> same) const {
    constexpr std::array<std::string_view, 10> kForm{"Reshape",  "Flatten", "Squeeze", "Unsqueeze", "Cast",
                                                     "Identity", "Slice",   "Pad",     "Concat",    "Transpose"};
    for (const OnnxNode* node : nodes_) {
      const bool uses = std::any_of(node->inputs.begin(), node->inputs.end(),
                                    [&](std::string_view value) { return same.count(value) != 0; });
      if (!uses || node->type == "Shape") {
        continue;
      }
      if (std::find(kForm.begin(), kForm.end(), node->type) == kForm.end()) {
        return false;
      }
      same.insert(node->outputs.begin(), node->outputs.end());
    }
    return true;
  }

  const OnnxGraph& graph_;
  std::set<std::string_view> values_;
  std::vector<const OnnxNode*> nodes_;
};

}  // namespace

std::optional<NmsPattern> nmsPatternOf(const OnnxGraph& graph, const OnnxNode& nms) {
  const OnnxNode* const turned =
      nms.type == kNms && nms.inputs.size() >= 2 ? nodeBefore(graph, nms.inputs[1], "Transpose", 1) : nullptr;
  if (!turned || turned->numbers("perm") != std::vector<double>{0, 2, 1}) {
    return std::nullopt;
  }
  const auto given = [&](std::size_t input) {
    return nms.inputs.size() > input ? graph.scalar(nms.inputs[input]) : std::nullopt;
  };
  NmsPattern pattern;
  pattern.boxes = nms.inputs[0];
  pattern.scores = turned->inputs[0];
  pattern.corners = nms.number("center_point_box").value_or(0) == 0;
  pattern.iou = given(3);
  pattern.confidence = given(4);
  std::vector<std::string_view> others{nms.inputs[1], turned->inputs[0], pattern.scores};
  if (const OnnxNode* best = nodeBefore(graph, turned->inputs[0], "ReduceMax", 1)) {
    const std::optional<BestClass> before = bestClassOf(graph, nms.inputs[0], *best);
    if (!before) {
      return std::nullopt;
    }
    pattern.boxes = before->boxes;
    pattern.scores = before->scores;
    pattern.most = given(2);
    // The class is picked where it is found.
    for (const OnnxNode& node : graph.nodes()) {
      if (node.type == "ArgMax" && !node.inputs.empty() && node.inputs[0] == before->scores) {
        others.insert(others.end(), node.outputs.begin(), node.outputs.end());
      }
    }
  } else {
    pattern.everyClass = true;
  }
  const Behind behind(graph, nms);
  return behind.isEverything() && behind.picks(pattern.boxes, others) ? std::optional(pattern) : std::nullopt;
}

}  // namespace trtyolo
