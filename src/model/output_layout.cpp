#include "model/output_layout.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "model/description.hpp"
#include "model/plugin_outputs.hpp"

namespace trtyolo {
namespace {

constexpr int kMostClasses = 65536;  // more, of these or the next, is a damaged file rather than a network
constexpr int kMostCoefficients = 4096;
constexpr int kMostFinished =
    1000;  // an end-to-end network gives 300 as a rule; no grid of anchors is as small as this

constexpr const char* kKnownLayouts =
    "understood are [batch, 4 + classes + extra, anchors] and the same transposed (Ultralytics' raw output), "
    "[batch, anchors, 5 + classes + extra] (YOLOv5, YOLOv7, YOLOX), [batch, objects, 6 + extra] (end-to-end), boxes "
    "[batch, anchors, 4] with scores [batch, anchors, classes], and [batch, classes] of classifiers, where extra is 1 "
    "angle of obb, the keypoints of pose, or the mask coefficients of segment, whose second output is [batch, "
    "coefficients, height, width]; and those of suppression plugins: 'num_dets' [batch, 1], 'det_boxes' [batch, "
    "objects, 4 (obb: 5)], 'det_scores' and 'det_classes' [batch, objects], 'det_masks' [batch, objects, height, "
    "width], 'det_kpts' [batch, objects, keypoints, 2 or 3], and 'topk' [batch, classes, 2]";

bool isTrue(const Metadata& metadata, const char* key) {
  const auto entry = metadata.find(key);
  return entry != metadata.end() && (entry->second == "True" || entry->second == "true");
}

// Cells of the three usual grids; 0 for sizes that have none.
int cellsOf(const ModelInfo& info) {
  int cells = 0;
  for (const int stride : {8, 16, 32}) {
    if (info.dynamicSize || info.networkWidth % stride != 0 || info.networkHeight % stride != 0) {
      return 0;
    }
    cells += (info.networkWidth / stride) * (info.networkHeight / stride);
  }
  return cells;
}

// One way to read an output of rank 3.
struct Reading {
  OutputLayout::Kind kind;
  bool anchorsFirst;
  bool objectness;
  int anchors;  // -1: dynamic
  int classes;  // 0: not known
};

class RankThreeReader {
 public:
  RankThreeReader(const TensorInfo& tensor, int extra, int named, int cells, Layout wanted, bool endToEnd)
      : first_(tensor.shape[1]),
        second_(tensor.shape[2]),
        extra_(extra),
        named_(named),
        cells_(cells),
        wanted_(wanted),
        endToEnd_(endToEnd) {}

  // Nothing, with the reason, where no reading or more than one is left.
  std::optional<Reading> read(std::string& reason) const {
    if (finished()) {
      return Reading{OutputLayout::Kind::FinishedBoxes, true, false, first_, named_};
    }
    if (endToEnd_ || wanted_ == Layout::EndToEnd) {
      reason = "an end-to-end output was expected, with " + std::to_string(6 + extra_) + " values for each object";
      return std::nullopt;
    }
    std::vector<Reading> readings;
    for (const bool anchorsFirst : {false, true}) {
      for (const bool objectness : {false, true}) {
        addIfPossible(anchorsFirst, objectness, readings);
      }
    }
    if (readings.empty()) {
      reason = named_ > 0 ? "no reading of it has the " + std::to_string(named_) + " classes that are named" : "";
      return std::nullopt;
    }
    if (readings.size() > 1) {
      reason =
          "it can be read with and without an objectness: tell the class names or the layout (setNames(), setLayout(); "
          "--labels, --layout)";
      return std::nullopt;
    }
    return readings.front();
  }

 private:
  bool finished() const {
    if (second_ != 6 + extra_ || wanted_ == Layout::ClassScores || wanted_ == Layout::Objectness) {
      return false;
    }
    return endToEnd_ || wanted_ == Layout::EndToEnd || (first_ != -1 && first_ <= kMostFinished && first_ != cells_);
  }

  void addIfPossible(bool anchorsFirst, bool objectness, std::vector<Reading>& readings) const {
    if ((wanted_ == Layout::ClassScores && objectness) || (wanted_ == Layout::Objectness && !objectness)) {
      return;
    }
    const int values = anchorsFirst ? second_ : first_;
    const int anchors = anchorsFirst ? first_ : second_;
    // A dynamic side counts anchors; where both are dynamic, they lie as Ultralytics lays them.
    if (values == -1 && (anchors != -1 || anchorsFirst || objectness)) {
      return;
    }
    if (values != -1 && values < 5) {
      return;
    }
    const int classes = values == -1 ? named_ : values - 4 - extra_ - (objectness ? 1 : 0);
    if (classes < 1 || (named_ > 0 && classes != named_)) {
      return;
    }
    // Three boxes a cell come with an objectness; one a cell along the last dimension never does, unless it is said.
    const bool threeACell = cells_ > 0 && anchors == 3 * cells_;
    if (wanted_ == Layout::Auto && ((threeACell && !objectness) || (!anchorsFirst && objectness && !threeACell))) {
      return;
    }
    // There are more anchors than values; names that fit say the same of the few networks where there are not.
    if (named_ == 0 && anchors != -1 && anchors <= values) {
      return;
    }
    readings.push_back({OutputLayout::Kind::Candidates, anchorsFirst, objectness, anchors, classes});
  }

  int first_, second_, extra_, named_, cells_;
  Layout wanted_;
  bool endToEnd_;
};

std::string countOf(int count, const char* what) {
  return (count > 0 ? std::to_string(count) + " " : std::string()) + what;
}

std::string wordsFor(const OutputLayout& layout, const ModelInfo& info) {
  const auto name = [&](std::size_t output) { return "'" + info.outputs[output].name + "' "; };
  std::string extra;
  if (info.task == Task::OBB) {
    extra = " + 1 angle";
  } else if (info.task == Task::Pose) {
    extra = " + " + std::to_string(info.keypoints) + " keypoints x " + std::to_string(info.keypointDims);
  } else if (info.task == Task::Segment) {
    extra = " + " + std::to_string(layout.extra) + " mask coefficients";
  }
  std::string masks;
  if (layout.prototypes != OutputLayout::kNone) {
    masks = "; masks from the prototypes " + name(layout.prototypes);
    masks.pop_back();
  }
  if (layout.kind == OutputLayout::Kind::FinishedBoxes) {
    return name(layout.boxes) + "[batch, objects, 4 + score + class" + extra + "]: finished objects" + masks;
  }
  const char* suppression = info.task == Task::OBB ? "rotated non-maximum suppression" : "non-maximum suppression";
  const char* box = layout.corners ? "corners" : "centre, size";
  if (layout.scores != OutputLayout::kNone) {
    return name(layout.boxes) + "[batch, anchors, 4] " + box + ", " + name(layout.scores) + "[batch, anchors, " +
           countOf(layout.classes, "classes") + "], then " + suppression + masks;
  }
  const std::string values =
      "4 + " + std::string(layout.objectness ? "1 + " : "") + countOf(layout.classes, "classes") + extra;
  return name(layout.boxes) + (layout.anchorsFirst ? "[batch, anchors, " + values : "[batch, " + values + ", anchors") +
         "]: " + box + (layout.objectness ? ", objectness" : "") + " and a score for each class, then " + suppression +
         masks;
}

// What a plugin's outputs must look like; empty, or what is wrong.
std::string readPluginOutputs(const std::vector<TensorInfo>& outputs, const PluginOutputs& found, const ModelInfo& info,
                              int named, OutputLayout& layout) {
  const auto shapeOf = [&](std::size_t output) -> const std::vector<int>& { return outputs[output].shape; };
  const auto wrong = [&](std::size_t output, const std::string& expected) {
    return "'" + outputs[output].name + "' was expected to be " + expected;
  };
  const auto isOneOr = [](int side, int wanted) { return side == wanted || side == -1; };
  layout.kind = OutputLayout::Kind::FinishedBoxes;
  layout.classes = named;
  layout.counts = found.counts;
  layout.boxes = found.boxes;
  layout.scores = found.scores;
  layout.classNumbers = found.classes;
  const std::vector<int>& counts = shapeOf(found.counts);
  if (counts.empty() || counts.size() > 2 || (counts.size() == 2 && counts[1] != 1)) {
    return wrong(found.counts, "[batch, 1]");
  }
  layout.extra = info.task == Task::OBB ? 1 : 0;
  if (shapeOf(found.boxes).size() != 3 || !isOneOr(shapeOf(found.boxes)[2], 4 + layout.extra)) {
    return wrong(found.boxes, "[batch, objects, " + std::to_string(4 + layout.extra) + "]");
  }
  const int objects = shapeOf(found.boxes)[1];
  const auto ofObjects = [&](std::size_t output, std::size_t rank) {
    const std::vector<int>& shape = shapeOf(output);
    return shape.size() == rank && (objects == -1 || isOneOr(shape[1], objects));
  };
  for (const std::size_t output : {found.scores, found.classes}) {
    if (!ofObjects(output, 2)) {
      return wrong(output, "[batch, objects]");
    }
  }
  if (info.task == Task::Segment) {
    if (!found.masks) {
      return "a segmenter has masks too, 'det_masks' [batch, objects, height, width]";
    }
    if (!ofObjects(*found.masks, 4)) {
      return wrong(*found.masks, "[batch, objects, height, width]");
    }
    layout.prototypes = *found.masks;
    layout.ownMasks = true;
  } else if (info.task == Task::Pose) {
    if (!found.keypoints) {
      return "a pose estimator has keypoints too, 'det_kpts' [batch, objects, keypoints, 2 or 3]";
    }
    if (info.keypoints < 1 || !ofObjects(*found.keypoints, 4) ||
        !isOneOr(shapeOf(*found.keypoints)[2], info.keypoints) ||
        !isOneOr(shapeOf(*found.keypoints)[3], info.keypointDims)) {
      return wrong(*found.keypoints, info.keypoints < 1 ? "[batch, objects, keypoints, 2 or 3]"
                                                        : "[batch, objects, " + std::to_string(info.keypoints) + ", " +
                                                              std::to_string(info.keypointDims) + "]");
    }
    layout.keypoints = *found.keypoints;
    layout.extra = info.keypoints * info.keypointDims;
  }
  return "";
}

std::string wordsForPlugin(const OutputLayout& layout, const ModelInfo& info) {
  const auto name = [&](std::size_t output) { return "'" + info.outputs[output].name + "'"; };
  std::string words =
      name(layout.boxes) +
      (info.task == Task::OBB ? " [batch, objects, centre, size, angle], " : " [batch, objects, corners], ") +
      name(layout.scores) + ", " + name(layout.classNumbers);
  if (layout.keypoints != OutputLayout::kNone) {
    words += ", " + name(layout.keypoints) + " " + std::to_string(info.keypoints) + " keypoints x " +
             std::to_string(info.keypointDims);
  }
  if (layout.ownMasks) {
    words += ", " + name(layout.prototypes) + " probabilities (a sigmoid's, not cropped), inside above 0.5";
  }
  return words + ", as many as " + name(layout.counts) +
         " says: the network suppresses by itself, thresholds can only leave out more of what it gives";
}

}  // namespace

std::string listOf(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const TensorInfo& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + ("'" + tensor.name + "' ") + toString(tensor);
  }
  return text.empty() ? "none" : text;
}

LayoutReading readLayout(const RawModel& model, const DescriptionOptions& options, const ModelInfo& info) {
  LayoutReading result;
  OutputLayout& layout = result.layout;
  const int named = info.names.empty() ? 0 : info.names.rbegin()->first + 1;
  const auto refuse = [&](const std::string& reason) {
    result.layout = {};
    result.refusal = "found " + listOf(model.outputs) + (reason.empty() ? "" : ": " + reason) + "; " + kKnownLayouts;
    return result;
  };

  std::array<std::vector<std::size_t>, 6> ofRank;
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const std::size_t rank = model.outputs[i].shape.size();
    if (rank >= ofRank.size()) {
      return refuse("");
    }
    ofRank[rank].push_back(i);
  }

  if (info.task == Task::Classify && model.outputs.size() == 1 && ofRank[3].size() == 1 &&
      model.outputs[0].shape[2] == 2) {
    if (named > kMostClasses) {
      return refuse(std::to_string(named) + " classes are too many");
    }
    layout.kind = OutputLayout::Kind::BestClasses;
    layout.classes = named;
    result.words = "'" + model.outputs[0].name +
                   "' [batch, classes, score and class]: the network gives its best classes, no more of them";
    return result;
  }
  if (info.task == Task::Classify) {
    if (model.outputs.size() != 1 || ofRank[2].size() != 1 || model.outputs[0].shape[1] == 0) {
      return refuse("a classifier's only output is [batch, classes]");
    }
    const int classes = model.outputs[0].shape[1] == -1 ? named : model.outputs[0].shape[1];
    if (classes < 1 || classes > kMostClasses || (named > 0 && named != classes)) {
      return refuse(std::to_string(named) + " classes are named");
    }
    layout.kind = OutputLayout::Kind::ClassScores;
    layout.classes = classes;
    result.words = "'" + model.outputs[0].name + "' [batch, " + std::to_string(classes) + " classes]: probabilities";
    return result;
  }

  if (const auto plugin = findPluginOutputs(model.outputs)) {
    if (const std::string wrong = readPluginOutputs(model.outputs, *plugin, info, named, layout); !wrong.empty()) {
      return refuse(wrong);
    }
    if (named > kMostClasses) {
      return refuse(std::to_string(named) + " classes are too many");
    }
    result.words = wordsForPlugin(layout, info);
    return result;
  }

  if (info.task == Task::Segment) {
    if (ofRank[4].size() != 1 || model.outputs[ofRank[4][0]].shape[1] < 1 ||
        model.outputs[ofRank[4][0]].shape[1] > kMostCoefficients) {
      return refuse("a segmenter has one output of mask prototypes [batch, coefficients, height, width]");
    }
    layout.prototypes = ofRank[4][0];
    layout.extra = model.outputs[layout.prototypes].shape[1];
  } else if (info.task == Task::OBB) {
    layout.extra = 1;
  } else if (info.task == Task::Pose) {
    layout.extra = info.keypoints * info.keypointDims;
    if (layout.extra < 1) {
      return refuse("the file does not say how many keypoints an object has, and they cannot be counted");
    }
  }

  // Some exporters leave the grids themselves, of rank 5 or 4, beside the finished output; nothing else is let pass.
  const std::vector<std::size_t>& tables = ofRank[3];
  if (!ofRank[0].empty() || !ofRank[1].empty() || !ofRank[2].empty()) {
    return refuse("");
  }
  if (tables.size() == 2 && info.task == Task::Detect) {
    const auto isBoxes = [&](std::size_t output) { return model.outputs[output].shape[2] == 4; };
    const bool firstIsBoxes = isBoxes(tables[0]) && !isBoxes(tables[1]);
    layout.boxes = firstIsBoxes ? tables[0] : tables[1];
    layout.scores = firstIsBoxes ? tables[1] : tables[0];
    const std::vector<int>& scores = model.outputs[layout.scores].shape;
    if (!isBoxes(layout.boxes) || scores[1] != model.outputs[layout.boxes].shape[1]) {
      return refuse("");
    }
    layout.classes = scores[2] == -1 ? named : scores[2];
    if (layout.classes < 1 || (named > 0 && named != layout.classes)) {
      return refuse(std::to_string(named) + " classes are named");
    }
    layout.anchorsFirst = true;
    layout.corners = true;
    layout.multiLabel = model.suppression.has_value();
  } else if (tables.size() == 1) {
    layout.boxes = tables[0];
    std::string reason;
    const auto reading = RankThreeReader(model.outputs[layout.boxes], layout.extra, named, cellsOf(info),
                                         options.layout, isTrue(model.metadata, "end2end"))
                             .read(reason);
    if (!reading) {
      return refuse(reason);
    }
    layout.kind = reading->kind;
    layout.anchorsFirst = reading->anchorsFirst;
    layout.objectness = reading->objectness;
    layout.classes = reading->classes;
  } else {
    return refuse("");
  }
  if (layout.classes > kMostClasses) {
    return refuse(std::to_string(layout.classes) + " classes are too many");
  }
  result.words = wordsFor(layout, info);
  return result;
}

}  // namespace trtyolo
