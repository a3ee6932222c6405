// Models that test themselves when they are loaded: healthy ones of every task pass, and those that do something else
// than where the test was made are told from them.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/files.hpp"
#include "model/onnx_file.hpp"
#include "model/self_test/self_test.hpp"
#include "runtime/self_test_file.hpp"
#include "support/golden.hpp"
#include "support/heap.hpp"
#include "support/refusal.hpp"
#include "support/sanitized.hpp"
#include "support/spoiled.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;
using test::dataPath;
using test::TempDir;

// What the log says while one lives. One at a time.
class Log {
 public:
  Log() {
    texts().clear();
    setLog([](LogLevel level, const char* text) {
      const std::lock_guard lock(mutex());
      if (level == LogLevel::Warning || level == LogLevel::Error) {
        texts().emplace_back(text);
      }
    });
  }
  ~Log() { setLog(nullptr); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  std::vector<std::string> warnings() const { return texts(); }

 private:
  static std::mutex& mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static std::vector<std::string>& texts() {
    static std::vector<std::string> texts;
    return texts;
  }
};

std::string bytesOf(const std::string& path) {
  return readFile(path).value_or("");
}

std::string copyOf(const TempDir& folder, const std::string& path) {
  return folder.write(fs::path(path).filename().string(), bytesOf(path));
}

std::string recordOf(const std::string& onnx) {
  return parseOnnxMetadata(bytesOf(onnx))[kSelfTest];
}

InferOption refusing() {
  return InferOption().setSelfTest(SelfTest::Refuse);
}

// Why the file is not loaded; empty if it is.
std::string refusal(const std::string& file, const InferOption& option = refusing()) {
  try {
    Model::load(file, option);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

TEST(SelfTestTest, HealthyModelsOfAllTasksPass) {
  const TempDir folder;
  for (const std::string& name : test::byTurns<std::string>(
           {"shapes/detect", "shapes/obb", "shapes/segment", "shapes/pose", "shapes/classify", "people/people",
            "../tests/app/models/semantic", "../tests/app/models/logits-semantic", "../tests/app/models/depth"})) {
    SCOPED_TRACE(name);
    const std::string file = copyOf(folder, dataPath(name + ".onnx"));
    const SelfTestReport made = addSelfTest(file);
    EXPECT_EQ(made.verdict, SelfTestVerdict::Passed) << made.message;
    EXPECT_FALSE(made.images.empty());
    EXPECT_LE(made.images.size(), 3U);
    EXPECT_EQ(made.there, made.here);
    for (const SelfTestImage& image : made.images) {
      EXPECT_TRUE(image.passed);
      EXPECT_NE(image.expected, "nothing");
      EXPECT_EQ(image.expected.substr(0, 6), image.found.substr(0, 6));  // all but the last digits
    }
    EXPECT_LT(recordOf(file).size(), 100'000U);
    const Log log;
    EXPECT_EQ(refusal(file), "");
    EXPECT_EQ(log.warnings(), std::vector<std::string>());
    EXPECT_EQ(checkSelfTest(file, InferOption().enableSwapRB()).verdict, SelfTestVerdict::Passed);
    EXPECT_NE(inspect(file).selfTest.find("made with"), std::string::npos);
    EXPECT_EQ(inspect(file).metadata.count(kSelfTest), 0U);
    removeSelfTest(file);
    EXPECT_EQ(bytesOf(file), bytesOf(dataPath(name + ".onnx")));
    EXPECT_EQ(checkSelfTest(file).verdict, SelfTestVerdict::None);
    EXPECT_EQ(refusal(file), "");
  }
}

TEST(SelfTestTest, ImagesOfTheUsersAreKeptSmall) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/classify.onnx"));
  std::vector<std::uint8_t> pixels(std::size_t{300} * 200 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i / 7 % 256);
  }
  const std::vector<Image> images{Image(pixels.data(), 300, 200), Image(pixels.data(), 50, 100),
                                  Image::i420(pixels.data(), pixels.data() + 80, pixels.data() + 90, 90, 60)};
  const SelfTestReport made = addSelfTest(file, "", images);
  ASSERT_EQ(made.images.size(), 3U);
  for (const SelfTestImage& image : made.images) {
    EXPECT_TRUE((image.width == 112 && image.height == 75) || (image.width == 50 && image.height == 100) ||
                (image.width == 90 && image.height == 60) || (image.width == 112 && image.height == 112))
        << image.width << " x " << image.height;
  }
  EXPECT_EQ(refusal(file), "");
  EXPECT_NE(test::refusalOf([&] { addSelfTest(file, "", {Image(nullptr, 10, 10)}); }), "");
  EXPECT_NE(test::refusalOf(
                [&] { addSelfTest(file, "", images, InferOption().enableCudaMem().setBackend(Backend::OpenVINO)); }),
            "");
  EXPECT_EQ(refusal(file), "");
}

// The scale of any one layer multiplied by 3.
TEST(SelfTestTest, ASpoiledLayerIsRefused) {
  const TempDir folder;
  const std::vector<std::string> tasks = test::byTurns<std::string>({"detect", "classify", "obb", "segment", "pose"});
  for (const std::string& task : tasks) {
    const std::string file = copyOf(folder, dataPath("shapes/" + task + ".onnx"));
    addSelfTest(file);
    const std::string healthy = bytesOf(file);
    const std::vector<test::Kernel> kernels = test::kernelsOf(healthy);
    ASSERT_GT(kernels.size(), 20U);
    const std::string spoiled = folder / "spoiled.onnx";
    for (std::size_t i = 2; i < kernels.size(); i += kernels.size() / 2) {
      SCOPED_TRACE(task + ": " + kernels[i].name);
      folder.write("spoiled.onnx", test::withScaledKernel(healthy, kernels[i], 3));
      const std::string why = refusal(spoiled);
      EXPECT_NE(why.find("expected was "), std::string::npos) << why;
      EXPECT_NE(why.find("found was "), std::string::npos) << why;
      EXPECT_NE(why.find(std::string(version()).substr(8)), std::string::npos) << why;
    }
    const Log log;
    EXPECT_EQ(refusal(spoiled, InferOption()), "");
    ASSERT_EQ(log.warnings().size(), 1U);
    EXPECT_NE(log.warnings()[0].find("does not do here"), std::string::npos) << log.warnings()[0];
    EXPECT_EQ(refusal(spoiled, InferOption().setSelfTest(SelfTest::Off)), "");
    EXPECT_EQ(log.warnings().size(), 1U);
    EXPECT_EQ(checkSelfTest(spoiled).verdict, SelfTestVerdict::Failed);
  }
}

TEST(SelfTestTest, TheMetadataOfAnotherModelIsRefused) {
  const TempDir folder;
  const std::string people = copyOf(folder, dataPath("people/people.onnx"));
  const std::string shapes = copyOf(folder, dataPath("shapes/detect.onnx"));
  const std::string pose = copyOf(folder, dataPath("shapes/pose.onnx"));
  addSelfTest(people);
  writeSelfTest(shapes, recordOf(people));
  EXPECT_NE(refusal(shapes).find("found was nothing like it"), std::string::npos) << refusal(shapes);
  writeSelfTest(pose, recordOf(people));
  EXPECT_NE(refusal(pose).find("another model"), std::string::npos) << refusal(pose);
}

TEST(SelfTestTest, RecordsThatAreNoneAreToldAndNothingElse) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/classify.onnx"));
  addSelfTest(file);
  const std::string good = recordOf(file);
  for (const std::string& record : {good.substr(0, good.size() / 2), std::string("{}"), std::string("[1, 2]"),
                                    std::string(400'000, '['), "{\"version\": 7}" + std::string(1, '\0')}) {
    writeSelfTest(file, record);
    EXPECT_NE(refusal(file).find("cannot be read"), std::string::npos);
    EXPECT_EQ(checkSelfTest(file).verdict, SelfTestVerdict::Unreadable);
    EXPECT_NE(inspect(file).selfTest.find("cannot be read"), std::string::npos);
    const Log log;
    EXPECT_EQ(refusal(file, InferOption()), "");
    EXPECT_EQ(log.warnings().size(), 1U);
  }
}

TEST(SelfTestTest, OptionsThatChangeTheInputLeaveItOut) {
  const TempDir folder;
  copyOf(folder, dataPath("shapes/detect.onnx"));  // has the weights
  const std::string file = copyOf(folder, dataPath("shapes/detect-dynamic.onnx"));
  addSelfTest(file);
  EXPECT_EQ(checkSelfTest(file).verdict, SelfTestVerdict::Passed);
  EXPECT_EQ(checkSelfTest(file, InferOption().setNetworkSize(320, 320)).verdict, SelfTestVerdict::Skipped);
  EXPECT_EQ(checkSelfTest(file, InferOption().setBgrNetwork(true)).verdict, SelfTestVerdict::Skipped);
  const Log log;
  EXPECT_EQ(refusal(file, refusing().setNetworkSize(320, 320)), "");
  EXPECT_EQ(log.warnings(), std::vector<std::string>());
  // Those that change results only do not.
  EXPECT_EQ(refusal(file, refusing()
                              .enableSwapRB()
                              .setConfidence(0.9F)
                              .setMaxDetections(1)
                              .setClasses({0})
                              .setBatch(4)
                              .setInputDimensions(5, 5)
                              .setNames({"a", "b", "c", "d", "e", "f"})
                              .setHead(HeadMode::Whole)),
            "");
}

// What options of the making said is missing.
TEST(SelfTestTest, AnInputOfAnotherKindIsRefused) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/detect.onnx"));
  addSelfTest(file, "", {}, InferOption().setBgrNetwork(true));
  EXPECT_NE(refusal(file).find(" bgr "), std::string::npos) << refusal(file);
  EXPECT_EQ(refusal(file, refusing().setBgrNetwork(true)), "");
}

void expectThatSixteenBitsPass(const std::string& task, const std::vector<Precision>& precisions) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/" + task + ".onnx"));
  addSelfTest(file);
  for (const Precision precision : precisions) {
    EXPECT_EQ(refusal(file, refusing().setPrecision(precision)), "") << task << ' ' << toString(precision);
  }
  // Made in it, with what f32 finds.
  addSelfTest(file, dataPath("shapes/" + task + ".onnx"), {}, InferOption().setPrecision(Precision::BF16));
  EXPECT_EQ(refusal(file, refusing().setPrecision(Precision::BF16)), "") << task;
  EXPECT_EQ(refusal(file), "") << task;
}

TEST(SelfTestTest, ArithmeticOfSixteenBitsPasses) {
  expectThatSixteenBitsPass("detect", {Precision::BF16});
}

TEST(SelfTestOfAllTasksTest, ArithmeticOfSixteenBitsPasses) {
  for (const char* task : {"detect", "pose", "segment"}) {
    expectThatSixteenBitsPass(task, {Precision::BF16, Precision::F16, Precision::Auto});
  }
}

TEST(SelfTestTest, OpenVinoIrHasOneToo) {
  const TempDir folder;
  const test::TinyModel model{
      .outputs = {test::detectorOutput(2, 84, {{30, 30, 20, 20, 1, 0.9F}, {10, 40, 8, 12, 0, 0.4F}})},
      .metadata = "task: detect\nnames:\n  0: a\n  1: b\n"};
  const std::string file = writeTinyModel(folder, "tiny", model);
  const SelfTestReport made = addSelfTest(file);
  EXPECT_NE(made.images.at(0).expected.find("b 0.900"), std::string::npos) << made.images.at(0).expected;
  EXPECT_EQ(refusal(file), "");
  EXPECT_EQ(Model::load(file).info().names.at(1), "b");  // what is beside it is read as before
  // The same file with another answer.
  test::TinyModel other = model;
  other.outputs = {test::detectorOutput(2, 84, {{30, 30, 20, 20, 1, 0.3F}, {10, 40, 8, 12, 0, 0.4F}})};
  const TempDir elsewhere;
  const std::string changed = writeTinyModel(elsewhere, "tiny", other);
  fs::copy_file(fs::path(changed).replace_extension(".bin"), fs::path(file).replace_extension(".bin"),
                fs::copy_options::overwrite_existing);
  EXPECT_NE(refusal(file).find("expected was b 0.900"), std::string::npos) << refusal(file);
}

TEST(SelfTestTest, OneThatSaysNothingIsNotMade) {
  const TempDir folder;
  const std::vector<std::int64_t> input{1, 3, 64, 64};
  const std::string nothing = writeTinyModel(folder, "nothing", {input, {test::detectorOutput(2, 84, {})}, ""});
  const std::string something =
      writeTinyModel(folder, "something", {input, {test::detectorOutput(2, 84, {{30, 30, 20, 20, 1, 0.9F}})}, ""});
  const std::string before = bytesOf(nothing);
  EXPECT_THROW(addSelfTest(nothing), ModelError);
  EXPECT_THROW(addSelfTest(nothing, something), ModelError);
  EXPECT_THROW(addSelfTest(something, nothing), ModelError);
  EXPECT_THROW(addSelfTest(nothing, dataPath("shapes/classify.onnx")), ModelError);
  EXPECT_THROW(addSelfTest(folder / "missing.onnx"), ModelError);
  EXPECT_EQ(bytesOf(nothing), before);
}

TEST(SelfTestTest, LeavesNoMemoryBehind) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/detect.onnx"));
  addSelfTest(file);
  const auto option = [](SelfTest mode) { return InferOption().setThreads(1).setSelfTest(mode); };
  const auto bytes = [&](SelfTest mode) {
    const std::size_t before = test::bytesInUse();
    const Model model = Model::load(file, option(mode));
    EXPECT_EQ(model.memory().buffers, 0U);
    EXPECT_EQ(model.memory().executors, 1);
    return test::bytesInUse() - before;
  };
  bytes(SelfTest::Refuse);  // what is there once for all
  if (test::bytesInUse() == 0) {
    GTEST_SKIP() << "the heap cannot be asked here";
  }
  const std::size_t without = bytes(SelfTest::Off), with = bytes(SelfTest::Refuse);
  EXPECT_LT(with, without + (std::size_t{1} << 18U)) << "without " << without;
}

TEST(SelfTestTest, ClonesAreNotTestedAgain) {
  const TempDir folder;
  const std::string file = copyOf(folder, dataPath("shapes/classify.onnx"));
  addSelfTest(file);
  const std::string healthy = bytesOf(file);
  folder.write("classify.onnx", test::withScaledKernel(healthy, test::kernelsOf(healthy)[3], 3));
  const Log log;
  const Model model = Model::load(file);
  EXPECT_EQ(log.warnings().size(), 1U);
  model.clone()->clone();
  EXPECT_EQ(log.warnings().size(), 1U);
}

TEST(SelfTestTest, NamesOfModes) {
  for (const SelfTest mode : {SelfTest::Off, SelfTest::Warn, SelfTest::Refuse}) {
    EXPECT_EQ(selfTestOf(toString(mode)), mode);
  }
  EXPECT_THROW(selfTestOf("on"), std::invalid_argument);
}

}  // namespace
}  // namespace trtyolo
