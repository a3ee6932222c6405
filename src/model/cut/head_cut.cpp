#include "model/cut/head_cut.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/listed.hpp"
#include "model/onnx_rewriting.hpp"
#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

constexpr int kMostBins = 1024, kMostStride = 1024, kMostObjects = 1 << 20;

json jsonOf(const RawHead::Level& level) {
  return {{"stride", level.stride},
          {"boxes", level.boxes},
          {"scores", level.scores},
          {"extras", level.extras},
          {"anchors", level.anchors}};
}

RawHead::Level levelOf(const json& value) {
  RawHead::Level level;
  level.stride = value.at("stride").get<int>();
  level.boxes = value.at("boxes").get<std::size_t>();
  level.scores = value.at("scores").get<std::size_t>();
  level.extras = value.at("extras").get<std::size_t>();
  level.anchors = value.at("anchors").get<decltype(level.anchors)>();
  return level;
}

HeadCut cutOf(const json& value) {
  HeadCut cut;
  cut.logits = value.value("logits", false);
  RawHead& head = cut.head;
  head.form.boxes = value.at("anchors_per_cell").get<int>() > 0 ? RawForm::Boxes::Anchors : RawForm::Boxes::Distances;
  head.form.points =
      value.at("points").get<std::string>() == "corner" ? RawForm::Points::Corner : RawForm::Points::Middle;
  head.form.angles =
      value.at("angles").get<std::string>() == "sigmoid" ? RawForm::Angles::Sigmoid : RawForm::Angles::Radians;
  head.form.bins = value.at("bins").get<int>();
  head.anchorsPerCell = std::max(1, value.at("anchors_per_cell").get<int>());
  head.mostObjects = value.at("most_objects").get<int>();
  for (const json& level : value.at("levels")) {
    head.levels.push_back(levelOf(level));
  }
  cut.outputs = value.at("outputs").get<std::vector<std::string>>();
  if (const auto place = value.find("prototypes"); place != value.end()) {
    cut.prototypes = place->get<std::size_t>();
  }
  for (const json& output : value.at("whole")) {
    cut.whole.push_back({output.at("name").get<std::string>(), output.at("type").get<std::string>(),
                         output.at("shape").get<std::vector<int>>()});
  }
  return cut;
}

bool makesSense(const HeadCut& cut) {
  const RawHead& head = cut.head;
  const std::size_t outputs = cut.outputs.size();
  const bool levels = std::all_of(head.levels.begin(), head.levels.end(), [&](const RawHead::Level& level) {
    return level.stride >= 1 && level.stride <= kMostStride && level.boxes < outputs && level.scores < outputs &&
           level.extras < outputs;
  });
  if (cut.logits) {
    return head.levels.empty() && outputs == 1 && cut.whole.size() == 1 && !cut.prototypes;
  }
  return levels && !head.levels.empty() && head.levels.size() <= kMostLevels && head.form.bins >= 1 &&
         head.form.bins <= kMostBins && static_cast<std::size_t>(head.anchorsPerCell) <= kMostAnchorsPerCell &&
         head.mostObjects >= 0 && head.mostObjects <= kMostObjects && !cut.whole.empty() &&
         cut.prototypes.value_or(0) < outputs;
}

// The nodes that the outputs need; all of them if a part of the graph may use values without saying so.
std::set<const OnnxNode*> neededNodes(const OnnxGraph& graph, const std::vector<std::string>& outputs) {
  std::set<const OnnxNode*> needed;
  const bool nested = std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const OnnxNode& node) {
    return node.type == "If" || node.type == "Loop" || node.type == "Scan";
  });
  if (nested) {
    for (const OnnxNode& node : graph.nodes()) {
      needed.insert(&node);
    }
    return needed;
  }
  std::vector<std::string_view> open(outputs.begin(), outputs.end());
  while (!open.empty()) {
    const OnnxNode* const node = graph.producerOf(open.back());
    open.pop_back();
    if (node && needed.insert(node).second) {
      open.insert(open.end(), node->inputs.begin(), node->inputs.end());
    }
  }
  return needed;
}

// Of a graph: an input of f16, and the node that makes the old one of it.
std::string castInput(const OnnxValue& input) {
  const std::string name = std::string(input.name) + "/half";
  std::string fields;
  protobuf::appendField(fields, onnx_field::kInput, std::string_view(onnxValue(name, onnx_type::kHalf, &input.shape)));
  protobuf::appendField(fields, onnx_field::kNode,
                        std::string_view(onnxNode("Cast", {name}, input.name, onnxNumber("to", onnx_type::kFloat))));
  return fields;
}

}  // namespace

std::string textOf(const HeadCut& cut) {
  const RawHead& head = cut.head;
  const bool anchors = head.form.boxes == RawForm::Boxes::Anchors;
  json value{{"anchors_per_cell", anchors ? head.anchorsPerCell : 0},
             {"points", head.form.points == RawForm::Points::Corner ? "corner" : "middle"},
             {"angles", head.form.angles == RawForm::Angles::Sigmoid ? "sigmoid" : "radians"},
             {"bins", head.form.bins},
             {"most_objects", head.mostObjects},
             {"outputs", cut.outputs},
             {"levels", json::array()},
             {"whole", json::array()}};
  if (cut.logits) {
    value["logits"] = true;
  }
  if (cut.prototypes) {
    value["prototypes"] = *cut.prototypes;
  }
  for (const RawHead::Level& level : head.levels) {
    value["levels"].push_back(jsonOf(level));
  }
  for (const TensorInfo& output : cut.whole) {
    value["whole"].push_back({{"name", output.name}, {"type", output.type}, {"shape", output.shape}});
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<HeadCut> headCutOf(const Metadata& metadata, const std::string& file) {
  const std::string* const said = metadataEntry(metadata, kHeadCut);
  if (!said) {
    return std::nullopt;
  }
  try {
    HeadCut cut = cutOf(json::parse(*said));
    if (makesSense(cut)) {
      return cut;
    }
  } catch (const json::exception&) {
    // As below.
  }
  throw ModelError("'" + file + "': its metadata says that the network was cut, and makes no sense (" + kHeadCut + ")");
}

std::string cutOnnx(std::string_view file, const OnnxGraph& graph, const HeadCut& cut, bool halfInput) {
  const std::set<const OnnxNode*> needed = neededNodes(graph, cut.outputs);
  std::set<const char*> gone;
  for (const OnnxNode& node : graph.nodes()) {
    if (needed.count(&node) == 0) {
      gone.insert(node.whole.data());
    }
  }
  std::string inputs;
  if (halfInput && graph.inputs().size() == 1 && graph.inputs()[0].elementType == onnx_type::kFloat) {
    gone.insert(graph.inputs()[0].whole.data());
    inputs = castInput(graph.inputs()[0]);
  }
  const auto keeps = [&](const protobuf::Field& field) {
    return field.number != onnx_field::kOutput && gone.count(field.whole.data()) == 0;
  };
  const bool half = std::any_of(graph.outputs().begin(), graph.outputs().end(),
                                [](const OnnxValue& output) { return output.elementType == onnx_type::kHalf; });
  std::string outputs;
  for (const std::string& name : cut.outputs) {
    const auto same = std::find_if(graph.outputs().begin(), graph.outputs().end(),
                                   [&](const OnnxValue& output) { return output.name == name; });
    const std::uint64_t type = same != graph.outputs().end() ? same->elementType
                               : half                        ? onnx_type::kHalf
                                                             : onnx_type::kFloat;
    protobuf::appendField(outputs, onnx_field::kOutput, std::string_view(onnxValue(name, type)));
  }
  return rewriteOnnx(file, inputs, keeps, outputs, kHeadCut, textOf(cut));
}

std::string wordsFor(const HeadCut& cut) {
  if (cut.logits) {
    return "before its softmax";
  }
  const RawHead& head = cut.head;
  std::string text = head.form.boxes == RawForm::Boxes::Anchors
                         ? std::to_string(head.anchorsPerCell) + " anchors in a cell"
                     : head.form.bins > 1 ? "distributions over " + std::to_string(head.form.bins) + " cells"
                                          : std::string("distances");
  std::vector<int> strides;
  strides.reserve(head.levels.size());
  for (const RawHead::Level& level : head.levels) {
    strides.push_back(level.stride);
  }
  return "behind the last convolutions: " + text + ", grids of " + listed(strides) + " pixels";
}

}  // namespace trtyolo
