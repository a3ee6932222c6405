// Tracks, lines and zones of one source: see source_tracker.hpp.
#include "pipeline/source_tracker.hpp"

#include <cstddef>
#include <iterator>

namespace app {
namespace {

constexpr std::size_t kTrail = 30;  // frames

template <typename Part>
void keep(std::vector<Part>& parts, const std::vector<std::size_t>& kept) {
  if (parts.empty()) return;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != i) parts[i] = std::move(parts[kept[i]]);
  }
  parts.resize(kept.size());
}

trtyolo::Masks keptMasks(const trtyolo::Masks& masks, const std::vector<std::size_t>& kept) {
  trtyolo::Masks some(masks.width(), masks.height());
  for (const std::size_t i : kept) some.add({masks.runs(i), masks.runs(i) + masks.runCount(i)});
  return some;
}

/// Takes out the objects without a track, and what a second model said of them.
void keepTracked(Item& item) {
  trtyolo::Result& result = item.result;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < result.trackIds.size(); ++i) {
    if (result.trackIds[i] != trtyolo::kNoTrack) kept.push_back(i);
  }
  if (kept.size() == result.trackIds.size()) return;
  if (result.hasMasks()) result.masks = keptMasks(result.masks, kept);
  keep(result.classes, kept);
  keep(result.scores, kept);
  keep(result.trackIds, kept);
  keep(result.boxes, kept);
  keep(result.rotatedBoxes, kept);
  keep(result.keypoints, kept);
  keep(item.then, kept);
  result.num = static_cast<int>(kept.size());
}

cv::Point2f centreOf(const trtyolo::Result& result, std::size_t i) {
  const trtyolo::Box& box = result.hasRotatedBoxes() ? result.rotatedBoxes[i] : result.boxes[i];
  return {(box.left + box.right) / 2, (box.top + box.bottom) / 2};
}

}  // namespace

SourceTracker::SourceTracker(const TrackSettings& settings)
    : lines_(settings.lines), zones_(settings.zones), trails_(settings.tracker && settings.trails) {
  if (settings.tracker) tracker_.emplace(*settings.tracker);
  if (tracker_ && tracker_->needsMotion()) camera_.emplace();
}

void SourceTracker::update(Item& item) {
  ++frame_;
  if (tracker_) {
    tracker_->track(item.result, camera_ ? std::optional(motionOf(item)) : std::nullopt);
    keepTracked(item);
    countTracks(item);
  }
  for (auto& [name, line] : lines_) {
    line.update(item.result);
    item.lines.push_back({name, line.start(), line.end(), line.in(), line.out()});
  }
  for (auto& [name, zone] : zones_) {
    zone.update(item.result);
    item.zones.push_back({name, zone.corners(), zone.countByClass()});
  }
  if (trails_) addTrails(item);
}

/// What is not decoded is an image file, which is a source of its own: nothing moved.
trtyolo::Motion SourceTracker::motionOf(const Item& item) {
  if (item.pixels) return camera_->next(*item.pixels);
  return item.hasPixels() ? camera_->next(item.view()) : trtyolo::Motion();
}

void SourceTracker::countTracks(Item& item) {
  for (const int id : item.result.trackIds) {
    const auto place = static_cast<std::size_t>(id);
    if (place >= seen_.size()) seen_.resize(place + 1);
    if (seen_[place]) continue;
    seen_[place] = true;
    ++tracks_;
  }
  item.tracks = tracks_;
}

void SourceTracker::addTrails(Item& item) {
  const std::vector<int>& ids = item.result.trackIds;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Trace& trace = traces_[ids[i]];
    trace.seen = frame_;
    trace.points.push_back(centreOf(item.result, i));
    if (trace.points.size() > kTrail) trace.points.pop_front();
    item.trails.push_back({ids[i], {trace.points.begin(), trace.points.end()}});
  }
  const long kept = tracker_->option().trackBuffer;
  for (auto trace = traces_.begin(); trace != traces_.end();) {
    trace = frame_ - trace->second.seen > kept ? traces_.erase(trace) : std::next(trace);
  }
}

}  // namespace app
