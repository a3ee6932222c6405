// What following objects costs: one tracker, on one core.
//
//   track_bench [FRAMES]
//
// A line for each kind of tracker and of boxes: microseconds an update takes, median and 99th percentile, with 100
// tracks and 300 objects in each frame, of which 200 have scores too low to begin tracks.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "trtyolo/track.hpp"

namespace {

using namespace trtyolo;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kObjects = 100, kLowScores = 200;
constexpr Motion kMotion{};  // of a camera that trackers are told of; to find it is not measured

// People of a full-HD image who walk about, and what a detector takes for some more.
class Scene {
 public:
  Scene() : places_(kObjects), steps_(kObjects) {
    for (std::size_t i = 0; i < kObjects; ++i) {
      places_[i] = {uniform(0, 1920), uniform(0, 1080)};
      steps_[i] = {uniform(-3, 3), uniform(-3, 3)};
    }
  }

  void next(OBBResult& frame) {
    frame.boxes.clear();
    frame.scores.clear();
    for (std::size_t i = 0; i < kObjects; ++i) {
      for (std::size_t axis = 0; axis < 2; ++axis) {
        const float end = axis == 0 ? 1920.0F : 1080.0F;
        float& place = places_[i][axis];
        place += steps_[i][axis];
        steps_[i][axis] = place < 0     ? std::abs(steps_[i][axis])
                          : place > end ? -std::abs(steps_[i][axis])
                                        : steps_[i][axis];
      }
      add(frame, places_[i][0] + uniform(-1, 1), places_[i][1] + uniform(-1, 1), uniform(0.5F, 0.9F));
    }
    for (std::size_t i = 0; i < kLowScores; ++i) {
      add(frame, uniform(0, 1920), uniform(0, 1080), uniform(0.1F, 0.24F));
    }
  }

 private:
  float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }

  static void add(OBBResult& frame, float x, float y, float score) {
    frame.boxes.push_back({{x - 20, y - 45, x + 20, y + 45}, 0.1F});
    frame.scores.push_back(score);
  }

  std::mt19937 random_{1};
  std::vector<std::array<float, 2>> places_, steps_;
};

void measure(TrackerKind kind, bool rotated, std::size_t frames) {
  TrackerOption option;
  option.kind = kind;
  option.trackHighThresh = option.newTrackThresh = 0.25F;  // of all kinds, so that each compares all objects
  option.trackLowThresh = 0.1F;
  Tracker tracker(option);
  Scene scene;
  OBBResult frame;
  std::vector<double> times;
  std::size_t followed = 0;
  for (std::size_t i = 0; i < frames; ++i) {
    scene.next(frame);
    const std::vector<Box> upright(frame.boxes.begin(), frame.boxes.end());
    const auto begin = Clock::now();
    const std::vector<int> ids =
        rotated ? tracker.update(frame, kMotion) : tracker.update(upright, frame.scores, kMotion);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    followed += ids.size() - static_cast<std::size_t>(std::count(ids.begin(), ids.end(), kNoTrack));
  }
  std::sort(times.begin(), times.end());
  std::printf("%-10s %-8s %8.0f us an update, %.0f at the 99th percentile; %.1f of %zu objects followed\n",
              toString(kind), rotated ? "rotated" : "upright", times[times.size() / 2], times[times.size() * 99 / 100],
              static_cast<double>(followed) / static_cast<double>(frames), kObjects + kLowScores);
}

}  // namespace

int main(int count, char** arguments) {
  const long frames = count > 1 ? std::atol(arguments[1]) : 1000;
  if (count > 2 || frames < 1) {
    std::fprintf(stderr, "usage: track_bench [FRAMES]\n");
    return 2;
  }
  for (const TrackerKind kind :
       {TrackerKind::ByteTrack, TrackerKind::BotSort, TrackerKind::OcSort, TrackerKind::TrackTrack}) {
    for (const bool rotated : {false, true}) {
      measure(kind, rotated, static_cast<std::size_t>(frames));
    }
  }
}
