#include "media/frame_bgr.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>

#include "api/image_check.hpp"
#include "image/row_source.hpp"
#include "media/frame_download.hpp"

namespace trtyolo::media {
namespace {

constexpr std::size_t kBgr = 3;  // channels

template <std::size_t channels>
void swapRow(const std::uint8_t* from, std::size_t width, std::uint8_t* to) {
  for (std::size_t x = 0; x < width; ++x, from += channels, to += kBgr) {
    to[0] = from[2];
    to[1] = from[1];
    to[2] = from[0];
  }
}

// Leaves the fourth channel out.
void dropFourth(const std::uint8_t* from, std::size_t width, std::uint8_t* to) {
  for (std::size_t x = 0; x + 1 < width; ++x, from += 4, to += kBgr) {
    std::memcpy(to, from, 4);  // one store; the next pixel overwrites what is too much
  }
  std::memcpy(to, from, kBgr);
}

// A row of so many channels, in the order BGR or RGB.
void writeRow(const std::uint8_t* from, std::size_t width, int channels, bool bgr, std::uint8_t* to) {
  if (channels == 1) {
    for (std::size_t x = 0; x < width; ++x, to += kBgr) {
      std::fill_n(to, kBgr, from[x]);
    }
  } else if (channels == 3) {
    bgr ? static_cast<void>(std::memcpy(to, from, kBgr * width)) : swapRow<3>(from, width, to);
  } else {
    bgr ? dropFourth(from, width, to) : swapRow<4>(from, width, to);
  }
}

}  // namespace

void checkFrame(const std::string& what, const Image& image, std::optional<int> gpu) {
  std::string wrong = complaintAbout(image);
  if (wrong.empty() && image.memory == ImageMemory::Device && !gpu) {
    wrong = "it is in the memory of a GPU (Image::memory), and VideoFrame::gpu names none";
  }
  if (!wrong.empty()) {
    throw std::invalid_argument(what + ": " + wrong);
  }
}

void writeBgr(const Image& image, std::optional<int> gpu, bool bgr, std::uint8_t* to) {
  ImageView view = viewOf(image);
  HostImage host;
  if (gpu) {
    host = download(view, *gpu);
    view = host.view;
  }
  if (view.conversion.needed()) {
    view.conversion.bgr = bgr = true;
  }
  RowSource rows;
  rows.open(view, 1);
  const auto width = static_cast<std::size_t>(view.size.width);
  for (int y = 0; y < view.size.height; ++y, to += kBgr * width) {
    writeRow(rows.row(y), width, view.channels, bgr, to);
  }
}

}  // namespace trtyolo::media
