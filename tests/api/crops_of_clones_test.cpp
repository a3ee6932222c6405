// Two stages in several threads: what one thread gets, through clones and through pools.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/references.hpp"
#include "support/sanitized.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo::crops_of_clones_test {
namespace {

using test::dataPath;

constexpr int kThreads = 8;

// Detectors of both kinds, and second models of several tasks.
struct Stages {
  const char* first;
  const char* pictures;
  const char* second;
};

class CropsOfClones : public testing::TestWithParam<Stages> {
 protected:
  CropsOfClones() {
    for (const char* name : {"00001.jpg", "00002.jpg", "00004.jpg"}) {
      pictures_.push_back(cv::imread(dataPath(std::string(GetParam().pictures) + name)));
      EXPECT_FALSE(pictures_.back().empty()) << name;
    }
    for (const cv::Mat& picture : pictures_) {
      found_.push_back(first_.predict(view(picture)));
      wanted_.push_back(textOf(predictCrops(second_, view(picture), found_.back(), {0.1F})));
    }
  }

  static std::string textOf(const std::vector<Result>& results) {
    std::string text;
    for (const Result& result : results) {
      text += result.toJson() + '\n';
    }
    return text;
  }

  // Both stages of all pictures, from another one on in each thread.
  template <class First, class Second>
  int wrongOnes(int thread, First& first, Second& second) const {
    int wrong = 0;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const std::size_t at = (i + static_cast<std::size_t>(thread)) % pictures_.size();
      const Image image = view(pictures_[at]);
      wrong += textOf(predictCrops(second, image, first.predict(image), {0.1F})) == wanted_[at] ? 0 : 1;
    }
    return wrong;
  }

  template <class Work>
  static void inThreads(const Work& work) {
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] { wrong += work(t); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    EXPECT_EQ(wrong, 0);
  }

  static InferOption option() { return InferOption().enableSwapRB().setStreams(2); }

  std::vector<cv::Mat> pictures_;
  Model first_ = Model::load(dataPath(GetParam().first), option());
  Model second_ = Model::load(dataPath(GetParam().second), option());
  std::vector<Result> found_;
  std::vector<std::string> wanted_;
};

TEST_P(CropsOfClones, EqualThoseOfOneThread) {
  EXPECT_GT(found_[0].num, 0);
  inThreads([&](int thread) {
    const auto first = first_.clone(), second = second_.clone();
    return wrongOnes(thread, *first, *second);
  });
}

TEST_P(CropsOfClones, PoolsGiveTheSame) {
  Pool<> first(first_), second(second_);
  inThreads([&](int thread) { return wrongOnes(thread, first, second); });
  const PoolMetrics metrics = second.metrics();
  EXPECT_EQ(metrics.failed, 0U);
  EXPECT_EQ(metrics.submitted, metrics.finished);
}

INSTANTIATE_TEST_SUITE_P(Stages, CropsOfClones,
                         testing::Values(Stages{"shapes/detect.onnx", "shapes/images/", "shapes/classify.onnx"},
                                         Stages{"shapes/obb.onnx", "shapes/obb/images/", "shapes/classify.onnx"},
                                         Stages{"shapes/pose.onnx", "shapes/pose/images/", "shapes/pose.onnx"}));

}  // namespace
}  // namespace trtyolo::crops_of_clones_test
