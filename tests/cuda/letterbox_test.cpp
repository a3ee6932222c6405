// The letterbox on the GPU against that of the CPU, to the bit.
#include "image/cuda/letterbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "gpu.hpp"
#include "image/cuda/real_letterbox.hpp"
#include "image/letterbox.hpp"
#include "image/resample.hpp"
#include "image_batch.hpp"

namespace trtyolo::cuda {
namespace {

ImageSlot slotOf(const DeviceImage& image, const Letterbox& box) {
  ImageSlot slot;
  slot.pixels = image.pixels();
  slot.pitch = image.view().pitch;
  slot.channels = image.view().channels;
  slot.box = box;
  slot.size = image.view().size;
  return slot;
}

using Expected = std::vector<std::optional<std::vector<float>>>;

std::vector<float> planesOf(const ImageView& image, const Letterbox& box, const Normalization& normalization) {
  std::vector<float> planes(3 * static_cast<std::size_t>(box.network.width) *
                            static_cast<std::size_t>(box.network.height));
  Letterboxer().write(image, box, normalization, planes.data());
  return planes;
}

class DeviceSlots {
 public:
  explicit DeviceSlots(std::size_t count) : memory_(count) {}
  explicit DeviceSlots(const std::vector<ImageSlot>& slots) : DeviceSlots(slots.size()) { upload(slots); }

  void upload(const std::vector<ImageSlot>& slots) {
    copyToDevice(memory_.get(), slots.data(), slots.size() * sizeof(ImageSlot));
  }
  const ImageSlot* get() const { return memory_.get(); }

 private:
  DeviceMemory<ImageSlot> memory_;
};

class CudaLetterbox : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    stream_.emplace();
  }

  // Into f32 and f16.
  void checkSlots(const std::vector<ImageSlot>& slots, Size network, const Normalization& normalization,
                  const Expected& expected) {
    const DeviceSlots deviceSlots(slots);
    const auto batch = static_cast<int>(slots.size());
    for (const bool half : {false, true}) {
      const DeviceInput input(batch, network, half);
      letterbox(deviceSlots.get(), batch, network, normalization, input.data(), half, stream_->get());
      stream_->wait();
      EXPECT_EQ(input.differences(expected), 0u)
          << (half ? "f16, " : "f32, ") << batch << " slots, into " << network.width << " x " << network.height;
    }
  }

  void checkImage(const DeviceImage& image, const Letterbox& box, const Normalization& normalization = {}) {
    SCOPED_TRACE(testing::Message() << image.view().size.width << " x " << image.view().size.height << " x "
                                    << image.view().channels << ", pitch " << image.view().pitch);
    checkSlots({slotOf(image, box)}, box.network, normalization, {planesOf(image.view(), box, normalization)});
  }

  std::optional<TestStream> stream_;
};

TEST_F(CudaLetterbox, RandomBatchesEqualTheCpu) {
  constexpr Size kNetworks[] = {{640, 640}, {320, 640}, {640, 320}, {224, 224}, {333, 517}, {97, 61}, {129, 9}};
  std::mt19937 random(1);
  for (int i = 0; i < 250; ++i) {
    const Size network = kNetworks[random() % std::size(kNetworks)];
    const Normalization normalization = randomNormalization(random);
    std::vector<DeviceImage> images;
    std::vector<ImageSlot> slots(random() % 4 + 1);
    Expected expected(slots.size());
    for (std::size_t place = 0; place < slots.size(); ++place) {
      if (slots.size() == 1 || random() % 4 != 0) {
        images.push_back(randomImage(random, {4000, 3000}));
        const Letterbox box = Letterbox::fit(images.back().view().size, network);
        slots[place] = slotOf(images.back(), box);
        expected[place] = planesOf(images.back().view(), box, normalization);
      }
    }
    checkSlots(slots, network, normalization, expected);
    if (HasFailure()) {
      for (const DeviceImage& image : images) {
        ADD_FAILURE() << "batch " << i << " has " << image.view().size.width << " x " << image.view().size.height
                      << " x " << image.view().channels << ", pitch " << image.view().pitch;
      }
      return;  // one batch is enough to look for the cause
    }
  }
}

TEST_F(CudaLetterbox, UsualAndExtremeSizesEqualTheCpu) {
  constexpr Size kSizes[] = {{1920, 1080}, {3840, 2160}, {1280, 720}, {640, 640}, {320, 240}, {1080, 1920},
                             {639, 641},   {1, 1},       {2, 1},      {1, 2},     {3, 5},     {16384, 1},
                             {1, 16384},   {16384, 700}, {15, 16384}, {7, 640},   {640, 7},   {33, 640}};
  std::mt19937 random(2);
  for (const Size size : kSizes) {
    for (const int channels : {1, 3, 4}) {
      const DeviceImage image(random, size, channels, random() % 5, random() % 4);
      checkImage(image, Letterbox::fit(size, {640, 640}));
    }
  }
}

// Every width up to more than a tile, so that every end of a tile, a row and an image is met.
TEST_F(CudaLetterbox, EveryNarrowWidthEqualsTheCpu) {
  std::mt19937 random(3);
  for (int width = 1; width <= 140; ++width) {
    const int channels = width % 3 == 0 ? 1 : width % 3 + 2;
    checkImage(DeviceImage(random, {2 * width + 1, 9}, channels, 1, random() % 4),
               Letterbox::fit({2 * width + 1, 9}, {width, 11}));
    checkImage(DeviceImage(random, {width / 3 + 1, 3}, channels, 0, random() % 4),
               Letterbox::fit({width / 3 + 1, 3}, {width, 11}));
  }
}

// Images that the host has scaled already.
TEST_F(CudaLetterbox, ScaledImagesEqualTheCpu) {
  std::mt19937 random(9);
  for (const Size size : {Size{1920, 1080}, {3840, 2160}, {1280, 720}, {641, 479}, {300, 1999}, {1, 1}, {5000, 3}}) {
    for (const int channels : {1, 3, 4}) {
      const DeviceImage image(random, size, channels, random() % 5, 0);
      const Letterbox box = Letterbox::fit(size, {640, 640});
      const std::size_t pitch = Letterboxer::scaledPitch(box.scaled.width);
      std::vector<std::uint8_t> scaled(pitch * static_cast<std::size_t>(box.scaled.height));
      Letterboxer().scaleRows(image.view(), box.scaled, 0, box.scaled.height, scaled.data());
      DeviceMemory<std::uint8_t> memory(scaled.size());
      copyToDevice(memory.get(), scaled.data(), scaled.size());
      const ImageSlot slot{memory.get(), pitch, 4, box, box.scaled};
      checkSlots({slot}, box.network, {}, {planesOf(image.view(), box, {})});
    }
  }
}

TEST_F(CudaLetterbox, RectEqualsTheCpu) {
  std::mt19937 random(4);
  for (int i = 0; i < 40; ++i) {
    const DeviceImage image = randomImage(random, {1500, 1500});
    checkImage(image, Letterbox::fitRect(image.view().size, {640, 640}, 32), randomNormalization(random));
  }
}

TEST_F(CudaLetterbox, OneCapturedGraphServesAllImages) {
  constexpr int kBatch = 3;
  constexpr Size kSides{640, 480};
  std::mt19937 random(6);
  DeviceSlots deviceSlots(kBatch);
  const DeviceInput input(kBatch, kSides, false);
  const Normalization normalization = randomNormalization(random);
  const TestGraph graph(*stream_, [&] {
    letterbox(deviceSlots.get(), kBatch, kSides, normalization, input.data(), false, stream_->get());
  });
  Expected expected(kBatch);  // what is in an unused slot stays there
  for (int i = 0; i < 30; ++i) {
    std::vector<DeviceImage> images;
    std::vector<ImageSlot> slots(kBatch);
    for (std::size_t place = 0; place < kBatch; ++place) {
      if (random() % 3 != 0) {
        images.push_back(randomImage(random, {2000, 2000}));
        const Letterbox box = Letterbox::fit(images.back().view().size, kSides);
        slots[place] = slotOf(images.back(), box);
        expected[place] = planesOf(images.back().view(), box, normalization);
      }
    }
    deviceSlots.upload(slots);
    graph.launch(*stream_);
    stream_->wait();
    ASSERT_EQ(input.differences(expected), 0u) << "launch " << i;
  }
}

TEST_F(CudaLetterbox, RealNumbersEqualTheCpu) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const DeviceImage image = randomImage(random, {1500, 1500});
    const Size size = image.view().size;
    const Letterbox box = i % 2 == 0 ? Letterbox::stretch(size, {333, 517}) : Letterbox::fit(size, {320, 192});
    const Normalization normalization = randomNormalization(random);
    std::vector<float> planes(3 * static_cast<std::size_t>(box.network.width) *
                              static_cast<std::size_t>(box.network.height));
    Resampler().writeReal(image.view(), box, normalization, planes.data());
    const DeviceSlots slots({slotOf(image, box), ImageSlot()});
    for (const bool half : {false, true}) {
      const DeviceInput input(2, box.network, half);
      realLetterbox(slots.get(), 2, box.network, normalization, input.data(), half, stream_->get());
      stream_->wait();
      ASSERT_EQ(input.differences({planes, std::nullopt}), 0u) << i << (half ? ", f16" : ", f32");
    }
  }
}

TEST_F(CudaLetterbox, AnEmptyBatchWritesNothing) {
  const DeviceInput input(1, {64, 64}, false);
  letterbox(nullptr, 0, {64, 64}, {}, input.data(), false, stream_->get());
  stream_->wait();
  EXPECT_EQ(input.differences({std::nullopt}), 0u);
}

}  // namespace
}  // namespace trtyolo::cuda
