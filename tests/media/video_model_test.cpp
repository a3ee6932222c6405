// Frames of videos through models: what is found is what is found in OpenCV's frames.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <vector>

#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"
#include "trtyolo/video.hpp"

namespace trtyolo {
namespace {

// The objects of at least this score that have none like them in another result.
std::vector<int> missing(const DetResult& result, float score, const DetResult& among) {
  constexpr float kPixels = 1.5F, kScores = 0.03F;
  std::vector<int> numbers;
  for (int i = 0; i < result.num; ++i) {
    const auto like = [&](int j) {
      const auto near = [](float a, float b) { return std::abs(a - b) <= kPixels; };
      const Box a = result.boxes[static_cast<std::size_t>(i)], b = among.boxes[static_cast<std::size_t>(j)];
      return near(a.left, b.left) && near(a.top, b.top) && near(a.right, b.right) && near(a.bottom, b.bottom) &&
             std::abs(result.scores[static_cast<std::size_t>(i)] - among.scores[static_cast<std::size_t>(j)]) <=
                 kScores;
    };
    bool found = result.scores[static_cast<std::size_t>(i)] < score;
    for (int j = 0; j < among.num && !found; ++j) {
      found = like(j);
    }
    if (!found) {
      numbers.push_back(i);
    }
  }
  return numbers;
}

// Within limits wider than those of references, because libswscale, which makes OpenCV's BGR, is darker by one step.
TEST(VideoModelTest, FindsWhatIsInOpenCvsFrames) {
  const std::string file = test::dataPath("people/street.mp4");
  DetectModel yuv(test::dataPath("people/people.onnx"));
  DetectModel bgr(test::dataPath("people/people.onnx"), InferOption().enableSwapRB());
  cv::VideoCapture capture(file, cv::CAP_FFMPEG);
  VideoReader video(file);
  int objects = 0;
  for (int i = 0; i < 12; ++i) {
    for (int skipped = 0; skipped < 15; ++skipped) {
      ASSERT_TRUE(capture.grab());
      ASSERT_TRUE(video.skip());
    }
    cv::Mat frame;
    ASSERT_TRUE(capture.read(frame));
    const auto next = video.read();
    ASSERT_TRUE(next);
    const DetResult expected = bgr.predict(view(frame)), found = yuv.predict(next->image);
    objects += expected.num;
    constexpr float kSure = 0.3F;
    EXPECT_TRUE(missing(expected, kSure, found).empty()) << found << expected;
    EXPECT_TRUE(missing(found, kSure, expected).empty()) << found << expected;
  }
  EXPECT_GT(objects, 36);
}

// With the conversion that Image promises the results are the same.
TEST(VideoModelTest, FindsWhatIsInTheConvertedFrame) {
  DetectModel yuv(test::dataPath("people/people.onnx"));
  DetectModel bgr(test::dataPath("people/people.onnx"), InferOption().enableSwapRB());
  VideoReader video(test::dataPath("people/street.mp4"));
  for (int i = 0; i < 4; ++i) {
    for (int skipped = 0; skipped < 40; ++skipped) {
      ASSERT_TRUE(video.skip());
    }
    const auto frame = video.read();
    ASSERT_TRUE(frame);
    const Image& image = frame->image;
    cv::Mat planes(image.height * 3 / 2, image.width, CV_8U), colours;
    ASSERT_TRUE(planes.isContinuous());
    unsigned char* to = planes.data;
    const auto copy = [&](const void* plane, std::size_t pitch, int width, int height) {
      cv::Mat(height, width, CV_8U, const_cast<void*>(plane), pitch).copyTo(cv::Mat(height, width, CV_8U, to));
      to += width * height;
    };
    copy(image.ptr, image.pitch, image.width, image.height);
    copy(image.chroma[0], image.chromaPitch, image.width / 2, image.height / 2);
    copy(image.chroma[1], image.chromaPitch, image.width / 2, image.height / 2);
    cv::cvtColor(planes, colours, cv::COLOR_YUV2BGR_I420);
    const DetResult found = yuv.predict(image), expected = bgr.predict(view(colours));
    EXPECT_EQ(test::differences(found, expected, 0, 0), "");
    EXPECT_GT(found.num, 0);
  }
}

TEST(VideoModelTest, APoolKeepsFramesInFlight) {
  Model model = Model::load(test::dataPath("people/people.onnx"));
  Pool<> pool(model);
  VideoReader video(test::dataPath("people/street.mp4"));
  std::vector<Ticket<>> tickets;
  for (int i = 0; i < 8; ++i) {
    VideoFrame frame = video.read().value();
    tickets.push_back(pool.submit({frame.image, frame.owner}));
  }
  VideoReader again(test::dataPath("people/street.mp4"));
  for (Ticket<>& ticket : tickets) {
    const Result expected = model.predict(again.read().value().image);
    EXPECT_EQ(ticket.get().num, expected.num);
  }
}

}  // namespace
}  // namespace trtyolo
