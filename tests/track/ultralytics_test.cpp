// The ids that Ultralytics' trackers give, over whole scenes (tests/data/README.md has the file).
#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/references.hpp"
#include "trtyolo/track.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

// In the file: quarters of a pixel, thousandths of radians and of scores.
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

TrackerOption optionOf(const std::string& kind, const json& options) {
  TrackerOption option;
  option.kind = trackerKindOf(kind);
  option.trackHighThresh = options.value("track_high_thresh", option.trackHighThresh);
  option.newTrackThresh = options.value("new_track_thresh", option.newTrackThresh);
  option.trackBuffer = options.value("track_buffer", option.trackBuffer);
  option.matchThresh = options.value("match_thresh", option.matchThresh);
  option.fuseScore = options.value("fuse_score", option.fuseScore);
  return option;
}

TEST(UltralyticsTracksTest, IdsAreEqualOverWholeScenes) {
  std::ifstream stream(test::dataPath("../tests/data/tracks.json"));
  const json scenes = json::parse(stream);
  ASSERT_GE(scenes.size(), 10U);
  for (const json& scene : scenes) {
    for (const auto& [kind, ids] : scene.at("ids").items()) {
      SCOPED_TRACE(scene.at("scene").get<std::string>() + ", " + kind);
      Tracker tracker(optionOf(kind, scene.at("options")));
      const json& frames = scene.at("frames");
      ASSERT_EQ(frames.size(), ids.size());
      for (std::size_t i = 0; i < frames.size(); ++i) {
        Result result = resultOf(frames[i], scene.at("rotated").get<bool>());
        tracker.track(result);
        ASSERT_EQ(result.trackIds, ids[i].get<std::vector<int>>()) << "frame " << i;
      }
    }
  }
}

}  // namespace
}  // namespace trtyolo
