// Fuzzes what is told from a model file and what is made of a network's outputs: metadata, shapes, names and values as
// the fuzzer invents them go through describe() and Head::decode(). Built with libFuzzer, AddressSanitizer and
// UndefinedBehaviorSanitizer by scripts/fuzz.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "model/head.hpp"
#include "model/onnx_file.hpp"
#include "model/plugin_cut.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kMostValues = 1U << 16U;  // of an output: larger ones only cost time

// Mostly shapes that a network could have.
std::vector<int> shapeFrom(FuzzedDataProvider& data, std::size_t rank) {
  constexpr std::array kUsual{-1, 0,  1,  2,  3,  4,  5,  6,   7,   8,   14,  16,  32,
                              36, 38, 57, 64, 80, 84, 85, 116, 117, 252, 300, 336, 8400};
  std::vector<int> shape;
  for (std::size_t i = 0; i < rank; ++i) {
    shape.push_back(data.ConsumeProbability<float>() < 0.95F ? data.PickValueInArray(kUsual)
                                                             : data.ConsumeIntegral<int>());
  }
  if (rank > 0 && data.ConsumeProbability<float>() < 0.9F) {
    shape[0] = 1;
  }
  return shape;
}

Metadata metadataFrom(FuzzedDataProvider& data) {
  Metadata metadata;
  for (const char* key : {"task", "names", "stride", "imgsz", "kpt_shape", "end2end"}) {
    switch (data.ConsumeIntegralInRange(0, 3)) {
      case 0:
        metadata[key] = data.ConsumeRandomLengthString(60);
        break;
      case 1:
        metadata[key] =
            data.PickValueInArray({"segment", "pose", "obb", "classify", "semantic", "depth", "{0: 'a', 1: 'b'}",
                                   "[64, 64]", "64", "[4, 3]", "[2, 2]", "True", "{0: 'cat'}", "[17, 3]"});
        break;
      default:
        break;
    }
  }
  if (data.ConsumeProbability<float>() < 0.1F) {
    metadata[kPluginCut] = data.PickValueInArray(
        {R"({"boxes": "output0", "scores": "output1"})",
         R"({"boxes": "output0", "scores": "output1", "extra": "output2"})",
         R"({"boxes": "output0", "scores": "output1", "classes": "output2"})", "{}",
         R"({"boxes": "output0", "scores": "output1", "extra": "output2", "prototypes": "output3"})"});
  }
  if (data.ConsumeProbability<float>() < 0.05F) {
    for (auto& [key, value] : parseMetadataYaml(data.ConsumeRandomLengthString(200))) {
      metadata[key] = value;
    }
  }
  if (data.ConsumeProbability<float>() < 0.05F) {
    const std::string text = data.ConsumeRandomLengthString(200);
    const Metadata ofOnnx = parseOnnxMetadata(text);
    if (const auto ofPlan = parseMetadataJson(text)) {
      metadata = *ofPlan;
    } else if (const auto once = parseMetadataJson(metadataJson(ofOnnx));
               !once || parseMetadataJson(metadataJson(*once)) != *once) {
      std::abort();  // what is written must read as it was, once it is UTF-8
    }
  }
  return metadata;
}

float valueFrom(FuzzedDataProvider& data) {
  switch (data.ConsumeIntegralInRange(0, 15)) {
    case 0:
      return std::numeric_limits<float>::quiet_NaN();
    case 1:
      return std::numeric_limits<float>::infinity();
    case 2:
      return -std::numeric_limits<float>::infinity();
    case 3:
      return data.PickValueInArray({1e38F, -1e38F, 1e-38F, 0.0F, -0.0F, 2147483648.0F});
    case 4:
    case 5:
      return data.ConsumeFloatingPointInRange(-100.0F, 2000.0F);
    default:
      return data.ConsumeProbability<float>();
  }
}

// What a network may really put out where this was promised: dynamic sides get a size; now and then it lies.
TensorView tensorFrom(FuzzedDataProvider& data, const TensorInfo& info, std::vector<float>& memory) {
  TensorView view;
  std::size_t size = 1;
  for (const int side : info.shape) {
    const bool lies = data.ConsumeProbability<float>() < 0.01F;
    std::int64_t real = side < 0 || lies ? data.ConsumeIntegralInRange(0, 100) : side;
    if (real > 0 && size * static_cast<std::size_t>(real) > kMostValues) {
      real = 1;
    }
    size *= static_cast<std::size_t>(real);
    view.shape.push_back(real);
  }
  // A few values of the fuzzer's own, over and over: the rest of its bytes go further elsewhere.
  std::vector<float> seeds(1 + data.ConsumeIntegralInRange<std::size_t>(0, 60));
  std::generate(seeds.begin(), seeds.end(), [&] { return valueFrom(data); });
  memory.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    memory[i] = seeds[(i * 7 + i / 5) % seeds.size()];
  }
  view.data = memory.data();
  return view;
}

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void examine(const Result& found, const ModelDescription& description, Size source) {
  const std::size_t objects = found.classes.size();
  check(found.scores.size() == objects);
  const Task task = description.info.task;
  const auto pixels = static_cast<std::size_t>(source.width) * static_cast<std::size_t>(source.height);
  check(found.boxes.size() == (task == Task::Detect || task == Task::Segment || task == Task::Pose ? objects : 0));
  check(found.semantic.data.size() == (task == Task::Semantic ? pixels : 0));
  check(found.pixels.size() == (task == Task::Semantic ? objects : 0));
  check(found.depth.data.size() == (task == Task::Depth ? pixels : 0));
  check(found.rotatedBoxes.size() == (task == Task::OBB ? objects : 0));
  check(found.masks.size() == (task == Task::Segment ? objects : 0));
  check(found.keypoints.size() == (task == Task::Pose ? objects : 0));
  for (const Box& box : found.boxes) {
    check(box.left >= 0 && box.left <= box.right && box.right <= static_cast<float>(source.width));
    check(box.top >= 0 && box.top <= box.bottom && box.bottom <= static_cast<float>(source.height));
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(found.masks.size(), 2); ++i) {
    const Mask mask = found.masks[i];
    std::size_t pixels = 0;
    for (const std::uint32_t count : found.masks.cocoCounts(i)) {
      pixels += count;
    }
    check(pixels == mask.data.size());
  }
  for (const RotatedBox& box : found.rotatedBoxes) {
    box.xyxyxyxy();
  }
}

// Outputs of a network that suppresses by itself, in any order, sometimes with one that does not fit.
std::vector<TensorInfo> pluginOutputs(FuzzedDataProvider& data) {
  const int objects = data.PickValueInArray({-1, 0, 1, 2, 5, 100});
  std::vector<TensorInfo> outputs = {{"num_dets", "i32", {1, 1}},
                                     {"det_boxes", "f32", {1, objects, data.PickValueInArray({4, 4, 5})}},
                                     {"det_scores", "f32", {1, objects}},
                                     {"det_classes", "i64", {1, objects}}};
  switch (data.ConsumeIntegralInRange<int>(0, 4)) {
    case 0:
      outputs.push_back({"det_masks", "f32", {1, objects, 16, 16}});
      break;
    case 1:
      outputs.push_back({"det_kpts", "f32", {1, objects, 4, data.PickValueInArray({2, 3})}});
      break;
    case 2:
      outputs = {{"topk", "f32", {1, objects, 2}}};
      break;
    default:
      break;
  }
  if (data.ConsumeIntegralInRange<int>(0, 4) == 0) {
    TensorInfo& one = outputs[data.ConsumeIntegralInRange<std::size_t>(0, outputs.size() - 1)];
    one.shape = shapeFrom(data, one.shape.size());
    if (data.ConsumeBool()) {
      one.name = "other";
    }
  }
  for (std::size_t i = 0; i + 1 < outputs.size(); ++i) {
    std::swap(outputs[i], outputs[data.ConsumeIntegralInRange<std::size_t>(i, outputs.size() - 1)]);
  }
  return outputs;
}

void fuzz(FuzzedDataProvider& data) {
  RawModel model;
  model.file = "fuzzed";
  model.metadata = metadataFrom(data);
  model.inputs.push_back({"images", data.PickValueInArray({"f32", "f16", "i32"}), {1, 3, 64, 64}});
  if (data.ConsumeProbability<float>() < 0.3F) {
    model.inputs[0].shape = shapeFrom(data, data.ConsumeIntegralInRange<std::size_t>(3, 5));
  }
  const auto outputs = data.ConsumeIntegralInRange<std::size_t>(0, 4);
  for (std::size_t i = 0; i < outputs; ++i) {
    const auto rank = data.PickValueInArray<std::size_t>({3, 3, 3, 2, 4, 5, 0, 7});
    model.outputs.push_back({"output" + std::to_string(i), "f32", shapeFrom(data, rank)});
  }
  if (data.ConsumeBool()) {
    model.outputs = pluginOutputs(data);
  }
  DescriptionOptions options;
  if (data.ConsumeBool()) {
    options.task = data.PickValueInArray(
        {Task::Classify, Task::Detect, Task::OBB, Task::Segment, Task::Pose, Task::Semantic, Task::Depth});
    model.metadata.erase("task");
  }
  options.layout = data.PickValueInArray({Layout::Auto, Layout::ClassScores, Layout::Objectness, Layout::EndToEnd});
  if (data.ConsumeBool()) {
    options.names.resize(data.ConsumeIntegralInRange<std::size_t>(0, 100));
  }
  const ModelDescription description = describe(model, options);
  for (const auto& [index, name] : description.info.names.map()) {
    check(validUtf8(name) == name);
  }
  if (!description.refusal.empty()) {
    return;
  }
  const Head head(description);

  std::vector<std::vector<float>> memory(model.outputs.size());
  std::vector<TensorView> views;
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    views.push_back(tensorFrom(data, model.outputs[i], memory[i]));
  }
  PostprocessOptions postprocess;
  postprocess.confidence = data.ConsumeProbability<float>();
  postprocess.iou = data.ConsumeProbability<float>();
  postprocess.maxDetections = data.ConsumeIntegralInRange(1, 400);
  postprocess.agnostic = data.ConsumeBool();
  postprocess.retinaMasks = data.ConsumeBool();
  postprocess.topK = data.ConsumeIntegralInRange(1, 2000);
  const Size source{data.ConsumeIntegralInRange(1, 400), data.ConsumeIntegralInRange(1, 400)};
  const Letterbox letterbox = description.fit(source);
  if (description.info.networkWidth > 2000 || description.info.networkHeight > 2000) {
    return;  // masks of that size only cost time
  }
  examine(head.decode(views, 0, letterbox, postprocess), description, source);
}

}  // namespace
}  // namespace trtyolo

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  try {
    trtyolo::fuzz(data);
  } catch (const trtyolo::Error&) {
    // A refusal is a good answer.
  }
  return 0;
}
