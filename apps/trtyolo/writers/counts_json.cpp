// What JSON has of a frame beside its objects: see counts_json.hpp.
#include "writers/counts_json.hpp"

#include <string>
#include <utility>

namespace app {

Json linesOf(const std::vector<LineCount>& lines) {
  Json json = Json::object();
  for (const LineCount& line : lines) append(json, line.name, {{"in", line.in}, {"out", line.out}});
  return json;
}

Json zonesOf(const std::vector<ZoneCount>& zones) {
  Json json = Json::object();
  for (const ZoneCount& zone : zones) {
    Json counts = Json::object();
    for (const auto& [type, count] : zone.byClass) append(counts, std::to_string(type), count);
    append(json, zone.name, std::move(counts));
  }
  return json;
}

Json namesOf(const trtyolo::ClassNames& names) {
  Json json = Json::object();
  for (int i = 0; i < static_cast<int>(names.size()); ++i) append(json, std::to_string(i), names[i]);
  return json;
}

}  // namespace app
