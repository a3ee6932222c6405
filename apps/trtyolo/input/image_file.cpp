// Files and bytes of images: see image_file.hpp.
#include "input/image_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string_view>

#include "input/frame_reader.hpp"
#include "input/image_size.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/reason.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

using Bytes = std::vector<unsigned char>;
using namespace std::string_view_literals;

std::string_view textOf(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool isTiff(std::string_view text) {
  return text.starts_with("II*\0"sv) || text.starts_with("MM\0*"sv) || text.starts_with("II+\0"sv) ||
         text.starts_with("MM\0+"sv);
}

/// ISO media files of images: AVIF, HEIF.
bool isAvif(std::string_view text) {
  return text.size() >= 12 && text.substr(4, 4) == "ftyp" && (text.substr(8, 3) == "avi" || text.substr(8, 3) == "mif");
}

/// The chunk acTL stands in front of a PNG file's data.
bool isAnimatedPng(std::string_view text) {
  return text.starts_with("\x89PNG\r\n\x1a\n") && text.substr(0, text.find("IDAT")).find("acTL") != text.npos;
}

/// Whether a JPEG file ends where its image does. What is cut off lacks the mark of the end, and decoders fill the
/// rest. Of other files true.
bool hasItsEnd(std::string_view jpeg) {
  constexpr unsigned kEnd = 0xD9, kScan = 0xDA, kRestart = 0xD0, kTem = 0x01;
  if (!jpeg.starts_with("\xFF\xD8\xFF")) return true;
  std::size_t position = 2;
  while ((position = jpeg.find('\xFF', position)) != std::string_view::npos && position + 1 < jpeg.size()) {
    const auto marker = static_cast<unsigned char>(jpeg[++position]);
    if (marker == kEnd) return true;
    // Fill bytes, zeros behind a byte FF of the data, and marks that are followed by no length.
    if (marker == 0xFF) continue;
    if (marker == 0 || marker == kTem || (marker >= kRestart && marker < kEnd)) {
      ++position;
      continue;
    }
    if (position + 2 >= jpeg.size()) return false;
    const auto length = (static_cast<std::size_t>(static_cast<unsigned char>(jpeg[position + 1])) << 8U) +
                        static_cast<unsigned char>(jpeg[position + 2]);
    position += 1 + length;
    if (marker != kScan && position >= jpeg.size()) return false;
  }
  return false;
}

/// A file, pipe or device that is open for reading. Opening a pipe does not wait for who writes to it.
struct Descriptor {
  explicit Descriptor(const std::string& file) : number(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    if (number < 0) throw std::runtime_error(std::string("cannot be opened: ") + std::strerror(errno));
  }
  ~Descriptor() { ::close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number;
};

void waitToRead(int descriptor) {
  constexpr int kLookEvery = 100;  // milliseconds
  pollfd ready{descriptor, POLLIN, 0};
  while (poll(&ready, 1, kLookEvery) <= 0) {
    if (interrupted()) throw std::runtime_error("nothing came until the end was asked for");
  }
}

constexpr std::size_t kBeginning = 4096;
constexpr const char* kUnreadable = "not an image that OpenCV can read, or damaged";

/// Of what OpenCV's image codecs do not know and FFmpeg may: AVIF.
cv::Mat readByFfmpeg(const std::string& file) {
  cv::Mat image;
  cv::VideoCapture video(placeOf(file), videoBackend());
  if (video.isOpened()) video.read(image);
  return image;
}

}  // namespace

Content contentOf(const Bytes& beginning) {
  const std::string_view text = textOf(beginning);
  if (text.starts_with("GIF8") || isAnimatedPng(text)) return Content::Animation;
  if (isTiff(text)) return Content::Pages;
  constexpr std::size_t kFlags = 20;
  const bool webp = text.starts_with("RIFF") && text.substr(8, 8) == "WEBPVP8X" && text.size() > kFlags;
  if (webp && (static_cast<unsigned char>(text[kFlags]) & 2U) != 0) return Content::Unmoved;
  if (isAvif(text) && text.substr(8, 4) == "avis") return Content::Unmoved;
  return Content::Image;
}

bool isPicture(const Bytes& beginning) {
  const std::string_view text = textOf(beginning);
  if (isTiff(text) || isAvif(text)) return true;
  if (text.size() > 2 && text[0] == 'P' && text[1] >= '1' && text[1] <= '7' && std::isspace(text[2]) != 0) return true;
  if (text.starts_with("RIFF")) return text.substr(8, 4) == "WEBP";
  constexpr std::array kBeginnings{"\xFF\xD8\xFF"sv, "\x89PNG"sv,      "BM"sv,
                                   "GIF8"sv,         "\0\0\0\x0CjP"sv, "\xFF\x4F\xFF\x51"sv};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](std::string_view b) { return text.starts_with(b); });
}

Bytes beginningOf(const std::string& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return {};
  std::ifstream stream(file, std::ios::binary);
  Bytes bytes(kBeginning);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

long countPages(const std::string& file) {
  try {
    return std::max(1L, static_cast<long>(cv::imcount(file)));
  } catch (const cv::Exception&) {
    return 1;
  }
}

bool hasMorePages(const Bytes& bytes) {
  const std::string_view text = textOf(bytes);
  const bool little = text.starts_with("II*\0"sv);
  if (!little && !text.starts_with("MM\0*"sv)) return false;
  const auto number = [&](std::size_t position, std::size_t length) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t at = position + (little ? length - 1 - i : i);
      value = (value << 8U) + (at < bytes.size() ? bytes[at] : 0U);
    }
    return value;
  };
  // A directory of entries of 12 bytes, with their number in front and the place of the next directory behind.
  constexpr std::size_t kEntry = 12;
  const std::size_t directory = number(4, 4);
  return number(directory + 2 + kEntry * number(directory, 2), 4) != 0;
}

Bytes readBytes(const std::string& file, std::size_t most) {
  const Descriptor descriptor(file);
  Bytes bytes;
  constexpr std::size_t kStep = std::size_t{1} << 16;
  for (;;) {
    waitToRead(descriptor.number);
    const std::size_t size = bytes.size();
    bytes.resize(size + std::max(kStep, size / 2));
    const ssize_t count = ::read(descriptor.number, bytes.data() + size, bytes.size() - size);
    bytes.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
      throw std::runtime_error(std::string("cannot be read: ") + std::strerror(errno));
    }
    if (count == 0) break;
    if (bytes.size() > most) {
      throw std::runtime_error("it is larger than " + std::to_string(most >> 20U) + " MiB, which is the most");
    }
  }
  if (bytes.empty()) throw std::runtime_error("the file is empty");
  return bytes;
}

cv::Mat decodeImage(const Bytes& bytes) {
  if (bytes.empty()) throw std::runtime_error("the file is empty");
  if (!imageSize(bytes)) throw std::runtime_error(kUnreadable);
  cv::Mat image;
  try {
    image = cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const std::exception& error) {
    throw std::runtime_error("OpenCV cannot decode the image: " + reasonOf(error));
  }
  if (image.empty() && contentOf(bytes) == Content::Unmoved) {
    throw std::runtime_error("an animated image, which this version of OpenCV (" CV_VERSION ") cannot read");
  }
  if (image.empty()) throw std::runtime_error(kUnreadable);
  if (!hasItsEnd(textOf(bytes))) throw std::runtime_error("the JPEG image is damaged: it is cut off before its end");
  return image;
}

cv::Mat readImage(const std::string& file, long page, std::size_t most) {
  if (page > 0) {
    std::vector<cv::Mat> pages;
    try {
      cv::imreadmulti(file, pages, static_cast<int>(page), 1, cv::IMREAD_COLOR);
    } catch (const std::exception& error) {
      throw std::runtime_error("OpenCV cannot decode this page: " + reasonOf(error));
    }
    if (pages.empty() || pages.front().empty()) throw std::runtime_error("this page cannot be read");
    return pages.front();
  }
  const Bytes bytes = readBytes(file, most);
  if (isAvif(textOf(bytes)) && !cv::haveImageReader(file)) {
    if (cv::Mat image = readByFfmpeg(file); !image.empty()) return image;
  }
  return decodeImage(bytes);
}

}  // namespace app
