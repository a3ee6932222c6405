// Images in YUV and in grey of 16 bits give what the pictures that they stand for give, through the public interface.
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "image/converted_image.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo::pixel_formats_test {
namespace {

using test::dataPath;

std::string picturePath() {
  return dataPath("people/frames/0600.jpg");
}

std::string textOf(const Result& result) {
  EXPECT_GT(result.num, 0);
  return result.toJson();
}

// A picture in each format, and what OpenCV makes of each again.
class PixelFormatsOfModels : public testing::Test {
 protected:
  struct Kind {
    std::string name;
    Image image;
    cv::Mat rgb;
  };

  PixelFormatsOfModels() {
    const cv::Mat picture = cv::imread(picturePath());
    EXPECT_FALSE(picture.empty());
    const int width = picture.cols / 2 * 2, height = picture.rows / 2 * 2;
    const cv::Mat even = picture(cv::Rect(0, 0, width, height)).clone();
    cv::cvtColor(even, i420_, cv::COLOR_BGR2YUV_I420);
    const std::uint8_t* const luma = i420_.data;
    const std::ptrdiff_t area = std::ptrdiff_t{1} * width * height;
    const std::uint8_t *const u = luma + area, *const v = u + area / 4;
    for (std::ptrdiff_t i = 0; i < area / 4; ++i) {
      pairs_.push_back(u[i]);
      pairs_.push_back(v[i]);
    }
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        yuyv_.push_back(luma[y * width + x]);
        yuyv_.push_back((x % 2 == 0 ? u : v)[y / 2 * (width / 2) + x / 2]);
      }
    }
    cv::Mat rgb;
    cv::cvtColor(i420_, rgb, cv::COLOR_YUV2RGB_I420);
    kinds_ = {{"NV12", Image::nv12(luma, pairs_.data(), width, height), rgb},
              {"I420", Image::i420(luma, u, v, width, height), rgb},
              {"YUYV", Image::yuyv(yuyv_.data(), width, height), rgb}};
    // Grey of 14 bits that begins at 2000.
    cv::Mat grey;
    cv::cvtColor(even, grey, cv::COLOR_BGR2GRAY);
    grey.convertTo(deep_, CV_16U, 40, 2000);
    kinds_.push_back({"Gray16", Image::gray16(deep_.data, width, height, deep_.step[0], 2000, 2000 + 40 * 255), grey});
  }

  std::vector<std::uint8_t> pairs_, yuyv_;
  cv::Mat i420_, deep_;
  std::vector<Kind> kinds_;
};

TEST_F(PixelFormatsOfModels, ResultsAreThoseOfThePicture) {
  for (const char* file : {"people/people.onnx", "shapes/classify.onnx", "shapes/segment.onnx",
                           "../tests/app/models/grey.onnx", "../tests/app/models/yolov5_cls.onnx"}) {
    SCOPED_TRACE(file);
    Model rgb = Model::load(dataPath(file), InferOption().setConfidence(0.1F));
    Model bgr = Model::load(dataPath(file), InferOption().setConfidence(0.1F).enableSwapRB());
    for (const Kind& kind : kinds_) {
      SCOPED_TRACE(kind.name);
      const std::string wanted = rgb.predict(view(kind.rgb)).toJson();
      EXPECT_EQ(rgb.predict(kind.image).toJson(), wanted);
      // Which order arrays have says nothing of YUV.
      cv::Mat reversed = kind.rgb.clone();
      if (kind.rgb.channels() == 3) {
        cv::cvtColor(kind.rgb, reversed, cv::COLOR_RGB2BGR);
      }
      EXPECT_EQ(bgr.predict(view(reversed)).toJson(), bgr.predict(kind.image).toJson());
    }
  }
}

TEST_F(PixelFormatsOfModels, ObjectsAreFound) {
  DetectModel model(dataPath("people/people.onnx"));
  for (const Kind& kind : kinds_) {
    EXPECT_GE(model.predict(kind.image).num, 3) << kind.name;
  }
}

TEST_F(PixelFormatsOfModels, BatchesClonesAndPoolsMixFormats) {
  Model model = Model::load(dataPath("people/people.onnx"), InferOption().setBatch(4));
  std::vector<Image> images;
  std::vector<std::string> wanted;
  for (int round = 0; round < 2; ++round) {
    for (const Kind& kind : kinds_) {
      images.insert(images.end(), {kind.image, view(kind.rgb)});
      wanted.insert(wanted.end(), 2, textOf(model.predict(view(kind.rgb))));
    }
  }
  const auto expectWanted = [&](const std::vector<Result>& results) {
    ASSERT_EQ(results.size(), wanted.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(textOf(results[i]), wanted[i]) << i;
    }
  };
  expectWanted(model.predict(images));
  const std::unique_ptr<Model> clone = model.clone();
  expectWanted(clone->predict(images));
  Pool<> pool(model);
  expectWanted(pool.predict(images));
  EXPECT_EQ(textOf(pool.submit(OwnedImage(images[0], nullptr)).get()), wanted[0]);
}

TEST_F(PixelFormatsOfModels, APromisedSizeHolds) {
  const Image& nv12 = kinds_[0].image;
  Model model = Model::load(dataPath("people/people.onnx"), InferOption().setInputDimensions(nv12.width, nv12.height));
  EXPECT_EQ(textOf(model.predict(nv12)), textOf(model.predict(view(kinds_[0].rgb))));
  Image other = nv12;
  other.height -= 2;
  EXPECT_THROW(model.predict(other), std::invalid_argument);
}

TEST(PixelFormatTest, FactoriesFillInPitches) {
  const std::uint8_t bytes[16] = {};
  const Image nv12 = Image::nv12(bytes, bytes + 1, 5, 3);
  EXPECT_EQ(nv12.pitch, 5U);
  EXPECT_EQ(nv12.chromaPitch, 6U);
  EXPECT_EQ(nv12.chroma[0], bytes + 1);
  EXPECT_EQ(nv12.matrix, ColorMatrix::BT601);
  EXPECT_EQ(nv12.range, ColorRange::Limited);
  const Image i420 = Image::i420(bytes, bytes + 1, bytes + 2, 5, 3, 0, 0, ColorMatrix::BT709, ColorRange::Full);
  EXPECT_EQ(i420.pitch, 5U);
  EXPECT_EQ(i420.chromaPitch, 3U);
  EXPECT_EQ(i420.chroma[1], bytes + 2);
  EXPECT_EQ(i420.matrix, ColorMatrix::BT709);
  EXPECT_EQ(i420.range, ColorRange::Full);
  EXPECT_EQ(Image::yuyv(bytes, 6, 3).pitch, 12U);
  EXPECT_EQ(Image::gray16(bytes, 5, 3).pitch, 10U);
  EXPECT_EQ(Image::gray16(bytes, 5, 3, 14).pitch, 14U);
  EXPECT_EQ(Image::nv12(bytes, bytes, 5, 3, 8, 9).chromaPitch, 9U);
  EXPECT_EQ(Image::nv12(bytes, bytes, -5, 3).pitch, 0U);
}

TEST(PixelFormatTest, WhatCannotBeIsRefusedInSentences) {
  Model model = Model::load(dataPath("shapes/detect.onnx"));
  const std::vector<std::uint8_t> memory(std::size_t{64} * 64 * 4, 128);
  const std::uint8_t* const at = memory.data();
  const auto changed = [](Image image, const std::function<void(Image&)>& change) {
    change(image);
    return image;
  };
  const Image nv12 = Image::nv12(at, at, 33, 31), i420 = Image::i420(at, at, at, 33, 31);
  const Image yuyv = Image::yuyv(at, 32, 31), gray = Image::gray16(at, 33, 31);
  for (const Image& image : {nv12, i420, yuyv, gray}) {
    EXPECT_NO_THROW(model.predict(image));
  }
  const struct {
    Image image;
    const char* words;
  } cases[] = {
      {changed(nv12, [](Image& of) { of.ptr = nullptr; }), "its pointer is null"},
      {changed(nv12, [](Image& of) { of.chroma[0] = nullptr; }), "NV12 needs a plane of U and V"},
      {changed(i420, [](Image& of) { of.chroma[0] = nullptr; }), "I420 needs planes of U and V"},
      {changed(i420, [](Image& of) { of.chroma[1] = nullptr; }), "I420 needs planes of U and V"},
      {changed(nv12, [](Image& of) { of.pitch = 32; }),
       "a row of Y of 33 pixels in NV12 needs a pitch of at least 33 bytes, found 32"},
      {changed(nv12, [](Image& of) { of.chromaPitch = 33; }),
       "a row of the chroma of 33 pixels in NV12 needs a pitch of at least 34 bytes, found 33"},
      {changed(i420, [](Image& of) { of.chromaPitch = 16; }),
       "a row of the chroma of 33 pixels in I420 needs a pitch of at least 17 bytes, found 16"},
      {changed(nv12, [](Image& of) { of.chromaPitch = std::numeric_limits<std::size_t>::max() / 4; }),
       "more than the address space"},
      {Image::yuyv(at, 33, 31), "YUYV holds pairs of pixels: the width must be even, found 33"},
      {changed(yuyv, [](Image& of) { of.pitch = 63; }), "needs a pitch of at least 64 bytes, found 63"},
      {changed(gray, [](Image& of) { of.pitch = 65; }), "needs a pitch of at least 66 bytes, found 65"},
      {Image::gray16(at, 33, 31, 0, 5, 5), "low < high, from 0 to 65535, found 5 to 5"},
      {Image::gray16(at, 33, 31, 0, 9, 5), "found 9 to 5"},
      {Image::gray16(at, 33, 31, 0, -1, 5), "found -1 to 5"},
      {Image::gray16(at, 33, 31, 0, 0, 65536), "found 0 to 65536"},
      {changed(nv12, [](Image& of) { of.format = static_cast<PixelFormat>(77); }), "PixelFormat, found 77"},
      {changed(nv12, [](Image& of) { of.matrix = static_cast<ColorMatrix>(77); }), "ColorMatrix, found 77"},
      {changed(nv12, [](Image& of) { of.range = static_cast<ColorRange>(77); }), "ColorRange, found 77"},
      {changed(nv12, [](Image& of) { of.width = 0; }), "width and height must be 1 to"},
  };
  for (const auto& [image, words] : cases) {
    try {
      model.predict(image);
      ADD_FAILURE() << words << ": nothing was thrown";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
  EXPECT_NO_THROW(model.predict(nv12));
}

}  // namespace
}  // namespace trtyolo::pixel_formats_test
