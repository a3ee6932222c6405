// Networks whose input is of bytes, grey, or has channels last, behind the input that backends on a GPU write.
#include "model/input_form.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "model/onnx_graph.hpp"
#include "support/references.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo.hpp"

namespace trtyolo::input_form_test {
namespace {

std::string contentOf(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string modelFile(const std::string& name) {
  return test::dataPath("../tests/app/models/" + name + ".onnx");
}

TEST(InputFormTest, TheUsualOneStays) {
  EXPECT_FALSE(withUsualInput(contentOf(modelFile("colours"))));
  EXPECT_FALSE(withUsualInput(contentOf(modelFile("depth"))));  // sides without numbers
  EXPECT_FALSE(withUsualInput("no ONNX"));
}

TEST(InputFormTest, OtherTensorsAreNone) {
  EXPECT_FALSE(inputFormOf({"x", "i64", {1, 3, 32, 32}}));
  EXPECT_FALSE(inputFormOf({"x", "f32", {1, 4, 32, 32}}));
  EXPECT_FALSE(inputFormOf({"x", "f32", {1, 3, 32}}));
  EXPECT_TRUE(inputFormOf({"x", "f16", {-1, -1, -1, -1}})->usual());
}

// The same network behind either input gives the same of any image, to the bit.
TEST(InputFormTest, TheNetworkStaysTheSame) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> pixels(std::size_t{3} * 50 * 40);
  std::generate(pixels.begin(), pixels.end(), [&] { return static_cast<std::uint8_t>(random()); });
  const test::TempDir folder;
  for (const char* name : {"colours_u8", "colours_last", "colours_u8_last", "grey", "grey_u8_last"}) {
    SCOPED_TRACE(name);
    const std::optional<std::string> usual = withUsualInput(contentOf(modelFile(name)));
    ASSERT_TRUE(usual);
    EXPECT_FALSE(withUsualInput(*usual));
    const std::string file = folder.write(std::string(name) + ".onnx", *usual);
    for (const bool bgr : {false, true}) {
      const InferOption option = bgr ? InferOption().enableSwapRB() : InferOption();
      Model before = Model::load(modelFile(name), option), after = Model::load(file, option);
      EXPECT_EQ(after.info().inputs[0].type, "f32");
      EXPECT_EQ(after.info().inputs[0].shape.at(1), 3);
      EXPECT_EQ(after.info().networkWidth, before.info().networkWidth);
      EXPECT_EQ(after.info().metadata.count(kInputForm), 0U);
      for (const int channels : {1, 3}) {
        const Image image(pixels.data(), 50, 40, channels, std::size_t{50} * static_cast<std::size_t>(channels));
        const Result wanted = before.predict(image), found = after.predict(image);
        EXPECT_EQ(found.scores, wanted.scores) << channels;
        EXPECT_GT(wanted.scores.at(0), 0.1F);
      }
    }
  }
}

}  // namespace
}  // namespace trtyolo::input_form_test
