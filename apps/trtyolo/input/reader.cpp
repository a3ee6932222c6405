// From sources to items: see reader.hpp.
#include "input/reader.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "input/url.hpp"
#include "terminal/printable.hpp"
#include "terminal/reason.hpp"
#include "trtyolo/media_opencv.hpp"

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
    opened.item.image = trtyolo::matOf(*opened.frames->read());
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

void openFrames(Opened& opened, bool mayBeImage, const InputSettings& settings) {
  opened.frames.emplace(*opened.item.source, settings);
  opened.item.rate = opened.frames->rate();
  if (mayBeImage && opened.frames->single() && takeSingle(opened)) return;
  opened.item.video = opened.item.several = true;
}

/// Without the gaps between rows.
std::size_t bytesOf(const trtyolo::Image& image) {
  const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
  switch (image.format) {
    case trtyolo::PixelFormat::NV12:
    case trtyolo::PixelFormat::I420:
      return width * height + (width + 1) / 2 * 2 * ((height + 1) / 2);
    case trtyolo::PixelFormat::YUYV:
    case trtyolo::PixelFormat::Gray16:
      return 2 * width * height;
    default:
      return width * height * static_cast<std::size_t>(image.channels);
  }
}

}  // namespace

Opened open(const Source& source, const InputSettings& settings) {
  Opened opened;
  opened.item.source = &source;
  opened.item.error = source.error;
  if (source.kind == SourceKind::Missing) return opened;
  try {
    if (source.kind == SourceKind::Camera || source.kind == SourceKind::Stream) {
      openFrames(opened, source.webFile || source.unclear, settings);
      return opened;
    }
    const bool local = source.kind == SourceKind::Video || isFile(source);
    const ImageContent content = local ? contentOfFile(source.name) : ImageContent::Image;
    if (source.kind == SourceKind::Video || content == ImageContent::Animation) {
      openFrames(opened, content == ImageContent::Animation, settings);
    } else if (content == ImageContent::Pages) {
      opened.pages = countPages(source.name);
      opened.item.several = opened.pages > 1;
    }
  } catch (const trtyolo::VideoInterruptedError&) {
    throw;
  } catch (const std::exception& error) {
    opened.frames.reset();
    // What FFmpeg does not read of animated PNGs is left to OpenCV.
    if (source.kind != SourceKind::Image) opened.item.error = reasonOf(error);
  }
  return opened;
}

void fetchOnce(Item& item) {
  const Source& source = *item.source;
  if (item.hasPixels() || isFile(source)) return;
  item.encoded = source.content;
  if (!item.encoded && isWebUrl(source.name)) {
    item.encoded = std::make_shared<const Bytes>(fetch(source.place(), false).value());
  } else if (!item.encoded) {
    item.encoded = std::make_shared<const Bytes>(readBytes(source.name, kMostBytes));
  }
}

std::size_t reserve(Item& item, const InputSettings& settings, std::size_t held) {
  std::optional<ImageSize> size;
  std::size_t bytes = 0;
  if (item.hasPixels()) {
    const trtyolo::Image image = item.view();
    size = ImageSize{static_cast<std::size_t>(image.width), static_cast<std::size_t>(image.height)};
    bytes = settings.keepsImages ? std::max(bytesOf(image), size->bytes()) : bytesOf(image);  // it becomes BGR
    item.memory = settings.budget->take(bytes, held, describe(*size));
    return bytes;
  }
  if (item.encoded) {
    size = trtyolo::imageSize(encoded(*item.encoded));
  } else {
    std::error_code error;
    const auto file = std::filesystem::file_size(item.source->name, error);
    size = trtyolo::imageSizeOf(item.source->name, item.frame);
    if (!error) bytes = file;
  }
  if (!size) return kMostBytes;  // imageOf() tells why
  bytes += size->bytes();
  item.memory = settings.budget->take(bytes, held, describe(*size));
  return bytes;
}

std::shared_ptr<const Bytes> jpegOf(const Item& item, std::size_t reserved) {
  constexpr std::array<unsigned char, 3> kBegin{0xFF, 0xD8, 0xFF};
  if (item.hasPixels() || item.frame > 0) return nullptr;
  const auto begins = [&](const Bytes& bytes) {
    return bytes.size() > kBegin.size() && std::equal(kBegin.begin(), kBegin.end(), bytes.begin());
  };
  if (item.encoded) return begins(*item.encoded) ? item.encoded : nullptr;
  Bytes begin(kBegin.size() + 1);
  std::ifstream file(item.source->name, std::ios::binary);
  file.read(reinterpret_cast<char*>(begin.data()), static_cast<std::streamsize>(begin.size()));
  return begins(begin) ? std::make_shared<const Bytes>(readBytes(item.source->name, reserved)) : nullptr;
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
               InputSettings settings)
    : sources_(sources), names_(names), giveUp_(giveUp), settings_(std::move(settings)) {}

std::optional<Item> Reader::next() {
  try {
    return nextOrThrow();
  } catch (const trtyolo::VideoInterruptedError&) {
    current_ = {};
    position_ = sources_.size();
    return std::nullopt;
  } catch (const std::exception& error) {  // ends this source
    Item item = std::exchange(current_, {}).item;
    item.releaseImage();
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
    current_ = open(source, settings_);
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
  item.pixels = frames.read();
  if (item.pixels) {
    if (!std::exchange(came_, true)) {
      if (settings_.away) settings_.away(false);
      if (item.frame > 0) spdlog::info("{}: is back", oneLine(item.source->name));
    }
    retry_.came();
    if (item.frame == 0) {
      first_ = std::chrono::steady_clock::now();
      warnIfNotOnGpu(*item.source, frames);
    }
    item.onGpu = item.pixels->gpu.has_value();
    item.time = frames.time();
    item.wall = std::chrono::system_clock::now();
    ++current_.item.frame;
    return item;
  }
  const bool none = current_.item.frame == 0;
  const std::string why = !frames.failure().empty() ? frames.failure() : came_ ? kEnded : kNoFrame;
  if (frames.live() && (!none || giveUp_) && !stopped()) return comeBack(why);
  if (!none) warnOfLosses(*item.source, frames, current_.item.frame);
  const bool failed = none || (!frames.live() && !frames.failure().empty());
  current_.frames.reset();
  if (!failed) return std::nullopt;
  item.error = why;
  return item;
}

/// Waits, and opens the source again, until it is there. An item with an error if it is given up; nothing to go on.
std::optional<Item> Reader::comeBack(const std::string& why) {
  const Source& source = *current_.item.source;
  std::string now = why;
  current_.frames.reset();
  if (settings_.away) settings_.away(true);
  while (const auto pause = retry_.next()) {
    spdlog::warn("{}: {}; tried again in {:g} s", oneLine(source.name), now, *pause);
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(*pause);
    while (std::chrono::steady_clock::now() < end && !stopped()) std::this_thread::sleep_for(kLook);
    if (stopped()) return std::nullopt;
    try {
      current_.frames.emplace(source, settings_);
      current_.item.video = current_.item.several = true;
      if (current_.item.name.empty()) {
        current_.item.name = names_.claim(stemOf(source), true);
        setPlace();
      }
      if (current_.item.frame > 0) current_.frames->goOnFrom(first_);
      came_ = false;
      return std::nullopt;
    } catch (const trtyolo::VideoInterruptedError&) {
      throw;
    } catch (const std::exception& error) {
      now = reasonOf(error);
    }
  }
  Item item = current_.item;
  item.error = retry_.givenUp(now);
  return item;
}

}  // namespace app
