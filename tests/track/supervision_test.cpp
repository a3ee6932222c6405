// What supervision's LineZone and PolygonZone say of whole scenes (tests/data/README.md has the file).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "support/references.hpp"
#include "support/tracks.hpp"
#include "trtyolo/zones.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

constexpr int kClasses = 3;

json zoneScenes() {
  std::ifstream stream(test::dataPath("../tests/data/zones.json"));
  return json::parse(stream);
}

// With ids, and a class that depends on them.
Result trackedOf(const json& frame, const json& ids, bool rotated) {
  Result result = test::resultOf(frame, rotated);
  result.trackIds = ids.get<std::vector<int>>();
  for (std::size_t i = 0; i < result.trackIds.size(); ++i) {
    result.classes[i] = std::max(result.trackIds[i], 0) % kClasses;
  }
  return result;
}

std::vector<Anchor> anchorsOf(const json& names) {
  const std::array<std::string, 9> all{"TOP_LEFT",     "TOP_CENTER",  "TOP_RIGHT",     "CENTER_LEFT", "CENTER",
                                       "CENTER_RIGHT", "BOTTOM_LEFT", "BOTTOM_CENTER", "BOTTOM_RIGHT"};
  std::vector<Anchor> anchors;
  for (const auto& name : names) {
    anchors.push_back(static_cast<Anchor>(std::find(all.begin(), all.end(), name.get<std::string>()) - all.begin()));
  }
  return anchors;
}

Point pointOf(const json& place) {
  return {place[0].get<double>(), place[1].get<double>()};
}

std::map<int, long> countsOf(const json& counts) {
  std::map<int, long> byClass;
  for (const auto& [type, count] : counts.items()) {
    byClass[std::stoi(type)] = count.get<long>();
  }
  return byClass;
}

double distance(Point from, Point to, Point point) {
  const double x = to.x - from.x, y = to.y - from.y;
  const double share = std::clamp(((point.x - from.x) * x + (point.y - from.y) * y) / (x * x + y * y), 0.0, 1.0);
  return std::hypot(from.x + share * x - point.x, from.y + share * y - point.y);
}

// Whether an anchor is so near to a side that rounding it decides.
bool isAtASide(const Zone& zone, const Result& result, std::size_t i) {
  constexpr double kNear = 1.5;
  const std::vector<Point>& corners = zone.corners();
  for (const Anchor anchor : zone.option().triggeringAnchors) {
    const Point point =
        result.hasRotatedBoxes() ? anchorOf(result.rotatedBoxes[i], anchor) : anchorOf(result.boxes[i], anchor);
    for (std::size_t k = 0; k < corners.size(); ++k) {
      if (distance(corners[k], corners[(k + 1) % corners.size()], point) < kNear) {
        return true;
      }
    }
  }
  return false;
}

std::vector<Result> framesOf(const json& scene) {
  std::vector<Result> frames;
  const json &boxes = scene.at("frames"), &ids = scene.at("ids").at("bytetrack");
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    frames.push_back(trackedOf(boxes[i], ids[i], scene.at("rotated").get<bool>()));
  }
  return frames;
}

class SupervisionTest : public testing::Test {
 protected:
  template <typename Check>
  void ofAllScenes(const Check& check) {
    const json& tracks = test::trackScenes();
    const json scenes = zoneScenes();
    ASSERT_GE(scenes.size(), 10U);
    for (const json& scene : scenes) {
      SCOPED_TRACE(scene.at("scene").get<std::string>());
      const auto same = std::find_if(tracks.begin(), tracks.end(),
                                     [&](const json& each) { return each.at("scene") == scene.at("scene"); });
      ASSERT_NE(same, tracks.end());
      check(scene, framesOf(*same));
    }
  }
};

TEST_F(SupervisionTest, LinesCountTheSameCrossings) {
  std::size_t crossings = 0;
  ofAllScenes([&](const json& scene, const std::vector<Result>& frames) {
    for (const json& expected : scene.at("lines")) {
      SCOPED_TRACE(expected.at("start").dump());
      LineOption option;
      option.triggeringAnchors = anchorsOf(expected.at("anchors"));
      option.minimumCrossingThreshold = expected.at("threshold").get<int>();
      Line line(pointOf(expected.at("start")), pointOf(expected.at("end")), option);
      json found = json::array();
      for (std::size_t i = 0; i < frames.size(); ++i) {
        const std::vector<Crossing> all = line.update(frames[i]);
        for (std::size_t k = 0; k < all.size(); ++k) {
          if (all[k] != Crossing::None) {
            found.push_back({i, k, all[k] == Crossing::In ? 1 : -1});
          }
        }
      }
      EXPECT_EQ(found, expected.at("crossings"));
      EXPECT_EQ(line.inByClass(), countsOf(expected.at("in")));
      EXPECT_EQ(line.outByClass(), countsOf(expected.at("out")));
      crossings += found.size();
    }
  });
  EXPECT_GT(crossings, 100U);
}

TEST_F(SupervisionTest, ZonesHoldTheSameObjectsButForRoundingAtTheirSides) {
  long objects = 0, different = 0;
  ofAllScenes([&](const json& scene, const std::vector<Result>& frames) {
    for (const json& expected : scene.at("zones")) {
      std::vector<Point> corners;
      for (const json& corner : expected.at("corners")) {
        corners.push_back(pointOf(corner));
      }
      Zone zone(corners, {anchorsOf(expected.at("anchors")), expected.at("all").get<bool>()});
      std::istringstream flags(expected.at("inside").get<std::string>());
      for (std::size_t i = 0; i < frames.size(); ++i) {
        std::string inside;
        if (!frames[i].classes.empty()) {
          flags >> inside;
        }
        const std::vector<bool> found = zone.update(frames[i]);
        ASSERT_EQ(found.size(), inside.size());
        for (std::size_t k = 0; k < found.size(); ++k) {
          ++objects;
          if (found[k] != (inside[k] == '1')) {
            ++different;
            EXPECT_TRUE(isAtASide(zone, frames[i], k)) << corners.size() << " corners, frame " << i << " object " << k;
          }
        }
      }
    }
  });
  EXPECT_GT(objects, 10000);
  EXPECT_LT(different, objects / 100);
  RecordProperty("different", std::to_string(different) + " of " + std::to_string(objects));
}

}  // namespace
}  // namespace trtyolo
