#include "api/image_check.hpp"

#include <limits>
#include <string>

namespace trtyolo {
namespace {

constexpr int kMostSide = 1 << 20;  // pixels: more is a mistake, and coordinates in f32 would lose whole pixels

}  // namespace

ImageView checkedView(const Image& image, const std::optional<Size>& wanted, std::optional<std::size_t> index) {
  const auto fail = [&](const std::string& why) {
    return std::invalid_argument("predict: image" + (index ? " " + std::to_string(*index) : std::string()) + ": " +
                                 why);
  };
  const std::string size = std::to_string(image.width) + " x " + std::to_string(image.height);
  if (image.width < 1 || image.height < 1 || image.width > kMostSide || image.height > kMostSide) {
    throw fail("width and height must be 1 to " + std::to_string(kMostSide) + " pixels, found " + size);
  }
  if (image.ptr == nullptr) {
    throw fail("its pointer is null (" + size + " pixels)");
  }
  if (image.channels != 1 && image.channels != 3 && image.channels != 4) {
    throw fail("channels must be 1, 3 or 4, found " + std::to_string(image.channels));
  }
  const std::size_t row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  if (image.pitch < row) {
    throw fail("a row of " + std::to_string(image.width) + " pixels with " + std::to_string(image.channels) +
               " channels needs a pitch of at least " + std::to_string(row) + " bytes, found " +
               std::to_string(image.pitch));
  }
  if (image.pitch > std::numeric_limits<std::size_t>::max() / 2 / static_cast<std::size_t>(image.height)) {
    throw fail("a pitch of " + std::to_string(image.pitch) + " bytes with " + std::to_string(image.height) +
               " rows is more than the address space");
  }
  if (wanted && !(*wanted == Size{image.width, image.height})) {
    throw fail("setInputDimensions() promised " + std::to_string(wanted->width) + " x " +
               std::to_string(wanted->height) + " pixels, found " + size);
  }
  return {static_cast<const std::uint8_t*>(image.ptr), {image.width, image.height}, image.channels, image.pitch};
}

}  // namespace trtyolo
