#include "runtime/openvino/network_end.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <openvino/op/add.hpp>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/convolution.hpp>
#include <openvino/op/parameter.hpp>
#include <openvino/op/result.hpp>
#include <openvino/op/shape_of.hpp>
#include <openvino/op/softmax.hpp>
#include <openvino/op/transpose.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "model/cut/onnx_operators.hpp"
#include "runtime/openvino/reader.hpp"

namespace trtyolo::openvino {
namespace {

constexpr std::size_t kMostNodes = 20'000;

template <typename... Types>
bool isAnyOf(const ov::Node& node) {
  return (ov::is_type<Types>(&node) || ...);
}

// Whether a value follows from constants and sides alone, as a bias does, in few steps.
bool isFixed(const ov::Output<ov::Node>& value) {
  constexpr int kMostSteps = 32;
  std::vector<const ov::Node*> open{value.get_node()};
  for (int step = 0; !open.empty(); ++step) {
    const ov::Node* const node = open.back();
    open.pop_back();
    if (isAnyOf<ov::op::v0::Constant, ov::op::v0::ShapeOf, ov::op::v3::ShapeOf>(*node)) {
      continue;
    }
    if (step == kMostSteps || node->get_input_size() == 0) {
      return false;
    }
    for (const ov::Output<ov::Node>& input : node->input_values()) {
      open.push_back(input.get_node());
    }
  }
  return true;
}

// Whether it takes the mean of a distribution, as a part of the end.
bool takesMean(const ov::Node& convolution) {
  const ov::PartialShape& weights = convolution.get_input_partial_shape(1);
  if (!weights.is_static() || weights.size() != 4 || weights[0] != 1 || weights[2] != 1 || weights[3] != 1) {
    return false;
  }
  const ov::Node* source = convolution.get_input_node_ptr(0);
  if (isAnyOf<ov::op::v1::Transpose>(*source)) {
    source = source->get_input_node_ptr(0);
  }
  return isAnyOf<ov::op::v1::Softmax, ov::op::v8::Softmax>(*source);
}

// The convolution that gives this value, by itself or with its bias; null if it is none.
const ov::Node* convolutionOf(const ov::Output<ov::Node>& value) {
  const ov::Node* node = value.get_node();
  if (isAnyOf<ov::op::v1::Add>(*node) && isFixed(node->input_value(1))) {
    node = node->get_input_node_ptr(0);
  }
  return isAnyOf<ov::op::v1::Convolution>(*node) && !takesMean(*node) ? node : nullptr;
}

// Whether a node's outputs lie on the grid of its first input.
bool keepsGrid(const ov::Node& node) {
  constexpr std::array<std::string_view, 17> kSame{
      "Add",   "Subtract", "Multiply", "Divide", "Sigmoid", "Relu",          "PRelu",        "HSwish", "HSigmoid",
      "Clamp", "Tanh",     "Swish",    "Concat", "Split",   "VariadicSplit", "FakeQuantize", "Convert"};
  if (const auto* convolution = ov::as_type<const ov::op::v1::Convolution>(&node)) {
    return convolution->get_strides() == ov::Strides{1, 1};
  }
  if (const auto* groups = ov::as_type<const ov::op::v1::GroupConvolution>(&node)) {
    return groups->get_strides() == ov::Strides{1, 1};
  }
  return std::find(kSame.begin(), kSame.end(), node.get_type_info().name) != kSame.end();
}

// Whether it is a constant, or one whose type is changed.
bool isStored(const ov::Node& node) {
  return isAnyOf<ov::op::v0::Constant>(node) ||
         (isAnyOf<ov::op::v0::Convert>(node) && isAnyOf<ov::op::v0::Constant>(*node.get_input_node_ptr(0)));
}

// The nodes before a value that lie on its grid, not far back.
std::set<const ov::Node*> gridOf(const ov::Output<ov::Node>& value) {
  constexpr std::size_t kMostFound = 256;
  std::set<const ov::Node*> found;
  std::vector<const ov::Node*> open{value.get_node()};
  while (!open.empty() && found.size() < kMostFound) {
    const ov::Node* const node = open.back();
    open.pop_back();
    if (isStored(*node) || !found.insert(node).second || !keepsGrid(*node)) {
      continue;
    }
    for (const ov::Output<ov::Node>& input : node->input_values()) {
      open.push_back(input.get_node());
    }
  }
  return found;
}

ov::Shape shapeOf(const OnnxArray& array) {
  return {array.shape.begin(), array.shape.end()};
}

// OpenVINO's tensor with the array's values.
ov::Tensor tensorOf(const OnnxArray& array) {
  ov::Tensor tensor(ov::element::f32, shapeOf(array));
  std::memcpy(tensor.data(), array.reals.data(), tensor.get_byte_size());
  return tensor;
}

OnnxArray arrayOf(const ov::Tensor& tensor) {
  OnnxArray array;
  const ov::Shape& shape = tensor.get_shape();
  array.shape.assign(shape.begin(), shape.end());
  array.reals.assign(tensor.data<const float>(), tensor.data<const float>() + tensor.get_size());
  return array;
}

std::string nameOf(const ov::Output<ov::Node>& value) {
  return value.get_names().empty() ? value.get_node()->get_friendly_name() : value.get_any_name();
}

}  // namespace

// Goes back from the outputs.
class OpenVinoEnd::Walk {
 public:
  explicit Walk(OpenVinoEnd& end) : end_(end) {}

  void run() {
    std::vector<ov::Output<ov::Node>> open(end_.outputs_.rbegin(), end_.outputs_.rend());
    while (!open.empty() && end_.why_.empty()) {
      const ov::Output<ov::Node> value = open.back();
      open.pop_back();
      if (seen_.insert(value).second && !isKnown(value)) {
        const ov::OutputVector inputs = value.get_node()->input_values();
        open.insert(open.end(), inputs.rbegin(), inputs.rend());
        inner_.insert(value.get_node());
      }
    }
    if (end_.why_.empty() && end_.values_.empty()) {
      end_.why_ = kNoConvolutions;
    }
    // The sides of what is computed follow from it.
    std::erase_if(asking_, [this](const std::shared_ptr<ov::Node>& node) {
      const bool computed = seen_.count(node->input_value(0)) != 0;
      if (computed) {
        inner_.insert(node.get());
      }
      return computed;
    });
  }

  // The nodes between the convolutions and the outputs.
  const std::set<const ov::Node*>& inner() const { return inner_; }
  // Those that ask for the sides of values before the convolutions.
  const std::vector<std::shared_ptr<ov::Node>>& asking() const { return asking_; }

 private:
  // Whether nothing before a value is looked at.
  bool isKnown(const ov::Output<ov::Node>& value) {
    const std::shared_ptr<ov::Node> node = value.get_node_shared_ptr();
    if (isAnyOf<ov::op::v0::Constant>(*node)) {
      const bool half = node->get_element_type() == ov::element::f16;
      end_.half_ = end_.half_ || half;
      inner_.insert(node.get());
      return true;
    }
    if (isAnyOf<ov::op::v0::Parameter>(*node)) {
      end_.why_ = kPixelsOtherwise;
      return true;
    }
    if (isAnyOf<ov::op::v0::ShapeOf, ov::op::v3::ShapeOf>(*node)) {
      asking_.push_back(node);
      return true;
    }
    if (inner_.size() > kMostNodes) {
      end_.why_ = kTooMuch;
      return true;
    }
    const ov::Node* const convolution = convolutionOf(value);
    if (convolution) {
      add(value, *convolution);
    }
    return convolution != nullptr;
  }

  void add(const ov::Output<ov::Node>& value, const ov::Node& convolution) {
    const ov::PartialShape& weights = convolution.get_input_partial_shape(1);
    if (!weights.is_static() || weights.size() != 4) {
      end_.why_ = "the channels of its last convolutions are not told";
    } else if (end_.values_.size() == kMostConvolutions) {
      end_.why_ = kTooManyConvolutions;
    } else {
      end_.convolutions_.push_back({nameOf(value), static_cast<int>(weights[0].get_length())});
      end_.values_.push_back(value);
    }
  }

  OpenVinoEnd& end_;
  std::set<ov::Output<ov::Node>> seen_;
  std::set<const ov::Node*> inner_;
  std::vector<std::shared_ptr<ov::Node>> asking_;
};

OpenVinoEnd::OpenVinoEnd(const ov::Model& network, const std::vector<std::size_t>& outputs) {
  for (const std::size_t output : outputs) {
    outputs_.push_back(network.get_results()[output]->input_value(0));
  }
  Walk walk(*this);
  walk.run();
  if (!why_.empty()) {
    return;
  }
  for (const std::shared_ptr<ov::Node>& node : walk.asking()) {
    const ov::Node* const of = node->get_input_node_ptr(0);
    std::size_t grid = isAnyOf<ov::op::v0::Parameter>(*of) ? EndInput::kImage : 0;
    while (grid != EndInput::kImage && grid < values_.size() && gridOf(values_[grid]).count(of) == 0) {
      ++grid;
    }
    if (grid == values_.size()) {
      why_ = "it asks for sides that its last convolutions do not tell";
      return;
    }
    sides_[node.get()] = grid;
  }
  for (const std::shared_ptr<ov::Node>& node : network.get_ordered_ops()) {
    if (walk.inner().count(node.get()) != 0) {
      nodes_.push_back(node);
    }
  }
}

bool OpenVinoEnd::shareGrid(const std::vector<std::size_t>& convolutions) const {
  return haveCommon(convolutions, [this](std::size_t i) { return gridOf(values_[i]); });
}

// The end as a network of its own, whose inputs are what the convolutions give.
std::shared_ptr<ov::Model> OpenVinoEnd::modelFor(const EndInput& input) const {
  std::map<ov::Output<ov::Node>, ov::Output<ov::Node>> made;
  ov::ParameterVector parameters;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto parameter = std::make_shared<ov::op::v0::Parameter>(ov::element::f32, shapeOf(input.convolutions[i]));
    parameters.push_back(parameter);
    const ov::element::Type type = values_[i].get_element_type();
    made[values_[i]] = type == ov::element::f32 ? parameter->output(0)
                                                : std::make_shared<ov::op::v0::Convert>(parameter, type)->output(0);
  }
  for (const auto& [node, grid] : sides_) {
    const std::vector<std::int64_t> sides = input.sidesOn(grid);
    const auto constant = ov::op::v0::Constant::create(node->get_output_element_type(0), {sides.size()}, sides);
    made[const_cast<ov::Node*>(node)->output(0)] = constant->output(0);
  }
  for (const std::shared_ptr<ov::Node>& node : nodes_) {
    ov::OutputVector inputs;
    for (const ov::Output<ov::Node>& value : node->input_values()) {
      inputs.push_back(made.at(value));
    }
    const std::shared_ptr<ov::Node> copy = node->clone_with_new_inputs(inputs);
    for (std::size_t i = 0; i < node->get_output_size(); ++i) {
      made.try_emplace(node->output(i), copy->output(i));  // what stands in the place of a convolution stays
    }
  }
  ov::ResultVector results;
  for (const ov::Output<ov::Node>& output : outputs_) {
    const auto real = std::make_shared<ov::op::v0::Convert>(made.at(output), ov::element::f32);
    results.push_back(std::make_shared<ov::op::v0::Result>(real));
  }
  return std::make_shared<ov::Model>(results, parameters);
}

std::vector<OnnxArray> OpenVinoEnd::compute(const EndInput& input) {
  try {
    if (!core_) {
      core_.emplace();
    }
    ov::InferRequest request =
        (*core_)
            ->compile_model(modelFor(input), kDevice, ov::hint::inference_precision(ov::element::f32))
            .create_infer_request();
    for (std::size_t i = 0; i < input.convolutions.size(); ++i) {
      request.set_input_tensor(i, tensorOf(input.convolutions[i]));
    }
    request.infer();
    std::vector<OnnxArray> outputs;
    outputs.reserve(outputs_.size());
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      outputs.push_back(arrayOf(request.get_output_tensor(i)));
    }
    return outputs;
  } catch (const std::exception& error) {
    throw NotComputable("its end cannot be computed: " + plainMessage(error));
  }
}

}  // namespace trtyolo::openvino
