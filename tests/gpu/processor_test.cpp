// Files as exporters of other repositories write them, and maps, on a GPU beside the same networks on the processor:
// with networks that do nothing that rounding could decide (tests/app/models/make.py).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "gpu/picture.hpp"
#include "gpu/results.hpp"
#include "image/format_image.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

const std::string kModels = "../tests/app/models/";

class GpuBesideProcessorTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    if (backends().count("openvino") == 0) {
      GTEST_SKIP() << "nothing runs networks on the processor here";
    }
    std::mt19937 random(5);
    for (const auto& [width, height] : {std::pair{128, 64}, {128, 64}, {61, 200}, {1, 1}, {640, 480}, {64, 64}}) {
      auto& each = pictures_.emplace_back();
      each.width = width;
      each.height = height;
      each.pixels.resize(static_cast<std::size_t>(3 * width * height));
      std::generate(each.pixels.begin(), each.pixels.end(), [&] { return static_cast<std::uint8_t>(random()); });
    }
    for (test::Picture& each : pictures_) {
      images_.push_back(each.view());
    }
    test::Random noise(6);
    for (const PixelFormat format : {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16}) {
      for (const auto& [width, height] : {std::pair{127, 65}, {641, 479}}) {
        const test::FormatImage& image =
            formatImages_.emplace_back(noise, format, width, height, 5, 1, ColorMatrix::BT709);
        images_.push_back(image.image());
      }
    }
  }

  // `engine` is built from the file `onnx`, or is that file.
  void expectEqual(const std::string& onnx, const std::string& engine, const InferOption& option,
                   double mostOthers = 0) {
    Model processor = Model::load(onnx, InferOption(option).setBackend(Backend::OpenVINO));
    Model gpu = Model::load(engine, InferOption(option).setBackend(Backend::TensorRT));
    EXPECT_EQ(gpu.info().family, processor.info().family);
    const std::vector<Result> wanted = processor.predict(images_);
    for (int round = 0; round < 3; ++round) {  // the later ones from a captured graph
      const std::vector<Result> found = gpu.predict(images_);
      for (std::size_t i = 0; i < images_.size(); ++i) {
        SCOPED_TRACE(i);
        test::expectSame(found[i], wanted[i],
                         {.pixels = 1e-3, .score = 1e-5, .maskIou = 1, .depth = 1e-4, .otherClass = mostOthers});
      }
    }
  }

  std::vector<test::Picture> pictures_;
  std::deque<test::FormatImage> formatImages_;
  std::vector<Image> images_;
};

std::filesystem::path models() {
  return test::dataPath(kModels);
}

TEST_F(GpuBesideProcessorTest, MapsOfBatches) {
  for (const char* name : {"semantic", "logits-semantic", "depth"}) {
    SCOPED_TRACE(name);
    const std::string file = (models() / name).string() + ".onnx";
    expectEqual(file, file, InferOption().setBatch(2), 1e-3);
  }
}

std::vector<std::string> namesOfModels() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(models(), none)) {
    if (entry.path().extension() == ".onnx") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GpuOtherExportersTest : public GpuBesideProcessorTest, public testing::WithParamInterface<std::string> {};

TEST_P(GpuOtherExportersTest, EqualTheProcessor) {
  static const std::set<std::string> kRefused{"copy_plugin", "eight_bits", "flat",      "list",
                                              "nms_scaled",  "nms_twice",  "seven_bits"};
  const std::string& name = GetParam();
  const auto compare = [&] {
    const std::string engine = test::engineFrom(kModels + name + ".onnx", "other-" + name, {});
    expectEqual((models() / name).string() + ".onnx", engine,
                name == "family" ? InferOption().setFamily("libreyolo-yolo9") : InferOption());
  };
  if (kRefused.count(name) != 0) {
    EXPECT_THROW(compare(), Error);
  } else {
    compare();
  }
}

// There are none where the folder is missing.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GpuOtherExportersTest);
INSTANTIATE_TEST_SUITE_P(Files, GpuOtherExportersTest, testing::ValuesIn(namesOfModels()), [](const auto& instance) {
  std::string name = instance.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// Images of every format. What the kernels do not make, the processor makes of them as well: grey, and Pillow's filter.
TEST_F(GpuBesideProcessorTest, ImagesOnTheGpu) {
  for (const std::string name : {"grey", "grey_u8_last", "dfine_sees", "rfdetr_sees", "colours", "yolov5_cls"}) {
    SCOPED_TRACE(name);
    const std::string engine = test::engineFrom(kModels + name + ".onnx", "other-" + name, {});
    for (const bool bgr : {false, true}) {
      const InferOption option = bgr ? InferOption().enableSwapRB() : InferOption();
      Model host = Model::load(engine, option), device = Model::load(engine, InferOption(option).enableCudaMem());
      for (test::Picture& picture : pictures_) {
        const std::size_t row = std::size_t{3} * static_cast<std::size_t>(picture.width);
        for (const std::size_t pitch : {row, row + 5}) {
          const test::DevicePicture there(picture, pitch);
          test::expectSame(device.predict(there.view()), host.predict(picture.view()), {});
        }
      }
      for (const test::FormatImage& image : formatImages_) {
        const test::DeviceFormatImage there(image);
        test::expectSame(device.predict(there.view()), host.predict(image.image()), {});
        EXPECT_THROW(host.predict(there.view()), std::invalid_argument);
        if (image.planes().size() > 1) {
          Image mixed = there.view();
          mixed.ptr = image.image().ptr;
          EXPECT_THROW(host.predict(mixed), std::invalid_argument);
        }
      }
    }
  }
}

// The files of other repositories, which scripts/wild makes, in the folder wild/ of the test data: whole networks, so
// that objects that score close to the threshold may be found by one side only.
TEST_F(GpuBesideProcessorTest, FilesOfRepositories) {
  const std::filesystem::path folder = test::dataPath("wild");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << folder << " is not there";
  }
  constexpr float kThreshold = 0.25F, kScore = 0.005F, kPixels = 0.5F;
  const InferOption option = test::bgr().setConfidence(kThreshold);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") {
      continue;
    }
    const std::string name = entry.path().stem().string();
    SCOPED_TRACE(name);
    BuildOption build;
    build.precision = Precision::F32;
    Model gpu = Model::load(test::engineFrom("wild/" + name + ".onnx", "wild-" + name, build), option);
    Model processor = Model::load(entry.path().string(), InferOption(option).setBackend(Backend::OpenVINO));
    std::size_t objects = 0, alone = 0;
    for (const auto& image : test::goldenOf("detect")) {
      test::Picture picture = test::pictureOf("detect", image);
      const Result wanted = processor.predict(picture.view()), found = gpu.predict(picture.view());
      objects += wanted.classes.size();
      // Each of the one is taken for one of the other; what is left on either side is counted.
      std::vector<bool> taken(found.classes.size());
      for (std::size_t i = 0; i < wanted.classes.size(); ++i) {
        const auto same = [&](std::size_t j) {
          return !taken[j] && found.classes[j] == wanted.classes[i] &&
                 std::abs(found.scores[j] - wanted.scores[i]) <= kScore &&
                 test::farthest(found.boxes[j].xyxy(), wanted.boxes[i].xyxy()) <= kPixels;
        };
        std::size_t j = 0;
        while (j < taken.size() && !same(j)) {
          ++j;
        }
        if (j < taken.size()) {
          taken[j] = true;
        } else {
          ++alone;
          EXPECT_LE(wanted.scores[i], kThreshold + kScore) << "found on the processor only";
        }
      }
      for (std::size_t j = 0; j < taken.size(); ++j) {
        alone += taken[j] ? 0 : 1;
        EXPECT_TRUE(taken[j] || found.scores[j] <= kThreshold + kScore) << "found on the GPU only";
      }
    }
    std::cout << name << ": " << objects << " objects, " << alone << " alone\n";
  }
}

}  // namespace
}  // namespace trtyolo
