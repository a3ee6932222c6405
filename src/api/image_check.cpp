#include "api/image_check.hpp"

#include <cmath>
#include <limits>
#include <string>

namespace trtyolo {
namespace {

constexpr int kMostSide = 1 << 20;  // pixels: more is a mistake, and coordinates in f32 would lose whole pixels

// What a check says is wrong with an image; empty if nothing is.
using Complaint = std::string;

std::string sizeOf(const Image& image) {
  return std::to_string(image.width) + " x " + std::to_string(image.height);
}

// Of a plane of rows of `row` bytes, which `what` describes.
Complaint wrongPlane(const std::string& what, std::size_t row, std::size_t pitch, int rows) {
  if (pitch < row) {
    return what + " needs a pitch of at least " + std::to_string(row) + " bytes, found " + std::to_string(pitch);
  }
  if (pitch > std::numeric_limits<std::size_t>::max() / 2 / static_cast<std::size_t>(rows)) {
    return "a pitch of " + std::to_string(pitch) + " bytes with " + std::to_string(rows) +
           " rows is more than the address space";
  }
  return {};
}

Complaint wrongInterleaved(const Image& image) {
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    return "channels must be 1, 3 or 4, found " + std::to_string(image.channels);
  }
  const std::size_t row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  return wrongPlane(
      "a row of " + std::to_string(image.width) + " pixels with " + std::to_string(image.channels) + " channels", row,
      image.pitch, image.height);
}

Complaint wrongGray(const Image& image) {
  if (image.low < 0 || image.high > 65535 || image.low >= image.high) {
    return "the values that Gray16 maps to 0 to 255 must be low < high, from 0 to 65535, found " +
           std::to_string(image.low) + " to " + std::to_string(image.high);
  }
  return wrongPlane("a row of " + std::to_string(image.width) + " pixels in Gray16",
                    2 * static_cast<std::size_t>(image.width), image.pitch, image.height);
}

Complaint wrongYuv(const Image& image, const std::string& format) {
  if (image.matrix != ColorMatrix::BT601 && image.matrix != ColorMatrix::BT709) {
    return "its matrix is none of those of ColorMatrix, found " + std::to_string(static_cast<int>(image.matrix));
  }
  if (image.range != ColorRange::Limited && image.range != ColorRange::Full) {
    return "its range is none of those of ColorRange, found " + std::to_string(static_cast<int>(image.range));
  }
  const std::string ofPixels = " of " + std::to_string(image.width) + " pixels in " + format;
  const auto width = static_cast<std::size_t>(image.width);
  if (image.format == PixelFormat::YUYV) {
    if (image.width % 2 != 0) {
      return "YUYV holds pairs of pixels: the width must be even, found " + std::to_string(image.width);
    }
    return wrongPlane("a row" + ofPixels, 2 * width, image.pitch, image.height);
  }
  const bool together = image.format == PixelFormat::NV12;
  if (image.chroma[0] == nullptr || (!together && image.chroma[1] == nullptr)) {
    return format + (together ? " needs a plane of U and V, chroma[0], and its pointer is null"
                              : " needs planes of U and V, chroma[0] and [1], and a pointer is null");
  }
  Complaint wrong = wrongPlane("a row of Y" + ofPixels, width, image.pitch, image.height);
  if (!wrong.empty()) {
    return wrong;
  }
  return wrongPlane("a row of the chroma" + ofPixels, (width + 1) / 2 * (together ? 2 : 1), image.chromaPitch,
                    image.height);
}

Complaint wrongPixels(const Image& image) {
  switch (image.format) {
    case PixelFormat::Interleaved:
      return wrongInterleaved(image);
    case PixelFormat::Gray16:
      return wrongGray(image);
    case PixelFormat::NV12:
      return wrongYuv(image, "NV12");
    case PixelFormat::I420:
      return wrongYuv(image, "I420");
    case PixelFormat::YUYV:
      return wrongYuv(image, "YUYV");
  }
  return "its format is none of those of PixelFormat, found " + std::to_string(static_cast<int>(image.format));
}

Complaint wrongPart(const RotatedPart& part) {
  constexpr double kFarthest = 2.0 * kMostSide;
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;
  if (part.width == 0 && part.height == 0) {
    return {};
  }
  if (part.width < 1 || part.height < 1 || part.width > kMostSide || part.height > kMostSide ||
      std::int64_t{part.width} * part.height > kMostPixels) {
    return "a rotated part must have sides of 1 to " + std::to_string(kMostSide) + " pixels, and at most " +
           std::to_string(kMostPixels) + " in all, found " + std::to_string(part.width) + " x " +
           std::to_string(part.height);
  }
  // Written so that what is no number is wrong, too.
  if (!(std::abs(part.x) <= kFarthest && std::abs(part.y) <= kFarthest && std::isfinite(part.theta))) {
    return "a rotated part must have a centre within " + std::to_string(static_cast<int>(kFarthest)) +
           " pixels and a finite angle, found " + std::to_string(part.x) + ", " + std::to_string(part.y) + " and " +
           std::to_string(part.theta);
  }
  return {};
}

// {1, -1}, which no image has, if it is none.
Size wholeOf(const ImageSize& size) {
  constexpr std::size_t kMost = kMostSide;
  if (size.width > kMost || size.height > kMost || (size.width == 0) != (size.height == 0)) {
    return {1, -1};
  }
  return {static_cast<int>(size.width), static_cast<int>(size.height)};
}

}  // namespace

std::string complaintAbout(const Image& image) {
  if (image.width < 1 || image.height < 1 || image.width > kMostSide || image.height > kMostSide) {
    return "width and height must be 1 to " + std::to_string(kMostSide) + " pixels, found " + sizeOf(image);
  }
  if (image.ptr == nullptr) {
    return "its pointer is null (" + sizeOf(image) + " pixels)";
  }
  if (Complaint wrong = wrongPixels(image); !wrong.empty()) {
    return wrong;
  }
  return wrongPart(image.part);
}

ImageView viewOf(const Image& image) {
  ImageView view{static_cast<const std::uint8_t*>(image.ptr), {image.width, image.height}, image.channels, image.pitch};
  view.memory = image.memory;
  PixelConversion& conversion = view.conversion;
  conversion.format = image.format;
  if (image.format == PixelFormat::Gray16) {
    view.channels = 1;
    conversion.gray = GrayWindow(image.low, image.high);
  } else if (conversion.needed()) {
    view.channels = 4;
    conversion.yuv = yuvWeights(image.matrix, image.range);
    if (image.format != PixelFormat::YUYV) {
      conversion.chromaPitch = image.chromaPitch;
      conversion.chroma[0] = static_cast<const std::uint8_t*>(image.chroma[0]);
      if (image.format == PixelFormat::I420) {
        conversion.chroma[1] = static_cast<const std::uint8_t*>(image.chroma[1]);
      }
    }
  }
  if (image.part.width > 0) {
    view.size = {image.part.width, image.part.height};
    view.rotation = Rotation(image.part, {image.width, image.height});
  }
  return view;
}

ImageView checkedView(const Image& image, const std::optional<Size>& wanted, std::optional<std::size_t> index,
                      std::optional<int> gpu, const ImageSize& whole) {
  const auto fail = [&](const std::string& why) {
    return std::invalid_argument("predict: image" + (index ? " " + std::to_string(*index) : std::string()) + ": " +
                                 why);
  };
  if (const Complaint wrong = complaintAbout(image); !wrong.empty()) {
    throw fail(wrong);
  }
  if (image.memory == ImageMemory::Device && !gpu) {
    throw fail("it is in the memory of a GPU (Image::memory), and the model runs on the CPU");
  }
  ImageView view = viewOf(image);
  view.whole = wholeOf(whole);
  const Size found = view.wholeSize();
  if (found.width < view.size.width || found.height < view.size.height) {
    throw fail("its decoder says that it was reduced from " + std::to_string(whole.width) + " x " +
               std::to_string(whole.height) + " pixels, found " + sizeOf(image));
  }
  if (wanted && !(*wanted == found)) {
    throw fail("setInputDimensions() promised " + std::to_string(wanted->width) + " x " +
               std::to_string(wanted->height) + " pixels, found " + std::to_string(found.width) + " x " +
               std::to_string(found.height));
  }
  return view;
}

}  // namespace trtyolo
