// Rotated parts of images on the GPU against the CPU's, to the bit.
#include "image/cuda/rotated_crop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "gpu.hpp"
#include "image/converted_image.hpp"
#include "image/rotated_crop.hpp"
#include "image_batch.hpp"

namespace trtyolo::cuda::rotated_crop_test {
namespace {

using test::FormatImage;
using test::Random;

class CudaRotatedCrop : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    stream_.emplace();
  }

  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_()) / static_cast<double>(std::mt19937::max());
  }

  // About the image, sometimes beyond it.
  RotatedPart randomPart(Size image, int most) {
    RotatedPart part;
    part.width = test::magnitude(random_, most);
    part.height = test::magnitude(random_, most);
    part.x = uniform(-0.2 * image.width, 1.2 * image.width);
    part.y = uniform(-0.2 * image.height, 1.2 * image.height);
    part.theta = uniform(-8, 8);
    return part;
  }

  // `device` is `view` with its planes on the GPU.
  void check(ImageView view, ImageView device, const RotatedPart& part) {
    for (ImageView* const each : {&view, &device}) {
      each->rotation = Rotation(part, each->size);
      each->size = {part.width, part.height};
    }
    const ImageView wanted = cropper_.upright(view);
    const auto channels = static_cast<std::size_t>(uprightChannels(device));
    const std::size_t rowBytes = static_cast<std::size_t>(part.width) * channels;
    const std::size_t pitch = roundUp(rowBytes, 4) + 4 * (random_() % 3);
    const auto rows = static_cast<std::size_t>(part.height);
    std::vector<std::uint8_t> found(pitch * rows, kUnwritten);
    const DeviceMemory<std::uint8_t> memory(found.size());
    copyToDevice(memory.get(), found.data(), found.size());
    rotatedCrop(device, memory.get(), pitch, stream_->get());
    stream_->wait();
    trtyolo::cuda::check(cudaMemcpy(found.data(), memory.get(), found.size(), cudaMemcpyDeviceToHost), "reading");
    const std::size_t used = channels == 1 ? 1 : 3;
    for (std::size_t y = 0; y < rows; ++y) {
      const std::uint8_t* const row = found.data() + y * pitch;
      for (std::size_t x = 0; x < static_cast<std::size_t>(part.width); ++x) {
        ASSERT_TRUE(std::equal(row + x * channels, row + x * channels + used,
                               wanted.row(static_cast<int>(y)) + x * static_cast<std::size_t>(wanted.channels)))
            << x << ", " << y;
      }
      ASSERT_TRUE(std::all_of(row + rowBytes, row + pitch, [](std::uint8_t byte) { return byte == kUnwritten; }));
    }
  }

  static constexpr std::uint8_t kUnwritten = 0xF1;

  std::optional<TestStream> stream_;
  std::mt19937 random_{5};
  RotatedCropper cropper_;
};

TEST_F(CudaRotatedCrop, InterleavedImagesEqualTheCpu) {
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    const DeviceImage image = randomImage(random_, {1500, 1000});
    ImageView device = image.view();
    device.data = image.pixels();
    const RotatedPart part = randomPart(device.size, 600);
    SCOPED_TRACE(testing::Message() << part.width << " x " << part.height << " about " << part.x << ", " << part.y
                                    << ", theta " << part.theta << ", of " << device.size.width << " x "
                                    << device.size.height << " x " << device.channels);
    check(image.view(), device, part);
  }
}

TEST_F(CudaRotatedCrop, FormatsEqualTheCpu) {
  Random random(6);
  for (int i = 0; i < 60; ++i) {
    for (const PixelFormat format :
         {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16, PixelFormat::Interleaved}) {
      const Size size{test::magnitude(random, 700), test::magnitude(random, 500)};
      const FormatImage image = test::formatImage(random, format, size, random() % 5, 0, test::kMatrices[random() % 2]);
      SCOPED_TRACE(testing::Message() << image);
      ImageView view = test::viewOf(image, i % 2 == 0);
      if (i % 3 == 0) {  // begins in the middle of a pair
        const int x = view.size.width / 3, y = view.size.height / 3;
        view = view.cropped(x, y, {view.size.width - x, view.size.height - y});
      }
      ImagePlanes planes = planesOf(view, 0, view.size.height);
      std::vector<DeviceMemory<std::uint8_t>> memory;
      for (std::size_t number = 0; number < planes.count; ++number) {
        ImagePlane& plane = planes.planes[number];
        const auto before = static_cast<std::size_t>(plane.first) * plane.pitch;
        const std::size_t bytes = before + (plane.rows() - 1) * plane.pitch + plane.rowBytes;
        memory.emplace_back(bytes);
        copyToDevice(memory.back().get(), plane.data, bytes);
        plane.data = memory.back().get();
      }
      check(view, withPlanes(view, planes), randomPart(view.size, 300));
      if (HasFailure()) {
        return;
      }
    }
  }
}

// More rows than a grid has blocks for.
TEST_F(CudaRotatedCrop, LongPartsEqualTheCpu) {
  const DeviceImage image(random_, {900, 700}, 3, 1, 1);
  ImageView device = image.view();
  device.data = image.pixels();
  check(image.view(), device, {450, 350, 1, 700000, 0.6});
  check(image.view(), device, {450, 350, 700000, 2, 0.6});
}

}  // namespace
}  // namespace trtyolo::cuda::rotated_crop_test
