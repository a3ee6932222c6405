// Engines of half precision and of 8 bits against the references: what the network computes in 16 bits moves objects by
// little, because boxes and scores are decoded in f32.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineFrom;
using test::engineOf;
using test::json;
using test::Picture;
using test::pictureOf;

constexpr test::Tolerance kF16{.pixels = 1, .score = 1e-2, .sure = 0.26};
constexpr test::Tolerance kBf16{.pixels = 4, .score = 0.1};  // 8 bits of a fraction, 3 less than f16

TEST(HalfTest, BoxesOfF16EqualUltralytics) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f16"), test::bgr());
  for (const json& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    test::expectObjects(model.predict(picture.view()), image, kF16);
  }
}

// Objects of the references that score more than `sure`, and which of them a model does not find again.
struct Search {
  int all = 0;
  std::vector<std::string> missing;
};

// `same` tells whether what was found under a number is an object of the references, whose class it has.
template <typename Same>
Search search(DetectModel& model, double sure, const Same& same) {
  Search search;
  for (const json& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    const DetResult found = model.predict(picture.view());
    for (const json& object : image.at("objects")) {
      if (object.at("score") < sure) {
        continue;
      }
      ++search.all;
      std::size_t j = 0;
      while (j < found.classes.size() && !(found.classes[j] == object.at("class") && same(found, j, object))) {
        ++j;
      }
      if (j == found.classes.size()) {
        search.missing.push_back(image.at("source").get<std::string>() + ": " + object.dump());
      }
    }
  }
  return search;
}

// Each object whose score is well above the threshold is found; those near it may be on either side.
TEST(HalfTest, BoxesOfBf16AreNear) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "bf16"), test::bgr());
  const Search again = search(model, 0.4, [](const DetResult& found, std::size_t j, const json& object) {
    return test::near(std::array<float, 1>{found.scores[j]}, json{object.at("score")}, kBf16.score) &&
           test::sameParts(found, j, object, kBf16);
  });
  EXPECT_GT(again.all, 100);
  EXPECT_EQ(again.missing, std::vector<std::string>{});
}

TEST(HalfTest, EnginesSayTheirPrecision) {
  TRTYOLO_NEEDS_GPU();
  for (const char* precision : {"f32", "f16", "bf16"}) {
    EXPECT_EQ(inspect(engineOf("detect", precision)).precision, precision);
  }
}

// How far what one model finds lies from what another does.
struct Distance {
  double pixels = 0, score = 0;  // means over the objects that both find
  int both = 0, missing = 0;
};

Distance distanceOf(Model& found, Model& wanted, const std::string& task) {
  Distance distance;
  for (const json& image : test::goldenOf(task)) {
    Picture picture = pictureOf(task, image);
    const Result expected = wanted.predict(picture.view()), result = found.predict(picture.view());
    for (std::size_t i = 0; i < expected.boxes.size(); ++i) {
      const Box& a = expected.boxes[i];
      double nearest = 8;  // pixels; what lies farther away is another object
      std::size_t other = result.boxes.size();
      for (std::size_t j = 0; j < result.boxes.size(); ++j) {
        const Box& b = result.boxes[j];
        const double apart = std::max({std::abs(a.left - b.left), std::abs(a.top - b.top), std::abs(a.right - b.right),
                                       std::abs(a.bottom - b.bottom)});
        if (result.classes[j] == expected.classes[i] && apart < nearest) {
          nearest = apart;
          other = j;
        }
      }
      if (other == result.boxes.size()) {
        ++distance.missing;
        continue;
      }
      ++distance.both;
      distance.pixels += nearest;
      distance.score += std::abs(result.scores[other] - expected.scores[i]);
    }
  }
  distance.pixels /= distance.both;
  distance.score /= distance.both;
  return distance;
}

// A network that is cut behind its last convolutions loses no more by f16 than the whole one.
TEST(HalfTest, NetworksThatWereCutAreAsNear) {
  TRTYOLO_NEEDS_GPU();
  for (const char* const task : {"detect", "segment", "pose"}) {
    const auto engine = [&](const char* precision, HeadMode head) {
      BuildOption option;
      option.precision = std::string(precision) == "f16" ? Precision::F16 : Precision::F32;
      option.head = head;
      return engineFrom(std::string("shapes/") + task + ".onnx",
                        std::string("head-") + task + "-" + precision + "-" + toString(head), option);
    };
    Model real = Model::load(engine("f32", HeadMode::Whole), test::bgr());
    Model whole = Model::load(engine("f16", HeadMode::Whole), test::bgr());
    Model cut = Model::load(engine("f16", HeadMode::Cut), test::bgr());
    const Distance ofWhole = distanceOf(whole, real, task), ofCut = distanceOf(cut, real, task);
    for (const auto& [name, distance] : {std::pair{"whole", ofWhole}, std::pair{"cut", ofCut}}) {
      std::cout << task << ", f16, " << name << ", against f32: " << distance.both << " objects, " << distance.pixels
                << " px, score " << distance.score << " on average; " << distance.missing << " not found\n";
    }
    EXPECT_GT(ofCut.both, 50);
    EXPECT_LE(ofCut.missing, ofWhole.missing + 1);
    EXPECT_LT(ofCut.pixels, 1.25 * ofWhole.pixels);
    EXPECT_LT(ofCut.score, 1.25 * ofWhole.score);
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
    const Search again = search(model, kSure, [](const DetResult& found, std::size_t j, const json& object) {
      return iou(found.boxes[j], object.at("box")) >= kOverlap;
    });
    const auto found = again.all - static_cast<int>(again.missing.size());
    EXPECT_GT(again.all, 100);
    EXPECT_GE(found, kShare * again.all) << "of " << again.all << ", " << toString(precision);
    std::cout << toString(precision) << ": " << found << " of " << again.all << " objects, "
              << std::filesystem::file_size(engine) << " bytes\n";
  }
}

}  // namespace
}  // namespace trtyolo
