// Wrong files, wrong images, wrong arguments: a typed error with the facts, and the model goes on working.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "support/references.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::dataPath;

// What loading says; the file is at fault, or a GPU that is not there.
std::string loadError(const std::string& file, const InferOption& option = {}) {
  const auto said = [&](const Error& error) {
    EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
    return std::string(error.what());
  };
  try {
    DetectModel model(file, option);
  } catch (const ModelError& error) {
    return said(error);
  } catch (const DeviceError& error) {
    return said(error);
  } catch (const std::exception& error) {
    ADD_FAILURE() << file << ": expected a ModelError, found " << error.what();
    return "";
  }
  ADD_FAILURE() << file << ": loaded";
  return "";
}

std::string readWhole(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

TEST(WrongFileTest, MissingEmptyAndFolders) {
  test::TempDir dir;
  EXPECT_NE(loadError(dir / "none.onnx").find("no such model file"), std::string::npos);
  EXPECT_NE(loadError(dir.write("empty.onnx", "")).find("empty"), std::string::npos);
  std::filesystem::create_directory(dir / "folder");
  EXPECT_NE(loadError(dir / "folder").find("folder"), std::string::npos);
  EXPECT_NE(loadError("/dev/null").find("regular file"), std::string::npos);
  EXPECT_THROW(DetectModel(""), ModelError);
  EXPECT_THROW(inspect(dir / "none.onnx"), ModelError);
}

TEST(WrongFileTest, TruncatedAtManyPlaces) {
  test::TempDir dir;
  const std::string whole = readWhole(dataPath("shapes/detect.onnx"));
  ASSERT_GT(whole.size(), 1000000U);
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, std::size_t{5000},
                                 whole.size() / 3, whole.size() / 2, whole.size() - 2000, whole.size() - 1}) {
    const std::string file = dir.write("cut.onnx", whole.substr(0, size));
    // The last bytes may be metadata alone: what is left then is a whole network, and may load.
    try {
      DetectModel model(file);
      EXPECT_GT(size, whole.size() / 2);
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("cut.onnx"), std::string::npos);
    }
  }
}

TEST(WrongFileTest, RandomBytes) {
  test::TempDir dir;
  std::mt19937 random(17);
  for (int round = 0; round < 30; ++round) {
    std::string bytes(std::size_t{1} << (round % 16), '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    loadError(dir.write("random.onnx", bytes));
    loadError(dir.write("random.xml", bytes));
    loadError(dir.write("random", bytes));
  }
}

TEST(WrongFileTest, DamagedInTheMiddle) {
  test::TempDir dir;
  const std::string whole = readWhole(dataPath("shapes/detect.onnx"));
  std::mt19937 random(23);
  for (int round = 0; round < 12; ++round) {
    std::string damaged = whole;
    // The graph's nodes stand at the front, before the weights.
    std::uniform_int_distribution<std::size_t> place(0, 60000);
    for (int i = 0; i < 20; ++i) {
      damaged[place(random)] = static_cast<char>(random());
    }
    try {
      DetectModel model(dir.write("damaged.onnx", damaged));
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("damaged.onnx"), std::string::npos);
    }
  }
}

TEST(WrongFileTest, OpenVinoIrWithoutOrWithHalfItsWeights) {
  test::TempDir dir;
  const auto output = test::detectorOutput(2, 1000, {{32, 32, 20, 10, 1, 0.9F}});
  const std::string xml = test::writeTinyModel(dir, "tiny", {{1, 3, 64, 64}, {output}, "", false});
  const std::string bin = std::filesystem::path(xml).replace_extension(".bin").string();
  const std::string weights = readWhole(bin), text = readWhole(xml);
  std::ofstream(bin, std::ios::binary) << weights.substr(0, weights.size() / 2);
  loadError(xml);
  std::filesystem::remove(bin);
  loadError(xml);
  std::ofstream(bin, std::ios::binary) << weights;
  EXPECT_NO_THROW(DetectModel{xml});
  std::ofstream(xml, std::ios::binary) << text.substr(0, text.size() / 2);
  loadError(xml);
}

TEST(WrongFileTest, OtherKindsOfFile) {
  test::TempDir dir;
  EXPECT_NE(loadError(dir.write("plan.engine", "ftrt" + std::string(1000, '\1'))).find("TensorRT"), std::string::npos);
  const std::string metadata = R"({"task": "detect"})";
  std::string header(4, '\0');
  header[0] = static_cast<char>(metadata.size());
  EXPECT_NE(loadError(dir.write("ultralytics.engine", header + metadata + "ftrt")).find("TensorRT"), std::string::npos);
  loadError(dir.write("text.onnx", "this is not a model\n"));
  loadError(dataPath("shapes/images/00001.jpg"));
  loadError(dir.write("page.xml", "<?xml version=\"1.0\"?><html><body/></html>"));
}

TEST(WrongFileTest, GraphsWithUnexpectedOutputs) {
  test::TempDir dir;
  const auto make = [&](const std::string& name, const std::vector<test::TinyOutput>& outputs,
                        const std::string& metadata = "", const std::vector<std::int64_t>& input = {1, 3, 64, 64}) {
    return test::writeTinyModel(dir, name, {input, outputs, metadata, false});
  };
  EXPECT_NE(loadError(make("flat", {{{1, 6}, {}}}), InferOption().setTask(Task::Detect)).find("[1, 6]"),
            std::string::npos);
  EXPECT_NE(loadError(make("two", {{{1, 6, 100}, {}}, {{1, 2}, {}}})).find("output1"), std::string::npos);
  EXPECT_NE(loadError(make("turned", {{{1, 100, 9}, {}}})).find("setLayout()"), std::string::npos);
  EXPECT_NE(loadError(make("few", {{{1, 3, 100}, {}}})).find("[1, 3, 100]"), std::string::npos);
  EXPECT_NE(loadError(make("names", {{{1, 9, 100}, {}}}, "task: detect\nnames:\n  0: cat\n")).find("1 classes"),
            std::string::npos);
  EXPECT_NE(loadError(make("grey", {{{1, 6, 100}, {}}}, "", {1, 2, 64, 64})).find("[1, 2, 64, 64]"), std::string::npos);
  EXPECT_NE(loadError(make("turnedInput", {{{1, 6, 100}, {}}}, "", {1, 64, 64, 4})).find("3 or 1, height, width"),
            std::string::npos);
}

TEST(WrongFileTest, AModelOfAnotherTask) {
  test::TempDir dir;
  const test::TinyOutput output = test::detectorOutput(2, 100, {});
  for (const char* task : {"segment", "pose", "obb", "classify"}) {
    const std::string file =
        test::writeTinyModel(dir, task, {{1, 3, 64, 64}, {output}, std::string("task: ") + task + "\n", false});
    const std::string message = loadError(file);
    EXPECT_NE(message.find(task), std::string::npos) << message;
    EXPECT_NE(message.find("detect"), std::string::npos) << message;
    EXPECT_EQ(toString(inspect(file).task), std::string(task));  // but it can be looked at
  }
}

TEST(WrongFileTest, OptionsThatThisMachineCannotHave) {
  EXPECT_NE(loadError(dataPath("shapes/detect.onnx"), InferOption().setBackend(Backend::TensorRT)).find("TensorRT"),
            std::string::npos);
  EXPECT_NE(loadError(dataPath("shapes/detect.onnx"), InferOption().enableCudaMem()).find("GPU memory"),
            std::string::npos);
  EXPECT_NE(loadError(dataPath("shapes/detect.onnx"), InferOption().setNetworkSize(320, 320)).find("fixed at 640"),
            std::string::npos);
}

class WrongImageTest : public ::testing::Test {
 protected:
  // The message of the std::invalid_argument that the image must give; afterwards the model must work.
  std::string imageError(const Image& image) {
    std::string message;
    try {
      model_.predict(image);
      ADD_FAILURE() << "accepted: " << image.width << " x " << image.height;
    } catch (const std::invalid_argument& error) {
      message = error.what();
    }
    EXPECT_EQ(model_.predict(good_).num, 1);
    try {
      model_.predict(std::vector<Image>{good_, image, good_});
      ADD_FAILURE() << "accepted in a batch";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("image 1"), std::string::npos) << error.what();
    }
    EXPECT_EQ(model_.predict(good_).num, 1);
    return message;
  }

  test::TempDir dir_;
  DetectModel model_{test::writeTinyModel(
      dir_, "tiny", {{1, 3, 64, 64}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false})};
  std::vector<unsigned char> pixels_ = std::vector<unsigned char>(64 * 64 * 4, 50);
  const Image good_ = Image(pixels_.data(), 64, 64);
};

TEST_F(WrongImageTest, NullEmptyNegativeHuge) {
  unsigned char* const data = pixels_.data();
  EXPECT_NE(imageError(Image(nullptr, 64, 64)).find("null"), std::string::npos);
  EXPECT_NE(imageError(Image()).find("0 x 0"), std::string::npos);
  EXPECT_NE(imageError(Image(data, 0, 64)).find("0 x 64"), std::string::npos);
  EXPECT_NE(imageError(Image(data, 64, 0)).find("64 x 0"), std::string::npos);
  EXPECT_NE(imageError(Image(data, -64, 64)).find("-64 x 64"), std::string::npos);
  EXPECT_NE(imageError(Image(data, 64, -1, 192)).find("64 x -1"), std::string::npos);
  EXPECT_NE(
      imageError(Image(data, std::numeric_limits<int>::max(), std::numeric_limits<int>::max())).find("2147483647"),
      std::string::npos);
}

TEST_F(WrongImageTest, PitchAndChannels) {
  unsigned char* const data = pixels_.data();
  EXPECT_NE(imageError(Image(data, 64, 64, 191)).find("at least 192 bytes, found 191"), std::string::npos);
  EXPECT_NE(imageError(Image(data, 64, 64, 4, 255)).find("at least 256"), std::string::npos);
  EXPECT_NE(imageError(Image(data, 64, 64, std::numeric_limits<std::size_t>::max())).find("address space"),
            std::string::npos);
  for (const int channels : {0, 2, 5, -3}) {
    EXPECT_NE(imageError(Image(data, 8, 8, channels, 64)).find("channels"), std::string::npos);
  }
}

TEST_F(WrongImageTest, MatricesThatAreNoPictures) {
  EXPECT_THROW(view(cv::Mat()), std::invalid_argument);
  EXPECT_THROW(view(cv::Mat(4, 4, CV_32FC3)), std::invalid_argument);
  EXPECT_THROW(view(cv::Mat(4, 4, CV_8UC2)), std::invalid_argument);
  const int sides[] = {4, 4, 4};
  EXPECT_THROW(view(cv::Mat(3, sides, CV_8U)), std::invalid_argument);
}

TEST_F(WrongImageTest, ThresholdsOutOfRange) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float value : {-0.1F, 1.1F, nan, std::numeric_limits<float>::infinity()}) {
    EXPECT_THROW(model_.setConfidence(value), std::invalid_argument);
    EXPECT_THROW(model_.setIou(value), std::invalid_argument);
    EXPECT_THROW(InferOption().setConfidence(value), std::invalid_argument);
    EXPECT_THROW(InferOption().setIou(value), std::invalid_argument);
  }
  EXPECT_THROW(model_.setMaxDetections(0), std::invalid_argument);
  EXPECT_THROW(model_.setClasses({0, 2}), std::invalid_argument);
  EXPECT_THROW(model_.setClasses({-1}), std::invalid_argument);
  EXPECT_EQ(model_.predict(good_).num, 1);
  EXPECT_EQ(model_.predict(good_).classes, std::vector<int>{1});
}

TEST(WrongOptionTest, IsRefusedWithTheValue) {
  InferOption option;
  EXPECT_THROW(option.setBorderValue(-1), std::invalid_argument);
  EXPECT_THROW(option.setBorderValue(256), std::invalid_argument);
  EXPECT_THROW(option.setBorderValue(std::numeric_limits<float>::quiet_NaN()), std::invalid_argument);
  EXPECT_THROW(option.setNormalizeParams({0, 0}, {1, 1, 1}), std::invalid_argument);
  EXPECT_THROW(option.setNormalizeParams({0, 0, 0}, {1, 0, 1}), std::invalid_argument);
  EXPECT_THROW(option.setNormalizeParams({0, 0, std::numeric_limits<float>::infinity()}, {1, 1, 1}),
               std::invalid_argument);
  EXPECT_THROW(option.setInputDimensions(0, 5), std::invalid_argument);
  EXPECT_THROW(option.setNetworkSize(640, -640), std::invalid_argument);
  EXPECT_THROW(option.setDeviceId(-1), std::invalid_argument);
  EXPECT_THROW(option.setStreams(-1), std::invalid_argument);
  EXPECT_THROW(option.setThreads(-1), std::invalid_argument);
  EXPECT_THROW(option.setBatch(0), std::invalid_argument);
  EXPECT_THROW(option.setMaxDetections(-5), std::invalid_argument);
  EXPECT_THROW(option.setClasses({-1}), std::invalid_argument);
  try {
    option.setBorderValue(300);
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("300"), std::string::npos);
  }
  // Nothing of all that stuck.
  EXPECT_NO_THROW(DetectModel(dataPath("shapes/detect.onnx"), option));
}

TEST(WrongOptionTest, CopiesAreTheirOwn) {
  InferOption first = InferOption().setConfidence(0.9F);
  InferOption second = first;
  second.setConfidence(0.1F);
  InferOption third = std::move(first);
  first = second;  // NOLINT(bugprone-use-after-move): a moved-from option is a default one
  EXPECT_EQ(DetectModel(dataPath("shapes/detect.onnx"), third).info().names.size(), 6U);
}

}  // namespace
}  // namespace trtyolo
