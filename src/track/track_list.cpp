#include "track/track_list.hpp"

#include <algorithm>
#include <cstddef>
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

void TrackList::update(const std::vector<Sighting>& sightings, bool rotated, std::vector<int>& ids) {
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
  match(known, high, option_.matchThresh, option_.fuseScore);
  std::erase_if(known, [this](const Track* track) { return track->seen < image_ - 1; });
  match(known, low, kLowScoreLimit, false);
  match(unconfirmed, high, kUnconfirmedLimit, option_.fuseScore);
  sort(high);
  dropDuplicates();
  for (const Track& track : tracked_) {
    if (track.confirmed) {
      ids[track.index] = track.id;
    }
  }
}

// Takes those that belong together out of both.
void TrackList::match(Tracks& tracks, Sightings& sightings, float limit, bool fuse) const {
  CostMatrix costs = distances(placesOf(tracks, [](const Track* track) { return track->place(); }),
                               placesOf(sightings, [](const Sighting* sighting) { return sighting->place; }),
                               rotated_.value_or(false));
  if (fuse) {
    fuseScores(costs, sightings);
  }
  std::vector<bool> matched(sightings.size());
  for (const auto& [row, column] : assign(costs, limit)) {
    Track& track = *tracks[row];
    const Sighting& sighting = *sightings[column];
    track.filter.update(sighting.place.box);
    track.theta = sighting.place.theta;
    track.seen = image_;
    track.index = sighting.index;
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
  return {KalmanFilter(option_.kind, sighting.place.box),
          sighting.place.theta,
          ++ids_,
          image_,
          image_,
          sighting.index,
          image_ == 1,
          false};
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
