// Semantic segmentation and depth: which files are recognised, and that maps equal what Ultralytics makes of the same
// tensors, pixel for pixel (tests/data/README.md).
#include "model/pixel_maps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "model/head.hpp"
#include "support/references.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string mapPath(const std::string& name) {
  return test::dataPath("../tests/data/maps/" + name);
}

std::vector<std::string> mapFiles() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(mapPath(""))) {
    if (file.path().extension() == ".json") {
      names.push_back(file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Elements of a little-endian file, as f32.
template <typename Value>
std::vector<float> floatsOf(const std::string& bytes, std::size_t first, std::size_t count) {
  std::vector<Value> values(count);
  std::memcpy(values.data(), bytes.data() + first, count * sizeof(Value));
  return {values.begin(), values.end()};
}

class MapReferenceTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    std::ifstream text(mapPath(GetParam() + ".json")), data(mapPath(GetParam() + ".bin"), std::ios::binary);
    entry_ = json::parse(text);
    bytes_.assign(std::istreambuf_iterator<char>(data), {});
    model_.file = GetParam() + ".onnx";
    for (const auto& [list, tensors] : {std::pair{"inputs", &model_.inputs}, {"outputs", &model_.outputs}}) {
      for (const json& tensor : entry_.at(list)) {
        tensors->push_back({tensor.at("name"), tensor.at("type"), tensor.at("shape")});
      }
    }
    model_.metadata = entry_.at("metadata");
    const TensorInfo& output = model_.outputs.at(0);
    view_.shape.assign(output.shape.begin(), output.shape.end());
    const std::size_t count = view_.slotSize();
    values_ = output.type == "u8"    ? floatsOf<std::uint8_t>(bytes_, 0, count)
              : output.type == "i32" ? floatsOf<std::int32_t>(bytes_, 0, count)
                                     : floatsOf<float>(bytes_, 0, count);
    view_.data = values_.data();
  }

  json entry_;
  std::string bytes_;
  RawModel model_;
  std::vector<float> values_;
  TensorView view_;
};

TEST_P(MapReferenceTest, EqualsUltralyticsInEveryPixel) {
  const ModelDescription description = describe(model_, {});
  ASSERT_EQ(description.refusal, "");
  for (const json& asked : entry_.at("results")) {
    SCOPED_TRACE(asked.dump());
    const Size picture{asked.at("width"), asked.at("height")};
    PostprocessOptions options;
    options.classes = asked.at("classes").get<std::vector<int>>();
    const Result found = Head(description).decode({&view_, 1}, 0, description.fit(picture), options);
    const auto pixels = static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height);
    if (description.info.task == Task::Depth) {
      ASSERT_EQ(found.depth.data.size(), pixels);
      const std::vector<float> wanted = floatsOf<float>(bytes_, asked.at("offset"), pixels);
      EXPECT_GT(*std::max_element(wanted.begin(), wanted.end()), 2 * *std::min_element(wanted.begin(), wanted.end()));
      const float range = found.depth.range().max;
      std::size_t different = 0;
      for (std::size_t i = 0; i < pixels; ++i) {
        ASSERT_NEAR(found.depth.data[i], wanted[i], 1e-6F * range);
        different += found.depth.data[i] != wanted[i] ? 1U : 0U;
      }
      RecordProperty("different", static_cast<int>(different));
      continue;
    }
    cv::Mat wanted = cv::imread(mapPath(asked.at("file")), cv::IMREAD_UNCHANGED);
    ASSERT_EQ(wanted.size(), cv::Size(picture.width, picture.height));
    wanted.convertTo(wanted, CV_16U);
    const cv::Mat map(wanted.size(), CV_16U, const_cast<std::uint16_t*>(found.semantic.data.data()));
    EXPECT_EQ(cv::countNonZero(map != wanted), 0);
    EXPECT_GE(found.num + static_cast<int>(found.classes.size()), 1);
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      EXPECT_EQ(static_cast<std::size_t>(cv::countNonZero(map == found.semantic.valueOf(found.classes[i]))),
                found.pixels.at(i));
      EXPECT_FLOAT_EQ(found.scores.at(i), static_cast<float>(found.pixels[i]) / static_cast<float>(pixels));
      EXPECT_GE(i == 0 ? found.pixels[i] : found.pixels[i - 1], found.pixels[i]);
      EXPECT_TRUE(options.classes.empty() || options.wants(found.classes[i]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ultralytics, MapReferenceTest, testing::ValuesIn(mapFiles()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// ---------------------------------------------------------------------------------------------------------------------

RawModel rawModel(const std::string& type, const std::vector<int>& shape, const Metadata& metadata) {
  RawModel model;
  model.file = "model.onnx";
  model.inputs = {{"images", "f32", {1, 3, 64, 96}}};
  model.outputs = {{"output0", type, shape}};
  model.metadata = metadata;
  return model;
}

TEST(PixelMapsTest, TasksAreToldFromFilesAndShapes) {
  const auto kindOf = [](const RawModel& model, DescriptionOptions options = {}) {
    const ModelDescription description = describe(model, options);
    return std::pair(description.info.task,
                     description.refusal.empty() ? std::optional(description.layout.kind) : std::nullopt);
  };
  const Metadata names{{"names", "{0: 'a', 1: 'b'}"}};
  const auto with = [&](const char* task) {
    Metadata all = names;
    all["task"] = task;
    return all;
  };
  const std::pair map(Task::Semantic, std::optional(OutputLayout::Kind::ClassMap));
  EXPECT_EQ(kindOf(rawModel("u8", {1, 64, 96}, {})), map);
  EXPECT_EQ(kindOf(rawModel("i32", {1, 64, 96}, names)), map);
  EXPECT_EQ(kindOf(rawModel("f32", {1, 64, 96}, with("semantic"))), map);
  EXPECT_NE(kindOf(rawModel("f32", {1, 64, 96}, names)).first, Task::Semantic);
  EXPECT_EQ(kindOf(rawModel("f32", {1, 2, 64, 96}, with("semantic"))).second, OutputLayout::Kind::ClassLogits);
  EXPECT_EQ(kindOf(rawModel("f32", {1, 2, 8, 12}, with("semantic"))).second, OutputLayout::Kind::ClassLogits);
  EXPECT_EQ(kindOf(rawModel("f32", {1, 1, 16, 24}, with("depth"))).second, OutputLayout::Kind::Depth);
  EXPECT_EQ(kindOf(rawModel("f16", {1, 64, 96}, with("depth"))).second, OutputLayout::Kind::Depth);
  DescriptionOptions asked;
  asked.task = Task::Depth;
  EXPECT_EQ(kindOf(rawModel("f32", {1, 1, 64, 96}, {}), asked).second, OutputLayout::Kind::Depth);
  // Three classes where two are named; maps of another shape than the input; two depths; no maps at all.
  for (const auto& [task, shape] : {std::pair{"semantic", std::vector{1, 3, 64, 96}},
                                    {"semantic", {1, 96, 64}},
                                    {"semantic", {1, 2}},
                                    {"depth", {1, 2, 64, 96}},
                                    {"depth", {1, 1, 64, 64}},
                                    {"depth", {1, 6}}}) {
    EXPECT_EQ(kindOf(rawModel("f32", shape, with(task))).second, std::nullopt) << task;
  }
}

TEST(PixelMapsTest, DynamicNetworksLetterboxClassesAndStretchDepth) {
  for (const char* task : {"semantic", "depth"}) {
    RawModel model = rawModel("f32", {-1, 1, -1, -1}, {{"task", task}, {"imgsz", "[320, 320]"}});
    model.inputs[0].shape = {-1, 3, -1, -1};
    const ModelDescription description = describe(model, {});
    ASSERT_EQ(description.refusal, "");
    const Letterbox box = description.fit({200, 100});
    const bool depth = description.info.task == Task::Depth;
    EXPECT_EQ(box.network, (Size{320, depth ? 320 : 160}));
    EXPECT_EQ(box.scaled, box.network);
  }
}

TEST(PixelMapsTest, NumbersThatNoClassHas) {
  OutputLayout layout;
  layout.kind = OutputLayout::Kind::ClassMap;
  const std::vector<float> values{0, 3, -1, 255, 65535, 70000, std::numeric_limits<float>::quiet_NaN(), 3};
  const TensorView view{values.data(), {1, 2, 4}};
  const Letterbox box = Letterbox::fit({4, 2}, {4, 2});
  const auto decoded = [&](int classes) {
    layout.classes = classes;
    return decodePixels(layout, {&view, 1}, 0, box, {});
  };
  const Result known = decoded(4);
  EXPECT_EQ(known.semantic.data, (std::vector<std::uint16_t>{0, 3, 255, 255, 65535, 255, 255, 3}));
  EXPECT_EQ(known.classes, (std::vector<int>{3, 0}));
  EXPECT_EQ(known.pixels, (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(known.scores, (std::vector<float>{0.25F, 0.125F}));
  EXPECT_EQ(decoded(0).classes, (std::vector<int>{3, 0}));  // however many there may be
  const Result many = decoded(300);
  EXPECT_EQ(many.semantic.none, 65535);
  EXPECT_EQ(many.classes, (std::vector<int>{3, 0, 255}));
  const Masks masks = many.semantic.masks({3, 7});
  ASSERT_EQ(masks.size(), 2U);
  EXPECT_EQ(masks[0].data, (std::vector<std::uint8_t>{0, 1, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(masks.area(1), 0U);
}

TEST(PixelMapsTest, OneClassIsOneOrZero) {
  OutputLayout layout;
  layout.kind = OutputLayout::Kind::ClassLogits;
  layout.classes = 1;
  const std::vector<float> values{-1, 0, 1e-6F, 5};
  const TensorView view{values.data(), {1, 1, 2, 2}};
  PostprocessOptions options;
  options.classes = {0};
  const Result found = decodePixels(layout, {&view, 1}, 0, Letterbox::fit({2, 2}, {2, 2}), options);
  EXPECT_EQ(found.semantic.data, (std::vector<std::uint16_t>{0, 0, 1, 1}));
  EXPECT_TRUE(found.semantic.binary);
  EXPECT_EQ(found.classes, std::vector<int>{0});
  EXPECT_EQ(found.pixels, std::vector<std::size_t>{2});
  EXPECT_EQ(found.semantic.masks({0}).area(0), 2U);
}

TEST(PixelMapsTest, RangeOfDepth) {
  constexpr float kEndless = std::numeric_limits<float>::infinity();
  const DepthMap depth{{4, 0, -1, kEndless, std::nanf(""), 1, 3, 2}, 4, 2};
  const auto [min, median, max] = depth.range();
  EXPECT_EQ(min, 1);
  EXPECT_EQ(median, 2);
  EXPECT_EQ(max, 4);
  EXPECT_EQ((DepthMap{{0, kEndless}, 2, 1}).range().max, 0);
}

TEST(PixelMapsTest, ShapesThatWereNotPromisedAreNamed) {
  const std::vector<float> values(64);
  for (const auto& [kind, shape] : {std::pair{OutputLayout::Kind::ClassMap, std::vector<std::int64_t>{1, 2, 4, 4}},
                                    {OutputLayout::Kind::ClassMap, {1, 0, 4}},
                                    {OutputLayout::Kind::ClassLogits, {1, 4, 4}},
                                    {OutputLayout::Kind::ClassLogits, {1, 2, 4, 4}},
                                    {OutputLayout::Kind::Depth, {1, 3, 4, 4}},
                                    {OutputLayout::Kind::Depth, {0, 1, 4, 4}}}) {
    OutputLayout layout;
    layout.kind = kind;
    layout.classes = 3;
    const TensorView view{values.data(), shape};
    EXPECT_THROW(decodePixels(layout, {&view, 1}, 0, Letterbox::fit({4, 4}, {4, 4}), {}), InferenceError)
        << toText(shape);
  }
}

}  // namespace
}  // namespace trtyolo
