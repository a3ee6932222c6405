#include "model/cut/head_finder.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "model/cut/head_proof.hpp"
#include "model/cut/onnx_end.hpp"

namespace trtyolo {
namespace {

// Layouts whose values are what raw_head.hpp makes of convolutions. Empty if this is one.
std::string whyNotCut(const ModelDescription& description) {
  const OutputLayout& layout = description.layout;
  const bool candidates = layout.kind == OutputLayout::Kind::Candidates;
  const bool objects = layout.kind == OutputLayout::Kind::EndToEnd && !layout.splitOutputs() && !layout.listed;
  if (!description.refusal.empty() || !(candidates || objects)) {
    return "its outputs are not decoded from grids";
  }
  if (layout.logits || layout.suppressed || layout.form.kind == BoxForm::Kind::Grid || layout.form.unitX != 1 ||
      layout.form.unitY != 1) {
    return "its outputs are not decoded further";
  }
  return layout.classes < 1 ? "it does not say how many classes it has" : "";
}

// A classifier whose output is the softmax of what a node gives. Of two sides, the last axis is the classes' in every
// version of the operator.
HeadFinding findLogits(const OnnxGraph& graph, const ModelDescription& description) {
  const OnnxNode* const last = graph.outputs().size() == 1 ? graph.producerOf(graph.outputs()[0].name) : nullptr;
  const bool softmax = last && last->type == "Softmax" && last->inputs.size() == 1;
  if (!softmax || !graph.producerOf(last->inputs[0])) {
    return {std::nullopt, "its output is no softmax"};
  }
  if (const double axis = last->number("axis").value_or(-1); axis != -1 && axis != 1) {
    return {std::nullopt, "its softmax is not that of the classes"};
  }
  HeadCut cut;
  cut.logits = true;
  cut.outputs.emplace_back(last->inputs[0]);
  cut.whole = description.info.outputs;
  return {std::move(cut), ""};
}

class Finder {
 public:
  Finder(const ModelDescription& description, NetworkEnd& end)
      : description_(description), end_(end), proof_(description, end) {}

  std::optional<RawHead> run() {
    if (description_.layout.objectness) {
      tryAnchors();
    } else {
      tryDistances();
    }
    return found_;
  }
  const std::string& why() const { return why_; }

 private:
  std::size_t size() const { return end_.convolutions().size(); }
  int channels(std::size_t convolution) const { return end_.convolutions()[convolution].channels; }

  void tryAnchors() {
    const OutputLayout& layout = description_.layout;
    const int values = 5 + layout.classes + layout.extra;
    const int each = channels(0) / values;
    RawHead head;
    head.form.boxes = RawForm::Boxes::Anchors;
    head.anchorsPerCell = each;
    bool fits = size() <= kMostLevels && each >= 1 && static_cast<std::size_t>(each) <= kMostAnchorsPerCell;
    for (std::size_t i = 0; i < size(); ++i) {
      fits = fits && channels(i) == each * values;
      head.levels.push_back({0, i, i, i, {}});
    }
    if (fits) {
      tryStrides(head);
    }
  }

  void tryDistances() {
    const std::size_t roles = description_.layout.extra > 0 ? 3 : 2;
    const std::size_t levels = size() / roles;
    if (size() % roles != 0 || levels < 1 || levels > kMostLevels) {
      why_ = "it has " + std::to_string(size()) + " last convolutions";
      return;
    }
    std::array<std::size_t, 3> order{0, 1, 2};
    do {
      for (const bool byLevel : {false, true}) {
        tryOrder(roles, levels, order, byLevel);
        if (found_ || (levels == 1 && !byLevel)) {
          break;
        }
      }
    } while (!found_ && std::next_permutation(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(roles)));
  }

  // The convolutions of a level follow each other, or those with the same role do.
  void tryOrder(std::size_t roles, std::size_t levels, const std::array<std::size_t, 3>& order, bool byLevel) {
    const OutputLayout& layout = description_.layout;
    const auto place = [&](std::size_t role, std::size_t level) {
      return byLevel ? level * roles + order[role] : order[role] * levels + level;
    };
    RawHead head;
    head.form.bins = channels(place(0, 0)) / 4;
    head.mostObjects = layout.kind == OutputLayout::Kind::EndToEnd ? objects() : 0;
    for (std::size_t level = 0; level < levels; ++level) {
      const std::size_t boxes = place(0, level), scores = place(1, level), extras = roles > 2 ? place(2, level) : boxes;
      const bool fits = channels(boxes) == 4 * head.form.bins && channels(scores) == layout.classes &&
                        (roles < 3 || channels(extras) == layout.extra);
      if (!fits || head.form.bins < 1 || !end_.shareGrid({boxes, scores, extras})) {
        return;
      }
      head.levels.push_back({0, boxes, scores, extras, {}});
    }
    tryStrides(head);
  }

  // How many an end-to-end network gives.
  int objects() const {
    const std::vector<int>& shape = description_.info.outputs[description_.layout.boxes].shape;
    return shape.size() > 1 && shape[1] > 0 ? shape[1] : kUsualObjects;
  }

  // Each grid is half as fine as the one before.
  void tryStrides(RawHead head) {
    std::vector<int> coarsest{description_.info.stride};
    for (const int other : {32, 64, 16}) {
      if (std::find(coarsest.begin(), coarsest.end(), other) == coarsest.end()) {
        coarsest.push_back(other);
      }
    }
    const std::size_t levels = head.levels.size();
    for (const int stride : coarsest) {
      for (const bool finestFirst : {true, false}) {
        for (std::size_t i = 0; i < levels; ++i) {
          head.levels[i].stride = stride >> (finestFirst ? levels - 1 - i : i);
        }
        if (std::all_of(head.levels.begin(), head.levels.end(), [](const auto& level) { return level.stride > 0; }) &&
            proof_.holds(head)) {
          found_ = head;
          return;
        }
        why_ = why_.empty() ? proof_.why() : why_;  // of the likeliest guess
      }
    }
  }

  static constexpr int kUsualObjects = 300;  // Ultralytics' max_det

  const ModelDescription& description_;
  const NetworkEnd& end_;
  HeadProof proof_;
  std::optional<RawHead> found_;
  std::string why_;
};

// The guess's convolutions as outputs of the network that is left.
HeadCut cutAt(RawHead head, const NetworkEnd& end, const ModelDescription& description, std::string_view prototypes) {
  HeadCut cut;
  for (const LastConvolution& convolution : end.convolutions()) {
    cut.outputs.emplace_back(convolution.output);
  }
  if (!prototypes.empty()) {
    cut.prototypes = cut.outputs.size();
    cut.outputs.emplace_back(prototypes);
  }
  cut.head = std::move(head);
  cut.whole = description.info.outputs;
  return cut;
}

}  // namespace

HeadFinding findHead(const ModelDescription& description, const std::vector<std::string_view>& names,
                     const MakeEnd& makeEnd) {
  const OutputLayout& layout = description.layout;
  if (const std::string why = whyNotCut(description); !why.empty()) {
    return {std::nullopt, why};
  }
  if (names.size() != description.info.outputs.size()) {
    return {std::nullopt, "its graph has other outputs than the network"};
  }
  std::vector<std::size_t> outputs;
  for (const std::size_t output : {layout.boxes, layout.scores, layout.extras}) {
    if (output != OutputLayout::kNone) {
      outputs.push_back(output);
    }
  }
  const std::unique_ptr<NetworkEnd> made = makeEnd(outputs);
  NetworkEnd& end = *made;
  if (!end.why().empty()) {
    return {std::nullopt, end.why()};
  }
  Finder finder(description, end);
  std::optional<RawHead> head = finder.run();
  if (!head) {
    return {std::nullopt, finder.why().empty() ? "its last convolutions have other channels than heads that are known"
                                               : finder.why()};
  }
  const std::string_view prototypes =
      layout.prototypes == OutputLayout::kNone ? std::string_view() : names[layout.prototypes];
  return {cutAt(std::move(*head), end, description, prototypes), ""};
}

HeadFinding findHead(const OnnxGraph& graph, const ModelDescription& description) {
  if (description.layout.kind == OutputLayout::Kind::ClassScores && description.refusal.empty()) {
    return findLogits(graph, description);
  }
  std::vector<std::string_view> names;
  names.reserve(graph.outputs().size());
  for (const OnnxValue& output : graph.outputs()) {
    names.push_back(output.name);
  }
  return findHead(description, names, [&](const std::vector<std::size_t>& outputs) {
    std::vector<std::string_view> wanted;
    wanted.reserve(outputs.size());
    for (const std::size_t output : outputs) {
      wanted.push_back(names[output]);
    }
    return std::make_unique<OnnxEnd>(graph, wanted);
  });
}

}  // namespace trtyolo
