// What becomes a result: see result_options.hpp.
#include "commands/result_options.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

#include "commands/command.hpp"

namespace app {
namespace {

constexpr int kMostClass = 1000000;
constexpr std::size_t kShown = 5;  // names in a message

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::string lower(std::string text) {
  for (char& letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

/// How many letters have to be added, taken away or exchanged to make one of the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, exchanged});
    }
  }
  return row.back();
}

bool isPart(const std::string& part, const std::string& of) {
  return part.size() > 2 && of.find(part) != std::string::npos;
}

[[noreturn]] void throwUnknown(const std::string& word, const trtyolo::ClassNames& names) {
  if (names.empty()) {
    throw UsageError("--classes: '" + word + "' is no number, and the model has no names of classes");
  }
  std::multimap<std::size_t, std::string> near;
  for (const auto& [index, name] : names.map()) {
    const std::string a = lower(word), b = lower(name);
    const std::size_t apart = distance(a, b);
    const bool part = isPart(a, b) || isPart(b, a);
    if (part || 3 * apart <= std::max(a.size(), b.size()) + 2) near.emplace(apart, name);
  }
  std::string text = "--classes: no class of the model is called '" + word + "'; ";
  std::vector<std::string> shown;
  for (const auto& [apart, name] : near) shown.push_back(name);
  text += shown.empty() ? "there are " : "did you mean ";
  if (shown.empty()) {
    for (const auto& [index, name] : names.map()) shown.push_back(name);
  }
  for (std::size_t i = 0; i < std::min(kShown, shown.size()); ++i) text += (i == 0 ? "'" : ", '") + shown[i] + "'";
  throw UsageError(text + (near.empty() ? (shown.size() > kShown ? ", ..." : "") : "?"));
}

/// The class that a word means: its number, or its name.
std::optional<int> classOf(const std::string& word, const trtyolo::ClassNames& names) {
  int number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size() && number >= 0 && number <= kMostClass) return number;
  std::optional<int> alike;
  for (const auto& [index, name] : names.map()) {
    if (trimmed(name) == word) return index;
    if (lower(trimmed(name)) == lower(word)) alike = alike.value_or(index);
  }
  return alike;
}

}  // namespace

void addResultOptions(CLI::App& command, ResultOptions& options) {
  command.option_defaults()->group("Objects");
  command.add_option("--conf", options.confidence, "objects must score more than this")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->default_str("0.25");
  command.add_option("--iou", options.iou, "of two boxes that overlap more than this the lower score is dropped")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->default_str("0.7");
  command.add_option("--max-det", options.most, "most objects in an image")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""))
      ->default_str("300");
  command
      .add_option("--classes", options.classes,
                  "keep these classes only, by number or name: 0,2 or 'car,traffic light'")
      ->type_name("N|NAME,...")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        return text.find_first_not_of(", ") == std::string::npos ? "classes were expected, found '" + text + "'" : "";
      });
  command.add_flag("--agnostic", options.agnostic, "boxes of different classes drop each other too");
  command.add_option("--topk", options.topK, "classify: how many of the best classes are given")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""))
      ->default_str("5");
  command.add_flag("--no-retina-masks", options.networkMasks,
                   "segment: masks of the size of the network's input, border included, not of the image's");
}

void apply(const ResultOptions& options, trtyolo::InferOption& option) {
  if (options.confidence) option.setConfidence(*options.confidence);
  if (options.iou) option.setIou(*options.iou);
  if (options.most) option.setMaxDetections(*options.most);
  if (options.agnostic) option.setAgnostic(true);
  if (options.topK) option.setTopK(*options.topK);
  option.setRetinaMasks(!options.networkMasks);
}

std::vector<int> classesOf(const ResultOptions& options, const trtyolo::ClassNames& names) {
  std::vector<int> classes;
  for (const std::string& given : options.classes) {
    for (std::size_t begin = 0; begin <= given.size();) {
      // The longest name that begins here: one may have commas.
      std::size_t end = given.size();
      std::optional<int> found;
      while (!(found = classOf(trimmed(given.substr(begin, end - begin)), names))) {
        const std::size_t comma = end > begin ? given.rfind(',', end - 1) : std::string::npos;
        if (comma == std::string::npos || comma < begin) break;
        end = comma;
      }
      const std::string word = trimmed(given.substr(begin, end - begin));
      if (found) classes.push_back(*found);
      if (!found && !word.empty()) throwUnknown(word, names);
      begin = end + 1;
    }
  }
  return classes;
}

std::string idleOptions(const ResultOptions& options, trtyolo::Task task) {
  const bool classifies = task == trtyolo::Task::Classify, semantic = task == trtyolo::Task::Semantic;
  const bool finds = !classifies && !semantic && task != trtyolo::Task::Depth;
  std::string idle;
  const auto add = [&](bool given, bool matters, const char* name) {
    if (given && !matters) idle += (idle.empty() ? "" : ", ") + std::string(name);
  };
  add(options.confidence.has_value(), finds, "--conf");
  add(options.iou.has_value(), finds, "--iou");
  add(options.most.has_value(), finds, "--max-det");
  add(!options.classes.empty(), finds || semantic, "--classes");
  add(options.agnostic, finds, "--agnostic");
  add(options.topK.has_value(), classifies, "--topk");
  add(options.networkMasks, task == trtyolo::Task::Segment, "--no-retina-masks");
  if (idle.empty()) return "";
  return "without effect on a model for the task " + std::string(trtyolo::toString(task)) + ": " + idle;
}

}  // namespace app
