// The images: drawn ones, and those from PPM files.
#include "source_image.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

class Ppm : public testing::Test {
 protected:
  ~Ppm() override { std::filesystem::remove(file_); }

  SourceImage read(const std::string& content) {
    std::ofstream(file_, std::ios::binary) << content;
    return readPpm(file_);
  }

  std::string file_ =
      testing::TempDir() + "trtyolo_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".ppm";
};

TEST_F(Ppm, BecomesBgr) {
  const SourceImage image = read("P6\n# of a painter\n2 1 # wide\n255\nRGBrgb");
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(std::string(image.pixels.begin(), image.pixels.end()), "BGRbgr");
  EXPECT_EQ(image.view().pitch, 6U);
}

TEST_F(Ppm, WhatIsNoneIsRefused) {
  for (const std::string content : {"", "P5 2 1 255\n12", "P6 2 1 65535\n123456789012", "P6 0 1 255\n", "P6 2 -1 255\n",
                                    "P6 2 1 255\nRGBrg", "P6 99999999 99999999 255\n", "P6 two 1 255\nRGBrgb"}) {
    EXPECT_THROW(read(content), std::runtime_error) << content;
  }
  EXPECT_THROW(readPpm(file_ + ".none"), std::runtime_error);
}

TEST(DrawnImage, IsTheSameOnEveryMachine) {
  const SourceImage image = drawnImage(320, 180);
  ASSERT_EQ(image.pixels.size(), 320U * 180 * 3);
  std::uint32_t hash = 2166136261;  // FNV-1a
  for (const std::uint8_t value : image.pixels) hash = (hash ^ value) * 16777619;
  EXPECT_EQ(hash, 79791108U);
}

TEST(DrawnImage, MayBeTiny) {
  EXPECT_EQ(drawnImage(1, 1).pixels.size(), 3U);
}

}  // namespace
}  // namespace bench
