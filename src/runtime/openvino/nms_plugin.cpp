#include "runtime/openvino/nms_plugin.hpp"

#include <openvino/frontend/onnx/extension/conversion.hpp>
#include <openvino/op/ops.hpp>

namespace trtyolo::openvino {
namespace {

constexpr const char* kType = "EfficientNMS_TRT";

using ov::op::v0::Constant;

std::shared_ptr<Constant> numbers(const std::vector<std::int64_t>& values) {
  return Constant::create(ov::element::i64, {values.size()}, values);
}

// [batch, anchors, 4] or [batch, anchors, 1, 4], as corners.
ov::Output<ov::Node> cornersOf(ov::Output<ov::Node> boxes, bool centreAndSize) {
  if (boxes.get_partial_shape().rank() == 4) {
    boxes = std::make_shared<ov::op::v0::Squeeze>(boxes, numbers({2}));
  }
  if (!centreAndSize) {
    return boxes;
  }
  const auto halves =
      std::make_shared<ov::op::v1::VariadicSplit>(boxes, Constant::create(ov::element::i64, {}, {2}), numbers({2, 2}));
  const auto half =
      std::make_shared<ov::op::v1::Multiply>(halves->output(1), Constant::create(boxes.get_element_type(), {}, {0.5F}));
  const auto first = std::make_shared<ov::op::v1::Subtract>(halves->output(0), half);
  const auto second = std::make_shared<ov::op::v1::Add>(halves->output(0), half);
  return std::make_shared<ov::op::v0::Concat>(ov::OutputVector{first, second}, 2);
}

// Something of its own to become an output.
ov::Output<ov::Node> toF32(const ov::Output<ov::Node>& value) {
  return std::make_shared<ov::op::v0::Convert>(value, ov::element::f32);
}

}  // namespace

void NmsPluginCutter::install(ov::frontend::FrontEnd& reader) {
  const auto convert = [found = found_](const ov::frontend::NodeContext& node) -> ov::OutputVector {
    if (node.get_input_size() != 2) {
      throw ModelError(std::string(kType) + " with anchors (" + std::to_string(node.get_input_size()) +
                       " inputs) is not understood; expected boxes and scores");
    }
    ++found->nodes;
    Suppression said;
    said.confidence = node.get_attribute<float>("score_threshold", said.confidence);
    said.iou = node.get_attribute<float>("iou_threshold", said.iou);
    said.maxDetections = static_cast<int>(node.get_attribute<std::int64_t>("max_output_boxes", said.maxDetections));
    said.agnostic = node.get_attribute<std::int64_t>("class_agnostic", 0) != 0;
    found->suppression = said;
    const bool centreAndSize = node.get_attribute<std::int64_t>("box_coding", 0) != 0;
    const auto boxes = toF32(cornersOf(node.get_input(0), centreAndSize));
    ov::Output<ov::Node> scores = node.get_input(1);
    if (node.get_attribute<std::int64_t>("score_activation", 0) != 0) {
      scores = std::make_shared<ov::op::v0::Sigmoid>(scores);
    }
    scores = toF32(scores);
    found->inputs = {boxes, scores};
    return {scores, boxes, scores, scores};  // as many as the node has; cut() takes the two
  };
  for (const char* domain : {"", "TRT", "trt.plugins"}) {
    reader.add_extension(std::make_shared<ov::frontend::onnx::ConversionExtension>(kType, domain, convert));
  }
}

std::shared_ptr<ov::Model> NmsPluginCutter::cut(const std::shared_ptr<ov::Model>& network) {
  if (found_->nodes == 0) {
    return network;
  }
  if (found_->nodes > 1) {
    throw ModelError(std::string("expected one ") + kType + ", found " + std::to_string(found_->nodes));
  }
  ov::OutputVector outputs = found_->inputs;
  outputs[0].get_tensor().set_names({"boxes"});
  outputs[1].get_tensor().set_names({"scores"});
  auto result = std::make_shared<ov::Model>(outputs, network->get_parameters(), network->get_friendly_name());
  result->get_rt_info() = network->get_rt_info();
  return result;
}

}  // namespace trtyolo::openvino
