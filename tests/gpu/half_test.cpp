// Engines of half precision and of 8 bits against the references: what the network computes in 16 bits moves objects by
// little, because boxes and scores are decoded in f32.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineFrom;
using test::engineOf;
using test::json;
using test::Picture;
using test::pictureOf;

constexpr test::Tolerance kF16{1.0, 1e-2, 0.98, 0.02, 0.26};
constexpr test::Tolerance kBf16{4.0, 0.1, 0.9, 0.1};  // 8 bits of a fraction, 3 less than f16

TEST(HalfTest, BoxesOfF16EqualUltralytics) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f16"), test::bgr());
  for (const json& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    test::expectObjects(model.predict(picture.view()), image, kF16);
  }
}

// Each object whose score is well above the threshold is found; those near it may be on either side.
TEST(HalfTest, BoxesOfBf16AreNear) {
  TRTYOLO_NEEDS_GPU();
  constexpr double kSure = 0.4;
  DetectModel model(engineOf("detect", "bf16"), test::bgr());
  int compared = 0;
  for (const json& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    const DetResult found = model.predict(picture.view());
    for (const json& object : image.at("objects")) {
      if (object.at("score") < kSure) {
        continue;
      }
      ++compared;
      bool matched = false;
      for (std::size_t j = 0; j < static_cast<std::size_t>(found.num); ++j) {
        matched =
            matched || (found.classes[j] == object.at("class") &&
                        test::near(std::array<float, 1>{found.scores[j]}, json{object.at("score")}, kBf16.score) &&
                        test::sameParts(found, j, object, kBf16));
      }
      EXPECT_TRUE(matched) << image.at("source") << ": missing " << object << '\n' << found;
    }
  }
  EXPECT_GT(compared, 100);
}

TEST(HalfTest, EnginesSayTheirPrecision) {
  TRTYOLO_NEEDS_GPU();
  for (const char* precision : {"f32", "f16", "bf16"}) {
    EXPECT_EQ(inspect(engineOf("detect", precision)).precision, precision);
  }
}

// The tiny network ends in its only convolution, so that its output itself is cast back to f32.
TEST(HalfTest, OutputsOfHalfLayersStayF32) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const InferOption option = test::bgr().setConfidence(0.2F);
  const DetResult expected = DetectModel(engineFrom("tiny.onnx", "half-tiny-f32", {}), option).predict(picture.view());
  ASSERT_GT(expected.num, 0);
  BuildOption build;
  for (const Precision precision : {Precision::F16, Precision::BF16, Precision::Auto}) {
    build.precision = precision;
    const std::string engine = engineFrom("tiny.onnx", std::string("half-tiny-") + toString(precision), build);
    EXPECT_EQ(inspect(engine).precision, precision == Precision::BF16 ? "bf16" : "f16");
    const DetResult found = DetectModel(engine, option).predict(picture.view());
    ASSERT_GT(found.num, 0) << toString(precision);
    EXPECT_NEAR(found.scores[0], expected.scores[0], 0.02) << toString(precision);
  }
}

double iou(const Box& a, const json& b) {
  const double left = std::max<double>(a.left, b[0]), top = std::max<double>(a.top, b[1]);
  const double right = std::min<double>(a.right, b[2]), bottom = std::min<double>(a.bottom, b[3]);
  const double both = std::max(0.0, right - left) * std::max(0.0, bottom - top);
  const double any = (a.right - a.left) * (a.bottom - a.top) +
                     (b[2].get<double>() - b[0].get<double>()) * (b[3].get<double>() - b[1].get<double>()) - both;
  return both / any;
}

// Quantized without training, the network itself is less good: on a CPU it finds 124 of these 134 objects again. What
// is not quantized computes in f32, whatever is asked for.
TEST(HalfTest, QuantizedModelsFindMostObjects) {
  TRTYOLO_NEEDS_GPU();
  constexpr double kSure = 0.7, kOverlap = 0.8, kShare = 0.85;
  const std::string onnx = "int8/detect-int8.onnx";
  if (!std::filesystem::exists(test::dataPath(onnx))) {
    GTEST_SKIP() << test::dataPath(onnx) << " is not there; make_int8.py makes it";
  }
  BuildOption build;
  for (const Precision precision : {Precision::F32, Precision::F16}) {
    build.precision = precision;
    const std::string engine = engineFrom(onnx, std::string("detect-int8-beside-") + toString(precision), build);
    EXPECT_EQ(inspect(engine).precision, "f32");
    EXPECT_LT(std::filesystem::file_size(engine), std::filesystem::file_size(engineOf("detect", "f32")));
    DetectModel model(engine, test::bgr());
    int all = 0, again = 0;
    for (const json& image : test::goldenOf("detect")) {
      Picture picture = pictureOf("detect", image);
      const DetResult found = model.predict(picture.view());
      for (const json& object : image.at("objects")) {
        if (object.at("score") < kSure) {
          continue;
        }
        ++all;
        bool matched = false;
        for (std::size_t j = 0; j < static_cast<std::size_t>(found.num); ++j) {
          matched =
              matched || (found.classes[j] == object.at("class") && iou(found.boxes[j], object.at("box")) >= kOverlap);
        }
        again += matched ? 1 : 0;
      }
    }
    EXPECT_GT(all, 100);
    EXPECT_GE(again, kShare * all) << "of " << all << ", " << toString(precision);
    std::cout << toString(precision) << ": " << again << " of " << all << " objects, "
              << std::filesystem::file_size(engine) << " bytes\n";
  }
}

}  // namespace
}  // namespace trtyolo
