// A minute of eight clones on a real network: slow, and so apart.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "support/references.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

TEST(CloneSoakTest, EightClonesForAMinuteGiveWhatOneModelGives) {
  const char* wanted = std::getenv("TRTYOLO_SOAK_SECONDS");
  const std::chrono::seconds length(wanted ? std::atoi(wanted) : 60);
  std::vector<cv::Mat> pictures;
  std::vector<DetResult> expected;
  DetectModel model(test::dataPath("people/people.onnx"), InferOption().enableSwapRB().setStreams(2));
  for (const auto& reference : test::readReferences(test::dataPath("people/golden.json"))) {
    pictures.push_back(cv::imread(test::dataPath("people/frames/" + reference.source)));
    expected.push_back(model.predict(view(pictures.back())));
    EXPECT_EQ(test::differences(expected.back(), reference.result), "");
  }
  const auto end = std::chrono::steady_clock::now() + length;
  std::atomic<int> wrong = 0, calls = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      auto clone = model.clone();
      for (std::size_t i = t; std::chrono::steady_clock::now() < end; ++i) {
        const std::size_t at = i % pictures.size();
        wrong += test::differences(clone->predict(view(pictures[at])), expected[at], 0, 0).empty() ? 0 : 1;
        ++calls;
        if (i % 50 == 0) {
          clone = clone->clone();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(calls, 8);
  std::printf("%d predictions in %d s\n", calls.load(), static_cast<int>(length.count()));
}

}  // namespace
}  // namespace trtyolo
