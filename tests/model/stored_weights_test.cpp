// Constants of f16 that a graph casts to f32 become constants of f32; everything else stays.
#include "model/stored_weights.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "base/half_values.hpp"
#include "model/cut/onnx_array.hpp"
#include "support/onnx_writer.hpp"
#include "support/references.hpp"

namespace trtyolo::stored_weights_test {
namespace {

using namespace test::onnx;

std::string halfTensor(std::string_view name, const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
  std::vector<std::uint16_t> halves;
  std::transform(values.begin(), values.end(), std::back_inserter(halves), toF16);
  return tensorHead(name, kHalf, dims) + field(9, rawOf(halves));
}

std::string cast(std::string_view from, std::string_view to, std::uint64_t type) {
  return node("Cast", {std::string(from)}, {std::string(to)}, {integer("to", static_cast<std::int64_t>(type))});
}

bool has(const OnnxGraph& graph, std::string_view type, std::string_view output) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(),
                     [&](const OnnxNode& node) { return node.type == type && node.outputs[0] == output; });
}

TEST(StoredWeightsTest, CastsOfConstantsBecomeConstants) {
  Graph graph;
  graph.inputs = {value("images", kFloat, {1, 3, 8, 8})};
  graph.initializers = {halfTensor("kernel_half", {2, 3, 1, 1}, {0.5F, -1.25F, 65504, 0x1p-24F, -0.0F, 3}),
                        halfTensor("result", {1}, {2}), tensor("bias", {2}, std::vector<float>{0.1F, 0.2F})};
  graph.nodes = {cast("kernel_half", "kernel", kFloat), cast("kernel_half", "whole", kInt64),
                 cast("images", "halves", kHalf), cast("result", "given", kFloat),
                 node("Conv", {"images", "kernel", "bias"}, {"out"})};
  graph.outputs = {value("out", kFloat, {1, 2, 8, 8}), value("given", kFloat, {1})};
  const std::string file = model(graph.bytes());
  const std::optional<std::string> plain = withWeightsInF32(file);
  ASSERT_TRUE(plain);
  const OnnxGraph read(*plain);
  EXPECT_FALSE(has(read, "Cast", "kernel"));
  EXPECT_TRUE(has(read, "Cast", "whole"));   // not to f32
  EXPECT_TRUE(has(read, "Cast", "halves"));  // not of a constant
  EXPECT_TRUE(has(read, "Cast", "given"));   // an output
  EXPECT_TRUE(has(read, "Conv", "out"));
  EXPECT_EQ(read.typeOfConstant("kernel"), kFloat);
  const auto kernel = arrayOfTensor(read.constant("kernel").value(), 100);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->shape, (std::vector<std::int64_t>{2, 3, 1, 1}));
  EXPECT_EQ(kernel->reals, (std::vector<float>{0.5F, -1.25F, 65504, 0x1p-24F, -0.0F, 3}));
  EXPECT_EQ(read.outputs().size(), 2U);
  EXPECT_FALSE(withWeightsInF32(*plain));
}

TEST(StoredWeightsTest, OtherFilesStayAsTheyAre) {
  Graph graph;
  graph.inputs = {value("images", kFloat, {1, 3, 8, 8})};
  std::string elsewhere = tensorHead("kernel_half", kHalf, {2, 3, 1, 1});
  appendField(elsewhere, 13, test::onnx::entry("location", "weights.bin"));
  appendField(elsewhere, 14, std::uint64_t{1});
  graph.initializers = {elsewhere};
  graph.nodes = {cast("kernel_half", "kernel", kFloat), node("Conv", {"images", "kernel"}, {"out"})};
  graph.outputs = {value("out", kFloat, {1, 2, 8, 8})};
  EXPECT_FALSE(withWeightsInF32(model(graph.bytes())));
  EXPECT_FALSE(withWeightsInF32(""));
  EXPECT_FALSE(withWeightsInF32("no ONNX"));
}

TEST(StoredWeightsTest, ARealNetworkKeepsEachValue) {
  std::ifstream stream(test::dataPath("shapes/detect.onnx"), std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(stream), {}};
  const std::optional<std::string> plain = withWeightsInF32(file);
  ASSERT_TRUE(plain);
  const OnnxGraph before(file), after(*plain);
  std::size_t constants = 0;
  for (const OnnxNode& node : before.nodes()) {
    if (node.type != "Cast" || before.typeOfConstant(node.inputs[0]) != kHalf) {
      continue;
    }
    constexpr std::size_t kMost = 1 << 24;
    const auto stored = arrayOfTensor(before.constant(node.inputs[0]).value(), kMost);
    const auto plainly = arrayOfTensor(after.constant(node.outputs[0]).value(), kMost);
    ASSERT_TRUE(stored && plainly) << node.outputs[0];
    EXPECT_EQ(stored->shape, plainly->shape);
    EXPECT_EQ(stored->reals, plainly->reals);
    ++constants;
  }
  EXPECT_GT(constants, 80U);
  EXPECT_EQ(before.nodes().size(), after.nodes().size() + constants);
}

}  // namespace
}  // namespace trtyolo::stored_weights_test
