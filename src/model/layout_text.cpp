#include "model/layout_text.hpp"

#include <algorithm>
#include <cstddef>

namespace trtyolo {
namespace {

constexpr const char* kWhatToDo =
    "say what it is (setTask(), setNames(), setLayout(), setFamily(); --task, --labels, --layout, --family), or export "
    "it in one of the forms that docs/models.md lists";

const char* boxWords(const BoxForm& form) {
  if (form.kind == BoxForm::Kind::Grid) {
    return "boxes on grids, not decoded";
  }
  const bool shares = form.unitX != 1 || form.unitY != 1;
  if (form.kind == BoxForm::Kind::Corners) {
    return shares ? "corners as shares of the input" : "corners";
  }
  return shares ? "centre, size as shares of the input" : "centre, size";
}

std::string countOf(int count, const char* what) {
  return (count > 0 ? std::to_string(count) + " " : std::string()) + what;
}

}  // namespace

std::string toString(const TensorInfo& tensor) {
  std::string text;
  for (const int side : tensor.shape) {
    text += (text.empty() ? "" : ", ") + (side == -1 ? "?" : std::to_string(side));
  }
  return tensor.type + " [" + text + "]";
}

std::string listOf(const std::vector<TensorInfo>& tensors) {
  constexpr std::size_t kMost = 16;  // a file may have any number
  std::string text;
  for (std::size_t i = 0; i < std::min(tensors.size(), kMost); ++i) {
    text += (text.empty() ? "'" : ", '") + tensors[i].name + "' " + toString(tensors[i]);
  }
  if (tensors.size() > kMost) {
    text += " and " + std::to_string(tensors.size() - kMost) + " more";
  }
  return text.empty() ? "none" : text;
}

std::string wordsFor(const OutputLayout& layout, const ModelInfo& info) {
  const auto name = [&](std::size_t output) { return "'" + info.outputs[output].name + "'"; };
  const std::string boxes = name(layout.boxes);
  const std::string keypoints = std::to_string(info.keypoints) + " keypoints x " + std::to_string(info.keypointDims);
  if (layout.kind == OutputLayout::Kind::ClassScores) {
    return boxes + " [batch, " + countOf(layout.classes, "classes") +
           "]: " + (layout.logits ? "logits, whose softmax is taken" : "probabilities");
  }
  if (layout.kind == OutputLayout::Kind::BestClasses) {
    return boxes + " [batch, classes, score and class]: the network gives its best classes, no more of them";
  }
  if (layout.kind == OutputLayout::Kind::ClassMap) {
    return boxes + " [batch, height, width]: the class of each pixel" +
           (layout.classes == 1 ? ", 1 where it is '" + info.names[0] + "'" : "");
  }
  if (layout.kind == OutputLayout::Kind::ClassLogits) {
    return boxes + " [batch, " + countOf(layout.classes, "classes") + ", height, width]: a logit for each class, " +
           (layout.classes == 1 ? "which a pixel has above 0" : "the largest is the pixel's");
  }
  if (layout.kind == OutputLayout::Kind::Depth) {
    return boxes + " [batch, 1, height, width]: metres; images are stretched to the network's input";
  }
  if (layout.splitOutputs() && layout.counts != OutputLayout::kNone) {
    return boxes + " [batch, objects, " +
           (info.task == Task::OBB ? "corners before the turn, angle], " : "corners], ") + name(layout.scores) + ", " +
           name(layout.classNumbers) +
           (layout.extras != OutputLayout::kNone ? ", " + name(layout.extras) + " " + keypoints : "") +
           (layout.instanceMasks ? ", " + name(layout.prototypes) + " probabilities (a sigmoid's) over the " +
                                       (layout.masksInBoxes ? "box" : "whole input") + ", inside above 0.5"
                                 : "") +
           ", as many as " + name(layout.counts) +
           " says: the network suppresses by itself, thresholds can only leave out more of what it gives";
  }
  const std::string own = layout.extras == OutputLayout::kNone
                              ? ""
                              : ", " + name(layout.extras) + " [batch, anchors, " +
                                    (info.task == Task::Pose ? keypoints : countOf(layout.extra, "mask coefficients")) +
                                    "]";
  const std::string extra = !own.empty()                 ? ""
                            : info.task == Task::OBB     ? " + 1 angle"
                            : info.task == Task::Pose    ? " + " + keypoints
                            : info.task == Task::Segment ? " + " + countOf(layout.extra, "mask coefficients")
                                                         : "";
  const std::string masks =
      layout.prototypes != OutputLayout::kNone ? "; masks from the prototypes " + name(layout.prototypes) : "";
  if (layout.splitOutputs()) {
    return boxes + " [batch, objects, corners" + (info.task == Task::OBB ? " before the turn, angle" : "") + "], " +
           name(layout.scores) + ", " + name(layout.classNumbers) + own + ": finished objects" + masks;
  }
  if (layout.listed) {
    return boxes + " [objects, image + 4 + " + (layout.scoreFirst ? "score + class" : "class + score") +
           "]: finished objects of all images";
  }
  if (layout.kind == OutputLayout::Kind::EndToEnd) {
    return boxes + " [batch, objects, 4 + score + class" + extra + "]: finished objects" + masks;
  }
  const std::string classes = countOf(layout.classes, "classes"), box = boxWords(layout.form);
  const std::string nms =
      layout.suppressed
          ? std::string(layout.logits ? ", whose sigmoid is taken" : "") + "; nothing is suppressed"
          : std::string(", then ") + (info.task == Task::OBB ? "rotated " : "") + "non-maximum suppression" + masks;
  if (layout.scores != OutputLayout::kNone) {
    return boxes + " [batch, anchors, 4" + extra + "] " + box + ", " + name(layout.scores) + " [batch, anchors, " +
           classes + "]" + own + nms;
  }
  const std::string values = "4 + " + std::string(layout.objectness ? "1 + " : "") + classes + extra;
  return boxes + " [batch, " + (layout.anchorsFirst ? "anchors, " + values : values + ", anchors") + "]: " + box +
         (layout.objectnessAlone ? ", objectness, which is the score of the only class"
          : layout.objectness    ? ", objectness"
                                 : "") +
         (layout.objectnessAlone ? "" : " and a score for each class") + nms;
}

std::string refusalOf(const std::vector<TensorInfo>& outputs, const std::string& nearest, const std::string& reason) {
  const std::string lacks = reason.empty() ? "these are others, or of other dimensions" : reason;
  return "found: " + listOf(outputs) + "\n  nearest: " + nearest + "; " + lacks + "\n  what to do: " + kWhatToDo;
}

}  // namespace trtyolo
