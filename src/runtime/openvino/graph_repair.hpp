// Rewrites what OpenVINO would break in a graph that is right.
#pragma once

#include <memory>
#include <openvino/openvino.hpp>

namespace trtyolo::openvino {

// OpenVINO 2026.4 takes a Slice for superfluous that only a GatherElements reads, and then refuses the graph, because
// the two inputs' other dimensions differ: so it does with the end-to-end heads of YOLO26 for OBB, segment and pose.
// A StridedSlice in its place is left alone.
void keepSlicesBeforeGathers(const std::shared_ptr<ov::Model>& network);

}  // namespace trtyolo::openvino
