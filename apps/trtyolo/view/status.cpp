// What a view says of its sources: see status.hpp.
#include "view/status.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "writers/counts_json.hpp"
#include "writers/json.hpp"

namespace app {
namespace {

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

Json objectsOf(const trtyolo::Result& result) {
  std::map<int, long> counts;
  for (const int type : result.classes) ++counts[type];
  Json objects = Json::object();
  for (const auto& [type, count] : counts) append(objects, std::to_string(type), count);
  return objects;
}

Json topOf(const trtyolo::Result& result) {
  constexpr std::size_t kMost = 3;
  Json top = Json::array();
  for (std::size_t i = 0; i < std::min(kMost, result.classes.size()); ++i) {
    top.push_back({{"class", result.classes[i]}, {"score", result.scores[i]}});
  }
  return top;
}

Json sharesOf(const trtyolo::Result& result) {
  Json shares = Json::object();
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    append(shares, std::to_string(result.classes[i]), result.scores[i]);
  }
  return shares;
}

void addResult(Json& source, const Item& item) {
  const trtyolo::Result& result = item.result;
  switch (result.task) {
    case trtyolo::Task::Classify:
      source["top"] = topOf(result);
      break;
    case trtyolo::Task::Semantic:
      source["shares"] = sharesOf(result);
      break;
    case trtyolo::Task::Depth: {
      const trtyolo::DepthMap::Range range = result.depth.range();
      source["depth"] = {{"min", range.min}, {"max", range.max}};
      break;
    }
    default:
      source["objects"] = objectsOf(result);
  }
}

Json sourceOf(const Feed& feed) {
  const Feed::Status status = feed.status();
  const Item* const item = status.latest.item.get();
  constexpr double kTenths = 10;
  Json source{{"source", item != nullptr ? item->source->name : feed.name()},
              {"state", toString(status.state)},
              {"frames", status.latest.number},
              {"rate", rounded(status.rate, kTenths)}};
  if (!status.error.empty()) source["error"] = status.error;
  if (item == nullptr) return source;
  source["age"] = rounded(status.age, kTenths);
  source["frame"] = item->frame;
  source["width"] = item->result.imageWidth;
  source["height"] = item->result.imageHeight;
  addResult(source, *item);
  if (item->tracks) {
    source["tracks"] = {{"now", item->result.trackIds.size()}, {"total", *item->tracks}};
  }
  if (!item->lines.empty()) source["lines"] = linesOf(item->lines);
  if (!item->zones.empty()) source["zones"] = zonesOf(item->zones);
  return source;
}

}  // namespace

std::string statusText(const std::string& model, const std::deque<Feed>& feeds) {
  Json json{{"model", model}};
  for (const Feed& feed : feeds) {
    const auto item = feed.latest().item;
    if (!item) continue;
    json["task"] = trtyolo::toString(item->result.task);
    json["names"] = namesOf(item->result.names);
    break;
  }
  Json& sources = json["sources"] = Json::array();
  for (const Feed& feed : feeds) sources.push_back(sourceOf(feed));
  return toText(json);
}

}  // namespace app
