#include "model/description.hpp"

#include <algorithm>
#include <utility>

#include "model/layout_text.hpp"
#include "model/onnx_graph.hpp"
#include "model/plugin_outputs.hpp"
#include "model/self_test/self_test.hpp"

namespace trtyolo {
namespace {

constexpr int kDefaultNetworkSize = 640;
constexpr int kDefaultClassifierSize = 224;
constexpr int kMaxNetworkSize = 16384;  // pixels a side; larger is a damaged file rather than a network

// The integers of an entry of the metadata; nothing if it is missing or something else.
std::optional<std::vector<int>> intsOf(const Metadata& metadata, const char* key) {
  const std::string* text = metadataEntry(metadata, key);
  return text ? parseInts(*text) : std::nullopt;
}

// [objects, 7]: objects of all images of a batch, where a classifier would have a row for each image.
bool isListOfObjects(const RawModel& model) {
  const std::vector<int>& shape = model.outputs[0].shape;
  return shape[1] == 7 && model.inputs.size() == 1 && !model.inputs[0].shape.empty() &&
         shape[0] != model.inputs[0].shape[0];
}

Task taskOf(const RawModel& model, const std::optional<PluginCut>& cut, const DescriptionOptions& options) {
  const std::string* said = metadataEntry(model.metadata, "task");
  const std::optional<Task> inFile = said ? parseTask(*said) : std::nullopt;
  if (said && !inFile) {
    throw ModelError("'" + model.file + "': its metadata names the task '" + *said +
                     "'; known are classify, detect, obb, segment, pose, semantic, depth");
  }
  if (inFile && options.task && *inFile != *options.task) {
    throw ModelError("'" + model.file + "': its metadata names the task '" + *said + "', setTask() asked for '" +
                     toString(*options.task) + "'");
  }
  if (inFile) {
    return *inFile;
  }
  if (options.task) {
    return *options.task;
  }
  if (cut) {
    const bool angle = std::any_of(model.outputs.begin(), model.outputs.end(), [&](const TensorInfo& output) {
      return output.name == cut->boxes && !output.shape.empty() && output.shape.back() == 5;
    });
    return cut->rotated || angle      ? Task::OBB
           : !cut->prototypes.empty() ? Task::Segment
           : !cut->extra.empty()      ? Task::Pose
                                      : Task::Detect;
  }
  if (const auto plugin = findPluginOutputs(model.outputs)) {
    const std::vector<int>& boxes = model.outputs[plugin->boxes].shape;
    return plugin->prototypes != OutputLayout::kNone ? Task::Segment
           : plugin->extras != OutputLayout::kNone   ? Task::Pose
           : boxes.size() == 3 && boxes[2] == 5      ? Task::OBB
                                                     : Task::Detect;
  }
  if (model.outputs.size() == 1 && model.outputs[0].name == "topk") {
    return Task::Classify;
  }
  // By shape: an output of rank 4 are mask prototypes, a rank of 2 are class scores.
  const auto ofRank = [&](std::size_t rank) {
    return std::count_if(model.outputs.begin(), model.outputs.end(),
                         [&](const TensorInfo& tensor) { return tensor.shape.size() == rank; });
  };
  // Whole numbers in the place of pixels: nothing but classes is given so.
  const auto isWhole = [](const std::string& type) { return type.starts_with('u') || type.starts_with('i'); };
  if (model.outputs.size() == 1 && ofRank(3) == 1 && isWhole(model.outputs[0].type)) {
    return Task::Semantic;
  }
  if (ofRank(4) == 1 && ofRank(3) == 1) {
    return Task::Segment;
  }
  if (model.outputs.size() == 1 && ofRank(2) == 1 && !isListOfObjects(model)) {
    return Task::Classify;
  }
  return Task::Detect;
}

void readInput(const RawModel& model, const DescriptionOptions& options, ModelDescription& description) {
  ModelInfo& info = description.info;
  const std::optional<InputForm> form = model.inputs.size() == 1 ? inputFormOf(model.inputs[0]) : std::nullopt;
  if (!form) {
    throw ModelError("'" + model.file +
                     "': expected one input f32, f16 or u8 [batch, 3 or 1, height, width] or [batch, "
                     "height, width, 3 or 1], found " +
                     listOf(model.inputs));
  }
  InputForm& input = description.input;
  input = *form;
  if (const std::string* said = metadataEntry(model.metadata, kInputForm)) {
    input.whole = input.whole || said->find("whole") != std::string::npos;
    input.grey = input.grey || said->find("grey") != std::string::npos;
  }
  // As if channels came first.
  std::vector<int> shape = model.inputs[0].shape;
  if (input.channelsLast) {
    std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
  }
  info.dynamicBatch = shape[0] == -1;
  info.batch = info.dynamicBatch ? options.batch : shape[0];
  info.dynamicSize = shape[2] == -1 || shape[3] == -1;

  if (const auto strides = intsOf(model.metadata, "stride"); strides && !strides->empty()) {
    const int coarsest = *std::max_element(strides->begin(), strides->end());  // of all levels
    info.stride = coarsest >= 1 && coarsest <= kMaxNetworkSize ? coarsest : info.stride;
  }
  const int usual = info.task == Task::Classify ? kDefaultClassifierSize : kDefaultNetworkSize;
  Size size{usual, usual};
  if (const auto sides = intsOf(model.metadata, "imgsz"); sides && (sides->size() == 1 || sides->size() == 2)) {
    size = {sides->back(), sides->front()};  // Ultralytics writes height first
  }
  if (options.networkSize) {
    size = *options.networkSize;
  }
  const auto settle = [&](const char* what, int inFile, int wanted) {
    if (inFile == -1) {
      return wanted;
    }
    if (options.networkSize && wanted != inFile) {
      throw ModelError("'" + model.file + "': the network's " + what + " is fixed at " + std::to_string(inFile) +
                       " pixels, asked for were " + std::to_string(wanted) +
                       "; export the model with dynamic sizes to choose them");
    }
    return inFile;
  };
  info.networkHeight = settle("height", shape[2], size.height);
  info.networkWidth = settle("width", shape[3], size.width);
  for (const int side : {info.networkHeight, info.networkWidth}) {
    if (side < 1 || side > kMaxNetworkSize || (info.dynamicSize && side % info.stride != 0)) {
      throw ModelError("'" + model.file + "': a network input of " + std::to_string(info.networkWidth) + " x " +
                       std::to_string(info.networkHeight) + " pixels is not possible; sides must be 1 to " +
                       std::to_string(kMaxNetworkSize) +
                       (info.dynamicSize ? " and multiples of " + std::to_string(info.stride) : ""));
    }
  }
  if (info.batch < 1) {
    throw ModelError("'" + model.file + "': expected a batch of at least 1, found input " + listOf(model.inputs));
  }
  description.rect = info.dynamicSize && shape[2] == -1 && shape[3] == -1 && options.rect && !description.centerCrop();
}

// How many keypoints an object has: from the metadata, else counted in the output. COCO's have three values each.
void readKeypoints(const RawModel& model, const std::optional<PluginCut>& cut, ModelInfo& info) {
  constexpr int kMostKeypoints = 10000;
  if (const std::string* said = metadataEntry(model.metadata, "kpt_shape")) {
    const auto values = parseInts(*said);
    if (!values || values->size() != 2 || (*values)[0] < 1 || (*values)[0] > kMostKeypoints || (*values)[1] < 2 ||
        (*values)[1] > 3) {
      throw ModelError("'" + model.file + "': its metadata's kpt_shape was expected to be [keypoints, 2 or 3], found " +
                       *said);
    }
    info.keypoints = (*values)[0];
    info.keypointDims = (*values)[1];
    return;
  }
  const auto points = std::find_if(model.outputs.begin(), model.outputs.end(), [&](const TensorInfo& output) {
    return cut && !cut->extra.empty() && output.name == cut->extra;
  });
  const auto plugin = findPluginOutputs(model.outputs);
  if (points != model.outputs.end() || (plugin && plugin->extras != OutputLayout::kNone)) {
    const std::vector<int>& shape = points != model.outputs.end() ? points->shape : model.outputs[plugin->extras].shape;
    if (shape.size() == 4 && shape[2] >= 1 && shape[2] <= kMostKeypoints && (shape[3] == 2 || shape[3] == 3)) {
      info.keypoints = shape[2];
      info.keypointDims = shape[3];
    }
    return;
  }
  if (model.outputs.size() == 1 && model.outputs[0].shape.size() == 3) {
    const int classes = std::max(1, static_cast<int>(info.names.size()));
    const std::vector<int>& shape = model.outputs[0].shape;
    const int values = shape[1] == -1 ? shape[2] : shape[2] == -1 ? shape[1] : std::min(shape[1], shape[2]);
    const int extra = values > 4 ? values - 4 - classes : 0;
    if (extra >= 2 && extra <= 3 * kMostKeypoints && (extra % 3 == 0 || extra % 2 == 0)) {
      info.keypointDims = extra % 3 == 0 ? 3 : 2;
      info.keypoints = extra / info.keypointDims;
    }
  }
}

// The model, with valid UTF-8 in everything that a file says, and sides that can be computed with.
RawModel validated(RawModel model) {
  constexpr int kMostSide = 1 << 28;  // numbers that this is added to stay numbers
  for (auto* tensors : {&model.inputs, &model.outputs}) {
    for (TensorInfo& tensor : *tensors) {
      tensor.name = validUtf8(tensor.name);
      for (int& side : tensor.shape) {
        side = std::clamp(side, -1, kMostSide);
      }
    }
  }
  for (const auto& [key, value] : std::exchange(model.metadata, {})) {
    model.metadata[validUtf8(key)] = validUtf8(value);
  }
  return model;
}

// How pixels go in: what the user said, and the family for the rest.
void placePixels(const Family& family, const PixelOptions& options, ModelDescription& description) {
  const ModelInfo& info = description.info;
  Normalization& normalization = description.normalization;
  description.bgrImages = options.swapRB;
  normalization.swapRB = options.swapRB != options.bgr.value_or(family.bgr);
  normalization.border = options.border.value_or(family.border);
  normalization.mean = options.mean.value_or(family.mean);
  normalization.std = options.std.value_or(family.std);
  const float usual = description.input.whole ? 255.0F : family.white;
  const float white = options.white.value_or(options.std ? 1.0F : usual);
  for (float& value : normalization.std) {
    value /= white;
  }
  const bool asked = options.letterbox != LetterboxMode::Auto;
  const LetterboxMode usualMode = info.task == Task::Depth ? LetterboxMode::Stretch : family.letterbox;
  description.placing = {asked ? options.letterbox : usualMode, family.floors, family.longest};
  description.dropsEmpty = family.dropsEmpty && info.task == Task::Detect;
  description.squareCrop = family.squareCrop && info.task == Task::Classify;
  description.filter = description.centerCrop() ? Filter::Bilinear : family.filter;  // a crop has a filter of its own
  // Rectangles are Ultralytics' way.
  description.rect = description.rect && description.placing.mode == LetterboxMode::Center && !family.floors &&
                     family.longest == 0 && !description.squareCrop;
}

// Why results of this task cannot be taken back from where images lie; empty if they can.
std::string whyNotPlaced(Task task, LetterboxMode mode) {
  const bool masks = task == Task::Segment && mode != LetterboxMode::Center;
  const bool angles = task == Task::OBB && mode == LetterboxMode::Stretch;
  return masks    ? "masks are made only of images in the middle of the network's input (setLetterbox(), --letterbox)"
         : angles ? "rotated boxes cannot be taken back from a stretched image (setLetterbox(), --letterbox)"
                  : "";
}

}  // namespace

ModelDescription describe(const RawModel& raw, const DescriptionOptions& options) {
  RawModel model = validated(raw);
  const std::optional<HeadCut> head = headCutOf(model.metadata, model.file);
  std::vector<std::string> outputs;
  outputs.reserve(model.outputs.size());
  for (const TensorInfo& output : model.outputs) {
    outputs.push_back(output.name);
  }
  if (head) {
    model.outputs = head->whole;
    model.metadata.erase(kHeadCut);
    model = validated(std::move(model));
  }
  ModelDescription description;
  ModelInfo& info = description.info;
  info.file = model.file;
  info.fileBytes = model.fileBytes;
  info.inputs = model.inputs;
  info.outputs = model.outputs;
  info.metadata = model.metadata;
  const std::optional<PluginCut> cut = pluginCutOf(model.metadata);
  info.task = taskOf(model, cut, options);
  std::map<int, std::string> names;
  if (const std::string* said = metadataEntry(model.metadata, "names")) {
    names = parseNames(*said).value_or(names);
  }
  if (!options.names.empty()) {
    names.clear();
    for (const std::string& name : options.names) {
      names.emplace(static_cast<int>(names.size()), validUtf8(name));
    }
  }
  info.names = names;
  readInput(model, options, description);
  if (info.task == Task::Pose) {
    readKeypoints(model, cut, info);
  }
  if (const std::string* record = metadataEntry(model.metadata, kSelfTest)) {
    description.selfTest = std::make_shared<std::string>(*record);
    info.selfTest = wordsOfSelfTest(*record);
  }
  info.metadata.erase(kSelfTest);
  info.metadata.erase(kPluginCut);
  info.metadata.erase(kOutputSources);
  info.metadata.erase(kInputForm);
  if (cut) {
    PostprocessOptions& postprocess = description.postprocess;
    postprocess.confidence = cut->confidence.value_or(postprocess.confidence);
    postprocess.iou = cut->iou.value_or(postprocess.iou);
    postprocess.maxDetections = cut->maxDetections.value_or(postprocess.maxDetections);
    postprocess.agnostic = cut->agnostic;
  }
  const FamilyReading family = familyOf(info, model.metadata, options.family);
  info.family = family.family->name;
  info.evidence = family.why;
  description.postprocess.agnostic = description.postprocess.agnostic || family.family->agnostic;
  placePixels(*family.family, options.pixels, description);
  const LayoutReading reading = readLayout(info, model.metadata, options.layout, *family.family, cut);
  description.layout = reading.layout;
  description.layout.clipped = family.family->clips;
  for (const std::string& refusal :
       {family.refusal, reading.refusal, whyNotPlaced(info.task, description.placing.mode)}) {
    description.refusal = description.refusal.empty() ? refusal : description.refusal;
  }
  info.layout =
      description.refusal.empty() ? wordsFor(description.layout, info) : "not understood: " + description.refusal;
  for (int index = 0; index < description.layout.classes; ++index) {
    names.try_emplace(index, std::to_string(index));
  }
  info.names = std::move(names);
  description.firstLook = std::make_shared<FirstLook>(info.file);
  description.outputs = outputs.size();
  if (head && options.head == HeadMode::Whole) {
    throw ModelError("'" + info.file +
                     "': its network was cut when the engine was built, and is to run whole "
                     "(setHead(), --head); build the engine so");
  }
  if (head) {
    takeCut(description, *head, outputs);
  }
  return description;
}

void keepWhole(ModelDescription& description, HeadMode wanted, const std::string& why) {
  if (wanted == HeadMode::Cut) {
    throw ModelError("'" + description.info.file + "': its head cannot be cut (setHead(), --head): " + why);
  }
  description.info.head = "whole: " + (wanted == HeadMode::Whole ? "as asked for" : why);
}

void takeCut(ModelDescription& description, const HeadCut& cut, const std::vector<std::string>& outputs) {
  OutputLayout& layout = description.layout;
  const auto placeOf = [&](std::size_t output) {
    const auto found = std::find(outputs.begin(), outputs.end(), cut.outputs[output]);
    if (found == outputs.end()) {
      throw ModelError("'" + description.info.file + "': its metadata says that the network was cut at '" +
                       cut.outputs[output] + "', which it has no output for");
    }
    return static_cast<std::size_t>(found - outputs.begin());
  };
  description.outputs = outputs.size();
  description.info.head = "cut " + wordsFor(cut);
  if (cut.logits) {
    placeOf(0);
    layout.logits = true;
    return;
  }
  layout.raw = cut.head;
  for (RawHead::Level& level : layout.raw->levels) {
    level.boxes = placeOf(level.boxes);
    level.scores = placeOf(level.scores);
    level.extras = placeOf(level.extras);
  }
  if (cut.prototypes) {
    layout.prototypes = placeOf(*cut.prototypes);
  }
  if (layout.raw->mostObjects > 0) {  // the best of all classes of all anchors
    layout.kind = OutputLayout::Kind::Candidates;
    layout.multiLabel = layout.suppressed = true;
  }
}

}  // namespace trtyolo
