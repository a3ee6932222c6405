// Where the letterbox puts an image. The expected numbers are those of Ultralytics' LetterBox 8.4, measured on its
// output.
#include "image/geometry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <ostream>

namespace trtyolo {

void PrintTo(const Size& size, std::ostream* out) {
  *out << size.width << " x " << size.height;
}

namespace {

struct FitCase {
  Size source;
  Size network;
  Size scaled;
  int left;
  int top;
};

constexpr FitCase kFitCases[] = {
    {{1920, 1080}, {640, 640}, {640, 360}, 0, 140}, {{1080, 1920}, {640, 640}, {360, 640}, 140, 0},
    {{1280, 720}, {640, 640}, {640, 360}, 0, 140},  {{640, 640}, {640, 640}, {640, 640}, 0, 0},
    {{640, 480}, {640, 640}, {640, 480}, 0, 80},    {{480, 640}, {640, 640}, {480, 640}, 80, 0},
    {{810, 1080}, {640, 640}, {480, 640}, 80, 0},   {{1080, 810}, {640, 640}, {640, 480}, 0, 80},
    {{500, 375}, {640, 640}, {640, 480}, 0, 80},    {{375, 500}, {640, 640}, {480, 640}, 80, 0},
    {{333, 500}, {640, 640}, {426, 640}, 107, 0},   {{427, 640}, {640, 640}, {427, 640}, 106, 0},
    {{641, 639}, {640, 640}, {640, 638}, 0, 1},     {{639, 641}, {640, 640}, {638, 640}, 1, 0},
    {{639, 641}, {640, 320}, {319, 320}, 160, 0},   {{1, 1}, {640, 640}, {640, 640}, 0, 0},
    {{1, 1}, {224, 224}, {224, 224}, 0, 0},         {{2, 3}, {640, 640}, {427, 640}, 106, 0},
    {{2, 3}, {333, 517}, {333, 500}, 0, 8},         {{1, 3000}, {640, 640}, {1, 640}, 319, 0},
    {{20000, 1}, {640, 640}, {640, 1}, 0, 319},     {{20000, 1}, {640, 320}, {640, 1}, 0, 159},
    {{1, 640}, {640, 640}, {1, 640}, 319, 0},       {{1, 640}, {224, 224}, {1, 224}, 111, 0},
    {{640, 1}, {640, 640}, {640, 1}, 0, 319},       {{640, 1}, {333, 517}, {333, 1}, 0, 258},
    {{123, 457}, {640, 640}, {172, 640}, 234, 0},   {{4000, 3000}, {640, 640}, {640, 480}, 0, 80},
    {{4000, 3000}, {640, 320}, {427, 320}, 106, 0}, {{3840, 2160}, {640, 640}, {640, 360}, 0, 140},
    {{3840, 2160}, {224, 224}, {224, 126}, 0, 49},  {{1001, 999}, {640, 640}, {640, 639}, 0, 0},
    {{1001, 999}, {333, 517}, {333, 332}, 0, 92},   {{1279, 721}, {640, 640}, {640, 361}, 0, 139},
    {{319, 241}, {640, 640}, {640, 484}, 0, 78},    {{319, 241}, {640, 320}, {424, 320}, 108, 0},
    {{17, 4093}, {640, 640}, {3, 640}, 318, 0},     {{17, 4093}, {224, 224}, {1, 224}, 111, 0},
    {{1300, 7}, {640, 640}, {640, 3}, 0, 318},      {{1300, 7}, {333, 517}, {333, 2}, 0, 257},
    {{852, 480}, {640, 640}, {640, 361}, 0, 139},   {{1366, 768}, {640, 640}, {640, 360}, 0, 140},
    {{1366, 768}, {640, 320}, {569, 320}, 35, 0},
};

struct RectCase {
  Size source;
  Size largest;
  int stride;
  Size network;
  Size scaled;
  int left;
  int top;
};

constexpr RectCase kRectCases[] = {
    {{1920, 1080}, {640, 640}, 32, {640, 384}, {640, 360}, 0, 12},
    {{1080, 1920}, {640, 640}, 64, {384, 640}, {360, 640}, 12, 0},
    {{1280, 720}, {1280, 1280}, 32, {1280, 736}, {1280, 720}, 0, 8},
    {{640, 640}, {320, 640}, 32, {320, 320}, {320, 320}, 0, 0},
    {{640, 480}, {640, 640}, 32, {640, 480}, {640, 480}, 0, 0},
    {{480, 640}, {640, 640}, 64, {512, 640}, {480, 640}, 16, 0},
    {{810, 1080}, {1280, 1280}, 32, {960, 1280}, {960, 1280}, 0, 0},
    {{1080, 810}, {320, 640}, 32, {320, 256}, {320, 240}, 0, 8},
    {{500, 375}, {640, 640}, 32, {640, 480}, {640, 480}, 0, 0},
    {{375, 500}, {640, 640}, 64, {512, 640}, {480, 640}, 16, 0},
    {{333, 500}, {1280, 1280}, 32, {864, 1280}, {852, 1280}, 6, 0},
    {{427, 640}, {320, 640}, 32, {320, 480}, {320, 480}, 0, 0},
    {{641, 639}, {640, 640}, 32, {640, 640}, {640, 638}, 0, 1},
    {{639, 641}, {640, 640}, 64, {640, 640}, {638, 640}, 1, 0},
    {{1, 1}, {1280, 1280}, 32, {1280, 1280}, {1280, 1280}, 0, 0},
    {{2, 3}, {320, 640}, 32, {320, 480}, {320, 480}, 0, 0},
    {{1, 3000}, {640, 640}, 32, {32, 640}, {1, 640}, 15, 0},
    {{20000, 1}, {640, 640}, 64, {640, 64}, {640, 1}, 0, 31},
    {{1, 640}, {1280, 1280}, 32, {32, 1280}, {2, 1280}, 15, 0},
    {{640, 1}, {320, 640}, 32, {320, 32}, {320, 1}, 0, 15},
    {{123, 457}, {640, 640}, 32, {192, 640}, {172, 640}, 10, 0},
    {{4000, 3000}, {640, 640}, 64, {640, 512}, {640, 480}, 0, 16},
    {{3840, 2160}, {1280, 1280}, 32, {1280, 736}, {1280, 720}, 0, 8},
    {{1001, 999}, {320, 640}, 32, {320, 320}, {320, 319}, 0, 0},
    {{1279, 721}, {640, 640}, 32, {640, 384}, {640, 361}, 0, 11},
    {{319, 241}, {640, 640}, 64, {640, 512}, {640, 484}, 0, 14},
    {{17, 4093}, {1280, 1280}, 32, {32, 1280}, {5, 1280}, 13, 0},
    {{1300, 7}, {320, 640}, 32, {320, 32}, {320, 2}, 0, 15},
    {{852, 480}, {640, 640}, 32, {640, 384}, {640, 361}, 0, 11},
    {{1366, 768}, {640, 640}, 64, {640, 384}, {640, 360}, 0, 12},
};

TEST(GeometryTest, FitEqualsUltralytics) {
  for (const FitCase& expected : kFitCases) {
    SCOPED_TRACE(testing::PrintToString(expected.source) + " into " + testing::PrintToString(expected.network));
    const Letterbox box = Letterbox::fit(expected.source, expected.network);
    EXPECT_EQ(box.source, expected.source);
    EXPECT_EQ(box.network, expected.network);
    EXPECT_EQ(box.scaled, expected.scaled);
    EXPECT_EQ(box.left, expected.left);
    EXPECT_EQ(box.top, expected.top);
  }
}

TEST(GeometryTest, FitRectEqualsUltralytics) {
  for (const RectCase& expected : kRectCases) {
    SCOPED_TRACE(testing::PrintToString(expected.source) + " into " + testing::PrintToString(expected.largest) +
                 ", stride " + std::to_string(expected.stride));
    const Letterbox box = Letterbox::fitRect(expected.source, expected.largest, expected.stride);
    EXPECT_EQ(box.source, expected.source);
    EXPECT_EQ(box.network, expected.network);
    EXPECT_EQ(box.scaled, expected.scaled);
    EXPECT_EQ(box.left, expected.left);
    EXPECT_EQ(box.top, expected.top);
  }
}

TEST(GeometryTest, RectanglesAreNotBelowTheLeastSize) {
  const Size largest{640, 640};
  const Letterbox wide = Letterbox::fitRect({1920, 200}, largest, 32, {320, 320});
  EXPECT_EQ(wide.network, (Size{640, 320}));
  EXPECT_EQ(wide.scaled, (Size{640, 67}));
  EXPECT_EQ(wide.top, 126);
  const Letterbox usual = Letterbox::fitRect({1920, 1080}, largest, 32, {320, 320});
  EXPECT_TRUE(usual.sameFrame(Letterbox::fitRect({1920, 1080}, largest, 32)));
}

struct PlacedCase {
  Size source, network, scaled;
  int left, top;
};

void expectPlaced(const PlacedCase& expected, const Placing& placing, Size room) {
  SCOPED_TRACE(testing::PrintToString(expected.source) + " into " + testing::PrintToString(expected.network));
  const Letterbox box = Letterbox::fit(expected.source, expected.network, placing);
  EXPECT_EQ(box.source, expected.source);
  EXPECT_EQ(box.network, expected.network);
  EXPECT_EQ(box.scaled, expected.scaled);
  EXPECT_EQ(box.left, expected.left);
  EXPECT_EQ(box.top, expected.top);
  EXPECT_EQ(box.ratio, std::min(static_cast<double>(room.height) / expected.source.height,
                                static_cast<double>(room.width) / expected.source.width));
}

// preproc() of YOLOX: both sides times one ratio, cut off to whole numbers, in the upper left corner.
TEST(GeometryTest, PlacesAsYolox) {
  for (const PlacedCase& expected : {
           PlacedCase{{1920, 1080}, {640, 640}, {640, 360}, 0, 0},
           {{1080, 1920}, {640, 640}, {360, 640}, 0, 0},
           {{640, 480}, {640, 640}, {640, 480}, 0, 0},
           {{333, 500}, {640, 640}, {426, 640}, 0, 0},
           {{852, 480}, {640, 640}, {640, 360}, 0, 0},   // 360.56
           {{1279, 721}, {640, 640}, {640, 360}, 0, 0},  // 360.78
           {{640, 480}, {416, 416}, {416, 312}, 0, 0},
           {{637, 3}, {416, 416}, {415, 1}, 0, 0},  // 415.99..., 1.96
           {{5000, 1}, {640, 640}, {640, 1}, 0, 0},
       }) {
    expectPlaced(expected, {LetterboxMode::TopLeft, true}, expected.network);
  }
}

// super-gradients' DetectionLongestMaxSizeRescale to 636 pixels and its padding on both sides.
TEST(GeometryTest, PlacesAsSuperGradients) {
  for (const PlacedCase& expected : {
           PlacedCase{{1920, 1080}, {640, 640}, {636, 358}, 2, 141},
           {{1080, 1920}, {640, 640}, {358, 636}, 141, 2},
           {{640, 480}, {640, 640}, {636, 477}, 2, 81},
           {{333, 500}, {640, 640}, {424, 636}, 108, 2},
           {{852, 480}, {640, 640}, {636, 358}, 2, 141},
           {{1279, 721}, {640, 640}, {636, 359}, 2, 140},
           {{637, 3}, {640, 640}, {636, 3}, 2, 318},
           {{5000, 1}, {640, 640}, {636, 1}, 2, 319},
       }) {
    expectPlaced(expected, {LetterboxMode::Center, false, 636}, {636, 636});
  }
}

TEST(GeometryTest, PlacesWithoutBorder) {
  const Letterbox box = Letterbox::fit({1920, 1080}, {640, 320}, {LetterboxMode::Stretch, true, 100});
  EXPECT_EQ(box.scaled, (Size{640, 320}));
  EXPECT_EQ(box.left, 0);
  EXPECT_EQ(box.top, 0);
  EXPECT_EQ(box.ratio, 0);  // each side has one of its own
}

TEST(GeometryTest, PlacesAsTheLetterboxByDefault) {
  for (const FitCase& expected : kFitCases) {
    SCOPED_TRACE(testing::PrintToString(expected.source) + " into " + testing::PrintToString(expected.network));
    const Letterbox box = Letterbox::fit(expected.source, expected.network, Placing{});
    EXPECT_TRUE(box.sameFrame(Letterbox::fit(expected.source, expected.network)));
    EXPECT_EQ(box.ratio, 0);
    const Letterbox corner = Letterbox::fit(expected.source, expected.network, {LetterboxMode::TopLeft});
    EXPECT_EQ(corner.scaled, expected.scaled);
    EXPECT_EQ(corner.left, 0);
    EXPECT_EQ(corner.top, 0);
  }
}

TEST(GeometryTest, TheImageLiesInsideTheNetwork) {
  for (int width = 1; width <= 700; width += 9) {
    for (int height = 1; height <= 700; height += 7) {
      for (const Letterbox& box :
           {Letterbox::fit({width, height}, {320, 224}), Letterbox::fitRect({width, height}, {320, 224}, 32)}) {
        ASSERT_GE(box.left, 0) << width << " x " << height;
        ASSERT_GE(box.top, 0) << width << " x " << height;
        ASSERT_LE(box.left + box.scaled.width, box.network.width) << width << " x " << height;
        ASSERT_LE(box.top + box.scaled.height, box.network.height) << width << " x " << height;
      }
    }
  }
}

void expectHalvesGoToEven() {
  EXPECT_EQ(roundHalfEven(0.5), 0);
  EXPECT_EQ(roundHalfEven(1.5), 2);
  EXPECT_EQ(roundHalfEven(2.5), 2);
  EXPECT_EQ(roundHalfEven(3.5), 4);
  EXPECT_EQ(roundHalfEven(-0.5), 0);
  EXPECT_EQ(roundHalfEven(-1.5), -2);
  EXPECT_EQ(roundHalfEven(-2.5), -2);
  EXPECT_EQ(roundHalfEven(-3.5), -4);
  EXPECT_EQ(roundHalfEven(0.49999999999999994), 0);
  EXPECT_EQ(roundHalfEven(0.5000000000000001), 1);
  EXPECT_EQ(roundHalfEven(-0.1), 0);
  EXPECT_EQ(roundHalfEven(-0.6), -1);
  EXPECT_EQ(roundHalfEven(7.0), 7);
  EXPECT_EQ(roundHalfEven(-7.0), -7);
  EXPECT_EQ(roundHalfEven(20000.5), 20000);
  EXPECT_EQ(roundHalfEven(20001.5), 20002);
}

TEST(GeometryTest, RoundHalfEvenIsPythonsRound) {
  expectHalvesGoToEven();
}

TEST(GeometryTest, RoundHalfEvenIgnoresTheRoundingMode) {
  const int before = std::fegetround();
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    expectHalvesGoToEven();
  }
  ASSERT_EQ(std::fesetround(before), 0);
}

}  // namespace
}  // namespace trtyolo
