// The files of a model: what they are, and that their content is read once.
#include "runtime/model_source.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

// A field of Protocol Buffers that has a length.
std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}

// An ONNX model whose one tensor is in another file.
std::string onnxWith(const std::string& location) {
  constexpr int kGraph = 7, kInitializer = 5, kExternalData = 13;
  const std::string entry = field(1, "location") + field(2, location);
  return field(kGraph, field(kInitializer, field(kExternalData, entry)));
}

class ModelSourceTest : public testing::Test {
 protected:
  static std::string refusalOf(const ModelSource& source) {
    try {
      source.fingerprint();
      return "";
    } catch (const ModelError& error) {
      return error.what();
    }
  }

  const test::TempDir folder_;
};

TEST_F(ModelSourceTest, KindsAreToldByTheContent) {
  const auto kindOf = [this](const std::string& content) {
    return ModelSource(folder_.write("model.onnx", content)).kind();
  };
  EXPECT_EQ(kindOf("\x08\x08..."), FileKind::OnnxOrUnknown);
  EXPECT_EQ(kindOf("\xEF\xBB\xBF <?xml version=\"1.0\"?>"), FileKind::OpenVinoIr);
  EXPECT_EQ(kindOf("<net name=\"a\">"), FileKind::OpenVinoIr);
  EXPECT_EQ(kindOf("ftrt..."), FileKind::TensorRtEngine);
  EXPECT_EQ(kindOf(std::string("\x09\x01\0\0{\"task\"", 11)), FileKind::TensorRtEngine);
  EXPECT_EQ(kindOf(std::string("\x09\x01\xFF\0{\"task\"", 11)), FileKind::TensorRtEngine);  // thousands of names
}

TEST_F(ModelSourceTest, WeightsOfAnIrCount) {
  const std::string file = folder_.write("model.xml", "<net/>");
  EXPECT_EQ(ModelSource(file).bytes(), 6U);
  folder_.write("model.bin", "1234");
  EXPECT_EQ(ModelSource(file).bytes(), 10U);
  const std::string before = ModelSource(file).fingerprint();
  folder_.write("model.bin", "1235");
  EXPECT_NE(ModelSource(file).fingerprint(), before);
}

TEST_F(ModelSourceTest, AFingerprintIsThatOfTheContent) {
  const std::string file = folder_.write("model.onnx", "one");
  const std::string one = ModelSource(file).fingerprint();
  EXPECT_EQ(ModelSource(folder_.write("copy.onnx", "one")).fingerprint(), one);
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(ModelSource(file).fingerprint(), one);
  // The same size at the same time: only the content tells.
  const auto written = std::filesystem::last_write_time(file);
  folder_.write("model.onnx", "two");
  std::filesystem::last_write_time(file, written);
  EXPECT_NE(ModelSource(file).fingerprint(), one);
}

TEST_F(ModelSourceTest, WhatWasReadIsNotReadAgain) {
  const std::string file = folder_.write("model.onnx", "one");
  const std::string one = ModelSource(file).fingerprint();
  const ModelSource source(file);
  EXPECT_EQ(source.content(), "one");
  folder_.write("model.onnx", "another");
  EXPECT_EQ(source.content(), "one");
  EXPECT_EQ(source.fingerprint(), one);
  std::filesystem::remove(file);
  EXPECT_EQ(source.fingerprint(), one);
}

TEST_F(ModelSourceTest, SideFilesOfAnOnnxModel) {
  const ModelSource source(folder_.write("model.onnx", onnxWith("w.bin")));
  EXPECT_EQ(source.sideFiles(), (std::set<std::string>{"w.bin"}));
  EXPECT_NE(refusalOf(source).find("its weights are in 'w.bin', and no such file"), std::string::npos)
      << refusalOf(source);
  folder_.write("w.bin", "1234");
  const std::string fingerprint = source.fingerprint();
  folder_.write("w.bin", "1235");
  EXPECT_EQ(source.fingerprint(), fingerprint);
  EXPECT_NE(ModelSource(source.path()).fingerprint(), fingerprint);
  // Another folder with the same files holds the same model.
  std::filesystem::create_directory(folder_ / "moved");
  folder_.write("moved/w.bin", "1234");
  EXPECT_EQ(ModelSource(folder_.write("moved/model.onnx", onnxWith("w.bin"))).fingerprint(), fingerprint);
}

TEST_F(ModelSourceTest, SideFilesOutsideOfTheFolderAreNotRead) {
  folder_.write("w.bin", "1234");
  std::filesystem::create_directory(folder_ / "inside");
  for (const std::string& location : {std::string("../w.bin"), folder_ / "w.bin"}) {
    const ModelSource source(folder_.write("inside/model.onnx", onnxWith(location)));
    EXPECT_NE(refusalOf(source).find("outside of the model's folder"), std::string::npos) << refusalOf(source);
  }
}

TEST_F(ModelSourceTest, WhatIsNoModelFileIsNamed) {
  const auto refusal = [](const std::string& path) -> std::string {
    try {
      const ModelSource source(path);
      return "";
    } catch (const ModelError& error) {
      EXPECT_EQ(std::string(error.what()).find("'" + path + "': "), 0U) << error.what();
      return error.what();
    }
  };
  EXPECT_NE(refusal(folder_ / "none").find("no such model file"), std::string::npos);
  EXPECT_NE(refusal(folder_ / "").find("found a folder"), std::string::npos);
  EXPECT_NE(refusal(folder_.write("empty", "")).find("is empty"), std::string::npos);
  EXPECT_NE(refusal("/dev/null").find("regular file"), std::string::npos);
}

}  // namespace
}  // namespace trtyolo
