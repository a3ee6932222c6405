// The scenes of tests/data/tracks.json (tests/data/README.md has the file).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "trtyolo/track.hpp"

namespace trtyolo::test {

// All scenes.
const nlohmann::json& trackScenes();

// The objects of a frame, which is in quarters of a pixel, thousandths of radians and of scores.
Result resultOf(const nlohmann::json& frame, bool rotated);

// The options of a scene for this kind of tracker.
TrackerOption trackerOptionOf(const std::string& kind, const nlohmann::json& options);

// What Ultralytics found of the camera's motion before the frame of this number; nullopt: it did not look for any.
std::optional<Motion> motionOf(const nlohmann::json& scene, std::size_t frame);

}  // namespace trtyolo::test
