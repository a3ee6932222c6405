// Videos that the program writes: read back, and what can go wrong.
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <stdexcept>
#include <vector>

#include "media/encoded.hpp"
#include "media/ffmpeg/mp4_writer.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo/media_opencv.hpp"
#include "trtyolo/opencv.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using media::Mp4Writer;
using test::TempDir;

// Image i: its quadrants change places.
cv::Mat picture(int i, int width, int height) {
  cv::Mat image = test::quadrants(width, height);
  if (i % 2 == 1) {
    cv::flip(image, image, -1);
  }
  return image;
}

struct ReadBack {
  std::vector<cv::Mat> frames;
  std::vector<double> times;
  std::string codec;
  double fps = 0;
};

ReadBack readBack(const std::string& file) {
  VideoReader video(file);
  ReadBack found;
  found.codec = video.codec();
  found.fps = video.fps();
  while (const auto frame = video.read()) {
    found.frames.push_back(matOf(*frame));
    found.times.push_back(frame->time);
  }
  EXPECT_EQ(static_cast<std::size_t>(video.frames()), found.frames.size());
  return found;
}

double meanDifference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
}

TEST(Mp4WriterTest, FramesAreReadBackWithTheirTimes) {
  const TempDir folder;
  constexpr double kNtsc = 30000.0 / 1001;
  for (const double rate : {kNtsc, 240.0, 1.0, 0.1}) {
    for (const auto& [width, height] : {std::pair(320, 240), std::pair(51, 37), std::pair(1000, 38)}) {
      const std::string file = folder / "a: 1.mp4";
      Mp4Writer writer(file, width, height, rate);
      const std::vector<long> times{1, 3, 0, 2};  // each image
      std::vector<cv::Mat> expected;
      for (int i = 0; i < 4; ++i) {
        const cv::Mat image = picture(i, width, height);
        writer.write(view(image), times.at(i));
        expected.insert(expected.end(), times.at(i), image({0, 0, width / 2 * 2, height / 2 * 2}));
      }
      const std::string whole = folder / "b.mp4";
      writer.finish(whole);
      const ReadBack found = readBack(whole);
      EXPECT_TRUE(found.codec == "mpeg4" || found.codec == "h264") << found.codec;
      EXPECT_NEAR(found.fps, rate, rate * 1e-4);
      ASSERT_EQ(found.frames.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(found.frames[i].size(), expected[i].size());
        EXPECT_LT(meanDifference(found.frames[i], expected[i]), 8) << i;
        EXPECT_NEAR(found.times[i], static_cast<double>(i) / rate, 1e-3);
      }
      EXPECT_GT(meanDifference(expected[0], expected[1]), 50);
    }
  }
}

TEST(Mp4WriterTest, RowsMayLieApart) {
  const TempDir folder;
  cv::Mat wide(48, 100, CV_8UC3, cv::Scalar(0, 0, 0));
  cv::Mat part = wide({9, 0, 64, 48});
  picture(0, 64, 48).copyTo(part);
  Mp4Writer writer(folder / "a.mp4", 64, 48, 25);
  writer.write(view(part), 1);
  writer.finish(folder / "b.mp4");
  EXPECT_LT(meanDifference(readBack(folder / "b.mp4").frames.at(0), picture(0, 64, 48)), 8);
}

// What `work` throws.
template <typename Work>
std::string reasonOf(const Work& work) {
  try {
    work();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(Mp4WriterTest, WhatFailsSaysWhy) {
  const TempDir folder;
  EXPECT_EQ(reasonOf([&] { Mp4Writer(folder / "none/a.mp4", 64, 48, 25); }), "No such file or directory");
  for (const auto& [width, height] : {std::pair(1, 48), std::pair(100000, 48)}) {
    const std::string reason = reasonOf([&] { Mp4Writer(folder / "a.mp4", width, height, 25); });
    EXPECT_EQ(reason.find("FFmpeg cannot encode frames of "), 0U) << reason;
  }
  const std::string full = reasonOf([&] {
    Mp4Writer writer("/dev/full", 640, 480, 25);
    cv::Mat noise(480, 640, CV_8UC3);
    cv::randu(noise, 0, 256);
    writer.write(view(noise), 10);
    writer.finish(folder / "b.mp4");
  });
  EXPECT_EQ(full, "No space left on device");
}

// As somebody finds it whose process was killed.
TEST(Mp4WriterTest, AFileThatIsNotFinishedCanBeReadToItsLastSecond) {
  const TempDir folder;
  Mp4Writer writer(folder / "a.mp4", 64, 48, 25);
  writer.write(view(picture(0, 64, 48)), 60);
  writer.write(view(picture(1, 64, 48)), 60);
  EXPECT_THROW(writer.write(view(picture(0, 64, 45)), 8), std::invalid_argument);
  VideoReader video(folder / "a.mp4");
  int frames = 0;
  while (const auto frame = video.read()) {
    EXPECT_LT(meanDifference(matOf(*frame), picture(frames < 60 ? 0 : 1, 64, 48)), 8) << frames;
    ++frames;
  }
  EXPECT_GE(frames, 120 - 25 - 12);
  EXPECT_LE(frames, 120);
}

}  // namespace
}  // namespace trtyolo
