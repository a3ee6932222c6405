// TensorRT's plugins cut off ONNX files: what is left, what is said of it, and what damaged files do.
#include "model/plugin_cut.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <clocale>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/onnx_file.hpp"
#include "model/onnx_graph.hpp"
#include "model/protobuf.hpp"
#include "support/onnx_writer.hpp"
#include "trtyolo.hpp"

namespace trtyolo::plugin_cut_test {
namespace {

using protobuf::appendField;
using protobuf::appendVarint;
using test::onnx::kFloat;
using test::onnx::kHalf;
using test::onnx::kInt32;
using test::onnx::Names;
using test::onnx::node;

std::string bytesOf(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(bits >> shift & 0xFFU);
  }
  return bytes;
}

void appendReal(std::string& to, std::uint64_t number, float value) {
  appendVarint(to, number << 3 | 5);
  to += bytesOf(value);
}

// AttributeProtos: a number, and lists of numbers, packed or one by one.
std::string start(const std::string& name) {
  std::string attribute;
  appendField(attribute, 1, name);
  return attribute;
}
std::string integer(const std::string& name, std::int64_t value) {
  std::string attribute = start(name);
  appendField(attribute, 3, static_cast<std::uint64_t>(value));
  return attribute;
}
std::string integers(const std::string& name, const std::vector<std::int64_t>& values, bool packed) {
  std::string attribute = start(name), all;
  for (const std::int64_t value : values) {
    if (packed) {
      appendVarint(all, static_cast<std::uint64_t>(value));
    } else {
      appendField(attribute, 8, static_cast<std::uint64_t>(value));
    }
  }
  if (packed) {
    appendField(attribute, 8, all);
  }
  return attribute;
}
std::string real(const std::string& name, float value) {
  std::string attribute = start(name);
  appendReal(attribute, 2, value);
  return attribute;
}
std::string reals(const std::string& name, const std::vector<float>& values, bool packed) {
  std::string attribute = start(name), all;
  for (const float value : values) {
    all += bytesOf(value);
    if (!packed) {
      appendReal(attribute, 7, value);
    }
  }
  if (packed) {
    appendField(attribute, 7, all);
  }
  return attribute;
}

std::string outputInfo(const std::string& name, std::uint64_t elementType) {
  std::string tensor, type, output;
  appendField(tensor, 1, elementType);
  appendField(type, 1, tensor);
  appendField(output, 1, name);
  appendField(output, 2, type);
  return output;
}

// A TensorProto of one f32, as one of its values or as raw bytes.
std::string scalar(const std::string& name, float value, bool raw = false) {
  std::string tensor;
  appendField(tensor, 2, kFloat);
  if (raw) {
    appendField(tensor, 9, bytesOf(value));
  } else {
    appendReal(tensor, 4, value);
  }
  appendField(tensor, 8, name);
  return tensor;
}

std::string file(const Names& nodes, const Names& outputs, const Names& constants = {}) {
  std::string graph, bytes, entry;
  for (const std::string& each : nodes) {
    appendField(graph, 1, each);
  }
  for (const std::string& constant : constants) {
    appendField(graph, 5, constant);
  }
  for (const std::string& output : outputs) {
    appendField(graph, 12, output);
  }
  appendField(bytes, 1, std::uint64_t{8});
  appendField(bytes, 7, graph);
  appendField(entry, 1, "names");
  appendField(entry, 2, "{0: 'a'}");
  appendField(bytes, 14, entry);
  return bytes;
}

const Names kPluginOutputs{outputInfo("num_dets", kInt32), outputInfo("det_boxes", kFloat),
                           outputInfo("det_scores", kFloat), outputInfo("det_classes", kInt32)};
const Names kPluginNames{"num_dets", "det_boxes", "det_scores", "det_classes"};
const Names kIndexNames{"num_dets", "det_boxes", "det_scores", "det_classes", "det_indices"};
const Names kBefore{node("Conv", {"images"}, {"boxes"}), node("Sigmoid", {"images"}, {"scores"}),
                    node("Relu", {"images"}, {"points"})};

Names with(Names names, const Names& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

std::string pluginFile(const std::string& type, const Names& attributes = {}) {
  return file(with(kBefore, {node(type, {"boxes", "scores"}, kPluginNames, attributes)}), kPluginOutputs);
}
std::string poseFile() {
  return file(
      with(kBefore, {node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames,
                          {integer("box_coding", 1), real("score_threshold", 0.3F)}),
                     node("Cast", {"det_indices"}, {"numbers"}), node("Unsqueeze", {"numbers", "axis"}, {"expanded"}),
                     node("GatherND", {"points", "expanded"}, {"det_kpts"}, {integer("batch_dims", 1)})}),
      with(kPluginOutputs, {outputInfo("det_kpts", kFloat)}));
}
// Masks of the things that are picked.
Names masksOf(const std::string& boxes, const std::string& coefficients, const std::string& prototypes) {
  return {node("ROIAlign_TRT", {prototypes, boxes, "numbers"}, {"regions"}),
          node("Reshape", {"regions", "shape"}, {"flat"}), node("Reshape", {coefficients, "shape"}, {"row"}),
          node("MatMul", {"row", "flat"}, {"product"}), node("Sigmoid", {"product"}, {"det_masks"})};
}
std::string segmentFile() {
  Names nodes = with(
      kBefore, {node("Conv", {"images"}, {"prototypes"}), node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames),
                node("GatherND", {"points", "det_indices"}, {"picked"})});
  return file(with(nodes, masksOf("det_boxes", "picked", "prototypes")),
              with(kPluginOutputs, {outputInfo("det_masks", kFloat)}));
}
// Finished objects, counted from a threshold on.
Names counted(const std::string& compare = "GreaterOrEqual") {
  return {node("Split", {"images"}, {"det_boxes", "det_scores"}), node("Cast", {"images"}, {"det_classes"}),
          node(compare, {"det_scores", "threshold"}, {"enough"}), node("Cast", {"enough"}, {"ones"}),
          node("ReduceSum", {"ones", "axis"}, {"num_dets"})};
}

Names typesOf(const std::string& bytes) {
  Names types;
  const OnnxGraph graph(bytes);
  for (const OnnxNode& each : graph.nodes()) {
    types.emplace_back(each.type);
  }
  return types;
}
Names outputsOf(const std::string& bytes) {
  Names names;
  const OnnxGraph graph(bytes);
  for (const OnnxValue& output : graph.outputs()) {
    names.emplace_back(output.name);
  }
  return names;
}

struct Cut {
  std::string bytes;
  PluginCut said;
};

Cut cutOf(const std::string& bytes) {
  const std::optional<std::string> cut = cutPlugins("some.onnx", bytes);
  EXPECT_TRUE(cut);
  const Metadata metadata = parseOnnxMetadata(cut.value_or(""));
  EXPECT_EQ(metadata.count("names"), 1U);
  const std::optional<PluginCut> said = pluginCutOf(metadata);
  EXPECT_TRUE(said);
  return {cut.value_or(""), said.value_or(PluginCut())};
}

void expectRefusal(const std::string& bytes, const std::string& words) {
  try {
    cutPlugins("some.onnx", bytes);
    ADD_FAILURE() << words;
  } catch (const ModelError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("'some.onnx'"), std::string::npos) << text;
    EXPECT_NE(text.find(words), std::string::npos) << text;
  }
}

TEST(PluginCutTest, WhatGoesIntoThePluginIsGivenInstead) {
  const auto [bytes, said] =
      cutOf(pluginFile("EfficientNMS_TRT",
                       {integer("background_class", -1), integer("box_coding", 1), integer("max_output_boxes", 77),
                        integer("class_agnostic", 1), real("iou_threshold", 0.65F), real("score_threshold", 0.125F)}));
  EXPECT_EQ(typesOf(bytes), (Names{"Conv", "Sigmoid", "Relu"}));
  EXPECT_EQ(outputsOf(bytes), (Names{"boxes", "scores"}));
  EXPECT_EQ(said.plugin, "EfficientNMS_TRT");
  EXPECT_EQ(said.boxes, "boxes");
  EXPECT_EQ(said.scores, "scores");
  EXPECT_EQ(said.classes + said.extra + said.prototypes, "");
  EXPECT_FALSE(said.corners);
  EXPECT_FALSE(said.rotated);
  EXPECT_TRUE(said.agnostic);
  EXPECT_EQ(said.confidence, 0.125F);
  EXPECT_EQ(said.iou, 0.65F);
  EXPECT_EQ(said.maxDetections, 77);
}

TEST(PluginCutTest, WhatThePluginIsNotToldIsItsDefault) {
  const PluginCut said = cutOf(pluginFile("EfficientNMS_TRT")).said;
  EXPECT_TRUE(said.corners);
  EXPECT_FALSE(said.agnostic);
  EXPECT_EQ(said.confidence, 0.25F);
  EXPECT_EQ(said.iou, 0.5F);
  EXPECT_EQ(said.maxDetections, 100);
}

TEST(PluginCutTest, AttributesMayBeListsOfOne) {
  for (const bool packed : {false, true}) {
    const PluginCut said =
        cutOf(pluginFile("EfficientNMS_TRT",
                         {integers("background_class", {-1}, packed), integers("box_coding", {1}, packed),
                          integers("max_output_boxes", {300}, packed), reals("score_threshold", {0.3F}, packed),
                          reals("iou_threshold", {0.4F, 0.6F}, packed)}))
            .said;
    EXPECT_FALSE(said.corners);
    EXPECT_EQ(said.maxDetections, 300);
    EXPECT_EQ(said.confidence, 0.3F);
    EXPECT_EQ(said.iou, 0.5F);  // a list of two is none
  }
}

TEST(PluginCutTest, AttributesOutOfRange) {
  for (const auto& [most, expected] : {std::pair<std::int64_t, int>{0, 1}, {-5, 1}, {1LL << 62, 1000000}}) {
    const PluginCut said =
        cutOf(pluginFile("EfficientNMS_TRT", {integer("max_output_boxes", most), real("score_threshold", -3),
                                              real("iou_threshold", std::numeric_limits<float>::quiet_NaN())}))
            .said;
    EXPECT_EQ(said.maxDetections, expected);
    EXPECT_EQ(said.confidence, 0);
    EXPECT_FALSE(said.iou);
  }
}

TEST(PluginCutTest, ScoresThatNeedASigmoidGetOne) {
  const auto [bytes, said] = cutOf(pluginFile("EfficientNMS_TRT", {integer("score_activation", 1)}));
  const OnnxGraph graph(bytes);
  ASSERT_EQ(said.scores, outputsOf(bytes).at(1));
  const OnnxNode* const added = graph.producerOf(said.scores);
  ASSERT_TRUE(added);
  EXPECT_EQ(added->type, "Sigmoid");
  EXPECT_EQ(added->inputs, (std::vector<std::string_view>{"scores"}));
}

TEST(PluginCutTest, RotatedBoxes) {
  EXPECT_TRUE(cutOf(pluginFile("EfficientRotatedNMS_TRT")).said.rotated);
}

TEST(PluginCutTest, TypesOfOutputs) {
  const auto typesWith = [](std::uint64_t type) {
    const std::string bytes = cutOf(file(with(kBefore, {node("EfficientNMS_TRT", {"boxes", "scores"}, kPluginNames)}),
                                         {outputInfo("num_dets", kInt32), outputInfo("det_boxes", type)}))
                                  .bytes;
    const OnnxGraph graph(bytes);
    return std::pair(graph.outputs().at(0).elementType, graph.outputs().at(1).elementType);
  };
  EXPECT_EQ(typesWith(kFloat), std::pair(kFloat, kFloat));
  EXPECT_EQ(typesWith(kHalf), std::pair(kHalf, kHalf));
}

TEST(PluginCutTest, Keypoints) {
  const auto [bytes, said] = cutOf(poseFile());
  EXPECT_EQ(typesOf(bytes), (Names{"Conv", "Sigmoid", "Relu"}));
  EXPECT_EQ(outputsOf(bytes), (Names{"boxes", "scores", "points"}));
  EXPECT_EQ(said.extra, "points");
  EXPECT_EQ(said.prototypes, "");
  EXPECT_EQ(said.confidence, 0.3F);
}

// As of the shape of what the plugin gives.
TEST(PluginCutTest, WhatIsPickedOfThePluginItselfIsNoKeypoints) {
  const Names nodes = with(kBefore, {node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames),
                                     node("Shape", {"det_boxes"}, {"shape"}), node("Gather", {"shape", "one"}, {"n"})});
  EXPECT_EQ(cutOf(file(nodes, kPluginOutputs)).said.extra, "");
}

TEST(PluginCutTest, Masks) {
  const auto [bytes, said] = cutOf(segmentFile());
  EXPECT_EQ(typesOf(bytes), (Names{"Conv", "Sigmoid", "Relu", "Conv"}));
  EXPECT_EQ(outputsOf(bytes), (Names{"boxes", "scores", "points", "prototypes"}));
  EXPECT_EQ(said.plugin, "EfficientIdxNMS_TRT");
  EXPECT_EQ(said.extra, "points");
  EXPECT_EQ(said.prototypes, "prototypes");
}

TEST(PluginCutTest, MasksOfFinishedObjects) {
  const Names nodes =
      with(counted(),
           with({node("GatherElements", {"images", "images"}, {"picked"}), node("Conv", {"images"}, {"prototypes"})},
                masksOf("det_boxes", "picked", "prototypes")));
  const auto [bytes, said] =
      cutOf(file(nodes, with(kPluginOutputs, {outputInfo("det_masks", kFloat)}), {scalar("threshold", 0.4F)}));
  EXPECT_EQ(said.plugin, "ROIAlign_TRT");
  EXPECT_EQ(outputsOf(bytes), (Names{"det_boxes", "det_scores", "det_classes", "picked", "prototypes"}));
  EXPECT_EQ(said.classes, "det_classes");
  EXPECT_EQ(said.extra, "picked");
  EXPECT_EQ(said.prototypes, "prototypes");
  EXPECT_EQ(said.confidence, 0.4F);
  const Names types = typesOf(bytes);
  EXPECT_EQ(std::count(types.begin(), types.end(), "ROIAlign_TRT"), 0);
  EXPECT_EQ(std::count(types.begin(), types.end(), "ReduceSum"), 0);
  EXPECT_EQ(OnnxGraph(bytes).outputs()[2].elementType, kInt32);
}

TEST(PluginCutTest, CountsOfFinishedObjects) {
  for (const char* compare : {"GreaterOrEqual", "Greater"}) {
    for (const bool raw : {false, true}) {
      const auto [bytes, said] =
          cutOf(file(counted(compare), kPluginOutputs, {scalar("other", 9), scalar("threshold", 0.6F, raw)}));
      EXPECT_EQ(outputsOf(bytes), (Names{"det_boxes", "det_scores", "det_classes"}));
      EXPECT_EQ(said.plugin, "");
      EXPECT_EQ(said.classes, "det_classes");
      EXPECT_EQ(said.confidence, 0.6F);
    }
  }
  std::string constant = start("value");
  appendField(constant, 5, scalar("", 0.7F));
  EXPECT_EQ(
      cutOf(file(with({node("Constant", {}, {"threshold"}, {constant})}, counted()), kPluginOutputs)).said.confidence,
      0.7F);
  EXPECT_EQ(cutOf(file(counted(), with(kPluginOutputs, {outputInfo("det_kpts", kFloat)}), {scalar("threshold", 0.6F)}))
                .said.extra,
            "det_kpts");
}

TEST(PluginCutTest, NothingIsCutWhereNothingIs) {
  EXPECT_FALSE(cutPlugins("some.onnx", ""));
  EXPECT_FALSE(cutPlugins("some.onnx", "no ONNX at all"));
  EXPECT_FALSE(cutPlugins("some.onnx", file(kBefore, {outputInfo("boxes", kFloat)})));
  EXPECT_FALSE(cutPlugins("some.onnx", file(counted(), kPluginOutputs)));  // what is the threshold?
  EXPECT_FALSE(cutPlugins("some.onnx", file(counted("Less"), kPluginOutputs, {scalar("threshold", 0.6F)})));
  EXPECT_FALSE(cutPlugins("some.onnx", file(counted(), {kPluginOutputs[0]}, {scalar("threshold", 0.6F)})));
}

TEST(PluginCutTest, RefusesWithTheFacts) {
  const Names twice = with(kBefore, {node("EfficientNMS_TRT", {"boxes", "scores"}, kPluginNames),
                                     node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames)});
  expectRefusal(file(twice, kPluginOutputs), "expected one plugin of a kind, found 2 nodes EfficientNMS_TRT");
  const Names anchors = with(kBefore, {node("EfficientNMS_TRT", {"boxes", "scores", "anchors"}, kPluginNames)});
  expectRefusal(file(anchors, kPluginOutputs), "with anchors (3 inputs)");
  const Names picks = with(
      kBefore, {node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames),
                node("GatherND", {"points", "det_indices"}, {"a"}), node("Gather", {"images", "det_indices"}, {"b"})});
  expectRefusal(file(picks, kPluginOutputs), "'points' and 'images'");
  const Names bare = with(kBefore, {node("EfficientIdxNMS_TRT", {"boxes", "scores"}, kIndexNames)});
  expectRefusal(file(with(bare, masksOf("det_boxes", "det_scores", "points")), kPluginOutputs), "mask coefficients");
  expectRefusal(file(with(bare, masksOf("det_boxes", "det_scores", "det_boxes")), kPluginOutputs), "mask prototypes");
  expectRefusal(file(masksOf("boxes", "points", "prototypes"), {outputInfo("det_masks", kFloat)}),
                "ROIAlign_TRT is not understood");
}

// Neither crashes nor hangs, whatever is missing or wrong.
TEST(PluginCutTest, DamagedFiles) {
  const auto survives = [](const std::string& bytes) {
    // In memory that ends where the bytes end: sanitizers watch it.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    const std::string_view view(exact.data(), exact.size());
    try {
      if (const auto cut = cutPlugins("some.onnx", view)) {
        EXPECT_LT(cut->size(), bytes.size() + 1000);
        pluginCutOf(parseOnnxMetadata(*cut));
      }
    } catch (const ModelError&) {
    }
    outputSources(OnnxGraph(view));
  };
  const std::array<std::string, 4> files{
      poseFile(), segmentFile(), file(counted(), kPluginOutputs, {scalar("threshold", 0.6F)}),
      pluginFile("EfficientNMS_TRT", {integers("box_coding", {1}, true), reals("iou_threshold", {0.5F}, true)})};
  for (const std::string& whole : files) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      survives(whole.substr(0, length));
      std::string changed = whole;
      for (const unsigned bits : {0x01U, 0x80U, 0xFFU}) {
        changed[length] = static_cast<char>(static_cast<unsigned char>(whole[length]) ^ bits);
        survives(changed);
      }
    }
  }
}

TEST(PluginCutTest, GraphsThatGoInCircles) {
  const Names circle{node("Cast", {"b"}, {"a"}), node("Cast", {"a"}, {"b"}), node("ReduceSum", {"a"}, {"num_dets"}),
                     node("EfficientNMS_TRT", {"det_boxes", "scores"}, kPluginNames)};
  const std::string bytes = file(circle, {outputInfo("a", kFloat), outputInfo("missing", kFloat)});
  EXPECT_EQ(outputSources(OnnxGraph(bytes)), "?, ?");
  EXPECT_EQ(cutOf(file(circle, kPluginOutputs)).said.boxes, "det_boxes");
  EXPECT_FALSE(cutPlugins("some.onnx", file({circle[0], circle[1], circle[2]}, kPluginOutputs)));
}

TEST(PluginCutTest, NamesMayHoldAnything) {
  const std::string odd = "/model.23/\"quoted\" \\ 'x'\n{\xC3\xA9}";
  const auto [bytes, said] = cutOf(
      file({node("Conv", {"images"}, {odd}), node("EfficientNMS_TRT", {odd, "scores"}, kPluginNames)}, kPluginOutputs));
  EXPECT_EQ(said.boxes, odd);
  EXPECT_EQ(outputsOf(bytes), (Names{odd, "scores"}));
}

TEST(PluginCutTest, NumbersAreSaidExactlyInAnyLocale) {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* locale : {"C", "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) {
    if (!std::setlocale(LC_NUMERIC, locale)) {
      continue;
    }
    for (const float value : {0.25F, 0.001F, 1e-7F, 0.123456789F, 1.0F}) {
      EXPECT_EQ(cutOf(pluginFile("EfficientNMS_TRT", {real("score_threshold", value)})).said.confidence, value)
          << locale;
    }
  }
  std::setlocale(LC_NUMERIC, before.c_str());
}

TEST(PluginCutTest, MetadataThatMakesNoSense) {
  EXPECT_FALSE(pluginCutOf({}));
  EXPECT_FALSE(pluginCutOf({{kPluginCut, "no JSON"}}));
  const auto empty = pluginCutOf({{kPluginCut, "{}"}});
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->boxes, "");
  EXPECT_FALSE(empty->confidence);
  const auto odd = pluginCutOf(
      {{kPluginCut, R"({"confidence": "nan", "iou": "", "max_detections": "-7", "corners": "0", "rotated": "x"})"}});
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->confidence);
  EXPECT_FALSE(odd->iou);
  EXPECT_EQ(odd->maxDetections, 1);
  EXPECT_FALSE(odd->corners);
  EXPECT_FALSE(odd->rotated);
}

TEST(OnnxGraphTest, SourcesOfOutputs) {
  const Names nodes{
      node("Gemm", {"images"}, {"a"}),    node("Transpose", {"images"}, {"b"}),   node("Cast", {"b"}, {"c"}),
      node("Reshape", {"c", "a"}, {"d"}), node("MatMul", {"images", "a"}, {"e"}), node("Add", {"bias", "e"}, {"f"}),
      node("Add", {"a", "b"}, {"g"})};
  const auto sourcesOf = [&](const Names& outputs) {
    Names infos;
    for (const std::string& output : outputs) {
      infos.push_back(outputInfo(output, kFloat));
    }
    const std::string bytes = file(nodes, infos);
    return outputSources(OnnxGraph(bytes));
  };
  EXPECT_EQ(sourcesOf({"a"}), "Gemm");
  EXPECT_EQ(sourcesOf({"d", "a"}), "Transpose, Gemm");
  EXPECT_EQ(sourcesOf({"f"}), "MatMul");
  EXPECT_EQ(sourcesOf({"g"}), "Add");
  EXPECT_EQ(sourcesOf({"images"}), "?");
  EXPECT_EQ(sourcesOf({}), "");
}

}  // namespace
}  // namespace trtyolo::plugin_cut_test
