#include "support/tiny_model.hpp"

#include <filesystem>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>

namespace trtyolo::test {
namespace {

using ov::op::v0::Constant;
using ov::op::v0::Convert;
using ov::op::v0::Parameter;

ov::PartialShape partialShape(const std::vector<std::int64_t>& sides) {
  ov::PartialShape shape = ov::PartialShape::dynamic(static_cast<std::int64_t>(sides.size()));
  for (std::size_t i = 0; i < sides.size(); ++i) {
    shape[i] = sides[i] == -1 ? ov::Dimension::dynamic() : ov::Dimension(sides[i]);
  }
  return shape;
}

}  // namespace

std::string writeTinyModel(const TempDir& dir, const std::string& name, const TinyModel& model) {
  const auto type = model.halfPrecision ? ov::element::f16 : ov::element::f32;
  auto image = std::make_shared<Parameter>(type, partialShape(model.input));
  image->set_friendly_name("images");
  image->output(0).set_names({"images"});
  ov::Output<ov::Node> pixels = image;
  if (model.halfPrecision) {
    pixels = std::make_shared<Convert>(image, ov::element::f32);
  }
  // Each image's mean times 0: [batch, 1, ...], broadcast over the constant.
  std::vector<std::int64_t> axes(model.input.size() - 1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i] = static_cast<std::int64_t>(i) + 1;
  }
  auto mean =
      std::make_shared<ov::op::v1::ReduceMean>(pixels, Constant::create(ov::element::i64, {axes.size()}, axes), false);
  auto nothing = std::make_shared<ov::op::v1::Multiply>(mean, Constant::create(ov::element::f32, {}, {0.0F}));

  ov::OutputVector results;
  for (std::size_t i = 0; i < model.outputs.size(); ++i) {
    const TinyOutput& output = model.outputs[i];
    ov::Shape shape(output.shape.begin(), output.shape.end());
    shape[0] = 1;
    std::vector<float> values = output.values;
    values.resize(ov::shape_size(shape));
    std::vector<std::int64_t> columns(shape.size(), 1);
    columns[0] = -1;
    auto perImage = std::make_shared<ov::op::v1::Reshape>(
        nothing, Constant::create(ov::element::i64, {columns.size()}, columns), false);
    ov::Output<ov::Node> sum =
        std::make_shared<ov::op::v1::Add>(perImage, Constant::create(ov::element::f32, shape, values));
    if (model.halfPrecision) {
      sum = std::make_shared<Convert>(sum, ov::element::f16);
    }
    auto result = std::make_shared<ov::op::v0::Result>(sum);
    result->input_value(0).set_names({"output" + std::to_string(i)});
    results.push_back(result);
  }
  ov::ResultVector resultNodes;
  for (const auto& result : results) {
    resultNodes.push_back(ov::as_type_ptr<ov::op::v0::Result>(result.get_node_shared_ptr()));
  }
  const auto network = std::make_shared<ov::Model>(resultNodes, ov::ParameterVector{image}, "tiny");

  const std::filesystem::path folder = dir / name;
  std::filesystem::create_directories(folder);
  const std::string xml = (folder / (name + ".xml")).string();
  ov::serialize(network, xml);
  if (!model.metadata.empty()) {
    std::ofstream(folder / "metadata.yaml") << model.metadata;
  }
  return xml;
}

TinyOutput detectorOutput(int classes, int anchors, const std::vector<TinyObject>& objects) {
  TinyOutput output{{1, 4 + classes, anchors}, {}};
  output.values.resize(static_cast<std::size_t>(4 + classes) * static_cast<std::size_t>(anchors));
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const TinyObject& object = objects[i];
    const auto at = [&](int row) -> float& {
      return output.values[static_cast<std::size_t>(row) * static_cast<std::size_t>(anchors) + i];
    };
    at(0) = object.x;
    at(1) = object.y;
    at(2) = object.width;
    at(3) = object.height;
    at(4 + object.classIndex) = object.score;
  }
  return output;
}

}  // namespace trtyolo::test
