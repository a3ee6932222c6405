// Semantic segmentation and depth through the public interface, with networks whose answer is known for every picture
// (tests/app/models/make.py): results, clones, batches, pools, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <sstream>

#include "support/references.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

std::string modelFile(const std::string& name) {
  return test::dataPath("../tests/app/models/" + name + ".onnx");
}

// Three stripes, side by side, RGB.
cv::Mat stripes(int width, int height) {
  cv::Mat picture(height, width, CV_8UC3, cv::Scalar(200, 10, 10));
  picture.colRange(width / 2, width * 3 / 4) = cv::Scalar(10, 200, 10);
  picture.colRange(width * 3 / 4, width) = cv::Scalar(10, 10, 200);
  return picture;
}

std::string textOf(const Result& result) {
  std::ostringstream text;
  text << result << result.toJson() << result.toCsv("x");
  return text.str();
}

TEST(PixelTasksTest, TheClassOfEachPixel) {
  for (const char* name : {"semantic", "logits-semantic"}) {
    SemanticModel model(modelFile(name));
    const SemanticResult found = model.predict(view(stripes(128, 64)));
    ASSERT_EQ(found.semantic.data.size(), 128U * 64U);
    EXPECT_EQ(found.semantic.width, 128);
    EXPECT_EQ(found.semantic.height, 64);
    EXPECT_EQ(found.semantic.none, 255);
    EXPECT_FALSE(found.semantic.binary);
    EXPECT_EQ(found.classes, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(found.name(1), "green");
    for (const auto& [x, wanted] : {std::pair{10, 0}, {70, 1}, {120, 2}}) {
      EXPECT_EQ(found.semantic.data[static_cast<std::size_t>(32 * 128 + x)], wanted) << name;
    }
    EXPECT_NEAR(found.scores.at(0), 0.5, 0.02);
    EXPECT_EQ(found.pixels.at(0) + found.pixels.at(1) + found.pixels.at(2), 128U * 64U);
    model.setClasses({2});
    const SemanticResult only = model.predict(view(stripes(128, 64)));
    EXPECT_EQ(only.classes, std::vector<int>{2});
    EXPECT_EQ(only.pixels, std::vector<std::size_t>{found.pixels[2]});
    EXPECT_EQ(only.semantic.data.front(), 255);
    EXPECT_THROW(model.setClasses({3}), std::invalid_argument);
  }
}

TEST(PixelTasksTest, TheDepthOfEachPixel) {
  DepthModel model(modelFile("depth"));
  cv::Mat picture(50, 200, CV_8UC3, cv::Scalar::all(0));
  picture.colRange(100, 200) = cv::Scalar::all(255);
  const DepthResult found = model.predict(view(picture));
  EXPECT_EQ(found.num, 0);
  ASSERT_EQ(found.depth.data.size(), 50U * 200U);
  EXPECT_FLOAT_EQ(found.depth.data.front(), 1);
  EXPECT_FLOAT_EQ(found.depth.data.back(), 11);
  const DepthMap::Range range = found.depth.range();
  EXPECT_FLOAT_EQ(range.min, 1);
  EXPECT_FLOAT_EQ(range.max, 11);
}

// cv::resize of both sides, each by its own ratio, then nothing but the network's own arithmetic.
TEST(PixelTasksTest, DepthSeesTheStretchedPicture) {
  Model model = Model::load(modelFile("depth"));
  cv::Mat picture(97, 211, CV_8UC3), small;
  cv::randu(picture, 0, 255);
  cv::resize(picture, small, {64, 64});
  Result found = model.predict(view(picture)), wanted = model.predict(view(small));
  ASSERT_EQ(found.imageWidth, 211);
  // Corners fall on corners.
  EXPECT_FLOAT_EQ(found.depth.data.front(), wanted.depth.data.front());
  EXPECT_FLOAT_EQ(found.depth.data.back(), wanted.depth.data.back());
}

TEST(PixelTasksTest, ClonesBatchesAndPoolsAgree) {
  for (const char* name : {"semantic", "logits-semantic", "depth"}) {
    SCOPED_TRACE(name);
    auto model = std::make_unique<Model>(Model::load(modelFile(name), InferOption().setBatch(3)));
    std::vector<cv::Mat> pictures;
    for (const cv::Size size : {cv::Size(128, 64), {128, 64}, {60, 200}, {1, 1}, {300, 7}}) {
      pictures.push_back(stripes(size.width, size.height));
      cv::randu(pictures.back().rowRange(0, (size.height + 1) / 2), 0, 255);
    }
    std::vector<Image> images(pictures.size());
    std::transform(pictures.begin(), pictures.end(), images.begin(), [](const cv::Mat& each) { return view(each); });
    std::vector<std::string> expected;
    for (const Image& image : images) {
      expected.push_back(textOf(model->predict(image)));
    }
    auto clone = model->clone()->clone();
    Pool<> pool(*model);
    model.reset();
    const std::vector<Result> together = clone->predict(images), pooled = pool.predict(images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      EXPECT_EQ(textOf(together[i]), expected[i]);
      EXPECT_EQ(textOf(pooled[i]), expected[i]);
      EXPECT_EQ(textOf(pool.submit(images[i]).get()), expected[i]);
    }
  }
  SemanticModel semantic(modelFile("semantic"));
  EXPECT_EQ(Pool<SemanticModel>(semantic).predict(view(stripes(128, 64))).num, 3);
  DepthModel depth(modelFile("depth"));
  EXPECT_GT(Pool<DepthModel>(depth).predict(view(stripes(128, 64))).depth.range().max, 1);
}

TEST(PixelTasksTest, ResultsAsText) {
  const Result map = Model::load(modelFile("semantic")).predict(view(stripes(64, 64)));
  EXPECT_NE(map.toJson().find(R"({"semantic":{"size":[64,64],"classes":{"0":")"), std::string::npos) << map.toJson();
  EXPECT_EQ(map.toCsv("a.png").substr(0, 25), "a.png,0,0,red,2048,0.5\na.");
  EXPECT_THROW(map.toTxt(), Error);
  std::ostringstream text;
  text << SemanticResult(Result(map));
  EXPECT_EQ(text.str().substr(0, 81),
            "SemanticResult(num=3, image 64 x 64)\n  red 0.50, 2048 pixels\n  green 0.25, 1024 p");
  const cv::Mat white(64, 64, CV_8UC3, cv::Scalar::all(255));
  const Result depth = Model::load(modelFile("depth")).predict(view(white));
  EXPECT_EQ(depth.toJson(), R"({"depth":{"size":[64,64],"min":11.0,"max":11.0}})");
  EXPECT_EQ(depth.toCsv("a.png", 3), "a.png,3,11,11,11\n");
  EXPECT_THROW(depth.toTxt(), Error);
  text.str("");
  text << depth;
  EXPECT_EQ(text.str(), "Result(num=0, image 64 x 64)\n  11.00 to 11.00 m, median 11.00");
}

TEST(PixelTasksTest, HeadingsOfTables) {
  EXPECT_EQ(csvHeader(inspect(modelFile("semantic"))), "source,frame,class,name,pixels,share\n");
  EXPECT_EQ(csvHeader(inspect(modelFile("depth"))), "source,frame,min,median,max\n");
}

template <typename Wrong>
void expectRefused(const std::string& file, const std::string& fact) {
  try {
    Wrong::load(file);
    ADD_FAILURE() << file << ": loaded";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find(fact), std::string::npos) << error.what();
  }
}

TEST(PixelTasksTest, OtherTasksAndOutputsAreRefused) {
  expectRefused<DepthModel>(modelFile("semantic"), "'semantic'");
  expectRefused<SemanticModel>(modelFile("depth"), "'depth'");
  expectRefused<SegmentModel>(modelFile("semantic"), "'semantic'");
  expectRefused<SemanticModel>(test::dataPath("shapes/segment.onnx"), "'segment'");
  test::TempDir dir;
  int number = 0;
  for (const std::vector<test::TinyOutput>& outputs :
       std::vector<std::vector<test::TinyOutput>>{{{{1, 3, 84}, {}}},
                                                  {{{1, 77, 84}, {}}},
                                                  {{{1, 3, 8, 8, 2}, {}}},
                                                  {{{1, 7}, {}}},
                                                  {{{1, 64, 64}, {}}, {{1, 64, 64}, {}}},
                                                  {{{1, 32, 16, 16}, {}}}}) {
    for (const char* task : {"semantic", "depth"}) {
      const std::string metadata = std::string("task: ") + task + "\nnames:\n  0: cat\n  1: dog\n";
      const std::string file =
          test::writeTinyModel(dir, "wrong" + std::to_string(number++), {{1, 3, 64, 64}, outputs, metadata, false});
      expectRefused<Model>(file, "output0");
      EXPECT_NE(inspect(file).layout.find("not understood"), std::string::npos);
    }
  }
}

TEST(PixelTasksTest, TheTaskCanBeSaid) {
  test::TempDir dir;
  test::TinyOutput map{{1, 1, 64, 64}, std::vector<float>(64 * 64, 2.5F)};
  const std::string file = test::writeTinyModel(dir, "plain", {{1, 3, 64, 64}, {map}, "", true});
  expectRefused<Model>(file, "output0");
  Model model = Model::load(file, InferOption().setTask(Task::Depth));
  EXPECT_EQ(model.predict(view(stripes(10, 20))).depth.data, std::vector<float>(200, 2.5F));
}

TEST(PixelTasksTest, WrongImagesLeaveTheModelUsable) {
  Model model = Model::load(modelFile("semantic"));
  const cv::Mat picture = stripes(64, 64);
  const std::string expected = textOf(model.predict(view(picture)));
  EXPECT_THROW(model.predict(Image(nullptr, 64, 64)), std::invalid_argument);
  EXPECT_THROW(model.predict(Image(picture.data, 64, 0)), std::invalid_argument);
  EXPECT_EQ(textOf(model.predict(view(picture))), expected);
}

}  // namespace
}  // namespace trtyolo
