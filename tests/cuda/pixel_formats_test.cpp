// Images in YUV and in grey of 16 bits: the kernels against the CPU, to the bit, in batches with interleaved images.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "gpu.hpp"
#include "image/center_crop.hpp"
#include "image/converted_image.hpp"
#include "image/cuda/center_crop.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/cuda/letterbox.hpp"
#include "image/cuda/real_letterbox.hpp"
#include "image/letterbox.hpp"
#include "image/resample.hpp"
#include "image_batch.hpp"

namespace trtyolo::cuda::pixel_formats_test {
namespace {

using test::FormatImage;
using test::Random;

constexpr PixelFormat kFormats[] = {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16,
                                    PixelFormat::Interleaved};
constexpr int kBatch = 5;

// An image here and its planes in device memory, each of which ends with its last sample, so that compute-sanitizer
// sees any read past it.
class DeviceFormatImage {
 public:
  DeviceFormatImage(Random& random, PixelFormat format, Size size)
      : image_(test::formatImage(random, format, size, random() % 2 * (random() % 67), 0, test::kMatrices[random() % 2],
                                 test::kRanges[random() % 2])) {
    // A part of it as often as not, so that pairs of pixels begin before it.
    view_ = test::viewOf(image_, random() % 2 == 0);
    if (random() % 2 == 0) {
      const int x = random.between(0, view_.size.width / 2), y = random.between(0, view_.size.height / 2);
      view_ = view_.cropped(x, y, {view_.size.width - x, view_.size.height - y});
    }
    ImagePlanes planes = planesOf(view_, 0, view_.size.height);
    for (std::size_t i = 0; i < planes.count; ++i) {
      ImagePlane& plane = planes.planes[i];
      const auto before = static_cast<std::size_t>(plane.first) * plane.pitch;
      const std::size_t bytes = before + (plane.rows() - 1) * plane.pitch + plane.rowBytes;
      const std::size_t offset = random() % 4;
      const DeviceMemory<std::uint8_t>& memory = memory_.emplace_back(offset + bytes);
      copyToDevice(memory.get() + offset, plane.data, bytes);
      plane.data = memory.get() + offset;
    }
    deviceView_ = withPlanes(view_, planes);
  }

  const FormatImage& image() const { return image_; }
  const ImageView& view() const { return view_; }
  ImageSlot slot(const Letterbox& box) const { return slotFor(deviceView_, box); }

 private:
  FormatImage image_;
  ImageView view_, deviceView_;
  std::vector<DeviceMemory<std::uint8_t>> memory_;
};

class CudaPixelFormats : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    stream_.emplace();
  }

  // A batch of every format, in turn.
  std::vector<DeviceFormatImage> images(int number, Size largest) {
    std::vector<DeviceFormatImage> images;
    for (int i = 0; i < kBatch; ++i) {
      const Size size = number == 0
                            ? Size{i + 1, i + 1}
                            : Size{test::magnitude(random_, largest.width), test::magnitude(random_, largest.height)};
      images.emplace_back(random_, kFormats[(i + number) % kBatch], size);
    }
    return images;
  }

  // `write` makes the planes of one image on the CPU, `start` the whole batch of slots on the GPU.
  template <class Place, class Write, class Start>
  void check(const std::vector<DeviceFormatImage>& images, Size network, const Place& place, const Write& write,
             const Start& start) {
    std::vector<ImageSlot> slots;
    std::vector<std::optional<std::vector<float>>> expected;
    for (const DeviceFormatImage& image : images) {
      const Letterbox box = place(image.view().size);
      slots.push_back(image.slot(box));
      std::vector<float>& planes = expected.emplace_back(std::in_place).value();
      planes.resize(3 * static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height));
      write(image.view(), box, planes.data());
    }
    DeviceMemory<ImageSlot> deviceSlots(slots.size());
    copyToDevice(deviceSlots.get(), slots.data(), slots.size() * sizeof(ImageSlot));
    for (const bool half : {false, true}) {
      const DeviceInput input(kBatch, network, half);
      start(deviceSlots.get(), input.data(), half);
      stream_->wait();
      EXPECT_EQ(input.differences(expected), 0u) << (half ? "f16" : "f32");
    }
    if (HasFailure()) {
      for (const DeviceFormatImage& image : images) {
        ADD_FAILURE() << image.image();
      }
    }
  }

  std::optional<TestStream> stream_;
  Random random_{3};
  std::mt19937 normalizations_{4};
};

TEST_F(CudaPixelFormats, LetterboxesEqualTheCpu) {
  constexpr Size kNetworkSides[] = {{640, 640}, {320, 640}, {333, 517}, {97, 61}, {129, 9}};
  Letterboxer letterboxer;
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    const Size network = kNetworkSides[i % 5];
    const Normalization normalization = randomNormalization(normalizations_);
    check(
        images(i, {3000, 2000}), network,
        [&](Size size) { return i % 3 == 0 ? Letterbox::stretch(size, network) : Letterbox::fit(size, network); },
        [&](const ImageView& view, const Letterbox& box, float* planes) {
          letterboxer.write(view, box, normalization, planes);
        },
        [&](const ImageSlot* slots, void* input, bool half) {
          letterbox(slots, kBatch, network, normalization, input, half, stream_->get());
        });
  }
}

TEST_F(CudaPixelFormats, RealNumbersEqualTheCpu) {
  Resampler resampler;
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    const Size network = i % 2 == 0 ? Size{333, 217} : Size{64, 96};
    const Normalization normalization = randomNormalization(normalizations_);
    check(
        images(i, {1500, 1500}), network, [&](Size size) { return Letterbox::stretch(size, network); },
        [&](const ImageView& view, const Letterbox& box, float* planes) {
          resampler.writeReal(view, box, normalization, planes);
        },
        [&](const ImageSlot* slots, void* input, bool half) {
          realLetterbox(slots, kBatch, network, normalization, input, half, stream_->get());
        });
  }
}

TEST_F(CudaPixelFormats, CropsEqualTheCpu) {
  CenterCropper cropper;
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    const Size network = i % 2 == 0 ? Size{224, 224} : Size{123, 77};
    const Normalization normalization = randomNormalization(normalizations_);
    // Also such as are filtered by columns first.
    const std::vector<DeviceFormatImage> batch = images(i, i % 3 == 0 ? Size{200, 4000} : Size{2000, 1500});
    std::size_t stride = 16;
    for (const DeviceFormatImage& image : batch) {
      stride = std::max(stride, cropTableBytes(image.view().size, network));
    }
    std::vector<std::int32_t> tables(kBatch * stride / sizeof(std::int32_t));
    for (std::size_t place = 0; place < batch.size(); ++place) {
      fillCropTable(batch[place].view().size, network, tables.data() + place * stride / sizeof(std::int32_t));
    }
    DeviceMemory<std::int32_t> deviceTables(tables.size());
    copyToDevice(deviceTables.get(), tables.data(), tables.size() * sizeof(std::int32_t));
    check(
        batch, network,
        [](Size size) {
          Letterbox box;
          box.source = size;
          return box;
        },
        [&](const ImageView& view, const Letterbox&, float* planes) {
          cropper.write(view, network, normalization, planes);
        },
        [&](const ImageSlot* slots, void* input, bool half) {
          centerCrop(slots, deviceTables.get(), stride, kBatch, network, normalization, input, half, stream_->get());
        });
  }
}

}  // namespace
}  // namespace trtyolo::cuda::pixel_formats_test
