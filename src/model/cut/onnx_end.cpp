#include "model/cut/onnx_end.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "model/cut/onnx_evaluator.hpp"
#include "model/cut/onnx_operators.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kMostNodes = 20'000, kMostLetters = 200;
constexpr std::size_t kMostWork = std::size_t{1} << 30U;

// The sides of a convolution's weights, which may be stored in another type; empty if they are not told.
std::vector<std::int64_t> weightsOf(const OnnxGraph& graph, const OnnxNode& node) {
  constexpr std::array<std::string_view, 4> kStored{"Cast", "DequantizeLinear", "QuantizeLinear", "Identity"};
  constexpr int kMostSteps = 4;
  std::string_view value = node.inputs.size() > 1 ? node.inputs[1] : std::string_view();
  for (int step = 0; step < kMostSteps; ++step) {
    if (const auto tensor = graph.constant(value)) {
      return shapeOfTensor(*tensor);
    }
    const OnnxNode* const producer = graph.producerOf(value);
    const bool stored = producer && !producer->inputs.empty() &&
                        std::find(kStored.begin(), kStored.end(), producer->type) != kStored.end();
    if (!stored) {
      break;
    }
    value = producer->inputs[0];
  }
  return {};
}

// Whether it takes the mean of a distribution, as a part of the end.
bool takesMean(const OnnxGraph& graph, const OnnxNode& node, const std::vector<std::int64_t>& weights) {
  if (weights.size() != 4 || weights[0] != 1 || weights[2] != 1 || weights[3] != 1) {
    return false;
  }
  const OnnxNode* source = graph.sourceOf(node.inputs[0]);
  if (source && source->type == "Transpose" && !source->inputs.empty()) {
    source = graph.sourceOf(source->inputs[0]);
  }
  return source && source->type == "Softmax";
}

// Whether a node's output lies on the grid of its first input.
bool keepsGrid(const OnnxNode& node) {
  constexpr std::array<std::string_view, 18> kSame{"Add",
                                                   "Sub",
                                                   "Mul",
                                                   "Div",
                                                   "Sigmoid",
                                                   "Relu",
                                                   "LeakyRelu",
                                                   "HardSwish",
                                                   "HardSigmoid",
                                                   "Clip",
                                                   "Tanh",
                                                   "Identity",
                                                   "BatchNormalization",
                                                   "Concat",
                                                   "Split",
                                                   "Cast",
                                                   "QuantizeLinear",
                                                   "DequantizeLinear"};
  if (node.type == "Conv" || node.type == "MaxPool") {
    const std::vector<double> strides = node.numbers("strides");
    return std::all_of(strides.begin(), strides.end(), [](double stride) { return stride == 1; });
  }
  return std::find(kSame.begin(), kSame.end(), node.type) != kSame.end();
}

// The values before a convolution that lie on its grid, not far back.
std::set<std::string_view> gridOf(const OnnxGraph& graph, std::string_view output) {
  constexpr std::size_t kMostValues = 256;
  std::set<std::string_view> found;
  std::vector<std::string_view> open{output};
  while (!open.empty() && found.size() < kMostValues) {
    const std::string_view value = open.back();
    open.pop_back();
    const OnnxNode* const node = found.insert(value).second ? graph.producerOf(value) : nullptr;
    if (node && keepsGrid(*node)) {
      const bool one = node->type == "Conv" || node->type == "QuantizeLinear" || node->type == "DequantizeLinear";
      const std::size_t images = one ? 1 : node->inputs.size();  // others are weights and scales
      open.insert(open.end(), node->inputs.begin(),
                  node->inputs.begin() + static_cast<std::ptrdiff_t>(std::min(images, node->inputs.size())));
    }
  }
  return found;
}

}  // namespace

class OnnxEnd::Walk {
 public:
  explicit Walk(OnnxEnd& end) : graph_(end.graph_), end_(end) {}

  void run() {
    open_.assign(end_.outputs_.rbegin(), end_.outputs_.rend());
    while (!open_.empty() && end_.why_.empty()) {
      const std::string_view value = open_.back();
      open_.pop_back();
      if (seen_.insert(value).second) {
        visit(value);
      }
    }
    if (end_.why_.empty() && end_.convolutions_.empty()) {
      end_.why_ = kNoConvolutions;
    }
    if (end_.why_.empty()) {
      placeSides();
    }
  }

 private:
  void visit(std::string_view value) {
    const OnnxNode* const node = graph_.producerOf(value);
    if (!node) {
      const bool input = std::any_of(graph_.inputs().begin(), graph_.inputs().end(),
                                     [&](const OnnxValue& of) { return of.name == value; });
      end_.why_ = input ? kPixelsOtherwise : "";
      return;
    }
    if (++nodes_ > kMostNodes) {
      end_.why_ = kTooMuch;
      return;
    }
    if (node->type == "Conv" && !node->inputs.empty()) {
      const std::vector<std::int64_t> weights = weightsOf(graph_, *node);
      if (!takesMean(graph_, *node, weights)) {
        addConvolution(value, weights);
        return;
      }
    }
    if (node->type == "Shape" && !node->inputs.empty()) {
      asked_.insert(node->inputs[0]);
      return;
    }
    if (!isComputable(node->type)) {
      end_.why_ = nodeName(*node) + " " + kUnknownOperator;
      return;
    }
    open_.insert(open_.end(), node->inputs.rbegin(), node->inputs.rend());
  }

  void addConvolution(std::string_view value, const std::vector<std::int64_t>& weights) {
    constexpr std::int64_t kMostChannels = 1 << 20;
    if (weights.size() != 4 || weights[0] < 1 || weights[0] > kMostChannels) {
      end_.why_ = "the channels of its last convolutions are not told";
    } else if (end_.convolutions_.size() == kMostConvolutions) {
      end_.why_ = kTooManyConvolutions;
    } else {
      end_.convolutions_.push_back({std::string(value), static_cast<int>(weights[0])});
    }
  }

  // Whose grids the values have that only their sides are asked of.
  void placeSides() {
    std::vector<std::set<std::string_view>> grids;
    for (const std::string_view value : asked_) {
      const bool input = std::any_of(graph_.inputs().begin(), graph_.inputs().end(),
                                     [&](const OnnxValue& of) { return of.name == value; });
      if (seen_.count(value) != 0) {
        continue;  // it is computed
      }
      if (input) {
        end_.sides_[value] = EndInput::kImage;
        continue;
      }
      for (std::size_t i = grids.size(); i < end_.convolutions_.size(); ++i) {
        grids.push_back(gridOf(graph_, end_.convolutions_[i].output));
      }
      const auto grid =
          std::find_if(grids.begin(), grids.end(), [&](const auto& values) { return values.count(value) != 0; });
      if (grid == grids.end()) {
        end_.why_ = "it asks for the sides of '" + std::string(value.substr(0, kMostLetters)) +
                    "', which are not told by its last convolutions";
        return;
      }
      end_.sides_[value] = static_cast<std::size_t>(grid - grids.begin());
    }
  }

  const OnnxGraph& graph_;
  OnnxEnd& end_;
  std::vector<std::string_view> open_;
  std::set<std::string_view> seen_, asked_;
  std::size_t nodes_ = 0;
};

OnnxEnd::OnnxEnd(const OnnxGraph& graph, const std::vector<std::string_view>& outputs)
    : graph_(graph), outputs_(outputs), work_(kMostWork) {
  Walk(*this).run();
}

bool OnnxEnd::shareGrid(const std::vector<std::size_t>& convolutions) const {
  return haveCommon(convolutions, [this](std::size_t i) { return gridOf(graph_, convolutions_[i].output); });
}

bool OnnxEnd::half() const {
  return std::any_of(graph_.outputs().begin(), graph_.outputs().end(), [&](const OnnxValue& output) {
    return output.elementType == onnx_type::kHalf &&
           std::find(outputs_.begin(), outputs_.end(), output.name) != outputs_.end();
  });
}

std::vector<OnnxArray> OnnxEnd::compute(const EndInput& input) {
  OnnxEvaluator evaluator(graph_, kMostElements, work_);
  for (std::size_t i = 0; i < convolutions_.size(); ++i) {
    evaluator.give(convolutions_[i].output, input.convolutions[i]);
  }
  for (const auto& [value, grid] : sides_) {
    evaluator.giveShape(value, input.sidesOn(grid));
  }
  try {
    std::vector<OnnxArray> outputs = evaluator.compute(outputs_);
    work_ = evaluator.workLeft();
    return outputs;
  } catch (const NotComputable&) {
    work_ = evaluator.workLeft();
    throw;
  }
}

}  // namespace trtyolo
