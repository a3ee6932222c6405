// What a view says of its sources, as JSON.
#pragma once

#include <deque>
#include <string>

#include "view/feed.hpp"

namespace app {

/// {"model", "task", "names": {"CLASS": NAME}, "sources": [...]}; task and names as soon as there is a frame. A source:
///
///   "source", "state"            its name; waiting, live, stalled, reconnecting or ended
///   "frames", "rate", "age"      predicted so far; a second, lately; seconds since the latest one
///   "error"                      if something is wrong with it
///   "frame", "width", "height"   of the latest frame, as the rest is: its number and size
///   "objects"                    {"CLASS": 3}; of a classifier "top": [{"class", "score"}], of a semantic segmenter
///                                "shares": {"CLASS": 0.4}, of a depth estimator "depth": {"min", "max"}
///   "tracks"                     {"now": 2, "total": 7}, if objects are followed
///   "lines", "zones"             as `predict --json` has them, if there are some
std::string statusText(const std::string& model, const std::deque<Feed>& feeds);

}  // namespace app
