// Reading videos: pixels, times, orientation, sizes, formats, frames that are kept.
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "media/encoded.hpp"
#include "media/ffmpeg/frame_image.hpp"
#include "media/ffmpeg/frame_times.hpp"
#include "media/video_files.hpp"
#include "support/references.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo/media.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using test::dataPath;
using test::sampleOf;
using test::TempDir;
using test::VideoSettings;
using test::writeVideo;

const std::uint8_t* rowOf(const Image& image, int plane, int y) {
  const auto* const first = static_cast<const std::uint8_t*>(plane == 0 ? image.ptr : image.chroma[plane - 1]);
  return first + static_cast<std::size_t>(y) * (plane == 0 ? image.pitch : image.chromaPitch);
}

// Whether an I420 image is frame i of writeVideo(), without loss. `place` gives the source of a sample of a plane of
// (width, height).
template <typename Place>
bool isFrame(const Image& image, int i, const Place& place) {
  for (int plane = 0; plane < 3; ++plane) {
    const int width = plane == 0 ? image.width : (image.width + 1) / 2;
    const int height = plane == 0 ? image.height : (image.height + 1) / 2;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto [fromX, fromY] = place(x, y, width, height);
        if (rowOf(image, plane, y)[x] != sampleOf(plane, i, fromX, fromY)) {
          return false;
        }
      }
    }
  }
  return true;
}

bool isFrame(const Image& image, int i) {
  return isFrame(image, i, [](int x, int y, int, int) { return std::pair(x, y); });
}

std::vector<VideoFrame> readAll(const std::string& file, const VideoOption& option = {}) {
  VideoReader video(file, option);
  std::vector<VideoFrame> frames;
  while (auto frame = video.read()) {
    frames.push_back(std::move(*frame));
  }
  EXPECT_FALSE(video.read());
  EXPECT_EQ(video.counts().cpu, frames.size());
  return frames;
}

TEST(VideoReaderTest, GivesTheDecodersPixelsAsTheyAre) {
  const TempDir folder;
  VideoSettings settings;
  settings.width = 51;  // odd sizes too
  settings.height = 37;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  VideoReader video(folder / "a.mkv");
  EXPECT_EQ(video.width(), 51);
  EXPECT_EQ(video.height(), 37);
  EXPECT_EQ(video.codec(), "ffv1");
  EXPECT_NEAR(video.fps(), 25, 0.01);
  EXPECT_NEAR(static_cast<double>(video.frames()), 10, 1);
  EXPECT_FALSE(video.gpu());
  EXPECT_EQ(video.whyNoGpu(), "");
  for (int i = 0; i < 10; ++i) {
    const auto frame = video.read();
    ASSERT_TRUE(frame) << i;
    EXPECT_EQ(frame->image.format, PixelFormat::I420);
    EXPECT_EQ(frame->image.width, 51);
    EXPECT_EQ(frame->image.height, 37);
    EXPECT_TRUE(isFrame(frame->image, i)) << i;
    EXPECT_EQ(frame->number, i);
    EXPECT_NEAR(frame->time, 0.04 * i, 1e-9);
    EXPECT_FALSE(frame->gpu);
    EXPECT_FALSE(frame->corrupt);
  }
  EXPECT_FALSE(video.read());
  EXPECT_FALSE(video.read());
  const VideoCounts counts = video.counts();
  EXPECT_EQ(counts.cpu, 10U);
  EXPECT_EQ(counts.gpu + counts.corrupt + counts.skipped, 0U);
}

TEST(VideoReaderTest, MatrixAndRangeAreThoseOfTheVideo) {
  const TempDir folder;
  VideoSettings settings;
  settings.frames = 1;
  const auto imageOf = [&](AVPixelFormat format, AVColorSpace matrix, AVColorRange range) {
    settings.format = format;
    settings.matrix = matrix;
    settings.range = range;
    settings.codec = format == AV_PIX_FMT_YUVJ420P ? "mjpeg" : "ffv1";
    EXPECT_TRUE(writeVideo(folder / "a.mkv", settings));
    return readAll(folder / "a.mkv").at(0).image;
  };
  const Image unsaid = imageOf(AV_PIX_FMT_YUV420P, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED);
  EXPECT_EQ(unsaid.matrix, ColorMatrix::BT601);
  EXPECT_EQ(unsaid.range, ColorRange::Limited);
  const Image hd = imageOf(AV_PIX_FMT_YUV420P, AVCOL_SPC_BT709, AVCOL_RANGE_JPEG);
  EXPECT_EQ(hd.matrix, ColorMatrix::BT709);
  EXPECT_EQ(hd.range, ColorRange::Full);
  const Image jpeg = imageOf(AV_PIX_FMT_YUVJ420P, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_JPEG);
  EXPECT_EQ(jpeg.format, PixelFormat::I420);
  EXPECT_EQ(jpeg.range, ColorRange::Full);
}

TEST(VideoReaderTest, FormatsThatImageDoesNotKnowAreConvertedOnce) {
  const TempDir folder;
  VideoSettings settings;
  settings.frames = 1;
  const auto frameOf = [&](const char* codec, AVPixelFormat format, bool bgr = false) {
    settings.codec = codec;
    settings.format = format;
    EXPECT_TRUE(writeVideo(folder / "a.nut", settings)) << av_get_pix_fmt_name(format);
    VideoOption option;
    option.bgr = bgr;
    return readAll(folder / "a.nut", option).at(0);
  };
  const VideoFrame pairs = frameOf("ffv1", AV_PIX_FMT_YUV422P);
  ASSERT_EQ(pairs.image.format, PixelFormat::YUYV);
  for (const int y : {0, 7, 47}) {
    for (const int x : {0, 1, 30, 31}) {
      const std::uint8_t* const two = rowOf(pairs.image, 0, y) + 4 * x;
      EXPECT_EQ(two[0], sampleOf(0, 0, 2 * x, y));
      EXPECT_EQ(two[1], sampleOf(1, 0, x, y));
      EXPECT_EQ(two[2], sampleOf(0, 0, 2 * x + 1, y));
      EXPECT_EQ(two[3], sampleOf(2, 0, x, y));
    }
  }
  EXPECT_EQ(frameOf("ffv1", AV_PIX_FMT_YUV420P10LE).image.format, PixelFormat::I420);
  EXPECT_EQ(frameOf("ffv1", AV_PIX_FMT_GRAY16LE).image.format, PixelFormat::Gray16);
  const VideoFrame grey = frameOf("ffv1", AV_PIX_FMT_GRAY8);
  EXPECT_EQ(grey.image.channels, 1);
  EXPECT_EQ(rowOf(grey.image, 0, 3)[5], sampleOf(0, 0, 5, 3));
  EXPECT_EQ(frameOf("rawvideo", AV_PIX_FMT_NV12).image.format, PixelFormat::NV12);
  EXPECT_EQ(frameOf("rawvideo", AV_PIX_FMT_YUYV422).image.format, PixelFormat::YUYV);

  // Of 4:4:4 and RGB three channels, in the order that is asked for.
  const VideoFrame rgb = frameOf("ffv1", AV_PIX_FMT_YUV444P), bgr = frameOf("ffv1", AV_PIX_FMT_YUV444P, true);
  const VideoFrame raw = frameOf("rawvideo", AV_PIX_FMT_RGB24), turned = frameOf("rawvideo", AV_PIX_FMT_RGB24, true);
  ASSERT_EQ(rgb.image.channels, 3);
  ASSERT_EQ(rgb.image.format, PixelFormat::Interleaved);
  for (const int x : {0, 5, 63}) {
    for (int channel = 0; channel < 3; ++channel) {
      EXPECT_EQ(rowOf(rgb.image, 0, 9)[3 * x + channel], rowOf(bgr.image, 0, 9)[3 * x + 2 - channel]);
      EXPECT_EQ(rowOf(raw.image, 0, 9)[3 * x + channel], sampleOf(0, 0, 3 * x + channel, 9));
      EXPECT_EQ(rowOf(turned.image, 0, 9)[3 * x + channel], sampleOf(0, 0, 3 * x + 2 - channel, 9));
    }
  }
}

// 4:4:4 has the same colours as Image's own conversion of 4:2:0 gives, whatever the matrix and range.
TEST(VideoReaderTest, ConversionsKeepTheColours) {
  const TempDir folder;
  for (const AVColorSpace matrix : {AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT709}) {
    for (const AVColorRange range : {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG}) {
      VideoSettings settings;
      settings.frames = 1;
      settings.matrix = matrix;
      settings.range = range;
      ASSERT_TRUE(writeVideo(folder / "subsampled.mkv", settings));
      settings.format = AV_PIX_FMT_YUV444P;
      ASSERT_TRUE(writeVideo(folder / "whole.mkv", settings));
      const VideoFrame yuv = readAll(folder / "subsampled.mkv").at(0), rgb = readAll(folder / "whole.mkv").at(0);
      // Sample (0, 0) of all planes is the same in both.
      const int luma = rowOf(yuv.image, 0, 0)[0], u = rowOf(yuv.image, 1, 0)[0] - 128,
                v = rowOf(yuv.image, 2, 0)[0] - 128;
      const bool full = range == AVCOL_RANGE_JPEG, hd = matrix == AVCOL_SPC_BT709;
      EXPECT_EQ(yuv.image.range == ColorRange::Full, full);
      EXPECT_EQ(yuv.image.matrix == ColorMatrix::BT709, hd);
      const double red = hd ? 0.2126 : 0.299, blue = hd ? 0.0722 : 0.114, green = 1 - red - blue;
      const double y = full ? luma : (luma - 16) * 255.0 / 219, chroma = full ? 1 : 255.0 / 224;
      const double expected[] = {y + 2 * (1 - red) * chroma * v,
                                 y - 2 * chroma * (blue * (1 - blue) * u + red * (1 - red) * v) / green,
                                 y + 2 * (1 - blue) * chroma * u};
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_NEAR(rowOf(rgb.image, 0, 0)[channel], std::clamp(expected[channel], 0.0, 255.0), 1.6)
            << hd << full << channel;
      }
    }
  }
}

TEST(VideoReaderTest, TimesAreThoseOfTheStampsAlsoOfAVariableRate) {
  const TempDir folder;
  VideoSettings settings;
  settings.time = [](int i) { return std::int64_t{10} * i * i + 500; };
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  const std::vector<VideoFrame> frames = readAll(folder / "a.mkv");
  ASSERT_EQ(frames.size(), 10U);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(frames[static_cast<std::size_t>(i)].time, 0.01 * i * i, 1e-9);
  }
  for (const char* name : {"vfr.mkv", "vfr.mp4"}) {
    const std::string file = std::string(TRTYOLO_MEDIA_INPUTS "/../../app/inputs/") + name;
    cv::VideoCapture capture(file, cv::CAP_FFMPEG);
    std::size_t i = 0;
    const std::vector<VideoFrame> variable = readAll(file);
    double first = 0;
    for (cv::Mat image; capture.read(image); ++i) {
      ASSERT_LT(i, variable.size());
      const double time = capture.get(cv::CAP_PROP_POS_MSEC) / 1000;
      first = i == 0 ? time : first;
      EXPECT_TRUE(time == 0 || std::abs(variable[i].time - (time - first)) < 0.002)  // OpenCV loses the last ones
          << name << ' ' << i << ": " << variable[i].time;
      EXPECT_TRUE(i == 0 || variable[i].time > variable[i - 1].time);
    }
    EXPECT_EQ(i, variable.size());
  }
}

TEST(FrameTimesTest, RiseWhateverTheStampsDo) {
  const auto timesOf = [](std::initializer_list<std::int64_t> stamps, double fps) {
    media::FrameTimes times({1, 10}, fps);
    const media::Frame frame = media::makeFrame();
    std::vector<double> found;
    for (const std::int64_t stamp : stamps) {
      frame->best_effort_timestamp = stamp;
      times.came(*frame);
      found.push_back(std::round(times.time() * 1000) / 1000);
    }
    return found;
  };
  constexpr std::int64_t kNone = AV_NOPTS_VALUE;
  EXPECT_EQ(timesOf({50, 51, 53}, 10), (std::vector<double>{0, 0.1, 0.3}));
  EXPECT_EQ(timesOf({kNone, kNone, kNone}, 0), (std::vector<double>{0, 0.04, 0.08}));
  EXPECT_EQ(timesOf({0, kNone, 4}, 5), (std::vector<double>{0, 0.2, 0.4}));
  EXPECT_EQ(timesOf({0, 5, 5, 4, 12}, 5), (std::vector<double>{0, 0.5, 0.7, 0.9, 1.2}))
      << "a step where it stands still";
  EXPECT_EQ(timesOf({900, 950, 0, 3, 10}, 5), (std::vector<double>{0, 5, 5.2, 5.5, 6.2})) << "they begin anew";
}

TEST(VideoReaderTest, FramesAreTurnedAsTheVideoSays) {
  const TempDir folder;
  for (const int turn : {0, 90, 180, 270}) {
    for (const bool mirrored : {false, true}) {
      VideoSettings settings;
      settings.frames = 2;
      settings.turn = turn;
      settings.mirrored = mirrored;
      ASSERT_TRUE(writeVideo(folder / "a.mov", settings));
      const bool across = turn % 180 == 90;
      VideoReader video(folder / "a.mov");
      EXPECT_EQ(video.width(), across ? 48 : 64);
      EXPECT_EQ(video.height(), across ? 64 : 48);
      const auto upright = video.read();
      ASSERT_TRUE(upright);
      EXPECT_EQ(upright->rotation, 0);
      EXPECT_FALSE(upright->mirrored);
      ASSERT_EQ(upright->image.width, across ? 48 : 64);
      EXPECT_TRUE(isFrame(upright->image, 0,
                          [&](int x, int y, int width, int height) {
                            x = mirrored ? width - 1 - x : x;
                            return turn == 0     ? std::pair(x, y)
                                   : turn == 90  ? std::pair(y, width - 1 - x)
                                   : turn == 180 ? std::pair(width - 1 - x, height - 1 - y)
                                                 : std::pair(height - 1 - y, x);
                          }))
          << turn << ' ' << mirrored;
      VideoOption asIs;
      asIs.upright = false;
      const VideoFrame frame = readAll(folder / "a.mov", asIs).at(1);
      EXPECT_EQ(frame.rotation, turn);
      EXPECT_EQ(frame.mirrored, mirrored);
      EXPECT_TRUE(isFrame(frame.image, 1));
    }
  }
}

cv::Mat planeOf(const AVFrame& frame, int plane, int type) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const int shiftX = plane == 0 ? 0 : format.log2_chroma_w, shiftY = plane == 0 ? 0 : format.log2_chroma_h;
  return {AV_CEIL_RSHIFT(frame.height, shiftY), AV_CEIL_RSHIFT(frame.width, shiftX), type, frame.data[plane],
          static_cast<std::size_t>(frame.linesize[plane])};
}

TEST(FrameConverterTest, TurnsEveryFormat) {
  const std::pair<AVPixelFormat, std::vector<int>> formats[] = {{AV_PIX_FMT_YUV420P, {CV_8U, CV_8U, CV_8U}},
                                                                {AV_PIX_FMT_NV12, {CV_8U, CV_8UC2}},
                                                                {AV_PIX_FMT_GRAY8, {CV_8U}},
                                                                {AV_PIX_FMT_GRAY16LE, {CV_16U}},
                                                                {AV_PIX_FMT_BGR24, {CV_8UC3}}};
  for (const auto& [format, types] : formats) {
    for (int quarters = 0; quarters < 4; ++quarters) {
      for (const bool mirrored : {false, true}) {
        media::Frame frame = media::makeFrame();
        frame->format = format;
        frame->width = 53;
        frame->height = 39;
        ASSERT_GE(av_frame_get_buffer(frame.get(), 0), 0);
        test::fillFrame(*frame, 3);
        std::vector<cv::Mat> expected;
        for (std::size_t plane = 0; plane < types.size(); ++plane) {
          cv::Mat turned = planeOf(*frame, static_cast<int>(plane), types[plane]).clone();
          if (quarters > 0) {
            cv::rotate(turned, turned, quarters - 1);  // ROTATE_90_CLOCKWISE and so on
          }
          if (mirrored) {
            cv::flip(turned, turned, 1);
          }
          expected.push_back(turned);
        }
        media::FrameConverter converter(true);
        const media::Frame turned = converter.convert(std::move(frame), {quarters, mirrored}, "test");
        for (std::size_t plane = 0; plane < types.size(); ++plane) {
          const cv::Mat found = planeOf(*turned, static_cast<int>(plane), types[plane]);
          ASSERT_EQ(found.size(), expected[plane].size());
          EXPECT_EQ(cv::norm(found, expected[plane], cv::NORM_INF), 0)
              << av_get_pix_fmt_name(format) << ' ' << quarters << mirrored << " plane " << plane;
        }
      }
    }
  }
}

// Rows that go upwards, as some decoders give them.
TEST(FrameConverterTest, RowsThatGoUpwardsAreCopied) {
  media::Frame frame = media::makeFrame();
  frame->format = AV_PIX_FMT_YUV420P;
  frame->width = 32;
  frame->height = 16;
  ASSERT_GE(av_frame_get_buffer(frame.get(), 0), 0);
  test::fillFrame(*frame, 0);
  for (int plane = 0; plane < 3; ++plane) {
    frame->data[plane] += (plane == 0 ? 15 : 7) * frame->linesize[plane];
    frame->linesize[plane] = -frame->linesize[plane];
  }
  media::FrameConverter converter(false);
  const media::Frame plain = converter.convert(std::move(frame), {}, "test");
  EXPECT_TRUE(
      isFrame(media::imageOf(*plain), 0, [](int x, int y, int, int height) { return std::pair(x, height - 1 - y); }));
}

TEST(VideoReaderTest, FramesHaveTheSizeThatTheyHave) {
  const TempDir folder;
  std::string both;
  for (const int side : {48, 64}) {
    VideoSettings settings;
    settings.codec = "mpeg2video";
    settings.unit = {1, 25};
    settings.time = [](int i) { return std::int64_t{i}; };
    settings.width = 2 * side;
    settings.height = side;
    ASSERT_TRUE(writeVideo(folder / "a.mpg", settings));
    const test::Bytes bytes = test::bytesOf(folder / "a.mpg");
    both.append(bytes.begin(), bytes.end());
  }
  const std::vector<VideoFrame> frames = readAll(folder.write("both.mpg", both));
  ASSERT_GE(frames.size(), 18U);
  EXPECT_EQ(frames.front().image.width, 96);
  EXPECT_EQ(frames.back().image.width, 128);
  EXPECT_EQ(frames.back().image.height, 64);
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_GT(frames[i].time, frames[i - 1].time) << i;
  }
}

TEST(VideoReaderTest, EqualsOpenCvsFrames) {
  const std::string file = dataPath("people/street.mp4");
  cv::VideoCapture capture(file, cv::CAP_FFMPEG);
  VideoReader video(file);
  EXPECT_EQ(video.frames(), std::lround(capture.get(cv::CAP_PROP_FRAME_COUNT)));
  EXPECT_NEAR(video.fps(), capture.get(cv::CAP_PROP_FPS), 1e-6);
  int count = 0;
  double worst = 0, mean = 0;
  SwsContext* scaler = nullptr;
  for (cv::Mat expected; capture.read(expected); ++count) {
    const auto frame = video.read();
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->image.format, PixelFormat::I420);
    EXPECT_NEAR(frame->time, capture.get(cv::CAP_PROP_POS_MSEC) / 1000, 1e-3);
    const int width = frame->image.width, height = frame->image.height;
    cv::Mat planes(height * 3 / 2, width, CV_8U);
    std::uint8_t* row = planes.data;
    for (int plane = 0; plane < 3; ++plane) {
      for (int y = 0; y < height >> (plane > 0); ++y, row += width >> (plane > 0)) {
        std::memcpy(row, rowOf(frame->image, plane, y), static_cast<std::size_t>(width >> (plane > 0)));
      }
    }
    // Converted by libswscale, as OpenCV does it, it is the same to the bit.
    const std::uint8_t* const from[] = {rowOf(frame->image, 0, 0), rowOf(frame->image, 1, 0), rowOf(frame->image, 2, 0),
                                        nullptr};
    const int pitch = static_cast<int>(frame->image.pitch), chroma = static_cast<int>(frame->image.chromaPitch);
    const int pitches[] = {pitch, chroma, chroma, 0};
    cv::Mat colours(height, width, CV_8UC3);
    std::uint8_t* const to[] = {colours.data, nullptr, nullptr, nullptr};
    const int step[] = {width * 3, 0, 0, 0};
    scaler = sws_getCachedContext(scaler, width, height, AV_PIX_FMT_YUV420P, width, height, AV_PIX_FMT_BGR24,
                                  SWS_BICUBIC, nullptr, nullptr, nullptr);
    sws_scale(scaler, from, pitches, 0, height, to, step);
    EXPECT_EQ(cv::norm(colours, expected, cv::NORM_INF), 0) << count;
    cv::cvtColor(planes, colours, cv::COLOR_YUV2BGR_I420);
    worst = std::max(worst, cv::norm(colours, expected, cv::NORM_INF));
    mean += (cv::mean(expected)[1] - cv::mean(colours)[1]) / 195;
  }
  sws_freeContext(scaler);
  EXPECT_FALSE(video.read());
  EXPECT_EQ(count, 195);
  // cvtColor, which is what Image's own conversion equals, rounds better than libswscale.
  EXPECT_LE(worst, 13);
  EXPECT_NEAR(mean, 0, 1.5);
  std::cout << "OpenCV's BGR differs from the standard's by up to " << worst << ", in the mean by " << mean << '\n';
}

// FFmpeg's filters are a device to it, and the only one that is everywhere.
TEST(VideoReaderTest, DevicesAreReadByTheirKind) {
  VideoOption option;
  option.format = "lavfi";
  VideoReader video("testsrc=size=64x48:rate=10:duration=0.5", option);
  int frames = 0;
  while (const auto frame = video.read()) {
    EXPECT_EQ(frame->image.width, 64);
    ++frames;
  }
  EXPECT_EQ(frames, 5);
}

TEST(VideoReaderTest, SkippedFramesCount) {
  const TempDir folder;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", {}));
  VideoReader video(folder / "a.mkv");
  EXPECT_TRUE(video.skip());
  EXPECT_TRUE(video.skip());
  const auto frame = video.read();
  ASSERT_TRUE(frame);
  EXPECT_TRUE(isFrame(frame->image, 2));
  EXPECT_EQ(frame->number, 2);
  EXPECT_NEAR(frame->time, 0.08, 1e-9);
  while (video.skip()) {
  }
  EXPECT_FALSE(video.read());
  EXPECT_EQ(video.counts().skipped, 9U);
}

TEST(VideoReaderTest, FramesMayBeKeptLongerThanTheirReader) {
  const TempDir folder;
  VideoSettings settings;
  settings.frames = 100;
  ASSERT_TRUE(writeVideo(folder / "a.mkv", settings));
  std::vector<VideoFrame> frames;
  {
    VideoReader first(folder / "a.mkv");
    VideoReader video(std::move(first));
    for (int i = 0; i < 60; ++i) {
      frames.push_back(video.read().value());
    }
  }
  for (int i = 0; i < 60; ++i) {
    EXPECT_TRUE(isFrame(frames[static_cast<std::size_t>(i)].image, i)) << i;
  }
}

TEST(VideoReaderTest, ThreadsOfTheDecoderChangeNothing) {
  std::vector<VideoFrame> one, four;
  VideoOption option;
  option.threads = 1;
  one = readAll(dataPath("people/street.mp4"), option);
  option.threads = 4;
  four = readAll(dataPath("people/street.mp4"), option);
  ASSERT_EQ(one.size(), four.size());
  for (std::size_t i = 0; i < one.size(); i += 10) {
    for (int y = 0; y < one[i].image.height; ++y) {
      ASSERT_EQ(std::memcmp(rowOf(one[i].image, 0, y), rowOf(four[i].image, 0, y),
                            static_cast<std::size_t>(one[i].image.width)),
                0);
    }
  }
}

TEST(VideoReaderTest, WhereThereIsNoGpuTheCpuDecodesAndSaysWhy) {
  VideoOption option;
  option.gpu = 99;  // which no machine has
  VideoReader video(dataPath("people/street.mp4"), option);
  const auto frame = video.read();
  ASSERT_TRUE(frame);
  EXPECT_FALSE(frame->gpu);
  EXPECT_FALSE(video.gpu());
  EXPECT_NE(video.whyNoGpu(), "");
  EXPECT_EQ(video.counts().cpu, 1U);
  EXPECT_EQ(video.counts().gpu, 0U);
}

}  // namespace
}  // namespace trtyolo
