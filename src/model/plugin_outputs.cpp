#include "model/plugin_outputs.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace trtyolo {
namespace {

bool isInteger(const TensorInfo& tensor, std::size_t rank) {
  return tensor.shape.size() == rank && (tensor.type == "i32" || tensor.type == "i64");
}

bool isFloat(const TensorInfo& tensor, std::size_t rank) {
  return tensor.shape.size() == rank && tensor.type != "i32" && tensor.type != "i64";
}

// What an output may be: its names, and what it looks like without one.
struct Role {
  std::size_t OutputLayout::*output;
  std::array<std::string_view, 2> names;
  bool (*fits)(const TensorInfo&);
};

const std::array<Role, 6> kRoles{{
    {&OutputLayout::counts,
     {"num_dets", "num_detections"},
     [](const TensorInfo& t) { return isInteger(t, 2) && t.shape[1] == 1; }},
    {&OutputLayout::boxes,
     {"det_boxes", "detection_boxes"},
     [](const TensorInfo& t) { return isFloat(t, 3) && (t.shape[2] == 4 || t.shape[2] == 5); }},
    {&OutputLayout::scores, {"det_scores", "detection_scores"}, [](const TensorInfo& t) { return isFloat(t, 2); }},
    {&OutputLayout::classNumbers,
     {"det_classes", "detection_classes"},
     [](const TensorInfo& t) { return isInteger(t, 2) && t.shape[1] != 1; }},
    {&OutputLayout::prototypes,
     {"det_masks", "detection_masks"},
     [](const TensorInfo& t) { return isFloat(t, 4) && t.shape[3] > 3; }},
    {&OutputLayout::extras,
     {"det_kpts", "detection_keypoints"},
     [](const TensorInfo& t) { return isFloat(t, 4) && (t.shape[3] == 2 || t.shape[3] == 3); }},
}};

}  // namespace

std::optional<OutputLayout> findPluginOutputs(const std::vector<TensorInfo>& outputs) {
  constexpr std::size_t kNone = OutputLayout::kNone;
  OutputLayout found;
  found.boxes = kNone;
  std::vector<std::size_t> unnamed;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto role = std::find_if(kRoles.begin(), kRoles.end(), [&](const Role& one) {
      return std::find(one.names.begin(), one.names.end(), outputs[i].name) != one.names.end();
    });
    if (role == kRoles.end()) {
      unnamed.push_back(i);
    } else if (std::exchange(found.*role->output, i) != kNone) {
      return std::nullopt;
    }
  }
  const auto complete = [&] {
    return found.counts != kNone && found.boxes != kNone && found.scores != kNone && found.classNumbers != kNone;
  };
  const bool named = complete();
  for (const std::size_t output : unnamed) {
    const Role* only = nullptr;
    for (const Role& role : kRoles) {
      if (found.*role.output == kNone && role.fits(outputs[output])) {
        if (only) {
          return std::nullopt;
        }
        only = &role;
      }
    }
    if (only) {
      found.*only->output = output;
    } else if (!named) {
      return std::nullopt;  // beside outputs with known names, others are ignored
    }
  }
  return complete() ? std::optional(found) : std::nullopt;
}

}  // namespace trtyolo
