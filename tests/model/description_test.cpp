// What is told of a model from its inputs, outputs and metadata, and what is refused.
#include "model/description.hpp"

#include <gtest/gtest.h>

#include "model/head.hpp"
#include "model/layout_text.hpp"

namespace trtyolo {
namespace {

RawModel detector() {
  RawModel model;
  model.file = "some.onnx";
  model.inputs = {{"images", "f32", {1, 3, 480, 640}}};
  model.outputs = {{"output0", "f32", {1, 6, 6300}}};
  model.metadata = {{"task", "detect"}, {"names", "{0: 'cat', 1: 'dog'}"}, {"stride", "32"}, {"imgsz", "[480, 640]"}};
  return model;
}

std::string messageOf(const RawModel& model, const DescriptionOptions& options = {}) {
  try {
    static_cast<void>(Head(describe(model, options)));
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

TEST(DescriptionTest, TellsADetector) {
  const ModelDescription description = describe(detector(), {});
  const ModelInfo& info = description.info;
  EXPECT_EQ(info.task, Task::Detect);
  EXPECT_EQ(info.names.map(), (std::map<int, std::string>{{0, "cat"}, {1, "dog"}}));
  EXPECT_EQ(info.networkWidth, 640);
  EXPECT_EQ(info.networkHeight, 480);
  EXPECT_EQ(info.batch, 1);
  EXPECT_FALSE(info.dynamicSize);
  EXPECT_FALSE(description.rect);
  EXPECT_EQ(description.layout.classes, 2);
  EXPECT_EQ(description.refusal, "");
}

TEST(DescriptionTest, WorksWithoutMetadata) {
  RawModel model = detector();
  model.metadata.clear();
  const ModelDescription description = describe(model, {});
  EXPECT_EQ(description.info.task, Task::Detect);
  EXPECT_EQ(description.info.names.map(), (std::map<int, std::string>{{0, "0"}, {1, "1"}}));
  EXPECT_EQ(description.info.stride, 32);
}

TEST(DescriptionTest, DynamicSizesComeFromOptionMetadataOrDefault) {
  RawModel model = detector();
  model.inputs[0].shape = {-1, 3, -1, -1};
  model.outputs[0].shape = {-1, 6, -1};
  DescriptionOptions options;
  options.batch = 4;
  ModelDescription description = describe(model, options);
  EXPECT_EQ(description.networkSize(), (Size{640, 480}));
  EXPECT_EQ(description.info.batch, 4);
  EXPECT_TRUE(description.rect);
  EXPECT_EQ(description.fit({1920, 1080}).network, (Size{640, 384}));

  options.networkSize = Size{320, 256};
  options.rect = false;
  description = describe(model, options);
  EXPECT_EQ(description.networkSize(), (Size{320, 256}));
  EXPECT_FALSE(description.rect);
  EXPECT_EQ(description.fit({1920, 1080}).network, (Size{320, 256}));

  model.metadata.erase("imgsz");
  EXPECT_EQ(describe(model, {}).networkSize(), (Size{640, 640}));
}

TEST(DescriptionTest, ShapesTellTasksWithoutMetadata) {
  RawModel model = detector();
  model.metadata.clear();
  model.outputs = {{"output0", "f32", {1, 38, 6300}}, {"output1", "f32", {1, 32, 120, 160}}};
  EXPECT_EQ(describe(model, {}).info.task, Task::Segment);
  model.outputs = {{"output0", "f32", {1, 1000}}};
  EXPECT_EQ(describe(model, {}).info.task, Task::Classify);
  DescriptionOptions options;
  options.task = Task::Detect;
  EXPECT_EQ(describe(model, options).info.task, Task::Detect);
}

TEST(DescriptionTest, RefusesWhatItDoesNotUnderstandWithTheFacts) {
  const auto expectRefusal = [](const std::vector<TensorInfo>& outputs, const std::string& fact) {
    RawModel model = detector();
    model.outputs = outputs;
    const std::string message = messageOf(model);
    EXPECT_NE(message.find("some.onnx"), std::string::npos) << message;
    EXPECT_NE(message.find(fact), std::string::npos) << message;
    EXPECT_NE(message.find("[batch, 4 + classes + extra, anchors]"), std::string::npos) << message;
  };
  expectRefusal({}, "none");
  expectRefusal({{"a", "f32", {1, 6}}}, "'a' f32 [1, 6]");
  expectRefusal({{"a", "f32", {1, 6, 6300}}, {"b", "f32", {1, 9, 9}}}, "'b' f32 [1, 9, 9]");
  expectRefusal({{"a", "f32", {1, 2, 3, 4, 5, 6}}}, "[1, 2, 3, 4, 5, 6]");
  expectRefusal({{"a", "f32", {1, 7, 6300}}}, "2 classes");
  expectRefusal({{"a", "f32", {1, 4, 6300}}}, "[1, 4, 6300]");
  expectRefusal({{"a", "f32", {1, 6, 300, 1}}}, "[1, 6, 300, 1]");
}

TEST(DescriptionTest, RefusesInputsThatAreNoImages) {
  for (const std::vector<int>& shape : {std::vector<int>{1, 3, 640},
                                        {1, 4, 640, 640},
                                        {1, 640, 640, 4},
                                        {},
                                        {0, 3, 64, 64},
                                        {1, 3, 0, 640},
                                        {1, 3, 640, 1000000}}) {
    RawModel model = detector();
    model.inputs[0].shape = shape;
    EXPECT_THROW(describe(model, {}), ModelError) << toString(model.inputs[0]);
  }
  RawModel model = detector();
  model.inputs.clear();
  EXPECT_NE(messageOf(model).find("found none"), std::string::npos);
  model = detector();
  model.inputs[0].type = "i32";
  EXPECT_NE(messageOf(model).find("i32"), std::string::npos);
}

TEST(DescriptionTest, RefusesContradictions) {
  DescriptionOptions options;
  options.task = Task::Pose;
  EXPECT_NE(messageOf(detector(), options).find("pose"), std::string::npos);
  options = {};
  options.networkSize = Size{320, 320};
  EXPECT_NE(messageOf(detector(), options).find("fixed at 480"), std::string::npos);
  RawModel model = detector();
  model.metadata["task"] = "fly";
  EXPECT_NE(messageOf(model).find("'fly'"), std::string::npos);
  model = detector();
  model.inputs[0].shape = {1, 3, -1, -1};
  options.networkSize = Size{100, 320};
  EXPECT_NE(messageOf(model, options).find("multiples of 32"), std::string::npos);
}

TEST(DescriptionTest, RefusesPlacesThatResultsCannotBeTakenBackFrom) {
  RawModel segmenter = detector();
  segmenter.metadata["task"] = "segment";
  segmenter.outputs = {{"output0", "f32", {1, 38, 6300}}, {"output1", "f32", {1, 32, 120, 160}}};
  RawModel rotated = detector();
  rotated.metadata["task"] = "obb";
  rotated.outputs = {{"output0", "f32", {1, 7, 6300}}};
  const auto refused = [](const RawModel& model, LetterboxMode mode) {
    DescriptionOptions options;
    options.pixels.letterbox = mode;
    return messageOf(model, options).find("--letterbox") != std::string::npos;
  };
  for (const LetterboxMode mode : {LetterboxMode::Auto, LetterboxMode::Center}) {
    EXPECT_EQ(messageOf(segmenter), "");
    EXPECT_FALSE(refused(segmenter, mode));
    EXPECT_FALSE(refused(rotated, mode));
  }
  EXPECT_TRUE(refused(segmenter, LetterboxMode::TopLeft));
  EXPECT_TRUE(refused(segmenter, LetterboxMode::Stretch));
  EXPECT_FALSE(refused(rotated, LetterboxMode::TopLeft));
  EXPECT_TRUE(refused(rotated, LetterboxMode::Stretch));
  EXPECT_FALSE(refused(detector(), LetterboxMode::Stretch));
}

TEST(DescriptionTest, TextOfFilesBecomesValidUtf8) {
  const std::string replaced = "\xEF\xBF\xBD";
  RawModel model = detector();
  model.outputs[0].name = "out\xFFput";
  model.metadata["names"] = "{0: 'c\xE9t', 1: '\\ud83d'}";
  model.metadata["auth\xFFor"] = "\xED\xA0\xBD";
  const ModelInfo info = describe(model, {}).info;
  EXPECT_EQ(info.names.map(), (std::map<int, std::string>{{0, "c" + replaced + "t"}, {1, replaced}}));
  EXPECT_EQ(info.metadata.at("auth" + replaced + "or"), replaced + replaced + replaced);
  EXPECT_EQ(info.outputs.at(0).name, "out" + replaced + "put");
  EXPECT_NE(info.layout.find("'out" + replaced + "put'"), std::string::npos) << info.layout;
  DescriptionOptions options;
  options.names = {"a\xFF", "b"};
  EXPECT_EQ(describe(model, options).info.names[0], "a" + replaced);
  model.metadata["task"] = "\xFF";
  EXPECT_NE(messageOf(model).find("'" + replaced + "'"), std::string::npos) << messageOf(model);
}

TEST(DescriptionTest, IgnoresMetadataThatIsNonsense) {
  RawModel model = detector();
  model.metadata["stride"] = "-5";
  model.metadata["imgsz"] = "big";
  model.metadata["names"] = "{{{";
  const ModelDescription description = describe(model, {});
  EXPECT_EQ(description.info.stride, 32);
  EXPECT_EQ(description.info.names.size(), 2U);
  EXPECT_EQ(description.info.names[1], "1");
}

}  // namespace
}  // namespace trtyolo
