#include "support/tracks.hpp"

#include <array>
#include <fstream>
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
  option.trackHighThresh = options.value("track_high_thresh", option.trackHighThresh);
  option.newTrackThresh = options.value("new_track_thresh", option.newTrackThresh);
  option.trackBuffer = options.value("track_buffer", option.trackBuffer);
  option.matchThresh = options.value("match_thresh", option.matchThresh);
  option.fuseScore = options.value("fuse_score", option.fuseScore);
  option.gmcMethod = options.value("gmc_method", option.gmcMethod);
  option.deltaT = options.value("delta_t", option.deltaT);
  option.inertia = options.value("inertia", option.inertia);
  option.useByte = options.value("use_byte", option.useByte);
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
