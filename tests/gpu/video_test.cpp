// Videos decoded on the GPU by FFmpeg's CUDA decoders: the pixels beside the CPU's, frames that are kept, what the GPU
// leaves to the CPU, memory, and what models find. Skipped where FFmpeg has no encoder of H.264 or no way to the GPU.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "api/image_check.hpp"
#include "cuda/gpu.hpp"
#include "media/frame_download.hpp"
#include "media/video_files.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using test::TempDir;
using test::VideoSettings;

// Y, and U and V as pairs, without gaps, whatever the format and memory.
std::vector<std::uint8_t> samplesOf(const VideoFrame& frame) {
  const Image& image = frame.image;
  const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
  const std::size_t half = (width + 1) / 2, rows = (height + 1) / 2;
  std::vector<std::uint8_t> samples(width * height + 2 * half * rows);
  const auto fetch = [](std::uint8_t* to, std::size_t bytes, const void* from, std::size_t pitch, std::size_t count) {
    ASSERT_EQ(cudaMemcpy2D(to, bytes, from, pitch, bytes, count, cudaMemcpyDefault), cudaSuccess);
  };
  fetch(samples.data(), width, image.ptr, image.pitch, height);
  std::uint8_t* const pairs = samples.data() + width * height;
  if (image.format == PixelFormat::NV12) {
    fetch(pairs, 2 * half, image.chroma[0], image.chromaPitch, rows);
    return samples;
  }
  for (int plane = 0; plane < 2; ++plane) {
    std::vector<std::uint8_t> one(half * rows);
    fetch(one.data(), half, image.chroma[plane], image.chromaPitch, rows);
    for (std::size_t i = 0; i < one.size(); ++i) {
      pairs[2 * i + static_cast<std::size_t>(plane)] = one[i];
    }
  }
  return samples;
}

class GpuVideoTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    settings_.codec = "libx264";
    settings_.width = 640;
    settings_.height = 360;
    settings_.frames = 120;
    settings_.gop = 30;
    file_ = folder_ / "video.mp4";
    if (!test::writeVideo(file_, settings_)) {
      GTEST_SKIP() << "FFmpeg has no encoder of H.264 here";
    }
    onGpu_.gpu = 0;
    VideoReader video(file_, onGpu_);
    const auto frame = video.read();
    if (!video.gpu()) {
      GTEST_SKIP() << video.whyNoGpu();
    }
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->gpu, 0);
  }

  const TempDir folder_;
  VideoSettings settings_;
  std::string file_;
  VideoOption onGpu_;
};

TEST_F(GpuVideoTest, FramesEqualTheCpusAndMayBeKept) {
  std::vector<VideoFrame> frames;
  {
    VideoReader video(file_, onGpu_);
    while (auto frame = video.read()) {
      EXPECT_EQ(frame->image.format, PixelFormat::NV12);
      frames.push_back(std::move(*frame));
    }
    EXPECT_EQ(video.whyNoGpu(), "");
    EXPECT_EQ(video.counts().gpu, 120U);
    EXPECT_EQ(video.counts().cpu + video.counts().corrupt, 0U);
  }
  VideoReader video(file_);
  for (const VideoFrame& frame : frames) {
    const auto expected = video.read();
    ASSERT_TRUE(expected);
    EXPECT_FALSE(expected->gpu);
    EXPECT_EQ(frame.gpu, 0);
    EXPECT_EQ(frame.number, expected->number);
    EXPECT_NEAR(frame.time, expected->time, 1e-9);
    EXPECT_EQ(frame.image.matrix, expected->image.matrix);
    EXPECT_EQ(frame.image.range, expected->image.range);
    ASSERT_EQ(samplesOf(frame), samplesOf(*expected)) << "frame " << frame.number;  // H.264 leaves no choice
  }
  EXPECT_FALSE(video.read());
  EXPECT_EQ(frames.size(), 120U);
}

TEST_F(GpuVideoTest, FramesComeToTheHostWithoutGaps) {
  settings_.width = 322;  // with gaps on the GPU
  ASSERT_TRUE(test::writeVideo(file_, settings_));
  VideoReader video(file_, onGpu_);
  const auto frame = video.read();
  ASSERT_TRUE(frame);
  ASSERT_EQ(frame->gpu, 0) << video.whyNoGpu();
  const media::HostImage host = media::download(viewOf(frame->image), 0);
  EXPECT_EQ(host.bytes, samplesOf(*frame));
  EXPECT_EQ(host.view.data, host.bytes.data());
  EXPECT_EQ(host.view.pitch, 322U);
  EXPECT_EQ(host.view.conversion.chroma[0], host.bytes.data() + 322 * 360);
  EXPECT_EQ(host.view.conversion.chromaPitch, 322U);
  EXPECT_EQ(host.view.memory, ImageMemory::Host);
}

TEST_F(GpuVideoTest, OddSizesToo) {
  settings_.width = 322;
  settings_.height = 182;
  settings_.frames = 3;
  ASSERT_TRUE(test::writeVideo(file_, settings_));
  VideoReader gpu(file_, onGpu_), cpu(file_);
  while (const auto frame = gpu.read()) {
    EXPECT_EQ(frame->image.width, 322);
    EXPECT_EQ(samplesOf(*frame), samplesOf(*cpu.read()));
  }
  EXPECT_EQ(gpu.counts().gpu, 3U) << gpu.whyNoGpu();
}

TEST_F(GpuVideoTest, WhatTheGpuDoesNotDecodeTheCpuDoes) {
  const auto whyNot = [&] {
    EXPECT_TRUE(test::writeVideo(file_, settings_));
    VideoReader video(file_, onGpu_);
    std::uint64_t frames = 0;
    while (const auto frame = video.read()) {
      EXPECT_FALSE(frame->gpu);
      ++frames;
    }
    EXPECT_EQ(frames, 10U);
    EXPECT_EQ(video.counts().cpu, 10U);
    EXPECT_FALSE(video.gpu());
    std::printf("%s\n", video.whyNoGpu().c_str());
    return video.whyNoGpu();
  };
  settings_.frames = 10;
  settings_.format = AV_PIX_FMT_YUV444P;
  EXPECT_NE(whyNot().find("pixel format yuv444p"), std::string::npos);
  settings_.format = AV_PIX_FMT_YUV420P;
  settings_.turn = 90;
  EXPECT_NE(whyNot().find("turned"), std::string::npos);
  settings_.turn = 0;
  settings_.width = settings_.height = 32;  // smaller than decoders take
  EXPECT_NE(whyNot(), "");
}

TEST_F(GpuVideoTest, DamageLeavesTheGpuUsable) {
  VideoReader whole(file_, onGpu_);
  std::FILE* const stream = std::fopen(file_.c_str(), "r+b");
  ASSERT_TRUE(stream);
  std::vector<unsigned char> noise(3000, 0x5A);
  ASSERT_EQ(std::fseek(stream, 6000, SEEK_SET), 0);
  std::fwrite(noise.data(), 1, noise.size(), stream);
  std::fclose(stream);
  try {
    VideoReader damaged(file_, onGpu_);
    while (damaged.read()) {
    }
    std::printf("%llu frames, %llu damaged\n", static_cast<unsigned long long>(damaged.counts().gpu),
                static_cast<unsigned long long>(damaged.counts().corrupt));
  } catch (const VideoError& error) {
    std::printf("%s\n", error.what());
  }
  ASSERT_TRUE(test::writeVideo(file_, settings_));
  VideoReader again(file_, onGpu_);
  while (again.read()) {
  }
  EXPECT_EQ(again.counts().gpu, 120U);
}

TEST_F(GpuVideoTest, MemoryStaysFlat) {
  const auto freeBytes = [] {
    std::size_t unused = 0, all = 0;
    EXPECT_EQ(cudaMemGetInfo(&unused, &all), cudaSuccess);
    return unused;
  };
  const auto readSome = [&](int count) {
    for (int i = 0; i < count; ++i) {
      VideoReader video(file_, onGpu_);
      std::vector<VideoFrame> kept;
      for (int frame = 0; frame < 10; ++frame) {
        kept.push_back(video.read().value());
      }
    }
  };
  readSome(20);
  const std::size_t before = freeBytes();
  readSome(100);
  constexpr std::size_t kSlack = std::size_t{8} << 20;
  EXPECT_GE(freeBytes() + kSlack, before);
}

}  // namespace
}  // namespace trtyolo
