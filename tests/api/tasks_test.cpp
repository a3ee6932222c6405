// Every task from pictures to results through the public interface, with trained networks, against what Ultralytics'
// predict() gives: the same objects, boxes, corners and keypoints within 0.5 px, scores within 0.001, masks with an
// intersection over union of at least 0.99 each, the best classes in their order.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;
using test::dataPath;

constexpr double kPixels = 0.5, kScore = 1e-3, kMaskIou = 0.99;

json referencesOf(const std::string& task) {
  std::ifstream stream(dataPath("shapes/" + task + "/golden.json"));
  return json::parse(stream).at("images");
}

cv::Mat pictureOf(const std::string& task, const json& image) {
  return cv::imread(dataPath("shapes/" + task + "/" + image.at("source").get<std::string>()));
}

InferOption bgr() {
  return InferOption().enableSwapRB();
}

template <typename Values>
bool near(const Values& found, const json& expected, double most) {
  std::size_t i = 0;
  for (const double value : expected) {
    if (!(std::abs(static_cast<double>(found[i++]) - value) <= most)) {
      return false;
    }
  }
  return true;
}

std::vector<std::uint8_t> pixelsOf(const json& counts) {
  std::vector<std::uint8_t> pixels;  // down the columns
  std::uint8_t value = 0;
  for (const std::size_t count : counts) {
    pixels.insert(pixels.end(), count, value);
    value ^= 1U;
  }
  return pixels;
}

double iou(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  std::size_t both = 0, any = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    both += a[i] & b[i];
    any += a[i] | b[i];
  }
  return a.size() == b.size() ? static_cast<double>(both) / static_cast<double>(any) : 0;
}

// Each task's own part of object j against that of a reference.
bool sameParts(const OBBResult& result, std::size_t j, const json& object) {
  const auto found = result.boxes[j].xywhr();
  const auto corners = result.boxes[j].xyxyxyxy();
  std::vector<double> wanted;
  for (const auto& corner : object.at("corners")) {
    wanted.insert(wanted.end(), corner.begin(), corner.end());
  }
  return near(found, object.at("rotated"), kPixels) && near(corners, wanted, kPixels) &&
         std::abs(found[4] - object.at("rotated")[4].get<float>()) < 0.01F;
}

bool sameParts(const SegResult& result, std::size_t j, const json& object) {
  const auto& size = object.at("mask").at("size");
  return near(result.boxes[j].xyxy(), object.at("box"), kPixels) && result.masks.height() == size[0] &&
         result.masks.width() == size[1] &&
         iou(pixelsOf(result.masks.cocoCounts(j)), pixelsOf(object.at("mask").at("counts"))) >= kMaskIou;
}

bool sameParts(const PoseResult& result, std::size_t j, const json& object) {
  const auto& points = object.at("keypoints");
  bool same = near(result.boxes[j].xyxy(), object.at("box"), kPixels) && result.kpts[j].size() == points.size();
  for (std::size_t k = 0; same && k < points.size(); ++k) {
    const KeyPoint& point = result.kpts[j][k];
    same = near(std::array<float, 2>{point.x, point.y}, json{points[k][0], points[k][1]}, kPixels) &&
           near(std::array<float, 1>{point.conf}, json{points[k][2]}, kScore);
  }
  return same;
}

template <typename Result>
void expectObjects(const Result& found, const json& image) {
  const auto& objects = image.at("objects");
  ASSERT_EQ(static_cast<std::size_t>(found.num), objects.size()) << image.at("source") << '\n' << found;
  std::vector<bool> taken(objects.size());
  for (const auto& object : objects) {
    std::size_t j = 0;
    while (j < taken.size() && (taken[j] || found.classes[j] != object.at("class") ||
                                !near(std::array<float, 1>{found.scores[j]}, json{object.at("score")}, kScore) ||
                                !sameParts(found, j, object))) {
      ++j;
    }
    ASSERT_LT(j, taken.size()) << image.at("source") << ": missing " << object.dump().substr(0, 400) << '\n' << found;
    taken[j] = true;
  }
}

template <typename Model>
void expectReferences(const std::string& task, std::size_t fewest) {
  Model model(dataPath("shapes/" + task + ".onnx"), bgr());
  const json references = referencesOf(task);
  ASSERT_EQ(references.size(), 30U);
  std::size_t objects = 0;
  for (const auto& image : references) {
    const cv::Mat picture = pictureOf(task, image);
    ASSERT_FALSE(picture.empty()) << image.at("source");
    expectObjects(model.predict(view(picture)), image);
    objects += image.at("objects").size();
  }
  EXPECT_GE(objects, fewest);
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
  ClassifyModel model(dataPath("shapes/classify.onnx"), bgr());
  const json references = referencesOf("classify");
  ASSERT_EQ(references.size(), 30U);
  for (const auto& image : references) {
    const cv::Mat picture = pictureOf("classify", image);
    ASSERT_FALSE(picture.empty()) << image.at("source");
    const ClsResult found = model.predict(view(picture));
    ASSERT_EQ(found.num, 5);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(found.classes[i], image.at("top")[i].at("class")) << image.at("source") << ", rank " << i;
      EXPECT_NEAR(found.scores[i], image.at("top")[i].at("score").get<float>(), kScore) << image.at("source");
    }
  }
}

TEST(TasksTest, TopKChangesAtRunTime) {
  ClassifyModel model(dataPath("shapes/classify.onnx"), bgr().setTopK(2));
  const cv::Mat picture = pictureOf("classify", referencesOf("classify")[0]);
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
  const cv::Mat picture = pictureOf("segment", referencesOf("segment")[0]);
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
  const cv::Mat picture = pictureOf(task, referencesOf(task)[0]);
  const auto text = [](const auto& result) {
    std::ostringstream stream;
    stream << result;
    return stream.str();
  };
  const std::string expected = text(model->predict(view(picture)));
  EXPECT_NE(expected.find("score"), std::string::npos);
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
