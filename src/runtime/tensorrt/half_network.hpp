// Half precision in a strongly typed network: which of its layers compute in it, and the casts around them.
#pragma once

#include <NvInfer.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace trtyolo::tensorrt {

// Values that layers were given in place of their own. TensorRT reads them when it builds: they must live until then.
using HalfWeights = std::deque<std::vector<std::uint16_t>>;

// Makes the heavy part of a network of f32 compute in `type`, kHALF or kBF16: whatever lies between the network's
// inputs and its last layers with weights. What comes after those stays f32 (boxes, angles, keypoints and scores are
// decoded there: above 512, f16 has but half pixels), and so do inputs and outputs, sizes, whatever does not depend on
// the inputs, layers of kinds that are not known to be good in half precision, and layers with a constant that `type`
// cannot hold. Between pairs of quantize and dequantize layers f16 is computed in the same way: what goes into the
// quantized convolutions and comes out of them is f16, and so are their scales. Call it once, before building. Throws
// ModelError if TensorRT does not take a cast; the network is of no use then.
// `keepOutputs`: what comes after the last layers with weights (an activation) is computed in `type` too, and outputs,
// if all are, stay in it.
HalfWeights computeInHalf(nvinfer1::INetworkDefinition& network, nvinfer1::DataType type, bool keepOutputs);

// Whether layers compute in quantized values.
bool isQuantized(const nvinfer1::INetworkDefinition& network);

// The name of a layer of a loop or a condition; empty if there is none. computeInHalf() does not know these.
std::string loopOrCondition(const nvinfer1::INetworkDefinition& network);

}  // namespace trtyolo::tensorrt
