#include "runtime/openvino/eight_bits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <openvino/op/constant.hpp>
#include <openvino/op/convert.hpp>
#include <openvino/op/fake_quantize.hpp>
#include <openvino/op/group_conv.hpp>
#include <set>
#include <string>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace trtyolo::openvino {
namespace {

using ov::op::v0::Constant;

constexpr int kMostWeight = 64;           // 2 * 255 * 64 is below 2^15
constexpr std::size_t kMostLevels = 128;  // of weights of seven bits
constexpr int kZeroPoint = 128;           // of unsigned weights, whose signed values are these less it

template <typename Value>
bool reachesBeyond(const Constant& weights, int zero) {
  const Value* const values = weights.get_data_ptr<Value>();
  return std::any_of(values, values + ov::shape_size(weights.get_shape()),
                     [zero](int value) { return value - zero > kMostWeight || value - zero < -kMostWeight; });
}

// Whether weights go to a depthwise convolution, whose products OpenVINO adds up in 32 bits everywhere.
bool isForDepthwise(const ov::Node& weights) {
  constexpr int kMostSteps = 4;
  const ov::Node* node = &weights;
  for (int step = 0; step < kMostSteps && node->get_output_size() == 1; ++step) {
    const auto readers = node->output(0).get_target_inputs();
    if (readers.size() != 1) {
      return false;
    }
    node = readers.begin()->get_node();
    if (ov::is_type<ov::op::v1::GroupConvolution>(node)) {
      const ov::PartialShape& shape = node->get_input_partial_shape(1);  // groups, outputs, inputs, ...
      return shape.rank().is_static() && shape.size() > 2 && shape[2] == 1;
    }
  }
  return false;
}

// Weights are kept as bytes and made numbers by a Convert, or are real numbers with a FakeQuantize behind them.
bool isOverSevenBits(const ov::Node& node) {
  if (node.get_input_size() == 0) {
    return false;
  }
  const auto weights = ov::as_type_ptr<Constant>(node.get_input_node_shared_ptr(0));
  if (!weights) {
    return false;
  }
  if (const auto* const quantize = ov::as_type<const ov::op::v0::FakeQuantize>(&node)) {
    return quantize->get_levels() > kMostLevels;
  }
  if (!ov::is_type<const ov::op::v0::Convert>(&node)) {
    return false;
  }
  const ov::element::Type type = weights->get_element_type();
  return (type == ov::element::i8 && reachesBeyond<std::int8_t>(*weights, 0)) ||
         (type == ov::element::u8 && reachesBeyond<std::uint8_t>(*weights, kZeroPoint));
}

bool quantizesActivations(const ov::Node& node) {
  return ov::is_type<const ov::op::v0::FakeQuantize>(&node) && !ov::is_type<const Constant>(node.get_input_node_ptr(0));
}

// What oneDNN, which computes OpenVINO's networks, may be told to use at most.
const std::set<std::string> kWithoutVnni{"SSE41", "AVX", "AVX2", "AVX512_CORE"};

bool hasVnni() {
#if defined(__x86_64__) || defined(__i386__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kFeatures = 7, kAvx512Vnni = 1U << 11U, kAmxInt8 = 1U << 25U, kAvxVnni = 1U << 4U;
  if (__get_cpuid_count(kFeatures, 0, &eax, &ebx, &ecx, &edx) == 0) {
    return false;
  }
  if ((ecx & kAvx512Vnni) != 0 || (edx & kAmxInt8) != 0) {
    return true;
  }
  return __get_cpuid_count(kFeatures, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax & kAvxVnni) != 0;
#else
  return true;
#endif
}

}  // namespace

bool hasWeightsOverSevenBits(const ov::Model& network) {
  const auto nodes = network.get_ops();
  const auto is = [&](bool (*what)(const ov::Node&)) {
    return std::any_of(nodes.begin(), nodes.end(), [what](const auto& node) { return what(*node); });
  };
  return is(quantizesActivations) &&
         is([](const ov::Node& node) { return isOverSevenBits(node) && !isForDepthwise(node); });
}

bool addsBytesExactly() {
  for (const char* const variable : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    const char* const most = std::getenv(variable);
    if (most && kWithoutVnni.count(most) != 0) {
      return false;
    }
  }
  return hasVnni();
}

}  // namespace trtyolo::openvino
