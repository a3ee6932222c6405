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

void TrackList::update(const std::vector<Sighting>& sightings, const Motion& motion, bool rotated,
                       std::vector<int>& ids) {
  rotated_ = rotated;
  ++image_;
  Sightings high, low;
  for (const Sighting& sighting : sightings) {
    if (sighting.score >= option_.trackHighThresh) {
      high.push_back(&sighting);
    } else if (sighting.score > option_.trackLowThresh) {
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
  if (option_.kind == TrackerKind::BotSort) {
    for (const Tracks* tracks : {&known, &unconfirmed}) {
      for (Track* track : *tracks) {
        track->filter.move(motion, rotated);
        track->theta += static_cast<float>(std::atan2(motion.yx, motion.xx));
      }
    }
  }
  match(known, high, fullCosts(known, high), option_.matchThresh);
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
  sort(high);
  dropDuplicates();
  for (const Track& track : tracked_) {
    if (track.confirmed) {
      ids[track.index] = track.id;
    }
  }
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
        if (float& cost = costs.at(row, column); cost < option_.matchThresh) {  // others do not match anyhow
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
  match(tracks, sightings, costs, option_.matchThresh, true);
}

// Takes those that belong together out of both. `recovered`: whose filter is corrected, had it not been seen.
void TrackList::match(Tracks& tracks, Sightings& sightings, const CostMatrix& costs, float limit,
                      bool recovered) const {
  std::vector<bool> matched(sightings.size());
  for (const auto& [row, column] : assign(costs, limit)) {
    Track& track = *tracks[row];
    const auto& [place, score, index] = *sightings[column];
    if (recovered && track.seen < image_ - 1) {
      track.filter = track.history->filterOnTheWayTo(image_, place.box);
    }
    track.filter.update(place.box);
    if (track.history) {
      track.history->add(image_, place.box, track.filter);
    }
    track.theta = place.theta;
    track.seen = image_;
    track.index = index;
    track.confirmed = true;
    matched[column] = true;
  }
  std::erase_if(tracks, [this](const Track* track) { return isSeen(*track); });
  eraseMarked(sightings, matched);
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
    if (sighting->score >= option_.newTrackThresh) {
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
  const KalmanFilter filter(option_.kind, place.box);
  std::optional<ObservationHistory> history;
  if (option_.kind == TrackerKind::OcSort) {
    history.emplace(option_.deltaT, image_, place.box, filter);
  }
  return {filter, std::move(history), place.theta, ++ids_, image_, image_, index, image_ == 1, false};
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
