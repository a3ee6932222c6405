// Every task from pictures to results through the public interface, with trained networks, against what Ultralytics'
// predict() gives.
#include <gtest/gtest.h>

#include <array>

#include <opencv2/imgproc.hpp>
#include <sstream>

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

template <typename Model>
void expectReferences(const std::string& task, std::size_t fewest) {
  test::expectReferences<Model>(dataPath("shapes/" + task + ".onnx"), task, bgr(), fewest);
}

TEST(TasksTest, RotatedBoxesEqualUltralytics) {
  expectReferences<OBBModel>("obb", 150);
}

TEST(TasksTest, MasksEqualUltralytics) {
  expectReferences<SegmentModel>("segment", 150);
}

TEST(TasksTest, KeypointsEqualUltralytics) {
  expectReferences<PoseModel>("pose", 100);
}

TEST(TasksTest, ClassesEqualUltralytics) {
  expectReferences<ClassifyModel>("classify", 0);
}

TEST(TasksTest, TopKChangesAtRunTime) {
  ClassifyModel model(dataPath("shapes/classify.onnx"), bgr().setTopK(2));
  const cv::Mat picture = pictureOf("classify", goldenOf("classify")[0]);
  EXPECT_EQ(model.predict(view(picture)).num, 2);
  model.setTopK(100);
  const ClsResult all = model.predict(view(picture));
  EXPECT_EQ(all.num, 6);
  float sum = 0;
  for (const float score : all.scores) {
    sum += score;
  }
  EXPECT_NEAR(sum, 1, 1e-4);
  EXPECT_EQ(model.clone()->predict(view(picture)).num, 6);
  EXPECT_THROW(model.setTopK(0), std::invalid_argument);
}

// Ultralytics' default masks, of the network's input, are another scaling of the same prototypes.
TEST(TasksTest, MasksOfTheNetworksInput) {
  SegmentModel model(dataPath("shapes/segment.onnx"), bgr());
  const cv::Mat picture = pictureOf("segment", goldenOf("segment")[0]);
  const SegResult retina = model.predict(view(picture));
  model.setRetinaMasks(false);
  const SegResult plain = model.predict(view(picture));
  ASSERT_GT(retina.num, 0);
  ASSERT_EQ(plain.num, retina.num);
  EXPECT_EQ(plain.masks.width(), 640);
  EXPECT_EQ(plain.masks.height(), 640);
  EXPECT_EQ(retina.masks.width(), picture.cols);
  EXPECT_EQ(retina.masks.height(), picture.rows);
  const double scale = 640.0 / std::max(picture.cols, picture.rows);
  for (std::size_t i = 0; i < retina.masks.size(); ++i) {
    const double expected = static_cast<double>(retina.masks.area(i)) * scale * scale;
    EXPECT_NEAR(static_cast<double>(plain.masks.area(i)), expected, 10 + 0.05 * expected);
  }
}

template <typename Model>
void expectClonesAgree(const std::string& task) {
  auto model = std::make_unique<Model>(dataPath("shapes/" + task + ".onnx"), bgr());
  const cv::Mat picture = pictureOf(task, goldenOf(task)[0]);
  const auto text = [](const auto& result) {
    std::ostringstream stream;
    stream << result;
    return stream.str();
  };
  const std::string expected = text(model->predict(view(picture)));
  EXPECT_NE(expected.find('\n'), std::string::npos);
  auto clone = model->clone();
  model.reset();
  auto grandchild = clone->clone();
  clone.reset();
  EXPECT_EQ(text(grandchild->predict(view(picture))), expected);
  const auto many = grandchild->predict(std::vector<Image>(3, view(picture)));
  ASSERT_EQ(many.size(), 3U);
  EXPECT_EQ(text(many[2]), expected);
}

TEST(TasksTest, ClonesOutliveTheirParents) {
  expectClonesAgree<ClassifyModel>("classify");
  expectClonesAgree<OBBModel>("obb");
  expectClonesAgree<SegmentModel>("segment");
  expectClonesAgree<PoseModel>("pose");
}

// Model and the typed models print the same objects; `parts` of a result are those of its task.
template <typename Typed>
void expectSameOfAnyTask(const std::string& task, const std::array<bool, 4>& parts) {
  const std::string file = dataPath("shapes/" + task + ".onnx");
  Model any = Model::load(file, bgr());
  Typed typed(file, bgr());
  const cv::Mat picture = pictureOf(task, goldenOf(task)[0]);
  const Result result = any.predict(view(picture));
  EXPECT_EQ(toString(result.task), task);
  EXPECT_EQ((std::array{result.hasBoxes(), result.hasRotatedBoxes(), result.hasMasks(), result.hasKeypoints()}), parts);
  EXPECT_EQ((std::array{!result.boxes.empty(), !result.rotatedBoxes.empty(), !result.masks.empty(),
                        !result.keypoints.empty()}),
            parts);
  EXPECT_EQ(&result.names.map(), &any.info().names.map());  // shared, not copied
  EXPECT_EQ(result.imageWidth, picture.cols);
  EXPECT_EQ(result.imageHeight, picture.rows);
  EXPECT_GT(result.speed.preprocess, 0);
  EXPECT_GT(result.speed.inference, 0);
  EXPECT_GT(result.speed.postprocess, 0);
  const auto objects = [](const auto& printed) {
    std::ostringstream stream;
    stream << printed;
    return stream.str().substr(stream.str().find('('));
  };
  const std::string expected = objects(result);
  EXPECT_NE(expected.find('\n'), std::string::npos);
  EXPECT_EQ(objects(typed.predict(view(picture))), expected);
  EXPECT_EQ(objects(any.clone()->predict(view(picture))), expected);
  Pool<> pool(any);
  EXPECT_EQ(objects(pool.predict(view(picture))), expected);
  EXPECT_EQ(objects(pool.submit(view(picture)).get()), expected);
  EXPECT_EQ(objects(Pool<Typed>(typed).predict(std::vector<Image>{view(picture)}).at(0)), expected);
}

TEST(TasksTest, AModelOfAnyTask) {
  expectSameOfAnyTask<ClassifyModel>("classify", {});
  expectSameOfAnyTask<DetectModel>("detect", {true, false, false, false});
  expectSameOfAnyTask<OBBModel>("obb", {false, true, false, false});
  expectSameOfAnyTask<SegmentModel>("segment", {true, false, true, false});
  expectSameOfAnyTask<PoseModel>("pose", {true, false, false, true});
}

TEST(TasksTest, AModelOfAnotherTaskIsRefused) {
  try {
    PoseModel model(dataPath("shapes/segment.onnx"));
    FAIL() << "a segmenter was taken for a pose estimator";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("'pose'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("'segment'"), std::string::npos) << error.what();
  }
}

TEST(TasksTest, OddImagesAreSeen) {
  ClassifyModel classify(dataPath("shapes/classify.onnx"), bgr());
  SegmentModel segment(dataPath("shapes/segment.onnx"), bgr().setConfidence(0.001F));
  PoseModel pose(dataPath("shapes/pose.onnx"), bgr().setConfidence(0.001F));
  OBBModel obb(dataPath("shapes/obb.onnx"), bgr().setConfidence(0.001F));
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {20000, 3}, {3, 2}, {641, 639}}) {
    cv::Mat picture(height, width, CV_8UC3);
    cv::randu(picture, 0, 255);
    EXPECT_EQ(classify.predict(view(picture)).num, 5);
    const SegResult segments = segment.predict(view(picture));
    EXPECT_EQ(segments.masks.size(), static_cast<std::size_t>(segments.num));
    EXPECT_EQ(segments.masks.width(), width);
    for (const auto& points : pose.predict(view(picture)).kpts) {
      for (const KeyPoint& point : points) {
        EXPECT_TRUE(point.x >= 0 && point.x <= static_cast<float>(width) && point.y >= 0 &&
                    point.y <= static_cast<float>(height));
      }
    }
    obb.predict(view(picture));
  }
}

}  // namespace
}  // namespace trtyolo
