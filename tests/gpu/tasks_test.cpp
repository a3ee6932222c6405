// Every task on a GPU, through the public interface: TensorRT engines built from the trained networks, against
// Ultralytics' references; images in host memory and on the GPU; clones.
// Without a GPU every test of this folder is skipped.
#include <cstring>
#include <memory>
#include <thread>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::DevicePicture;
using test::engineOf;
using test::json;
using test::Picture;
using test::pictureOf;
using test::textOf;

// The half precision network itself differs: by less than this. Where two anchors of an object score nearly the same,
// the other one's box and points may be taken; where two boxes overlap by nearly the threshold, the second may go. The
// threshold of scores is 0.25.
constexpr test::Tolerance kHalf{.pixels = 6,
                                .score = 2e-2,
                                .maskIou = 0.95,
                                .radians = 0.05,
                                .sure = 0.27,
                                .pointScore = 3e-2,
                                .tie = 1e-3,
                                .rivals = true};

class GpuEnginesTest : public testing::TestWithParam<const char*> {};

TEST_P(GpuEnginesTest, AreBuilt) {
  TRTYOLO_NEEDS_GPU();
  for (const char* precision : {"f32", "f16"}) {
    const ModelInfo info = inspect(engineOf(GetParam(), precision));
    EXPECT_EQ(toString(info.task), std::string(GetParam()));
    EXPECT_EQ(info.precision, precision);
    EXPECT_EQ(info.backend, "tensorrt");
    EXPECT_EQ(info.names.map().begin()->second.size() > 1, true) << info.names.map().begin()->second;
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, GpuEnginesTest, testing::Values("detect", "obb", "segment", "pose", "classify"),
                         [](const auto& test) { return std::string(test.param); });

// The picture in page-locked memory, with `gap` bytes behind each row; valid until the next call.
Image pinned(Picture& picture, std::size_t gap) {
  static PinnedBuffer buffer(1);
  const Image from = picture.view();
  const std::size_t row = static_cast<std::size_t>(from.width) * 3, pitch = row + gap;
  buffer = PinnedBuffer(pitch * static_cast<std::size_t>(from.height));
  EXPECT_TRUE(buffer.pageLocked());
  for (std::size_t y = 0; y < static_cast<std::size_t>(from.height); ++y) {
    std::memcpy(static_cast<char*>(buffer.data()) + y * pitch, static_cast<const char*>(from.ptr) + y * from.pitch,
                row);
  }
  return {buffer.data(), from.width, from.height, 3, pitch};
}

template <typename Model>
void expectReferences(const std::string& task, const std::string& precision, const test::Tolerance& most) {
  SCOPED_TRACE(precision);
  Model host(engineOf(task, precision), test::bgr());
  Model device(engineOf(task, precision), test::bgr().enableCudaMem());
  const json references = test::goldenOf(task);
  for (const auto& image : references) {
    Picture picture = pictureOf(task, image);
    const auto found = host.predict(picture.view());
    test::expectObjects(found, image, most);
    const std::size_t pitch = static_cast<std::size_t>(picture.width) * 3 + 5;
    EXPECT_EQ(textOf(device.predict(DevicePicture(picture).view())), textOf(found));
    EXPECT_EQ(textOf(host.predict(pinned(picture, 0))), textOf(found));
    EXPECT_EQ(textOf(host.predict(pinned(picture, 5))), textOf(found));
    EXPECT_EQ(textOf(device.predict(DevicePicture(picture, pitch).view())), textOf(found));
  }
}

template <typename Model>
void expectBoth(const std::string& task) {
  TRTYOLO_NEEDS_GPU();
  expectReferences<Model>(task, "f32", {});
  expectReferences<Model>(task, "f16", kHalf);
}

TEST(GpuTasksTest, BoxesEqualUltralytics) {
  expectBoth<DetectModel>("detect");
}
TEST(GpuTasksTest, RotatedBoxesEqualUltralytics) {
  expectBoth<OBBModel>("obb");
}
TEST(GpuTasksTest, MasksEqualUltralytics) {
  expectBoth<SegmentModel>("segment");
}
TEST(GpuTasksTest, KeypointsEqualUltralytics) {
  expectBoth<PoseModel>("pose");
}
TEST(GpuTasksTest, ClassesEqualUltralytics) {
  expectBoth<ClassifyModel>("classify");
}

template <typename Model>
void expectClonesAgree(const std::string& task) {
  auto model = std::make_unique<Model>(engineOf(task, "f32"), test::bgr());
  Picture picture = pictureOf(task, test::goldenOf(task)[0]);
  const std::string expected = textOf(model->predict(picture.view()));
  EXPECT_EQ(expected.find("num=0"), std::string::npos) << expected;
  auto clone = model->clone();
  model.reset();
  auto grandchild = clone->clone();
  clone.reset();
  EXPECT_EQ(textOf(grandchild->predict(picture.view())), expected);
  const auto many = grandchild->predict(std::vector<Image>(3, picture.view()));
  ASSERT_EQ(many.size(), 3U);
  EXPECT_EQ(textOf(many[2]), expected);
}

TEST(GpuTasksTest, ClonesOutliveTheirParents) {
  TRTYOLO_NEEDS_GPU();
  expectClonesAgree<ClassifyModel>("classify");
  expectClonesAgree<DetectModel>("detect");
  expectClonesAgree<OBBModel>("obb");
  expectClonesAgree<SegmentModel>("segment");
  expectClonesAgree<PoseModel>("pose");
}

TEST(GpuTasksTest, ThresholdsChangeAtRunTime) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const DetResult expected = model.predict(picture.view());
  ASSERT_GT(expected.num, 1);
  for (int i = 0; i < 3; ++i) {
    model.setConfidence(1e-6F);
    model.setMaxDetections(5000);
    model.setIou(1);
    EXPECT_GT(model.predict(picture.view()).num, 10 * expected.num);
    model.setMaxDetections(1);
    EXPECT_EQ(model.predict(picture.view()).num, 1);
    model.setMaxDetections(300);
    model.setIou(0.7F);
    model.setConfidence(0.25F);
    EXPECT_EQ(textOf(model.predict(picture.view())), textOf(expected));
    model.setClasses({expected.classes[0]});
    for (const int index : model.predict(picture.view()).classes) {
      EXPECT_EQ(index, expected.classes[0]);
    }
    model.setClasses({});
  }
}

TEST(GpuTasksTest, ImagesThatAreNotOnTheGpuAreRefused) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr().enableCudaMem());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  EXPECT_THROW(model.predict(picture.view()), std::invalid_argument);
  EXPECT_GT(model.predict(DevicePicture(picture).view()).num, 0);
}

TEST(GpuTasksTest, ImagesOnTheGpuAreRefusedWhereHostMemoryIsExpected) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr());
  Picture picture = test::firstPicture();
  try {
    model.predict(DevicePicture(picture).view());
    FAIL() << "predicted";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("enableCudaMem()"), std::string::npos) << error.what();
  }
  EXPECT_GT(model.predict(picture.view()).num, 0);
}

TEST(GpuTasksTest, OddImagesAreSeen) {
  TRTYOLO_NEEDS_GPU();
  SegmentModel segment(engineOf("segment", "f32"), test::bgr().setConfidence(0.001F));
  ClassifyModel classify(engineOf("classify", "f32"), test::bgr());
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {20000, 3}, {3, 2}, {641, 639}}) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * 3));
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<std::uint8_t>(i * 37 ^ i >> 3);
    }
    const Image image(pixels.data(), width, height);
    const SegResult found = segment.predict(image);
    EXPECT_EQ(found.masks.size(), static_cast<std::size_t>(found.num));
    EXPECT_EQ(found.masks.width(), width);
    EXPECT_EQ(classify.predict(image).num, 5);
  }
}

// Large images of host memory are scaled before they are sent; on the GPU they are scaled there.
TEST(GpuTasksTest, LargeImagesOfTheHostEqualThoseOnTheGpu) {
  TRTYOLO_NEEDS_GPU();
  const InferOption option = test::bgr().setConfidence(1e-4F);
  SegmentModel host(engineOf("segment", "f32"), option);
  SegmentModel device(engineOf("segment", "f32"), InferOption(option).enableCudaMem());
  for (const auto& [width, height] : {std::pair{1920, 1080}, {3840, 2160}, {1480, 1479}, {1477, 4000}, {5000, 40}}) {
    for (const int channels : {1, 3, 4}) {
      SCOPED_TRACE(testing::Message() << width << " x " << height << " x " << channels);
      const std::size_t pitch = static_cast<std::size_t>(width * channels + 3);
      std::vector<std::uint8_t> pixels(pitch * static_cast<std::size_t>(height));
      for (std::size_t i = 0; i < pixels.size(); ++i) {
        pixels[i] = static_cast<std::uint8_t>((i / 150 * 71) ^ (i / (pitch * 90) * 13) ^ (i & 7));
      }
      void* copy = nullptr;
      ASSERT_EQ(cudaMalloc(&copy, pixels.size()), cudaSuccess);
      ASSERT_EQ(cudaMemcpy(copy, pixels.data(), pixels.size(), cudaMemcpyHostToDevice), cudaSuccess);
      ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
      const SegResult found = host.predict(Image(pixels.data(), width, height, channels, pitch));
      EXPECT_EQ(textOf(device.predict(Image(copy, width, height, channels, pitch))), textOf(found));
      EXPECT_GT(found.num, 0);
      EXPECT_EQ(cudaFree(copy), cudaSuccess);
    }
  }
}

// A thread that has not used CUDA before has no context of its own accord.
TEST(GpuTasksTest, ImagesOnTheGpuFromAnotherThread) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr().enableCudaMem());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const DevicePicture onDevice(picture);
  const std::string expected = textOf(model.predict(onDevice.view()));
  std::string found;
  std::thread([&] { found = textOf(model.clone()->predict(onDevice.view())); }).join();
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace trtyolo
