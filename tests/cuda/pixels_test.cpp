// The kernel of semantic segmentation and depth against the CPU: equal to the last bit.
#include "model/cuda/pixels.hpp"

#include <cuda_fp16.h>

#include <cmath>
#include <random>

#include "cuda/copy.hpp"
#include "cuda/error.hpp"
#include "cuda/gpu.hpp"
#include "model/pixel_maps.hpp"

namespace trtyolo::cuda {
namespace {

struct MapScene {
  OutputLayout::Kind kind = OutputLayout::Kind::ClassMap;
  int classes = 5;
  ValueType type = ValueType::F32;
  Size cells{64, 48}, network{64, 48};
  std::vector<Size> images{{200, 150}, {97, 131}, {64, 48}, {1, 1}, {333, 41}};
  std::vector<int> wanted{};  // classes
};

template <typename T, typename Convert>
DeviceMemory<std::byte> storedAs(const std::vector<float>& values, const Convert& convert) {
  std::vector<T> converted;
  for (const float value : values) {
    converted.push_back(convert(value));
  }
  DeviceMemory<std::byte> memory(converted.size() * sizeof(T));
  copyToDevice(memory.get(), converted.data(), memory.bytes());
  return memory;
}

DeviceMemory<std::byte> storedMap(const std::vector<float>& values, ValueType type) {
  switch (type) {
    case ValueType::F16:
      return storedAs<__half>(values, [](float value) { return __float2half(value); });
    case ValueType::I32:
      return storedAs<std::int32_t>(values, [](float value) { return static_cast<std::int32_t>(value); });
    case ValueType::I64:
      return storedAs<std::int64_t>(values, [](float value) { return static_cast<std::int64_t>(value); });
    case ValueType::U8:
      return storedAs<std::uint8_t>(values, [](float value) { return static_cast<std::uint8_t>(value); });
    case ValueType::F32:
      break;
  }
  return storedAs<float>(values, [](float value) { return value; });
}

// Two calls, the second with other images, as a captured graph would be launched again.
void expectSameMaps(const MapScene& scene, unsigned seed) {
  const bool logits = scene.kind == OutputLayout::Kind::ClassLogits;
  const std::size_t batch = scene.images.size() + 1;  // the last place is not used
  OutputLayout layout;
  layout.kind = scene.kind;
  layout.classes = scene.classes;
  std::vector<std::int64_t> shape{static_cast<std::int64_t>(batch), scene.cells.height, scene.cells.width};
  if (logits) {
    shape.insert(shape.begin() + 1, scene.classes);
  }
  std::mt19937 random(seed);
  TensorView view{nullptr, shape};
  std::vector<float> values(batch * view.slotSize());
  for (float& value : values) {
    value = scene.kind == OutputLayout::Kind::ClassMap
                ? static_cast<float>(random() % static_cast<unsigned>(scene.classes))
                : std::uniform_real_distribution<float>(logits ? -3.0F : 0.1F, 3.0F)(random);
    value = scene.type == ValueType::F16 ? __half2float(__float2half(value)) : value;
  }
  view.data = values.data();
  const DeviceMemory<std::byte> memory = storedMap(values, scene.type);
  const DeviceTensor output{memory.get(), scene.type, shape};
  PostprocessOptions options;
  options.classes = scene.wanted;

  PixelDecoder decoder;
  for (int call = 0; call < 2; ++call) {
    std::vector<Letterbox> boxes;
    for (std::size_t i = 0; i < scene.images.size(); ++i) {
      const Size image = scene.images[call == 0 ? i : scene.images.size() - 1 - i];
      boxes.push_back(scene.kind == OutputLayout::Kind::Depth ? Letterbox::stretch(image, scene.network)
                                                              : Letterbox::fit(image, scene.network));
    }
    EXPECT_EQ(decoder.prepare(layout, output, boxes, batch), call == 0);
    bring({decoder.parameters()}, nullptr);
    decoder.enqueue(nullptr);
    check(cudaDeviceSynchronize(), "scaling maps");
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      SCOPED_TRACE(i);
      const Result found = decoder.read(i, options);
      const Result wanted = decodePixels(layout, {&view, 1}, i, boxes[i], options);
      EXPECT_EQ(found.depth.data, wanted.depth.data);
      EXPECT_EQ(found.semantic.data, wanted.semantic.data);
      EXPECT_EQ(found.classes, wanted.classes);
      EXPECT_EQ(found.pixels, wanted.pixels);
    }
  }
}

TEST(PixelsTest, ClassMapsOfEveryType) {
  TRTYOLO_NEEDS_GPU();
  for (const ValueType type : {ValueType::F32, ValueType::F16, ValueType::I32, ValueType::I64, ValueType::U8}) {
    MapScene scene;
    scene.type = type;
    expectSameMaps(scene, 1);
    scene.cells = {16, 12};
    scene.wanted = {1, 3};
    expectSameMaps(scene, 2);
  }
}

TEST(PixelsTest, TheLargestLogit) {
  TRTYOLO_NEEDS_GPU();
  for (const ValueType type : {ValueType::F32, ValueType::F16}) {
    for (const int classes : {1, 5, 19}) {
      for (const Size cells : {Size{64, 48}, Size{8, 6}}) {
        MapScene scene;
        scene.kind = OutputLayout::Kind::ClassLogits;
        scene.classes = classes;
        scene.type = type;
        scene.cells = cells;
        expectSameMaps(scene, 3);
      }
    }
  }
}

TEST(PixelsTest, Depth) {
  TRTYOLO_NEEDS_GPU();
  for (const Size cells : {Size{64, 48}, Size{16, 12}}) {
    MapScene scene;
    scene.kind = OutputLayout::Kind::Depth;
    scene.cells = cells;
    expectSameMaps(scene, 4);
    scene.type = ValueType::F16;
    expectSameMaps(scene, 5);
  }
}

TEST(PixelsTest, ShapesThatWereNotPromisedAreRefused) {
  TRTYOLO_NEEDS_GPU();
  PixelDecoder decoder;
  OutputLayout layout;
  layout.kind = OutputLayout::Kind::ClassLogits;
  layout.classes = 3;
  const Letterbox box = Letterbox::fit({10, 10}, {64, 64});
  EXPECT_THROW(decoder.prepare(layout, {nullptr, ValueType::F32, {1, 2, 64, 64}}, {&box, 1}, 1), InferenceError);
}

}  // namespace
}  // namespace trtyolo::cuda
