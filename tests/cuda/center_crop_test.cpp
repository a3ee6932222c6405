// The center crop on the GPU against that of the CPU, to the bit.
#include "image/cuda/center_crop.hpp"

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
#include "image_batch.hpp"

namespace trtyolo::cuda {
namespace {

using Expected = std::vector<std::optional<std::vector<float>>>;

std::vector<float> planesOf(const ImageView& image, Size network, const Normalization& normalization) {
  std::vector<float> planes(3 * static_cast<std::size_t>(network.width) * static_cast<std::size_t>(network.height));
  CenterCropper().write(image, network, normalization, planes.data());
  return planes;
}

// Slots and tables in device memory; places without image are not used.
class DeviceBatch {
 public:
  DeviceBatch(std::size_t count, std::size_t stride) : stride_(stride), slots_(count), tables_(count * stride) {}

  void upload(const std::vector<const DeviceImage*>& images, Size network) {
    std::vector<ImageSlot> slots(images.size());
    std::vector<std::uint8_t> tables(tables_.bytes(), 0xEE);
    for (std::size_t place = 0; place < images.size(); ++place) {
      if (images[place]) {
        const ImageView& view = images[place]->view();
        slots[place].pixels = images[place]->pixels();
        slots[place].pitch = view.pitch;
        slots[place].channels = view.channels;
        slots[place].size = view.size;
        ASSERT_LE(cropTableBytes(view.size, network), stride_);
        std::vector<std::int32_t> table(cropTableBytes(view.size, network) / sizeof(std::int32_t));
        fillCropTable(view.size, network, table.data());
        std::memcpy(tables.data() + place * stride_, table.data(), table.size() * sizeof(std::int32_t));
      }
    }
    copyToDevice(slots_.get(), slots.data(), slots.size() * sizeof(ImageSlot));
    copyToDevice(tables_.get(), tables.data(), tables.size());
  }

  void crop(Size network, const Normalization& normalization, const DeviceInput& input, bool half,
            const TestStream& stream) const {
    centerCrop(slots_.get(), tables_.get(), stride_, static_cast<int>(slots_.size()), network, normalization,
               input.data(), half, stream.get());
  }

 private:
  std::size_t stride_;
  DeviceMemory<ImageSlot> slots_;
  DeviceMemory<std::uint8_t> tables_;
};

class CudaCenterCrop : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    stream_.emplace();
  }

  // Into f32 and f16.
  void checkImages(const std::vector<const DeviceImage*>& images, Size network, const Normalization& normalization) {
    std::size_t stride = 16;
    Expected expected(images.size());
    for (std::size_t place = 0; place < images.size(); ++place) {
      if (images[place]) {
        stride = std::max(stride, cropTableBytes(images[place]->view().size, network));
        expected[place] = planesOf(images[place]->view(), network, normalization);
      }
    }
    DeviceBatch batch(images.size(), stride);
    batch.upload(images, network);
    for (const bool half : {false, true}) {
      const DeviceInput input(static_cast<int>(images.size()), network, half);
      batch.crop(network, normalization, input, half, *stream_);
      stream_->wait();
      EXPECT_EQ(input.differences(expected), 0u)
          << (half ? "f16, " : "f32, ") << images.size() << " slots, into " << network.width << " x " << network.height;
    }
  }

  void checkImage(const DeviceImage& image, Size network, const Normalization& normalization = {}) {
    SCOPED_TRACE(testing::Message() << image.view().size.width << " x " << image.view().size.height << " x "
                                    << image.view().channels << ", pitch " << image.view().pitch);
    checkImages({&image}, network, normalization);
  }

  std::optional<TestStream> stream_;
};

TEST_F(CudaCenterCrop, RandomBatchesEqualTheCpu) {
  constexpr Size kNetworks[] = {{224, 224}, {224, 224}, {64, 64}, {224, 160}, {97, 61}, {33, 129}, {1, 1}};
  std::mt19937 random(1);
  for (int i = 0; i < 250; ++i) {
    const Size network = kNetworks[random() % std::size(kNetworks)];
    std::vector<DeviceImage> images;
    std::vector<bool> used(random() % 4 + 1);
    for (std::size_t place = 0; place < used.size(); ++place) {
      used[place] = used.size() == 1 || random() % 4 != 0;
      if (used[place]) {
        images.push_back(randomImage(random, {2500, 2500}));
      }
    }
    std::vector<const DeviceImage*> places;
    places.reserve(used.size());
    const DeviceImage* next = images.data();
    for (const bool isUsed : used) {
      places.push_back(isUsed ? next++ : nullptr);
    }
    checkImages(places, network, randomNormalization(random));
    if (HasFailure()) {
      for (const DeviceImage& image : images) {
        ADD_FAILURE() << "batch " << i << " has " << image.view().size.width << " x " << image.view().size.height
                      << " x " << image.view().channels << ", pitch " << image.view().pitch;
      }
      return;  // one batch is enough to look for the cause
    }
  }
}

// Those that are more than twice as high as wide begin with the rows.
TEST_F(CudaCenterCrop, UsualAndExtremeSizesEqualTheCpu) {
  constexpr Size kSizes[] = {{1920, 1080}, {3840, 2160}, {1080, 1920}, {1080, 2340}, {640, 480},   {500, 375},
                             {224, 224},   {300, 900},   {100, 900},   {1, 1},       {2, 1},       {1, 2},
                             {3, 5},       {16384, 1},   {1, 16384},   {16384, 300}, {301, 16384}, {4000, 4000}};
  std::mt19937 random(2);
  for (const Size size : kSizes) {
    for (const int channels : {1, 3, 4}) {
      const DeviceImage image(random, size, channels, random() % 5, random() % 4);
      checkImage(image, {224, 224});
      checkImage(image, {96, 160});
    }
  }
}

// Every width up to more than two tiles, so that every end of a tile, a row and an image is met.
TEST_F(CudaCenterCrop, EveryNarrowWidthEqualsTheCpu) {
  std::mt19937 random(3);
  for (int width = 1; width <= 70; ++width) {
    const int channels = width % 3 == 0 ? 1 : width % 3 + 2;
    checkImage(DeviceImage(random, {2 * width + 1, 9}, channels, 1, random() % 4), {width, width});
    checkImage(DeviceImage(random, {width / 3 + 1, 3}, channels, 0, random() % 4), {width, 5});
    checkImage(DeviceImage(random, {width / 3 + 1, 300}, channels, 0, random() % 4), {width, 5});
  }
}

TEST_F(CudaCenterCrop, RowsThatAreNotReadPlayNoPart) {
  std::mt19937 random(4);
  for (const Size size : {Size{1080, 1920}, Size{300, 900}}) {
    DeviceImage image(random, size, 3, 7, 1);
    std::vector<std::int32_t> table(cropTableBytes(size, {224, 224}) / sizeof(std::int32_t));
    const RowRange rows = fillCropTable(size, {224, 224}, table.data());
    ASSERT_GT(rows.first, 0);
    std::vector<std::uint8_t> bytes(image.bytes().size(), 99);
    const std::size_t start = static_cast<std::size_t>(rows.first) * image.view().pitch;
    const std::size_t end = static_cast<std::size_t>(rows.end) * image.view().pitch;
    std::copy(image.bytes().begin() + static_cast<std::ptrdiff_t>(start),
              image.bytes().begin() + static_cast<std::ptrdiff_t>(end),
              bytes.begin() + static_cast<std::ptrdiff_t>(start));
    image.upload(bytes);
    checkImage(image, {224, 224});
  }
}

TEST_F(CudaCenterCrop, OneCapturedGraphServesAllImages) {
  constexpr std::size_t kBatch = 3;
  constexpr Size kNetwork{224, 224};
  std::mt19937 random(5);
  DeviceBatch batch(kBatch, cropTableBytes({2000, 2000}, kNetwork));
  const DeviceInput input(kBatch, kNetwork, false);
  const Normalization normalization = randomNormalization(random);
  const TestGraph graph(*stream_, [&] { batch.crop(kNetwork, normalization, input, false, *stream_); });
  Expected expected(kBatch);  // what is in an unused slot stays there
  for (int i = 0; i < 30; ++i) {
    std::vector<std::optional<DeviceImage>> images(kBatch);
    std::vector<const DeviceImage*> places(kBatch);
    for (std::size_t place = 0; place < kBatch; ++place) {
      if (random() % 3 != 0) {
        images[place].emplace(random, Size{test::magnitude(random, 2000), test::magnitude(random, 2000)}, 3, 1,
                              random() % 4);
        const Size size = images[place]->view().size;
        if (cropTableBytes(size, kNetwork) <= cropTableBytes({2000, 2000}, kNetwork)) {
          places[place] = &*images[place];
          expected[place] = planesOf(images[place]->view(), kNetwork, normalization);
        }
      }
    }
    ASSERT_NO_FATAL_FAILURE(batch.upload(places, kNetwork));
    graph.launch(*stream_);
    stream_->wait();
    ASSERT_EQ(input.differences(expected), 0u) << "launch " << i;
  }
}

TEST_F(CudaCenterCrop, AnEmptyBatchWritesNothing) {
  const DeviceInput input(1, {64, 64}, false);
  centerCrop(nullptr, nullptr, 16, 0, {64, 64}, {}, input.data(), false, stream_->get());
  stream_->wait();
  EXPECT_EQ(input.differences({std::nullopt}), 0u);
}

}  // namespace
}  // namespace trtyolo::cuda
