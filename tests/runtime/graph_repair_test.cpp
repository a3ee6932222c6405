// The rewriting that keeps OpenVINO from refusing YOLO26's end-to-end heads: the same values, and a graph that
// compiles.
#include "runtime/openvino/graph_repair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <openvino/op/ops.hpp>
#include <string>
#include <vector>

namespace trtyolo::openvino {
namespace {

using ov::op::v0::Constant;

std::shared_ptr<Constant> numbers(const std::vector<std::int64_t>& values) {
  return Constant::create(ov::element::i64, {values.size()}, values);
}

// Of [1, 6, 5]: the last two values of each row, of the rows 4, 0 and 4.
TEST(GraphRepairTest, GathersWhatTheSliceGave) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{1, 6, 5});
  const auto slice =
      std::make_shared<ov::op::v8::Slice>(input, numbers({3}), numbers({5}), numbers({1}), numbers({-1}));
  const auto rows = Constant::create(ov::element::i64, {1, 3, 2}, std::vector<std::int64_t>{4, 4, 0, 0, 4, 4});
  const auto gather = std::make_shared<ov::op::v6::GatherElements>(slice, rows, 1);
  const auto network = std::make_shared<ov::Model>(ov::OutputVector{gather}, ov::ParameterVector{input});
  keepSlicesBeforeGathers(network);

  ov::Core core;
  ov::CompiledModel compiled = core.compile_model(network, "CPU");
  ov::InferRequest request = compiled.create_infer_request();
  float* values = request.get_input_tensor().data<float>();
  for (int i = 0; i < 30; ++i) {
    values[i] = static_cast<float>(i);
  }
  request.infer();
  const float* found = request.get_output_tensor().data<const float>();
  EXPECT_EQ(std::vector<float>(found, found + 6), (std::vector<float>{23, 24, 3, 4, 23, 24}));
}

// As DequantizeLinear behind QuantizeLinear is read, of signed bytes.
std::shared_ptr<ov::Node> bytesAndBack(const ov::Output<ov::Node>& values, float scale, bool withZero) {
  const auto real = [](float value) { return Constant::create(ov::element::f32, {}, {value}); };
  const auto quantizer = std::make_shared<ov::op::v0::FakeQuantize>(values, real(-128 * scale), real(127 * scale),
                                                                    real(-128), real(127), 256);
  const auto bytes = std::make_shared<ov::op::v0::Convert>(quantizer, ov::element::i8);
  std::shared_ptr<ov::Node> back = std::make_shared<ov::op::v0::Convert>(bytes, ov::element::f32);
  if (withZero) {
    const auto zero = Constant::create(ov::element::i8, {}, {8});
    back = std::make_shared<ov::op::v1::Subtract>(back, std::make_shared<ov::op::v0::Convert>(zero, ov::element::f32));
  }
  return std::make_shared<ov::op::v1::Multiply>(back, real(scale));
}

TEST(GraphRepairTest, JoinsQuantizersWithWhatMakesTheirBytesReal) {
  for (const bool withZero : {false, true}) {
    const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::Shape{1, 4});
    const auto product = bytesAndBack(input, 0.5F, withZero);
    product->output(0).set_names({"real"});
    const auto network = std::make_shared<ov::Model>(ov::OutputVector{product}, ov::ParameterVector{input});
    joinQuantizers(network);
    EXPECT_EQ(network->get_results()[0]->get_input_node_ptr(0)->get_type_info().name, std::string("FakeQuantize"));
    EXPECT_EQ(network->output().get_any_name(), "real");

    ov::Core core;
    ov::InferRequest request = core.compile_model(network, "CPU").create_infer_request();
    const std::vector<float> values{-100, -0.2F, 3.3F, 100};
    std::copy(values.begin(), values.end(), request.get_input_tensor().data<float>());
    request.infer();
    const float* found = request.get_output_tensor().data<const float>();
    const float moved = withZero ? 4 : 0;
    EXPECT_EQ(std::vector<float>(found, found + 4),
              (std::vector<float>{-64 - moved, 0 - moved, 3.5F - moved, 63.5F - moved}));
  }
}

// A slice whose bounds are known at run time only is left as it is.
TEST(GraphRepairTest, LeavesWhatItDoesNotKnow) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 6, 5});
  const auto start = std::make_shared<ov::op::v0::Parameter>(ov::element::i64, ov::Shape{1});
  const auto slice = std::make_shared<ov::op::v8::Slice>(input, start, numbers({5}), numbers({1}), numbers({2}));
  const auto rows = Constant::create(ov::element::i64, {1, 1, 1}, std::vector<std::int64_t>{0});
  const auto gather = std::make_shared<ov::op::v6::GatherElements>(slice, rows, 1);
  const auto network = std::make_shared<ov::Model>(ov::OutputVector{gather}, ov::ParameterVector{input, start});
  keepSlicesBeforeGathers(network);
  EXPECT_EQ(gather->get_input_node_shared_ptr(0), slice);
}

// A slice from `start`, which is 0 behind a chain of operations. Whether it was rewritten.
bool isRewritten(const ov::Output<ov::Node>& start) {
  const auto input = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, ov::PartialShape{1, 6, 5});
  const auto slice = std::make_shared<ov::op::v8::Slice>(input, start, numbers({5}), numbers({1}), numbers({2}));
  const auto rows = Constant::create(ov::element::i64, {1, 1, 5}, std::vector<std::int64_t>(5, 0));
  const auto gather = std::make_shared<ov::op::v6::GatherElements>(slice, rows, 1);
  const auto network = std::make_shared<ov::Model>(ov::OutputVector{gather}, ov::ParameterVector{input});
  keepSlicesBeforeGathers(network);
  return gather->get_input_node_shared_ptr(0) != slice;
}

TEST(GraphRepairTest, LooksAtEachNodeOnce) {
  ov::Output<ov::Node> sum = numbers({0});
  for (int i = 0; i < 40; ++i) {  // 2^40 ways from its end to its beginning
    sum = std::make_shared<ov::op::v1::Add>(sum, sum);
  }
  EXPECT_TRUE(isRewritten(sum));
}

TEST(GraphRepairTest, GoesNoLongWay) {
  ov::Output<ov::Node> near = numbers({0}), far = near;
  for (int i = 0; i < 100; ++i) {
    near = std::make_shared<ov::op::v0::Negative>(near);
  }
  EXPECT_TRUE(isRewritten(near));
  for (int i = 0; i < 20'000; ++i) {  // a call within a call for each would need more stack than there is
    far = std::make_shared<ov::op::v0::Negative>(far);
  }
  EXPECT_FALSE(isRewritten(far));
}

TEST(GraphRepairTest, MakesNoLongValues) {
  const auto many = std::make_shared<ov::op::v3::Broadcast>(numbers({0}), numbers({2000}));
  EXPECT_FALSE(isRewritten(std::make_shared<ov::op::v8::Slice>(many, numbers({0}), numbers({1}), numbers({1}))));
}

}  // namespace
}  // namespace trtyolo::openvino
