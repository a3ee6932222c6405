#include "model/description.hpp"

#include <algorithm>

namespace trtyolo {
namespace {

constexpr int kDefaultNetworkSize = 640;
constexpr int kMostNetworkSize = 16384;  // pixels a side; larger is a damaged file rather than a network

constexpr const char* kKnownLayouts =
    "one output f32 [batch, 4 + classes, anchors] (Ultralytics' raw detection output)";

std::string list(const std::vector<TensorInfo>& tensors) {
  std::string text;
  for (const TensorInfo& tensor : tensors) {
    text += (text.empty() ? "" : ", ") + ("'" + tensor.name + "' ") + toString(tensor);
  }
  return text.empty() ? "none" : text;
}

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
  // By shape: a second output of rank 4 are mask prototypes, a rank of 2 are class scores.
  const auto rank = [](const TensorInfo& tensor) { return tensor.shape.size(); };
  if (model.outputs.size() == 2 && rank(model.outputs[1]) == 4) {
    return Task::Segment;
  }
  if (model.outputs.size() == 1 && rank(model.outputs[0]) == 2) {
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
                     list(model.inputs));
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
  Size size{kDefaultNetworkSize, kDefaultNetworkSize};
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
    throw ModelError("'" + model.file + "': expected a batch of at least 1, found input " + list(model.inputs));
  }
  description.rect = info.dynamicSize && shape[2] == -1 && shape[3] == -1 && options.rect;
}

void readDetectOutputs(const RawModel& model, ModelDescription& description) {
  ModelInfo& info = description.info;
  const std::string found = "found " + list(model.outputs) + "; understood is " + kKnownLayouts;
  const std::string* endToEnd = find(model.metadata, "end2end");
  if (model.outputs.size() != 1 || model.outputs[0].shape.size() != 3) {
    description.refusal = found;
    return;
  }
  const int rows = model.outputs[0].shape[1];
  const int anchors = model.outputs[0].shape[2];
  if ((endToEnd && (*endToEnd == "True" || *endToEnd == "true")) || (anchors != -1 && rows >= anchors)) {
    description.refusal = found + "; end-to-end and transposed outputs are not: export without them";
    return;
  }
  const int named = info.names.empty() ? 0 : info.names.rbegin()->first + 1;
  if (rows == -1 && named == 0) {
    description.refusal = found + ", with a fixed second dimension or class names";
    return;
  }
  description.classes = rows == -1 ? named : rows - 4;
  if (description.classes < 1 || (named != 0 && named != description.classes)) {
    description.refusal = found + "; the file names " + std::to_string(named) + " classes";
    return;
  }
  info.layout = "'" + model.outputs[0].name + "' [batch, 4 + " + std::to_string(description.classes) +
                " classes, anchors]: centre, size and a score for each class, then non-maximum suppression";
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
  readInput(model, options, description);
  if (info.task == Task::Detect) {
    readDetectOutputs(model, description);
  } else {
    description.refusal = std::string("this version runs detectors only; the model's task is ") + toString(info.task) +
                          ", its outputs are " + list(model.outputs);
  }
  if (!description.refusal.empty()) {
    info.layout = "not understood: " + description.refusal;
  }
  for (int index = 0; index < description.classes; ++index) {
    info.names.try_emplace(index, std::to_string(index));
  }
  return description;
}

}  // namespace trtyolo
