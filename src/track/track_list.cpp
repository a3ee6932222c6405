#include "track/track_list.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

namespace trtyolo {
namespace {

constexpr float kLowScoreLimit = 0.5F;     // distance of objects of low scores to their tracks
constexpr float kUnconfirmedLimit = 0.7F;  // of objects to tracks that were seen once
constexpr float kDuplicateLimit = 0.15F;   // tracks that are nearer to each other are one object's
constexpr float kLeastOverlap = 0.1F;      // of objects and tracks that TrackTrack compares
constexpr double kMostCertain = 0.95;      // of scores, as TrackTrack's filter takes them

template <typename Element>
void eraseMarked(std::vector<Element>& elements, const std::vector<bool>& marked) {
  std::size_t i = 0;
  std::erase_if(elements, [&](const Element&) { return marked[i++]; });
}

template <typename Elements, typename PlaceOf>
std::vector<Place> placesOf(const Elements& elements, PlaceOf placeOf) {
  std::vector<Place> places;
  places.reserve(elements.size());
  for (const auto& element : elements) {
    places.push_back(placeOf(element));
  }
  return places;
}

void fuseScores(CostMatrix& costs, const std::vector<const Sighting*>& sightings) {
  for (std::size_t row = 0; row < costs.rows; ++row) {
    for (std::size_t column = 0; column < costs.columns; ++column) {
      costs.at(row, column) = 1.0F - (1.0F - costs.at(row, column)) * sightings[column]->score;
    }
  }
}

}  // namespace

Thresholds thresholdsOf(const TrackerOption& option) {
  const Thresholds usual = option.kind == TrackerKind::TrackTrack ? Thresholds{0.6F, 0.25F, 0.7F, 0.7F}
                                                                  : Thresholds{0.25F, 0.1F, 0.25F, 0.8F};
  return {option.trackHighThresh.value_or(usual.high), option.trackLowThresh.value_or(usual.low),
          option.newTrackThresh.value_or(usual.newTrack), option.matchThresh.value_or(usual.match)};
}

void TrackList::update(const std::vector<Sighting>& sightings, const Motion& motion, bool rotated,
                       std::vector<int>& ids) {
  rotated_ = rotated;
  ++image_;
  Sightings high, low;
  for (const Sighting& sighting : sightings) {
    if (sighting.score >= thresholds_.high) {
      high.push_back(&sighting);
    } else if (sighting.score > thresholds_.low) {
      low.push_back(&sighting);
    }
  }
  Tracks known, unconfirmed;
  for (Track& track : tracked_) {
    (track.confirmed ? known : unconfirmed).push_back(&track);
  }
  for (Track& track : lost_) {
    track.filter.stopGrowing();
    known.push_back(&track);
  }
  for (Track* track : known) {
    track->filter.predict();
  }
  const bool byTracks = option_.kind == TrackerKind::TrackTrack;
  if (byTracks) {
    for (Track* track : unconfirmed) {
      track->filter.stopGrowing();
      track->filter.predict();
    }
  }
  if (byTracks || option_.kind == TrackerKind::BotSort) {
    for (const Tracks* tracks : {&known, &unconfirmed}) {
      for (Track* track : *tracks) {
        track->filter.move(motion, rotated);
        track->theta += static_cast<float>(std::atan2(motion.yx, motion.xx));
      }
    }
  }
  if (byTracks) {
    matchByTracks(known, unconfirmed, high, low);
  } else {
    matchByScores(known, unconfirmed, high, low);
  }
  sort(high);
  dropDuplicates();
  for (const Track& track : tracked_) {
    if (track.shown) {
      ids[track.index] = track.id;
    }
  }
}

// ByteTrack, and what OC-SORT adds: objects of high scores first, then those of low ones.
void TrackList::matchByScores(Tracks& known, Tracks& unconfirmed, Sightings& high, Sightings& low) const {
  match(known, high, fullCosts(known, high), thresholds_.match);
  Tracks lost;
  std::erase_if(known, [&](Track* track) {
    const bool isLost = track->seen < image_ - 1;
    if (isLost) {
      lost.push_back(track);
    }
    return isLost;
  });
  if (option_.kind == TrackerKind::OcSort) {
    recover(known, high);
    recover(lost, high);
  }
  if (option_.kind != TrackerKind::OcSort || option_.useByte) {
    match(known, low, distancesOf(known, low), kLowScoreLimit);
  }
  match(unconfirmed, high, fullCosts(unconfirmed, high), kUnconfirmedLimit);
}

// TrackTrack: objects of high and low scores at once. Those that an overlap threshold suppressed, which the paper adds
// with a penalty of their own, are none of a result's.
void TrackList::matchByTracks(Tracks& known, Tracks& unconfirmed, Sightings& high, const Sightings& low) const {
  Sightings both = high;
  both.insert(both.end(), low.begin(), low.end());
  matchMutually(known, both, thresholds_.match);
  std::erase_if(both, [this](const Sighting* sighting) { return sighting->score < thresholds_.high; });
  high = std::move(both);
  matchMutually(unconfirmed, high, thresholds_.match);
  if (option_.lostMatchThr > 0) {
    std::erase_if(known, [this](const Track* track) { return track->seen == image_ - 1 || track->expired; });
    matchMutually(known, high, option_.lostMatchThr);
  }
  dropWhereTracksAre(high);
}

CostMatrix TrackList::distancesOf(const Tracks& tracks, const Sightings& sightings) const {
  return distances(placesOf(tracks, [](const Track* track) { return track->place(); }),
                   placesOf(sightings, [](const Sighting* sighting) { return sighting->place; }),
                   rotated_.value_or(false));
}

// By where tracks were seen last. Of rotated boxes Ultralytics compares where they are thought to be.
CostMatrix TrackList::distancesOfLastPlaces(const Tracks& tracks, const Sightings& sightings) const {
  if (rotated_.value_or(false)) {
    return distancesOf(tracks, sightings);
  }
  return distances(placesOf(tracks,
                            [](const Track* track) {
                              return Place{track->history->lastBox(), 0};
                            }),
                   placesOf(sightings, [](const Sighting* sighting) { return sighting->place; }), false);
}

// Of objects that are compared first: with scores and directions, as the settings say.
CostMatrix TrackList::fullCosts(const Tracks& tracks, const Sightings& sightings) const {
  CostMatrix costs = distancesOf(tracks, sightings);
  if (option_.fuseScore) {
    fuseScores(costs, sightings);
  }
  if (option_.kind == TrackerKind::OcSort) {
    for (std::size_t row = 0; row < costs.rows; ++row) {
      for (std::size_t column = 0; column < costs.columns; ++column) {
        if (float& cost = costs.at(row, column); cost < thresholds_.match) {  // others do not match anyhow
          cost += option_.inertia * tracks[row]->history->turnTo(sightings[column]->place.box);
        }
      }
    }
  }
  return costs;
}

// Of OC-SORT: compares tracks with objects by where they were seen last.
void TrackList::recover(Tracks& tracks, Sightings& sightings) const {
  CostMatrix costs = distancesOfLastPlaces(tracks, sightings);
  if (option_.fuseScore) {
    fuseScores(costs, sightings);
  }
  match(tracks, sightings, costs, thresholds_.match, true);
}

void TrackList::match(Tracks& tracks, Sightings& sightings, const CostMatrix& costs, float limit,
                      bool recovered) const {
  apply(assign(costs, limit), tracks, sightings, recovered);
}

// Takes those that belong together out of both. `recovered`: whose filter is corrected, had it not been seen.
void TrackList::apply(const Pairs& pairs, Tracks& tracks, Sightings& sightings, bool recovered) const {
  std::vector<bool> matched(sightings.size());
  for (const auto& [row, column] : pairs) {
    Track& track = *tracks[row];
    if (recovered && track.seen < image_ - 1) {
      track.filter = track.history->filterOnTheWayTo(image_, sightings[column]->place.box);
    }
    follow(track, *sightings[column]);
    matched[column] = true;
  }
  std::erase_if(tracks, [this](const Track* track) { return isSeen(*track); });
  eraseMarked(sightings, matched);
}

void TrackList::follow(Track& track, const Sighting& sighting) const {
  const auto& [place, score, index] = sighting;
  if (option_.kind == TrackerKind::TrackTrack) {  // what scores more is more certain (NSA, arXiv:2202.11983)
    track.filter.update(place.box, 1 - std::min(static_cast<double>(score), kMostCertain));
  } else {
    track.filter.update(place.box);
  }
  if (track.history) {
    track.history->add(image_, place.box, track.filter);
  }
  if (track.corners && track.seen < image_ - 1) {  // as in Ultralytics, where it is thought to be
    track.corners->addFoundAgain(image_, track.filter.box());
  } else if (track.corners) {
    track.corners->add(image_, place.box);
  }
  track.theta = place.theta;
  track.scoreBefore = track.score;
  track.score = score;
  track.seen = image_;
  track.index = index;
  track.confirmed = track.confirmed || isLongEnough(track);
  track.shown = track.shown || track.confirmed;
}

// Whether a track that was seen in each image is long enough to be kept while it is not.
bool TrackList::isLongEnough(const Track& track) const {
  return option_.kind != TrackerKind::TrackTrack || track.length() + 1 >= option_.minTrackLen;
}

// Of TrackTrack: takes those that belong together out of both. Angles of rotated boxes do not matter, as in
// Ultralytics.
void TrackList::matchMutually(Tracks& tracks, Sightings& sightings, float limit) const {
  std::vector<Box> boxes;
  std::vector<ShiftedBox> shapes;
  for (const Sighting* sighting : sightings) {
    boxes.push_back(cornersOf(sighting->place.box));
    shapes.push_back(shifted(boxes.back(), 0, true));
  }
  std::vector<Candidate> candidates;
  for (std::size_t row = 0; row < tracks.size(); ++row) {
    const Track& track = *tracks[row];
    const Box box = cornersOf(track.filter.box());
    const ShiftedBox shape = shifted(box, 0, true);
    const float expected = track.score + (track.score - track.scoreBefore);
    for (std::size_t column = 0; column < boxes.size(); ++column) {
      const float overlap = uprightOverlap(shape, shapes[column]);
      if (!(overlap > kLeastOverlap)) {
        continue;
      }
      const float score = sightings[column]->score;
      const float cost =
          (option_.iouWeight + option_.reidWeight) * (1.0F - overlap * heightOverlap(box, boxes[column])) +
          option_.confWeight * std::abs(expected - score) +
          option_.angleWeight * score * track.corners->turnTo(image_, boxes[column]);
      const float penalty = score < thresholds_.high ? option_.penaltyP : 0.0F;
      if (const float whole = std::clamp(cost, 0.0F, 1.0F) + penalty; whole < 1) {
        candidates.push_back({row, column, whole});
      }
    }
  }
  apply(mutualNearest(std::move(candidates), static_cast<double>(limit), static_cast<double>(option_.reduceStep)),
        tracks, sightings);
}

// Of TrackTrack: leaves the objects that may begin tracks. None where a track is that was seen in this image and (as in
// Ultralytics) in the one before, nor where one of a higher score is.
void TrackList::dropWhereTracksAre(Sightings& sightings) const {
  std::vector<ShiftedBox> taken;
  for (const Track& track : tracked_) {
    if (isSeen(track)) {
      taken.push_back(shifted(cornersOf(track.filter.box()), 0, true));
    }
  }
  std::vector<std::size_t> order;  // by falling score; of equal ones the last first, as in Ultralytics
  for (std::size_t i = sightings.size(); i > 0; --i) {
    order.push_back(i - 1);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sightings[a]->score > sightings[b]->score; });
  std::vector<bool> dropped(sightings.size(), true);
  for (const std::size_t i : order) {
    const ShiftedBox shape = shifted(cornersOf(sightings[i]->place.box), 0, true);
    dropped[i] = !(sightings[i]->score > thresholds_.newTrack) ||
                 std::any_of(taken.begin(), taken.end(),
                             [&](const ShiftedBox& other) { return uprightOverlap(shape, other) > option_.taiThr; });
    if (!dropped[i]) {
      taken.push_back(shape);
    }
  }
  eraseMarked(sightings, dropped);
}

// Sorts tracks by whether they were seen, drops those that have not been for too long or only once, and begins new ones
// with the objects that are left.
void TrackList::sort(const Sightings& left) {
  std::vector<Track> tracked, lost;
  for (Track& track : tracked_) {
    if (isSeen(track)) {
      tracked.push_back(std::move(track));
    }
  }
  for (const Sighting* sighting : left) {
    if (sighting->score >= thresholds_.newTrack) {
      tracked.push_back(trackOf(*sighting));
    }
  }
  for (Track& track : lost_) {
    if (isSeen(track)) {
      tracked.push_back(std::move(track));
    } else if (!track.expired) {
      track.expired = image_ - track.seen > option_.trackBuffer;
      lost.push_back(std::move(track));
    }
  }
  for (Track& track : tracked_) {
    if (!isSeen(track) && track.confirmed && !track.expired) {
      lost.push_back(std::move(track));
    }
  }
  tracked_ = std::move(tracked);
  lost_ = std::move(lost);
}

TrackList::Track TrackList::trackOf(const Sighting& sighting) {
  const auto& [place, score, index] = sighting;
  Track track(KalmanFilter(option_.kind, place.box));
  if (option_.kind == TrackerKind::OcSort) {
    track.history.emplace(option_.deltaT, image_, place.box, track.filter);
  } else if (option_.kind == TrackerKind::TrackTrack) {
    track.corners.emplace(image_, place.box);
  }
  track.theta = place.theta;
  track.score = track.scoreBefore = score;
  track.id = ++ids_;
  track.begin = track.seen = image_;
  track.index = index;
  if (option_.kind == TrackerKind::TrackTrack) {
    track.confirmed = isLongEnough(track);
    track.shown = track.confirmed || image_ == 1;
  } else {
    track.confirmed = track.shown = image_ == 1;
  }
  return track;
}

// Of a tracked and a lost one at the same place the one goes that has been followed for less long.
void TrackList::dropDuplicates() {
  const auto placeOf = [](const Track& track) { return track.place(); };
  const CostMatrix costs = distances(placesOf(tracked_, placeOf), placesOf(lost_, placeOf), rotated_.value_or(false));
  std::vector<bool> fromTracked(tracked_.size()), fromLost(lost_.size());
  for (std::size_t i = 0; i < costs.rows; ++i) {
    for (std::size_t j = 0; j < costs.columns; ++j) {
      if (costs.at(i, j) < kDuplicateLimit) {
        (tracked_[i].length() > lost_[j].length() ? fromLost[j] : fromTracked[i]) = true;
      }
    }
  }
  eraseMarked(tracked_, fromTracked);
  eraseMarked(lost_, fromLost);
}

}  // namespace trtyolo
