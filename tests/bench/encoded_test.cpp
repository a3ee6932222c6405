// Rows of encoded input: that every image and frame comes out, and is counted.
#include "encoded.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "subject.hpp"
#include "trtyolo/encoded.hpp"

namespace bench {
namespace {

const std::string kData = TRTYOLO_TEST_DATA;
const std::string kVideo = kData + "/people/street.mp4";  // 195 frames, 10 a second
constexpr std::uint64_t kFrames = 195;

Settings encodedSettings(const std::string& source) {
  Settings settings;
  settings.model = kData + "/shapes/detect-dynamic.onnx";
  settings.source = source;
  settings.option.setRect(false).setNetworkSize(160, 160);
  return settings;
}

TEST(JpegFiles, AreOneOrThoseOfAFolder) {
  const auto drawn = jpegFiles("", 320, 240);
  ASSERT_EQ(drawn.size(), 1U);
  EXPECT_EQ(jpegSize(drawn), std::pair(320, 240));
  EXPECT_EQ(jpegFiles(kData + "/people/frames/0600.jpg", 0, 0).size(), 1U);
  EXPECT_EQ(jpegFiles(kData + "/people/frames", 0, 0).size(), 15U);
  EXPECT_THROW(jpegFiles(kData + "/shapes/detect.onnx", 0, 0), std::runtime_error);
  EXPECT_THROW(jpegFiles(kData + "/no such folder", 0, 0), std::runtime_error);
}

TEST(EncodedSubject, DecodesEachImageOnce) {
  const SourceImage image = drawnImage(320, 240);
  for (const std::string& source : {std::string(), kData + "/people/frames"}) {
    Subject subject(encodedSettings(source), {kJpeg, 3}, image);
    const Speed predicted = subject.predict(0.1);
    const Speed alone = subject.decode(0.1);
    EXPECT_GE(predicted.latencies.size(), 3U);
    EXPECT_GE(alone.latencies.size(), 1U);
    const auto work = subject.work();
    EXPECT_EQ(work["decoded_cpu"], predicted.latencies.size());  // those that were decoded alone do not count
    EXPECT_EQ(work["decoded_gpu"], 0);
    EXPECT_FALSE(work.contains("why_no_gpu"));
  }
}

TEST(JpegImages, AreDecodedAloneAsTheModelsHaveThem) {
  const JpegImages images(jpegFiles("", 320, 240), std::nullopt);
  std::atomic<int> asked = 0;
  trtyolo::DecodeTarget target;
  target.enough = [&](const trtyolo::ImageSize&) {
    ++asked;
    return trtyolo::ImageSize{100, 100};
  };
  images.decode(0, std::nullopt, 0);
  EXPECT_EQ(asked, 0);
  trtyolo::DecodedImage decoded;
  images.decoder()->decode(&images.image(0), 1, target, &decoded);
  EXPECT_EQ(decoded.image.width, 160);
  const int before = asked;
  images.decode(0, std::nullopt, 0);
  EXPECT_GT(asked, before);
}

/// Stands in for the command predict, and remembers what it was given.
struct FakePredict {
  int clones = 0;
  bool fast = false;
  std::vector<std::string> paths;
  std::vector<std::size_t> images;  ///< of each call

  PredictFiles command() {
    return [this](const FilesWork& work) {
      clones = work.clones;
      fast = work.fastDecode;
      paths = work.paths;
      return [this](std::size_t count) {
        images.push_back(count);
        return Speed{static_cast<double>(count) / 100, 1, std::vector<double>(count, 10.0)};  // 100 images a second
      };
    };
  }
};

TEST(EncodedSubject, TheCommandPredictHasFilesClonesAndTime) {
  FakePredict predict;
  Settings settings = encodedSettings(kData + "/people/frames");
  settings.predictFiles = predict.command();
  Subject subject(settings, {kPredict, 3, kHost, kFast}, drawnImage(320, 240));
  EXPECT_EQ(predict.clones, 3);
  EXPECT_TRUE(predict.fast);
  EXPECT_EQ(predict.paths.size(), 15U);
  EXPECT_EQ(subject.predict(0).images, 1);
  subject.predict(2);
  EXPECT_EQ(predict.images, (std::vector<std::size_t>{24, 200}));  // enough for each clone; what two seconds take
  EXPECT_GE(subject.decode(0).latencies.size(), 1U);
  EXPECT_EQ(subject.memory()["streams"], std::min(3U, std::max(1U, std::thread::hardware_concurrency())));
  EXPECT_FALSE(subject.work().contains("preprocess_ms"));  // of clones that are not the row's own
}

TEST(EncodedSubject, DamagedImagesEndTheRow) {
  const auto file = std::filesystem::path(testing::TempDir()) / "damaged.jpg";
  std::ofstream(file, std::ios::binary) << "\xFF\xD8\xFF and nothing more";
  Subject subject(encodedSettings(file.string()), {kJpeg, 2}, drawnImage(320, 240));
  EXPECT_THROW(subject.predict(0.1), trtyolo::DecodeError);
  EXPECT_THROW(subject.decode(0.1), trtyolo::DecodeError);
  std::filesystem::remove(file);
}

TEST(EncodedSubject, StreamsGiveEachFrameAResult) {
  Subject subject(encodedSettings(kVideo), {kStreams, 2}, drawnImage(768, 576));
  const Speed predicted = subject.predict(0.3), alone = subject.decode(0.1);
  const auto work = subject.work();
  EXPECT_EQ(work["decoded_cpu"], predicted.latencies.size() + alone.latencies.size());
  EXPECT_EQ(work["decoded_gpu"], 0);
  EXPECT_TRUE(std::all_of(predicted.latencies.begin(), predicted.latencies.end(), [](double ms) { return ms > 0; }));
  EXPECT_TRUE(subject.memory().contains("rss_mb_per_stream"));
  subject.setStreams(3);
  EXPECT_GE(subject.predict(0).latencies.size(), 3U);
}

TEST(EncodedSubject, PacedStreamsTakeTheirTime) {
  Settings settings = encodedSettings(kVideo);
  Subject asTheFileSays(settings, {kStreams, 2}, drawnImage(768, 576));
  EXPECT_EQ(asTheFileSays.paced(0.5)["fps"], 10);
  settings.fps = 20;
  Subject faster(settings, {kStreams, 2}, drawnImage(768, 576));
  faster.predict(0);
  const std::uint64_t before = faster.work()["decoded_cpu"];
  const auto paced = faster.paced(0.5);
  EXPECT_EQ(paced["fps"], 20);
  EXPECT_GE(paced["p99_ms"], paced["p50_ms"]);
  EXPECT_GE(paced["late_p99_ms"], 0);
  EXPECT_GT(paced["cpu_share"], 0);
  EXPECT_EQ(faster.work()["decoded_cpu"].get<std::uint64_t>() - before, 20U);  // however late
}

TEST(VideoStream, BeginsAgainAtTheEnd) {
  VideoStream stream(kVideo, std::nullopt, 1);
  EXPECT_EQ(stream.fps(), 10);
  while (stream.onCpu() < 2 * kFrames + 1) stream.decode(0);
  EXPECT_EQ(stream.onCpu(), 2 * kFrames + 1);
  EXPECT_EQ(stream.onGpu(), 0U);
}

TEST(VideoStream, AFileThatIsGoneIsSaid) {
  const auto file = std::filesystem::path(testing::TempDir()) / "going.mp4";
  std::filesystem::copy_file(kVideo, file, std::filesystem::copy_options::overwrite_existing);
  VideoStream stream(file.string(), std::nullopt, 1);
  stream.decode(0);
  std::filesystem::remove(file);
  EXPECT_THROW(stream.decode(60), trtyolo::Error);
}

}  // namespace
}  // namespace bench
