#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "model/head.hpp"

namespace trtyolo {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Head detectHead(int classes, bool clipped = false) {
  ModelDescription description;
  description.layout.classes = classes;
  description.layout.clipped = clipped;
  return Head(description);
}

// An output tensor of one image.
class Output {
 public:
  Output(int classes, int anchors) : anchors_(anchors), values_(static_cast<std::size_t>((4 + classes) * anchors)) {
    view_.shape = {1, 4 + classes, anchors};
    view_.data = values_.data();
  }

  float& at(int row, int anchor) { return values_[static_cast<std::size_t>(row * anchors_ + anchor)]; }

  void object(int anchor, Box box, int classIndex, float score) {
    at(0, anchor) = (box.left + box.right) / 2;
    at(1, anchor) = (box.top + box.bottom) / 2;
    at(2, anchor) = box.right - box.left;
    at(3, anchor) = box.bottom - box.top;
    at(4 + classIndex, anchor) = score;
  }

  Result decode(int classes, const Letterbox& letterbox, const PostprocessOptions& options = {}) const {
    return detectHead(classes).decode({&view_, 1}, 0, letterbox, options);
  }
  Result decodeClipped(const Letterbox& letterbox) const {
    return detectHead(1, true).decode({&view_, 1}, 0, letterbox, {});
  }

 private:
  int anchors_;
  std::vector<float> values_;
  TensorView view_;
};

const Letterbox kSame = Letterbox::fit({640, 640}, {640, 640});

TEST(DetectHeadTest, FindsTheBestClassOfEachAnchor) {
  Output output(3, 1000);
  output.object(0, {10, 20, 30, 60}, 2, 0.9F);
  output.at(4, 0) = 0.3F;
  output.object(999, {100, 200, 300, 600}, 0, 0.8F);
  output.object(511, {400, 20, 420, 60}, 1, 0.7F);
  output.object(512, {500, 20, 520, 60}, 1, 0.2F);  // below the threshold
  const Result found = output.decode(3, kSame);
  EXPECT_EQ(found.classes, (std::vector<int>{2, 0, 1}));
  EXPECT_EQ(found.scores, (std::vector<float>{0.9F, 0.8F, 0.7F}));
  EXPECT_EQ(found.boxes[0].xyxy(), (std::array<float, 4>{10, 20, 30, 60}));
  EXPECT_EQ(found.boxes[1].xyxy(), (std::array<float, 4>{100, 200, 300, 600}));
}

// LibreYOLO's way: what lies outside the image plays no part.
TEST(DetectHeadTest, BoxesThatAreCutFirstSuppressEachOther) {
  const Letterbox wide = Letterbox::fit({1280, 640}, {640, 640});  // on the rows 160 to 480
  Output output(1, 16);
  output.object(0, {-100, 100, 20, 200}, 0, 0.9F);
  output.object(1, {-10, 150, 20, 200}, 0, 0.8F);
  output.object(2, {300, 300, 340, 340}, 0, 0.7F);
  EXPECT_EQ(output.decode(1, wide).scores, (std::vector<float>{0.9F, 0.8F, 0.7F}));
  const Result found = output.decodeClipped(wide);
  EXPECT_EQ(found.scores, (std::vector<float>{0.9F, 0.7F}));
  EXPECT_EQ(found.boxes[0].xyxy(), (std::array<float, 4>{0, 0, 40, 80}));
  EXPECT_EQ(found.boxes[1].xyxy(), (std::array<float, 4>{600, 280, 680, 360}));
}

TEST(DetectHeadTest, OfEqualScoresTheFirstClassIsTheBest) {
  Output output(4, 8);
  output.object(3, {10, 20, 30, 60}, 1, 0.5F);
  output.at(4 + 3, 3) = 0.5F;
  EXPECT_EQ(output.decode(4, kSame).classes, std::vector<int>{1});
}

TEST(DetectHeadTest, TheThresholdItselfIsNotEnough) {
  Output output(1, 4);
  output.object(0, {10, 20, 30, 60}, 0, 0.25F);
  output.object(1, {110, 20, 130, 60}, 0, std::nextafter(0.25F, 1.0F));
  EXPECT_EQ(output.decode(1, kSame).boxes.size(), 1U);
}

TEST(DetectHeadTest, HonoursClassesAgnosticAndMost) {
  Output output(3, 8);
  output.object(0, {10, 20, 30, 60}, 0, 0.9F);
  output.object(1, {10, 20, 30, 61}, 1, 0.8F);
  output.object(2, {300, 20, 330, 60}, 2, 0.7F);
  PostprocessOptions options;
  EXPECT_EQ(output.decode(3, kSame, options).classes, (std::vector<int>{0, 1, 2}));
  options.agnostic = true;
  EXPECT_EQ(output.decode(3, kSame, options).classes, (std::vector<int>{0, 2}));
  options.agnostic = false;
  options.classes = {1, 2};
  EXPECT_EQ(output.decode(3, kSame, options).classes, (std::vector<int>{1, 2}));
  options.classes = {};
  options.maxDetections = 2;
  EXPECT_EQ(output.decode(3, kSame, options).classes, (std::vector<int>{0, 1}));
}

TEST(DetectHeadTest, ScalesBackToTheImageAndClips) {
  // 1280 x 720 in 640 x 640: half the size, 140 rows of border above.
  const Letterbox letterbox = Letterbox::fit({1280, 720}, {640, 640});
  ASSERT_EQ(letterbox.top, 140);
  Output output(1, 4);
  output.object(0, {100, 240, 200, 340}, 0, 0.9F);
  output.object(1, {-50, 100, 700, 160}, 0, 0.8F);  // over three edges
  const Result found = output.decode(1, letterbox);
  EXPECT_EQ(found.boxes[0].xyxy(), (std::array<float, 4>{200, 200, 400, 400}));
  EXPECT_EQ(found.boxes[1].xyxy(), (std::array<float, 4>{0, 0, 1280, 40}));
}

TEST(DetectHeadTest, ScalesEachAxisByItsOwnRoundedRatio) {
  // 911 x 37 fits 640 x 26: 37 * 640 / 911 is 25.99.
  const Letterbox letterbox = Letterbox::fit({911, 37}, {640, 640});
  ASSERT_EQ(letterbox.scaled, (Size{640, 26}));
  Output output(1, 4);
  output.object(0, {0, static_cast<float>(letterbox.top), 320, static_cast<float>(letterbox.top + 13)}, 0, 0.9F);
  const Box box = output.decode(1, letterbox).boxes[0];
  EXPECT_FLOAT_EQ(box.right, 320.0F / (640.0F / 911.0F));
  EXPECT_FLOAT_EQ(box.bottom, 13.0F / (26.0F / 37.0F));
}

TEST(DetectHeadTest, WhatIsNotANumberIsNoObject) {
  Output output(2, 16);
  output.object(0, {10, 20, 30, 60}, 0, kNaN);
  output.object(1, {10, 20, 30, 60}, 1, kNaN);
  output.object(2, {10, 20, 30, 60}, 1, 0.5F);
  output.at(4, 2) = -kInfinity;
  const Result found = output.decode(2, kSame);
  EXPECT_EQ(found.scores, std::vector<float>{0.5F});
}

TEST(DetectHeadTest, BoxesOfNonsenseStayInsideTheImage) {
  const float odd[] = {kNaN, kInfinity, -kInfinity, 1e38F, -1e38F, 0, 5};
  std::mt19937 random(5);
  std::uniform_int_distribution<std::size_t> pick(0, std::size(odd) - 1);
  for (int round = 0; round < 200; ++round) {
    Output output(2, 32);
    for (int anchor = 0; anchor < 32; ++anchor) {
      for (int row = 0; row < 6; ++row) {
        output.at(row, anchor) = odd[pick(random)];
      }
    }
    for (const Box& box : output.decode(2, Letterbox::fit({300, 200}, {640, 640})).boxes) {
      EXPECT_TRUE(0 <= box.left && box.left <= box.right && box.right <= 300) << box.left << ' ' << box.right;
      EXPECT_TRUE(0 <= box.top && box.top <= box.bottom && box.bottom <= 200) << box.top << ' ' << box.bottom;
    }
  }
}

TEST(DetectHeadTest, RefusesATensorOfAnotherShape) {
  const std::vector<float> values(100);
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{1, 7, 10}, {1, 60}, {1, 6, 10, 1}, {0, 6, 10}}) {
    const TensorView view{values.data(), shape};
    EXPECT_THROW(detectHead(2).decode({&view, 1}, 0, kSame, {}), InferenceError);
  }
}

TEST(DetectHeadTest, NoAnchorsNoObjects) {
  const TensorView view{nullptr, {1, 6, 0}};
  EXPECT_TRUE(detectHead(2).decode({&view, 1}, 0, kSame, {}).boxes.empty());
}

}  // namespace
}  // namespace trtyolo
