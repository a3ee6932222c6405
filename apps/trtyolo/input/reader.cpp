// From sources to items: see reader.hpp.
#include "input/reader.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "input/image_file.hpp"
#include "input/url.hpp"
#include "terminal/printable.hpp"
#include "terminal/reason.hpp"

namespace app {

using trtyolo::ImageContent, trtyolo::ImageSize;

namespace {

constexpr auto kLook = std::chrono::milliseconds(20);  // between two looks at whether to stop waiting

bool isAnimated(ImageContent content) {
  return content == ImageContent::Animation || content == ImageContent::FirstFrame;
}

/// Takes the one frame of a source that has no more as an image. False if the source is a stream that has only begun.
bool takeSingle(Opened& opened) {
  const Source& source = *opened.item.source;
  if (!source.unclear) {
    opened.frames->read(opened.item.image);
  } else {
    std::optional<Bytes> bytes;
    try {
      bytes = fetch(source.place(), true);
    } catch (const std::runtime_error&) {  // it is not there any more
    }
    if (!bytes) return false;
    opened.item.image = decodeImage(*bytes);  // upright, unlike FFmpeg's
  }
  opened.frames.reset();
  return true;
}

void openFrames(Opened& opened, bool mayBeImage, const PixelBudget& budget) {
  opened.frames.emplace(*opened.item.source);
  const ImageSize size = opened.frames->frameSize();
  budget.require(size.bytes(), describe(size));
  opened.item.rate = opened.frames->rate();
  if (mayBeImage && opened.frames->single() && takeSingle(opened)) return;
  opened.item.video = opened.item.several = true;
}

}  // namespace

Opened open(const Source& source, const PixelBudget& budget) {
  Opened opened;
  opened.item.source = &source;
  opened.item.error = source.error;
  if (source.kind == SourceKind::Missing) return opened;
  try {
    if (source.kind == SourceKind::Camera || source.kind == SourceKind::Stream) {
      openFrames(opened, source.webFile || source.unclear, budget);
      return opened;
    }
    const bool local = source.kind == SourceKind::Video || isFile(source);
    const ImageContent content = local ? contentOfFile(source.name) : ImageContent::Image;
    if (source.kind == SourceKind::Video || content == ImageContent::Animation) {
      openFrames(opened, content == ImageContent::Animation, budget);
    } else if (content == ImageContent::Pages) {
      opened.pages = countPages(source.name);
      opened.item.several = opened.pages > 1;
    }
  } catch (const std::exception& error) {
    opened.frames.reset();
    // What FFmpeg does not read of animated PNGs is left to OpenCV.
    if (source.kind != SourceKind::Image) opened.item.error = reasonOf(error);
  }
  return opened;
}

void fetchOnce(Item& item) {
  const Source& source = *item.source;
  if (!item.image.empty() || isFile(source)) return;
  item.encoded = source.content;
  if (!item.encoded && isWebUrl(source.name)) {
    item.encoded = std::make_shared<const Bytes>(fetch(source.place(), false).value());
  } else if (!item.encoded) {
    item.encoded = std::make_shared<const Bytes>(readBytes(source.name, kMostBytes));
  }
}

std::size_t reserve(Item& item, PixelBudget& budget, std::size_t held) {
  std::optional<ImageSize> size;
  std::size_t bytes = 0;
  if (!item.image.empty()) {
    size = ImageSize{static_cast<std::size_t>(item.image.cols), static_cast<std::size_t>(item.image.rows)};
  } else if (item.encoded) {
    size = trtyolo::imageSize(encoded(*item.encoded));
  } else {
    std::error_code error;
    const auto file = std::filesystem::file_size(item.source->name, error);
    size = trtyolo::imageSizeOf(item.source->name, item.frame);
    if (!error) bytes = file;
  }
  if (!size) return kMostBytes;  // imageOf() tells why
  bytes += size->bytes();
  item.memory = budget.take(bytes, held, describe(*size));
  return bytes;
}

cv::Mat imageOf(const Item& item, std::size_t reserved) {
  const Source& source = *item.source;
  if (!item.image.empty()) return item.image;
  const auto warn = [&](const char* what) {
    spdlog::warn("{}: only the first of its {} is read", oneLine(source.name), what);
  };
  if (!item.encoded) {
    const ImageContent content = contentOfFile(source.name);
    cv::Mat image = readImage(source.name, item.frame, reserved);
    if (isAnimated(content)) warn("frames");
    return image;
  }
  const Bytes& bytes = *item.encoded;
  cv::Mat image = decodeImage(bytes);
  if (trtyolo::hasMorePages(encoded(bytes))) warn("pages");
  if (isAnimated(trtyolo::imageContent(encoded(bytes)))) warn("frames");
  return image;
}

Reader::Reader(const std::vector<Source>& sources, OutputNames& names, std::optional<double> giveUp,
               std::function<bool()> stopped, const PixelBudget& budget)
    : sources_(sources), names_(names), giveUp_(giveUp), stopped_(std::move(stopped)), budget_(budget) {}

std::optional<Item> Reader::next() {
  try {
    return nextOrThrow();
  } catch (const std::exception& error) {  // ends this source
    Item item = std::exchange(current_, {}).item;
    item.image.release();
    item.error = reasonOf(error);
    return item;
  }
}

std::optional<Item> Reader::nextOrThrow() {
  for (;;) {
    if (current_.frames) {
      if (auto frame = nextFrame()) return frame;
      continue;
    }
    if (current_.pages > 1) {
      --current_.pages;
      ++current_.item.frame;
      setPlace();
      return current_.item;
    }
    if (position_ == sources_.size()) return std::nullopt;
    const Source& source = sources_[position_++];
    current_ = {};
    current_.item.source = &source;
    current_ = open(source, budget_);
    Item& item = current_.item;
    if (item.error.empty()) {
      item.name = names_.claim(stemOf(source), item.several);
      setPlace();
    }
    retry_ = Retry(giveUp_.value_or(0));
    came_ = false;
    const bool endless = source.kind == SourceKind::Camera || source.kind == SourceKind::Stream;
    if (!item.error.empty() && endless && giveUp_) {
      if (auto frame = comeBack(std::exchange(item.error, {}))) return frame;
      continue;
    }
    if (!current_.frames) return item;
  }
}

void Reader::setPlace() {
  current_.item.saveAs = names_.saveAs(current_.item);
}

bool Reader::skip() {
  try {
    if (!current_.frames || !current_.frames->live() || !current_.frames->skip()) return false;
  } catch (const std::exception&) {  // next() meets it, too
    return false;
  }
  ++current_.item.frame;
  return true;
}

std::optional<Item> Reader::nextFrame() {
  Item item = current_.item;
  FrameReader& frames = *current_.frames;
  if (frames.read(item.image)) {
    if (!std::exchange(came_, true) && item.frame > 0) spdlog::info("{}: is back", oneLine(item.source->name));
    retry_.came();
    if (item.frame == 0) first_ = std::chrono::steady_clock::now();
    item.time = frames.time();
    ++current_.item.frame;
    return item;
  }
  const bool none = current_.item.frame == 0;
  if (frames.live() && (!none || giveUp_) && !stopped_()) return comeBack(came_ ? kEnded : kNoFrame);
  if (none) {
    current_.frames.reset();
    item.error = kNoFrame;
    return item;
  }
  warnIfCutOff(*item.source, frames, current_.item.frame);
  current_.frames.reset();
  return std::nullopt;
}

/// Waits, and opens the source again, until it is there. An item with an error if it is given up; nothing to go on.
std::optional<Item> Reader::comeBack(const std::string& why) {
  const Source& source = *current_.item.source;
  std::string now = why;
  current_.frames.reset();
  while (const auto pause = retry_.next()) {
    spdlog::warn("{}: {}; tried again in {:g} s", oneLine(source.name), now, *pause);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(*pause);
    while (std::chrono::steady_clock::now() < end && !stopped_()) std::this_thread::sleep_for(kLook);
    if (stopped_()) return std::nullopt;
    try {
      current_.frames.emplace(source);
      current_.item.video = current_.item.several = true;
      if (current_.item.name.empty()) {
        current_.item.name = names_.claim(stemOf(source), true);
        setPlace();
      }
      if (current_.item.frame > 0) current_.frames->goOnFrom(first_);
      came_ = false;
      return std::nullopt;
    } catch (const std::exception& error) {
      now = reasonOf(error);
    }
  }
  Item item = current_.item;
  item.error = retry_.givenUp(now);
  return item;
}

}  // namespace app
