// Fuzzes the reading of videos on the CPU: any bytes give frames whose pixels can all be read, at times that rise, or a
// VideoError. Built with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer by scripts/fuzz; FFmpeg is the
// distribution's.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "trtyolo/video.hpp"

namespace {

constexpr int kMostFrames = 12;
constexpr std::size_t kMostBytes = std::size_t{4} << 20U;  // of a frame's pixels

// A file in memory.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* bytes, std::size_t size) : descriptor_(memfd_create("video", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, bytes, size) != static_cast<ssize_t>(size)) {
      throw std::runtime_error("no memory for a file");
    }
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void require(bool sound) {
  if (!sound) {
    std::abort();
  }
}

// Reads every byte of a plane, so that the sanitizers see it.
void readPlane(const void* plane, std::size_t pitch, std::size_t rowBytes, int rows) {
  require(plane != nullptr && pitch >= rowBytes);
  volatile unsigned sum = 0;
  for (int y = 0; y < rows; ++y) {
    const auto* const row = static_cast<const std::uint8_t*>(plane) + static_cast<std::size_t>(y) * pitch;
    for (std::size_t x = 0; x < rowBytes; ++x) {
      sum = sum + row[x];
    }
  }
}

void readPixels(const trtyolo::Image& image) {
  require(image.width > 0 && image.height > 0);
  const auto width = static_cast<std::size_t>(image.width), half = (width + 1) / 2;
  require(width * static_cast<std::size_t>(image.height) <= kMostBytes);
  const int halfRows = (image.height + 1) / 2;
  switch (image.format) {
    case trtyolo::PixelFormat::Interleaved:
      require(image.channels == 1 || image.channels == 3);
      return readPlane(image.ptr, image.pitch, width * static_cast<std::size_t>(image.channels), image.height);
    case trtyolo::PixelFormat::Gray16:
    case trtyolo::PixelFormat::YUYV:
      return readPlane(image.ptr, image.pitch, 2 * width, image.height);
    case trtyolo::PixelFormat::NV12:
      readPlane(image.ptr, image.pitch, width, image.height);
      return readPlane(image.chroma[0], image.chromaPitch, 2 * half, halfRows);
    case trtyolo::PixelFormat::I420:
      readPlane(image.ptr, image.pitch, width, image.height);
      readPlane(image.chroma[0], image.chromaPitch, half, halfRows);
      return readPlane(image.chroma[1], image.chromaPitch, half, halfRows);
  }
  std::abort();
}

}  // namespace

// The first byte says how the rest is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  trtyolo::VideoOption option;
  option.threads = 1;
  option.maxPixelBytes = kMostBytes;
  option.upright = (*bytes & 1U) != 0;
  option.bgr = (*bytes & 2U) != 0;
  option.keepCorrupt = (*bytes & 4U) != 0;
  const bool skips = (*bytes & 8U) != 0;
  // Playlists and the like would open other files, and ask the network.
  option.ffmpegOptions = {{"format_whitelist", "mov,mpegts,mpeg,h264,hevc,m4v,avi,matroska,ivf,mjpeg,gif,flv"},
                          {"protocol_whitelist", "file"}};
  const MemoryFile file(bytes + 1, size - 1);
  try {
    trtyolo::VideoReader video(file.path(), option);
    double last = -1;
    for (int i = 0; i < kMostFrames; ++i) {
      if (skips && i % 2 == 1) {
        video.skip();
        continue;
      }
      const auto frame = video.read();
      if (!frame) {
        break;
      }
      require(frame->time > last && frame->number >= 0);
      require(!option.upright || (frame->rotation == 0 && !frame->mirrored));
      require(option.keepCorrupt || !frame->corrupt);
      last = frame->time;
      readPixels(frame->image);
    }
    video.counts();
  } catch (const trtyolo::VideoError&) {
    // A refusal is a good answer.
  }
  return 0;
}
