// Networks quantized to eight bits, on processors that cannot add up their products exactly.
#pragma once

#include <openvino/openvino.hpp>

namespace trtyolo::openvino {

// Without VNNI, processors with AVX2 or AVX-512 multiply bytes with an instruction (VPMADDUBSW) that adds two products
// of an unsigned value, up to 255, and a signed weight in 16 bits, and saturates: that fits weights of -64 to 64 only.
// Whether a network has others, and activations of eight bits to multiply them with; those of depthwise convolutions
// do not count, whose products are added up in 32 bits everywhere.
bool hasWeightsOverSevenBits(const ov::Model& network);

// Whether this machine's processor adds such products in 32 bits: VNNI (AVX-512 or AVX), AMX. Others than x86's do. The
// environment's ONEDNN_MAX_CPU_ISA, which takes instructions away from OpenVINO, is heeded.
bool addsBytesExactly();

}  // namespace trtyolo::openvino
