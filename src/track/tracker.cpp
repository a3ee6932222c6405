#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "track/track_list.hpp"
#include "trtyolo/track.hpp"

namespace trtyolo {
namespace {

constexpr std::array<std::pair<TrackerKind, const char*>, 4> kTrackerKinds{{{TrackerKind::ByteTrack, "bytetrack"},
                                                                            {TrackerKind::BotSort, "botsort"},
                                                                            {TrackerKind::OcSort, "ocsort"},
                                                                            {TrackerKind::TrackTrack, "tracktrack"}}};

const std::string kSparseOptFlow = "sparseOptFlow", kNoMotion = "none";  // of gmcMethod

constexpr float kQuarterTurn = 1.57079633F;  // radians

[[noreturn]] void refuse(const std::string& sentence) {
  throw std::invalid_argument("Tracker: " + sentence);
}

constexpr float kLargestWeight = 10;

void requireFromZero(const char* name, float value, float most) {
  if (!(value >= 0 && value <= most)) {
    refuse(std::string(name) + " must be from 0 to " + std::to_string(std::lround(most)) + ", found " +
           std::to_string(value));
  }
}

void requireShare(const char* name, float value) {
  requireFromZero(name, value, 1);
}

void checkTrackTrack(const TrackerOption& option) {
  requireShare("lostMatchThr", option.lostMatchThr);
  requireFromZero("iouWeight", option.iouWeight, kLargestWeight);
  requireFromZero("reidWeight", option.reidWeight, kLargestWeight);
  requireFromZero("confWeight", option.confWeight, kLargestWeight);
  requireFromZero("angleWeight", option.angleWeight, kLargestWeight);
  requireShare("penaltyP", option.penaltyP);
  requireShare("penaltyQ", option.penaltyQ);
  requireShare("reduceStep", option.reduceStep);
  requireShare("taiThr", option.taiThr);
  if (option.minTrackLen < 1) {
    refuse("minTrackLen must be 1 or more images, found " + std::to_string(option.minTrackLen));
  }
}

void check(const TrackerOption& option) {
  const auto [high, low, newTrack, match] = thresholdsOf(option);
  requireShare("trackHighThresh", high);
  requireShare("trackLowThresh", low);
  requireShare("newTrackThresh", newTrack);
  requireShare("matchThresh", match);
  requireShare("proximityThresh", option.proximityThresh);
  requireShare("appearanceThresh", option.appearanceThresh);
  if (low > high) {
    refuse("trackLowThresh must not be above trackHighThresh, found " + std::to_string(low) + " above " +
           std::to_string(high));
  }
  if (option.trackBuffer < 0) {
    refuse("trackBuffer must be 0 or more images, found " + std::to_string(option.trackBuffer));
  }
  requireShare("inertia", option.inertia);
  if (option.deltaT < 1) {
    refuse("deltaT must be 1 or more images, found " + std::to_string(option.deltaT));
  }
  checkTrackTrack(option);
  if (option.gmcMethod != kSparseOptFlow && option.gmcMethod != kNoMotion) {
    refuse("gmcMethod must be 'sparseOptFlow' or 'none', found '" + option.gmcMethod +
           "': the camera's motion is found by sparse optical flow only");
  }
  if (option.withReid) {
    refuse("withReid must be false: appearance is not compared yet");
  }
}

Place placeOf(const Box& box) {
  const float x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
  return {{x, y, box.right - box.left, box.bottom - box.top}, 0};
}

// The longer side as the width, as Ultralytics has it: networks give the same box as either.
Place placeOf(const RotatedBox& box) {
  const auto [x, y, width, height, theta] = box.xywhr();
  return width < height ? Place{{x, y, height, width}, theta + kQuarterTurn} : Place{{x, y, width, height}, theta};
}

bool isFinite(const Motion& motion) {
  return std::isfinite(motion.xx) && std::isfinite(motion.xy) && std::isfinite(motion.dx) && std::isfinite(motion.yx) &&
         std::isfinite(motion.yy) && std::isfinite(motion.dy);
}

bool isUsable(const Sighting& sighting) {
  const auto& [x, y, width, height] = sighting.place.box;
  return std::isfinite(x) && std::isfinite(y) && std::isfinite(width) && std::isfinite(height) && width > 0 &&
         height > 0 && std::isfinite(sighting.place.theta) && std::isfinite(sighting.score);
}

}  // namespace

const char* toString(TrackerKind kind) {
  for (const auto& [each, name] : kTrackerKinds) {
    if (each == kind) {
      return name;
    }
  }
  return "unknown";
}

TrackerKind trackerKindOf(const std::string& name) {
  for (const auto& [kind, each] : kTrackerKinds) {
    if (name == each) {
      return kind;
    }
  }
  throw std::invalid_argument("trackerKindOf: expected one of 'bytetrack', 'botsort', 'ocsort', 'tracktrack', found '" +
                              name + '\'');
}

class Tracker::State {
 public:
  explicit State(const TrackerOption& option) : tracks(option) {}

  template <typename AnyBox>
  std::vector<int> update(const std::vector<AnyBox>& boxes, const std::vector<float>& scores,
                          const std::optional<Motion>& motion, bool rotated) {
    if (boxes.size() != scores.size()) {
      refuse(std::to_string(boxes.size()) + " boxes need as many scores, found " + std::to_string(scores.size()));
    }
    if (tracks.rotated().value_or(rotated) != rotated) {
      refuse(rotated ? "it follows upright boxes, found rotated ones: use a tracker for each kind, or reset() it"
                     : "it follows rotated boxes, found upright ones: use a tracker for each kind, or reset() it");
    }
    if (needsMotion()) {
      if (!motion) {
        refuse(
            "gmcMethod 'sparseOptFlow' needs the camera's motion with each image (in C++ CameraMotion::next() of the "
            "frame, in Python update(result, image)); for a camera that stands still set it to 'none'");
      }
      if (!isFinite(*motion)) {
        refuse("the camera's motion must be finite numbers");
      }
    }
    std::vector<Sighting> sightings;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const Sighting sighting{placeOf(boxes[i]), scores[i], i};
      if (isUsable(sighting)) {
        sightings.push_back(sighting);
      }
    }
    std::vector<int> ids(boxes.size(), kNoTrack);
    tracks.update(sightings, needsMotion() ? *motion : Motion(), rotated, ids);
    return ids;
  }

  bool needsMotion() const {
    const TrackerOption& option = tracks.option();
    return (option.kind == TrackerKind::BotSort || option.kind == TrackerKind::TrackTrack) &&
           option.gmcMethod != kNoMotion;
  }

  TrackList tracks;
};

Tracker::Tracker(const TrackerOption& option) {
  check(option);
  state_ = std::make_unique<State>(option);
}

Tracker::Tracker(const Tracker& other) : state_(std::make_unique<State>(*other.state_)) {}
Tracker::Tracker(Tracker&& other) noexcept = default;
Tracker& Tracker::operator=(const Tracker& other) {
  return *this = Tracker(other);
}
Tracker& Tracker::operator=(Tracker&& other) noexcept = default;
Tracker::~Tracker() = default;

std::vector<int> Tracker::update(const std::vector<Box>& boxes, const std::vector<float>& scores,
                                 const std::optional<Motion>& motion) {
  return state_->update(boxes, scores, motion, false);
}

std::vector<int> Tracker::update(const std::vector<RotatedBox>& boxes, const std::vector<float>& scores,
                                 const std::optional<Motion>& motion) {
  return state_->update(boxes, scores, motion, true);
}

std::vector<int> Tracker::update(const Result& result, const std::optional<Motion>& motion) {
  if (result.hasRotatedBoxes()) {
    return update(result.rotatedBoxes, result.scores, motion);
  }
  if (!result.hasBoxes()) {
    refuse(std::string("a result of the task '") + toString(result.task) + "' has no boxes to follow");
  }
  return update(result.boxes, result.scores, motion);
}

bool Tracker::needsMotion() const {
  return state_->needsMotion();
}

void Tracker::reset() {
  state_ = std::make_unique<State>(option());
}

const TrackerOption& Tracker::option() const {
  return state_->tracks.option();
}

}  // namespace trtyolo
