// The kernels' reading of images that are not interleaved bytes, run pixel by pixel on this machine, against the CPU's.
#include "image/cuda/converted_pixel.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/converted_image.hpp"
#include "image/letterbox.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo::cuda::converted_pixel_test {
namespace {

using test::ConvertedImage;
using test::FormatImage;
using test::Random;

constexpr PixelFormat kFormats[] = {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16};

TEST(ConvertedPixel, EqualsTheConvertedImage) {
  Random random(1);
  for (int i = 0; i < 40; ++i) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image =
          test::formatImage(random, format, {random.between(1, 40), random.between(1, 40)}, random() % 3, random() % 4,
                            test::kMatrices[random() % 2], test::kRanges[random() % 2]);
      SCOPED_TRACE(testing::Message() << image);
      const ImageView whole = test::viewOf(image, i % 2 == 0);
      const ImageView part = whole.cropped(whole.size.width / 3, whole.size.height / 3,
                                           {whole.size.width - whole.size.width / 3, (whole.size.height + 1) / 2});
      for (const ImageView& view : {whole, part}) {
        const ConvertedImage converted(view);
        const ImageSlot slot = slotFor(view, {});
        const int channels = converted.view().channels;
        for (int y = 0; y < view.size.height; ++y) {
          for (int x = 0; x < view.size.width; ++x) {
            const Pixel pixel = convertedPixel(slot, x, y);
            for (int channel = 0; channel < 3; ++channel) {
              ASSERT_EQ(channelOf(pixel, channel),
                        converted.view().row(y)[x * channels + (channels == 1 ? 0 : channel)]);
            }
          }
        }
      }
    }
  }
}

TEST(ConvertedPixel, ScaledEqualsTheLetterbox) {
  Random random(2);
  for (int i = 0; i < 60; ++i) {
    for (const PixelFormat format : kFormats) {
      const FormatImage image =
          test::formatImage(random, format, {test::magnitude(random, 800), test::magnitude(random, 600)}, random() % 3,
                            random() % 4, test::kMatrices[random() % 2], test::kRanges[random() % 2]);
      SCOPED_TRACE(testing::Message() << image);
      const ImageView view = test::viewOf(image);
      const Letterbox box = Letterbox::fit(view.size, {97, 61});
      std::vector<float> planes(std::size_t{3} * 97 * 61);
      Letterboxer().write(view, box, {}, planes.data());
      const ImageSlot slot = slotFor(view, box);
      for (int y = 0; y < box.scaled.height; ++y) {
        for (int x = 0; x < box.scaled.width; ++x) {
          const Pixel pixel = scaledConvertedPixel(
              slot, columnTaps(positionAt(x, sourceStep(view.size.width, box.scaled.width)), view.size.width),
              rowTaps(positionAt(y, sourceStep(view.size.height, box.scaled.height)), view.size.height));
          for (int channel = 0; channel < 3; ++channel) {
            const auto at = static_cast<std::size_t>((channel * 61 + box.top + y) * 97 + box.left + x);
            ASSERT_EQ(divideBy255(channelOf(pixel, channel)), planes[at]) << x << ", " << y;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace trtyolo::cuda::converted_pixel_test
