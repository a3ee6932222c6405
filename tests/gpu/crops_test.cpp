// Two stages on a GPU: regions of images in its memory beside the same of images in host memory, and on the processor.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "gpu/picture.hpp"
#include "gpu/results.hpp"
#include "image/format_image.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo::crops_test {
namespace {

using test::DeviceFormatImage;
using test::DevicePicture;
using test::FormatImage;
using test::Picture;

// Upright and turned, some of them partly beyond the image, one wholly.
std::vector<Box> uprightBoxes() {
  return {{100, 50, 300, 250}, {-20, 200, 90.5F, 600}, {333.3F, 7.7F, 335, 9}, {700, 10, 800, 20}, {0, 0, 641, 479}};
}

std::vector<RotatedBox> turnedBoxes() {
  std::vector<RotatedBox> boxes;
  float theta = -3;
  for (const Box& box : uprightBoxes()) {
    RotatedBox& turned = boxes.emplace_back();
    static_cast<Box&>(turned) = box;
    turned.theta = theta += 0.9F;
  }
  return boxes;
}

// Networks that do nothing that rounding could decide (tests/app/models/make.py), with a letterbox, grey input, a crop
// of the middle, and scaling by Pillow's filter.
class GpuCropsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    std::mt19937 random(7);
    picture_.width = 641;
    picture_.height = 479;
    picture_.pixels.resize(std::size_t{3} * 641 * 479);
    std::generate(picture_.pixels.begin(), picture_.pixels.end(), [&] { return static_cast<std::uint8_t>(random()); });
  }

  static std::string file() { return test::dataPath(std::string("../tests/app/models/") + GetParam() + ".onnx"); }

  static void expectEqual(const std::vector<Result>& found, const std::vector<Result>& wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      SCOPED_TRACE(i);
      test::expectSame(found[i], wanted[i], {.pixels = 1e-3, .score = 1e-5});
    }
  }

  template <class Boxes>
  void expectEverywhere(const Image& host, Image device, const Boxes& boxes) {
    Model model = Model::load(file(), InferOption().setBackend(Backend::TensorRT).setBatch(4));
    device.memory = ImageMemory::Device;
    const std::vector<Result> wanted = predictCrops(model, host, boxes, {0.1F});
    for (int round = 0; round < 3; ++round) {  // the later ones from a captured graph
      expectEqual(predictCrops(model, device, boxes, {0.1F}), wanted);
      expectEqual(predictCrops(model, host, boxes, {0.1F}), wanted);
    }
    Model allDevice = Model::load(file(), InferOption().setBackend(Backend::TensorRT).setBatch(4).enableCudaMem());
    device.memory = ImageMemory::AsOption;
    expectEqual(predictCrops(allDevice, device, boxes, {0.1F}), wanted);
    if (backends().count("openvino") != 0) {
      Model processor = Model::load(file(), InferOption().setBackend(Backend::OpenVINO));
      expectEqual(wanted, predictCrops(processor, host, boxes, {0.1F}));
    }
  }

  Picture picture_;
};

TEST_P(GpuCropsTest, ImagesInEitherMemoryGiveTheSame) {
  const DevicePicture device(picture_, 641 * 3 + 5);
  expectEverywhere(picture_.view(), device.view(), uprightBoxes());
  expectEverywhere(picture_.view(), device.view(), turnedBoxes());
}

TEST_P(GpuCropsTest, FormatsInEitherMemoryGiveTheSame) {
  test::Random noise(8);
  for (const PixelFormat format : {PixelFormat::NV12, PixelFormat::I420, PixelFormat::YUYV, PixelFormat::Gray16}) {
    SCOPED_TRACE(static_cast<int>(format));
    const FormatImage image(noise, format, 641, 479, 5, 1, ColorMatrix::BT709);
    const DeviceFormatImage device(image);
    expectEverywhere(image.image(), device.view(), uprightBoxes());
    expectEverywhere(image.image(), device.view(), turnedBoxes());
  }
}

// Clones, and a pool, in threads: images on the GPU and in host memory side by side.
TEST_P(GpuCropsTest, ManyThreadsGiveWhatOneGives) {
  Model model = Model::load(file(), InferOption().setBackend(Backend::TensorRT).setBatch(4));
  const DevicePicture memory(picture_);
  Image device = memory.view();
  device.memory = ImageMemory::Device;
  const std::vector<RotatedBox> boxes = turnedBoxes();
  const std::vector<Result> wanted = predictCrops(model, picture_.view(), boxes);
  Pool<> pool(model);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      const auto clone = model.clone();
      for (int i = 0; i < 20; ++i) {
        const Image image = (i + t) % 2 == 0 ? device : picture_.view();
        expectEqual(predictCrops(*clone, image, boxes), wanted);
        expectEqual(predictCrops(pool, image, boxes), wanted);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, GpuCropsTest,
                         testing::Values("colours", "grey", "square", "rfdetr_sees", "dfine_sees", "yolov5_cls"),
                         [](const auto& test) { return std::string(test.param); });

// Trained networks: what a detector finds, looked at again by a classifier, without leaving the GPU.
TEST(GpuTwoStagesTest, ClassifiesWhatADetectorFoundOnTheGpu) {
  TRTYOLO_NEEDS_GPU();
  DetectModel detect(test::engineOf("detect", "f32"), test::bgr().enableCudaMem());
  ClassifyModel classify(test::engineOf("classify", "f32"), test::bgr().enableCudaMem());
  DetectModel hostDetect(test::engineOf("detect", "f32"), test::bgr());
  ClassifyModel hostClassify(test::engineOf("classify", "f32"), test::bgr());
  std::size_t objects = 0;
  for (const auto& each : test::goldenOf("detect")) {
    Picture picture = test::pictureOf("detect", each);
    const DevicePicture device(picture);
    const DetResult found = detect.predict(device.view());
    const auto classes = predictCrops(classify, device.view(), found, {0.1F});
    const auto wanted = predictCrops(hostClassify, picture.view(), hostDetect.predict(picture.view()), {0.1F});
    ASSERT_EQ(classes.size(), wanted.size());
    for (std::size_t i = 0; i < classes.size(); ++i) {
      EXPECT_EQ(classes[i].classes, wanted[i].classes);
      EXPECT_EQ(classes[i].scores, wanted[i].scores);
    }
    objects += classes.size();
  }
  EXPECT_GT(objects, 30U);
}

}  // namespace
}  // namespace trtyolo::crops_test
