// Masks as runs, and the other value types of the tasks.
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "trtyolo.hpp"

namespace trtyolo {
namespace {

using Counts = std::vector<std::uint32_t>;

TEST(MasksTest, MakesPicturesOfRuns) {
  Masks masks(4, 3);
  masks.add({{1, 3}, {4, 5}, {5, 8}});
  masks.add({});
  ASSERT_EQ(masks.size(), 2U);
  const Mask first = masks[0];
  EXPECT_EQ(first.width, 4);
  EXPECT_EQ(first.height, 3);
  EXPECT_EQ(first.data, (std::vector<std::uint8_t>{0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(masks.area(0), 6U);
  EXPECT_EQ(masks.runCount(0), 3U);
  EXPECT_EQ(masks.runs(0)[1].begin, 4U);
  EXPECT_EQ(masks.area(1), 0U);
  EXPECT_EQ(masks[1].data, std::vector<std::uint8_t>(12, 0));
  EXPECT_THROW(masks[2], std::out_of_range);
  EXPECT_THROW(masks.area(2), std::out_of_range);
}

TEST(MasksTest, RefusesRunsThatAreNone) {
  Masks masks(4, 3);
  for (const std::vector<Masks::Run>& runs : std::vector<std::vector<Masks::Run>>{
           {{3, 3}}, {{3, 2}}, {{3, 5}}, {{11, 13}}, {{8, 10}, {4, 6}}, {{1, 3}, {2, 4}}}) {
    EXPECT_THROW(masks.add(runs), std::invalid_argument);
  }
  EXPECT_TRUE(masks.empty());
  EXPECT_THROW(Masks(0, 0).add({{0, 1}}), std::invalid_argument);
  EXPECT_THROW(Masks(-1, 3), std::invalid_argument);
  EXPECT_THROW(Masks(65536, 65536), std::invalid_argument);
}

TEST(MasksTest, CocoCountsGoDownTheColumns) {
  Masks masks(3, 2);
  masks.add({{0, 1}, {4, 5}});
  masks.add({{0, 3}, {3, 6}});
  masks.add({});
  EXPECT_EQ(masks.cocoCounts(0), (Counts{0, 1, 2, 1, 2}));
  EXPECT_EQ(masks.cocoCounts(1), (Counts{0, 6}));
  EXPECT_EQ(masks.cocoCounts(2), (Counts{6}));
}

TEST(MasksTest, CocoCountsEqualThoseOfThePicture) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    const int width = 1 + static_cast<int>(random() % 12), height = 1 + static_cast<int>(random() % 12);
    std::vector<Masks::Run> runs;
    for (std::uint32_t y = 0; y < static_cast<std::uint32_t>(height); ++y) {
      std::uint32_t x = 0;
      while (x < static_cast<std::uint32_t>(width)) {
        const std::uint32_t begin = x + random() % 4, end = begin + 1 + random() % 5;
        if (end <= static_cast<std::uint32_t>(width) && random() % 4 != 0) {
          runs.push_back({y * static_cast<std::uint32_t>(width) + begin, y * static_cast<std::uint32_t>(width) + end});
        }
        x = end;
      }
    }
    Masks masks(width, height);
    masks.add(runs);
    const Mask picture = masks[0];
    Counts expected{0};
    std::uint8_t value = 0;
    for (int x = 0; x < width; ++x) {
      for (int y = 0; y < height; ++y) {
        const std::uint8_t pixel = picture.data[static_cast<std::size_t>(y * width + x)];
        if (pixel != value) {
          expected.push_back(0);
          value = pixel;
        }
        ++expected.back();
      }
    }
    ASSERT_EQ(masks.cocoCounts(0), expected) << "round " << round;
  }
}

TEST(ResultsTest, CornersOfRotatedBoxes) {
  RotatedBox box;
  box.left = 10;
  box.top = 20;
  box.right = 30;
  box.bottom = 24;
  EXPECT_EQ(box.xywhr(), (std::array<float, 5>{20, 22, 20, 4, 0}));
  EXPECT_EQ(box.xyxyxyxy(), (std::array<float, 8>{30, 24, 30, 20, 10, 20, 10, 24}));
  box.theta = 1.57079633F;
  const std::array<float, 8> turned{18, 32, 22, 32, 22, 12, 18, 12};
  for (std::size_t i = 0; i < turned.size(); ++i) {
    EXPECT_NEAR(box.xyxyxyxy()[i], turned[i], 1e-4) << i;
  }
}

TEST(ResultsTest, Print) {
  std::ostringstream text;
  Result all;
  all.num = 1;
  all.classes = {3};
  all.scores = {0.5F};
  all.names = std::map<int, std::string>{{0, "cat"}, {3, "dog"}};
  all.imageWidth = all.imageHeight = 4;
  all.boxes = {{1, 2, 3, 4}};
  all.rotatedBoxes = {RotatedBox{{0, 0, 4, 2}, 0.5F}};
  all.masks = Masks(4, 4);
  all.masks.add({{9, 11}});
  all.keypoints = {{{5, 6, 0.5F}}};
  const auto print = [&](auto typed) { text << typed << '\n'; };
  print(ClsResult(Result(all)));
  print(DetResult(Result(all)));
  print(OBBResult(Result(all)));
  print(SegResult(Result(all)));
  print(PoseResult(Result(all)));
  all.task = Task::Segment;
  all.names = {};
  print(all);
  EXPECT_EQ(text.str(),
            "ClsResult(num=1, image 4 x 4)\n  dog 0.50\n"
            "DetResult(num=1, image 4 x 4)\n  dog 0.50, box [1.00, 2.00, 3.00, 4.00]\n"
            "OBBResult(num=1, image 4 x 4)\n  dog 0.50, box [centre 2.00, 1.00, size 4.00, 2.00, theta 0.50]\n"
            "SegResult(num=1, image 4 x 4)\n  dog 0.50, box [1.00, 2.00, 3.00, 4.00], mask of 2 pixels\n"
            "PoseResult(num=1, image 4 x 4)\n  dog 0.50, box [1.00, 2.00, 3.00, 4.00], keypoints (5.00, 6.00, 0.50)\n"
            "Result(num=1, image 4 x 4)\n  3 0.50, box [1.00, 2.00, 3.00, 4.00], mask of 2 pixels\n");
}

}  // namespace
}  // namespace trtyolo
