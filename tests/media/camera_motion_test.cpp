// The camera's motion: that which Ultralytics finds in the same frames, and what a tracker makes of it.
#include "trtyolo/camera_motion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/heap.hpp"
#include "support/references.hpp"
#include "support/tracks.hpp"
#include "trtyolo/media_opencv.hpp"
#include "trtyolo/opencv.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

constexpr int kViewWidth = 480, kViewHeight = 360;  // of the filmed scenes

cv::Mat photo() {
  static const cv::Mat found = cv::imread(test::dataPath("people/frames/0600.jpg"));
  return found;
}

int wrapped(std::int64_t value, int size) {
  return static_cast<int>((value % size + size) % size);
}

int mirrored(std::int64_t value, int size) {
  const int within = wrapped(value, 2 * size);
  return std::min(within, 2 * size - 1 - within);
}

// A frame of a filmed scene, as tests/parity/scenes.py renders it: a window of the photo, and pieces of it for objects.
cv::Mat rendered(const json& window, const json& drawn) {
  const cv::Mat from = photo();
  const auto m = window.get<std::vector<std::int64_t>>();
  cv::Mat frame(kViewHeight, kViewWidth, CV_8UC3);
  for (int y = 0; y < kViewHeight; ++y) {
    for (int x = 0; x < kViewWidth; ++x) {
      const std::int64_t column = (m[0] * x + m[1] * y + m[2]) >> 16, row = (m[3] * x + m[4] * y + m[5]) >> 16;
      frame.at<cv::Vec3b>(y, x) = from.at<cv::Vec3b>(mirrored(row, from.rows), mirrored(column, from.cols));
    }
  }
  for (const json& piece : drawn) {
    const auto p = piece.get<std::vector<int>>();
    for (int y = std::max(p[1], 0); y < std::min(p[3], kViewHeight); ++y) {
      for (int x = std::max(p[0], 0); x < std::min(p[2], kViewWidth); ++x) {
        frame.at<cv::Vec3b>(y, x) =
            from.at<cv::Vec3b>(wrapped(p[5] + y - p[1], from.rows), wrapped(p[4] + x - p[0], from.cols));
      }
    }
  }
  return frame;
}

// How far apart both take the corners of an image of this size, in pixels.
double apart(const Motion& a, const Motion& b, int width, int height) {
  double most = 0;
  for (const int x : {0, width}) {
    for (const int y : {0, height}) {
      most = std::max({most, std::abs((a.xx - b.xx) * x + (a.xy - b.xy) * y + a.dx - b.dx),
                       std::abs((a.yx - b.yx) * x + (a.yy - b.yy) * y + a.dy - b.dy)});
    }
  }
  return most;
}

bool isStill(const Motion& motion) {
  return apart(motion, Motion(), 1000, 1000) == 0;
}

class Comparison {
 public:
  explicit Comparison(const json& scene) : scene_(scene) {
    for (const char* const kind : {"botsort", "tracktrack"}) {
      trackers_.emplace_back(test::trackerOptionOf(kind, scene.at("options")));
    }
  }

  // The ids of the next frame, and how far its motion is from Ultralytics'.
  void add(const Motion& motion, int width, int height) {
    farthest_ = std::max(farthest_, apart(motion, test::motionOf(scene_, frame_).value(), width, height));
    Result result = test::resultOf(scene_.at("frames")[frame_], scene_.at("rotated").get<bool>());
    for (Tracker& tracker : trackers_) {
      const char* const kind = toString(tracker.option().kind);
      tracker.track(result, motion);
      EXPECT_EQ(result.trackIds, scene_.at("ids").at(kind)[frame_].get<std::vector<int>>())
          << kind << ", frame " << frame_;
    }
    ++frame_;
  }

  std::size_t frames() const { return frame_; }
  double farthest() const { return farthest_; }

 private:
  const json& scene_;
  std::vector<Tracker> trackers_;
  std::size_t frame_ = 0;
  double farthest_ = 0;
};

// Not of the same OpenCV: corners, flow and samples differ a little from release to release.
TEST(CameraMotionTest, FindsWhatUltralyticsFindsInFilmedScenes) {
  std::size_t filmed = 0;
  for (const json& scene : test::trackScenes()) {
    if (!scene.contains("windows")) {
      continue;
    }
    SCOPED_TRACE(scene.at("scene").get<std::string>());
    Comparison comparison(scene);
    CameraMotion camera;
    for (std::size_t i = 0; i < scene.at("frames").size(); ++i) {
      const cv::Mat frame = rendered(scene.at("windows")[i], scene.at("drawn")[i]);
      comparison.add(camera.next(view(frame)), kViewWidth, kViewHeight);
    }
    EXPECT_LT(comparison.farthest(), 0.5);
    RecordProperty(scene.at("scene").get<std::string>(), std::to_string(comparison.farthest()));
    ++filmed;
  }
  EXPECT_GE(filmed, 4U);
}

// As OpenCV reads it: a difference of one in the colours, as of another conversion, changes what is found here, where
// the best corners are those of people.
TEST(CameraMotionTest, FindsWhatUltralyticsFindsInTheFootage) {
  const json& scenes = test::trackScenes();
  const auto scene =
      std::find_if(scenes.begin(), scenes.end(), [](const json& each) { return each.at("scene") == "street"; });
  ASSERT_NE(scene, scenes.end());
  cv::VideoCapture video(test::dataPath("people/street.mp4"));
  Comparison comparison(*scene);
  CameraMotion camera;
  cv::Mat frame;
  while (video.read(frame)) {
    comparison.add(camera.next(view(frame)), frame.cols, frame.rows);
  }
  EXPECT_EQ(comparison.frames(), scene->at("frames").size());
  EXPECT_LT(comparison.farthest(), 0.5);
}

TEST(CameraMotionTest, FramesOfVideosAreTakenAsTheyAre) {
  VideoReader video(test::dataPath("people/street.mp4"));
  CameraMotion camera, ofMats;
  double moved = 0;
  for (int i = 0; i < 20; ++i) {
    const auto frame = video.read();
    ASSERT_TRUE(frame);
    const Motion found = camera.next(*frame);
    EXPECT_EQ(apart(found, ofMats.next(view(matOf(*frame))), frame->image.width, frame->image.height), 0);
    moved = std::max(moved, apart(found, Motion(), frame->image.width, frame->image.height));
  }
  EXPECT_GT(moved, 0);
  EXPECT_LT(moved, 20);
}

TEST(CameraMotionTest, FindsShiftsOfAnyFormat) {
  const cv::Mat from = photo();
  const auto shifted = [&from](int x, int y) { return from(cv::Rect(100 + x, 80 + y, 480, 360)); };
  const Motion expected{1, 0, -12, 0, 1, 8};
  CameraMotion camera;
  EXPECT_TRUE(isStill(camera.next(view(shifted(0, 0)))));  // the first
  EXPECT_LT(apart(camera.next(view(shifted(12, -8))), expected, 480, 360), 0.2);
  CameraMotion rgb(false);
  cv::Mat grey[2], four[2], turned[2], yuv[2];
  for (int i = 0; i < 2; ++i) {
    const cv::Mat frame = shifted(12 * i, -8 * i);
    cv::cvtColor(frame, grey[i], cv::COLOR_BGR2GRAY);
    cv::cvtColor(frame, four[i], cv::COLOR_BGR2BGRA);
    cv::cvtColor(frame, turned[i], cv::COLOR_BGR2RGB);
    cv::cvtColor(frame, yuv[i], cv::COLOR_BGR2YUV_I420);
  }
  for (const auto& [pair, order] : {std::pair{grey, true}, {four, true}, {turned, false}}) {
    CameraMotion other(order);
    EXPECT_TRUE(isStill(other.next(view(pair[0]))));
    EXPECT_LT(apart(other.next(view(pair[1])), expected, 480, 360), 0.2);
  }
  CameraMotion planes;
  for (int i = 0; i < 2; ++i) {
    const std::uint8_t* const luma = yuv[i].data;
    const std::uint8_t* const chroma = luma + 480 * 360;
    const Motion found = planes.next(Image::i420(luma, chroma, chroma + 240 * 180, 480, 360));
    EXPECT_LT(apart(found, i ? expected : Motion(), 480, 360), 0.2);
  }
}

TEST(CameraMotionTest, WhereNothingIsFoundNothingMoved) {
  const cv::Mat frame = photo()(cv::Rect(0, 0, 320, 240)), other = photo()(cv::Rect(10, 0, 322, 240));
  const cv::Mat blank(240, 320, CV_8UC3, cv::Scalar::all(90)), tiny(1, 1, CV_8UC3), thin(300, 1, CV_8UC3);
  CameraMotion camera;
  for (const cv::Mat& each : {blank, blank, frame, blank, frame, other, frame, tiny, tiny, thin, frame}) {
    EXPECT_TRUE(isStill(camera.next(view(each))));
  }
  EXPECT_LT(apart(camera.next(view(frame)), Motion(), 320, 240), 0.01);  // and it goes on
}

TEST(CameraMotionTest, CamerasShareNothingAndCopiesGoOnByThemselves) {
  const cv::Mat from = photo();
  const auto at = [&from](int x, int y) { return view(from(cv::Rect(x, y, 320, 240))); };
  CameraMotion first, second, alone;
  first.next(at(100, 100));
  second.next(at(300, 200));
  alone.next(at(100, 100));
  const Motion expected = alone.next(at(106, 104));
  CameraMotion copy = first;
  second.next(at(290, 200));
  EXPECT_EQ(apart(first.next(at(106, 104)), expected, 320, 240), 0);
  EXPECT_EQ(apart(copy.next(at(106, 104)), expected, 320, 240), 0);
  const CameraMotion moved = std::move(copy);
  copy = moved;
  first.reset();
  EXPECT_TRUE(isStill(first.next(at(112, 108))));
  EXPECT_FALSE(isStill(copy.next(at(112, 108))));
}

TEST(CameraMotionTest, SourcesOfOneFrameLeaveNothing) {
  const cv::Mat frame = photo()(cv::Rect(0, 0, 160, 120));
  const auto sources = [&frame] {
    for (int i = 0; i < 1000; ++i) {
      CameraMotion().next(view(frame));
    }
  };
  sources();
  const std::size_t before = test::bytesInUse();
  sources();
  EXPECT_LE(test::bytesInUse(), before + 65536);
}

TEST(CameraMotionTest, WhatIsNoImageIsRefusedAndChangesNothing) {
  const cv::Mat from = photo();
  CameraMotion camera;
  camera.next(view(from(cv::Rect(0, 0, 320, 240))));
  EXPECT_THROW(camera.next(Image(nullptr, 320, 240)), std::invalid_argument);
  Image device = view(from);
  device.memory = ImageMemory::Device;
  EXPECT_THROW(camera.next(device), std::invalid_argument);
  EXPECT_FALSE(isStill(camera.next(view(from(cv::Rect(8, 6, 320, 240))))));
}

}  // namespace
}  // namespace trtyolo
