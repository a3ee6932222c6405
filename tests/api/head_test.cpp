// Networks that are cut behind their last convolutions find what the whole ones find.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "support/head_model.hpp"
#include "support/random.hpp"
#include "support/references.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo.hpp"

namespace trtyolo::head_test {
namespace {

using test::HeadChange;
using test::HeadModel;

class HeadTest : public testing::Test {
 protected:
  std::string write(const HeadModel& model) {
    const std::string file = folder_ / "head.onnx";
    std::ofstream(file, std::ios::binary) << model.bytes();
    return file;
  }

  static InferOption option(HeadMode mode) {
    InferOption option;
    option.setHead(mode);
    option.setConfidence(0.3F);
    return option;
  }

  // `count` images of noise, coarse enough that scores differ from place to place.
  static std::vector<std::vector<std::uint8_t>> images(int count) {
    constexpr int kCoarse = 4;
    test::Random random(11);
    std::vector<std::vector<std::uint8_t>> all;
    for (int i = 0; i < count; ++i) {
      std::vector<std::uint8_t> pixels(kWidth * kHeight * 3);
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth * 3; ++x) {
          const std::size_t at = static_cast<std::size_t>(y) * kWidth * 3 + static_cast<std::size_t>(x);
          pixels[at] = y % kCoarse == 0 ? static_cast<std::uint8_t>(random()) : pixels[at - kWidth * 3];
        }
      }
      all.push_back(std::move(pixels));
    }
    return all;
  }

  // Whether object i of one is object j of the other. Which of two objects with nearly the same score comes first is
  // left to rounding.
  static bool isSame(const Result& whole, std::size_t i, const Result& cut, std::size_t j) {
    constexpr float kPixels = 2e-3F, kScore = 1e-5F;
    const auto near = [&](float a, float b) { return std::abs(a - b) <= kPixels; };
    const auto sameBox = [&](const Box& a, const Box& b) {
      return near(a.left, b.left) && near(a.top, b.top) && near(a.right, b.right) && near(a.bottom, b.bottom);
    };
    if (whole.classes[i] != cut.classes[j] || std::abs(whole.scores[i] - cut.scores[j]) > kScore) {
      return false;
    }
    if (!whole.rotatedBoxes.empty()) {
      return sameBox(whole.rotatedBoxes[i], cut.rotatedBoxes[j]) &&
             near(whole.rotatedBoxes[i].theta, cut.rotatedBoxes[j].theta);
    }
    if (!whole.boxes.empty() && !sameBox(whole.boxes[i], cut.boxes[j])) {
      return false;
    }
    for (std::size_t k = 0; !whole.keypoints.empty() && k < whole.keypoints[i].size(); ++k) {
      const KeyPoint &a = whole.keypoints[i][k], &b = cut.keypoints[j][k];
      if (!near(a.x, b.x) || !near(a.y, b.y)) {
        return false;
      }
    }
    return true;
  }

  static void expectSame(const Result& whole, const Result& cut) {
    ASSERT_EQ(whole.scores.size(), cut.scores.size());
    ASSERT_EQ(whole.boxes.size(), cut.boxes.size());
    ASSERT_EQ(whole.rotatedBoxes.size(), cut.rotatedBoxes.size());
    ASSERT_EQ(whole.keypoints.size(), cut.keypoints.size());
    EXPECT_EQ(whole.masks.size(), cut.masks.size());
    std::vector<bool> paired(cut.scores.size(), false);
    for (std::size_t i = 0; i < whole.scores.size(); ++i) {
      std::size_t j = 0;
      while (j < paired.size() && (paired[j] || !isSame(whole, i, cut, j))) {
        ++j;
      }
      ASSERT_LT(j, paired.size()) << "object " << i;
      paired[j] = true;
    }
  }

  // How many objects there were in all images.
  std::size_t expectSame(const HeadModel& model, const InferOption& whole, const InferOption& cut) {
    return expectSame(write(model), whole, cut);
  }
  std::size_t expectSame(const std::string& file, const InferOption& whole, const InferOption& cut) {
    auto wholeModel = Model::load(file, whole), cutModel = Model::load(file, cut);
    EXPECT_EQ(wholeModel.info().head.rfind("whole: ", 0), 0U) << wholeModel.info().head;
    EXPECT_EQ(cutModel.info().head.rfind("cut ", 0), 0U) << cutModel.info().head;
    EXPECT_EQ(wholeModel.info().outputs.size(), cutModel.info().outputs.size());
    std::size_t objects = 0;
    for (const auto& pixels : images(8)) {
      const Image image(pixels.data(), kWidth, kHeight);
      const Result expected = wholeModel.predict(image);
      expectSame(expected, cutModel.predict(image));
      objects += expected.scores.size();
    }
    return objects;
  }

  static constexpr int kWidth = 90, kHeight = 70;
  test::TempDir folder_;
};

TEST_F(HeadTest, EveryTask) {
  for (const Task task : {Task::Detect, Task::Segment, Task::Pose, Task::OBB}) {
    for (const bool middle : {false, true}) {
      SCOPED_TRACE(std::string(toString(task)) + (middle ? ", middle" : ""));
      const HeadModel model{.task = task, .bins = middle ? 1 : 16, .middle = middle};
      EXPECT_GT(expectSame(model, option(HeadMode::Whole), option(HeadMode::Auto)), 20U);
    }
  }
}

TEST_F(HeadTest, EveryForm) {
  for (const HeadModel& model :
       {HeadModel{.anchors = true}, HeadModel{.byLevel = true}, HeadModel{.transposed = true}, HeadModel{.bins = 3}}) {
    EXPECT_GT(expectSame(model, option(HeadMode::Whole), option(HeadMode::Cut)), 20U);
  }
}

TEST_F(HeadTest, Classifiers) {
  EXPECT_GT(expectSame(test::dataPath("shapes/classify.onnx"), option(HeadMode::Whole), option(HeadMode::Cut)), 20U);
}

TEST_F(HeadTest, EndToEndNetworksKeepTheirBest) {
  for (const Task task : {Task::Detect, Task::Segment, Task::Pose, Task::OBB}) {
    SCOPED_TRACE(toString(task));
    const HeadModel model{.task = task, .bins = 1, .endToEnd = true, .middle = true};
    EXPECT_GT(expectSame(model, option(HeadMode::Whole), option(HeadMode::Auto)), 20U);
    // Of the network's objects, not of all: those of other classes take places.
    InferOption whole = option(HeadMode::Whole), cut = option(HeadMode::Cut);
    for (InferOption* each : {&whole, &cut}) {
      each->setClasses({1});
      each->setConfidence(0.01F);
      each->setMaxDetections(5);
    }
    expectSame(model, whole, cut);
  }
}

TEST_F(HeadTest, OpenVinoIr) {
  for (const bool half : {false, true}) {
    for (const HeadModel& model :
         {HeadModel{}, HeadModel{.task = Task::Segment}, HeadModel{.task = Task::Pose, .bins = 1, .middle = true},
          HeadModel{.task = Task::OBB}, HeadModel{.anchors = true}, HeadModel{.byLevel = true},
          HeadModel{.transposed = true}, HeadModel{.bins = 1, .endToEnd = true, .middle = true}}) {
      SCOPED_TRACE(std::string(toString(model.task)) + (model.anchors ? ", anchors" : "") +
                   (model.endToEnd ? ", end to end" : "") + (half ? ", f16" : ""));
      const std::string file = model.saveAsIr(write(model), folder_ / "", half);
      EXPECT_GT(expectSame(file, option(HeadMode::Whole), option(HeadMode::Cut)), 20U);
    }
  }
}

TEST_F(HeadTest, QuantizedNetworks) {
  for (const HeadModel& model :
       {HeadModel{.quantized = true}, HeadModel{.task = Task::Pose, .bins = 1, .middle = true, .quantized = true},
        HeadModel{.byLevel = true, .quantized = true}}) {
    SCOPED_TRACE(std::string(toString(model.task)) + (model.byLevel ? ", by level" : ""));
    const std::string onnx = write(model);
    EXPECT_GT(expectSame(onnx, option(HeadMode::Whole), option(HeadMode::Cut)), 20U);
    if (model.byLevel) {
      const std::string ir = model.saveAsIr(onnx, folder_ / "", false);
      EXPECT_GT(expectSame(ir, option(HeadMode::Whole), option(HeadMode::Cut)), 20U);
    }
  }
}

TEST_F(HeadTest, OpenVinoIrThatIsNoHeadRunsWhole) {
  for (const HeadChange change : {HeadChange::ReversedLevels, HeadChange::ShuffledScores, HeadChange::OtherStrides,
                                  HeadChange::ExtraBranch, HeadChange::ForeignAnchors, HeadChange::SwappedAxes,
                                  HeadChange::ShiftedCells, HeadChange::Squared, HeadChange::Clipped}) {
    const bool anchors = change == HeadChange::ForeignAnchors;
    const HeadModel one{.anchors = anchors, .change = change};
    const std::string file = one.saveAsIr(write(one), folder_ / "", false);
    const auto model = Model::load(file, option(HeadMode::Auto));
    EXPECT_EQ(model.info().head.rfind("whole: ", 0), 0U) << static_cast<int>(change) << model.info().head;
    EXPECT_THROW(Model::load(file, option(HeadMode::Cut)), ModelError);
  }
}

TEST_F(HeadTest, WhatIsNoHeadIsRefusedOnlyIfItIsToBeCut) {
  const std::string file = write({.change = HeadChange::ExtraBranch});
  auto model = Model::load(file, option(HeadMode::Auto));
  EXPECT_EQ(model.info().head.rfind("whole: ", 0), 0U) << model.info().head;
  EXPECT_THROW(Model::load(file, option(HeadMode::Cut)), ModelError);
}

// Seen only when the sides of its grids are known.
TEST_F(HeadTest, GridsInAnotherOrderRunWhole) {
  const std::string file = write({.change = HeadChange::ReversedLevels});
  const auto model = Model::load(file, option(HeadMode::Auto));
  EXPECT_EQ(model.info().head, "whole: its last convolutions give other grids than they seem to");
  EXPECT_THROW(Model::load(file, option(HeadMode::Cut)), ModelError);
}

TEST_F(HeadTest, ThresholdsOfAllAndOfNone) {
  const std::string file = write({});
  for (const float confidence : {0.0F, 0.999F, 1.0F}) {
    InferOption whole = option(HeadMode::Whole), cut = option(HeadMode::Cut);
    whole.setConfidence(confidence);
    cut.setConfidence(confidence);
    const auto images = HeadTest::images(1);
    const Image image(images[0].data(), kWidth, kHeight);
    expectSame(Model::load(file, whole).predict(image), Model::load(file, cut).predict(image));
  }
}

}  // namespace
}  // namespace trtyolo::head_test
