// The heads' ways through every layout: the same objects laid out differently come out the same.
#include "model/head.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace trtyolo {
namespace {

const Letterbox kIdentity = Letterbox::fit({64, 64}, {64, 64});

// Outputs with memory of their own.
class Outputs {
 public:
  std::vector<float>& add(std::vector<std::int64_t> shape) {
    std::size_t size = 1;
    for (const auto side : shape) {
      size *= static_cast<std::size_t>(side);
    }
    values_.push_back(std::make_unique<std::vector<float>>(size));
    views_.push_back({values_.back()->data(), std::move(shape)});
    return *values_.back();
  }
  std::span<const TensorView> views() const { return views_; }

 private:
  std::vector<std::unique_ptr<std::vector<float>>> values_;
  std::vector<TensorView> views_;
};

ModelDescription descriptionFor(Task task, const OutputLayout& layout) {
  ModelDescription description;
  description.info.task = task;
  description.info.keypoints = 2;
  description.info.keypointDims = layout.extra / 2;
  description.layout = layout;
  return description;
}

Result decode(Task task, const OutputLayout& layout, const Outputs& outputs, const PostprocessOptions& options = {}) {
  return Head(descriptionFor(task, layout)).decode(outputs.views(), 0, kIdentity, options);
}

OutputLayout layoutWith(int classes, int extra) {
  OutputLayout layout;
  layout.classes = classes;
  layout.extra = extra;
  return layout;
}

// Three objects, two of which overlap, as rows: x, y, width, height, scores of two classes, extra values.
const std::vector<std::vector<float>> kRows{{20, 20, 10, 10, 0.9F, 0.1F, 1, 2, 3, 4, 5, 6},
                                            {21, 20, 10, 10, 0.8F, 0.1F, 7, 8, 9, 10, 11, 12},
                                            {50, 40, 8, 20, 0.2F, 0.7F, 13, 14, 15, 16, 17, 18}};
constexpr std::size_t kAnchors = 16;

TEST(HeadsTest, CandidatesComeOutAlikeHoweverTheyLie) {
  for (const Task task : {Task::Detect, Task::Pose, Task::OBB}) {
    const std::size_t extra = task == Task::Detect ? 0 : task == Task::OBB ? 1 : 6;
    std::vector<Result> predictions;
    for (const bool anchorsFirst : {false, true}) {
      for (const bool objectness : {false, true}) {
        OutputLayout layout = layoutWith(2, static_cast<int>(extra));
        layout.anchorsFirst = anchorsFirst;
        layout.objectness = objectness;
        const auto values = static_cast<std::size_t>(layout.values());
        Outputs outputs;
        auto& data =
            anchorsFirst ? outputs.add({1, kAnchors, layout.values()}) : outputs.add({1, layout.values(), kAnchors});
        for (std::size_t i = 0; i < kRows.size(); ++i) {
          std::vector<float> row(kRows[i].begin(), kRows[i].begin() + 6 + static_cast<std::ptrdiff_t>(extra));
          if (objectness) {
            row.insert(row.begin() + 4, 0.5F);
            row[5] *= 2;
            row[6] *= 2;
          }
          for (std::size_t v = 0; v < values; ++v) {
            data[anchorsFirst ? (3 * i + 1) * values + v : v * kAnchors + 3 * i + 1] = row[v];
          }
        }
        predictions.push_back(decode(task, layout, outputs));
      }
    }
    for (const Result& prediction : predictions) {
      EXPECT_EQ(prediction.classes, (std::vector<int>{0, 1})) << toString(task);
      EXPECT_EQ(prediction.scores, (std::vector<float>{0.9F, 0.7F})) << toString(task);
      if (task == Task::OBB) {
        ASSERT_EQ(prediction.rotatedBoxes.size(), 2U);
        EXPECT_EQ(prediction.rotatedBoxes[0].xywhr(), (std::array<float, 5>{20, 20, 10, 10, 1}));
        EXPECT_EQ(prediction.rotatedBoxes[1].xywhr(), (std::array<float, 5>{50, 40, 8, 20, 13}));
      } else {
        EXPECT_EQ(prediction.boxes.at(0).xyxy(), (std::array<float, 4>{15, 15, 25, 25}));
        EXPECT_EQ(prediction.boxes.at(1).xyxy(), (std::array<float, 4>{46, 30, 54, 50}));
      }
      if (task == Task::Pose) {
        ASSERT_EQ(prediction.keypoints.size(), 2U);
        EXPECT_EQ(prediction.keypoints[1][1].x, 16);
        EXPECT_EQ(prediction.keypoints[1][1].y, 17);
        EXPECT_EQ(prediction.keypoints[1][1].conf, 18);
      }
    }
  }
}

TEST(HeadsTest, EndToEndBoxesAreOnlyFiltered) {
  OutputLayout layout = layoutWith(2, 0);
  layout.kind = OutputLayout::Kind::EndToEnd;
  layout.form.kind = BoxForm::Kind::Corners;
  Outputs outputs;
  auto& data = outputs.add({1, 6, 6});
  data = {10, 10, 20, 20, 0.9F, 0, 10, 10, 20, 20, 0.8F, 0,  30, 30, 40, 40, 0.7F, 1,
          1,  1,  2,  2,  0.6F, 2, 1,  1,  2,  2,  0.5F, -1, 1,  1,  2,  2,  0.1F, 1};
  Result found = decode(Task::Detect, layout, outputs);
  EXPECT_EQ(found.classes, (std::vector<int>{0, 0, 1}));  // overlaps stay; classes that do not exist go
  EXPECT_EQ(found.boxes[2].xyxy(), (std::array<float, 4>{30, 30, 40, 40}));
  PostprocessOptions options;
  options.classes = {1};
  EXPECT_EQ(decode(Task::Detect, layout, outputs, options).classes, std::vector<int>{1});
  options = {};
  options.maxDetections = 1;
  EXPECT_EQ(decode(Task::Detect, layout, outputs, options).scores, std::vector<float>{0.9F});
}

TEST(HeadsTest, EndToEndRotatedBoxesAreCentreAndSize) {
  OutputLayout layout = layoutWith(2, 1);
  layout.kind = OutputLayout::Kind::EndToEnd;
  Outputs outputs;
  outputs.add({1, 1, 7}) = {30, 20, 10, 4, 0.9F, 1, 0.5F};
  const Result found = decode(Task::OBB, layout, outputs);
  ASSERT_EQ(found.rotatedBoxes.size(), 1U);
  EXPECT_EQ(found.rotatedBoxes[0].xywhr(), (std::array<float, 5>{30, 20, 10, 4, 0.5F}));
}

TEST(HeadsTest, BoxesAndScoresApart) {
  OutputLayout layout = layoutWith(2, 0);
  layout.anchorsFirst = true;
  layout.form.kind = BoxForm::Kind::Corners;
  layout.boxes = 1;
  layout.scores = 0;
  Outputs outputs;
  outputs.add({1, 2, 2}) = {0.1F, 0.6F, 0.9F, 0.2F};
  outputs.add({1, 2, 4}) = {1, 2, 3, 4, 10, 20, 30, 40};
  const Result found = decode(Task::Detect, layout, outputs);
  EXPECT_EQ(found.classes, (std::vector<int>{0, 1}));
  EXPECT_EQ(found.boxes[0].xyxy(), (std::array<float, 4>{10, 20, 30, 40}));
}

TEST(HeadsTest, ObjectsWithoutMaskAreLeftOut) {
  OutputLayout layout = layoutWith(1, 1);
  layout.prototypes = 1;
  Outputs outputs;
  outputs.add({1, 6, 2}) = {16, 40, 16, 40, 16, 16, 16, 16, 0.9F, 0.8F, 1, -1};
  outputs.add({1, 1, 16, 16}).assign(256, 1.0F);
  const Result found = decode(Task::Segment, layout, outputs);
  EXPECT_EQ(found.scores, std::vector<float>{0.9F});
  ASSERT_EQ(found.masks.size(), 1U);
  EXPECT_EQ(found.masks.area(0), 16U * 16U);
}

TEST(HeadsTest, ShapesThatWereNotPromisedAreNamed) {
  const auto expectThrow = [](Task task, const OutputLayout& layout, const Outputs& outputs, const char* fact) {
    try {
      decode(task, layout, outputs);
      ADD_FAILURE() << fact;
    } catch (const InferenceError& error) {
      EXPECT_NE(std::string(error.what()).find(fact), std::string::npos) << error.what();
    }
  };
  Outputs wrong;
  wrong.add({1, 9, 4});
  wrong.add({1, 2, 0, 4});
  expectThrow(Task::Detect, layoutWith(2, 0), wrong, "[1, 9, 4]");
  OutputLayout segment = layoutWith(3, 2);
  segment.prototypes = 1;
  expectThrow(Task::Segment, segment, wrong, "[1, 2, 0, 4]");
  OutputLayout classify = layoutWith(2, 0);
  classify.kind = OutputLayout::Kind::ClassScores;
  expectThrow(Task::Classify, classify, wrong, "[batch, 2]");
}

TEST(HeadsTest, ClassifiersGiveTheBestInOrder) {
  OutputLayout layout = layoutWith(6, 0);
  layout.kind = OutputLayout::Kind::ClassScores;
  Outputs outputs;
  outputs.add({1, 6}) = {0.1F, 0.3F, std::numeric_limits<float>::quiet_NaN(), 0.3F, 0.2F, 0.1F};
  PostprocessOptions options;
  EXPECT_EQ(decode(Task::Classify, layout, outputs, options).classes, (std::vector<int>{1, 3, 4, 0, 5}));
  options.topK = 1;
  EXPECT_EQ(decode(Task::Classify, layout, outputs, options).scores, std::vector<float>{0.3F});
}

// Whatever a network puts out, nothing is read or written outside, and results are of one piece.
TEST(HeadsTest, SurviveRandomOutputs) {
  std::mt19937 random(17);
  const auto value = [&]() -> float {
    switch (random() % 12) {
      case 0:
        return std::numeric_limits<float>::quiet_NaN();
      case 1:
        return std::numeric_limits<float>::infinity();
      case 2:
        return -std::numeric_limits<float>::infinity();
      case 3:
        return 1e30F;
      default:
        return static_cast<float>(random() % 20000) / 100.0F - 50.0F;
    }
  };
  for (int round = 0; round < 400; ++round) {
    const Task task = std::array{Task::Detect, Task::OBB, Task::Segment, Task::Pose}[random() % 4];
    OutputLayout layout = layoutWith(1 + static_cast<int>(random() % 4), 0);
    layout.extra = task == Task::OBB ? 1 : task == Task::Segment ? 3 : task == Task::Pose ? 6 : 0;
    if (random() % 3 == 0) {
      layout.kind = OutputLayout::Kind::EndToEnd;
    } else {
      layout.anchorsFirst = random() % 2 == 0;
      layout.objectness = random() % 2 == 0;
    }
    const bool rows = layout.anchorsFirst || layout.kind == OutputLayout::Kind::EndToEnd;
    const std::int64_t anchors = random() % 40;
    Outputs outputs;
    for (float& one : rows ? outputs.add({1, anchors, layout.values()}) : outputs.add({1, layout.values(), anchors})) {
      one = value();
    }
    if (task == Task::Segment) {
      layout.prototypes = 1;
      for (float& one : outputs.add({1, 3, 16, 16})) {
        one = value();
      }
    }
    const Result found = decode(task, layout, outputs);
    const std::size_t objects = found.classes.size();
    EXPECT_EQ(found.scores.size(), objects);
    EXPECT_EQ(task == Task::OBB ? found.rotatedBoxes.size() : found.boxes.size(), objects);
    EXPECT_EQ(found.masks.size(), task == Task::Segment ? objects : 0U);
    EXPECT_EQ(found.keypoints.size(), task == Task::Pose ? objects : 0U);
    for (const int index : found.classes) {
      EXPECT_TRUE(index >= 0 && index < layout.classes);
    }
  }
}

}  // namespace
}  // namespace trtyolo
