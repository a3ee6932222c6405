#include "model/output_layout.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "model/layout_text.hpp"
#include "model/metadata.hpp"
#include "model/onnx_graph.hpp"
#include "model/plugin_outputs.hpp"

namespace trtyolo {
namespace {

constexpr int kMaxClasses = 65536;  // more of these or of the next: a damaged file rather than a network
constexpr int kMaxCoefficients = 4096;
constexpr int kMaxObjects = 1000;  // end-to-end networks usually give 300; no grid of anchors is as small as this

std::vector<std::size_t> ofRank(const std::vector<TensorInfo>& outputs, std::size_t rank) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].shape.size() == rank) {
      found.push_back(i);
    }
  }
  return found;
}

// What the matchers look at.
struct Network {
  const ModelInfo& info;
  const Metadata& metadata;  // as the file has it
  const std::vector<TensorInfo>& outputs;
  std::vector<std::size_t> tables;  // the outputs of rank 3; none if others have ranks that no known layout has
  int named = 0;                    // classes that have names
  Layout wanted = Layout::Auto;
  bool endToEnd = false;  // wanted, or the metadata says so
  const Family& family;
  const std::optional<PluginCut>& cut;
};

// Whether outputs have a layout. If not: why they are refused, or nothing if they may have another one.
struct Match {
  bool fits = false;
  std::string refusal;
};

// The classes of an output with `side` scores.
Match takeClasses(const Network& network, int side, OutputLayout& layout) {
  layout.classes = side == -1 ? network.named : side;
  const bool fits = layout.classes >= 1 && (network.named == 0 || network.named == layout.classes);
  return {fits, fits ? "" : std::to_string(network.named) + " classes are named"};
}

// A classifier that gives its best classes.
Match bestClasses(const Network& network, OutputLayout& layout) {
  if (network.info.task != Task::Classify || network.outputs.size() != 1 || network.tables.size() != 1 ||
      network.outputs[0].shape[2] != 2) {
    return {};
  }
  layout.kind = OutputLayout::Kind::BestClasses;
  layout.classes = network.named;
  return {true, ""};
}

// A classifier that gives the probabilities of all classes.
Match classScores(const Network& network, OutputLayout& layout) {
  if (network.info.task != Task::Classify) {
    return {};
  }
  if (network.outputs.size() != 1 || network.outputs[0].shape.size() != 2 || network.outputs[0].shape[1] == 0) {
    return {false, "a classifier's only output is [batch, classes]"};
  }
  layout.kind = OutputLayout::Kind::ClassScores;
  const std::string* source = metadataEntry(network.metadata, kOutputSources);
  layout.logits = network.family.logits || (source && (*source == "Gemm" || *source == "MatMul"));
  return takeClasses(network, network.outputs[0].shape[1], layout);
}

// A side of an expected shape: a size or any, and its name in messages if that is not the size.
struct Side {
  static constexpr int kAny = -1, kNone = -2;
  int size;
  const char* name = nullptr;
};

bool isLike(const std::vector<int>& shape, const std::vector<Side>& expected) {
  return std::equal(shape.begin(), shape.end(), expected.begin(), expected.end(), [](int found, const Side& side) {
    return side.size == Side::kAny || found == side.size || (found == -1 && side.size != Side::kNone);
  });
}

std::string textOf(const std::vector<Side>& expected) {
  std::string text;
  for (const Side& side : expected) {
    text += (text.empty() ? "" : ", ") + (side.name ? std::string(side.name) : std::to_string(side.size));
  }
  return "[" + text + "]";
}

// An NMS plugin inside the network: a count, boxes, scores and classes, and masks or keypoints.
Match pluginOutputs(const Network& network, OutputLayout& layout) {
  const auto found = findPluginOutputs(network.outputs);
  if (!found) {
    return {};
  }
  const ModelInfo& info = network.info;
  layout = *found;
  layout.kind = OutputLayout::Kind::EndToEnd;
  const bool centered = info.task == Task::OBB && network.family.wholeMasks;
  layout.form.kind = centered ? BoxForm::Kind::CenterSize : BoxForm::Kind::Corners;
  layout.classes = network.named;
  layout.extra = info.task == Task::OBB ? 1 : info.keypoints * info.keypointDims;
  layout.instanceMasks = info.task == Task::Segment;
  layout.masksInBoxes = layout.instanceMasks && !network.family.wholeMasks;

  const auto shapeOf = [&](std::size_t output) -> const std::vector<int>& { return network.outputs[output].shape; };
  const Side batch{Side::kAny, "batch"}, height{Side::kAny, "height"}, width{Side::kAny, "width"};
  const Side objects{shapeOf(layout.boxes).size() == 3 ? shapeOf(layout.boxes)[1] : Side::kAny, "objects"};
  std::vector<std::pair<std::size_t, std::vector<Side>>> expected{
      {layout.boxes, {batch, objects, {info.task == Task::OBB ? 5 : 4}}},
      {layout.scores, {batch, objects}},
      {layout.classNumbers, {batch, objects}}};
  if (shapeOf(layout.counts).size() != 1) {
    expected.push_back({layout.counts, {batch, {1}}});
  }
  if (info.task != Task::Segment) {
    layout.prototypes = OutputLayout::kNone;
  } else if (layout.prototypes == OutputLayout::kNone) {
    return {false, "a segmenter has masks too, 'det_masks' [batch, objects, height, width]"};
  } else {
    expected.push_back({layout.prototypes, {batch, objects, height, width}});
  }
  if (info.task != Task::Pose) {
    layout.extras = OutputLayout::kNone;
  } else if (layout.extras == OutputLayout::kNone) {
    return {false, "a pose estimator has keypoints too, 'det_kpts' [batch, objects, keypoints, 2 or 3]"};
  } else {
    const bool known = info.keypoints > 0;
    expected.push_back({layout.extras,
                        {batch, objects, known ? Side{info.keypoints} : Side{Side::kNone, "keypoints"},
                         known ? Side{info.keypointDims} : Side{Side::kNone, "2 or 3"}}});
  }
  for (const auto& [output, sides] : expected) {
    if (!isLike(shapeOf(output), sides)) {
      return {false, "'" + network.outputs[output].name + "' was expected to be " + textOf(sides)};
    }
  }
  return {true, ""};
}

// Centre and size as shares of the network's input.
BoxForm sharesOf(const ModelInfo& info) {
  return {BoxForm::Kind::CenterSize, static_cast<float>(info.networkWidth), static_cast<float>(info.networkHeight)};
}

// What plugins were given that have been cut off.
Match cutOutputs(const Network& network, OutputLayout& layout) {
  if (!network.cut) {
    return {};
  }
  const PluginCut& cut = *network.cut;
  const ModelInfo& info = network.info;
  std::string missing;
  const auto at = [&](const std::string& name) {
    if (name.empty()) {
      return OutputLayout::kNone;
    }
    const auto found = std::find_if(network.outputs.begin(), network.outputs.end(),
                                    [&](const TensorInfo& output) { return output.name == name; });
    missing = found == network.outputs.end() ? name : missing;
    return found == network.outputs.end() ? 0 : static_cast<std::size_t>(found - network.outputs.begin());
  };
  layout.boxes = at(cut.boxes);
  layout.scores = at(cut.scores);
  layout.classNumbers = at(cut.classes);
  layout.extras = at(cut.extra);
  layout.prototypes = at(cut.prototypes);
  if (!missing.empty()) {
    return {false, "there is no output '" + missing + "', which its metadata names"};
  }
  if (layout.boxes == OutputLayout::kNone || layout.scores == OutputLayout::kNone) {
    return {false, "its metadata says that a plugin was cut off, but names no boxes or no scores"};
  }
  const bool picks = info.task == Task::Segment || info.task == Task::Pose;
  if (picks && layout.extras == OutputLayout::kNone) {
    return {false, "what the plugin picks for each object was expected to be mask coefficients or keypoints"};
  }
  if (info.task == Task::Segment && layout.prototypes == OutputLayout::kNone) {
    return {false, "a segmenter has mask prototypes too, and its plugin had none"};
  }
  layout.kind = layout.splitOutputs() ? OutputLayout::Kind::EndToEnd : OutputLayout::Kind::Candidates;
  layout.anchorsFirst = true;
  layout.multiLabel = cut.everyClass;
  layout.form = cut.shares ? sharesOf(info) : BoxForm();
  layout.form.kind = cut.corners ? BoxForm::Kind::Corners : BoxForm::Kind::CenterSize;
  const auto lastSideOf = [&](std::size_t output) {
    const std::vector<int>& shape = network.outputs[output].shape;
    return shape.empty() ? -1 : shape.back();
  };
  layout.extra = info.task == Task::OBB       ? 1
                 : info.task == Task::Pose    ? info.keypoints * info.keypointDims
                 : info.task == Task::Segment ? lastSideOf(layout.extras)
                                              : 0;
  if (layout.extra < (info.task == Task::Detect ? 0 : 1) || layout.extra > kMaxCoefficients) {
    return {false, "what the plugin picks for each object was expected to be mask coefficients or keypoints"};
  }
  if (layout.splitOutputs()) {
    layout.classes = network.named;
    return {true, ""};
  }
  return takeClasses(network, lastSideOf(layout.scores), layout);
}

// The queries of a DETR, with `side` scores each.
Match queries(const Network& network, int side, OutputLayout& layout) {
  layout.form = sharesOf(network.info);
  layout.logits = layout.multiLabel = layout.suppressed = true;
  layout.classes = side;
  // RF-DETR has one more, of what is nothing; 91 are the numbers of COCO's files, which leave some out.
  const bool fits = network.named == 0 || side == network.named || side == network.named + 1;
  return {fits, fits ? "" : std::to_string(network.named) + " classes are named"};
}

// Boxes and scores in tensors of their own.
Match boxesAndScores(const Network& network, OutputLayout& layout) {
  if (network.info.task != Task::Detect || network.tables.size() != 2) {
    return {};
  }
  const auto shapeOf = [&](std::size_t table) -> const std::vector<int>& {
    return network.outputs[network.tables[table]].shape;
  };
  // Four classes have as many scores as a box has sides.
  const auto& first = network.outputs[network.tables[0]];
  const bool named = first.name == "dets" || first.name == "boxes" || first.name == "pred_boxes";
  const std::size_t boxes = shapeOf(0)[2] == 4 && (named || shapeOf(1)[2] != 4) ? 0 : 1;
  if (shapeOf(boxes)[2] != 4 || shapeOf(0)[1] != shapeOf(1)[1]) {
    return {};
  }
  layout.boxes = network.tables[boxes];
  layout.scores = network.tables[1 - boxes];
  layout.anchorsFirst = true;
  if (network.family.queries) {
    return queries(network, shapeOf(1 - boxes)[2], layout);
  }
  const int cells = cellsOf(network.info), anchors = shapeOf(0)[1];
  if (cells > 0 && anchors > 0 && anchors <= kMaxObjects && anchors % cells != 0 &&
      !metadataEntry(network.metadata, "task")) {
    return {false,
            "so few boxes beside scores are a DETR's, of which there are several kinds: setFamily() (--family "
            "rfdetr, dfine, rtdetr) says which"};
  }
  layout.form.kind = BoxForm::Kind::Corners;
  layout.multiLabel = network.family.multiLabel;
  return takeClasses(network, shapeOf(1 - boxes)[2], layout);
}

// One table, and beside it the mask prototypes of a segmenter: what the layouts below share.
Match oneTable(const Network& network, OutputLayout& layout) {
  const ModelInfo& info = network.info;
  if (info.task == Task::Segment) {
    const std::vector<std::size_t> prototypes = ofRank(network.outputs, 4);
    layout.extra = prototypes.size() == 1 ? network.outputs[prototypes[0]].shape[1] : 0;
    if (layout.extra < 1 || layout.extra > kMaxCoefficients) {
      return {false, "a segmenter has one output of mask prototypes [batch, coefficients, height, width]"};
    }
    layout.prototypes = prototypes[0];
  } else if (info.task == Task::Pose) {
    layout.extra = info.keypoints * info.keypointDims;
    if (layout.extra < 1) {
      return {false, "the file does not say how many keypoints an object has, and they cannot be counted"};
    }
  } else {
    layout.extra = info.task == Task::OBB ? 1 : 0;
  }
  // Of two heads (YOLOv9 as it is trained) the second is the one that counts.
  const std::vector<std::size_t>& tables = network.tables;
  const bool twice = tables.size() == 2 && network.outputs[tables[0]].shape == network.outputs[tables[1]].shape;
  layout.boxes = tables.empty() ? 0 : tables.back();
  return {tables.size() == 1 || twice, ""};
}

// Objects of all images of a batch in one list: how many there are is known only when the network has run.
Match listOfObjects(const Network& network, OutputLayout& layout) {
  const std::vector<TensorInfo>& outputs = network.outputs;
  if (network.info.task != Task::Detect || outputs.size() != 1 || outputs[0].shape.size() != 2 ||
      outputs[0].shape[1] != 7 || outputs[0].shape[0] == network.info.inputs[0].shape[0]) {
    return {};  // as many rows as images: one of each
  }
  layout.kind = OutputLayout::Kind::EndToEnd;
  layout.listed = layout.anchorsFirst = true;
  layout.scoreFirst = network.family.name == std::string_view("yolonas");
  layout.form.kind = BoxForm::Kind::Corners;
  layout.classes = network.named;
  return {true, ""};
}

// Objects that need no NMS, in one table.
Match endToEnd(const Network& network, OutputLayout& layout) {
  if (Match match = oneTable(network, layout); !match.fits) {
    return match;
  }
  const int objects = network.outputs[layout.boxes].shape[1], values = network.outputs[layout.boxes].shape[2];
  const int cells = cellsOf(network.info);
  const bool few = objects != -1 && objects <= kMaxObjects && objects != cells && objects != 3 * cells;
  if (values != 6 + layout.extra || network.wanted == Layout::ClassScores || network.wanted == Layout::Objectness ||
      !(network.endToEnd || few)) {
    return {false, network.endToEnd ? "an end-to-end output was expected, with " + std::to_string(6 + layout.extra) +
                                          " values for each object"
                                    : ""};
  }
  layout.kind = OutputLayout::Kind::EndToEnd;
  layout.anchorsFirst = true;
  layout.form.kind = network.info.task == Task::OBB ? BoxForm::Kind::CenterSize : BoxForm::Kind::Corners;
  if (network.family.shares) {
    layout.form = sharesOf(network.info);
  }
  layout.classes = network.named;
  return {true, ""};
}

// The classes of a table of candidates that is read in this way; 0 if it cannot be.
int classesIf(const Network& network, int extra, const std::vector<int>& shape, bool anchorsFirst, bool objectness) {
  if (network.wanted == (objectness ? Layout::ClassScores : Layout::Objectness)) {
    return 0;
  }
  const int values = shape[anchorsFirst ? 2 : 1], anchors = shape[anchorsFirst ? 1 : 2];
  // A dynamic side counts anchors; if both are dynamic, they lie as Ultralytics lays them.
  if (values == -1 && (anchors != -1 || anchorsFirst || objectness)) {
    return 0;
  }
  const int classes = values == -1 ? network.named : values - 4 - extra - (objectness ? 1 : 0);
  if ((values != -1 && values < 5) || classes < 1 || (network.named > 0 && classes != network.named)) {
    return 0;
  }
  // Three boxes a cell come with an objectness; one a cell along the last dimension never does, unless it is asked for.
  const int cells = cellsOf(network.info);
  const bool threeACell = cells > 0 && anchors == 3 * cells;
  if (network.wanted == Layout::Auto && ((threeACell && !objectness) || (!anchorsFirst && objectness && !threeACell))) {
    return 0;
  }
  // There are more anchors than values, except in a few networks, which are recognised by names that fit.
  return network.named == 0 && anchors != -1 && anchors <= values ? 0 : classes;
}

// Candidates in one table, either way round, with an objectness or without.
Match candidates(const Network& network, OutputLayout& layout) {
  if (Match match = oneTable(network, layout); !match.fits) {
    return match;
  }
  std::vector<OutputLayout> readings;
  for (const bool anchorsFirst : {false, true}) {
    for (const bool objectness : {false, true}) {
      if (const int classes =
              classesIf(network, layout.extra, network.outputs[layout.boxes].shape, anchorsFirst, objectness)) {
        layout.anchorsFirst = anchorsFirst;
        layout.objectness = objectness;
        layout.classes = classes;
        readings.push_back(layout);
      }
    }
  }
  if (readings.empty()) {
    return {false, network.named > 0
                       ? "no reading of it has the " + std::to_string(network.named) + " classes that are named"
                       : ""};
  }
  layout = readings.front();  // as Ultralytics lays them, if the table is a square
  layout.form.kind = network.family.corners ? BoxForm::Kind::Corners : BoxForm::Kind::CenterSize;
  layout.multiLabel = network.family.multiLabel;
  layout.suppressed = network.family.queries;
  layout.objectnessAlone = network.family.objectnessAlone && layout.objectness && layout.classes == 1;
  if (network.family.shares) {
    layout.form = sharesOf(network.info);
    layout.suppressed = true;
  }
  if (network.family.grid) {
    layout.form = {BoxForm::Kind::Grid, 1, 1, network.info.networkWidth, network.info.networkHeight};
  }
  if (std::any_of(readings.begin(), readings.end(),
                  [&](const OutputLayout& other) { return other.objectness != layout.objectness; })) {
    return {false,
            "it can be read with and without an objectness: tell the class names or the layout (setNames(), "
            "setLayout(); --labels, --layout)"};
  }
  return {true, ""};
}

// Whether a map of these sides, of the last two dimensions, covers the network's input.
bool covers(const std::vector<int>& shape, const ModelInfo& info) {
  const std::int64_t height = shape[shape.size() - 2], width = shape[shape.size() - 1];
  return info.dynamicSize || (height > 0 && width > 0 && width * info.networkHeight == height * info.networkWidth);
}

// A semantic segmenter: the class of each cell, or a logit for each class.
Match semantic(const Network& network, OutputLayout& layout) {
  if (network.info.task != Task::Semantic) {
    return {};
  }
  const std::vector<int>& shape = network.outputs.empty() ? std::vector<int>() : network.outputs[0].shape;
  if (network.outputs.size() != 1 || (shape.size() != 3 && shape.size() != 4) || !covers(shape, network.info)) {
    return {false, "a semantic segmenter's only output is [batch, height, width] or [batch, classes, height, width]"};
  }
  layout.kind = shape.size() == 3 ? OutputLayout::Kind::ClassMap : OutputLayout::Kind::ClassLogits;
  layout.classes = network.named;
  return shape.size() == 3 ? Match{true, ""} : takeClasses(network, shape[1], layout);
}

// A depth estimator.
Match depth(const Network& network, OutputLayout& layout) {
  if (network.info.task != Task::Depth) {
    return {};
  }
  const std::vector<int>& shape = network.outputs.empty() ? std::vector<int>() : network.outputs[0].shape;
  const bool fits = network.outputs.size() == 1 && (shape.size() == 3 || (shape.size() == 4 && shape[1] == 1)) &&
                    covers(shape, network.info);
  layout.kind = OutputLayout::Kind::Depth;
  return {fits, fits ? "" : "a depth estimator's only output is [batch, 1, height, width]"};
}

// The known layouts. The first that fits, or that says why it does not, decides.
struct Matcher {
  Match (*match)(const Network&, OutputLayout&);
  const char* layout;  // in words, for refusals
};
constexpr Matcher kMatchers[] = {
    {bestClasses, "a classifier's best classes [batch, objects, 2]"},
    {classScores, "a classifier's scores [batch, classes]"},
    {semantic, "a semantic segmenter's classes [batch, height, width] or logits [batch, classes, height, width]"},
    {depth, "a depth estimator's metres [batch, 1, height, width]"},
    {cutOutputs, "boxes and scores that went into a plugin"},
    {pluginOutputs,
     "an NMS plugin's 'num_dets' [batch, 1], 'det_boxes' [batch, objects, 4 (obb: 5)], 'det_scores' and 'det_classes' "
     "[batch, objects], and 'det_masks' or 'det_kpts'"},
    {boxesAndScores,
     "boxes [batch, anchors, 4] and scores [batch, anchors, classes], or a DETR's boxes and logits of its queries"},
    {listOfObjects, "objects of all images in one list [objects, 7]"},
    {endToEnd, "an end-to-end network's objects [batch, objects, 6 + extra]"},
    {candidates,
     "candidates [batch, 4 + classes + extra, anchors] or the same transposed (Ultralytics), or [batch, anchors, 5 + "
     "classes + extra] (YOLOv5, YOLOv7, YOLOX)"}};

}  // namespace

LayoutReading readLayout(const ModelInfo& info, const Metadata& metadata, Layout asked, const Family& family,
                         const std::optional<PluginCut>& cut) {
  const Layout wanted = asked == Layout::Auto ? family.layout : asked;
  const int named = static_cast<int>(info.names.size());
  Network network{info, metadata, info.outputs, {}, named, wanted, wanted == Layout::EndToEnd, family, cut};
  // Some exporters leave the grids themselves, of rank 4 or 5, beside the output.
  if (std::all_of(info.outputs.begin(), info.outputs.end(),
                  [](const TensorInfo& tensor) { return tensor.shape.size() >= 3 && tensor.shape.size() <= 5; })) {
    network.tables = ofRank(info.outputs, 3);
  }
  if (const std::string* said = metadataEntry(info.metadata, "end2end")) {
    network.endToEnd = network.endToEnd || *said == "True" || *said == "true";
  }
  for (const Matcher& matcher : kMatchers) {
    LayoutReading reading;
    Match match = matcher.match(network, reading.layout);
    if (match.fits && reading.layout.classes > kMaxClasses) {
      match = {false, std::to_string(reading.layout.classes) + " classes are too many"};
    }
    if (match.fits) {
      return reading;
    }
    if (!match.refusal.empty()) {
      return {{}, refusalOf(info.outputs, matcher.layout, match.refusal)};
    }
  }
  return {{}, refusalOf(info.outputs, std::end(kMatchers)[-1].layout, "")};
}

}  // namespace trtyolo
