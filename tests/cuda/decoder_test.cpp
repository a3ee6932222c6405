// Does decoding on the GPU give what the CPU's heads give? Whatever the task, layout, number type, thresholds and
// values: the same objects in the same order, and every number to the last bit. Where rotated boxes overlap so closely
// to the threshold that the last bits of sine and logarithm decide, the picture is drawn anew.
#include "model/cuda/decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "cuda/copy.hpp"
#include "cuda/error.hpp"
#include "cuda/gpu.hpp"
#include "cuda/stream.hpp"
#include "model/head.hpp"
#include "model/nms.hpp"
#include "model/rotated_overlap.hpp"
#include "model/selection.hpp"

namespace trtyolo::cuda {
namespace {

constexpr Size kNetwork{640, 640};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

// f16, without the numbers below its normal range: those are 0.
std::uint16_t halfOf(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  const int exponent = static_cast<int>(bits >> 23 & 0xFFU) - 127 + 15;
  if (value != value) {
    return 0x7E00;
  }
  if (exponent >= 31) {
    return static_cast<std::uint16_t>(sign | 0x7C00U);
  }
  return static_cast<std::uint16_t>(
      exponent <= 0 ? sign : sign | static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3FFU));
}

float floatOfHalf(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
  const float value = exponent == 31  ? (fraction != 0 ? kNan : kInfinity)
                      : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                      : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (half & 0x8000U) != 0 ? -value : value;
}

template <typename Whole>
Whole wholeOf(float value) {
  constexpr float kMost = sizeof(Whole) == 4 ? 0x1p30F : 0x1p60F;
  return value != value ? Whole{7} : static_cast<Whole>(std::clamp(value, -kMost, kMost));
}

// A network's outputs on the CPU and, the same numbers, on the GPU.
class Outputs {
 public:
  explicit Outputs(bool half = false) : type_(half ? ValueType::F16 : ValueType::F32) {}

  std::vector<float>& add(std::vector<std::int64_t> shape) { return add(std::move(shape), type_); }
  std::vector<float>& add(std::vector<std::int64_t> shape, ValueType type) {
    std::size_t size = 1;
    for (const auto side : shape) {
      size *= static_cast<std::size_t>(side);
    }
    tensors_.push_back({nullptr, type, std::move(shape)});
    values_.emplace_back(size);
    memory_.emplace_back(size * bytesOf(type));
    tensors_.back().data = memory_.back().get();
    return values_.back();
  }

  void upload() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      switch (tensors_[i].type) {
        case ValueType::F32:
          copy(i, values_[i]);
          break;
        case ValueType::F16:
          copyAs<std::uint16_t>(i, halfOf, floatOfHalf);
          break;
        case ValueType::I32:
          copyAs<std::int32_t>(i, wholeOf<std::int32_t>, [](std::int32_t n) { return static_cast<float>(n); });
          break;
        case ValueType::I64:
          copyAs<std::int64_t>(i, wholeOf<std::int64_t>, [](std::int64_t n) { return static_cast<float>(n); });
          break;
        case ValueType::U8:
          break;  // of maps only: see pixels_test.cpp
      }
    }
  }

  // Lays [batch, channels, rows, columns] of f16 so that the channels of a cell lie side by side, filled up to a
  // multiple of 8 with what must not be read. After upload().
  void turn() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Shape& shape = tensors_[i].shape;
      const auto channels = static_cast<std::size_t>(shape[1]), padded = (channels + 7) / 8 * 8;
      const auto cells = static_cast<std::size_t>(shape[2] * shape[3]), images = static_cast<std::size_t>(shape[0]);
      std::vector<std::uint16_t> turned(images * cells * padded, halfOf(kNan));
      for (std::size_t place = 0; place < values_[i].size(); ++place) {
        const std::size_t cell = place % cells, channel = place / cells % channels, image = place / cells / channels;
        turned[(image * cells + cell) * padded + channel] = halfOf(values_[i][place]);
      }
      memory_[i] = {};
      memory_[i] = DeviceMemory<std::byte>(turned.size() * sizeof(turned[0]));
      copy(i, turned);
      tensors_[i].data = memory_[i].get();
      tensors_[i].cellStep = padded;
    }
  }

  ValueType type() const { return type_; }

  std::vector<float>& at(std::size_t i) { return values_[i]; }
  std::span<const DeviceTensor> onDevice() const { return tensors_; }
  std::vector<TensorView> views() const {
    std::vector<TensorView> views;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      views.push_back({values_[i].data(), tensors_[i].shape});
    }
    return views;
  }

 private:
  template <typename T>
  void copy(std::size_t i, const std::vector<T>& from) {
    if (memory_[i].size() > 0) {
      copyToDevice(memory_[i].get(), from.data(), memory_[i].bytes());
    }
  }
  // The values become what the type can hold.
  template <typename T, typename To, typename Back>
  void copyAs(std::size_t i, const To& to, const Back& back) {
    std::vector<T> stored;
    for (float& value : values_[i]) {
      stored.push_back(to(value));
      value = back(stored.back());
    }
    copy(i, stored);
  }

  ValueType type_;
  std::vector<std::vector<float>> values_;
  std::vector<DeviceTensor> tensors_;
  std::vector<DeviceMemory<std::byte>> memory_;
};

class Slots {
 public:
  // Pixels are never looked at; an address says that the place is used.
  explicit Slots(const std::vector<std::optional<Size>>& sources) : memory_(sources.size()) {
    std::vector<ImageSlot> slots;
    for (const auto& source : sources) {
      ImageSlot& slot = slots.emplace_back();
      slot.pixels = source ? reinterpret_cast<const std::uint8_t*>(memory_.get()) : nullptr;
      slot.box = Letterbox::fit(source.value_or(Size{1, 1}), kNetwork);
      boxes_.push_back(source ? std::optional(slot.box) : std::nullopt);
    }
    copyToDevice(memory_.get(), slots.data(), memory_.bytes());
  }
  const ImageSlot* get() const { return memory_.get(); }
  std::size_t size() const { return boxes_.size(); }
  const std::optional<Letterbox>& box(std::size_t i) const { return boxes_[i]; }

 private:
  DeviceMemory<ImageSlot> memory_;
  std::vector<std::optional<Letterbox>> boxes_;
};

bool same(float a, float b) {
  return a == b || (a != a && b != b);
}

bool same(const Box& a, const Box& b) {
  return same(a.left, b.left) && same(a.top, b.top) && same(a.right, b.right) && same(a.bottom, b.bottom);
}

void expectSame(const Result& wanted, const Result& found) {
  ASSERT_EQ(wanted.classes, found.classes);
  ASSERT_EQ(wanted.scores.size(), found.scores.size());
  ASSERT_EQ(wanted.boxes.size(), found.boxes.size());
  ASSERT_EQ(wanted.rotatedBoxes.size(), found.rotatedBoxes.size());
  ASSERT_EQ(wanted.keypoints.size(), found.keypoints.size());
  for (std::size_t i = 0; i < wanted.scores.size(); ++i) {
    ASSERT_TRUE(same(wanted.scores[i], found.scores[i])) << i;
  }
  for (std::size_t i = 0; i < wanted.boxes.size(); ++i) {
    ASSERT_TRUE(same(wanted.boxes[i], found.boxes[i])) << i;
  }
  for (std::size_t i = 0; i < wanted.rotatedBoxes.size(); ++i) {
    ASSERT_TRUE(same(wanted.rotatedBoxes[i], found.rotatedBoxes[i])) << i;
    ASSERT_TRUE(same(wanted.rotatedBoxes[i].theta, found.rotatedBoxes[i].theta)) << i;
  }
  for (std::size_t i = 0; i < wanted.keypoints.size(); ++i) {
    ASSERT_EQ(wanted.keypoints[i].size(), found.keypoints[i].size());
    for (std::size_t k = 0; k < wanted.keypoints[i].size(); ++k) {
      const KeyPoint &a = wanted.keypoints[i][k], &b = found.keypoints[i][k];
      ASSERT_TRUE(same(a.x, b.x) && same(a.y, b.y) && same(a.conf, b.conf)) << i << ", point " << k;
    }
  }
}

// One call of the decoder, compared with the CPU's head for every used slot. Gives the number of objects.
std::size_t expectCpu(Decoder& decoder, const ModelDescription& description, const Outputs& outputs, const Slots& slots,
                      const PostprocessOptions& options, const Stream& stream) {
  decoder.prepare(options, outputs.onDevice());
  bring({decoder.parameters()}, stream.get());
  decoder.enqueue(slots.get(), stream.get());
  stream.synchronize();
  const Head head(description);
  const std::vector<TensorView> views = outputs.views();
  std::size_t objects = 0;
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (slots.box(slot)) {
      SCOPED_TRACE("slot " + std::to_string(slot));
      const Result wanted = head.decode(views, slot, *slots.box(slot), options);
      expectSame(wanted, decoder.read(slot));
      objects += wanted.classes.size();
    }
  }
  return objects;
}

ModelDescription descriptionOf(Task task, const OutputLayout& layout, int keypoints = 0) {
  ModelDescription description;
  description.info.task = task;
  description.info.keypoints = keypoints;
  description.info.keypointDims = keypoints > 0 ? layout.extra / keypoints : 0;
  description.layout = layout;
  return description;
}

enum class Values { Lively, Tied, Special };

// Draws layouts, values and thresholds.
class Drawer {
 public:
  explicit Drawer(unsigned seed) : random_(seed) {}

  int number(int least, int most) { return std::uniform_int_distribution(least, most)(random_); }
  float real(float least, float most) { return std::uniform_real_distribution(least, most)(random_); }
  bool chance(int in) { return number(1, in) == 1; }

  ModelDescription description(Task task) {
    OutputLayout layout;
    layout.classes = chance(3) ? 1 : number(2, 130);
    const int keypoints = task == Task::Pose ? number(1, 17) : 0;
    layout.extra = task == Task::OBB ? 1 : keypoints * number(2, 3);
    const int kind = number(0, task == Task::Detect ? 3 : 2);
    if (kind == 0) {
      layout.kind = OutputLayout::Kind::EndToEnd;
      layout.form.kind = task == Task::OBB ? BoxForm::Kind::CenterSize : BoxForm::Kind::Corners;
      layout.classes = chance(4) ? 0 : layout.classes;
    } else if (kind == 3) {
      layout.anchorsFirst = true;
      layout.form.kind = BoxForm::Kind::Corners;
      layout.boxes = static_cast<std::size_t>(number(0, 1));
      layout.scores = 1 - layout.boxes;
      layout.multiLabel = chance(2);
      layout.clipped = chance(2);
    } else {
      layout.anchorsFirst = chance(2);
      layout.objectness = chance(2);
    }
    return descriptionOf(task, layout, keypoints);
  }

  // Of a network that ends in a suppression plugin: its outputs in any order.
  ModelDescription plugin(Task task) {
    OutputLayout layout;
    layout.kind = OutputLayout::Kind::EndToEnd;
    layout.form.kind = BoxForm::Kind::Corners;
    layout.classes = chance(4) ? 0 : number(1, 130);
    const int keypoints = task == Task::Pose ? number(1, 17) : 0;
    layout.extra = task == Task::OBB ? 1 : keypoints * number(2, 3);
    std::vector<std::size_t> order{0, 1, 2, 3};
    if (task == Task::Pose) {
      order.push_back(4);
    }
    std::shuffle(order.begin(), order.end(), random_);
    layout.counts = order[0];
    layout.boxes = order[1];
    layout.scores = order[2];
    layout.classNumbers = order[3];
    layout.extras = task == Task::Pose ? order[4] : OutputLayout::kNone;
    return descriptionOf(task, layout, keypoints);
  }

  // Boxes come in groups that overlap, most scores are low.
  void fill(Outputs& outputs, const ModelDescription& description, std::int64_t batch, std::int64_t anchors,
            Values values) {
    const OutputLayout& layout = description.layout;
    if (layout.splitOutputs()) {
      fillPlugin(outputs, description, batch, anchors, values);
      return;
    }
    const bool apart = layout.scores != OutputLayout::kNone;
    for (std::size_t i = 0; i < (apart ? 2U : 1U); ++i) {
      const std::int64_t count = apart && i == layout.scores ? layout.classes : layout.values();
      const bool rows = layout.anchorsFirst || layout.kind == OutputLayout::Kind::EndToEnd;
      outputs.add(rows ? Shape{batch, anchors, count} : Shape{batch, count, anchors});
    }
    for (std::int64_t image = 0; image < batch; ++image) {
      for (std::int64_t anchor = 0; anchor < anchors; ++anchor) {
        const std::vector<float> row = rowOf(description, values);
        for (std::size_t v = 0; v < row.size(); ++v) {
          place(outputs, layout, apart, {image, anchor, anchors, static_cast<std::int64_t>(v)}, row[v]);
        }
      }
    }
    outputs.upload();
  }

  PostprocessOptions options(int classes) {
    PostprocessOptions options;
    options.confidence = chance(4) ? 0.0F : real(0.0F, 0.9F);
    options.iou = chance(6) ? static_cast<float>(number(0, 1)) : real(0.0F, 1.0F);
    options.maxDetections = chance(3) ? 1 : chance(2) ? 5000 : number(2, 300);
    options.agnostic = chance(2);
    if (chance(3)) {
      std::vector<int> wanted;
      for (int i = number(1, 5); i > 0; --i) {
        wanted.push_back(number(0, std::max(classes, 3) + 2));
      }
      options.classes = PostprocessOptions::checkedClasses(wanted);
    }
    options.topK = chance(3) ? 1 : number(2, 50);
    return options;
  }

  Slots slots(std::size_t batch) {
    std::vector<std::optional<Size>> sources;
    for (std::size_t i = 0; i < batch; ++i) {
      sources.push_back(i > 0 && chance(3) ? std::nullopt : std::optional(Size{number(1, 3000), number(1, 3000)}));
    }
    return Slots(sources);
  }

 private:
  ValueType wholeType(const Outputs& outputs) {
    const ValueType types[] = {ValueType::I32, ValueType::I32, ValueType::I64, outputs.type()};
    return types[number(0, 3)];
  }

  void fillPlugin(Outputs& outputs, const ModelDescription& description, std::int64_t batch, std::int64_t objects,
                  Values values) {
    const OutputLayout& layout = description.layout;
    const std::int64_t dims = description.info.keypointDims;
    for (std::size_t i = 0; i < (layout.extras == OutputLayout::kNone ? 4U : 5U); ++i) {
      if (i == layout.counts) {
        outputs.add(chance(4) ? Shape{batch} : Shape{batch, 1}, wholeType(outputs));
      } else if (i == layout.boxes) {
        outputs.add({batch, objects, layout.values()});
      } else if (i == layout.extras) {
        outputs.add({batch, objects, description.info.keypoints, dims});
      } else {
        outputs.add({batch, objects}, i == layout.scores ? outputs.type() : wholeType(outputs));
      }
    }
    for (std::int64_t image = 0; image < batch; ++image) {
      const auto slot = static_cast<std::size_t>(image);
      outputs.at(layout.counts)[slot] = static_cast<float>(number(0, static_cast<int>(objects)));
      if (values == Values::Special && chance(2)) {
        const float specials[] = {-1.0F, -2e9F, 2e9F, static_cast<float>(objects) + 1.0F, kNan, 0.0F};
        outputs.at(layout.counts)[slot] = specials[number(0, 5)];
      }
      for (std::int64_t object = 0; object < objects; ++object) {
        std::vector<float> row = rowOf(description, values);
        const std::size_t place = slot * static_cast<std::size_t>(objects) + static_cast<std::size_t>(object);
        outputs.at(layout.scores)[place] = row[4];
        outputs.at(layout.classNumbers)[place] = row[5];
        row.erase(row.begin() + 4, row.begin() + 6);
        const auto own = static_cast<std::size_t>(layout.values());
        std::copy_n(row.begin(), own, outputs.at(layout.boxes).begin() + static_cast<std::ptrdiff_t>(place * own));
        if (layout.extras != OutputLayout::kNone) {
          std::copy(row.begin() + 4, row.end(),
                    outputs.at(layout.extras).begin() +
                        static_cast<std::ptrdiff_t>(place * static_cast<std::size_t>(layout.extra)));
        }
      }
    }
    outputs.upload();
  }

  struct Position {
    std::int64_t image, anchor, anchors, value;
  };

  static void place(Outputs& outputs, const OutputLayout& layout, bool apart, const Position& at, float value) {
    std::size_t tensor = layout.boxes;
    std::int64_t v = at.value, count = layout.values();
    if (apart && v >= 4) {
      tensor = layout.scores;
      v -= 4;
      count = layout.classes;
    }
    const bool rows = layout.anchorsFirst || layout.kind == OutputLayout::Kind::EndToEnd;
    const std::int64_t inside = rows ? at.anchor * count + v : v * at.anchors + at.anchor;
    outputs.at(tensor)[static_cast<std::size_t>(at.image * at.anchors * count + inside)] = value;
  }

  float score(Values values) {
    if (values == Values::Tied) {
      return static_cast<float>(number(0, 4)) * 0.25F;
    }
    return chance(4) ? real(0.0F, 1.0F) : real(0.0F, 0.1F);
  }

  std::vector<float> rowOf(const ModelDescription& description, Values values) {
    const OutputLayout& layout = description.layout;
    const bool tied = values == Values::Tied;
    std::vector<float> row{static_cast<float>(number(0, 12)) * 50.0F, static_cast<float>(number(0, 12)) * 50.0F,
                           static_cast<float>(number(1, 6)) * 16.0F, static_cast<float>(number(1, 6)) * 16.0F};
    for (float& value : row) {
      value += tied ? 0.0F : real(-4.0F, 4.0F);
    }
    const bool finished = layout.kind == OutputLayout::Kind::EndToEnd;
    if (layout.form.kind == BoxForm::Kind::Corners) {
      row[2] += row[0];
      row[3] += row[1];
    }
    if (finished) {
      row.push_back(score(values));
      row.push_back(static_cast<float>(number(-1, layout.classes > 0 ? layout.classes : 70000)));
    } else {
      if (layout.objectness) {
        row.push_back(chance(2) ? 1.0F : score(values));
      }
      for (int c = 0; c < layout.classes; ++c) {
        row.push_back(score(values) * (chance(3) ? 1.0F : 0.3F));
      }
    }
    for (int i = 0; i < layout.extra; ++i) {
      row.push_back(description.info.task == Task::OBB ? static_cast<float>(number(0, 6)) * 0.25F
                                                       : real(-20.0F, 700.0F));
    }
    if (values == Values::Special && chance(3)) {
      const float specials[] = {kNan, kInfinity, -kInfinity, 0.0F, -0.0F, -1.0F, 1e30F, 1e-42F};
      row[static_cast<std::size_t>(number(0, static_cast<int>(row.size()) - 1))] = specials[number(0, 7)];
      row[4] = chance(4) ? specials[number(0, 7)] : row[4];
    }
    return row;
  }

  std::mt19937 random_;
};

// Whether no two candidates of the image overlap so closely to the threshold that the last bits decide.
bool isClear(const ModelDescription& description, const Outputs& outputs, std::size_t slot,
             const PostprocessOptions& options) {
  if (description.info.task != Task::OBB || description.layout.kind == OutputLayout::Kind::EndToEnd) {
    return true;
  }
  PostprocessOptions all = options;
  all.iou = 2.0F;  // nothing is suppressed
  all.maxDetections = std::numeric_limits<int>::max();
  std::vector<Gaussian> gaussians;
  for (const RotatedCandidate& box :
       selectRotated({description.layout, outputs.views(), slot, Task::OBB, 0}, all).objects) {
    gaussians.push_back(gaussianOf(box.x, box.y, box.width, box.height, box.theta, box.classIndex, options.agnostic));
  }
  for (std::size_t i = 0; i < gaussians.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (std::abs(probabilisticIou(gaussians[j], gaussians[i]) - options.iou) < 2e-5F) {
        return false;
      }
    }
  }
  return true;
}

class DecoderTest : public testing::Test {
 protected:
  void SetUp() override { TRTYOLO_NEEDS_GPU(); }
};

// `rounds` models of random layouts, each with several calls. Gives how many objects came out.
std::size_t compareMany(Task task, unsigned seed, int rounds, Values values, bool half, int mostAnchors,
                        bool plugin = false) {
  Drawer drawer(seed);
  const Stream stream;
  std::size_t objects = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const ModelDescription description = plugin ? drawer.plugin(task) : drawer.description(task);
    const int batch = drawer.number(1, 3);
    Decoder decoder(description, batch);
    Outputs outputs(half);
    drawer.fill(outputs, description, batch, drawer.chance(8) ? 0 : drawer.number(1, mostAnchors), values);
    for (int call = 0; call < 4; ++call) {
      SCOPED_TRACE("call " + std::to_string(call));
      const Slots slots = drawer.slots(static_cast<std::size_t>(batch));
      const PostprocessOptions options = drawer.options(description.layout.classes);
      bool clear = true;
      for (std::size_t slot = 0; slot < slots.size(); ++slot) {
        clear = clear && isClear(description, outputs, slot, options);
      }
      if (clear) {
        objects += expectCpu(decoder, description, outputs, slots, options, stream);
      }
      if (testing::Test::HasFatalFailure()) {
        return objects;
      }
    }
  }
  return objects;
}

TEST_F(DecoderTest, BoxesOfAllLayouts) {
  EXPECT_GT(compareMany(Task::Detect, 1, 60, Values::Lively, false, 900), 5000U);
}

TEST_F(DecoderTest, KeypointsOfAllLayouts) {
  EXPECT_GT(compareMany(Task::Pose, 2, 40, Values::Lively, false, 600), 2000U);
}

TEST_F(DecoderTest, RotatedBoxesOfAllLayouts) {
  EXPECT_GT(compareMany(Task::OBB, 3, 60, Values::Lively, false, 400), 1000U);
}

TEST_F(DecoderTest, EqualScores) {
  EXPECT_GT(compareMany(Task::Detect, 4, 40, Values::Tied, false, 900), 2000U);
  EXPECT_GT(compareMany(Task::OBB, 5, 40, Values::Tied, false, 300), 500U);
}

TEST_F(DecoderTest, ValuesThatAreNoNumbers) {
  EXPECT_GT(compareMany(Task::Detect, 6, 60, Values::Special, false, 300), 1000U);
  EXPECT_GT(compareMany(Task::Pose, 7, 40, Values::Special, false, 300), 1000U);
  EXPECT_GT(compareMany(Task::OBB, 8, 40, Values::Special, false, 200), 300U);
}

TEST_F(DecoderTest, HalfNumbers) {
  EXPECT_GT(compareMany(Task::Detect, 9, 40, Values::Lively, true, 600), 2000U);
  EXPECT_GT(compareMany(Task::Pose, 10, 20, Values::Special, true, 300), 500U);
  EXPECT_GT(compareMany(Task::OBB, 11, 30, Values::Lively, true, 300), 300U);
}

TEST_F(DecoderTest, OutputsOfPlugins) {
  EXPECT_GT(compareMany(Task::Detect, 61, 40, Values::Lively, false, 1200, true), 2000U);
  EXPECT_GT(compareMany(Task::Pose, 62, 30, Values::Lively, true, 300, true), 500U);
  EXPECT_GT(compareMany(Task::OBB, 63, 30, Values::Lively, false, 300, true), 500U);
}

// Numbers of objects below 0 and above what there is room for, scores and classes that are none.
TEST_F(DecoderTest, OutputsOfPluginsThatAreNoNumbers) {
  EXPECT_GT(compareMany(Task::Detect, 64, 80, Values::Special, false, 300, true), 1000U);
  EXPECT_GT(compareMany(Task::Pose, 65, 40, Values::Special, false, 100, true), 300U);
  EXPECT_GT(compareMany(Task::OBB, 66, 40, Values::Special, true, 100, true), 300U);
}

// Of networks that were cut behind their last convolutions.
ModelDescription rawDescription(Drawer& drawer, Task task, bool anchors, bool endToEnd) {
  OutputLayout layout;
  layout.classes = drawer.chance(3) ? 1 : drawer.number(2, 90);
  const int keypoints = task == Task::Pose ? drawer.number(1, 17) : 0;
  layout.extra = task == Task::OBB ? 1 : keypoints * drawer.number(2, 3);
  layout.objectness = anchors;
  layout.multiLabel = layout.suppressed = endToEnd;
  RawHead head;
  head.form.boxes = anchors ? RawForm::Boxes::Anchors : RawForm::Boxes::Distances;
  head.form.points = drawer.chance(2) ? RawForm::Points::Corner : RawForm::Points::Middle;
  head.form.angles = RawForm::Angles::Radians;
  head.form.bins = drawer.chance(2) ? 1 : 16;
  head.anchorsPerCell = anchors ? 3 : 1;
  head.mostObjects = endToEnd ? drawer.number(1, 200) : 0;
  const std::size_t tensors = anchors ? 1 : layout.extra > 0 ? 3 : 2;
  for (std::size_t i = 0; i < 3; ++i) {
    RawHead::Level level{8 << i, i * tensors, i * tensors, i * tensors, {}};
    level.scores += tensors > 1 ? 1 : 0;
    level.extras += tensors > 2 ? 2 : 0;
    level.anchors = {{{10.0F, 13.5F}, {62.0F, 45.25F}, {156.0F, 198.0F}}};
    head.levels.push_back(level);
  }
  layout.raw = head;
  return descriptionOf(task, layout, keypoints);
}

void fillRaw(Drawer& drawer, Outputs& outputs, const ModelDescription& description, std::int64_t batch,
             std::int64_t side) {
  const OutputLayout& layout = description.layout;
  const RawHead& head = *layout.raw;
  for (const RawHead::Level& level : head.levels) {
    const std::int64_t cells = side / level.stride;
    std::vector<std::int64_t> channels{4 * head.form.bins, layout.classes};
    if (layout.extra > 0) {
      channels.push_back(layout.extra);
    }
    if (head.form.boxes == RawForm::Boxes::Anchors) {
      channels = {head.anchorsPerCell * (5 + layout.classes + layout.extra)};
    }
    for (std::size_t i = 0; i < channels.size(); ++i) {
      for (float& value : outputs.add({batch, channels[i], cells, cells})) {
        // Few scores reach a threshold.
        value = drawer.real(-3.0F, 3.0F) - (i == 1 && !drawer.chance(30) ? 4.0F : 0.0F);
      }
    }
  }
  outputs.upload();
}

TEST_F(DecoderTest, HeadsThatWereCut) {
  struct Case {
    Task task;
    bool anchors, endToEnd, half;
  };
  const Stream stream;
  Drawer drawer(71);
  for (const Case& one : {Case{Task::Detect, false, false, false}, Case{Task::Detect, false, false, true},
                          Case{Task::Detect, true, false, false}, Case{Task::Detect, true, false, true},
                          Case{Task::Detect, false, true, false}, Case{Task::Pose, false, false, false},
                          Case{Task::Pose, false, true, true}, Case{Task::OBB, false, true, false}}) {
    SCOPED_TRACE(std::string(toString(one.task)) + (one.anchors ? ", anchors" : "") +
                 (one.endToEnd ? ", end to end" : "") + (one.half ? ", f16" : ""));
    std::size_t objects = 0;
    for (int round = 0; round < 8; ++round) {
      const ModelDescription description = rawDescription(drawer, one.task, one.anchors, one.endToEnd);
      Outputs outputs(one.half);
      fillRaw(drawer, outputs, description, 2, 32 * drawer.number(1, 8));
      if (one.half && round % 2 == 1) {
        outputs.turn();
      }
      const Slots slots({Size{1920, 1080}, Size{100, 200}});
      Decoder decoder(description, 2);
      for (const float confidence : {0.25F, 0.6F}) {
        PostprocessOptions options = drawer.options(description.layout.classes);
        options.confidence = confidence;
        if (one.task == Task::OBB) {  // sines and cosines differ in their last bits
          decoder.prepare(options, outputs.onDevice());
          bring({decoder.parameters()}, stream.get());
          decoder.enqueue(slots.get(), stream.get());
          stream.synchronize();
          for (std::size_t slot = 0; slot < 2; ++slot) {
            const Result wanted = Head(description).decode(outputs.views(), slot, *slots.box(slot), options);
            const Result found = decoder.read(slot);
            ASSERT_EQ(wanted.classes, found.classes);
            for (std::size_t i = 0; i < wanted.rotatedBoxes.size(); ++i) {
              ASSERT_NEAR(wanted.rotatedBoxes[i].left, found.rotatedBoxes[i].left, 2e-3F);
              ASSERT_NEAR(wanted.rotatedBoxes[i].bottom, found.rotatedBoxes[i].bottom, 2e-3F);
              ASSERT_EQ(wanted.rotatedBoxes[i].theta, found.rotatedBoxes[i].theta);
            }
            objects += wanted.classes.size();
          }
          continue;
        }
        objects += expectCpu(decoder, description, outputs, slots, options, stream);
      }
      if (HasFatalFailure()) {
        return;
      }
    }
    EXPECT_GT(objects, 50U);
  }
}

TEST_F(DecoderTest, BestClasses) {
  Drawer drawer(67);
  const Stream stream;
  for (const bool half : {false, true}) {
    for (const int given : {0, 1, 5, 100, 2000}) {
      SCOPED_TRACE(std::to_string(given) + " classes");
      OutputLayout layout;
      layout.kind = OutputLayout::Kind::BestClasses;
      layout.classes = drawer.chance(2) ? 0 : 90;
      const ModelDescription description = descriptionOf(Task::Classify, layout);
      Outputs outputs(half);
      std::vector<float>& values = outputs.add({2, given, 2});
      for (std::size_t i = 0; i < values.size(); i += 2) {
        const float specials[] = {kNan, kInfinity, -kInfinity, -1.0F, 65536.0F, 1e30F};
        values[i] = drawer.chance(6) ? specials[drawer.number(0, 5)] : drawer.real(0.0F, 1.0F);
        values[i + 1] = drawer.chance(6) ? specials[drawer.number(0, 5)] : static_cast<float>(drawer.number(-1, 100));
      }
      outputs.upload();
      const Slots slots({Size{100, 50}, Size{50, 100}});
      Decoder decoder(description, 2);
      for (const int topK : {5, 1, 300, 100000}) {
        PostprocessOptions options;
        options.topK = topK;
        options.classes = {3};  // detectors' thresholds have no effect
        options.maxDetections = 1;
        const std::size_t found = expectCpu(decoder, description, outputs, slots, options, stream);
        EXPECT_LE(found, 2U * static_cast<std::size_t>(std::min(given, topK)));
        EXPECT_GE(found, given < 100 ? 0U : 2U * static_cast<std::size_t>(std::min(topK, 30)));
      }
    }
  }
}

// More candidates than are sorted in shared memory, than are gathered at once, and than take part.
TEST_F(DecoderTest, ManyCandidates) {
  struct Case {
    Task task;
    int anchors, classes;
    bool multiLabel;
    float iou;
  };
  for (const Case& one : {Case{Task::Detect, 8400, 80, false, 0.7F}, Case{Task::Detect, 2049, 3, false, 0.95F},
                          Case{Task::Detect, 33000, 1, false, 0.3F}, Case{Task::Detect, 8400, 6, true, 0.5F},
                          Case{Task::Pose, 8400, 1, false, 0.7F}, Case{Task::OBB, 2500, 15, false, 0.37F}}) {
    SCOPED_TRACE(std::to_string(one.anchors) + " anchors");
    OutputLayout layout;
    layout.classes = one.classes;
    layout.extra = one.task == Task::OBB ? 1 : one.task == Task::Pose ? 51 : 0;
    if (one.multiLabel) {
      layout.anchorsFirst = layout.multiLabel = true;
      layout.form.kind = BoxForm::Kind::Corners;
      layout.scores = 1;
    }
    const ModelDescription description = descriptionOf(one.task, layout, one.task == Task::Pose ? 17 : 0);
    Drawer drawer(21);
    Outputs outputs;
    drawer.fill(outputs, description, 1, one.anchors, one.task == Task::OBB ? Values::Tied : Values::Lively);
    const Slots slots({Size{1920, 1080}});
    Decoder decoder(description, 1);
    const Stream stream;
    for (const int most : {300, 1, 5000}) {
      PostprocessOptions options;
      options.confidence = 0.0F;
      options.iou = one.iou;
      options.maxDetections = most;
      ASSERT_TRUE(isClear(description, outputs, 0, options));
      EXPECT_GT(expectCpu(decoder, description, outputs, slots, options, stream), most == 1 ? 0U : 50U);
    }
  }
}

TEST_F(DecoderTest, OnlySoManyTakePart) {
  OutputLayout layout;
  layout.classes = 5;
  const ModelDescription description = descriptionOf(Task::Detect, layout);
  Drawer drawer(22);
  Outputs outputs;
  drawer.fill(outputs, description, 1, static_cast<int>(kMostCandidates) + 3000, Values::Lively);
  PostprocessOptions options;
  options.confidence = 0.0F;
  options.maxDetections = std::numeric_limits<int>::max();
  Decoder decoder(description, 1);
  const Stream stream;
  const Slots slots({Size{640, 640}});
  options.iou = 1.0F;
  EXPECT_EQ(expectCpu(decoder, description, outputs, slots, options, stream), kMostCandidates);
  options.iou = 0.9F;  // room is left, and not taken by those that were too many
  EXPECT_LT(expectCpu(decoder, description, outputs, slots, options, stream), kMostCandidates);
}

// What the masks are made from: the objects in pixels of the network's input, and their coefficients.
TEST_F(DecoderTest, KeptObjectsStayOnTheDevice) {
  OutputLayout layout;
  layout.classes = 3;
  layout.extra = 8;
  layout.prototypes = 1;
  const ModelDescription description = descriptionOf(Task::Segment, layout);
  Drawer drawer(23);
  Outputs outputs;
  drawer.fill(outputs, description, 2, 700, Values::Lively);
  outputs.add({2, 8, 16, 16});
  const Slots slots({Size{100, 200}, Size{1920, 1080}});
  const Stream stream;
  Decoder decoder(description, 2);
  const PostprocessOptions options;
  decoder.prepare(options, outputs.onDevice());
  bring({decoder.parameters()}, stream.get());
  decoder.enqueue(slots.get(), stream.get());
  stream.synchronize();
  int counts[2];
  std::vector<KeptObject> kept(2 * decoder.capacity());
  check(cudaMemcpy(counts, decoder.keptCounts(), sizeof(counts), cudaMemcpyDeviceToHost), "copying counts");
  check(cudaMemcpy(kept.data(), decoder.kept(), kept.size() * sizeof(KeptObject), cudaMemcpyDeviceToHost),
        "copying objects");
  for (std::size_t slot = 0; slot < 2; ++slot) {
    const auto wanted =
        select({layout, outputs.views(), slot, Task::Detect, 0}, BackTransform(*slots.box(slot)), options);
    ASSERT_EQ(static_cast<std::size_t>(counts[slot]), wanted.objects.size());
    ASSERT_GT(counts[slot], 5);
    for (std::size_t i = 0; i < wanted.objects.size(); ++i) {
      const KeptObject& found = kept[slot * decoder.capacity() + i];
      EXPECT_EQ(found.anchor, wanted.objects[i].anchor);
      EXPECT_EQ(found.score, wanted.objects[i].score);
      EXPECT_EQ(found.classIndex, wanted.objects[i].classIndex);
      EXPECT_TRUE(same(Box{found.left, found.top, found.right, found.bottom}, wanted.objects[i].box));
    }
    EXPECT_EQ(decoder.read(slot).classes.size(), wanted.objects.size());
  }
  const DeviceTable extra = decoder.extraValues().table;
  EXPECT_EQ(extra.data, static_cast<const float*>(outputs.onDevice()[0].data) + std::ptrdiff_t{7} * 700);
  EXPECT_EQ(extra.valueStep, 700U);
  EXPECT_EQ(extra.anchorStep, 1U);
  EXPECT_EQ(extra.slotStep, 15U * 700U);
}

TEST_F(DecoderTest, ClassesInOrder) {
  Drawer drawer(31);
  const Stream stream;
  for (const int classes : {1, 2, 10, 33, 1000, 2048, 2049, 5000, 21841}) {
    for (const Values values : {Values::Lively, Values::Tied, Values::Special}) {
      SCOPED_TRACE(std::to_string(classes) + " classes");
      OutputLayout layout;
      layout.kind = OutputLayout::Kind::ClassScores;
      layout.classes = classes;
      const ModelDescription description = descriptionOf(Task::Classify, layout);
      const bool half = drawer.chance(3);
      Outputs outputs(half);
      for (float& value : outputs.add({2, classes})) {
        const float specials[] = {kNan, kInfinity, -kInfinity, 0.0F, -0.0F, -1.0F, -2.0F, 1e-42F};
        value = values == Values::Tied                          ? static_cast<float>(drawer.number(0, 3))
                : values == Values::Special && drawer.chance(2) ? specials[drawer.number(0, 7)]
                                                                : drawer.real(0.0F, 1.0F);
      }
      outputs.upload();
      const Slots slots = drawer.slots(2);
      Decoder decoder(description, 2);
      for (const int topK : {5, 1, 16, 17, 100, 100000}) {
        PostprocessOptions options;
        options.topK = topK;
        expectCpu(decoder, description, outputs, slots, options, stream);
      }
    }
  }
}

// What a graph holds stays good while thresholds change, until prepare() says that it does not.
TEST_F(DecoderTest, OneGraphForManyCalls) {
  for (const Task task : {Task::Detect, Task::OBB}) {
    OutputLayout layout;
    layout.classes = 4;
    layout.extra = task == Task::OBB ? 1 : 0;
    const ModelDescription description = descriptionOf(task, layout);
    Drawer drawer(41);
    Outputs outputs;
    drawer.fill(outputs, description, 2, 500, Values::Tied);
    const Slots slots({Size{640, 480}, std::nullopt});
    const Head head(description);
    const Stream stream;
    Decoder decoder(description, 2);
    Graph ready;
    std::size_t captures = 0;
    for (const int most : {10, 1, 10, 3, 200, 100, 200}) {
      PostprocessOptions options;
      options.maxDetections = most;
      options.iou = 0.43F;
      options.confidence = most == 3 ? 0.6F : 0.1F;
      options.classes = most == 1 ? std::vector<int>{2} : std::vector<int>{};
      ASSERT_TRUE(isClear(description, outputs, 0, options));
      if (decoder.prepare(options, outputs.onDevice())) {
        ++captures;
        ready = Graph(stream, [&] {
          bring({decoder.parameters()}, stream.get());
          decoder.enqueue(slots.get(), stream.get());
        });
      }
      ready.launch(stream);
      stream.synchronize();
      expectSame(head.decode(outputs.views(), 0, *slots.box(0), options), decoder.read(0));
    }
    EXPECT_EQ(captures, 2U);  // at first, and when more objects were asked for than ever before
  }
}

TEST_F(DecoderTest, OtherOutputsAreNoticed) {
  OutputLayout layout;
  layout.classes = 4;
  const ModelDescription description = descriptionOf(Task::Detect, layout);
  Drawer drawer(51);
  Outputs few, many, wrong, small;
  drawer.fill(few, description, 2, 50, Values::Lively);
  drawer.fill(many, description, 2, 3000, Values::Lively);
  wrong.add({2, 9, 50});
  small.add({1, 8, 50});
  const Slots slots({Size{640, 480}, Size{480, 640}});
  const Stream stream;
  Decoder decoder(description, 2);
  const PostprocessOptions options;
  EXPECT_TRUE(decoder.prepare(options, few.onDevice()));
  EXPECT_FALSE(decoder.prepare(options, few.onDevice()));
  EXPECT_TRUE(decoder.prepare(options, many.onDevice()));
  expectCpu(decoder, description, many, slots, options, stream);
  EXPECT_THROW(decoder.prepare(options, wrong.onDevice()), InferenceError);
  EXPECT_THROW(decoder.prepare(options, small.onDevice()), InferenceError);
  EXPECT_TRUE(decoder.prepare(options, few.onDevice()));
  expectCpu(decoder, description, few, slots, options, stream);
}

// Outputs of real networks, from the folder that the environment names: see tests/data/README.md.
TEST_F(DecoderTest, OutputsOfNetworks) {
  const char* const folder = std::getenv("TRTYOLO_TEST_DATA");
  namespace fs = std::filesystem;
  if (!folder || !fs::exists(fs::path(folder) / "heads")) {
    GTEST_SKIP() << "TRTYOLO_TEST_DATA does not name the folder tests/data";
  }
  using nlohmann::json;
  const auto tensorsOf = [](const json& list) {
    std::vector<TensorInfo> tensors;
    for (const json& tensor : list) {
      tensors.push_back({tensor.at("name"), tensor.at("type"), tensor.at("shape")});
    }
    return tensors;
  };
  std::size_t networks = 0;
  for (const auto& file : fs::directory_iterator(fs::path(folder) / "heads")) {
    if (file.path().extension() != ".json") {
      continue;
    }
    std::ifstream text(file.path());
    const json entry = json::parse(text);
    if (entry.at("task") == "segment") {
      continue;  // a segmenter's results are not whole without its masks
    }
    SCOPED_TRACE(entry.at("model").get<std::string>());
    RawModel model;
    model.file = entry.at("model");
    model.inputs = tensorsOf(entry.at("inputs"));
    model.outputs = tensorsOf(entry.at("outputs"));
    model.metadata = entry.at("metadata").get<Metadata>();
    const ModelDescription description = describe(model, {});
    std::ifstream data(fs::path(file.path()).replace_extension(".bin"), std::ios::binary);
    Outputs outputs;
    for (const json& output : entry.at("outputs")) {
      std::vector<float>& values = outputs.add(output.at("shape").get<Shape>());
      data.seekg(output.at("offset").get<std::streamoff>());
      data.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
    }
    ASSERT_TRUE(data.good());
    outputs.upload();
    const Slots slots({Size{entry.at("picture").at("width"), entry.at("picture").at("height")}});
    Decoder decoder(description, 1);
    const Stream stream;
    for (const json& asked : entry.at("results")) {
      PostprocessOptions options;
      options.confidence = asked.at("conf");
      options.iou = asked.at("iou");
      options.maxDetections = asked.at("maxDet");
      options.agnostic = asked.at("agnostic");
      options.classes = asked.at("classes").get<std::vector<int>>();
      expectCpu(decoder, description, outputs, slots, options, stream);
    }
    ++networks;
  }
  EXPECT_GE(networks, 20U);
}

}  // namespace
}  // namespace trtyolo::cuda
