// The tracks of a source, from one image to the next: ByteTrack (arXiv:2110.06864) with the motion model of its kind,
// and what OC-SORT (arXiv:2203.14360) adds.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "track/distances.hpp"
#include "track/kalman_filter.hpp"
#include "track/observation_history.hpp"
#include "trtyolo/track.hpp"

namespace trtyolo {

/// An object of an image.
struct Sighting {
  Place place;
  float score = 0;
  std::size_t index = 0;  ///< in the image's objects
};

class TrackList {
 public:
  explicit TrackList(const TrackerOption& option) : option_(option) {}

  const TrackerOption& option() const { return option_; }

  /// Whether boxes are rotated; nullopt before the first image.
  std::optional<bool> rotated() const { return rotated_; }

  /// Takes the objects of the next image, and puts the ids of those that have one to their indices. BotSort's tracks
  /// move by `motion` before.
  void update(const std::vector<Sighting>& sightings, const Motion& motion, bool rotated, std::vector<int>& ids);

 private:
  struct Track {
    KalmanFilter filter;
    std::optional<ObservationHistory> history;  // of OcSort
    float theta = 0;                            // as it was seen last
    int id = 0;
    long begin = 0, seen = 0;  // images: the first, and the last in which it was seen
    std::size_t index = 0;     // among the objects of that
    bool confirmed = false;    // seen twice, or in the first image
    bool expired = false;      // once was not seen for longer than the buffer: lost again, it is forgotten at once

    Place place() const { return {filter.box(), theta}; }
    long length() const { return seen - begin; }
  };
  using Sightings = std::vector<const Sighting*>;
  using Tracks = std::vector<Track*>;

  bool isSeen(const Track& track) const { return track.seen == image_; }
  CostMatrix distancesOf(const Tracks& tracks, const Sightings& sightings) const;
  CostMatrix distancesOfLastPlaces(const Tracks& tracks, const Sightings& sightings) const;
  CostMatrix fullCosts(const Tracks& tracks, const Sightings& sightings) const;
  void recover(Tracks& tracks, Sightings& sightings) const;
  void match(Tracks& tracks, Sightings& sightings, const CostMatrix& costs, float limit, bool recovered = false) const;
  void sort(const Sightings& left);
  Track trackOf(const Sighting& sighting);
  void dropDuplicates();

  TrackerOption option_;
  std::optional<bool> rotated_;
  long image_ = 0;              // the number of the newest
  int ids_ = 0;                 // that were given
  std::vector<Track> tracked_;  // in the newest image
  std::vector<Track> lost_;     // not in it, but not long ago
};

}  // namespace trtyolo
