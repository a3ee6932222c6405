// The tracks of a source, from one image to the next: ByteTrack (arXiv:2110.06864) with the motion model of its kind,
// what OC-SORT (arXiv:2203.14360) adds, and TrackTrack (Shim et al., CVPR 2025).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "track/distances.hpp"
#include "track/kalman_filter.hpp"
#include "track/observation_history.hpp"
#include "track/track_perspective.hpp"
#include "trtyolo/track.hpp"

namespace trtyolo {

/// An object of an image.
struct Sighting {
  Place place;
  float score = 0;
  std::size_t index = 0;  ///< in the image's objects
};

/// The thresholds of a tracker: those of its option, else the defaults of its kind.
struct Thresholds {
  float high = 0, low = 0, newTrack = 0, match = 0;
};
Thresholds thresholdsOf(const TrackerOption& option);

class TrackList {
 public:
  explicit TrackList(const TrackerOption& option) : option_(option), thresholds_(thresholdsOf(option)) {}

  const TrackerOption& option() const { return option_; }

  /// Whether boxes are rotated; nullopt before the first image.
  std::optional<bool> rotated() const { return rotated_; }

  /// Takes the objects of the next image, and puts the ids of those that have one to their indices. Tracks of BotSort
  /// and TrackTrack move by `motion` before.
  void update(const std::vector<Sighting>& sightings, const Motion& motion, bool rotated, std::vector<int>& ids);

 private:
  struct Track {
    explicit Track(const KalmanFilter& filterOfIt) : filter(filterOfIt) {}

    KalmanFilter filter;
    std::optional<ObservationHistory> history;  // of OcSort
    std::optional<CornerHistory> corners;       // of TrackTrack
    float theta = 0;                            // as it was seen last
    float score = 0, scoreBefore = 0;           // when it was seen last, and the time before
    int id = 0;
    long begin = 0, seen = 0;  // images: the first, and the last in which it was seen
    std::size_t index = 0;     // among the objects of that
    bool confirmed = false;    // seen often enough to be kept while it is not seen
    bool shown = false;        // has its id: confirmed, or begun in the first image
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
  void apply(const Pairs& pairs, Tracks& tracks, Sightings& sightings, bool recovered = false) const;
  void follow(Track& track, const Sighting& sighting) const;
  bool isLongEnough(const Track& track) const;
  void matchByScores(Tracks& known, Tracks& unconfirmed, Sightings& high, Sightings& low) const;
  void matchByTracks(Tracks& known, Tracks& unconfirmed, Sightings& high, const Sightings& low) const;
  void matchMutually(Tracks& tracks, Sightings& sightings, float limit) const;
  void dropWhereTracksAre(Sightings& sightings) const;
  void sort(const Sightings& left);
  Track trackOf(const Sighting& sighting);
  void dropDuplicates();

  TrackerOption option_;
  Thresholds thresholds_;
  std::optional<bool> rotated_;
  long image_ = 0;              // the number of the newest
  int ids_ = 0;                 // that were given
  std::vector<Track> tracked_;  // in the newest image
  std::vector<Track> lost_;     // not in it, but not long ago
};

}  // namespace trtyolo
