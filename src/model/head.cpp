#include "model/head.hpp"

#include "model/classify_head.hpp"
#include "model/object_heads.hpp"

namespace trtyolo {

std::unique_ptr<Head> makeHead(const ModelDescription& description) {
  if (!description.refusal.empty()) {
    throw ModelError("'" + description.info.file + "': the outputs are not understood: " + description.refusal);
  }
  const OutputLayout& layout = description.layout;
  switch (description.info.task) {
    case Task::Classify:
      return std::make_unique<ClassifyHead>(layout);
    case Task::Detect:
      return std::make_unique<DetectHead>(layout);
    case Task::OBB:
      return std::make_unique<ObbHead>(layout);
    case Task::Segment:
      return std::make_unique<SegmentHead>(layout);
    case Task::Pose:
      return std::make_unique<PoseHead>(layout, description.info.keypoints, description.info.keypointDims);
  }
  throw ModelError("'" + description.info.file + "': no such task");
}

}  // namespace trtyolo
