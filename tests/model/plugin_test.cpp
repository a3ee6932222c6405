// Networks that suppress by themselves and give each value of an object in a tensor of its own: how their outputs are
// told apart, and what the heads make of them, whatever is in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "model/description.hpp"
#include "model/head.hpp"
#include "model/mask_arithmetic.hpp"
#include "model/plugin_outputs.hpp"

namespace trtyolo {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
const Letterbox kUnscaled = Letterbox::fit({64, 64}, {64, 64});

RawModel modelOf(std::vector<TensorInfo> outputs) {
  RawModel model;
  model.file = "some.onnx";
  model.inputs = {{"images", "f32", {1, 3, 64, 64}}};
  model.outputs = std::move(outputs);
  return model;
}

const TensorInfo kCounts{"num_dets", "i32", {1, 1}}, kBoxes{"det_boxes", "f32", {1, 4, 4}},
    kRotated{"det_boxes", "f32", {1, 4, 5}}, kScores{"det_scores", "f32", {1, 4}},
    kClasses{"det_classes", "i32", {1, 4}}, kMasks{"det_masks", "f32", {1, 4, 16, 16}},
    kPoints{"det_kpts", "f32", {1, 4, 2, 3}}, kTopK{"topk", "f32", {1, 3, 2}};

TensorInfo named(TensorInfo tensor, const std::string& name) {
  tensor.name = name;
  return tensor;
}

TEST(PluginOutputsTest, AreToldByTheirNamesInAnyOrder) {
  const auto found = findPluginOutputs({kMasks, kClasses, kScores, kBoxes, kCounts});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->counts, 4U);
  EXPECT_EQ(found->boxes, 3U);
  EXPECT_EQ(found->scores, 2U);
  EXPECT_EQ(found->classNumbers, 1U);
  EXPECT_EQ(found->prototypes, 0U);
  EXPECT_EQ(found->extras, OutputLayout::kNone);
  // TensorRT's own names; classes may be real numbers where a name says what they are; others are let be.
  const auto standard = findPluginOutputs({named(kCounts, "num_detections"),
                                           named(kBoxes, "detection_boxes"),
                                           named(kScores, "detection_scores"),
                                           {"detection_classes", "f32", {1, 4}},
                                           {"indices", "i32", {1, 4}}});
  ASSERT_TRUE(standard);
  EXPECT_EQ(standard->classNumbers, 3U);
}

TEST(PluginOutputsTest, AreToldByShapesAndTypes) {
  std::vector<TensorInfo> outputs{
      named(kPoints, "a"), named(kScores, "b"), named(kClasses, "c"), named(kRotated, "d"), {"e", "i64", {-1, 1}}};
  for (std::size_t turn = 0; turn < outputs.size(); ++turn) {
    const auto found = findPluginOutputs(outputs);
    ASSERT_TRUE(found);
    ASSERT_NE(found->extras, OutputLayout::kNone);
    EXPECT_EQ(outputs[found->extras].name, "a");
    EXPECT_EQ(outputs[found->scores].name, "b");
    EXPECT_EQ(outputs[found->classNumbers].name, "c");
    EXPECT_EQ(outputs[found->boxes].name, "d");
    EXPECT_EQ(outputs[found->counts].name, "e");
    std::rotate(outputs.begin(), outputs.begin() + 1, outputs.end());
  }
  EXPECT_EQ(findPluginOutputs({named(kMasks, "a"), kScores, kClasses, kBoxes, kCounts})->prototypes, 0U);
}

TEST(PluginOutputsTest, AreNotGuessed) {
  EXPECT_FALSE(findPluginOutputs({}));
  EXPECT_FALSE(findPluginOutputs({kCounts, kBoxes, kScores}));
  EXPECT_FALSE(findPluginOutputs({kCounts, kBoxes, kScores, kScores}));
  EXPECT_FALSE(findPluginOutputs({named(kCounts, "a"), named(kBoxes, "b"), named(kScores, "c"), named(kScores, "d")}));
  // Room for one object: which of the two is the count?
  EXPECT_FALSE(
      findPluginOutputs({named(kCounts, "a"), {"b", "f32", {1, 1, 4}}, {"c", "f32", {1, 1}}, named(kCounts, "d")}));
  EXPECT_FALSE(findPluginOutputs({{"output0", "f32", {1, 84, 8400}}}));
}

ModelDescription described(std::vector<TensorInfo> outputs, std::optional<Task> task = {}, const Metadata& said = {}) {
  RawModel model = modelOf(std::move(outputs));
  model.metadata = said;
  DescriptionOptions options;
  options.task = task;
  return describe(model, options);
}

TEST(PluginLayoutTest, TellsTheTask) {
  EXPECT_EQ(described({kCounts, kBoxes, kScores, kClasses}).info.task, Task::Detect);
  EXPECT_EQ(described({kCounts, kRotated, kScores, kClasses}).info.task, Task::OBB);
  EXPECT_EQ(described({kCounts, kBoxes, kScores, kClasses, kMasks}).info.task, Task::Segment);
  const ModelDescription pose = described({kCounts, kBoxes, kScores, kClasses, kPoints});
  EXPECT_EQ(pose.info.task, Task::Pose);
  EXPECT_EQ(pose.info.keypoints, 2);
  EXPECT_EQ(pose.info.keypointDims, 3);
  EXPECT_EQ(described({kTopK}).info.task, Task::Classify);
}

TEST(PluginLayoutTest, SaysThatTheNetworkSuppresses) {
  for (const auto& outputs : {std::vector{kCounts, kBoxes, kScores, kClasses},
                              {kCounts, kRotated, kScores, kClasses},
                              {kCounts, kBoxes, kScores, kClasses, kMasks},
                              {kCounts, kBoxes, kScores, kClasses, kPoints}}) {
    const ModelDescription description = described(outputs);
    EXPECT_EQ(description.refusal, "");
    EXPECT_EQ(description.layout.kind, OutputLayout::Kind::EndToEnd);
    EXPECT_TRUE(description.layout.isWhole(0));
    EXPECT_FALSE(description.layout.isWhole(1));
    EXPECT_FALSE(description.layout.isWhole(2));
    EXPECT_TRUE(description.layout.isWhole(3));
    EXPECT_NE(description.info.layout.find("suppresses by itself"), std::string::npos) << description.info.layout;
  }
  EXPECT_EQ(described({kTopK}, Task::Classify).layout.kind, OutputLayout::Kind::BestClasses);
  EXPECT_EQ(described({named(kTopK, "output")}, Task::Classify).refusal, "");
}

// What the metadata says was cut off need not fit the outputs, nor the task that it names: a file may say anything.
TEST(PluginLayoutTest, RefusesCutsThatLackWhatTheTaskNeeds) {
  const std::vector<TensorInfo> outputs{{"b", "f32", {1, 20, 4}}, {"s", "f32", {1, 20, 2}}};
  const auto refusalOf = [&](const char* task, const char* cut) {
    return described(outputs, {}, {{"task", task}, {"kpt_shape", "[2, 3]"}, {kPluginCut, cut}}).refusal;
  };
  EXPECT_EQ(refusalOf("detect", R"({"boxes": "b", "scores": "s"})"), "");
  for (const char* task : {"segment", "pose"}) {
    EXPECT_NE(refusalOf(task, R"({"boxes": "b", "scores": "s"})").find("mask coefficients or keypoints"),
              std::string::npos)
        << task;
  }
  EXPECT_NE(refusalOf("segment", R"({"boxes": "b", "scores": "s", "extra": "s"})").find("mask prototypes"),
            std::string::npos);
  for (const char* cut : {"{}", R"({"boxes": "b"})", R"({"scores": "s"})", R"({"boxes": "", "scores": "s"})"}) {
    EXPECT_NE(refusalOf("detect", cut).find("names no boxes or no scores"), std::string::npos) << cut;
  }
}

TEST(PluginLayoutTest, DynamicSidesAreTaken) {
  EXPECT_EQ(described({{"num_dets", "i32", {-1, 1}},
                       {"det_boxes", "f32", {-1, -1, 4}},
                       {"det_scores", "f16", {-1, -1}},
                       {"det_classes", "i64", {-1, -1}}})
                .refusal,
            "");
}

TEST(PluginLayoutTest, RefusesWithTheFacts) {
  const auto expectRefusal = [](const ModelDescription& description, const std::string& fact) {
    EXPECT_NE(description.refusal.find(fact), std::string::npos) << fact << ": " << description.refusal;
    EXPECT_EQ(description.layout.counts, OutputLayout::kNone);
  };
  expectRefusal(described({kCounts, kBoxes, {"det_scores", "f32", {1, 5}}, kClasses}), "'det_scores' was expected");
  expectRefusal(described({kCounts, kBoxes, kScores, {"det_classes", "i32", {1, 4, 1}}}), "'det_classes' was expected");
  expectRefusal(described({{"num_dets", "i32", {1, 4}}, kBoxes, kScores, kClasses}), "'num_dets' was expected");
  expectRefusal(described({kCounts, kRotated, kScores, kClasses}, Task::Detect), "[batch, objects, 4]");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses}, Task::OBB), "[batch, objects, 5]");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses}, Task::Segment), "det_masks");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses, {"det_masks", "f32", {1, 3, 16, 16}}}),
                "'det_masks' was");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses}, Task::Pose), "det_kpts");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses, {"det_kpts", "f32", {1, 4, 6}}}), "'det_kpts' was");
  expectRefusal(described({kCounts, kBoxes, kScores, kClasses, kPoints}, {}, {{"kpt_shape", "[4, 2]"}}),
                "[batch, objects, 4, 2]");
}

// Outputs with memory of their own, and the head for them.
class Network {
 public:
  explicit Network(const std::vector<TensorInfo>& outputs, const std::vector<std::string>& names = {}) {
    DescriptionOptions options;
    options.names = names;
    description_ = describe(modelOf(outputs), options);
    EXPECT_EQ(description_.refusal, "");
    for (const TensorInfo& tensor : outputs) {
      std::size_t size = 1;
      TensorView view;
      for (const int side : tensor.shape) {
        size *= static_cast<std::size_t>(side);
        view.shape.push_back(side);
      }
      values_.push_back(std::make_unique<std::vector<float>>(size));  // exactly as large: sanitizers watch the ends
      view.data = values_.back()->data();
      views_.push_back(view);
    }
  }

  std::vector<float>& operator[](std::size_t output) { return *values_[output]; }
  std::vector<TensorView>& views() { return views_; }
  const ModelDescription& description() const { return description_; }
  Result decode(const PostprocessOptions& postprocess = {}) const {
    return Head(description_).decode(views_, 0, kUnscaled, postprocess);
  }

 private:
  ModelDescription description_;
  std::vector<std::unique_ptr<std::vector<float>>> values_;
  std::vector<TensorView> views_;
};

using Floats = std::vector<float>;

TEST(PluginHeadTest, GivesWhatTheNetworkCounts) {
  Network network({kScores, kBoxes, kCounts, kClasses}, {"a", "b", "c"});
  network[0] = {0.9F, 0.8F, 0.7F, 0.6F};
  network[1] = {1, 2, 3, 4, 1, 2, 3, 5, 10, 20, 30, 40, 50, 50, 60, 60};
  network[2] = {3};
  network[3] = {0, 0, 2, 1};
  const Result found = network.decode();
  EXPECT_EQ(found.scores, (Floats{0.9F, 0.8F, 0.7F}));  // overlaps stay
  EXPECT_EQ(found.classes, (std::vector<int>{0, 0, 2}));
  EXPECT_EQ(found.boxes.at(2).xyxy(), (std::array<float, 4>{10, 20, 30, 40}));
  PostprocessOptions postprocess;
  postprocess.confidence = 0.75F;
  EXPECT_EQ(network.decode(postprocess).scores, (Floats{0.9F, 0.8F}));
  postprocess = {};
  postprocess.classes = {2};
  EXPECT_EQ(network.decode(postprocess).scores, Floats{0.7F});
  postprocess = {};
  postprocess.maxDetections = 1;
  EXPECT_EQ(network.decode(postprocess).scores, Floats{0.9F});
}

TEST(PluginHeadTest, BadCountsReadNothingOutside) {
  Network network({kScores, kBoxes, kCounts, kClasses});
  network[0].assign(4, 0.9F);
  for (const auto& [said, objects] : {std::pair{0.0F, 0U},
                                      {-1.0F, 0U},
                                      {-2147483648.0F, 0U},
                                      {kNan, 0U},
                                      {4.0F, 4U},
                                      {5.0F, 4U},
                                      {2147483648.0F, 4U},
                                      {9.2e18F, 4U}}) {
    network[2] = {said};
    EXPECT_EQ(network.decode().scores.size(), objects) << said;
  }
}

TEST(PluginHeadTest, BadScoresAndClassesAreNoObjects) {
  Network network({kScores, kBoxes, kCounts, kClasses}, {"a", "b"});
  network[2] = {4};
  network[0] = {kNan, 0.9F, 0.8F, 0.7F};
  network[3] = {0, -1, 2, 1};
  EXPECT_EQ(network.decode().scores, Floats{0.7F});
  network[3] = {0, 2147483648.0F, kNan, -2147483648.0F};
  EXPECT_TRUE(network.decode().scores.empty());
  network[1].assign(16, kNan);
  network[3].assign(4, 1);
  for (const Box& box : network.decode().boxes) {
    EXPECT_EQ(box.xyxy(), (std::array<float, 4>{0, 0, 0, 0}));
  }
}

TEST(PluginHeadTest, RotatedBoxes) {
  Network network({kRotated, kScores, kClasses, kCounts});
  network[0] = {25, 18, 35, 22, 0.5F};  // corners before the turn
  network[0].resize(20);
  network[1] = {0.9F, 0, 0, 0};
  network[3] = {1};
  const Result found = network.decode();
  ASSERT_EQ(found.rotatedBoxes.size(), 1U);
  EXPECT_EQ(found.rotatedBoxes[0].xywhr(), (std::array<float, 5>{30, 20, 10, 4, 0.5F}));
}

TEST(PluginHeadTest, Keypoints) {
  for (const int dims : {2, 3}) {
    Network network({kCounts, {"det_kpts", "f32", {1, 4, 2, dims}}, kScores, kBoxes, kClasses});
    network[0] = {2};
    network[2] = {0.1F, 0.9F, 0, 0};
    for (std::size_t i = 0; i < network[1].size(); ++i) {
      network[1][i] = static_cast<float>(i);
    }
    const Result found = network.decode();
    ASSERT_EQ(found.keypoints.size(), 1U);
    ASSERT_EQ(found.keypoints[0].size(), 2U);
    const auto first = static_cast<float>(2 * dims);  // of the second object
    EXPECT_EQ(found.keypoints[0][0].y, first + 1);
    EXPECT_EQ(found.keypoints[0][1].x, first + static_cast<float>(dims));
    EXPECT_EQ(found.keypoints[0][1].conf, dims == 3 ? first + 5 : 1);
  }
}

// The mask of an object is its own, inside its box; without a pixel it is no object.
TEST(PluginHeadTest, Masks) {
  Network network({kCounts, kMasks, kScores, kBoxes, kClasses});
  network[0] = {3};
  network[2] = {0.9F, 0.8F, 0.7F, 0.6F};
  network[3] = {0, 0, 64, 64, 0, 0, 64, 64, 16, 0, 48, 64, 0, 0, 64, 64};
  std::fill_n(network[1].begin(), 256, 0.1F);
  for (std::size_t y = 0; y < 16; ++y) {
    for (std::size_t x = 0; x < 16; ++x) {
      network[1][256 + y * 16 + x] = x < 8 ? 0.9F : 0.1F;  // the left half
      network[1][512 + y * 16 + x] = y < 8 ? 0.9F : 0.1F;  // the upper half
    }
  }
  for (const bool retina : {true, false}) {
    PostprocessOptions postprocess;
    postprocess.retinaMasks = retina;
    const Result found = network.decode(postprocess);
    EXPECT_EQ(found.scores, (Floats{0.8F, 0.7F}));
    ASSERT_EQ(found.masks.size(), 2U);
    EXPECT_EQ(found.masks.area(0), 32U * 64U);
    EXPECT_EQ(found.masks.area(1), 32U * 32U);
    EXPECT_EQ(found.masks[0].data[31], 1);
    EXPECT_EQ(found.masks[0].data[32], 0);
    EXPECT_EQ(found.masks[1].data[15], 0);
    EXPECT_EQ(found.masks[1].data[16], 1);
  }
  network[1].assign(network[1].size(), kNan);
  EXPECT_TRUE(network.decode().scores.empty());
  network[1].assign(network[1].size(), 1.0F);
  EXPECT_EQ(network.decode().masks.area(0), 64U * 64U);
}

// Whatever the box: also where it ends between pixels, or outside of the image.
TEST(PluginHeadTest, MasksCoverTheirBoxes) {
  Network network({kCounts, kMasks, kScores, kBoxes, kClasses});
  network[0] = {4};
  network[2] = {0.9F, 0.8F, 0.7F, 0.6F};
  network[3] = {16, 8, 48, 24, 10.5F, 0, 30.5F, 64, 40, 40, 80, 56, 2, 3, 4, 4};
  for (std::size_t i = 0; i < network[1].size(); ++i) {
    network[1][i] = i % 16 < 8 ? 0.9F : 0.1F;  // the left half
  }
  for (const bool retina : {true, false}) {
    PostprocessOptions postprocess;
    postprocess.retinaMasks = retina;
    const Result found = network.decode(postprocess);
    ASSERT_EQ(found.masks.size(), 4U);
    EXPECT_EQ(found.masks.area(0), 16U * 16U);
    EXPECT_EQ(found.masks[0].data[10 * 64 + 31], 1);
    EXPECT_EQ(found.masks[0].data[10 * 64 + 32], 0);
    EXPECT_EQ(found.masks.area(1), 9U * 64U);  // pixels 11 to 19, whose middles lie before that of the box
    EXPECT_EQ(found.masks[2].data[45 * 64 + 59], 1);
  }
}

// Edges lie where those of the logits lie that the sigmoid was taken of.
TEST(PluginHeadTest, MasksAreScaledAsLogits) {
  for (const float p : {1e-6F, 0.01F, 0.3F, 0.5F, 0.7071F, 0.75F, 0.99F, 0.99999F}) {
    const double expected = std::log(static_cast<double>(p) / (1.0 - static_cast<double>(p)));
    EXPECT_NEAR(maskLogit(p), expected, 2e-6 * (1 + std::abs(expected))) << p;
  }
  EXPECT_EQ(maskLogit(0.5F), 0.0F);
  for (const float low : {-5.0F, 0.0F, -std::numeric_limits<float>::infinity(), kNan}) {
    EXPECT_LT(maskLogit(low), -16.0F);
    EXPECT_GT(maskLogit(low), -17.0F);
  }
  for (const float high : {1.0F, 5.0F, std::numeric_limits<float>::infinity()}) {
    EXPECT_GT(maskLogit(high), 16.0F);
    EXPECT_LT(maskLogit(high), 17.0F);
  }
}

TEST(PluginHeadTest, BestClasses) {
  Network network({{"topk", "f32", {1, 6, 2}}}, {"a", "b", "c", "d"});
  network[0] = {0.9F, 3, kNan, 2, 0.5F, 1, 0.4F, 4, 0.3F, -1, 0.0F, 0};
  PostprocessOptions postprocess;
  postprocess.confidence = 0.99F;  // those of detectors have no effect
  postprocess.classes = {2};
  postprocess.maxDetections = 1;
  EXPECT_EQ(network.decode(postprocess).classes, (std::vector<int>{3, 1, 0}));
  EXPECT_EQ(network.decode(postprocess).scores, (Floats{0.9F, 0.5F, 0.0F}));
  postprocess.topK = 2;
  EXPECT_EQ(network.decode(postprocess).classes, (std::vector<int>{3, 1}));
}

TEST(PluginHeadTest, ShapesThatWereNotPromisedAreNamed) {
  const std::vector<TensorInfo> outputs{kCounts, kBoxes, kScores, kClasses, kMasks};
  const std::vector<std::pair<std::size_t, std::vector<std::int64_t>>> wrong{
      {0, {1, 2}}, {0, {0, 1}}, {1, {1, 4, 5}}, {2, {1, 3}}, {3, {1, 5}}, {3, {0, 4}}, {4, {1, 3, 16, 16}}};
  for (const auto& [output, shape] : wrong) {
    Network network(outputs);
    network[0] = {4};
    network.views()[output].shape = shape;
    try {
      network.decode();
      ADD_FAILURE() << output << ": " << toText(shape);
    } catch (const InferenceError& error) {
      EXPECT_NE(std::string(error.what()).find("found ["), std::string::npos) << error.what();
    }
  }
}

// Whatever a network puts out, nothing is read or written outside, and results are of one piece.
TEST(PluginHeadTest, SurviveRandomOutputs) {
  std::mt19937 random(23);
  for (int round = 0; round < 400; ++round) {
    const int objects = static_cast<int>(random() % 5);
    std::vector<TensorInfo> outputs{kCounts,
                                    {"det_boxes", "f32", {1, objects, 4}},
                                    {"det_scores", "f32", {1, objects}},
                                    {"det_classes", "i32", {1, objects}}};
    const Task task = std::array{Task::Detect, Task::OBB, Task::Segment, Task::Pose}[random() % 4];
    if (task == Task::OBB) {
      outputs[1].shape[2] = 5;
    } else if (task == Task::Segment) {
      outputs.push_back({"det_masks", "f32", {1, objects, 16, 16}});
    } else if (task == Task::Pose) {
      outputs.push_back({"det_kpts", "f32", {1, objects, 2, 3}});
    }
    Network network(outputs);
    ASSERT_EQ(network.description().info.task, task);
    for (std::size_t output = 0; output < outputs.size(); ++output) {
      for (float& value : network[output]) {
        const std::array<float, 6> odd{kNan, INFINITY, -INFINITY, 1e30F, -1.0F, 65536.0F};
        const auto one = random();
        value = one % 6 == 0 ? odd[one / 6 % 6] : static_cast<float>(one % 10000) / 100.0F;
      }
    }
    const Result found = network.decode();
    EXPECT_LE(found.classes.size(), static_cast<std::size_t>(objects));
    EXPECT_EQ(found.scores.size(), found.classes.size());
    EXPECT_EQ(task == Task::OBB ? found.rotatedBoxes.size() : found.boxes.size(), found.classes.size());
    EXPECT_EQ(found.masks.size(), task == Task::Segment ? found.classes.size() : 0U);
    EXPECT_EQ(found.keypoints.size(), task == Task::Pose ? found.classes.size() : 0U);
    for (const int index : found.classes) {
      EXPECT_TRUE(index >= 0 && index < 65536);
    }
  }
}

}  // namespace
}  // namespace trtyolo
