// Frames of videos, cameras and streams: see frame_reader.hpp.
#include "input/frame_reader.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "input/url.hpp"
#include "terminal/printable.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

std::string whereToOpen(const Source& source) {
  if (source.kind == SourceKind::Camera) return "/dev/video" + source.name;
  return source.kind == SourceKind::Stream ? source.place() : placeOf(source.place());
}

trtyolo::VideoOption videoOption(const Source& source, const InputSettings& settings) {
  trtyolo::VideoOption option;
  option.gpu = settings.gpu;
  option.bgr = true;  // as the model takes images
  option.stopped = settings.stopped;
  if (settings.budget != nullptr) option.maxPixelBytes = settings.budget->total();
  if (source.kind == SourceKind::Video) option.openTimeout = option.readTimeout = 0;  // a pipe may be slow
  return option;
}

/// `text` with `to` in place of `from`, if that is in it.
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What the library says of the source, without its name and in the program's words.
std::string ownReasonOf(const trtyolo::VideoError& error, const std::string& place) {
  std::string_view text = error.what();
  const std::string name = withoutPasswords(place) + ": ";
  if (text.starts_with(name)) text.remove_prefix(name.size());
  return replaced(std::string(text), "VideoOption::maxPixelBytes", "--pixel-memory");
}

std::string whyNotOpen(const Source& source, const std::string& reason) {
  if (source.kind == SourceKind::Video || source.kind == SourceKind::Image) {
    return replaced(reason, "not a video", "neither an image nor a video");
  }
  const std::string cause = replaced(reason, "cannot be opened: ", "");
  return source.kind == SourceKind::Camera ? "camera " + source.name + " cannot be opened: " + cause
                                           : cause + ", so the stream cannot be opened";
}

trtyolo::VideoReader openVideo(const Source& source, const std::string& place, const InputSettings& settings) {
  try {
    return trtyolo::VideoReader(place, videoOption(source, settings));
  } catch (const trtyolo::VideoInterruptedError&) {
    throw;
  } catch (const trtyolo::VideoError& error) {
    throw std::runtime_error(whyNotOpen(source, ownReasonOf(error, place)));
  }
}

}  // namespace

std::string placeOf(const std::string& file) {
  return fs::path(file).is_absolute() ? file : "./" + file;
}

FrameReader::FrameReader(const Source& source, const InputSettings& settings)
    : place_(whereToOpen(source)), video_(openVideo(source, place_, settings)) {
  live_ = source.kind == SourceKind::Camera || (source.kind == SourceKind::Stream && length() == 0 && !source.webFile);
}

std::optional<trtyolo::VideoFrame> FrameReader::read() {
  std::optional<Ahead> next;
  if (!ahead_.empty()) {
    next = std::move(ahead_.front());
    ahead_.pop_front();
  } else {
    next = readNext();
  }
  if (!next) return std::nullopt;
  time_ = offset_ + next->time;
  return std::move(next->frame);
}

bool FrameReader::skip() {
  if (!ahead_.empty()) return false;
  try {
    return video_.skip();
  } catch (const trtyolo::VideoInterruptedError&) {
    throw;
  } catch (const trtyolo::VideoError& error) {
    fail(ownReasonOf(error, place_));
    return false;
  }
}

bool FrameReader::single() {
  while (ahead_.size() < 2) {
    auto next = readNext();
    if (!next) break;
    ahead_.push_back(std::move(*next));
  }
  return ahead_.size() == 1;
}

std::optional<FrameReader::Ahead> FrameReader::readNext() {
  try {
    auto frame = video_.read();
    if (!frame) return std::nullopt;
    const double time = timeOf(*frame);
    ++count_;
    return Ahead{std::move(*frame), time};
  } catch (const trtyolo::VideoInterruptedError&) {
    throw;
  } catch (const trtyolo::VideoError& error) {
    fail(ownReasonOf(error, place_));
    return std::nullopt;
  }
}

void FrameReader::fail(const std::string& reason) {
  failure_ = replaced(reason, "expected frames, and found none", kNoFrame);
}

double FrameReader::timeOf(const trtyolo::VideoFrame& frame) {
  if (!live_) return frame.time;
  const auto now = std::chrono::steady_clock::now();
  if (count_ == 0) begin_ = now;
  return std::chrono::duration<double>(now - begin_).count();
}

void warnOfLosses(const Source& source, const FrameReader& frames, long count) {
  const long length = frames.length();
  if (frames.damaged() > 0) {
    spdlog::warn("{}: {} damaged parts of it were left out", oneLine(source.name), frames.damaged());
  }
  // Headers may be off by a few frames; a file that was cut off lacks many, and ends early: where frames do not come at
  // a constant rate, their number is no more than a guess.
  const auto nearly = [](auto all) { return all - all / 50 - 2; };
  if (count >= nearly(length)) return;
  if (frames.rate() > 0 && frames.time() * frames.rate() >= nearly(static_cast<double>(length))) return;
  spdlog::warn("{}: the file says that it has {} frames, and only {} can be read", oneLine(source.name), length, count);
}

void warnIfNotOnGpu(const Source& source, const FrameReader& frames) {
  const std::string why = frames.whyNoGpu();
  if (!why.empty()) spdlog::warn("{}: decoded on the CPU: {}", oneLine(source.name), why);
}

}  // namespace app
