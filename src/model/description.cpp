#include "model/description.hpp"

#include <algorithm>
#include <utility>

#include "model/plugin_outputs.hpp"

namespace trtyolo {
namespace {

constexpr int kDefaultNetworkSize = 640;
constexpr int kDefaultClassifierSize = 224;
constexpr int kMostNetworkSize = 16384;  // pixels a side; larger is a damaged file rather than a network

const std::string* find(const Metadata& metadata, const char* key) {
  const auto entry = metadata.find(key);
  return entry == metadata.end() ? nullptr : &entry->second;
}

Task taskOf(const RawModel& model, const DescriptionOptions& options) {
  const std::string* said = find(model.metadata, "task");
  const std::optional<Task> inFile = said ? parseTask(*said) : std::nullopt;
  if (said && !inFile) {
    throw ModelError("'" + model.file + "': its metadata names the task '" + *said +
                     "'; known are classify, detect, obb, segment, pose");
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
  if (const auto plugin = findPluginOutputs(model.outputs)) {
    const std::vector<int>& boxes = model.outputs[plugin->boxes].shape;
    return plugin->masks                        ? Task::Segment
           : plugin->keypoints                  ? Task::Pose
           : boxes.size() == 3 && boxes[2] == 5 ? Task::OBB
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
  if (ofRank(4) == 1 && ofRank(3) == 1) {
    return Task::Segment;
  }
  if (model.outputs.size() == 1 && ofRank(2) == 1) {
    return Task::Classify;
  }
  return Task::Detect;
}

void readInput(const RawModel& model, const DescriptionOptions& options, ModelDescription& description) {
  ModelInfo& info = description.info;
  const bool image = model.inputs.size() == 1 && model.inputs[0].shape.size() == 4 &&
                     (model.inputs[0].shape[1] == 3 || model.inputs[0].shape[1] == -1) &&
                     (model.inputs[0].type == "f32" || model.inputs[0].type == "f16");
  if (!image) {
    throw ModelError("'" + model.file + "': expected one input f32 or f16 [batch, 3, height, width], found " +
                     listOf(model.inputs));
  }
  const std::vector<int>& shape = model.inputs[0].shape;
  info.dynamicBatch = shape[0] == -1;
  info.batch = info.dynamicBatch ? options.batch : shape[0];
  info.dynamicSize = shape[2] == -1 || shape[3] == -1;

  if (const std::string* stride = find(model.metadata, "stride")) {
    // One number, or those of all the levels.
    const auto values = parseInts(*stride);
    const int coarsest = values && !values->empty() ? *std::max_element(values->begin(), values->end()) : 0;
    if (coarsest >= 1 && coarsest <= kMostNetworkSize) {
      info.stride = coarsest;
    }
  }
  const int usual = info.task == Task::Classify ? kDefaultClassifierSize : kDefaultNetworkSize;
  Size size{usual, usual};
  if (const std::string* said = find(model.metadata, "imgsz")) {
    const auto values = parseInts(*said);
    if (values && values->size() == 1) {
      size = {(*values)[0], (*values)[0]};
    } else if (values && values->size() == 2) {
      size = {(*values)[1], (*values)[0]};  // Ultralytics writes height first
    }
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
    if (side < 1 || side > kMostNetworkSize || (info.dynamicSize && side % info.stride != 0)) {
      throw ModelError("'" + model.file + "': a network input of " + std::to_string(info.networkWidth) + " x " +
                       std::to_string(info.networkHeight) + " pixels is not possible; sides must be 1 to " +
                       std::to_string(kMostNetworkSize) +
                       (info.dynamicSize ? " and multiples of " + std::to_string(info.stride) : ""));
    }
  }
  if (info.batch < 1) {
    throw ModelError("'" + model.file + "': expected a batch of at least 1, found input " + listOf(model.inputs));
  }
  description.rect = info.dynamicSize && shape[2] == -1 && shape[3] == -1 && options.rect && !description.centerCrop();
}

// How many keypoints an object has: from the metadata, else counted in the output. COCO's have three values each.
void readKeypoints(const RawModel& model, ModelInfo& info) {
  constexpr int kMostKeypoints = 10000;
  if (const std::string* said = find(model.metadata, "kpt_shape")) {
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
  if (const auto plugin = findPluginOutputs(model.outputs); plugin && plugin->keypoints) {
    const std::vector<int>& shape = model.outputs[*plugin->keypoints].shape;
    if (shape.size() == 4 && shape[2] >= 1 && shape[2] <= kMostKeypoints && (shape[3] == 2 || shape[3] == 3)) {
      info.keypoints = shape[2];
      info.keypointDims = shape[3];
    }
    return;
  }
  if (model.outputs.size() == 1 && model.outputs[0].shape.size() == 3) {
    const int classes = info.names.empty() ? 1 : info.names.rbegin()->first + 1;
    const std::vector<int>& shape = model.outputs[0].shape;
    const int values = shape[1] == -1 ? shape[2] : shape[2] == -1 ? shape[1] : std::min(shape[1], shape[2]);
    const int extra = values > 4 ? values - 4 - classes : 0;
    if (extra >= 2 && extra <= 3 * kMostKeypoints && (extra % 3 == 0 || extra % 2 == 0)) {
      info.keypointDims = extra % 3 == 0 ? 3 : 2;
      info.keypoints = extra / info.keypointDims;
    }
  }
}

}  // namespace

std::string toString(const TensorInfo& tensor) {
  std::string text = tensor.type + " [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + (tensor.shape[i] == -1 ? "?" : std::to_string(tensor.shape[i]));
  }
  return text + "]";
}

ModelDescription describe(const RawModel& model, const DescriptionOptions& options) {
  ModelDescription description;
  ModelInfo& info = description.info;
  info.file = model.file;
  info.fileBytes = model.fileBytes;
  info.inputs = model.inputs;
  info.outputs = model.outputs;
  info.metadata = model.metadata;
  info.task = taskOf(model, options);
  if (const std::string* said = find(model.metadata, "names")) {
    info.names = parseNames(*said).value_or(std::map<int, std::string>());
  }
  if (!options.names.empty()) {
    info.names.clear();
    for (const std::string& name : options.names) {
      info.names.emplace(static_cast<int>(info.names.size()), name);
    }
  }
  readInput(model, options, description);
  if (info.task == Task::Pose) {
    readKeypoints(model, info);
  }
  if (model.suppression) {
    Thresholds& thresholds = description.thresholds;
    thresholds.confidence = std::clamp(model.suppression->confidence, 0.0F, 1.0F);
    thresholds.iou = std::clamp(model.suppression->iou, 0.0F, 1.0F);
    thresholds.maxDetections = std::max(model.suppression->maxDetections, 1);
    thresholds.agnostic = model.suppression->agnostic;
  }
  LayoutReading reading = readLayout(model, options, info);
  description.layout = reading.layout;
  description.refusal = std::move(reading.refusal);
  info.layout = description.refusal.empty() ? reading.words : "not understood: " + description.refusal;
  for (int index = 0; index < description.layout.classes; ++index) {
    info.names.try_emplace(index, std::to_string(index));
  }
  return description;
}

}  // namespace trtyolo
