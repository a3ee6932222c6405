// Slices: what is run, what is refused, and that clones, pools and one thread give the same, for every task.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <thread>

#include "api/task_references.hpp"
#include "support/refusal.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo::slices_test {
namespace {

using nlohmann::json;
using test::bgr;
using test::dataPath;
using test::goldenOf;
using test::pictureOf;
using test::refusalOf;

// All that a result says, to the last digit.
std::string textOf(const Result& result) {
  std::ostringstream text;
  text << result.toJson() << result.imageWidth << 'x' << result.imageHeight;
  return text.str();
}

// Several pictures of a task side by side, of which slices cut objects off.
cv::Mat mosaicOf(const std::string& task) {
  const json references = goldenOf(task);
  cv::Mat row;
  for (std::size_t i = 0; i < 2; ++i) {
    cv::Mat picture = pictureOf(task, references[i + 1]);
    cv::resize(picture, picture, {550, 640});
    if (row.empty()) {
      row = picture;
    } else {
      cv::hconcat(row, picture, row);
    }
  }
  return row;
}

class SlicedTasksTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Tasks, SlicedTasksTest, testing::Values("detect", "obb", "segment", "pose"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(SlicedTasksTest, ClonesAndPoolGiveWhatOneThreadGives) {
  const Model model = Model::load(dataPath("shapes/" + std::string(GetParam()) + ".onnx"), bgr().setStreams(2));
  const cv::Mat picture = mosaicOf(GetParam());
  const Image image = view(picture);
  const SliceOption slices;
  const Result expected = model.clone()->predict(image, slices);
  EXPECT_GT(expected.num, 1);
  EXPECT_EQ(expected.imageWidth, picture.cols);
  EXPECT_EQ(expected.imageHeight, picture.rows);
  const std::string wanted = textOf(expected);

  std::vector<std::string> found(8);
  std::vector<std::thread> threads;
  for (std::string& text : found) {
    threads.emplace_back([&] { text = textOf(model.clone()->predict(image, slices)); });
  }
  Pool<> pool(model);
  std::vector<std::string> pooled(2);
  for (std::string& text : pooled) {
    threads.emplace_back([&] { text = textOf(pool.predict(image, slices)); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::string& text : found) {
    EXPECT_EQ(text, wanted);
  }
  for (const std::string& text : pooled) {
    EXPECT_EQ(text, wanted);
  }
  EXPECT_EQ(pool.metrics().finished, 2 * (slicesOf(picture.cols, picture.rows, slices).size() + 1));
}

// An image that is one slice is predicted once.
TEST_P(SlicedTasksTest, OneSliceIsTheImage) {
  Model model = Model::load(dataPath("shapes/" + std::string(GetParam()) + ".onnx"), bgr());
  const cv::Mat picture = pictureOf(GetParam(), goldenOf(GetParam())[0]);
  SliceOption slices;
  slices.width = slices.height = 100000;
  slices.matchThreshold = 1;
  slices.matchMetric = MatchMetric::Iou;
  EXPECT_EQ(textOf(model.predict(view(picture), slices)), textOf(model.predict(view(picture))));
}

// What slices find, moved into the image by hand and each by itself.
TEST_P(SlicedTasksTest, ObjectsAreInPixelsOfTheImage) {
  Model model = Model::load(dataPath("shapes/" + std::string(GetParam()) + ".onnx"), bgr());
  const cv::Mat picture = mosaicOf(GetParam());
  SliceOption slices;
  slices.overlap = 0;
  slices.standardPrediction = false;
  slices.matchMetric = MatchMetric::Iou;
  slices.matchThreshold = 1;  // nothing is merged
  const Result result = model.predict(view(picture), slices);
  std::vector<float> lefts, expected;
  std::vector<double> pixels, expectedPixels, points, expectedPoints;
  const auto add = [](const Result& part, int x, std::vector<float>& toLefts, std::vector<double>& toPixels,
                      std::vector<double>& toPoints) {
    for (std::size_t i = 0; i < part.classes.size(); ++i) {
      const Box box = part.hasRotatedBoxes() ? part.rotatedBoxes[i] : part.boxes[i];
      toLefts.push_back(box.left + static_cast<float>(x));
      if (part.hasMasks()) {
        double sum = 0;  // of the columns of its toPixels
        for (std::size_t run = 0; run < part.masks.runCount(i); ++run) {
          for (std::uint32_t pixel = part.masks.runs(i)[run].begin; pixel < part.masks.runs(i)[run].end; ++pixel) {
            sum += static_cast<int>(pixel % static_cast<std::uint32_t>(part.masks.width())) + x;
          }
        }
        toPixels.push_back(sum);
      }
      if (part.hasKeypoints()) {
        toPoints.push_back(part.keypoints[i][0].x + static_cast<float>(x));
      }
    }
  };
  add(result, 0, lefts, pixels, points);
  for (const int x : {0, picture.cols - 640}) {
    const cv::Mat slice = picture(cv::Rect(x, 0, 640, 640)).clone();
    add(model.predict(view(slice)), x, expected, expectedPixels, expectedPoints);
  }
  std::sort(lefts.begin(), lefts.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(lefts, expected);
  for (auto* values : {&pixels, &expectedPixels, &points, &expectedPoints}) {
    std::sort(values->begin(), values->end());
  }
  EXPECT_EQ(pixels, expectedPixels);
  EXPECT_EQ(points, expectedPoints);
}

TEST(SlicesTest, RowsWithGapsAndPartsOfOtherImages) {
  Model model = Model::load(dataPath("shapes/detect.onnx"), bgr());
  const cv::Mat picture = mosaicOf("detect");
  cv::Mat wider;
  cv::copyMakeBorder(picture, wider, 3, 5, 7, 11, cv::BORDER_CONSTANT, cv::Scalar(255, 0, 255));
  const cv::Mat part = wider(cv::Rect(7, 3, picture.cols, picture.rows));
  ASSERT_FALSE(part.isContinuous());
  EXPECT_EQ(textOf(model.predict(view(part), SliceOption())), textOf(model.predict(view(picture), SliceOption())));
  cv::Mat four;
  cv::cvtColor(picture, four, cv::COLOR_BGR2BGRA);
  EXPECT_EQ(textOf(model.predict(view(four), SliceOption())), textOf(model.predict(view(picture), SliceOption())));
}

TEST(SlicesTest, BatchesOfSlices) {
  Model model = Model::load(dataPath("shapes/detect-dynamic.onnx"), bgr().setBatch(4));
  const cv::Mat picture = mosaicOf("detect");
  SliceOption slices;
  slices.width = slices.height = 400;
  const DetResult expected(model.predict(view(picture), slices));
  EXPECT_GT(expected.num, 0);
  for (const int most : {1, 3, 100}) {
    slices.maxBatch = most;
    EXPECT_EQ(test::differences(DetResult(model.predict(view(picture), slices)), expected), "") << most;
  }
}

TEST(WrongSlicesTest, ModelsAndPoolsRefuseAndGoOn) {
  const test::TempDir dir;
  const std::string file = test::writeTinyModel(
      dir, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false});
  DetectModel model(file);
  Pool<DetectModel> pool(model);
  const std::vector<unsigned char> pixels(std::size_t{200} * 100 * 3, 50);
  const Image image(pixels.data(), 200, 100);
  SliceOption wrong;
  wrong.overlap = 1;
  EXPECT_THROW(model.predict(image, wrong), std::invalid_argument);
  EXPECT_THROW(pool.predict(image, wrong), std::invalid_argument);
  EXPECT_THROW(model.predict(Image(nullptr, 200, 100), SliceOption()), std::invalid_argument);
  EXPECT_THROW(pool.predict(Image(nullptr, 200, 100), SliceOption()), std::invalid_argument);
  EXPECT_THROW(model.predict(EncodedImage{pixels.data(), 9}, SliceOption()), std::invalid_argument);  // no decoder
  EXPECT_EQ(pool.metrics().submitted, 0U);
  SliceOption slices;
  slices.width = slices.height = 64;
  EXPECT_GT(model.predict(image, slices).num, 1);
  EXPECT_EQ(pool.predict(image, slices).num, model.predict(image, slices).num);
  pool.close();
  EXPECT_THROW(pool.predict(image, slices), ClosedError);

  ClassifyModel classifier(dataPath("shapes/classify.onnx"));
  EXPECT_THROW(classifier.predict(image, slices), std::invalid_argument);
  SegmentModel segmenter(dataPath("shapes/segment.onnx"));
  segmenter.setRetinaMasks(false);
  EXPECT_NE(refusalOf([&] { segmenter.predict(image, slices); }).find("setRetinaMasks(true)"), std::string::npos);
  EXPECT_NE(refusalOf([&] { Pool<SegmentModel>(segmenter).predict(image, slices); }).find("setRetinaMasks(true)"),
            std::string::npos);
}

}  // namespace
}  // namespace trtyolo::slices_test
