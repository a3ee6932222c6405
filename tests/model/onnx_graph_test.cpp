// Graphs as no exporter writes them: long, in circles, with the same name twice, with values one by one. Reading them
// takes time that grows with the file, and no stack.
#include "model/onnx_graph.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "model/plugin_cut.hpp"
#include "support/onnx_writer.hpp"
#include "trtyolo.hpp"

namespace trtyolo::onnx_graph_test {
namespace {

using namespace test::onnx;

// So long that only work that grows with the square of a file takes it.
constexpr double kMostSeconds = 20;

class OnnxGraphLimitsTest : public testing::Test {
 protected:
  ~OnnxGraphLimitsTest() override {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin_;
    EXPECT_LT(taken.count(), kMostSeconds);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// `count` nodes one behind the other; the name of the last value.
std::string addChain(Graph& graph, const std::string& type, int count) {
  std::string last = "images";
  for (int i = 0; i < count; ++i) {
    const std::string next = type + std::to_string(i);
    graph.nodes.push_back(node(type, {last}, {next}));
    last = next;
  }
  return last;
}

TEST_F(OnnxGraphLimitsTest, ManyOutputsOfALongChain) {
  Graph graph;
  const std::string last = addChain(graph, "Identity", 40'000);
  graph.outputs.assign(40'000, value(last, kFloat, {1}));
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  EXPECT_EQ(read.outputs().size(), 40'000U);
  EXPECT_LT(outputSources(read).size(), 10'000U);
}

TEST_F(OnnxGraphLimitsTest, ManyProductsBehindALongChainAreCut) {
  Graph graph;
  const std::string last = addChain(graph, "Cast", 40'000);
  graph.nodes.push_back(node("Conv", {"images"}, {"prototypes"}));
  graph.nodes.push_back(node("ROIAlign_TRT", {"prototypes", "det_boxes"}, {"regions"}));
  for (int i = 0; i < 40'000; ++i) {
    graph.nodes.push_back(node("MatMul", {last, "regions"}, {"m" + std::to_string(i)}));
  }
  graph.outputs = {value("det_boxes", kFloat, {1, 5, 4}), value("det_scores", kFloat, {1, 5}),
                   value("det_classes", kInt64, {1, 5})};
  EXPECT_THROW(cutPlugins("some.onnx", model(graph.bytes())), ModelError);
}

TEST_F(OnnxGraphLimitsTest, OneLongConstantOfManyNodes) {
  Graph graph;
  std::string zero = tensorHead("zero", kUint8, {1});
  for (int i = 0; i < 200'000; ++i) {
    appendField(zero, 5, std::uint64_t{1});  // values one by one
  }
  graph.initializers.push_back(zero);
  graph.nodes.assign(20'000, node("QuantizeLinear", {"a", "b", "zero"}, {"c"}));
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  for (const OnnxNode& one : read.nodes()) {
    ASSERT_EQ(read.typeOfConstant(one.inputs[2]), kUint8);
  }
}

TEST_F(OnnxGraphLimitsTest, SourcesAreLookedForNearBy) {
  for (const int steps : {1, 10, 63}) {
    Graph graph;
    const std::string last = addChain(graph, "Identity", steps);
    graph.nodes.push_back(node("Softmax", {"x"}, {"images"}));
    const std::string file = model(graph.bytes());
    const OnnxGraph read(file);
    ASSERT_TRUE(read.sourceOf(last)) << steps;
    EXPECT_EQ(read.sourceOf(last)->type, "Softmax");
  }
  Graph graph;
  const std::string last = addChain(graph, "Identity", 64);
  graph.nodes.push_back(node("Softmax", {"x"}, {"images"}));
  const std::string file = model(graph.bytes());
  EXPECT_FALSE(OnnxGraph(file).sourceOf(last));
}

TEST_F(OnnxGraphLimitsTest, TheFirstOfANameAndNoCircles) {
  Graph graph;
  graph.nodes = {node("Conv", {"images"}, {"a", "a"}), node("Softmax", {"a"}, {"a"}), node("Cast", {"c"}, {"b"}),
                 node("Cast", {"b"}, {"c"}), node("Cast", {"d"}, {"d"})};
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  EXPECT_EQ(read.producerOf("a")->type, "Conv");
  EXPECT_FALSE(read.sourceOf("b"));
  EXPECT_FALSE(read.sourceOf("d"));
}

// As Protocol Buffers' readers take it, so that nothing can be hidden from ours.
TEST_F(OnnxGraphLimitsTest, SeveralGraphsAreOneAndGroupsAreSkipped) {
  Graph first, second;
  first.nodes = {node("EfficientNMS_TRT", {"boxes", "scores"}, {"num_dets", "det_boxes", "det_scores", "det_classes"})};
  first.outputs = {value("num_dets", kInt32, {1, 1})};
  second.nodes = {node("Neg", {"num_dets"}, {"n"})};
  const std::string group = "\x0b\x0c";
  const std::string file = group + model(first.bytes()) + group + field(7, group + second.bytes()) + "\x38\x01";
  const OnnxGraph read(file);
  ASSERT_EQ(read.nodes().size(), 2U);
  EXPECT_EQ(pluginsOf(read), "EfficientNMS_TRT");
  const auto cut = cutPlugins("some.onnx", file);
  ASSERT_TRUE(cut);
  const OnnxGraph left(*cut);
  EXPECT_TRUE(left.nodes().empty());
  EXPECT_EQ(left.outputs().size(), 2U);
}

TEST(OnnxGraphTest, SidesThatAreKnown) {
  Graph graph;
  graph.inputs = {value("images", kFloat, {-1, 3, 640, -1})};
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  ASSERT_EQ(read.inputs().size(), 1U);
  EXPECT_EQ(read.inputs()[0].sides(), (std::vector<int>{-1, 3, 640, -1}));
}

// Processors turn a double that is too large for an integer into different ones.
TEST(OnnxGraphTest, WholeNumbersOfAnySize) {
  Graph graph;
  graph.nodes.push_back(node("Slice", {"x"}, {"y"},
                             {integers("ends", {INT64_MAX, INT64_MIN, -1, 0, 640}), real("far", 3e38F),
                              real("below", -3e38F), real("part", -2.5F), real("none", std::nanf(""))}));
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  ASSERT_EQ(read.nodes().size(), 1U);
  const OnnxNode& slice = read.nodes()[0];
  EXPECT_EQ(slice.wholeNumbers("ends"), (std::vector<std::int64_t>{INT64_MAX, INT64_MIN, -1, 0, 640}));
  EXPECT_EQ(slice.wholeNumber("far"), INT64_MAX);
  EXPECT_EQ(slice.wholeNumber("below"), INT64_MIN);
  EXPECT_EQ(slice.wholeNumber("part"), -2);
  EXPECT_EQ(slice.wholeNumber("none"), 0);
  EXPECT_FALSE(slice.wholeNumber("ends"));
  EXPECT_FALSE(slice.wholeNumber("missing"));
}

TEST_F(OnnxGraphLimitsTest, SidesOfAnySize) {
  Graph graph;
  for (const std::int64_t side : {std::int64_t{-5}, std::int64_t{0}, INT64_MAX, INT64_MIN}) {
    graph.inputs.push_back(value("x", kFloat, {side, side, side, side}));
    graph.outputs.push_back(value("y", kFloat, {side}));
    graph.initializers.push_back(tensorHead("z", kFloat, {side, side}));
  }
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  ASSERT_EQ(read.inputs().size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(read.inputs()[i].sides(), std::vector<int>(4, i == 1 ? 0 : -1)) << i;
  }
  EXPECT_FALSE(read.scalar("z"));
  EXPECT_EQ(outputSources(read), "?, ?, ?, ?");
}

}  // namespace
}  // namespace trtyolo::onnx_graph_test
