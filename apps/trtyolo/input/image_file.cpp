// Files and bytes of images: see image_file.hpp.
#include "input/image_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>

#include "input/frame_reader.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/reason.hpp"
#include "trtyolo/media_opencv.hpp"
#include "trtyolo/video.hpp"

namespace fs = std::filesystem;

namespace app {
namespace {

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

}  // namespace

trtyolo::ImageContent contentOfFile(const std::string& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return trtyolo::ImageContent::Image;
  std::ifstream stream(file, std::ios::binary);
  Bytes bytes(kBeginning);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return trtyolo::imageContent(encoded(bytes));
}

long countPages(const std::string& file) {
  try {
    return std::max(1L, static_cast<long>(cv::imcount(file)));
  } catch (const cv::Exception&) {
    return 1;
  }
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
  return trtyolo::decodeMat(encoded(bytes));
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
  if (trtyolo::isAvif(encoded(bytes)) && !cv::haveImageReader(file)) {
    if (cv::Mat image = readFirstFrame(file); !image.empty()) return image;
  }
  return decodeImage(bytes);
}

cv::Mat readFirstFrame(const std::string& file) {
  trtyolo::VideoOption option;
  option.bgr = true;
  option.stopped = interrupted;
  try {
    const auto frame = trtyolo::VideoReader(placeOf(file), option).read();
    return frame ? trtyolo::matOf(*frame) : cv::Mat();
  } catch (const trtyolo::VideoError&) {
    return {};
  }
}

}  // namespace app
