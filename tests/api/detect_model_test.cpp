// Detection from pictures to boxes through the public interface, with real networks.
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <sstream>

#include "support/golden.hpp"
#include "support/references.hpp"
#include "support/sanitized.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::bgr;
using test::dataPath;
using test::differences;

void expectReferences(DetectModel& model, const std::string& folder, const std::string& pictures) {
  auto references = test::readReferences(dataPath(folder + "/golden.json"));
  ASSERT_GE(references.size(), 10U);
  references.resize(static_cast<std::size_t>(test::rounds(references.size())));
  int objects = 0;
  for (const test::Reference& reference : references) {
    cv::Mat picture = cv::imread(dataPath(folder + "/" + pictures + "/" + reference.source));
    ASSERT_FALSE(picture.empty()) << reference.source;
    EXPECT_EQ(differences(model.predict(view(picture)), reference.result), "") << reference.source;
    objects += reference.result.num;
  }
  EXPECT_GT(objects, 50 / (test::kShareOfRounds * test::kShareOfRounds));
}

TEST(DetectModelTest, EqualsUltralyticsOnShapes) {
  DetectModel model(dataPath("shapes/detect.onnx"), bgr());
  expectReferences(model, "shapes", "images");
}

TEST(DetectModelTest, EqualsUltralyticsOnRealFootage) {
  DetectModel model(dataPath("people/people.onnx"), bgr());
  expectReferences(model, "people", "frames");
}

TEST(DetectModelTest, DynamicModelEqualsTheFixedOneAtItsSize) {
  DetectModel model(dataPath("shapes/detect-dynamic.onnx"), bgr().setRect(false));
  EXPECT_TRUE(model.info().dynamicSize);
  expectReferences(model, "shapes", "images");
}

// TensorRT's plugin, which OpenVINO does not have, is cut off and done by our own suppression, with what the node asks
// for (confidence 0.3, IoU 0.6, 100 objects, each class by itself) unless the option says otherwise.
TEST(DetectModelTest, EfficientNmsPluginRunsOnACpu) {
  const std::string plugin = dataPath("shapes/detect-nms.onnx"), plain = dataPath("shapes/detect.onnx");
  DetectModel asked(plugin, bgr()), expected(plain, bgr().setConfidence(0.3F).setIou(0.6F));
  // Where no box scores above the threshold in two classes, the two must be equal.
  DetectModel sure(plugin, bgr().setConfidence(0.6F).setIou(0.5F));
  DetectModel expectedSure(plain, bgr().setConfidence(0.6F).setIou(0.5F));
  int objects = 0, more = 0;
  auto references = test::readReferences(dataPath("shapes/golden.json"));
  references.resize(static_cast<std::size_t>(test::rounds(12)));
  for (const test::Reference& reference : references) {
    const cv::Mat picture = cv::imread(dataPath("shapes/images/" + reference.source));
    ASSERT_FALSE(picture.empty()) << reference.source;
    EXPECT_EQ(differences(sure.predict(view(picture)), expectedSure.predict(view(picture)), 0.01F, 1e-5F), "")
        << reference.source;
    const DetResult found = asked.predict(view(picture)), known = expected.predict(view(picture));
    for (const float score : found.scores) {
      EXPECT_GT(score, 0.3F);
    }
    EXPECT_GE(found.num, known.num) << reference.source;
    more += found.num - known.num;
    objects += known.num;
  }
  EXPECT_GT(objects, 30 / (test::kShareOfRounds * test::kShareOfRounds));
  EXPECT_LE(more, 5);
}

// The guide's example as its readers have it, but for the file names.
TEST(DetectModelTest, RunsTheGuidesExample) {
  trtyolo::InferOption option;
  option.enableSwapRB();
  auto model = std::make_unique<trtyolo::DetectModel>(dataPath("shapes/detect.onnx"), option);
  cv::Mat cvim = cv::imread(dataPath("shapes/images/00001.jpg"));
  trtyolo::Image im(cvim.data, cvim.cols, cvim.rows);
  trtyolo::DetResult result = model->predict(im);
  auto clone_model = model->clone();
  trtyolo::DetResult clone_result = clone_model->predict(im);
  trtyolo::DetectRes elder = clone_result;
  EXPECT_GT(result.num, 0);
  EXPECT_EQ(differences(elder, result, 0, 0), "");
}

TEST(DetectModelTest, ABatchGivesWhatSingleCallsGive) {
  std::vector<cv::Mat> pictures;
  std::vector<Image> images;
  for (const auto& reference : test::readReferences(dataPath("shapes/golden.json"))) {
    pictures.push_back(cv::imread(dataPath("shapes/images/" + reference.source)));
    if (pictures.size() == 7) {
      break;
    }
  }
  cv::resize(pictures[2], pictures[2], {517, 203});  // another network size in the middle
  cv::resize(pictures[5], pictures[5], {100, 400});
  for (const cv::Mat& picture : pictures) {
    images.push_back(view(picture));
  }
  for (const bool rect : {false, true}) {
    for (const int batch : test::byTurns<int>({4, 1, 16})) {
      DetectModel model(dataPath("shapes/detect-dynamic.onnx"), bgr().setBatch(batch).setRect(rect));
      EXPECT_EQ(model.batch(), batch);
      const std::vector<DetResult> together = model.predict(images);
      ASSERT_EQ(together.size(), images.size());
      for (std::size_t i = 0; i < images.size(); ++i) {
        EXPECT_EQ(differences(together[i], model.predict(images[i]), 0.01F, 1e-5F), "") << i << ", batch " << batch;
      }
      EXPECT_TRUE(model.predict(std::vector<Image>{}).empty());
    }
  }
}

TEST(DetectModelTest, AFixedBatchTakesAnyNumber) {
  test::TempDir dir;
  const std::string file = test::writeTinyModel(
      dir, "four", {{4, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false});
  DetectModel model(file);
  EXPECT_EQ(model.batch(), 4);
  std::vector<unsigned char> pixels(64 * 64 * 3, 50);
  for (const std::size_t count : {1U, 3U, 4U, 5U, 9U}) {
    const auto results = model.predict(std::vector<Image>(count, Image(pixels.data(), 64, 64)));
    ASSERT_EQ(results.size(), count);
    for (const DetResult& result : results) {
      ASSERT_EQ(result.num, 1);
      EXPECT_EQ(result.boxes[0].xyxy(), (std::array<float, 4>{22, 27, 42, 37}));
    }
  }
}

TEST(DetectModelTest, OpenVinoIrAndHalfPrecisionFiles) {
  test::TempDir dir;
  const auto output = test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.875F}});
  const std::string metadata = "task: detect\nstride: 32\nimgsz:\n- 64\n- 64\nnames:\n  0: cat\n  1: dog\n";
  for (const bool half : {false, true}) {
    DetectModel model(test::writeTinyModel(dir, half ? "half" : "full", {{1, 3, 64, 64}, {output}, metadata, half}));
    EXPECT_EQ(model.info().names[1], "dog");
    EXPECT_EQ(model.info().inputs[0].type, half ? "f16" : "f32");
    std::vector<unsigned char> pixels(64 * 64 * 3, 50);
    const DetResult result = model.predict(Image(pixels.data(), 64, 64));
    ASSERT_EQ(result.num, 1);
    EXPECT_EQ(result.scores[0], 0.875F);
    EXPECT_EQ(result.boxes[0].xyxy(), (std::array<float, 4>{22, 27, 42, 37}));
  }
}

TEST(DetectModelTest, OpensFilesByContentNotByName) {
  test::TempDir dir;
  const std::string odd = dir / "model.bin.backup";
  std::filesystem::copy_file(dataPath("shapes/detect.onnx"), odd);
  EXPECT_EQ(DetectModel(odd).info().names.size(), 6U);
  const std::string xml =
      test::writeTinyModel(dir, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {})}, "", false});
  const std::string renamed = std::filesystem::path(xml).replace_extension(".txt").string();
  std::filesystem::rename(xml, renamed);
  EXPECT_EQ(DetectModel(renamed).info().names.size(), 2U);
}

TEST(DetectModelTest, ThresholdsChangeAtRunTime) {
  test::TempDir dir;
  const auto output =
      test::detectorOutput(3, 8, {{20, 20, 10, 10, 0, 0.9F}, {20, 20, 10, 11, 1, 0.5F}, {50, 50, 10, 10, 2, 0.1F}});
  DetectModel model(test::writeTinyModel(dir, "tiny", {{1, 3, 64, 64}, {output}, "", false}));
  std::vector<unsigned char> pixels(64 * 64 * 3, 50);
  const Image image(pixels.data(), 64, 64);
  using Classes = std::vector<int>;
  EXPECT_EQ(model.predict(image).classes, (Classes{0, 1}));
  model.setConfidence(0.05F);
  EXPECT_EQ(model.predict(image).classes, (Classes{0, 1, 2}));
  model.setAgnostic(true);
  EXPECT_EQ(model.predict(image).classes, (Classes{0, 2}));
  model.setIou(0.95F);
  EXPECT_EQ(model.predict(image).classes, (Classes{0, 1, 2}));
  model.setMaxDetections(1);
  EXPECT_EQ(model.predict(image).classes, (Classes{0}));
  model.setMaxDetections(300);
  model.setClasses({2, 1});
  EXPECT_EQ(model.predict(image).classes, (Classes{1, 2}));
  const auto clone = model.clone();  // takes the thresholds as they are
  model.setClasses({});
  EXPECT_EQ(clone->predict(image).classes, (Classes{1, 2}));
  EXPECT_EQ(model.predict(image).classes, (Classes{0, 1, 2}));
}

TEST(DetectModelTest, OptionsCarryTheFirstThresholds) {
  test::TempDir dir;
  const auto output = test::detectorOutput(3, 8, {{20, 20, 10, 10, 0, 0.9F}, {20, 20, 10, 11, 1, 0.5F}});
  const std::string file = test::writeTinyModel(dir, "tiny", {{1, 3, 64, 64}, {output}, "", false});
  std::vector<unsigned char> pixels(64 * 64 * 3, 50);
  const Image image(pixels.data(), 64, 64);
  EXPECT_EQ(DetectModel(file, InferOption().setConfidence(0.6F)).predict(image).num, 1);
  EXPECT_EQ(DetectModel(file, InferOption().setAgnostic(true)).predict(image).num, 1);
  EXPECT_EQ(DetectModel(file, InferOption().setAgnostic(true).setIou(0.95F)).predict(image).num, 2);
  EXPECT_EQ(DetectModel(file, InferOption().setMaxDetections(1)).predict(image).num, 1);
  EXPECT_EQ(DetectModel(file, InferOption().setClasses({1})).predict(image).classes, std::vector<int>{1});
  EXPECT_THROW(DetectModel(file, InferOption().setClasses({3})), std::invalid_argument);
}

TEST(DetectModelTest, PixelsChannelsAndPitchesDoNotChangeWhatIsSeen) {
  DetectModel model(dataPath("shapes/detect.onnx"), bgr());
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  const DetResult expected = model.predict(view(picture));
  ASSERT_GT(expected.num, 0);

  cv::Mat withAlpha;
  cv::cvtColor(picture, withAlpha, cv::COLOR_BGR2BGRA);
  EXPECT_EQ(differences(model.predict(view(withAlpha)), expected, 0, 0), "");

  cv::Mat large(picture.rows + 20, picture.cols + 33, CV_8UC3, cv::Scalar(7, 99, 200));
  cv::Mat inside = large(cv::Rect(11, 5, picture.cols, picture.rows));
  picture.copyTo(inside);
  EXPECT_EQ(differences(model.predict(view(inside)), expected, 0, 0), "");

  cv::Mat rgb;
  cv::cvtColor(picture, rgb, cv::COLOR_BGR2RGB);
  DetectModel straight(dataPath("shapes/detect.onnx"));
  EXPECT_EQ(differences(straight.predict(view(rgb)), expected, 0, 0), "");

  cv::Mat grey, greyAsColour;
  cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
  cv::cvtColor(grey, greyAsColour, cv::COLOR_GRAY2BGR);
  EXPECT_EQ(differences(model.predict(view(grey)), model.predict(view(greyAsColour)), 0, 0), "");
}

TEST(DetectModelTest, OddSizesAreSeenWhole) {
  DetectModel model(dataPath("shapes/detect.onnx"), bgr().setConfidence(0.01F));
  std::mt19937 random(3);
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {20000, 3}, {20000, 1000}, {3, 2}, {641, 639}}) {
    cv::Mat picture(height, width, CV_8UC3);
    cv::randu(picture, 0, 255);
    const DetResult result = model.predict(view(picture));
    for (const Box& box : result.boxes) {
      EXPECT_TRUE(box.left >= 0 && box.right <= static_cast<float>(width) && box.bottom <= static_cast<float>(height));
    }
  }
}

// A border is written once for as long as images go to the same place: here they keep changing it, one by one and in
// groups that share one input.
TEST(DetectModelTest, BordersOfEarlierImagesNeverShow) {
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  std::vector<cv::Mat> pictures;
  for (const auto& [width, height] : {std::pair{320, 320}, {320, 100}, {100, 320}, {321, 101}, {320, 100}, {33, 400}}) {
    cv::resize(picture, pictures.emplace_back(), {width, height});
  }
  for (const auto& [file, batch] : {std::pair{"shapes/detect.onnx", 1}, {"shapes/detect-dynamic.onnx", 4}}) {
    const DetectModel fresh(dataPath(file), bgr().setConfidence(0.01F).setBatch(batch));
    std::vector<DetResult> expected;
    for (const cv::Mat& one : pictures) {
      expected.push_back(fresh.clone()->predict(view(one)));
    }
    const auto model = fresh.clone();
    std::mt19937 random(7);
    for (int round = 0; round < test::rounds(20); ++round) {
      std::vector<std::size_t> chosen(1 + random() % 4);
      std::vector<Image> images;
      for (std::size_t& number : chosen) {
        number = random() % pictures.size();
        images.push_back(view(pictures[number]));
      }
      const std::vector<DetResult> found = model->predict(images);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        ASSERT_EQ(differences(found[i], expected[chosen[i]], 0.01F, 1e-4F), "") << file << ", round " << round;
      }
    }
  }
}

TEST(DetectModelTest, PromisedSourceSizeIsHeld) {
  DetectModel model(dataPath("shapes/detect.onnx"), bgr().setInputDimensions(320, 240));
  std::vector<unsigned char> pixels(640 * 480 * 3);
  EXPECT_NO_THROW(model.predict(Image(pixels.data(), 320, 240)));
  EXPECT_THROW(model.predict(Image(pixels.data(), 240, 320)), std::invalid_argument);
  EXPECT_NO_THROW(model.predict(Image(pixels.data(), 320, 240)));
}

TEST(DetectModelTest, NormalizationAndBorderReachTheNetwork) {
  DetectModel plain(dataPath("shapes/detect.onnx"), bgr());
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  const DetResult expected = plain.predict(view(picture));
  DetectModel same(dataPath("shapes/detect.onnx"), bgr().setNormalizeParams({0, 0, 0}, {1, 1, 1}).setBorderValue(114));
  EXPECT_EQ(differences(same.predict(view(picture)), expected, 0, 0), "");
  DetectModel other(dataPath("shapes/detect.onnx"),
                    bgr().setNormalizeParams({0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}));
  EXPECT_NE(differences(other.predict(view(picture)), expected, 0, 0), "");
}

TEST(DetectModelTest, MovesAndRefusesToBeUsedAfterwards) {
  DetectModel model(dataPath("shapes/detect.onnx"), bgr());
  const cv::Mat picture = cv::imread(dataPath("shapes/images/00001.jpg"));
  const DetResult expected = model.predict(view(picture));
  DetectModel moved = std::move(model);
  EXPECT_EQ(differences(moved.predict(view(picture)), expected, 0, 0), "");
  EXPECT_THROW(model.predict(view(picture)), Error);  // NOLINT(bugprone-use-after-move): that is the question
  EXPECT_THROW(model.clone(), Error);                 // NOLINT(bugprone-use-after-move)
  model = std::move(moved);
  EXPECT_EQ(differences(model.predict(view(picture)), expected, 0, 0), "");
}

TEST(DetectModelTest, ReportsPerformance) {
  DetectModel silent(dataPath("shapes/detect.onnx"));
  EXPECT_THROW(silent.performanceReport(), Error);
  EXPECT_THROW(silent.timing(), Error);
  DetectModel model(dataPath("shapes/detect.onnx"), bgr().enablePerformanceReport());
  EXPECT_NE(std::get<0>(model.performanceReport()).find("no calls yet"), std::string::npos);
  std::vector<unsigned char> pixels(64 * 64 * 3);
  model.predict(Image(pixels.data(), 64, 64));
  const auto [throughput, host, device] = model.performanceReport();
  for (const std::string& line : {throughput, host, device}) {
    for (const char* word : {"min", "max", "mean", "median", "p90", "p95", "p99"}) {
      EXPECT_NE(line.find(word), std::string::npos) << line;
    }
  }
  const Timing timing = model.timing();
  EXPECT_EQ(timing.calls, 1U);
  for (const double part : {timing.preprocess, timing.inference, timing.postprocess}) {
    EXPECT_GT(part, 0);
  }
  EXPECT_LE(timing.preprocess + timing.inference + timing.postprocess, timing.total);
  EXPECT_NE(std::get<0>(model.clone()->performanceReport()).find("no calls yet"), std::string::npos);
  EXPECT_EQ(model.clone()->timing().calls, 0U);
}

TEST(DetectModelTest, MeasuresTheBareNetwork) {
  test::TempDir dir;
  DetectModel model(test::writeTinyModel(dir, "tiny", {{-1, 3, -1, -1}, {test::detectorOutput(2, 8, {})}, "", false}),
                    InferOption().setStreams(2));
  const NetworkSpeed speed = model.measureNetwork(3, 0.05);
  EXPECT_GT(speed.latencies.size(), 3U);
  EXPECT_GE(speed.seconds, 0.05);
  EXPECT_THROW(model.measureNetwork(0, 1), std::invalid_argument);
  EXPECT_THROW(model.measureNetwork(1, 0), std::invalid_argument);
}

TEST(DetectModelTest, PrintsResults) {
  DetResult result;
  result.num = 2;
  result.classes = {1, 0};
  result.scores = {0.9F, 0.25F};
  result.boxes = {{1, 2, 3.456F, 4}, {5, 6, 7, 8}};
  result.names = std::map<int, std::string>{{1, "dog"}};
  result.imageWidth = 20, result.imageHeight = 10;
  std::ostringstream text;
  text << std::scientific << result << ' ' << 0.5;
  EXPECT_EQ(text.str(),
            "DetResult(num=2, image 20 x 10)\n  dog 0.90, box [1.00, 2.00, 3.46, 4.00]\n"
            "  0 0.25, box [5.00, 6.00, 7.00, 8.00] 5.000000e-01");
}

}  // namespace
}  // namespace trtyolo
