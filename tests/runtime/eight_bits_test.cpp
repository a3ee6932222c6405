// Which networks of eight bits a processor without VNNI would compute wrongly.
#include "runtime/openvino/eight_bits.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <openvino/op/ops.hpp>
#include <vector>

namespace trtyolo::openvino {
namespace {

using ov::op::v0::Constant;

std::shared_ptr<ov::Node> quantized(const ov::Output<ov::Node>& values, std::size_t levels) {
  const auto bound = [](float value) { return Constant::create(ov::element::f32, {}, {value}); };
  return std::make_shared<ov::op::v0::FakeQuantize>(values, bound(-1), bound(1), bound(-1), bound(1), levels);
}

std::shared_ptr<ov::Node> fromBytes(ov::element::Type type, int least, int most) {
  const auto bytes = Constant::create(type, {2, 1}, std::vector<int>{least, most});
  return std::make_shared<ov::op::v0::Convert>(bytes, ov::element::f32);
}

// Two values times these weights.
bool asksForMore(const std::shared_ptr<ov::Node>& weights, bool withActivations = true) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{1, 2});
  const auto values = withActivations ? quantized(input, 256) : input;
  const auto product = std::make_shared<ov::op::v0::MatMul>(values, weights);
  return hasWeightsOverSevenBits(ov::Model(ov::OutputVector{product}, ov::ParameterVector{input}));
}

TEST(EightBitsTest, SignedWeights) {
  EXPECT_FALSE(asksForMore(fromBytes(ov::element::i8, -64, 64)));
  EXPECT_TRUE(asksForMore(fromBytes(ov::element::i8, -64, 65)));
  EXPECT_TRUE(asksForMore(fromBytes(ov::element::i8, -65, 64)));
}

TEST(EightBitsTest, UnsignedWeights) {
  EXPECT_FALSE(asksForMore(fromBytes(ov::element::u8, 64, 192)));
  EXPECT_TRUE(asksForMore(fromBytes(ov::element::u8, 63, 192)));
  EXPECT_TRUE(asksForMore(fromBytes(ov::element::u8, 64, 193)));
}

TEST(EightBitsTest, RealWeightsThatAreQuantized) {
  const auto weights = Constant::create(ov::element::f32, {2, 1}, {0.5F, 0.25F});
  EXPECT_FALSE(asksForMore(quantized(weights, 128)));
  EXPECT_TRUE(asksForMore(quantized(weights, 255)));
  EXPECT_FALSE(asksForMore(weights));
}

// Their products are added up in 32 bits.
TEST(EightBitsTest, DepthwiseConvolutionsMayHaveAll) {
  for (const std::size_t inputs : {1, 2}) {
    const auto image = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{1, 2 * inputs, 4, 4});
    const auto bytes = Constant::create(ov::element::i8, {2, 1, inputs, 1, 1}, std::vector<int>(2 * inputs, 127));
    const auto real = std::make_shared<ov::op::v0::Convert>(bytes, ov::element::f32);
    const auto scale = Constant::create(ov::element::f32, {}, {0.1F});
    const auto weights = std::make_shared<ov::op::v1::Multiply>(real, scale);
    const auto convolution = std::make_shared<ov::op::v1::GroupConvolution>(
        quantized(image, 256), weights, ov::Strides{1, 1}, ov::CoordinateDiff{0, 0}, ov::CoordinateDiff{0, 0},
        ov::Strides{1, 1});
    EXPECT_EQ(hasWeightsOverSevenBits(ov::Model(ov::OutputVector{convolution}, ov::ParameterVector{image})),
              inputs > 1);
  }
}

// Compressed weights of a network that computes in real numbers.
TEST(EightBitsTest, OnlyBesideActivationsOfEightBits) {
  EXPECT_FALSE(asksForMore(fromBytes(ov::element::i8, -127, 127), false));
}

}  // namespace
}  // namespace trtyolo::openvino
