// Outlines joined to one: nearest first against a search through all pairs, and masks of very many pieces.
#include "api/joined_outline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace trtyolo {
namespace {

using Outline = std::vector<PixelPoint>;

TEST(JoinedOutlineTest, GoesThereAndBack) {
  JoinedOutline joined(100, 100);
  EXPECT_EQ(joined.add({{10, 10}, {10, 20}, {20, 20}, {20, 10}}), 0);
  EXPECT_EQ(joined.add({{40, 30}, {30, 20}}), 100);  // from (20, 20) to (30, 20)
  EXPECT_EQ(joined.add({}), 0);
  Outline wanted{{10, 10}, {10, 20}, {20, 20}, {30, 20}, {40, 30}, {30, 20}, {20, 20}, {20, 10}};
  const Outline found = joined.points();
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_TRUE(found[i].x == wanted[i].x && found[i].y == wanted[i].y) << i;
  }
  EXPECT_TRUE(JoinedOutline(0, 0).points().empty());
}

TEST(JoinedOutlineTest, JoinsWhereItIsNearest) {
  std::mt19937 random(3);
  for (const auto& [width, height] : {std::pair{1, 1}, {15, 40}, {16, 16}, {300, 7}, {200, 333}}) {
    SCOPED_TRACE(testing::Message() << width << " x " << height);
    JoinedOutline joined(width, height);
    Outline all;
    for (int piece = 0; piece < 60; ++piece) {
      const bool walks = piece % 2 == 0;  // in small steps; otherwise the points are anywhere
      Outline outline(1 + random() % (walks ? 80 : 6));
      for (std::size_t i = 0; i < outline.size(); ++i) {
        outline[i] = {static_cast<int>(random() % static_cast<unsigned>(width)),
                      static_cast<int>(random() % static_cast<unsigned>(height))};
        if (walks && i > 0) {
          outline[i].x = std::clamp(outline[i - 1].x - 3 + static_cast<int>(random() % 7), 0, width - 1);
          outline[i].y = std::clamp(outline[i - 1].y - 3 + static_cast<int>(random() % 7), 0, height - 1);
        }
      }
      std::int64_t nearest = all.empty() ? 0 : std::int64_t{1} << 40;
      for (const PixelPoint a : all) {
        for (const PixelPoint b : outline) {
          const std::int64_t x = a.x - b.x, y = a.y - b.y;
          nearest = std::min(nearest, x * x + y * y);
        }
      }
      EXPECT_EQ(joined.add(outline), nearest);
      all.insert(all.end(), outline.begin(), outline.end());
    }
    EXPECT_EQ(joined.points().size(), all.size() + 2 * 59);
  }
}

// Pairs of points would be hundreds of billions.
TEST(JoinedOutlineTest, VeryManyPieces) {
  constexpr int kSide = 2560;
  Masks::Run run;
  std::vector<Masks::Run> runs;
  for (int y = 0; y < kSide; y += 4) {
    for (int x = 0; x < kSide; x += 4) {
      run.begin = static_cast<std::uint32_t>(y * kSide + x);
      run.end = run.begin + 1;
      runs.push_back(run);
    }
  }
  Result result;
  result.task = Task::Segment;
  result.classes = {0};
  result.scores = {0.5F};
  result.boxes = {{0, 0, kSide, kSide}};
  result.imageWidth = result.imageHeight = kSide;
  result.masks = Masks(kSide, kSide);
  result.masks.add(runs);
  const std::string text = result.toTxt();
  EXPECT_GT(static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')), 6 * runs.size() - 10);
}

}  // namespace
}  // namespace trtyolo
