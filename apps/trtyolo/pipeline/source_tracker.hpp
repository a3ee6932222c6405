// Tracks, lines and zones of one source.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/item.hpp"
#include "trtyolo/camera_motion.hpp"
#include "trtyolo/track.hpp"
#include "trtyolo/zones.hpp"

namespace app {

/// What is to be counted of each source; lines and zones as they are before the first frame.
struct TrackSettings {
  std::optional<trtyolo::TrackerOption> tracker;  ///< none: objects are not followed
  std::vector<std::pair<std::string, trtyolo::Line>> lines;
  std::vector<std::pair<std::string, trtyolo::Zone>> zones;
  bool trails = false;  ///< to be drawn

  /// Whether there is anything to do.
  bool any() const { return tracker || !lines.empty() || !zones.empty(); }
};

/// Follows the objects of one source and counts them. For one thread.
class SourceTracker {
 public:
  explicit SourceTracker(const TrackSettings& settings);

  /// Takes the source's next frame, with its pixels if the tracker is to follow the camera, and its result; sets its
  /// `lines`, `zones`, `trails`, `tracks` and Result::trackIds. If objects are followed, those that belong to no track
  /// are taken out of the result, as Ultralytics' track() does.
  void update(Item& item);

 private:
  struct Trace {
    std::deque<cv::Point2f> points;
    long seen = 0;  ///< number of the last frame in which the track was
  };

  trtyolo::Motion motionOf(const Item& item);
  void addTrails(Item& item);
  void countTracks(Item& item);

  std::optional<trtyolo::Tracker> tracker_;
  std::optional<trtyolo::CameraMotion> camera_;  ///< if the tracker needs it
  std::vector<std::pair<std::string, trtyolo::Line>> lines_;
  std::vector<std::pair<std::string, trtyolo::Zone>> zones_;
  bool trails_;
  long frame_ = 0;
  std::map<int, Trace> traces_;  ///< by id
  std::vector<bool> seen_;       ///< by id: a bit for each, as a stream may have millions
  long tracks_ = 0;              ///< of which there are so many
};

}  // namespace app
