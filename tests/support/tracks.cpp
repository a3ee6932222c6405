#include "support/tracks.hpp"

#include <array>
#include <fstream>
#include <optional>
#include <type_traits>
#include <vector>

#include "support/references.hpp"

namespace trtyolo::test {

using nlohmann::json;

const json& trackScenes() {
  static const json scenes = [] {
    std::ifstream stream(dataPath("../tests/data/tracks.json"));
    return json::parse(stream);
  }();
  return scenes;
}

Result resultOf(const json& frame, bool rotated) {
  Result result;
  result.task = rotated ? Task::OBB : Task::Detect;
  for (const json& object : frame) {
    const auto values = object.get<std::vector<float>>();
    Box box{values[0] / 4, values[1] / 4, values[2] / 4, values[3] / 4};
    if (rotated) {
      const auto [x, y, width, height] = box;
      box = {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
      result.rotatedBoxes.push_back({box, values[4] / 1000});
    } else {
      result.boxes.push_back(box);
    }
    result.scores.push_back(values.back() / 1000);
    result.classes.push_back(0);
    ++result.num;
  }
  return result;
}

TrackerOption trackerOptionOf(const std::string& kind, const json& options) {
  TrackerOption option;
  option.kind = trackerKindOf(kind);
  const auto read = [&options](const char* name, auto& value) {
    if (options.contains(name)) {
      value = options.at(name).get<std::decay_t<decltype(value)>>();
    }
  };
  const auto readThreshold = [&options](const char* name, std::optional<float>& value) {
    if (options.contains(name)) {
      value = options.at(name).get<float>();
    }
  };
  readThreshold("track_high_thresh", option.trackHighThresh);
  readThreshold("track_low_thresh", option.trackLowThresh);
  readThreshold("new_track_thresh", option.newTrackThresh);
  readThreshold("match_thresh", option.matchThresh);
  read("track_buffer", option.trackBuffer);
  read("fuse_score", option.fuseScore);
  read("gmc_method", option.gmcMethod);
  read("delta_t", option.deltaT);
  read("inertia", option.inertia);
  read("use_byte", option.useByte);
  read("lost_match_thr", option.lostMatchThr);
  read("iou_weight", option.iouWeight);
  read("reid_weight", option.reidWeight);
  read("conf_weight", option.confWeight);
  read("angle_weight", option.angleWeight);
  read("penalty_p", option.penaltyP);
  read("penalty_q", option.penaltyQ);
  read("reduce_step", option.reduceStep);
  read("tai_thr", option.taiThr);
  read("min_track_len", option.minTrackLen);
  return option;
}

std::optional<Motion> motionOf(const json& scene, std::size_t frame) {
  if (!scene.contains("motions")) {
    return std::nullopt;
  }
  const auto [xx, xy, dx, yx, yy, dy] = scene.at("motions")[frame].get<std::array<double, 6>>();
  return Motion{xx, xy, dx, yx, yy, dy};
}

}  // namespace trtyolo::test
