// What models find in JPEG images that are decoded at a fraction of their size: it lies where it lies in the whole
// image, for each task.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "media/encoded.hpp"
#include "support/references.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/opencv.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using test::Bytes;
using test::dataPath;
using test::encoded;

// Decodes as makeImageDecoder() does, and counts what comes back reduced.
class CountingDecoder : public ImageDecoder {
 public:
  void decode(const EncodedImage* images, std::size_t count, const DecodeTarget& target,
              DecodedImage* decoded) override {
    decoder_->decode(images, count, target, decoded);
    reduced += static_cast<int>(
        std::count_if(decoded, decoded + count, [](const DecodedImage& each) { return each.whole.width > 0; }));
  }
  std::size_t batch(const DecodeTarget& target) const override { return decoder_->batch(target); }

  std::atomic<int> reduced = 0;

 private:
  std::shared_ptr<MediaDecoder> decoder_ = makeImageDecoder();
};

// Of a picture of the test data, several times as large.
Bytes enlarged(const std::string& file, double by, unsigned char orientation = 1) {
  const cv::Mat picture = cv::imread(dataPath(file));
  EXPECT_FALSE(picture.empty()) << file;
  cv::Mat large;
  cv::resize(picture, large, {}, by, by, cv::INTER_CUBIC);
  return test::oriented(test::encode(large, ".jpg"), orientation);
}

struct Both {
  Result whole, fast;
};

// A model that is given whole images, and one that is given less of them.
class BothModels {
 public:
  explicit BothModels(const std::string& file)
      : whole_(Model::load(dataPath(file), option())),
        fast_(Model::load(dataPath(file), option().setFastDecode())),
        pool_(fast_) {}

  Both predict(const Bytes& bytes) {
    decoder_->reduced = 0;
    Both found{whole_.predict(encoded(bytes)), {}};
    EXPECT_EQ(decoder_->reduced, 0) << "never without being told";
    found.fast = fast_.predict(encoded(bytes));
    EXPECT_EQ(decoder_->reduced, 1);
    EXPECT_EQ(pool_.predict(encoded(bytes)).toJson(), found.fast.toJson()) << "a pool finds the same";
    EXPECT_EQ(decoder_->reduced, 2);
    EXPECT_EQ(found.fast.imageWidth, found.whole.imageWidth);
    EXPECT_EQ(found.fast.imageHeight, found.whole.imageHeight);
    return found;
  }

 private:
  InferOption option() const { return InferOption().setImageDecoder(decoder_); }

  std::shared_ptr<CountingDecoder> decoder_ = std::make_shared<CountingDecoder>();
  Model whole_, fast_;
  Pool<> pool_;
};

// The objects that are sure, of which each has one like it in the other result; calls `compare` with both numbers.
template <typename Compare>
int matchSure(const Result& a, const Result& b, const std::vector<Box>& boxesA, const std::vector<Box>& boxesB,
              float pixels, const Compare& compare) {
  constexpr float kSure = 0.5F, kScores = 0.12F;
  int sure = 0;
  for (std::size_t i = 0; i < boxesA.size(); ++i) {
    if (a.scores[i] < kSure) {
      continue;
    }
    ++sure;
    bool found = false;
    for (std::size_t j = 0; j < boxesB.size() && !found; ++j) {
      const auto near = [&](float first, float second) { return std::abs(first - second) <= pixels; };
      const Box &one = boxesA[i], &other = boxesB[j];
      found = a.classes[i] == b.classes[j] && std::abs(a.scores[i] - b.scores[j]) <= kScores &&
              near(one.left, other.left) && near(one.top, other.top) && near(one.right, other.right) &&
              near(one.bottom, other.bottom);
      if (found) {
        compare(i, j);
      }
    }
    EXPECT_TRUE(found) << "object " << i << " of\n" << a.toJson() << "\nis not in\n" << b.toJson();
  }
  return sure;
}

constexpr double kLarger = 4;    // 500 x 375 to 2000 x 1500: at a half for 640 x 640
constexpr float kFewPixels = 4;  // of those, a little more than one of the network's

TEST(FastDecodeModelTest, Boxes) {
  for (const char* model : {"shapes/detect.onnx", "shapes/detect-dynamic.onnx"}) {
    BothModels models(model);
    int sure = 0;
    for (const char* file : {"shapes/images/00000.jpg", "shapes/images/00001.jpg"}) {
      const auto [whole, fast] = models.predict(enlarged(file, kLarger));
      const auto none = [](std::size_t, std::size_t) {};
      sure += matchSure(whole, fast, whole.boxes, fast.boxes, kFewPixels, none);
      sure += matchSure(fast, whole, fast.boxes, whole.boxes, kFewPixels, none);
    }
    EXPECT_GE(sure, 8) << model;
  }
}

TEST(FastDecodeModelTest, OfImagesThatAreTurned) {
  BothModels models("shapes/detect.onnx");
  for (const unsigned char orientation : {3, 6}) {
    const Bytes bytes = enlarged("shapes/images/00001.jpg", kLarger, orientation);
    const auto [whole, fast] = models.predict(bytes);
    EXPECT_EQ(whole.imageWidth<whole.imageHeight, orientation> 4);
    EXPECT_GT(matchSure(whole, fast, whole.boxes, fast.boxes, kFewPixels, [](std::size_t, std::size_t) {}), 0);
  }
}

TEST(FastDecodeModelTest, Masks) {
  const Bytes bytes = enlarged("shapes/images/00001.jpg", kLarger);
  const auto [whole, fast] = BothModels("shapes/segment.onnx").predict(bytes);
  ASSERT_EQ(fast.masks.width(), whole.imageWidth);
  ASSERT_EQ(fast.masks.height(), whole.imageHeight);
  const Result &a = whole, &b = fast;
  const int sure = matchSure(a, b, a.boxes, b.boxes, 2 * kFewPixels, [&](std::size_t i, std::size_t j) {
    const Mask one = a.masks[i], other = b.masks[j];
    std::size_t both = 0, either = 0;
    for (std::size_t k = 0; k < one.data.size(); ++k) {
      both += one.data[k] != 0 && other.data[k] != 0 ? 1 : 0;
      either += one.data[k] != 0 || other.data[k] != 0 ? 1 : 0;
    }
    EXPECT_GT(static_cast<double>(both), 0.95 * static_cast<double>(either)) << i;
  });
  EXPECT_GT(sure, 0);
}

TEST(FastDecodeModelTest, Keypoints) {
  BothModels models("shapes/pose.onnx");
  int sure = 0;
  for (const char* file :
       {"shapes/images/00000.jpg", "shapes/images/00001.jpg", "shapes/images/00002.jpg", "shapes/images/00003.jpg"}) {
    const auto both = models.predict(enlarged(file, kLarger));
    const Result &whole = both.whole, &fast = both.fast;
    sure += matchSure(whole, fast, whole.boxes, fast.boxes, 2 * kFewPixels, [&](std::size_t i, std::size_t j) {
      for (std::size_t k = 0; k < whole.keypoints[i].size(); ++k) {
        EXPECT_NEAR(whole.keypoints[i][k].x, fast.keypoints[j][k].x, 2 * kFewPixels);
        EXPECT_NEAR(whole.keypoints[i][k].y, fast.keypoints[j][k].y, 2 * kFewPixels);
      }
    });
  }
  EXPECT_GT(sure, 0);
}

TEST(FastDecodeModelTest, RotatedBoxes) {
  BothModels models("shapes/obb.onnx");
  int sure = 0;
  for (const char* file : {"shapes/obb/images/00000.jpg", "shapes/obb/images/00001.jpg"}) {
    const auto [whole, fast] = models.predict(enlarged(file, kLarger));
    const auto around = [](const Result& result) {
      std::vector<Box> boxes;
      for (const RotatedBox& box : result.rotatedBoxes) {
        const auto corners = box.xyxyxyxy();
        Box& bounds = boxes.emplace_back(Box{corners[0], corners[1], corners[0], corners[1]});
        for (std::size_t k = 2; k < corners.size(); k += 2) {
          bounds.left = std::min(bounds.left, corners[k]);
          bounds.right = std::max(bounds.right, corners[k]);
          bounds.top = std::min(bounds.top, corners[k + 1]);
          bounds.bottom = std::max(bounds.bottom, corners[k + 1]);
        }
      }
      return boxes;
    };
    sure += matchSure(whole, fast, around(whole), around(fast), 2 * kFewPixels, [](std::size_t, std::size_t) {});
  }
  EXPECT_GT(sure, 0);
}

// Both classifiers' crops: that of Ultralytics, and YOLOv5's square.
TEST(FastDecodeModelTest, Classes) {
  const Bytes bytes = enlarged("shapes/images/00001.jpg", 2);  // 1000 x 750, for 224 x 224
  for (const char* model : {"shapes/classify.onnx", "../tests/app/models/yolov5_cls.onnx"}) {
    const auto [whole, fast] = BothModels(model).predict(bytes);
    ASSERT_FALSE(whole.classes.empty());
    EXPECT_EQ(fast.classes[0], whole.classes[0]) << model;
    EXPECT_NEAR(fast.scores[0], whole.scores[0], 0.05) << model;
  }
}

// Networks whose answer is known for each pixel: each stripe lies where it lay, but for its edge.
TEST(FastDecodeModelTest, MapsOfPixels) {
  const int width = 1003, height = 502;
  cv::Mat stripes(height, width, CV_8UC3, cv::Scalar(10, 10, 200));
  stripes.colRange(width / 2, width) = cv::Scalar(250, 250, 250);
  const Bytes bytes = test::encode(stripes, ".jpg");
  const auto semantic = BothModels("../tests/app/models/semantic.onnx").predict(bytes);
  ASSERT_EQ(semantic.fast.semantic.width, width);
  ASSERT_EQ(semantic.fast.semantic.height, height);
  const auto depth = BothModels("../tests/app/models/depth.onnx").predict(bytes);
  ASSERT_EQ(depth.fast.depth.width, width);
  ASSERT_EQ(depth.fast.depth.height, height);
  constexpr int kEdge = 24;  // more than a pixel of the networks
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto at = static_cast<std::size_t>(y * width + x);
      if (std::abs(x - width / 2) > kEdge) {
        ASSERT_EQ(semantic.fast.semantic.data[at], semantic.whole.semantic.data[at]) << x << ' ' << y;
        ASSERT_NEAR(depth.fast.depth.data[at], depth.whole.depth.data[at], 0.2) << x << ' ' << y;
      }
    }
  }
}

TEST(FastDecodeModelTest, ThePromisedSizeIsThatOfTheWholeImage) {
  const Bytes bytes = enlarged("shapes/images/00000.jpg", kLarger);
  InferOption option;
  option.setImageDecoder(makeImageDecoder()).setFastDecode();
  const std::string file = dataPath("shapes/detect.onnx");
  EXPECT_NO_THROW(Model::load(file, InferOption(option).setInputDimensions(2000, 1500)).predict(encoded(bytes)));
  EXPECT_THROW(Model::load(file, InferOption(option).setInputDimensions(1000, 750)).predict(encoded(bytes)),
               std::invalid_argument);
}

// A decoder of one's own, which says what cannot be.
class WrongDecoder : public ImageDecoder {
 public:
  void decode(const EncodedImage*, std::size_t count, const DecodeTarget&, DecodedImage* decoded) override {
    for (std::size_t i = 0; i < count; ++i) {
      decoded[i].image = Image(pixels_.data(), 4, 2, 3, 0);
      decoded[i].whole = whole;
    }
  }
  std::size_t batch(const DecodeTarget&) const override { return 1; }

  ImageSize whole;

 private:
  std::array<unsigned char, 24> pixels_{};
};

TEST(FastDecodeModelTest, SizesThatNoImageHasAreRefused) {
  const auto decoder = std::make_shared<WrongDecoder>();
  Model model = Model::load(dataPath("../tests/app/models/semantic.onnx"), InferOption().setImageDecoder(decoder));
  const auto predictOf = [&](const ImageSize& whole) {
    decoder->whole = whole;
    return model.predict(EncodedImage{"x", 1});
  };
  EXPECT_EQ(predictOf({0, 0}).imageWidth, 4);
  EXPECT_EQ(predictOf({8, 4}).imageWidth, 8);
  for (const ImageSize& wrong : {ImageSize{3, 4}, {8, 1}, {0, 4}, {8, 0}, {std::size_t{1} << 40U, 4}}) {
    EXPECT_THROW(predictOf(wrong), std::invalid_argument) << wrong.width << ' ' << wrong.height;
  }
}

// Slices are of whole images: an object of a few pixels would be gone from a reduced one.
TEST(FastDecodeModelTest, SlicesAreOfTheWholeImage) {
  const Bytes bytes = enlarged("shapes/images/00001.jpg", 3);
  const auto decoder = std::make_shared<CountingDecoder>();
  const InferOption option = InferOption().setImageDecoder(decoder);
  Model whole = Model::load(dataPath("shapes/detect.onnx"), option);
  Model fast = Model::load(dataPath("shapes/detect.onnx"), InferOption(option).setFastDecode());
  SliceOption slices;
  slices.width = slices.height = 1000;
  const std::string expected = whole.predict(encoded(bytes), slices).toJson();
  EXPECT_EQ(fast.predict(encoded(bytes), slices).toJson(), expected);
  EXPECT_EQ(Pool<>(fast).predict(encoded(bytes), slices).toJson(), expected);
  EXPECT_EQ(decoder->reduced, 0);
  const cv::Mat image = cv::imdecode(bytes, cv::IMREAD_COLOR);
  Model bgr = Model::load(dataPath("shapes/detect.onnx"), InferOption().enableSwapRB());
  EXPECT_EQ(bgr.predict(view(image), slices).toJson(), expected);
}

}  // namespace
}  // namespace trtyolo
