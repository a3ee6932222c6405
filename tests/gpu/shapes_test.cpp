// Engines of dynamic batch and size on a GPU: every batch, every size of the letterbox, and what is refused.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::DevicePicture;
using test::dynamicEngine;
using test::json;
using test::kMostBatch;
using test::Picture;
using test::pictureOf;
using test::textOf;

InferOption wholeSize() {
  return test::bgr().setRect(false).setBatch(kMostBatch);
}

TEST(GpuShapesTest, DynamicEnginesSayWhatTheyTake) {
  TRTYOLO_NEEDS_GPU();
  const ModelInfo info = inspect(dynamicEngine());
  EXPECT_TRUE(info.dynamicBatch);
  EXPECT_TRUE(info.dynamicSize);
  EXPECT_EQ(info.networkWidth, 640);
  EXPECT_EQ(info.networkHeight, 640);
}

// Batches of every size, part-filled ones after full ones: each picture's result is its reference.
TEST(GpuShapesTest, EveryBatchEqualsTheReferences) {
  TRTYOLO_NEEDS_GPU();
  DetectModel host(dynamicEngine(), wholeSize());
  DetectModel device(dynamicEngine(), wholeSize().enableCudaMem());
  EXPECT_EQ(host.batch(), kMostBatch);
  const json references = test::goldenOf("detect");
  for (const std::size_t count : {4U, 1U, 3U, 2U, 4U, 5U, 11U}) {
    SCOPED_TRACE(count);
    std::vector<Picture> pictures;
    std::vector<std::unique_ptr<DevicePicture>> copies;
    std::vector<Image> images, onDevice;
    for (std::size_t i = 0; i < count; ++i) {
      pictures.push_back(pictureOf("detect", references[(i + count) % references.size()]));
    }
    for (std::size_t i = 0; i < count; ++i) {
      images.push_back(pictures[i].view());
      copies.push_back(std::make_unique<DevicePicture>(pictures[i], i % 2 == 0 ? 0 : 4000));
      onDevice.push_back(copies.back()->view());
    }
    const auto found = host.predict(images), foundOnDevice = device.predict(onDevice);
    ASSERT_EQ(found.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      test::expectObjects(found[i], references[(i + count) % references.size()]);
      EXPECT_EQ(textOf(foundOnDevice[i]), textOf(found[i])) << i;
    }
  }
}

// The smallest rectangle that holds the picture, as on the CPU, whose results shapes/dynamic.json has (make_data.py).
TEST(GpuShapesTest, RectanglesEqualTheCpuEngine) {
  TRTYOLO_NEEDS_GPU();
  std::ifstream stream(test::dataPath("shapes/dynamic.json"));
  if (!stream) {
    GTEST_SKIP() << "the CPU engine's results are not there";
  }
  const json references = json::parse(stream).at("images");
  DetectModel model(dynamicEngine(), test::bgr());
  auto clone = model.clone();
  for (int round = 0; round < 2; ++round) {  // the second time by captured graphs
    for (const json& image : references) {
      const std::string source = image.at("source").get<std::string>();
      Picture picture =
          test::readPpm(test::dataPath("shapes/images/" + source.substr(source.find_last_of('/') + 1, 5) + ".ppm"));
      test::expectObjects((round == 0 ? model : *clone).predict(picture.view()), image);
    }
  }
}

// More shapes than are kept ready, in turns and by clones at once.
TEST(GpuShapesTest, ManySizesTakeTurns) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(dynamicEngine(), test::bgr().setConfidence(0.01F));
  std::vector<std::uint8_t> pixels(std::size_t{640} * 640 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>((i >> 6) * 29 ^ i);
  }
  std::vector<Image> images;
  for (int side = 320; side <= 640; side += 32) {
    images.emplace_back(pixels.data(), 640, side);
    images.emplace_back(pixels.data(), side, 640, std::size_t{640} * 3);
  }
  std::vector<std::string> expected;
  for (const Image& image : images) {
    expected.push_back(textOf(model.predict(image)));
  }
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      auto clone = model.clone();
      for (std::size_t i = 0; i < 2 * images.size(); ++i) {
        const std::size_t which = (i * (t + 1)) % images.size();
        EXPECT_EQ(textOf(clone->predict(images[which])), expected[which]);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

TEST(GpuShapesTest, WhatTheEngineDoesNotTakeIsRefused) {
  TRTYOLO_NEEDS_GPU();
  EXPECT_THROW(DetectModel(dynamicEngine(), test::bgr().setBatch(kMostBatch + 1)), ModelError);
  EXPECT_EQ(DetectModel(test::engineOf("detect", "f32"), test::bgr().setBatch(2)).batch(), 1);  // its own
  EXPECT_THROW(DetectModel(dynamicEngine(), test::bgr().setNetworkSize(256, 320)), ModelError);
  EXPECT_THROW(DetectModel(dynamicEngine(), test::bgr().setNetworkSize(640, 672)), ModelError);
  EXPECT_NO_THROW(DetectModel(dynamicEngine(), test::bgr().setNetworkSize(320, 416)));
}

// The rectangle of a wide picture would be narrower than the engine's least size: it gets a border.
TEST(GpuShapesTest, NarrowPicturesGetTheLeastSize) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(dynamicEngine(), test::bgr());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[2]);
  const Image strip(picture.pixels.data(), picture.width, 96);
  DetectModel whole(dynamicEngine(), test::bgr().setNetworkSize(640, 320).setRect(false));
  EXPECT_EQ(textOf(model.predict(strip)), textOf(whole.predict(strip)));
}

TEST(GpuShapesTest, WhatCannotBeBuiltIsRefusedBeforeTheWork) {
  TRTYOLO_NEEDS_GPU();
  const std::string engine = (test::engineFolder() / "never.engine").string();
  const auto refusal = [&](const char* onnx, const BuildOption& option) -> std::string {
    try {
      buildEngine(test::dataPath(onnx), engine, option);
    } catch (const ModelError& error) {
      std::cout << error.what() << '\n';
      return error.what();
    }
    return "built";
  };
  BuildOption batch;
  batch.maxBatch = 2;
  EXPECT_NE(refusal("shapes/detect.onnx", batch).find("fixed at 1"), std::string::npos);
  BuildOption size;
  size.width = size.height = 320;
  EXPECT_NE(refusal("shapes/detect.onnx", size).find("fixed at 640"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(engine));
}

}  // namespace
}  // namespace trtyolo
