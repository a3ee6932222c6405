// Model::memory() on the CPU: what is known of the memory of a model and its clones.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "support/golden.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

class MemoryTest : public testing::Test {
 protected:
  std::size_t buffers() const { return model_.memory().buffers; }

  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(std::size_t{640} * 640 * 3);
  Image image_{pixels_.data(), 640, 640};
  DetectModel model_{test::dataPath("shapes/detect.onnx")};
};

TEST_F(MemoryTest, CountsInputsAndOutputsOfClonesThatHaveRun) {
  EXPECT_EQ(buffers(), 0U);
  model_.predict(image_);
  const std::size_t one = buffers();
  EXPECT_GT(one, std::size_t{3} * 640 * 640 * sizeof(float));
  EXPECT_LT(one, std::size_t{16} << 20);

  auto clone = model_.clone();
  EXPECT_EQ(buffers(), one);
  EXPECT_EQ(model_.memory().executors, 2);
  clone->predict(image_);
  EXPECT_EQ(buffers(), 2 * one);
  EXPECT_EQ(clone->memory().buffers, 2 * one);
  EXPECT_EQ(clone->memory().total(), 2 * one);

  clone.reset();
  EXPECT_EQ(buffers(), one);
  EXPECT_EQ(model_.memory().executors, 1);
}

// What OpenVINO does not tell is 0, not a guess.
TEST_F(MemoryTest, SaysNothingOfWhatIsNotKnown) {
  model_.predict(image_);
  const MemoryUse use = model_.memory();
  EXPECT_EQ(use.engine, 0U);
  EXPECT_EQ(use.contexts, 0U);
  EXPECT_EQ(use.scratch, 0U);
  EXPECT_EQ(use.pinned, 0U);
}

TEST(MemoryOfDynamicModelTest, FollowsTheSizeOfTheInput) {
  DetectModel model(test::dataPath("shapes/detect-dynamic.onnx"));
  std::vector<std::uint8_t> pixels(std::size_t{640} * 640 * 3);
  model.predict(Image(pixels.data(), 640, 320));
  const std::size_t half = model.memory().buffers;
  model.predict(Image(pixels.data(), 640, 640));
  const std::size_t whole = model.memory().buffers;
  EXPECT_EQ(whole, 2 * half);
}

}  // namespace
}  // namespace trtyolo
