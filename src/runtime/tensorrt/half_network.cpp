#include "runtime/tensorrt/half_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/half_values.hpp"
#include "runtime/tensorrt/library.hpp"
#include "trtyolo.hpp"

namespace trtyolo::tensorrt {
namespace {

using nvinfer1::DataType;
using nvinfer1::ILayer;
using nvinfer1::ITensor;
using nvinfer1::LayerType;
using nvinfer1::Weights;

// A product with fewer constants than this is arithmetic of boxes (corners from centres, a distribution's mean), not a
// layer with weights.
constexpr int64_t kLeastWeights = 256;

constexpr int kScale = 1;  // the place of the scale among the inputs of what quantizes and what does the reverse

bool isReal(DataType type) {
  return type == DataType::kFLOAT || type == DataType::kHALF || type == DataType::kBF16;
}

// Types of values that depend on the inputs; quantized values are real before and after.
bool carriesValues(DataType type) {
  return type == DataType::kFLOAT || type == DataType::kINT8 || type == DataType::kFP8;
}

// The value `i` of weights that are real. Parsers do not promise aligned values.
float valueAt(const Weights& weights, int64_t i) {
  if (weights.type == DataType::kFLOAT) {
    float value = 0;
    std::memcpy(&value, static_cast<const char*>(weights.values) + i * 4, sizeof(value));
    return value;
  }
  std::uint16_t value = 0;
  std::memcpy(&value, static_cast<const char*>(weights.values) + i * 2, sizeof(value));
  return weights.type == DataType::kHALF ? fromF16(value) : fromBf16(value);
}

// Whether they are 0, 1, 2, ...: the factors that give the mean of a distribution.
bool countUp(const Weights& weights) {
  for (int64_t i = 0; i < weights.count; ++i) {
    if (valueAt(weights, i) != static_cast<float>(i)) {
      return false;
    }
  }
  return true;
}

// What TensorRT has made; throws ModelError if it has made nothing.
template <typename Made>
Made& made(Made* what) {
  if (!what) {
    throw ModelError("TensorRT does not take a change of types: " + Logger::take());
  }
  return *what;
}

class Conversion {
 public:
  Conversion(nvinfer1::INetworkDefinition& network, DataType type) : network_(network), type_(type) {
    for (int i = 0; i < network_.getNbInputs(); ++i) {
      if (network_.getInput(i)->getType() == DataType::kFLOAT) {
        fromInputs_.insert(network_.getInput(i));
      }
    }
    // The network's order puts every layer after those that it reads.
    for (int i = 0; i < network_.getNbLayers(); ++i) {
      Node node;
      node.layer = network_.getLayer(i);
      for (int j = 0; j < node.layer->getNbInputs(); ++j) {
        ITensor* const tensor = node.layer->getInput(j);
        if (tensor && tensor->getType() == DataType::kFLOAT) {
          node.inputs.emplace_back(j, tensor);
        }
        if (tensor && carriesValues(tensor->getType())) {
          node.reads.push_back(tensor);
        }
      }
      for (int j = 0; j < node.layer->getNbOutputs(); ++j) {
        ITensor* const tensor = node.layer->getOutput(j);
        if (tensor) {
          makers_.emplace(tensor, nodes_.size());
          if (tensor->getType() == DataType::kFLOAT) {
            node.outputs.push_back(tensor);
          }
          if (carriesValues(tensor->getType())) {
            node.writes.push_back(tensor);
          }
        }
      }
      if (node.layer->getType() == LayerType::kCAST && node.layer->getInput(0)->isNetworkInput()) {
        fromInputs_.insert(node.writes.begin(), node.writes.end());
      }
      nodes_.push_back(std::move(node));
    }
  }

  HalfWeights run(bool keepOutputs) {
    choose(keepOutputs);
    for (const Node& node : nodes_) {
      convert(node);
    }
    replaceOutputs(keepOutputs);
    return std::move(weights_);
  }

 private:
  struct Node {
    ILayer* layer = nullptr;
    std::vector<std::pair<int, ITensor*>> inputs;  // the f32 ones, with their places
    std::vector<ITensor*> outputs;                 // the f32 ones
    std::vector<const ITensor*> reads, writes;     // those and the quantized ones
    bool half = false;
  };

  const Node* makerOf(const ITensor* tensor) const {
    const auto found = makers_.find(tensor);
    return found == makers_.end() ? nullptr : &nodes_[found->second];
  }

  bool isHalf(const ITensor* tensor) const {
    const Node* maker = makerOf(tensor);
    return maker && maker->half;
  }

  static bool isDequantize(const Node& node) { return node.layer->getType() == LayerType::kDEQUANTIZE; }

  static bool isScale(const Node& node, int place) {
    return place == kScale && node.layer->getType() == LayerType::kQUANTIZE;
  }

  // The values of a tensor that passes on those of a constant, in any shape and type.
  std::optional<Weights> constantBehind(const ITensor* tensor) const {
    while (const Node* maker = makerOf(tensor)) {
      switch (maker->layer->getType()) {
        case LayerType::kCONSTANT: {
          const Weights values = static_cast<const nvinfer1::IConstantLayer*>(maker->layer)->getWeights();
          return isReal(values.type) ? std::optional(values) : std::nullopt;
        }
        case LayerType::kCAST:
        case LayerType::kIDENTITY:
        case LayerType::kSHUFFLE:
          tensor = maker->layer->getInput(0);
          break;
        default:
          return std::nullopt;
      }
    }
    return std::nullopt;
  }

  // Whether a quantization's scale, which TensorRT wants in the type of the real values beside it, loses less by that
  // than 8 bits do, and what it scales stays finite.
  bool scaleFits(const ITensor& scale) const {
    constexpr float kMostRounding = 0x1p-8F, kLargest = 128;
    const std::optional<Weights> values = constantBehind(&scale);
    if (type_ != DataType::kHALF || !values || scale.getDimensions().nbDims > 1) {
      return false;  // not one for all, nor one for each channel
    }
    for (int64_t i = 0; i < values->count; ++i) {
      const float value = valueAt(*values, i);
      if (!(std::abs(fromF16(toF16(value)) - value) <= value * kMostRounding && value <= kLargest)) {
        return false;
      }
    }
    return true;
  }

  bool fits(const Weights& weights, bool mayVanish) const {
    if (weights.count == 0 || weights.type == type_) {
      return true;
    }
    if (!isReal(weights.type)) {
      return false;
    }
    for (int64_t i = 0; i < weights.count; ++i) {
      const float value = valueAt(weights, i);
      if (!(type_ == DataType::kHALF ? fitsF16(value, mayVanish) : fitsBf16(value, mayVanish))) {
        return false;
      }
    }
    return true;
  }

  // A layer with weights, which takes most of the time.
  bool isHeavy(const Node& node) const {
    switch (node.layer->getType()) {
      case LayerType::kDECONVOLUTION:
        return true;
      case LayerType::kCONVOLUTION: {
        Weights kernel = static_cast<const nvinfer1::IConvolutionLayer*>(node.layer)->getKernelWeights();
        if (kernel.count == 0) {
          kernel = constantBehind(node.layer->getInput(1)).value_or(kernel);
        }
        return kernel.count == 0 || !isReal(kernel.type) || !countUp(kernel);
      }
      case LayerType::kMATRIX_MULTIPLY:
        return std::any_of(node.inputs.begin(), node.inputs.end(), [this](const auto& input) {
          const std::optional<Weights> values = constantBehind(input.second);
          return values && values->count >= kLeastWeights && !countUp(*values);
        });
      default:
        return false;
    }
  }

  // Passes values on without computing.
  static bool onlyMoves(const ILayer& layer) {
    switch (layer.getType()) {
      case LayerType::kCONCATENATION:
      case LayerType::kIDENTITY:
      case LayerType::kSHUFFLE:
      case LayerType::kSLICE:
        return true;
      default:
        return false;
    }
  }

  // Kinds of layers that are good in half precision. Sums of many and what grows fast (powers, exponentials) are not;
  // softmax and averages are summed in f32 inside.
  bool isKnown(const ILayer& layer) const {
    // TensorRT has deconvolutions, depthwise convolutions and resizing in f16, but not always in bf16.
    const bool f16 = type_ == DataType::kHALF;
    switch (layer.getType()) {
      case LayerType::kACTIVATION:
      case LayerType::kGATHER:
      case LayerType::kMATRIX_MULTIPLY:
      case LayerType::kPADDING:
      case LayerType::kPARAMETRIC_RELU:
      case LayerType::kPOOLING:
      case LayerType::kQUANTIZE:
      case LayerType::kSCALE:
      case LayerType::kSELECT:
      case LayerType::kSOFTMAX:
        return true;
      case LayerType::kCONVOLUTION:
        return f16 || static_cast<const nvinfer1::IConvolutionLayer&>(layer).getNbGroups() == 1;
      case LayerType::kDECONVOLUTION:
      case LayerType::kRESIZE:
        return f16;
      case LayerType::kELEMENTWISE:
        return static_cast<const nvinfer1::IElementWiseLayer&>(layer).getOperation() !=
               nvinfer1::ElementWiseOperation::kPOW;
      case LayerType::kREDUCE:
        switch (static_cast<const nvinfer1::IReduceLayer&>(layer).getOperation()) {
          case nvinfer1::ReduceOperation::kAVG:
          case nvinfer1::ReduceOperation::kMAX:
          case nvinfer1::ReduceOperation::kMIN:
            return true;
          default:
            return false;
        }
      case LayerType::kUNARY:
        switch (static_cast<const nvinfer1::IUnaryLayer&>(layer).getOperation()) {
          case nvinfer1::UnaryOperation::kABS:
          case nvinfer1::UnaryOperation::kERF:
          case nvinfer1::UnaryOperation::kNEG:
          case nvinfer1::UnaryOperation::kSQRT:
            return true;
          default:
            return false;
        }
      default:
        return onlyMoves(layer);
    }
  }

  // The weights that a layer holds itself.
  static std::vector<Weights> ownWeights(const ILayer& layer) {
    switch (layer.getType()) {
      case LayerType::kCONVOLUTION: {
        const auto& convolution = static_cast<const nvinfer1::IConvolutionLayer&>(layer);
        return {convolution.getKernelWeights(), convolution.getBiasWeights()};
      }
      case LayerType::kDECONVOLUTION: {
        const auto& deconvolution = static_cast<const nvinfer1::IDeconvolutionLayer&>(layer);
        return {deconvolution.getKernelWeights(), deconvolution.getBiasWeights()};
      }
      case LayerType::kSCALE: {
        const auto& scale = static_cast<const nvinfer1::IScaleLayer&>(layer);
        return {scale.getShift(), scale.getScale(), scale.getPower()};
      }
      default:
        return {};
    }
  }

  // Whether a layer that depends on the inputs can compute in half precision with all that it reads.
  bool canBeHalf(const Node& node, bool heavy) const {
    if (!isKnown(*node.layer) || node.inputs.empty() || node.writes.empty()) {
      return false;
    }
    const std::vector<Weights> own = ownWeights(*node.layer);
    const auto inputFits = [&](const std::pair<int, ITensor*>& input) {
      if (isScale(node, input.first)) {
        return scaleFits(*input.second);
      }
      if (const Node* maker = makerOf(input.second); maker && isDequantize(*maker)) {
        return scaleFits(*maker->layer->getInput(kScale));
      }
      if (fromInputs_.count(input.second) != 0) {
        return true;
      }
      const std::optional<Weights> values = constantBehind(input.second);
      return values && fits(*values, heavy);
    };
    return std::all_of(own.begin(), own.end(), [&](const Weights& weights) { return fits(weights, heavy); }) &&
           std::all_of(node.inputs.begin(), node.inputs.end(), inputFits);
  }

  void choose(bool keepOutputs) {
    std::vector<bool> heavy(nodes_.size()), able(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      const bool depends = std::any_of(node.reads.begin(), node.reads.end(),
                                       [this](const ITensor* tensor) { return fromInputs_.count(tensor) != 0; });
      if (depends) {
        fromInputs_.insert(node.writes.begin(), node.writes.end());
        heavy[i] = isHeavy(node);
        able[i] = canBeHalf(node, heavy[i]);
      }
    }
    std::unordered_set<const ITensor*> towardsHeavy;  // tensors from which a heavy layer is reached
    for (int i = 0; keepOutputs && i < network_.getNbOutputs(); ++i) {
      towardsHeavy.insert(network_.getOutput(i));  // whoever reads it is one
    }
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      Node& node = nodes_[i];
      const bool reaches = heavy[i] || std::any_of(node.writes.begin(), node.writes.end(), [&](const ITensor* tensor) {
                             return towardsHeavy.count(tensor) != 0;
                           });
      node.half = able[i] && reaches;
      if (reaches) {
        towardsHeavy.insert(node.reads.begin(), node.reads.end());
      }
    }
    // Layers that only move values that are already rounded may move them in half the bytes, or in 8 bits.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Node& node = nodes_[i];
      const bool quantizes = able[i] && node.layer->getType() == LayerType::kQUANTIZE;
      node.half = node.half || ((onlyMoves(*node.layer) || quantizes) && !node.inputs.empty() && !node.writes.empty() &&
                                std::all_of(node.inputs.begin(), node.inputs.end(), [&](const auto& input) {
                                  return isHalf(input.second) || isScale(node, input.first);
                                }));
    }
  }

  // `weights` in the wanted type, kept.
  Weights converted(const Weights& weights) {
    if (weights.count == 0 || weights.type == type_) {
      return {type_, weights.values, weights.count};
    }
    std::vector<std::uint16_t>& values = weights_.emplace_back(static_cast<std::size_t>(weights.count));
    for (int64_t i = 0; i < weights.count; ++i) {
      const float value = valueAt(weights, i);
      values[static_cast<std::size_t>(i)] = type_ == DataType::kHALF ? toF16(value) : toBf16(value);
    }
    return {type_, values.data(), weights.count};
  }

  // A scale that fits, in the wanted type and its own shape.
  ITensor& scaleInHalf(const ITensor& scale) {
    return *made(network_.addConstant(scale.getDimensions(), converted(constantBehind(&scale).value()))).getOutput(0);
  }

  // A layer that turns the same quantized values into real ones of the wanted type. The old one stays for layers that
  // read f32; without any, TensorRT drops it.
  nvinfer1::IDequantizeLayer& dequantizeToHalf(const nvinfer1::IDequantizeLayer& layer) {
    constexpr int kZeroPoint = 2;
    nvinfer1::IDequantizeLayer& half =
        made(network_.addDequantize(*layer.getInput(0), scaleInHalf(*layer.getInput(kScale)), type_));
    half.setAxis(layer.getAxis());
    if (layer.getNbInputs() > kZeroPoint && layer.getInput(kZeroPoint)) {
      half.setInput(kZeroPoint, *layer.getInput(kZeroPoint));
    }
    return half;
  }

  // A tensor of f32 in the wanted type. Constants, those that are cast to f32 from a smaller type, and those that were
  // quantized are made anew.
  ITensor& inHalf(ITensor& tensor) {
    ITensor*& known = inHalf_[&tensor];
    if (!known) {
      const Node* maker = makerOf(&tensor);
      if (maker && isDequantize(*maker)) {
        known = dequantizeToHalf(static_cast<const nvinfer1::IDequantizeLayer&>(*maker->layer)).getOutput(0);
        return *known;
      }
      if (maker && maker->layer->getType() == LayerType::kCAST) {
        if (ITensor* const stored = maker->layer->getInput(0); stored->isNetworkInput() && stored->getType() == type_) {
          return *(known = stored);
        }
        maker = makerOf(maker->layer->getInput(0));
      }
      if (maker && maker->layer->getType() == LayerType::kCONSTANT) {
        const auto& constant = static_cast<const nvinfer1::IConstantLayer&>(*maker->layer);
        const Weights values = constant.getWeights();
        known = values.type == type_
                    ? constant.getOutput(0)
                    : made(network_.addConstant(constant.getDimensions(), converted(values))).getOutput(0);
      } else {
        known = made(network_.addCast(tensor, type_)).getOutput(0);
      }
    }
    return *known;
  }

  ITensor& inF32(ITensor& tensor) {
    ITensor*& known = inF32_[&tensor];
    if (!known) {
      known = made(network_.addCast(tensor, DataType::kFLOAT)).getOutput(0);
    }
    return *known;
  }

  void convert(const Node& node) {
    ILayer& layer = *node.layer;
    for (const auto& [place, tensor] : node.inputs) {
      if (node.half && !isHalf(tensor)) {
        layer.setInput(place, isScale(node, place) ? scaleInHalf(*tensor) : inHalf(*tensor));
      } else if (!node.half && isHalf(tensor) && layer.getType() != LayerType::kSHAPE) {
        layer.setInput(place, inF32(*tensor));
      }
    }
    if (node.half) {
      convertOwnWeights(layer);
    }
  }

  void convertOwnWeights(ILayer& layer) {
    switch (layer.getType()) {
      case LayerType::kCONVOLUTION:
        convertKernel(static_cast<nvinfer1::IConvolutionLayer&>(layer));
        break;
      case LayerType::kDECONVOLUTION:
        convertKernel(static_cast<nvinfer1::IDeconvolutionLayer&>(layer));
        break;
      case LayerType::kSCALE: {
        auto& scale = static_cast<nvinfer1::IScaleLayer&>(layer);
        scale.setShift(converted(scale.getShift()));
        scale.setScale(converted(scale.getScale()));
        scale.setPower(converted(scale.getPower()));
        break;
      }
      default:
        break;
    }
  }

  // Where the kernel is a tensor, the layer's own is empty and stays so.
  template <typename Layer>
  void convertKernel(Layer& layer) {
    const Weights kernel = layer.getKernelWeights(), bias = layer.getBiasWeights();
    if (kernel.count > 0) {
      layer.setKernelWeights(converted(kernel));
    }
    if (kernel.count > 0 || bias.count > 0) {
      layer.setBiasWeights(converted(bias));
    }
  }

  // Gives outputs that are now half anew, with the same names in the same order: as they are, if all are half and are
  // to be kept, else as f32. The parser has said that the old ones are f32.
  void replaceOutputs(bool keep) {
    std::vector<ITensor*> old;
    old.reserve(static_cast<std::size_t>(network_.getNbOutputs()));
    for (int i = 0; i < network_.getNbOutputs(); ++i) {
      old.push_back(network_.getOutput(i));
    }
    const auto halves = std::count_if(old.begin(), old.end(), [this](const ITensor* output) { return isHalf(output); });
    if (halves == 0) {
      return;
    }
    const bool stayHalf = keep && static_cast<std::size_t>(halves) == old.size();
    for (ITensor* output : old) {
      network_.unmarkOutput(*output);
    }
    for (ITensor* output : old) {
      ITensor* given = output;
      if (isHalf(output)) {
        const std::string name = output->getName();
        output->setName((name + " (half)").c_str());
        given = stayHalf ? made(network_.addIdentity(*output)).getOutput(0) : &inF32(*output);
        given->setName(name.c_str());
      }
      network_.markOutput(*given);
    }
  }

  nvinfer1::INetworkDefinition& network_;
  DataType type_;
  std::vector<Node> nodes_;
  std::unordered_map<const ITensor*, std::size_t> makers_;  // of tensors of all types
  // Tensors, of f32 or quantized, that depend on the inputs by way of such tensors.
  std::unordered_set<const ITensor*> fromInputs_;
  std::unordered_map<const ITensor*, ITensor*> inHalf_, inF32_;
  HalfWeights weights_;
};

template <typename Wanted>
const ILayer* findLayer(const nvinfer1::INetworkDefinition& network, const Wanted& wanted) {
  for (int i = 0; i < network.getNbLayers(); ++i) {
    if (wanted(network.getLayer(i)->getType())) {
      return network.getLayer(i);
    }
  }
  return nullptr;
}

}  // namespace

HalfWeights computeInHalf(nvinfer1::INetworkDefinition& network, DataType type, bool keepOutputs) {
  return Conversion(network, type).run(keepOutputs);
}

bool isQuantized(const nvinfer1::INetworkDefinition& network) {
  return findLayer(network, [](LayerType type) {
           return type == LayerType::kQUANTIZE || type == LayerType::kDEQUANTIZE;
         }) != nullptr;
}

std::string loopOrCondition(const nvinfer1::INetworkDefinition& network) {
  const ILayer* layer = findLayer(network, [](LayerType type) {
    switch (type) {
      case LayerType::kTRIP_LIMIT:
      case LayerType::kRECURRENCE:
      case LayerType::kITERATOR:
      case LayerType::kLOOP_OUTPUT:
      case LayerType::kCONDITION:
      case LayerType::kCONDITIONAL_INPUT:
      case LayerType::kCONDITIONAL_OUTPUT:
        return true;
      default:
        return false;
    }
  });
  return layer ? layer->getName() : "";
}

}  // namespace trtyolo::tensorrt
