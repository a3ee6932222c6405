#include "model/plugin_cut.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <vector>

#include "model/nms_pattern.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/protobuf.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr std::array<std::string_view, 3> kSuppressions{"EfficientNMS_TRT", "EfficientIdxNMS_TRT",
                                                        "EfficientRotatedNMS_TRT"};
constexpr std::string_view kRegions = "ROIAlign_TRT";
constexpr std::array<std::string_view, 3> kGathers{"Gather", "GatherElements", "GatherND"};

template <typename Range>
bool holds(const Range& range, std::string_view name) {
  return std::find(range.begin(), range.end(), name) != range.end();
}

// Takes one file apart.
class Cutter {
 public:
  Cutter(const std::string& path, std::string_view file) : path_(path), file_(file), graph_(file) {}

  std::optional<std::string> run() {
    const std::vector<const OnnxNode*> suppressions =
        nodesOf([](std::string_view type) { return holds(kSuppressions, type); });
    const std::vector<const OnnxNode*> regions = nodesOf([](std::string_view type) { return type == kRegions; });
    if (suppressions.size() > 1 || regions.size() > 1) {
      throw error("expected one plugin of a kind, found " +
                  std::to_string(std::max(suppressions.size(), regions.size())) + " nodes " +
                  std::string((suppressions.size() > 1 ? suppressions : regions)[0]->type));
    }
    for (const OnnxValue& output : graph_.outputs()) {
      cut_.outputs += (cut_.outputs.empty() ? "" : " ") + std::string(output.name);
    }
    if (!suppressions.empty()) {
      cutSuppression(*suppressions[0]);
    } else if (!regions.empty()) {
      cutRegions(*regions[0]);
    } else if (!cutCount() && !cutSize() && !cutNms()) {
      return std::nullopt;
    }
    return rewritten();
  }

 private:
  ModelError error(const std::string& why) const { return ModelError("'" + path_ + "': " + why); }

  template <typename Wanted>
  std::vector<const OnnxNode*> nodesOf(const Wanted& wanted) const {
    std::vector<const OnnxNode*> found;
    for (const OnnxNode& node : graph_.nodes()) {
      if (wanted(node.type)) {
        found.push_back(&node);
      }
    }
    return found;
  }

  bool isGone(std::string_view value) const { return gone_.count(value) > 0; }

  // Takes away a node and all that follows from it.
  void take(const OnnxNode& first) {
    const auto away = [this](const OnnxNode& node) {
      goneNodes_.insert(&node);
      gone_.insert(node.outputs.begin(), node.outputs.end());
    };
    away(first);
    for (const OnnxNode& node : graph_.nodes()) {
      if (std::any_of(node.inputs.begin(), node.inputs.end(),
                      [this](std::string_view value) { return isGone(value); })) {
        away(node);
      }
    }
  }

  void cutSuppression(const OnnxNode& node) {
    const std::string type(node.type);
    if (node.inputs.size() != 2) {
      throw error(type + " with anchors (" + std::to_string(node.inputs.size()) +
                  " inputs) is not understood; expected boxes and scores");
    }
    cut_.plugin = type;
    cut_.boxes = node.inputs[0];
    cut_.scores = node.inputs[1];
    cut_.rotated = node.type == kSuppressions[2];
    cut_.corners = node.number("box_coding").value_or(0) == 0;
    cut_.confidence = real(node, "score_threshold", 0.25);
    cut_.iou = real(node, "iou_threshold", 0.5);
    cut_.maxDetections = static_cast<int>(std::clamp(node.number("max_output_boxes").value_or(100), 1.0, 1e6));
    cut_.agnostic = node.number("class_agnostic").value_or(0) != 0;
    if (node.number("score_activation").value_or(0) != 0) {
      cut_.scores = sigmoidOf(node.inputs[1]);
    }
    take(node);
    // What is picked for each object that it gives: keypoints, or mask coefficients and then regions of prototypes.
    for (const OnnxNode* other : goneNodes_) {
      if (holds(kGathers, other->type) && !other->inputs.empty() && !isGone(other->inputs[0])) {
        if (!cut_.extra.empty()) {
          throw error("more than one thing is picked for each object of " + type + ", '" + cut_.extra + "' and '" +
                      std::string(other->inputs[0]) + "'; keypoints or mask coefficients were expected");
        }
        cut_.extra = other->inputs[0];
      } else if (other->type == kRegions) {
        cut_.prototypes = prototypesOf(*other);
      }
    }
    if (!cut_.prototypes.empty() && cut_.extra.empty()) {
      throw error(std::string(kRegions) + " without mask coefficients is not understood");
    }
  }

  // Objects that need no suppression, whose masks are made from regions.
  void cutRegions(const OnnxNode& node) {
    cutCount();
    cut_.plugin = kRegions;
    cut_.prototypes = prototypesOf(node);
    take(node);
    for (const OnnxNode* product : goneNodes_) {
      if (product->type == "MatMul" && product->inputs.size() == 2 && !isGone(product->inputs[0])) {
        const OnnxNode* const source = graph_.sourceOf(product->inputs[0]);
        cut_.extra = source && !source->outputs.empty() ? source->outputs[0] : "";
      }
    }
    if (cut_.extra.empty() || !nameFinished()) {
      throw error(std::string(kRegions) +
                  " is not understood; expected objects 'det_boxes', 'det_scores', 'det_classes' and masks that are "
                  "products of its regions and coefficients");
    }
  }

  // The number of finished objects whose scores reach a threshold: with it gone the threshold is the user's.
  bool cutCount() {
    const OnnxNode* const sum = graph_.producerOf("num_dets");
    const OnnxNode* const compare =
        sum && sum->type == "ReduceSum" && !sum->inputs.empty() ? graph_.sourceOf(sum->inputs[0]) : nullptr;
    if (!compare || (compare->type != "GreaterOrEqual" && compare->type != "Greater") || compare->inputs.size() != 2 ||
        compare->inputs[0] != "det_scores" || !nameFinished()) {
      return false;
    }
    cut_.confidence = graph_.scalar(compare->inputs[1]);
    if (!cut_.confidence) {
      return false;
    }
    goneNodes_.insert(sum);
    gone_.insert("num_dets");
    for (const OnnxValue& output : graph_.outputs()) {
      cut_.extra = output.name == "det_kpts" ? "det_kpts" : cut_.extra;
    }
    return true;
  }

  // An input for the sizes of the images, with which a DETR multiplies its boxes: with one by one pixel for all of
  // them, boxes stay shares.
  bool cutSize() {
    if (graph_.inputs().size() != 2 || !nameFinished("boxes", "scores", "labels")) {
      return false;
    }
    const auto size = std::find_if(graph_.inputs().begin(), graph_.inputs().end(),
                                   [](const OnnxValue& input) { return input.name == "orig_target_sizes"; });
    if (size == graph_.inputs().end() || !addOnes(*size)) {
      return false;
    }
    goneInput_ = size->whole;
    cut_.shares = true;
    return true;
  }

  bool cutNms() {
    const std::vector<const OnnxNode*> found =
        nodesOf([](std::string_view type) { return type == "NonMaxSuppression"; });
    const std::optional<NmsPattern> pattern = found.size() == 1 ? nmsPatternOf(graph_, *found[0]) : std::nullopt;
    if (!pattern) {
      return false;
    }
    cut_.plugin = found[0]->type;
    cut_.boxes = pattern->boxes;
    cut_.scores = pattern->scores;
    cut_.classes.clear();
    cut_.corners = pattern->corners;
    cut_.everyClass = pattern->everyClass;
    cut_.confidence = pattern->confidence;
    cut_.iou = pattern->iou;
    if (pattern->most) {
      cut_.maxDetections = static_cast<int>(std::clamp(*pattern->most, 1.0F, 1e6F));
    }
    take(*found[0]);
    return true;
  }

  // The value as a constant [1, 2] of ones; false if it is neither whole nor real.
  bool addOnes(const OnnxValue& value) {
    using namespace std::string_view_literals;
    const std::string_view one = value.elementType == onnx_type::kInt64   ? "\1\0\0\0\0\0\0\0"sv
                                 : value.elementType == onnx_type::kInt32 ? "\1\0\0\0"sv
                                 : value.elementType == onnx_type::kFloat ? "\0\0\x80\x3F"sv
                                                                          : ""sv;
    const std::string ones = onnxTensor(value.name, value.elementType, {1, 2}, std::string(one) + std::string(one));
    protobuf::appendField(added_, onnx_field::kInitializer, std::string_view(ones));
    return !one.empty();
  }

  // Whether the outputs are finished objects, with these names.
  bool nameFinished(const char* boxes = "det_boxes", const char* scores = "det_scores",
                    const char* classes = "det_classes") {
    cut_.boxes = boxes;
    cut_.scores = scores;
    cut_.classes = classes;
    const auto& outputs = graph_.outputs();
    const std::array names{boxes, scores, classes};
    return std::all_of(names.begin(), names.end(), [&outputs](std::string_view name) {
      return std::any_of(outputs.begin(), outputs.end(),
                         [name](const OnnxValue& output) { return output.name == name; });
    });
  }

  std::string prototypesOf(const OnnxNode& regions) const {
    if (regions.inputs.empty() || isGone(regions.inputs[0])) {
      throw error(std::string(kRegions) + " of something else than mask prototypes is not understood");
    }
    return std::string(regions.inputs[0]);
  }

  static std::optional<float> real(const OnnxNode& node, std::string_view attribute, double otherwise) {
    const double value = node.number(attribute).value_or(otherwise);
    return std::isfinite(value) ? std::optional(static_cast<float>(std::clamp(value, 0.0, 1.0))) : std::nullopt;
  }

  std::string sigmoidOf(std::string_view value) {
    std::string name = std::string(value) + "/sigmoid";
    protobuf::appendField(added_, onnx_field::kNode, std::string_view(onnxNode("Sigmoid", {std::string(value)}, name)));
    return name;
  }

  // Of the outputs that real numbers have, as the file declares those of the plugin.
  std::uint64_t realType() const {
    const bool half = std::any_of(graph_.outputs().begin(), graph_.outputs().end(),
                                  [](const OnnxValue& output) { return output.elementType == onnx_type::kHalf; });
    return half ? onnx_type::kHalf : onnx_type::kFloat;
  }

  std::string rewritten() const {
    std::set<const char*> goneFields{goneInput_.data()};
    for (const OnnxNode* node : goneNodes_) {
      goneFields.insert(node->whole.data());
    }
    const auto keeps = [&goneFields](const protobuf::Field& field) {
      return field.number != onnx_field::kOutput && goneFields.count(field.whole.data()) == 0;
    };
    std::string last = added_;
    for (const std::string& name : {cut_.boxes, cut_.scores, cut_.classes, cut_.extra, cut_.prototypes}) {
      if (!name.empty()) {
        const auto same = std::find_if(graph_.outputs().begin(), graph_.outputs().end(),
                                       [&](const OnnxValue& output) { return output.name == name; });
        const std::uint64_t type = same == graph_.outputs().end() ? realType() : same->elementType;
        protobuf::appendField(last, onnx_field::kOutput, std::string_view(onnxValue(name, type)));
      }
    }
    return rewriteOnnx(file_, "", keeps, last, kPluginCut, textOf(cut_));
  }

  static std::string textOf(const PluginCut& cut);

  const std::string& path_;
  std::string_view file_;
  OnnxGraph graph_;
  PluginCut cut_;
  std::set<const OnnxNode*> goneNodes_;
  std::set<std::string_view> gone_;  // values
  std::string_view goneInput_;       // a field of the graph
  std::string added_;                // fields of it
};

// Whatever the locale.
std::string exactly(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string Cutter::textOf(const PluginCut& cut) {
  Metadata entry{{"plugin", cut.plugin},
                 {"outputs", cut.outputs},
                 {"boxes", cut.boxes},
                 {"scores", cut.scores},
                 {"classes", cut.classes},
                 {"extra", cut.extra},
                 {"prototypes", cut.prototypes},
                 {"corners", cut.corners ? "1" : "0"},
                 {"rotated", cut.rotated ? "1" : "0"},
                 {"every_class", cut.everyClass ? "1" : "0"},
                 {"shares", cut.shares ? "1" : "0"},
                 {"agnostic", cut.agnostic ? "1" : "0"}};
  if (cut.confidence) {
    entry["confidence"] = exactly(*cut.confidence);
  }
  if (cut.iou) {
    entry["iou"] = exactly(*cut.iou);
  }
  if (cut.maxDetections) {
    entry["max_detections"] = std::to_string(*cut.maxDetections);
  }
  return metadataJson(entry);
}

}  // namespace

std::optional<PluginCut> pluginCutOf(const Metadata& metadata) {
  const std::string* said = metadataEntry(metadata, kPluginCut);
  const std::optional<Metadata> entry = said ? parseMetadataJson(*said) : std::nullopt;
  if (!entry) {
    return std::nullopt;
  }
  const auto text = [&](const char* key) {
    const std::string* value = metadataEntry(*entry, key);
    return value ? *value : std::string();
  };
  const auto number = [&](const char* key) -> std::optional<float> {
    const std::string value = text(key);
    float result = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), result);
    return failure == std::errc() && std::isfinite(result) ? std::optional(result) : std::nullopt;
  };
  PluginCut cut;
  cut.plugin = text("plugin");
  cut.outputs = text("outputs");
  cut.boxes = text("boxes");
  cut.scores = text("scores");
  cut.classes = text("classes");
  cut.extra = text("extra");
  cut.prototypes = text("prototypes");
  cut.corners = text("corners") != "0";
  cut.rotated = text("rotated") == "1";
  cut.everyClass = text("every_class") == "1";
  cut.shares = text("shares") == "1";
  cut.agnostic = text("agnostic") == "1";
  cut.confidence = number("confidence");
  cut.iou = number("iou");
  if (const auto most = number("max_detections")) {
    cut.maxDetections = static_cast<int>(std::clamp(*most, 1.0F, 1e6F));
  }
  return cut;
}

std::string pluginsOf(const OnnxGraph& graph) {
  std::set<std::string_view> types;
  for (const OnnxNode& node : graph.nodes()) {
    if (node.type.ends_with("_TRT")) {
      types.insert(node.type);
    }
  }
  std::string text;
  for (const std::string_view type : types) {
    text += (text.empty() ? "" : ", ") + std::string(type);
  }
  return text;
}

std::optional<std::string> cutPlugins(const std::string& path, std::string_view file) {
  return Cutter(path, file).run();
}

}  // namespace trtyolo
