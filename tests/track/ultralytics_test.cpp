// The ids that Ultralytics' trackers give, over whole scenes (tests/data/README.md has the file).
#include <gtest/gtest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/tracks.hpp"
#include "trtyolo/track.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

TEST(UltralyticsTracksTest, IdsAreEqualOverWholeScenes) {
  const json& scenes = test::trackScenes();
  ASSERT_GE(scenes.size(), 10U);
  std::size_t filmed = 0;
  for (const json& scene : scenes) {
    filmed += scene.contains("motions") ? 1 : 0;
    for (const auto& [kind, ids] : scene.at("ids").items()) {
      SCOPED_TRACE(scene.at("scene").get<std::string>() + ", " + kind);
      Tracker tracker(test::trackerOptionOf(kind, scene.at("options")));
      const json& frames = scene.at("frames");
      ASSERT_EQ(frames.size(), ids.size());
      for (std::size_t i = 0; i < frames.size(); ++i) {
        Result result = test::resultOf(frames[i], scene.at("rotated").get<bool>());
        tracker.track(result, test::motionOf(scene, i));
        ASSERT_EQ(result.trackIds, ids[i].get<std::vector<int>>()) << "frame " << i;
      }
    }
  }
  EXPECT_GE(filmed, 4U);
}

}  // namespace
}  // namespace trtyolo
