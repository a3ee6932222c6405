// What predict says at the end: see summary.hpp.
#include "summary.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "percentile.hpp"

namespace app {
namespace {

constexpr std::size_t kCallsKept = 65536;  // an endless stream must not fill the memory

std::string counted(long count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

Summary::Summary(const trtyolo::ModelInfo& model)
    : classifies_(model.task == trtyolo::Task::Classify), names_(namesOf(model)) {}

void Summary::add(const Batch& batch, double writeMilliseconds) {
  for (const Item& item : batch.items) add(item);
  read_ += batch.read;
  finish_ += batch.finish;
  write_ += writeMilliseconds;
  if (batch.predict > 0) predict_.push_back(batch.predict);
  if (predict_.size() > kCallsKept) predict_.pop_front();
}

void Summary::add(const Item& item) {
  if (!item.error.empty()) {
    ++errors_;
    return;
  }
  ++images_;
  Part& part = partOf(item);
  ++part.images;
  const std::size_t count =
      classifies_ ? std::min<std::size_t>(1, item.found.classes.size()) : item.found.classes.size();
  for (std::size_t i = 0; i < count; ++i) {
    Tally& tally = part.classes[item.found.classes[i]];
    ++tally.count;
    tally.scores += static_cast<double>(item.found.scores[i]);
  }
}

double Summary::rate() const {
  return static_cast<double>(images_) / std::chrono::duration<double>(Clock::now() - start_).count();
}

Summary::Part& Summary::partOf(const Item& item) {
  if (!hasFrames(*item.source)) return pictures_;
  const auto found =
      std::find_if(videos_.rbegin(), videos_.rend(), [&](const auto& video) { return video.first == item.source; });
  if (found != videos_.rend()) return found->second;
  return videos_.emplace_back(item.source, Part{item.source->name, 0, {}}).second;
}

std::string Summary::objects(const Part& part) const {
  std::string text;
  const char* separator = "";
  for (const auto& [index, tally] : part.classes) {
    text += separator;
    if (!classifies_ || part.images > 1) text += fmt::format("{} ", tally.count);
    text += names_.at(static_cast<std::size_t>(index));
    if (classifies_) text += fmt::format(" {:.2f}", tally.scores / static_cast<double>(tally.count));
    separator = ", ";
  }
  if (classifies_ && part.images > 1) text += " (best classes, mean scores)";
  return part.classes.empty() ? "nothing found" : text;
}

std::string Summary::objectsOf(const Source& source) const {
  const auto found =
      std::find_if(videos_.begin(), videos_.end(), [&](const auto& video) { return video.first == &source; });
  return objects(found == videos_.end() ? Part{} : found->second);
}

std::string Summary::line(const Part& part) const {
  const std::string title =
      part.title.empty() ? counted(part.images, "picture") : part.title + ": " + counted(part.images, "frame");
  return title + ": " + objects(part) + "\n";
}

std::string Summary::text(std::size_t clones) const {
  std::string text;
  if (pictures_.images > 0) text += line(pictures_);
  for (const auto& video : videos_) text += line(video.second);
  if (errors_ > 0) text += counted(errors_, "source") + " could not be read\n";
  if (images_ == 0) return text + "no image was predicted";
  const std::vector<double> calls(predict_.begin(), predict_.end());
  const double count = static_cast<double>(images_), speed = rate();
  text += fmt::format("{} in {:.2f} s: {:.1f} images/s with {}\n", counted(images_, "image"), count / speed, speed,
                      counted(static_cast<long>(clones), "clone"));
  text += fmt::format(
      "read {:.1f} ms an image; predict {:.1f} ms a call (p99 {:.1f}); draw {:.1f} and write {:.1f} ms an image",
      read_ / count, percentile(calls, 50), percentile(calls, 99), finish_ / count, write_ / count);
  return text;
}

}  // namespace app
