// What predict says at the end: see summary.hpp.
#include "terminal/summary.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <vector>

#include "terminal/printable.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

constexpr std::size_t kCallsKept = 65536;  // an endless stream must not fill the memory

std::string counted(long count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

Summary::Summary(const trtyolo::ModelInfo& model) : task_(model.task), names_(model.names) {}

void Summary::add(const Batch& batch, double writeMilliseconds) {
  for (const Item& item : batch.items) add(item, item.video);
  read_ += batch.read;
  draw_ += batch.draw;
  write_ += writeMilliseconds;
  if (batch.predict > 0) predict_.push_back(batch.predict);
  if (predict_.size() > kCallsKept) predict_.pop_front();
}

void Summary::add(const Item& item, bool ofSource) {
  if (!item.error.empty()) {
    ++errors_;
    return;
  }
  ++count_;
  if (item.onGpu) ++onGpu_;
  if (!item.saveError.empty()) ++unsaved_;
  Tallies& tallies = ofSource ? videos_[item.source] : images_;
  ++tallies.images;
  const std::vector<int>& classes = item.result.classes;
  const std::size_t count =
      task_ == trtyolo::Task::Classify ? std::min<std::size_t>(1, classes.size()) : classes.size();
  for (std::size_t i = 0; i < count; ++i) {
    Tally& tally = tallies.classes[classes[i]];
    ++tally.count;
    tally.scores += static_cast<double>(item.result.scores[i]);
  }
  if (const auto range = item.result.depth.range(); range.max > 0) {
    tallies.nearest = tallies.farthest > 0 ? std::min(tallies.nearest, range.min) : range.min;
    tallies.farthest = std::max(tallies.farthest, range.max);
  }
}

double Summary::rate() const {
  return static_cast<double>(count_) / std::chrono::duration<double>(Clock::now() - start_).count();
}

std::string Summary::objects(const Tallies& tallies) const {
  const bool classifies = task_ == trtyolo::Task::Classify;
  std::string text;
  const char* separator = "";
  if (task_ == trtyolo::Task::Depth) return fmt::format("{:.2f} to {:.2f} m", tallies.nearest, tallies.farthest);
  for (const auto& [index, tally] : tallies.classes) {
    text += separator;
    separator = ", ";
    if (task_ == trtyolo::Task::Semantic) {
      text += fmt::format("{} {:.1f} %", names_[index], 100 * tally.scores / static_cast<double>(tallies.images));
      continue;
    }
    if (!classifies || tallies.images > 1) text += fmt::format("{} ", tally.count);
    text += names_[index];
    if (classifies) text += fmt::format(" {:.2f}", tally.scores / static_cast<double>(tally.count));
  }
  if (classifies && tallies.images > 1) text += " (best classes, mean scores)";
  return tallies.classes.empty() ? "nothing found" : text;
}

std::string Summary::objectsOf(const Source& source) const {
  const auto video = videos_.find(&source);
  return objects(video == videos_.end() ? Tallies{} : video->second);
}

std::string Summary::decodedText(long byModel) const {
  const long onGpu = std::min(count_, onGpu_ + byModel);
  return fmt::format("decoded on the GPU: {}, on the CPU: {}", onGpu, count_ - onGpu);
}

std::string Summary::text(std::size_t clones) const {
  std::string text;
  const auto add = [&](const std::string& title, const Tallies& tallies) {
    text += title + ": " + objects(tallies) + "\n";
  };
  if (images_.images > 0) add(counted(images_.images, "image"), images_);
  for (const auto& [source, video] : videos_) add(oneLine(source->name) + ": " + counted(video.images, "frame"), video);
  if (errors_ > 0) text += counted(errors_, "source") + " could not be read\n";
  if (unsaved_ > 0) text += counted(unsaved_, "image") + " could not be saved\n";
  if (count_ == 0) return text + "no image was predicted";
  const std::vector<double> calls = predictCalls();
  const double count = static_cast<double>(count_), speed = rate();
  text += fmt::format("{} in {:.2f} s: {:.1f} images/s with {}\n", counted(count_, "image"), count / speed, speed,
                      counted(static_cast<long>(clones), "clone"));
  text += fmt::format(
      "read {:.1f} ms an image; predict {:.1f} ms a call (p99 {:.1f}); draw {:.1f} and write {:.1f} ms an image",
      read_ / count, trtyolo::percentile(calls, 50), trtyolo::percentile(calls, 99), draw_ / count, write_ / count);
  return text;
}

}  // namespace app
