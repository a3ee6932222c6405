#include "model/plugin_outputs.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace trtyolo {
namespace {

bool isWhole(const TensorInfo& tensor) {
  return tensor.type == "i32" || tensor.type == "i64";
}

bool hasRank(const TensorInfo& tensor, std::size_t rank) {
  return tensor.shape.size() == rank;
}

// What an output may be, and how it is told without its name.
struct Role {
  std::array<std::string_view, 2> names;
  bool (*fits)(const TensorInfo&);
};

constexpr std::size_t kCounts = 0, kBoxes = 1, kScores = 2, kClasses = 3, kMasks = 4, kKeypoints = 5, kRoles = 6;

const std::array<Role, kRoles> kRoleTable{{
    {{"num_dets", "num_detections"},
     [](const TensorInfo& t) { return isWhole(t) && hasRank(t, 2) && t.shape[1] == 1; }},
    {{"det_boxes", "detection_boxes"},
     [](const TensorInfo& t) { return !isWhole(t) && hasRank(t, 3) && (t.shape[2] == 4 || t.shape[2] == 5); }},
    {{"det_scores", "detection_scores"}, [](const TensorInfo& t) { return !isWhole(t) && hasRank(t, 2); }},
    {{"det_classes", "detection_classes"},
     [](const TensorInfo& t) { return isWhole(t) && hasRank(t, 2) && t.shape[1] != 1; }},
    {{"det_masks", "detection_masks"},
     [](const TensorInfo& t) { return !isWhole(t) && hasRank(t, 4) && t.shape[3] > 3; }},
    {{"det_kpts", "detection_keypoints"},
     [](const TensorInfo& t) { return !isWhole(t) && hasRank(t, 4) && (t.shape[3] == 2 || t.shape[3] == 3); }},
}};

}  // namespace

std::optional<PluginOutputs> findPluginOutputs(const std::vector<TensorInfo>& outputs) {
  std::array<std::optional<std::size_t>, kRoles> found;
  std::vector<std::size_t> nameless;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto role = std::find_if(kRoleTable.begin(), kRoleTable.end(), [&](const Role& one) {
      return std::find(one.names.begin(), one.names.end(), outputs[i].name) != one.names.end();
    });
    if (role == kRoleTable.end()) {
      nameless.push_back(i);
      continue;
    }
    auto& place = found[static_cast<std::size_t>(role - kRoleTable.begin())];
    if (place) {
      return std::nullopt;
    }
    place = i;
  }
  const auto complete = [&] { return found[kCounts] && found[kBoxes] && found[kScores] && found[kClasses]; };
  const bool named = complete();
  for (const std::size_t output : nameless) {
    std::optional<std::size_t> only;
    for (std::size_t role = 0; role < kRoles; ++role) {
      if (!found[role] && kRoleTable[role].fits(outputs[output])) {
        if (only) {
          return std::nullopt;
        }
        only = role;
      }
    }
    if (only) {
      found[*only] = output;
    } else if (!named) {
      return std::nullopt;  // beside outputs that say what they are, others are let be
    }
  }
  if (!complete()) {
    return std::nullopt;
  }
  return PluginOutputs{*found[kCounts],  *found[kBoxes], *found[kScores],
                       *found[kClasses], found[kMasks],  found[kKeypoints]};
}

}  // namespace trtyolo
