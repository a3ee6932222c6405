// Regions around boxes, through the public interface: what they show beside OpenCV, odd boxes, and second models on
// them.
#include "trtyolo/crop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "image/format_image.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo::crop_test {
namespace {

using test::dataPath;
using test::FormatImage;
using test::Random;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();
constexpr double kPi = std::numbers::pi;

RotatedBox rotatedBox(float x, float y, float width, float height, float theta) {
  RotatedBox box;
  box.left = x - width / 2;
  box.right = x + width / 2;
  box.top = y - height / 2;
  box.bottom = y + height / 2;
  box.theta = theta;
  return box;
}

cv::Mat noise(int width, int height, int channels = 3) {
  cv::Mat picture(height, width, CV_8UC(channels));
  cv::RNG(7).fill(picture, cv::RNG::UNIFORM, 0, 256);
  return picture;
}

cv::Mat matOf(const Crop& crop, std::vector<std::uint8_t>& pixels) {
  pixels = crop.pixels();
  const ImageSize size = crop.size();
  const auto rows = static_cast<int>(size.height), columns = static_cast<int>(size.width);
  const int channels = static_cast<int>(pixels.size() / (size.width * size.height));
  return {rows, columns, CV_8UC(channels), pixels.data()};
}

std::string sentenceOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

void expectIn(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Crop, UprightRegionsAreViewsOfWhatBoxesTouch) {
  for (const int channels : {1, 3, 4}) {
    const cv::Mat whole = noise(120, 90, channels), picture = whole(cv::Rect(7, 5, 100, 80));
    const Image image = view(picture);
    const std::vector<Crop> crops = crop(
        image,
        std::vector<Box>{{10.2F, 20, 30, 39.7F}, {0, 0, 100, 80}, {-5, -9, 12.5F, 80.5F}, {99.5F, 79.5F, 200, 200}});
    const cv::Rect regions[] = {{10, 20, 20, 20}, {0, 0, 100, 80}, {0, 0, 13, 80}, {99, 79, 1, 1}};
    ASSERT_EQ(crops.size(), 4U);
    for (std::size_t i = 0; i < crops.size(); ++i) {
      const cv::Rect& region = regions[i];
      EXPECT_EQ(crops[i].ptr, picture.ptr(region.y, region.x)) << i;
      EXPECT_EQ(crops[i].pitch, picture.step[0]);
      EXPECT_EQ(crops[i].x, region.x);
      EXPECT_EQ(crops[i].y, region.y);
      std::vector<std::uint8_t> pixels;
      const cv::Mat found = matOf(crops[i], pixels);
      ASSERT_EQ(found.size(), region.size());
      EXPECT_EQ(cv::norm(found, picture(region), cv::NORM_INF), 0) << i;
    }
  }
}

TEST(Crop, MarginsAreSharesOfTheBox) {
  const cv::Mat picture = noise(200, 100);
  CropOption option;
  option.margin = 0.25F;
  const std::vector<Crop> crops = crop(view(picture), std::vector<Box>{{100, 40, 140, 60}, {0, 0, 40, 100}}, option);
  EXPECT_EQ(crops[0].x, 90);
  EXPECT_EQ(crops[0].y, 35);
  EXPECT_EQ(crops[0].width, 60);
  EXPECT_EQ(crops[0].height, 30);
  EXPECT_EQ(crops[1].width, 50);
  EXPECT_EQ(crops[1].height, 100);
  const Crop turned = crop(view(picture), std::vector{rotatedBox(100, 50, 40, 20, 0.5F)}, option).front();
  EXPECT_EQ(turned.part.width, 60);
  EXPECT_EQ(turned.part.height, 30);
}

TEST(Crop, OddBoxesHaveNoRegion) {
  const cv::Mat picture = noise(50, 40);
  const std::vector<Box> boxes{{60, 10, 70, 20},           {-20, 10, -0.1F, 20}, {10, 40, 20, 50},
                               {10, 10, 10, 20},           {20, 10, 10, 20},     {kNan, 0, 10, 10},
                               {0, 0, kInfinity, 10},      {0, 0, 10, kNan},     {-kInfinity, 0, 10, kNan},
                               {kLargest, 0, kLargest, 10}};
  for (const Crop& each : crop(view(picture), boxes)) {
    EXPECT_TRUE(each.empty());
    EXPECT_EQ(each.imageWidth, 50);
    EXPECT_EQ(each.imageHeight, 40);
    EXPECT_TRUE(each.pixels().empty());
  }
  const std::vector<RotatedBox> rotated{rotatedBox(80, 20, 10, 10, 1),    rotatedBox(20, 20, 0, 10, 1),
                                        rotatedBox(20, 20, -4, 10, 1),    rotatedBox(kNan, 20, 10, 10, 1),
                                        rotatedBox(20, 20, 10, 10, kNan), rotatedBox(20, 20, 10, 10, kInfinity),
                                        rotatedBox(1e9F, 20, 10, 10, 1),  rotatedBox(56, -6, 12, 2, 0.7854F)};
  for (const Crop& each : crop(view(picture), rotated)) {
    EXPECT_TRUE(each.empty());
  }
  EXPECT_TRUE(crop(view(picture), std::vector<Box>()).empty());
}

TEST(Crop, BoxesLargerThanTheImageGiveAllOfIt) {
  const cv::Mat picture = noise(50, 40);
  const Crop all = crop(view(picture), std::vector<Box>{{-kLargest / 2, -1e9F, kLargest / 2, 1e9F}}).front();
  EXPECT_EQ(all.width, 50);
  EXPECT_EQ(all.height, 40);
  const Crop turned = crop(view(picture), std::vector{rotatedBox(10, 10, 1e6F, 1e6F, 0.3F)}).front();
  std::vector<std::uint8_t> pixels;
  const cv::Mat found = matOf(turned, pixels);
  EXPECT_EQ(found.cols, static_cast<int>(std::ceil(50 * std::cos(0.3) + 40 * std::sin(0.3) - 1e-3)));
  EXPECT_EQ(found.rows, static_cast<int>(std::ceil(50 * std::sin(0.3) + 40 * std::cos(0.3) - 1e-3)));
  // All of the image, about its centre.
  EXPECT_NEAR(turned.part.x, 25, 1e-3);
  EXPECT_NEAR(turned.part.y, 20, 1e-3);
}

TEST(Crop, OnePixel) {
  const cv::Mat picture = noise(50, 40);
  std::vector<std::uint8_t> pixels;
  const Crop upright = crop(view(picture), std::vector<Box>{{20.25F, 10.25F, 20.5F, 10.5F}}).front();
  EXPECT_EQ(matOf(upright, pixels).at<cv::Vec3b>(0, 0), picture.at<cv::Vec3b>(10, 20));
  const Crop turned = crop(view(picture), std::vector{rotatedBox(20.5F, 10.5F, 1, 1, 1.234F)}).front();
  EXPECT_EQ(matOf(turned, pixels).at<cv::Vec3b>(0, 0), picture.at<cv::Vec3b>(10, 20));
}

TEST(Crop, FormatsBeginAtWholeSamplesOfChroma) {
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    for (const PixelFormat format :
         {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16, PixelFormat::Interleaved}) {
      const FormatImage held(random, format, random.between(2, 60), random.between(2, 60), random() % 3, random() % 3);
      const Image& image = held.image();
      SCOPED_TRACE(testing::Message() << held);
      std::vector<std::uint8_t> wholePixels, pixels;
      const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
      const Crop whole = crop(image, std::vector<Box>{{0, 0, width, height}}).front();
      const cv::Mat all = matOf(whole, wholePixels);
      const auto left = static_cast<float>(random.between(0, image.width - 1));
      const auto top = static_cast<float>(random.between(0, image.height - 1));
      const Crop some = crop(image, std::vector<Box>{{left, top, left + 1, top + 5}}).front();
      const bool yuv = format != PixelFormat::Gray16 && format != PixelFormat::Interleaved;
      const bool rowPairs = yuv && format != PixelFormat::YUYV;
      EXPECT_EQ(some.x, yuv ? std::floor(left / 2) * 2 : left);
      EXPECT_EQ(some.y, rowPairs ? std::floor(top / 2) * 2 : top);
      EXPECT_EQ(some.width % 2, format == PixelFormat::YUYV ? 0 : some.width % 2);
      const cv::Mat found = matOf(some, pixels);
      const cv::Rect region(static_cast<int>(some.x), static_cast<int>(some.y), found.cols, found.rows);
      EXPECT_EQ(cv::norm(found, all(region), cv::NORM_INF), 0);
    }
  }
}

TEST(Crop, RotatedRegionsEqualWarpAffine) {
  cv::Mat picture = noise(300, 200);
  cv::GaussianBlur(picture, picture, {}, 3);
  for (const float theta : {0.0F, 0.4F, -1.1F, 3.0F, 7.5F}) {
    const RotatedBox box = rotatedBox(140, 90, 80, 40, theta);
    const Crop found = crop(view(picture), std::vector{box}).front();
    std::vector<std::uint8_t> pixels;
    const cv::Mat upright = matOf(found, pixels);
    ASSERT_EQ(upright.size(), cv::Size(80, 40));
    // From OpenCV's own description of the turn, whose places are pixels' centres.
    cv::Mat turn = cv::getRotationMatrix2D({140 - 0.5F, 90 - 0.5F}, theta * 180 / kPi, 1), wanted;
    turn.at<double>(0, 2) += 40 - 140;
    turn.at<double>(1, 2) += 20 - 90;
    cv::warpAffine(picture, wanted, turn, upright.size(), cv::INTER_LINEAR);
    EXPECT_LE(cv::norm(wanted, upright, cv::NORM_INF), 2) << theta;
  }
}

TEST(Crop, PointsGoBackToWhereTheyWere) {
  const cv::Mat picture = noise(300, 200);
  for (const float theta : {0.0F, 0.7F, -2.5F}) {
    const RotatedBox box = rotatedBox(140, 90, 80, 40, theta);
    const Crop region = crop(view(picture), std::vector{box}).front();
    PoseResult pose;
    pose.kpts = {{{0, 0, 1}, {80, 0, 1}, {80, 40, 1}, {0, 40, 1}, {40, 20, 0.5F}}};
    pose.boxes = {{0, 0, 80, 40}};
    region.toImage(pose);
    const auto corners = box.xyxyxyxy();  // right and down, right and up, left and up, left and down
    const std::size_t order[] = {2, 1, 0, 3};
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(pose.kpts[0][i].x, corners[2 * order[i]], 1e-3);
      EXPECT_NEAR(pose.kpts[0][i].y, corners[2 * order[i] + 1], 1e-3);
    }
    EXPECT_NEAR(pose.kpts[0][4].x, 140, 1e-3);
    EXPECT_NEAR(pose.boxes[0].left, std::min({corners[0], corners[2], corners[4], corners[6]}), 1e-3);
    EXPECT_NEAR(pose.boxes[0].bottom, std::max({corners[1], corners[3], corners[5], corners[7]}), 1e-3);
    EXPECT_EQ(pose.imageWidth, 300);
    OBBResult turned;
    turned.boxes = {rotatedBox(40, 20, 80, 40, 0.25F)};
    region.toImage(turned);
    EXPECT_NEAR(turned.boxes[0].xywhr()[0], 140, 1e-3);
    EXPECT_NEAR(turned.boxes[0].xywhr()[2], 80, 1e-3);
    EXPECT_NEAR(turned.boxes[0].theta, theta + 0.25F, 1e-5);
  }
}

TEST(Crop, MasksGoBackToTheirPixels) {
  const cv::Mat picture = noise(60, 50);
  const Crop upright = crop(view(picture), std::vector<Box>{{10, 20, 30, 40}}).front();
  SegResult found;
  found.masks = Masks(20, 20);
  found.masks.add({{0, 3}, {25, 40}});
  found.boxes = {{0, 0, 20, 2}};
  upright.toImage(found);
  ASSERT_EQ(found.masks.width(), 60);
  const Mask mask = found.masks[0];
  EXPECT_EQ(found.masks.area(0), 18U);
  for (int y = 0; y < 50; ++y) {
    for (int x = 0; x < 60; ++x) {
      const bool inside = (y == 20 && x >= 10 && x < 13) || (y == 21 && x >= 15 && x < 30);
      ASSERT_EQ(mask.data[static_cast<std::size_t>(y * 60 + x)], inside ? 1 : 0) << x << ", " << y;
    }
  }
  // A quarter turn clockwise: what is on the right in the region is below in the image.
  const RotatedBox box = rotatedBox(30, 25, 20, 10, static_cast<float>(kPi / 2));
  SegResult turned;
  turned.masks = Masks(20, 10);
  turned.masks.add({{19, 20}});  // the upper right corner
  turned.boxes = {{19, 0, 20, 1}};
  crop(view(picture), std::vector{box}).front().toImage(turned);
  EXPECT_EQ(turned.masks.area(0), 1U);
  EXPECT_EQ(turned.masks[0].data[std::size_t{34} * 60 + 34], 1);
  Result small;
  small.task = Task::Segment;
  small.masks = Masks(640, 640);
  small.masks.add({});
  expectIn("setRetinaMasks(true)", sentenceOf([&] { upright.toImage(small); }));
}

TEST(Crop, WhatMakesNoSenseIsRefused) {
  const cv::Mat picture = noise(50, 40);
  const Image image = view(picture);
  const std::vector<Box> boxes{{1, 1, 9, 9}};
  for (const float margin : {-0.1F, 10.5F, kNan, kInfinity}) {
    expectIn("margin", sentenceOf([&] { crop(image, boxes, {margin}); }));
  }
  expectIn("pointer is null", sentenceOf([&] { crop(Image(nullptr, 50, 40), boxes); }));
  Image part = image;
  part.part = {20, 20, 10, 10, 1};
  expectIn("whole image", sentenceOf([&] { crop(part, boxes); }));
  Result result;
  result.imageWidth = 50;
  result.imageHeight = 41;
  expectIn("50 x 41", sentenceOf([&] { crop(image, result); }));
  for (const Task task : {Task::Classify, Task::Semantic, Task::Depth}) {
    result.task = task;
    expectIn(toString(task), sentenceOf([&] { crop(image, result); }));
  }
  Crop device = crop(image, boxes).front();
  device.memory = ImageMemory::Device;
  expectIn("GPU", sentenceOf([&] { device.pixels(); }));
}

TEST(Crop, PartsThatNoModelCanTakeAreRefused) {
  const cv::Mat picture = noise(50, 40);
  Model model = Model::load(dataPath("shapes/classify.onnx"));
  for (const RotatedPart& part : {RotatedPart{0, 0, -1, 5, 0},
                                  {0, 0, 5, 0, 0},
                                  {0, 0, 1 << 21, 1, 0},
                                  {0, 0, 1 << 17, 1 << 17, 0},
                                  {1e9, 0, 5, 5, 0},
                                  {0, std::nan(""), 5, 5, 0},
                                  {0, 0, 5, 5, std::nan("")}}) {
    Image image = view(picture);
    image.part = part;
    expectIn("rotated part", sentenceOf([&] { model.predict(image); }));
  }
}

// What a second model says of a region is what it says of the region's pixels.
TEST(Crop, ModelsSeeTheRegionsPixels) {
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  ASSERT_FALSE(picture.empty());
  const Image image = view(picture);
  const auto middleX = static_cast<float>(picture.cols) / 2, middleY = static_cast<float>(picture.rows) / 2;
  const std::vector<RotatedBox> boxes{rotatedBox(middleX, middleY, 300, 200, 0.5F), rotatedBox(20, 20, 250, 330, -0.8F),
                                      rotatedBox(middleX, middleY, 7, 5, 2)};
  for (const char* file : {"shapes/classify.onnx", "shapes/detect.onnx", "../tests/app/models/grey.onnx",
                           "../tests/app/models/yolov5_cls.onnx", "../tests/app/models/rfdetr.onnx"}) {
    SCOPED_TRACE(file);
    Model model = Model::load(dataPath(file), InferOption().enableSwapRB().setConfidence(0.01F));
    for (const Crop& region : crop(image, boxes)) {
      std::vector<std::uint8_t> pixels;
      const cv::Mat upright = matOf(region, pixels);
      EXPECT_EQ(model.predict(region).toJson(), model.predict(view(upright)).toJson());
    }
  }
}

TEST(PredictCrops, ClassifiesWhatADetectorFound) {
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  DetectModel detect(dataPath("shapes/detect.onnx"), InferOption().enableSwapRB());
  ClassifyModel classify(dataPath("shapes/classify.onnx"), InferOption().enableSwapRB());
  DetResult found = detect.predict(view(picture));
  ASSERT_GT(found.num, 0);
  found.boxes.push_back({-9, -9, -1, -1});  // of which nothing can be said
  const std::vector<ClsResult> classes = predictCrops(classify, view(picture), found.boxes, {0.1F});
  ASSERT_EQ(classes.size(), found.boxes.size());
  EXPECT_EQ(classes.back().num, 0);
  EXPECT_EQ(classes.back().imageWidth, picture.cols);
  EXPECT_FALSE(classes.back().names.empty());
  const std::vector<Crop> regions = crop(view(picture), found.boxes, {0.1F});
  for (std::size_t i = 0; i + 1 < classes.size(); ++i) {
    const cv::Rect region(static_cast<int>(regions[i].x), static_cast<int>(regions[i].y), regions[i].width,
                          regions[i].height);
    const ClsResult alone = classify.predict(view(picture(region).clone()));
    EXPECT_EQ(classes[i].classes, alone.classes);
    EXPECT_EQ(classes[i].scores, alone.scores);
    EXPECT_EQ(classes[i].imageHeight, picture.rows);
  }
}

// Keypoints of a person are where they are, whether all of the image was looked at or only the region.
TEST(PredictCrops, KeypointsAreInPixelsOfTheImage) {
  const cv::Mat picture = cv::imread(dataPath("shapes/pose/images/00001.jpg"));
  ASSERT_FALSE(picture.empty());
  PoseModel pose(dataPath("shapes/pose.onnx"), InferOption().enableSwapRB());
  const PoseResult whole = pose.predict(view(picture));
  ASSERT_GT(whole.num, 0);
  const std::vector<PoseResult> each = predictCrops(pose, view(picture), whole, {0.5F});
  ASSERT_EQ(each.size(), whole.boxes.size());
  int near = 0;
  for (std::size_t i = 0; i < each.size(); ++i) {
    for (std::size_t j = 0; j < each[i].boxes.size(); ++j) {
      const Box &found = each[i].boxes[j], &wanted = whole.boxes[i];
      const float side = std::max(wanted.right - wanted.left, wanted.bottom - wanted.top);
      if (std::abs(found.left - wanted.left) < 0.2F * side && std::abs(found.bottom - wanted.bottom) < 0.2F * side) {
        const KeyPoint &point = each[i].kpts[j][0], &there = whole.kpts[i][0];
        near += std::hypot(point.x - there.x, point.y - there.y) < 0.2F * side ? 1 : 0;
      }
    }
  }
  EXPECT_GE(2 * near, whole.num);
}

TEST(PredictCrops, RotatedBoxesOfAResult) {
  const cv::Mat picture = cv::imread(dataPath("shapes/obb/images/00001.jpg"));
  ASSERT_FALSE(picture.empty());
  Model obb = Model::load(dataPath("shapes/obb.onnx"), InferOption().enableSwapRB());
  Model classify = Model::load(dataPath("shapes/classify.onnx"), InferOption().enableSwapRB());
  const Result found = obb.predict(view(picture));
  ASSERT_GT(found.num, 0);
  const std::vector<Result> classes = predictCrops(classify, view(picture), found);
  ASSERT_EQ(classes.size(), found.rotatedBoxes.size());
  for (const Result& each : classes) {
    EXPECT_EQ(each.task, Task::Classify);
    EXPECT_GT(each.num, 0);
  }
}

TEST(PredictCrops, WrongPairsAreRefused) {
  const cv::Mat picture = noise(64, 48);
  Model depth = Model::load(dataPath("../tests/app/models/depth.onnx"));
  Model semantic = Model::load(dataPath("../tests/app/models/semantic.onnx"));
  Model classify = Model::load(dataPath("shapes/classify.onnx"));
  const std::vector<Box> boxes{{1, 1, 30, 30}};
  expectIn("'depth'", sentenceOf([&] { predictCrops(depth, view(picture), boxes); }));
  expectIn("'semantic'", sentenceOf([&] { predictCrops(semantic, view(picture), boxes); }));
  const Result classes = classify.predict(view(picture));
  expectIn("has no boxes", sentenceOf([&] { predictCrops(classify, view(picture), classes); }));
  Image device = view(picture);
  device.memory = ImageMemory::Device;
  expectIn("memory of a GPU", sentenceOf([&] { predictCrops(classify, device, boxes); }));
  Model fixed = Model::load(dataPath("shapes/classify.onnx"), InferOption().setInputDimensions(64, 48));
  expectIn("setInputDimensions", sentenceOf([&] { predictCrops(fixed, view(picture), boxes); }));
}

}  // namespace
}  // namespace trtyolo::crop_test
