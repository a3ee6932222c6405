// What items take of the budget of pixels.
#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "input/reader.hpp"

namespace app {
namespace {

Item itemOf(const trtyolo::Image& image) {
  Item item;
  item.pixels.emplace();
  item.pixels->image = image;
  return item;
}

TEST(Reserve, TakesWhatAFrameHasOrWhatItBecomes) {
  constexpr int kWidth = 102, kHeight = 51, kPixels = kWidth * kHeight;
  const std::uint8_t byte = 0;
  const struct {
    trtyolo::Image image;
    std::size_t bytes;
  } frames[] = {{trtyolo::Image::nv12(&byte, &byte, kWidth, kHeight, 128), kPixels + 2 * 51 * 26},
                {trtyolo::Image::i420(&byte, &byte, &byte, kWidth, kHeight), kPixels + 2 * 51 * 26},
                {trtyolo::Image::yuyv(&byte, kWidth, kHeight), 2 * kPixels},
                {trtyolo::Image::gray16(&byte, kWidth, kHeight), 2 * kPixels},
                {trtyolo::Image(&byte, kWidth, kHeight, 1, 0), kPixels},
                {trtyolo::Image(&byte, kWidth, kHeight), 3 * kPixels}};
  PixelBudget budget(3 * kPixels);
  for (const auto& [image, bytes] : frames) {
    Item item = itemOf(image);
    EXPECT_EQ(reserve(item, {&budget}, 0), bytes);
    item.releaseImage();
    item = itemOf(image);
    EXPECT_EQ(reserve(item, {&budget, {}, {}, true}, 0), 3 * kPixels);  // waits for ever unless all is given back
  }
}

TEST(Reserve, RefusesWhatDoesNotFit) {
  const std::uint8_t byte = 0;
  PixelBudget budget(15000);
  const trtyolo::Image image = trtyolo::Image::i420(&byte, &byte, &byte, 100, 100);
  Item first = itemOf(image), second = itemOf(image);
  EXPECT_EQ(reserve(first, {&budget}, 0), 15000U);
  try {
    reserve(second, {&budget}, 15000);
    ADD_FAILURE() << "it fits";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("--pixel-memory"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace app
