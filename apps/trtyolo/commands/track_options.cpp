// Tracks, lines and zones: see track_options.hpp.
#include "commands/track_options.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "commands/command.hpp"
#include "commands/model_options.hpp"

namespace app {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// All the numbers of a text with commas between them.
std::vector<double> numbersOf(std::string_view text, const std::string& option) {
  std::vector<double> numbers;
  for (std::string_view word : split(text, ',')) {
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size()) {
      throw UsageError(fmt::format("{}: a number of pixels was expected, found '{}'", option, word));
    }
    numbers.push_back(number);
  }
  return numbers;
}

struct Named {
  std::string name;
  std::string_view value;
  std::string option;  ///< for messages
};

Named named(const std::string& given, const std::string& option, const std::string& form) {
  const std::size_t end = given.rfind('=');
  if (end == std::string::npos || end == 0 || end + 1 == given.size()) {
    throw UsageError(fmt::format("{} takes {}, found '{}'", option, form, given));
  }
  const std::string name = given.substr(0, end);
  return {name, std::string_view(given).substr(end + 1), option + " " + name};
}

/// Makes what the options say; what the library refuses becomes a UsageError with the option's name.
template <typename Made, typename Make>
void add(std::vector<std::pair<std::string, Made>>& all, const Named& named, const Make& make) {
  const auto isSame = [&](const auto& one) { return one.first == named.name; };
  if (std::any_of(all.begin(), all.end(), isSame)) throw UsageError(named.option + ": this name was given twice");
  try {
    all.emplace_back(named.name, make());
  } catch (const std::invalid_argument& error) {
    const std::string_view text = error.what();  // "Line: it must ..."
    throw UsageError(fmt::format("{}: {}", named.option, text.substr(text.find(": ") + 2)));
  }
}

trtyolo::Line lineOf(const Named& named, const trtyolo::LineOption& option) {
  const std::vector<double> numbers = numbersOf(named.value, named.option);
  if (numbers.size() != 4) {
    throw UsageError(fmt::format("{}: two points were expected, x1,y1,x2,y2, found {} {} of the four numbers",
                                 named.option, numbers.size() < 4 ? "only" : "more:", numbers.size()));
  }
  return {{numbers[0], numbers[1]}, {numbers[2], numbers[3]}, option};
}

trtyolo::Zone zoneOf(const Named& named) {
  std::vector<trtyolo::Point> corners;
  for (const std::string_view corner : split(named.value, ';')) {
    if (corner.empty()) continue;  // behind the last one
    const std::vector<double> numbers = numbersOf(corner, named.option);
    if (numbers.size() != 2) {
      throw UsageError(
          fmt::format("{}: a corner x,y was expected, found '{}'; a ; stands between corners", named.option, corner));
    }
    corners.push_back({numbers[0], numbers[1]});
  }
  return trtyolo::Zone(std::move(corners));
}

}  // namespace

void addTrackOptions(CLI::App& command, TrackOptions& options) {
  command.option_defaults()->group("Tracks");
  command
      .add_option("--track", options.tracker,
                  "follow the objects of each source, by ByteTrack if nothing else is said: they get ids, and those "
                  "that belong to no track are left out")
      ->type_name("bytetrack|botsort|ocsort|tracktrack")
      ->expected(0, 1)
      ->default_str("bytetrack")
      ->check([](const std::string& name) {
        try {
          static_cast<void>(trtyolo::trackerKindOf(name));
        } catch (const std::invalid_argument&) {
          return "bytetrack, botsort, ocsort or tracktrack was expected, found '" + name +
                 "'; to leave it out, put --track behind the sources or write --track=bytetrack";
        }
        return std::string();
      });
  command.add_option("--line", options.lines, "count who crosses a line, in each direction; several times for several")
      ->type_name("NAME=x1,y1,x2,y2")
      ->allow_extra_args(false);
  command.add_option("--zone", options.zones, "count who is in a polygon, by class; several times for several")
      ->type_name("'NAME=x,y;x,y;x,y...'")
      ->allow_extra_args(false);
}

TrackSettings trackSettings(const TrackOptions& options, bool drawn) {
  TrackSettings settings;
  trtyolo::TrackerOption tracker;
  if (options.tracker) {
    tracker.kind = trtyolo::trackerKindOf(*options.tracker);
    settings.tracker = tracker;
  }
  if (!options.lines.empty() && !options.tracker) {
    throw UsageError("--line counts objects that are followed: give --track, too");
  }
  trtyolo::LineOption lineOption;
  lineOption.trackBuffer = tracker.trackBuffer + 1;  // as long as a track may come back
  for (const std::string& given : options.lines) {
    const Named line = named(given, "--line", "NAME=x1,y1,x2,y2");
    add(settings.lines, line, [&] { return lineOf(line, lineOption); });
  }
  for (const std::string& given : options.zones) {
    const Named zone = named(given, "--zone", "'NAME=x,y;x,y;x,y...'");
    add(settings.zones, zone, [&] { return zoneOf(zone); });
  }
  settings.trails = drawn;
  return settings;
}

void checkTask(const TrackOptions& options, trtyolo::Task task) {
  if (options.any() && !findsObjects(task)) {
    throw UsageError("--track, --line and --zone need boxes, which a model for the task " +
                     std::string(trtyolo::toString(task)) + " does not give");
  }
}

}  // namespace app
