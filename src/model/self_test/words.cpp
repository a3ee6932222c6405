// Self-tests in words.
#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>
#include <vector>

#include "model/description.hpp"
#include "model/self_test/self_test.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {
namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  constexpr std::size_t kMost = 256;
  std::string text(kMost, '\0');
  const int length = std::snprintf(text.data(), text.size(), format, values...);
  text.resize(static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(kMost) - 1)));
  return text;
}

const char* nameOf(LetterboxMode mode, bool crop) {
  return crop ? "crop" : toString(mode);
}

std::string classesOf(const std::vector<float>& cells, const ClassNames& names) {
  constexpr std::size_t kShown = 4;
  std::map<int, std::size_t> counts;
  for (const float cell : cells) {
    ++counts[static_cast<int>(cell)];
  }
  std::vector<std::pair<std::size_t, int>> order;
  order.reserve(counts.size());
  for (const auto& [index, count] : counts) {
    order.emplace_back(count, index);
  }
  std::sort(order.rbegin(), order.rend());
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    text += (i == 0 ? "" : ", ") + names[order[i].second] + " in " + std::to_string(order[i].first) + " of " +
            std::to_string(cells.size()) + " cells";
  }
  return text + (order.size() > kShown ? ", ..." : "");
}

}  // namespace

std::string inputOf(const ModelDescription& model, Size image) {
  const Size network = model.fit(image).network;
  const Normalization& normal = model.normalization;
  const bool bgr = normal.swapRB != model.bgrImages;
  const bool crop = model.centerCrop() || model.squareCrop;
  std::string text =
      formatted("%d x %d %s %s", network.width, network.height, bgr ? "bgr" : "rgb", nameOf(model.placing.mode, crop));
  if (!crop && model.placing.mode != LetterboxMode::Stretch) {
    text += formatted(" border %g", static_cast<double>(normal.border));
  }
  for (std::size_t i = 0; i < normal.mean.size(); ++i) {
    text += formatted(i == 0 ? " mean %g std %g" : ", mean %g std %g", static_cast<double>(normal.mean[i]),
                      static_cast<double>(normal.std[i]));
  }
  return text;
}

std::string wordsOf(const TestObject& object, const ClassNames& names) {
  std::string text = names[object.classIndex] + formatted(" %.3f", static_cast<double>(object.score));
  if (!object.corners.empty()) {
    double low[2] = {object.corners[0], object.corners[1]}, high[2] = {low[0], low[1]};
    for (std::size_t i = 0; i < object.corners.size(); ++i) {
      low[i % 2] = std::min(low[i % 2], static_cast<double>(object.corners[i]));
      high[i % 2] = std::max(high[i % 2], static_cast<double>(object.corners[i]));
    }
    text += formatted(" [%.1f, %.1f, %.1f, %.1f]", low[0], low[1], high[0], high[1]);
  }
  return text;
}

std::string wordsOf(const TestFindings& findings, Task task, const ClassNames& names) {
  constexpr std::size_t kShown = 3;
  if (task == Task::Semantic) {
    return classesOf(findings.cells, names);
  }
  if (task == Task::Depth) {
    const auto [least, most] = std::minmax_element(findings.cells.begin(), findings.cells.end());
    return findings.cells.empty()
               ? "nothing"
               : formatted("%.2f to %.2f m", static_cast<double>(*least), static_cast<double>(*most));
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, findings.objects.size()); ++i) {
    text += (i == 0 ? "" : ", ") + wordsOf(findings.objects[i], names);
  }
  const std::size_t rest = findings.objects.size() - std::min(kShown, findings.objects.size());
  return text.empty() ? "nothing" : text + (rest == 0 ? "" : " and " + std::to_string(rest) + " more");
}

std::string wordsOf(const std::map<std::string, std::string>& versions) {
  std::string text;
  for (const auto& [name, version] : versions) {
    text += (text.empty() ? "" : ", ") + name + " " + version;
  }
  return text;
}

std::string wordsOfSelfTest(std::string_view text) {
  try {
    const SelfTestRecord test = parseSelfTest(text);
    return std::to_string(test.items.size()) + (test.items.size() == 1 ? " image" : " images") + ", made with " +
           wordsOf(test.versions);
  } catch (const Error& error) {
    return std::string("cannot be read: ") + error.what();
  }
}

}  // namespace trtyolo
