// The interface in C gives what that in C++ gives, to the last bit; checks.c uses it as programs in C do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "c/checks.h"
#include "c/picture.hpp"
#include "support/golden.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::dataPath;
using test::imageOf;
using test::rgb;
using test::shapes;

std::string modelFile(const std::string& name) {
  return dataPath("../tests/app/models/" + name + ".onnx");
}

// Three stripes of the colours that semantic.onnx and depth.onnx know.
cv::Mat stripes() {
  cv::Mat picture(64, 128, CV_8UC3, cv::Scalar(200, 10, 10));
  picture.colRange(64, 96) = cv::Scalar(10, 200, 10);
  picture.colRange(96, 128) = cv::Scalar(10, 10, 200);
  return picture;
}

template <class... Values>
void add(std::string& text, const char* format, Values... values) {
  std::array<char, 256> line;
  std::snprintf(line.data(), line.size(), format, values...);
  text += line.data();
}

// What text_of_result() makes of the same.
std::string textOf(const Result& result) {
  const auto hash = [](const auto& data) {
    return static_cast<unsigned long long>(hash_of(data.data(), data.size() * sizeof data[0]));
  };
  std::string text;
  add(text, "task %d of %d x %d: %d objects\n", static_cast<int>(result.task), result.imageWidth, result.imageHeight,
      result.num);
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    add(text, "%d %s %a", result.classes[i], result.name(i).c_str(), static_cast<double>(result.scores[i]));
    if (result.hasBoxes()) {
      const Box& box = result.boxes[i];
      add(text, " box %a %a %a %a", box.left, box.top, box.right, box.bottom);
    }
    if (result.hasRotatedBoxes()) {
      const RotatedBox& box = result.rotatedBoxes[i];
      add(text, " rotated %a %a %a %a %a", box.left, box.top, box.right, box.bottom, box.theta);
    }
    if (result.hasKeypoints()) {
      for (const KeyPoint& point : result.keypoints[i]) {
        add(text, " point %a %a %a", point.x, point.y, point.conf);
      }
    }
    if (result.hasMasks()) {
      for (std::size_t k = 0; k < result.masks.runCount(i); ++k) {
        add(text, " %u-%u", result.masks.runs(i)[k].begin, result.masks.runs(i)[k].end);
      }
    }
    if (result.hasSemantic()) {
      add(text, " pixels %zu", result.pixels[i]);
    }
    text += '\n';
  }
  if (result.hasMasks()) {
    add(text, "masks %d x %d\n", result.masks.width(), result.masks.height());
    for (std::size_t i = 0; i < result.masks.size(); ++i) {
      add(text, "mask %llx\n", hash(result.masks[i].data));
    }
  }
  if (result.hasSemantic()) {
    const ClassMap& map = result.semantic;
    add(text, "semantic %d x %d none %d binary %d %llx\n", map.width, map.height, map.none, map.binary, hash(map.data));
  }
  if (result.hasDepth()) {
    add(text, "depth %d x %d %llx\n", result.depth.width, result.depth.height, hash(result.depth.data));
  }
  const std::string json = result.toJson();
  add(text, "json %zu %llx\n", json.size(), hash(json));
  return text;
}

// Frees what C has given.
struct Free {
  void operator()(trtyolo_model* model) const { trtyolo_model_free(model); }
  void operator()(trtyolo_result* result) const { trtyolo_result_free(result); }
  void operator()(trtyolo_options* options) const { trtyolo_options_free(options); }
  void operator()(char* text) const { std::free(text); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Free>;

Owned<trtyolo_model> load(const std::string& file, const trtyolo_options* options = nullptr) {
  trtyolo_model* model = nullptr;
  EXPECT_EQ(trtyolo_model_load(file.c_str(), options, &model), TRTYOLO_OK) << trtyolo_last_error();
  return Owned<trtyolo_model>(model);
}

std::string textOf(const Owned<trtyolo_model>& model, const trtyolo_image& image) {
  trtyolo_result* result = nullptr;
  EXPECT_EQ(trtyolo_model_predict(model.get(), &image, 1, &result), TRTYOLO_OK) << trtyolo_last_error();
  const Owned<trtyolo_result> owned(result);
  const Owned<char> text(text_of_result(result));
  return text ? text.get() : trtyolo_last_error();
}

// `objects`: fewest that are to be there.
void expectTheSame(const std::string& file, const cv::Mat& picture, int objects) {
  Model model = Model::load(file);
  const Result expected = model.predict(view(picture));
  EXPECT_GE(expected.num, objects) << file;
  EXPECT_EQ(textOf(load(file), imageOf(picture)), textOf(expected)) << file;
}

TEST(CTest, ResultsOfAllTasks) {
  expectTheSame(dataPath("people/people.onnx"), rgb("people/frames/0600.jpg"), 4);
  for (const char* task : {"classify", "obb", "segment", "pose"}) {
    const std::string source = test::goldenOf(task).at(0).at("source");
    expectTheSame(dataPath("shapes/" + std::string(task) + ".onnx"), rgb(test::folderOf(task) + source), 1);
  }
  expectTheSame(modelFile("semantic"), stripes(), 3);
  expectTheSame(modelFile("depth"), stripes(), 0);
}

TEST(CTest, ClassesWithoutNamesAreNumbers) {
  Model model = Model::load(modelFile("plugin"));
  const cv::Mat picture = stripes();
  const Result expected = model.predict(view(picture));
  ASSERT_GT(expected.num, 0);
  ASSERT_TRUE(expected.names.map().count(expected.classes[0]) == 0);
  EXPECT_EQ(textOf(load(model.info().file), imageOf(picture)), textOf(expected));
}

TEST(CTest, TimesAreThoseOfThePrediction) {
  const cv::Mat picture = stripes();
  const auto model = load(modelFile("semantic"));
  const trtyolo_image image = imageOf(picture);
  trtyolo_result* result = nullptr;
  ASSERT_EQ(trtyolo_model_predict(model.get(), &image, 1, &result), TRTYOLO_OK);
  const Owned<trtyolo_result> owned(result);
  const trtyolo_times times = trtyolo_result_times(result);
  EXPECT_GT(times.preprocess, 0);
  EXPECT_GT(times.inference, 0);
  EXPECT_GT(times.postprocess, 0);
}

TEST(CTest, Batches) {
  trtyolo_options* options = nullptr;
  ASSERT_EQ(trtyolo_options_new(&options), TRTYOLO_OK);
  const Owned<trtyolo_options> owned(options);
  ASSERT_EQ(trtyolo_options_set_batch(options, 2), TRTYOLO_OK);
  ASSERT_EQ(trtyolo_options_enable_swap_rb(options), TRTYOLO_OK);
  ASSERT_EQ(trtyolo_options_set_confidence(options, 0.01F), TRTYOLO_OK);
  const std::string file = dataPath("shapes/detect-dynamic.onnx");
  Model model = Model::load(file, InferOption().setBatch(2).enableSwapRB().setConfidence(0.01F));
  const auto same = load(file, options);
  const cv::Mat picture = shapes();
  const std::vector<cv::Mat> pictures = {picture, picture.colRange(0, picture.cols / 2), picture.rowRange(0, 100)};
  std::vector<Image> views;
  std::vector<trtyolo_image> images;
  for (const cv::Mat& each : pictures) {
    views.push_back(view(each));
    images.push_back(imageOf(each));
  }
  const std::vector<Result> expected = model.predict(views);
  std::vector<trtyolo_result*> results(3);
  ASSERT_EQ(trtyolo_model_predict(same.get(), images.data(), images.size(), results.data()), TRTYOLO_OK);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Owned<trtyolo_result> result(results[i]);
    EXPECT_EQ(std::string(Owned<char>(text_of_result(results[i])).get()), textOf(expected[i])) << i;
  }
}

// Each as the interface in C++ has it, with rows that have gaps and without.
TEST(CTest, PixelFormats) {
  const cv::Mat picture = shapes();
  const int width = picture.cols / 2 * 2, height = picture.rows / 2 * 2;
  const auto rowBytes = static_cast<std::size_t>(width);
  cv::Mat yuv, four, grey;
  cv::cvtColor(picture(cv::Rect(0, 0, width, height)), yuv, cv::COLOR_RGB2YUV_I420);
  cv::cvtColor(picture, four, cv::COLOR_RGB2RGBA);
  cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
  const std::uint8_t* luma = yuv.data;
  const std::uint8_t* u = luma + rowBytes * height;
  const std::uint8_t* v = u + rowBytes * height / 4;
  std::vector<std::uint16_t> thermal(grey.total());
  std::transform(grey.datastart, grey.dataend, thermal.begin(), [](int value) { return 1000 + 16 * value; });

  std::vector<std::pair<trtyolo_image, Image>> images;
  const auto make = [&](trtyolo_pixel_format format, const void* pixels, int columns, int rows) -> trtyolo_image& {
    trtyolo_image image = {};
    image.pixels = pixels;
    image.width = columns;
    image.height = rows;
    image.format = format;
    images.emplace_back(image, Image());
    return images.back().first;
  };
  make(TRTYOLO_INTERLEAVED, four.data, four.cols, four.rows).channels = 4;
  images.back().second = Image(four.data, four.cols, four.rows, 4, 0);
  make(TRTYOLO_INTERLEAVED, grey.data, grey.cols / 2, grey.rows).channels = 1;
  images.back().first.pitch = grey.step;
  images.back().second = Image(grey.data, grey.cols / 2, grey.rows, 1, grey.step);
  make(TRTYOLO_NV12, luma, width, height / 2).chroma[0] = u;
  images.back().second = Image::nv12(luma, u, width, height / 2);
  trtyolo_image& i420 = make(TRTYOLO_I420, luma, width, height);
  i420.chroma[0] = u;
  i420.chroma[1] = v;
  i420.matrix = TRTYOLO_BT709;
  i420.range = TRTYOLO_FULL;
  images.back().second = Image::i420(luma, u, v, width, height, 0, 0, ColorMatrix::BT709, ColorRange::Full);
  make(TRTYOLO_I420, luma, width / 2, height / 2).pitch = rowBytes;
  images.back().first.chroma[0] = u;
  images.back().first.chroma[1] = v;
  images.back().first.chroma_pitch = rowBytes / 2;
  images.back().second = Image::i420(luma, u, v, width / 2, height / 2, rowBytes, rowBytes / 2);
  make(TRTYOLO_YUYV, luma, width / 2, height);
  images.back().second = Image::yuyv(luma, width / 2, height);
  make(TRTYOLO_GRAY16, thermal.data(), grey.cols, grey.rows);
  images.back().second = Image::gray16(thermal.data(), grey.cols, grey.rows);
  trtyolo_image& window = make(TRTYOLO_GRAY16, thermal.data(), grey.cols, grey.rows);
  window.low = 1000;
  window.high = 1000 + 16 * 255;
  images.back().second = Image::gray16(thermal.data(), grey.cols, grey.rows, 0, 1000, 1000 + 16 * 255);
  trtyolo_image& turned = make(TRTYOLO_INTERLEAVED, picture.data, picture.cols, picture.rows);
  turned.part = {picture.cols / 2.0, picture.rows / 2.0, picture.cols, picture.rows / 2, 0.5};
  turned.memory = TRTYOLO_MEMORY_HOST;
  images.back().second = Image(picture.data, picture.cols, picture.rows);
  images.back().second.part = {picture.cols / 2.0, picture.rows / 2.0, picture.cols, picture.rows / 2, 0.5};

  const std::string file = dataPath("shapes/detect.onnx");
  Model model = Model::load(file);
  const auto same = load(file);
  for (std::size_t i = 0; i < images.size(); ++i) {
    EXPECT_EQ(textOf(same, images[i].first), textOf(model.predict(images[i].second))) << i;
  }
}

TEST(CTest, Versions) {
  EXPECT_EQ(trtyolo_c_version(), TRTYOLO_C_VERSION);
  EXPECT_STREQ(trtyolo_version(), version());
  EXPECT_EQ(trtyolo_gpu_count(), gpuCount());
}

std::string logged;

TEST(CTest, Log) {
  trtyolo_set_log([](trtyolo_log_level level, const char* text) { logged += std::to_string(level) + text; });
  writeLog(LogLevel::Warning, "careful");
  EXPECT_EQ(logged, "2careful");
  trtyolo_set_log(nullptr);
  EXPECT_FALSE(isLogging());
  writeLog(LogLevel::Error, "nobody hears it");
  EXPECT_EQ(logged, "2careful");
}

}  // namespace
}  // namespace trtyolo
