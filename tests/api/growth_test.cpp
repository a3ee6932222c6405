// Writing results takes time that grows with the number of their objects, classes and pieces of masks, not with its
// square.
#include "support/growth.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <sstream>

#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr int kWidth = 512;
constexpr double kMost = 8;  // of four times as much: in the middle between linear and the square

Result objects(Task task, std::size_t count) {
  Result result;
  result.task = task;
  result.num = static_cast<int>(count);
  std::map<int, std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    result.classes.push_back(static_cast<int>(i));
    names[static_cast<int>(i)] = "class " + std::to_string(i);
  }
  result.names = names;
  result.scores.assign(count, 0.5F);
  result.imageWidth = kWidth;
  result.imageHeight = kWidth;
  if (result.hasBoxes()) {
    result.boxes.assign(count, Box{1, 2, 30, 40});
  }
  if (result.hasRotatedBoxes()) {
    result.rotatedBoxes.assign(count, RotatedBox{{1, 2, 30, 40}, 0.5F});
  }
  if (result.hasKeypoints()) {
    result.keypoints.assign(count, std::vector<KeyPoint>(17));
    result.keypointDims = 3;
  }
  return result;
}

// Many small masks.
Result smallMasks(std::size_t count) {
  Result result = objects(Task::Segment, count);
  result.masks = Masks(kWidth, kWidth);
  for (std::size_t i = 0; i < count; ++i) {
    const auto first = static_cast<std::uint32_t>(i % 500 * kWidth + i % 500);
    result.masks.add(
        {{first, first + 5}, {first + kWidth, first + kWidth + 7}, {first + 2 * kWidth, first + 2 * kWidth + 3}});
  }
  return result;
}

Result oneMask(int width, int height, const std::vector<Masks::Run>& runs) {
  Result result = objects(Task::Segment, 1);
  result.imageWidth = width;
  result.imageHeight = height;
  result.masks = Masks(width, height);
  result.masks.add(runs);
  return result;
}

// One mask of so many single pixels.
Result speckles(std::size_t count) {
  std::vector<Masks::Run> runs;
  const auto rows = static_cast<std::uint32_t>(count * 4 / kWidth);
  for (std::uint32_t y = 0; y < rows; ++y) {
    for (std::uint32_t x = y % 3; x < kWidth && y % 2 == 0; x += 2) {
      runs.push_back({y * kWidth + x, y * kWidth + x + 1});
    }
  }
  return oneMask(kWidth, static_cast<int>(rows), runs);
}

// Two combs in an image of so many pixels, back to back, far apart, with teeth of zigzag: each pixel is a corner.
Result combs(std::size_t pixels) {
  const auto side = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(pixels)));
  const std::uint32_t left = 3 * side / 8, right = 5 * side / 8;
  std::vector<Masks::Run> runs;
  const auto add = [&](std::uint32_t x, std::uint32_t y) { runs.push_back({y * side + x, y * side + x + 1}); };
  for (std::uint32_t y = 0; y < side; ++y) {
    for (std::uint32_t x = 0; x < left && y % 4 < 2; ++x) {
      if (x % 2 == y % 2) {
        add(x, y);
      }
    }
    add(left, y);
    add(right, y);
    for (std::uint32_t x = right + 1; x < side && y % 4 < 2; ++x) {
      if (x % 2 == y % 2) {
        add(x, y);
      }
    }
  }
  return oneMask(static_cast<int>(side), static_cast<int>(side), runs);
}

// A map of noise: each class has pixels everywhere.
Result noise(std::size_t classes) {
  Result result = objects(Task::Semantic, classes);
  result.semantic.width = kWidth;
  result.semantic.height = static_cast<int>(classes / 2);
  std::mt19937 random(7);
  for (std::size_t i = 0; i < classes / 2 * kWidth; ++i) {
    result.semantic.data.push_back(static_cast<std::uint16_t>(random() % classes));
  }
  result.semantic.none = 65535;
  result.pixels.assign(classes, 1);
  return result;
}

std::string printedText(const Result& result) {
  std::ostringstream text;
  text << result;
  return text.str();
}

template <typename Make>
void expectLinear(const char* what, std::size_t size, const Make& make, bool labels = true) {
  SCOPED_TRACE(what);
  EXPECT_LT(test::growth(size, make, [](const Result& result) { result.toJson(); }), kMost) << "JSON";
  EXPECT_LT(test::growth(size, make, [](const Result& result) { result.toCsv("a.jpg"); }), kMost) << "CSV";
  EXPECT_LT(test::growth(size, make, [](const Result& result) { printedText(result); }), kMost) << "text";
  if (labels) {
    EXPECT_LT(test::growth(size, make, [](const Result& result) { result.toTxt(); }), kMost) << "labels";
  }
}

TEST(GrowthTest, Objects) {
  for (const Task task : {Task::Classify, Task::Detect, Task::OBB, Task::Pose}) {
    expectLinear(toString(task), 2000, [task](std::size_t count) { return objects(task, count); });
  }
}

TEST(GrowthTest, SmallMasks) {
  expectLinear("masks", 2000, smallMasks);
}

TEST(GrowthTest, PiecesOfAMask) {
  expectLinear("speckles", 20000, speckles);
}

TEST(GrowthTest, OutlinesFarApart) {
  constexpr std::size_t kPixels = 900 * 900;
  EXPECT_LT(test::growth(kPixels, combs, [](const Result& result) { result.toTxt(); }), kMost);
}

TEST(GrowthTest, ClassesOfAMap) {
  expectLinear("noise", 1000, noise, false);
}

}  // namespace
}  // namespace trtyolo
