// Networks that suppress by themselves and have the outputs of suppression plugins, from pictures to results, against
// what Ultralytics' predict() gives with the networks that they were made of (data/shapes/add_suppression.py).
#include <gtest/gtest.h>

#include "api/task_references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;
using test::bgr;
using test::dataPath;
using test::goldenOf;
using test::pictureOf;

std::string fileOf(const std::string& task) {
  return dataPath("shapes/" + task + "-plugin.onnx");
}

template <typename Model>
void expectPluginReferences(const std::string& task, std::size_t fewest) {
  // The masks of this file cover the network's whole input.
  InferOption option = bgr().setRect(false);
  if (task == "segment") {
    option.setFamily("plain-plugin");
  }
  test::expectReferences<Model>(fileOf(task), task, option, fewest);
}

TEST(PluginTest, BoxesEqualUltralytics) {
  expectPluginReferences<DetectModel>("detect", 100);
}
TEST(PluginTest, RotatedBoxesEqualUltralytics) {
  expectPluginReferences<OBBModel>("obb", 100);
}
TEST(PluginTest, KeypointsEqualUltralytics) {
  expectPluginReferences<PoseModel>("pose", 100);
}
TEST(PluginTest, MasksEqualUltralytics) {
  expectPluginReferences<SegmentModel>("segment", 100);
}
TEST(PluginTest, ClassesEqualUltralytics) {
  expectPluginReferences<ClassifyModel>("classify", 0);
}

TEST(PluginTest, ThresholdsOnlyLeaveOutMore) {
  DetectModel model(fileOf("detect"), bgr());
  EXPECT_NE(model.info().layout.find("suppresses by itself"), std::string::npos) << model.info().layout;
  const cv::Mat picture = pictureOf("detect", goldenOf("detect")[0]);
  const DetResult all = model.predict(view(picture));
  ASSERT_GT(all.num, 1);
  model.setConfidence(0);
  model.setIou(1);
  EXPECT_EQ(model.predict(view(picture)).scores, all.scores);  // what is behind the last object is none
  model.setIou(0);
  EXPECT_EQ(model.predict(view(picture)).scores, all.scores);
  model.setMaxDetections(1);
  EXPECT_EQ(model.predict(view(picture)).scores, std::vector<float>{all.scores[0]});
  model.setMaxDetections(300);
  model.setConfidence(all.scores[0]);
  EXPECT_EQ(model.predict(view(picture)).num, 0);
  model.setConfidence(0.25F);
  model.setClasses({all.classes[0]});
  for (const int index : model.predict(view(picture)).classes) {
    EXPECT_EQ(index, all.classes[0]);
  }
}

TEST(PluginTest, ABatchGivesWhatSingleCallsGive) {
  DetectModel model(fileOf("detect"), bgr().setBatch(4));
  ASSERT_EQ(model.batch(), 4);
  const json references = goldenOf("detect");
  std::vector<cv::Mat> pictures;
  std::vector<Image> images;
  for (std::size_t i = 0; i < 6; ++i) {
    pictures.push_back(pictureOf("detect", references[i]));
    images.push_back(view(pictures.back()));
  }
  const auto found = model.predict(images);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const DetResult alone = model.predict(images[i]);
    EXPECT_EQ(found[i].classes, alone.classes);
    ASSERT_EQ(found[i].num, alone.num);
    for (std::size_t j = 0; j < alone.boxes.size(); ++j) {
      EXPECT_TRUE(test::near(found[i].boxes[j].xyxy(), json(alone.boxes[j].xyxy()), 0.01));
    }
  }
}

// A network that gives five classes gives no more of them.
TEST(PluginTest, TopKChangesAtRunTime) {
  ClassifyModel model(fileOf("classify"), bgr().setTopK(2));
  const cv::Mat picture = pictureOf("classify", goldenOf("classify")[0]);
  const ClsResult two = model.predict(view(picture));
  EXPECT_EQ(two.num, 2);
  model.setTopK(100);
  const ClsResult five = model.predict(view(picture));
  EXPECT_EQ(five.num, 5);
  EXPECT_EQ(five.classes[1], two.classes[1]);
  model.setConfidence(1);
  EXPECT_EQ(model.predict(view(picture)).num, 5);
}

TEST(PluginTest, MasksOfTheNetworksInput) {
  SegmentModel model(fileOf("segment"), bgr().setRetinaMasks(false));
  const SegResult found = model.predict(view(pictureOf("segment", goldenOf("segment")[0])));
  ASSERT_GT(found.num, 0);
  EXPECT_EQ(found.masks.width(), 640);
  EXPECT_EQ(found.masks.height(), 640);
}

}  // namespace
}  // namespace trtyolo
