// The network's input that callers are given.
#include "trtyolo/preprocess.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "image/center_crop.hpp"
#include "image/letterbox.hpp"
#include "support/random.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

using test::dataPath;

std::vector<std::uint8_t> noisyPixels(int width, int height) {
  test::Random random(5);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  std::generate(pixels.begin(), pixels.end(), [&] { return static_cast<std::uint8_t>(random()); });
  return pixels;
}

TEST(Preprocess, IsTheLetterboxToTheBit) {
  Preprocessor preprocessor(dataPath("shapes/detect.onnx"), InferOption().enableSwapRB());
  EXPECT_EQ(preprocessor.info().task, Task::Detect);
  for (const auto& [width, height] : {std::pair(300, 200), std::pair(40, 90), std::pair(640, 640)}) {
    const auto pixels = noisyPixels(width, height);
    const NetworkInput input = preprocessor.write(Image(pixels.data(), width, height));
    ASSERT_EQ(input.channels, 3);
    ASSERT_EQ(input.height, 640);
    ASSERT_EQ(input.width, 640);
    std::vector<float> expected(input.values.size(), -1);
    Normalization normalization;
    normalization.swapRB = true;
    Letterboxer().write({pixels.data(), {width, height}, 3, static_cast<std::size_t>(width) * 3},
                        Letterbox::fit({width, height}, Size{640, 640}), normalization, expected.data());
    EXPECT_EQ(input.values, expected);
  }
}

TEST(Preprocess, IsTheCropOfClassifiers) {
  Preprocessor preprocessor(dataPath("shapes/classify.onnx"));
  const auto pixels = noisyPixels(300, 200);
  const NetworkInput input = preprocessor.write(Image(pixels.data(), 300, 200));
  std::vector<float> expected(input.values.size());
  CenterCropper().write({pixels.data(), {300, 200}, 3, 900}, {224, 224}, Normalization(), expected.data());
  EXPECT_EQ(input.values, expected);
}

TEST(Preprocess, DynamicSizesAreAsLargeAsTheImageNeeds) {
  Preprocessor preprocessor(dataPath("shapes/detect-dynamic.onnx"));
  const auto pixels = noisyPixels(200, 100);
  const NetworkInput input = preprocessor.write(Image(pixels.data(), 200, 100));
  EXPECT_EQ(input.height, 320);
  EXPECT_EQ(input.width, 640);
}

TEST(Preprocess, RefusesWhatModelsRefuse) {
  EXPECT_THROW(Preprocessor("missing.onnx"), ModelError);
  Preprocessor preprocessor(dataPath("shapes/classify.onnx"), InferOption().setInputDimensions(10, 10));
  const auto pixels = noisyPixels(20, 10);
  EXPECT_THROW(preprocessor.write(Image(pixels.data(), 20, 10)), std::invalid_argument);
  EXPECT_THROW(preprocessor.write(Image(nullptr, 10, 10)), std::invalid_argument);
}

}  // namespace
}  // namespace trtyolo
