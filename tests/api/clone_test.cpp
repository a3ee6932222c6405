// What clones promise: any depth, any order of death, any thread.
#include <gtest/gtest.h>

#include <atomic>
#include <opencv2/imgcodecs.hpp>
#include <thread>

#include "support/references.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::dataPath;
using test::differences;

class CloneTest : public ::testing::Test {
 protected:
  InferOption option(int streams = 1) const { return InferOption().enableSwapRB().setStreams(streams); }
  const std::string file_ = dataPath("shapes/detect.onnx");
  const cv::Mat picture_ = cv::imread(dataPath("shapes/images/00001.jpg"));
  const Image image_ = view(picture_);
};

// A network that takes microseconds, for what is about the clones and not about the network.
class TinyCloneTest : public ::testing::Test {
 protected:
  test::TempDir dir_;
  const std::string file_ = test::writeTinyModel(
      dir_, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false});
  std::vector<unsigned char> pixels_ = std::vector<unsigned char>(64 * 64 * 3, 50);
  const Image image_ = Image(pixels_.data(), 64, 64);
};

TEST_F(CloneTest, OutlivesItsParent) {
  auto model = std::make_unique<DetectModel>(file_, option());
  const DetResult expected = model->predict(image_);
  ASSERT_GT(expected.num, 0);
  auto clone = model->clone();
  model.reset();
  EXPECT_EQ(differences(clone->predict(image_), expected, 0, 0), "");
}

TEST_F(CloneTest, CloneOfCloneOfClone) {
  auto first = std::make_unique<DetectModel>(file_, option());
  const DetResult expected = first->predict(image_);
  auto second = first->clone();
  auto third = second->clone();
  second.reset();
  auto fourth = third->clone();
  first.reset();
  third.reset();
  EXPECT_EQ(differences(fourth->predict(image_), expected, 0, 0), "");
  EXPECT_EQ(fourth->info().file, file_);
}

TEST_F(CloneTest, ManyThreadsGiveWhatOneModelGives) {
  DetectModel model(file_, option(2));
  const DetResult expected = model.predict(image_);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const auto clone = model.clone();  // eight at once
      for (int i = 0; i < 4; ++i) {
        wrong += differences(clone->predict(image_), expected, 0, 0).empty() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(TinyCloneTest, AThousandClonesMadeAndDropped) {
  auto model = std::make_unique<DetectModel>(file_);
  for (int i = 0; i < 1000; ++i) {
    auto clone = model->clone();
    if (i % 100 == 0) {
      EXPECT_EQ(clone->predict(image_).num, 1);
    }
    model = std::move(clone);  // each dies after its clone was made
  }
  EXPECT_EQ(model->predict(image_).num, 1);
}

TEST_F(TinyCloneTest, AThousandClonesAlive) {
  DetectModel model(file_);
  std::vector<std::unique_ptr<DetectModel>> clones;
  for (int i = 0; i < 1000; ++i) {
    clones.push_back(model.clone());
  }
  for (const auto& clone : clones) {
    EXPECT_EQ(clone->predict(image_).num, 1);
  }
}

TEST_F(TinyCloneTest, CloningPredictingAndDyingAtOnce) {
  auto model = std::make_unique<DetectModel>(file_, InferOption().setStreams(2));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, clone = model->clone()]() mutable {
      for (int i = 0; i < 100; ++i) {
        auto next = clone->clone();
        wrong += next->predict(image_).num == 1 ? 0 : 1;
        clone = std::move(next);
      }
    });
  }
  model.reset();
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(TinyCloneTest, ThreadsThatComeAndGoWithOneClone) {
  DetectModel model(file_, InferOption().setStreams(2));
  const auto clone = model.clone();
  for (int i = 0; i < 100; ++i) {
    int found = 0;
    std::thread([&] { found = clone->predict(image_).num; }).join();
    EXPECT_EQ(found, 1);
  }
}

TEST_F(TinyCloneTest, TheSecondThreadInOneModelIsToldToClone) {
  DetectModel model(file_);
  std::vector<Image> many(2000, image_);
  std::atomic<bool> done = false;
  std::thread first([&] {
    for (bool begun = false; !begun;) {
      try {
        EXPECT_EQ(model.predict(many).size(), many.size());
        begun = true;
      } catch (const BusyError&) {  // the other was here first
      }
    }
    done = true;
  });
  std::string message;
  while (!done && message.empty()) {
    try {
      EXPECT_EQ(model.predict(image_).num, 1);  // before the first has begun
    } catch (const BusyError& error) {
      message = error.what();
    }
    if (!message.empty()) {
      EXPECT_NO_THROW(model.setConfidence(0.5F));
      EXPECT_EQ(model.clone()->predict(image_).num, 1);
    }
  }
  first.join();
  EXPECT_NE(message.find("clone()"), std::string::npos) << message;
  EXPECT_EQ(model.predict(image_).num, 1);
}

TEST_F(TinyCloneTest, ModelsOfDifferentFilesDoNotMeet) {
  const std::string other =
      test::writeTinyModel(dir_, "other", {{1, 3, 32, 96}, {test::detectorOutput(1, 8, {})}, "", false});
  auto first = std::make_unique<DetectModel>(file_);
  auto second = std::make_unique<DetectModel>(other);
  const auto clone = first->clone();
  first.reset();
  EXPECT_EQ(second->predict(image_).num, 0);
  EXPECT_EQ(clone->predict(image_).num, 1);
  second.reset();
  EXPECT_EQ(clone->predict(image_).num, 1);
}

}  // namespace
}  // namespace trtyolo
