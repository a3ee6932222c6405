// Rewrites parts of valid graphs that OpenVINO would break.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>

namespace trtyolo::openvino {

// OpenVINO 2026.4 removes a Slice that only a GatherElements reads as redundant, and then refuses the graph because the
// other dimensions of the two inputs differ: this happens with the end-to-end heads of YOLO26 for OBB, segment and
// pose. It keeps a StridedSlice in the same place.
void keepSlicesBeforeGathers(const std::shared_ptr<ov::Model>& network);

}  // namespace trtyolo::openvino
