// The masks' kernel against the CPU's MaskMaker: the same runs.
#include <cuda_fp16.h>

#include <cmath>
#include <random>

#include "cuda/copy.hpp"
#include "cuda/error.hpp"
#include "cuda/gpu.hpp"
#include "model/back_transform.hpp"
#include "model/cuda/masks.hpp"
#include "model/mask_maker.hpp"

namespace trtyolo::cuda {
namespace {

struct Scene {
  int width = 40, height = 40, channels = 32, anchors = 50;
  std::size_t batch = 1, capacity = 20;
  bool half = false, ofSource = true, smooth = true;
  bool own = false;                    // a mask of its own for each anchor: probabilities
  bool within = false;                 // of its box alone
  std::vector<Letterbox> letterboxes;  // one for each image; without: the place is not used
  std::vector<bool> used;
};

template <typename T>
DeviceMemory<T> toDevice(const std::vector<T>& values) {
  DeviceMemory<T> memory(values.size());
  copyToDevice(memory.get(), values.data(), memory.bytes());
  return memory;
}

// As the network would give it, in f16 or f32; `values` become what was stored.
DeviceMemory<std::byte> stored(std::vector<float>& values, bool half) {
  DeviceMemory<std::byte> memory(values.size() * (half ? 2 : 4));
  if (!half) {
    copyToDevice(memory.get(), values.data(), memory.bytes());
    return memory;
  }
  std::vector<__half> halves;
  for (float& value : values) {
    halves.push_back(__float2half(value));
    value = __half2float(halves.back());
  }
  copyToDevice(memory.get(), halves.data(), memory.bytes());
  return memory;
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  float between(float low, float high) { return std::uniform_real_distribution<float>(low, high)(engine_); }
  int below(int count) { return static_cast<int>(engine_() % static_cast<unsigned>(count)); }

 private:
  std::mt19937 engine_;
};

std::vector<float> prototypesOf(const Scene& scene, Random& random) {
  std::vector<float> values;
  for (std::size_t b = 0; b < scene.batch; ++b) {
    for (int c = 0; c < scene.channels; ++c) {
      const float fx = random.between(0.05F, 0.4F), fy = random.between(0.05F, 0.4F), shift = random.between(-1, 1);
      for (int y = 0; y < scene.height; ++y) {
        for (int x = 0; x < scene.width; ++x) {
          values.push_back(scene.smooth ? std::sin(fx * static_cast<float>(x) + fy * static_cast<float>(y) + shift)
                                        : random.between(-1, 1));
        }
      }
    }
  }
  return values;
}

// Objects of all kinds: within, over the edges, outside, without area, as large as the picture.
std::vector<KeptObject> objectsOf(const Scene& scene, const Letterbox& box, int count, Random& random) {
  std::vector<KeptObject> objects(scene.capacity);
  const auto width = static_cast<float>(box.network.width), height = static_cast<float>(box.network.height);
  for (int i = 0; i < count; ++i) {
    KeptObject& object = objects[static_cast<std::size_t>(i)];
    const float x = random.between(-0.1F * width, 1.1F * width), y = random.between(-0.1F * height, 1.1F * height);
    const float w = random.between(0, 0.3F * width), h = random.between(0, 0.3F * height);
    object.left = x - w;
    object.right = x + w;
    object.top = y - h;
    object.bottom = y + h;
    if (i % 7 == 3) {
      object.left = object.top = -5;
      object.right = width + 5;
      object.bottom = height + 5;
    } else if (i % 7 == 5) {
      object.right = object.left;
    } else if (i % 7 == 6) {
      object.left = std::nanf("");
    }
    object.score = 1.0F - 0.001F * static_cast<float>(i);
    object.classIndex = i;
    object.anchor = static_cast<std::uint32_t>(random.below(scene.anchors));
  }
  return objects;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> runsOf(const Masks& masks, std::size_t i) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;
  for (std::size_t run = 0; run < masks.runCount(i); ++run) {
    runs.emplace_back(masks.runs(i)[run].begin, masks.runs(i)[run].end);
  }
  return runs;
}

// Runs the scene and compares; how many times the buffer of runs had to grow.
int expectSame(const Scene& scene, const std::vector<int>& counts, unsigned seed) {
  Random random(seed);
  std::vector<float> prototypes = prototypesOf(scene, random), coefficients;
  if (scene.own) {
    for (float& value : prototypes) {
      value = (value + 1) / 2;
    }
  }
  for (std::size_t i = 0; i < scene.batch * static_cast<std::size_t>(scene.channels * scene.anchors); ++i) {
    coefficients.push_back(random.between(-1, 1));
  }
  const auto devicePrototypes = stored(prototypes, scene.half), deviceCoefficients = stored(coefficients, scene.half);
  std::vector<KeptObject> kept;
  std::vector<ImageSlot> slots(scene.batch);
  static const std::uint8_t pixel = 0;
  for (std::size_t b = 0; b < scene.batch; ++b) {
    const auto objects = objectsOf(scene, scene.letterboxes[b], counts[b], random);
    kept.insert(kept.end(), objects.begin(), objects.end());
    slots[b].pixels = scene.used[b] ? &pixel : nullptr;
    slots[b].box = scene.letterboxes[b];
  }
  const auto deviceKept = toDevice(kept);
  const auto deviceCounts = toDevice(counts);
  const auto deviceSlots = toDevice(slots);
  const auto channels = static_cast<std::size_t>(scene.channels), anchors = static_cast<std::size_t>(scene.anchors);
  const ValueType type = scene.half ? ValueType::F16 : ValueType::F32;
  const DeviceTable table{deviceCoefficients.get(), type, channels * anchors, anchors, 1};
  const DeviceTensor tensor{devicePrototypes.get(),
                            type,
                            {static_cast<std::int64_t>(scene.batch), scene.channels, scene.height, scene.width}};
  MaskDecoder decoder;
  for (const bool stale : {true, false}) {
    EXPECT_EQ(decoder.prepare(tensor, {table}, scene.own ? 0 : channels, scene.within, scene.batch, deviceKept.get(),
                              deviceCounts.get(), scene.capacity),
              stale);
  }
  for (std::size_t b = 0; b < scene.batch; ++b) {
    decoder.place(b, scene.letterboxes[b], scene.ofSource);
  }
  const auto run = [&] {
    bring({decoder.parameters()}, nullptr);
    decoder.enqueue(deviceSlots.get(), nullptr);
    check(cudaStreamSynchronize(nullptr), "waiting");
  };
  run();
  int grown = 0;
  for (std::size_t b = 0; b < scene.batch; ++b) {
    if (!scene.used[b]) {
      continue;
    }
    const auto predictionOf = [&] {
      Result prediction;
      for (int i = 0; i < counts[b]; ++i) {
        const KeptObject& object = kept[b * scene.capacity + static_cast<std::size_t>(i)];
        prediction.classes.push_back(object.classIndex);
        prediction.scores.push_back(object.score);
        prediction.boxes.push_back({object.left, object.top, object.right, object.bottom});
      }
      return prediction;
    };
    Result found = predictionOf();
    while (!decoder.read(b, found)) {
      decoder.provideRuns();
      run();
      found = predictionOf();
      if (++grown > 5) {
        ADD_FAILURE() << "never room enough";
        return grown;
      }
    }
    const Prototypes view{prototypes.data() + b * channels * static_cast<std::size_t>(scene.height * scene.width),
                          channels,
                          static_cast<std::size_t>(scene.height),
                          static_cast<std::size_t>(scene.width),
                          scene.own,
                          scene.within};
    const ValueTable values{coefficients.data() + b * channels * anchors, anchors, 1};
    const Letterbox& letterbox = scene.letterboxes[b];
    MaskMaker maker(view, letterbox, scene.ofSource);
    Masks masks(maker.width(), maker.height());
    std::vector<int> classes;
    const BackTransform toSource(letterbox);
    for (int i = 0; i < counts[b]; ++i) {
      const KeptObject& object = kept[b * scene.capacity + static_cast<std::size_t>(i)];
      const Box box{object.left, object.top, object.right, object.bottom};
      const Box within = scene.ofSource ? toSource.box(box) : box, whole = scene.ofSource ? toSource.whole(box) : box;
      if (maker.add(values, object.anchor, within, whole, masks)) {
        classes.push_back(object.classIndex);
      }
    }
    EXPECT_EQ(found.classes, classes) << "image " << b;
    EXPECT_EQ(found.masks.width(), masks.width());
    EXPECT_EQ(found.masks.height(), masks.height());
    EXPECT_EQ(found.boxes.size(), classes.size());
    if (found.masks.size() != masks.size()) {
      ADD_FAILURE() << found.masks.size() << " masks, expected " << masks.size();
      continue;
    }
    for (std::size_t i = 0; i < masks.size(); ++i) {
      const bool same = runsOf(found.masks, i) == runsOf(masks, i);
      EXPECT_TRUE(same) << "image " << b << ", mask " << i << " of class " << classes[i] << ": " << found.masks.area(i)
                        << " pixels, expected " << masks.area(i) << "; picture " << masks.width() << " x "
                        << masks.height();
    }
  }
  return grown;
}

Scene sceneOf(Size source, Size network, bool smooth, bool half, bool ofSource) {
  Scene scene;
  scene.width = network.width / 4;
  scene.height = network.height / 4;
  scene.letterboxes = {Letterbox::fit(source, network)};
  scene.used = {true};
  scene.smooth = smooth;
  scene.half = half;
  scene.ofSource = ofSource;
  return scene;
}

TEST(CudaMasks, EqualTheCpu) {
  TRTYOLO_NEEDS_GPU();
  unsigned seed = 1;
  // Sources whose border is 0, whole cells, halves and quarters of them; upright ones; tiny and large ones.
  for (const Size source : {Size{160, 160},
                            {1920, 1080},
                            {640, 482},
                            {641, 479},
                            {481, 640},
                            {333, 500},
                            {1, 1},
                            {7, 3},
                            {3, 200},
                            {1000, 997},
                            {2500, 1800}}) {
    for (const bool smooth : {true, false}) {
      for (const bool half : {false, true}) {
        for (const bool ofSource : {true, false}) {
          SCOPED_TRACE(testing::Message() << source.width << " x " << source.height << ", smooth " << smooth
                                          << ", half " << half << ", of source " << ofSource);
          expectSame(sceneOf(source, {160, 160}, smooth, half, ofSource), {20}, seed++);
        }
      }
    }
  }
}

TEST(CudaMasks, NetworksOfOtherSizes) {
  TRTYOLO_NEEDS_GPU();
  unsigned seed = 1000;
  for (const Size network : {Size{320, 192}, {96, 640}, {640, 640}, {32, 32}, {2048, 64}}) {
    SCOPED_TRACE(testing::Message() << network.width << " x " << network.height);
    expectSame(sceneOf({811, 603}, network, true, false, true), {20}, seed++);
    expectSame(sceneOf({603, 811}, network, false, false, true), {20}, seed++);
  }
}

// More of them than prototypes have channels.
TEST(CudaMasks, MasksOfTheirOwn) {
  TRTYOLO_NEEDS_GPU();
  unsigned seed = 4000;
  for (const Size source : {Size{641, 479}, {333, 500}, {1920, 1080}, {640, 640}, {7, 3}}) {
    for (const bool smooth : {true, false}) {
      for (const bool half : {false, true}) {
        for (const bool ofSource : {true, false}) {
          SCOPED_TRACE(testing::Message() << source.width << " x " << source.height << ", smooth " << smooth
                                          << ", half " << half << ", of source " << ofSource);
          Scene scene = sceneOf(source, {160, 160}, smooth, half, ofSource);
          scene.own = true;
          scene.within = seed % 2 == 0;
          scene.channels = scene.anchors = smooth ? 300 : 20;
          scene.batch = 2;
          scene.letterboxes.push_back(Letterbox::fit({200, 100}, {160, 160}));
          scene.used = {true, true};
          expectSame(scene, {20, 20}, seed++);
        }
      }
    }
  }
}

TEST(CudaMasks, BatchesWithUnusedPlaces) {
  TRTYOLO_NEEDS_GPU();
  Scene scene = sceneOf({640, 480}, {160, 160}, true, false, true);
  scene.batch = 4;
  scene.letterboxes = {Letterbox::fit({640, 480}, {160, 160}), Letterbox::fit({100, 300}, {160, 160}),
                       Letterbox::fit({640, 480}, {160, 160}), Letterbox::fit({31, 17}, {160, 160})};
  scene.used = {true, true, false, true};
  expectSame(scene, {20, 0, 20, 7}, 2000);
  scene.channels = 6;  // no multiple of four
  expectSame(scene, {1, 20, 20, 20}, 2001);
}

TEST(CudaMasks, MoreRunsThanThereWasRoomFor) {
  TRTYOLO_NEEDS_GPU();
  Scene scene = sceneOf({2000, 2000}, {640, 640}, false, false, true);
  scene.capacity = 8;
  EXPECT_GT(expectSame(scene, {8}, 3000), 0);
}

TEST(CudaMasks, ValuesThatAreNoNumbers) {
  TRTYOLO_NEEDS_GPU();
  MaskDecoder decoder;
  const DeviceTensor odd{nullptr, ValueType::F32, {1, 32, 0, 5}}, channels{nullptr, ValueType::F32, {1, 31, 5, 5}};
  EXPECT_THROW(decoder.prepare(odd, {}, 32, false, 1, nullptr, nullptr, 1), InferenceError);
  EXPECT_THROW(decoder.prepare(channels, {}, 32, false, 1, nullptr, nullptr, 1), InferenceError);
  const std::vector<float> prototypes(std::size_t{32} * 40 * 40, std::numeric_limits<float>::infinity());
  const std::vector<float> coefficients(32, std::nanf(""));
  const auto devicePrototypes = toDevice(prototypes), deviceCoefficients = toDevice(coefficients);
  const auto kept = toDevice(std::vector<KeptObject>{{0, 0, 160, 160, 0, 1, 0, 0}});
  const auto counts = toDevice(std::vector<int>{1});
  static const std::uint8_t pixel = 0;
  const Letterbox letterbox = Letterbox::fit({50, 40}, {160, 160});
  const auto slots = toDevice(std::vector<ImageSlot>{{&pixel, 150, 3, letterbox, {1, 1}}});
  decoder.prepare({devicePrototypes.get(), ValueType::F32, {1, 32, 40, 40}},
                  {deviceCoefficients.get(), ValueType::F32, 32, 1, 1}, 32, false, 1, kept.get(), counts.get(), 1);
  decoder.place(0, letterbox, true);
  bring({decoder.parameters()}, nullptr);
  decoder.enqueue(slots.get(), nullptr);
  check(cudaStreamSynchronize(nullptr), "waiting");
  Result prediction;
  prediction.classes = {0};
  prediction.scores = {1};
  prediction.boxes = {{}};
  ASSERT_TRUE(decoder.read(0, prediction));
  EXPECT_TRUE(prediction.classes.empty());
  EXPECT_TRUE(prediction.masks.empty());
}

}  // namespace
}  // namespace trtyolo::cuda
