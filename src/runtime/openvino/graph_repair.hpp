// Rewrites parts of valid graphs that OpenVINO would break.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>

namespace trtyolo::openvino {

// OpenVINO 2026.4 removes a Slice that only a GatherElements reads as redundant, and then refuses the graph because the
// other dimensions of the two inputs differ: this happens with the end-to-end heads of YOLO26 for OBB, segment and
// pose. It keeps a StridedSlice in the same place.
void keepSlicesBeforeGathers(const std::shared_ptr<ov::Model>& network);

// Of ONNX, OpenVINO 2026.4 reads QuantizeLinear as a FakeQuantize to bytes, and DequantizeLinear as the arithmetic that
// makes them real. Where such values are split and joined with others of the same scale again, as C3k2 and C2f do, its
// low precision transformations then compute something else. Bytes and arithmetic together are a FakeQuantize to real
// values, which they understand.
void joinQuantizers(const std::shared_ptr<ov::Model>& network);

}  // namespace trtyolo::openvino
