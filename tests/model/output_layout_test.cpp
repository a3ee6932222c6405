// Which layouts are told from shapes, names and metadata, and which are refused.
#include "model/output_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "model/description.hpp"

namespace trtyolo {
namespace {

using Kind = OutputLayout::Kind;

struct Case {
  Case(Task t, std::vector<std::vector<int>> o, int n = 0, bool e = false, std::string k = "", Layout w = Layout::Auto,
       int s = 640)
      : task(t), outputs(std::move(o)), named(n), endToEnd(e), keypoints(std::move(k)), wanted(w), side(s) {}

  Task task;
  std::vector<std::vector<int>> outputs;
  int named;
  bool endToEnd;
  std::string keypoints;  // the metadata's kpt_shape
  Layout wanted;
  int side;  // of the network's input
};

ModelDescription described(const Case& c) {
  RawModel model;
  model.file = "some.onnx";
  model.inputs = {{"images", "f32", {1, 3, c.side, c.side}}};
  for (const auto& shape : c.outputs) {
    model.outputs.push_back({"output" + std::to_string(model.outputs.size()), "f32", shape});
  }
  if (c.endToEnd) {
    model.metadata["end2end"] = "True";
  }
  if (!c.keypoints.empty()) {
    model.metadata["kpt_shape"] = c.keypoints;
  }
  DescriptionOptions options;
  options.task = c.task;
  options.layout = c.wanted;
  for (int i = 0; i < c.named; ++i) {
    options.names.push_back("name" + std::to_string(i));
  }
  return describe(model, options);
}

OutputLayout layoutOf(const Case& c) {
  const ModelDescription description = described(c);
  EXPECT_EQ(description.refusal, "");
  return description.layout;
}

void expectCandidates(const Case& c, bool anchorsFirst, bool objectness, int classes, int extra) {
  const OutputLayout layout = layoutOf(c);
  EXPECT_EQ(layout.kind, Kind::Candidates);
  EXPECT_EQ(layout.anchorsFirst, anchorsFirst);
  EXPECT_EQ(layout.objectness, objectness);
  EXPECT_EQ(layout.classes, classes);
  EXPECT_EQ(layout.extra, extra);
}

TEST(OutputLayoutTest, UltralyticsRawOutputs) {
  for (const int named : {0, 80}) {
    expectCandidates({Task::Detect, {{1, 84, 8400}}, named}, false, false, 80, 0);
    expectCandidates({Task::Segment, {{1, 116, 8400}, {1, 32, 160, 160}}, named}, false, false, 80, 32);
  }
  expectCandidates({Task::OBB, {{1, 20, 8400}}}, false, false, 15, 1);
  expectCandidates({Task::Pose, {{1, 56, 8400}}, 0, false, "[17, 3]"}, false, false, 1, 51);
  expectCandidates({Task::Pose, {{1, 14, 8400}}, 2, false, "[4, 2]"}, false, false, 2, 8);
  expectCandidates({Task::Pose, {{1, 56, 8400}}}, false, false, 1, 51);  // one class, COCO's three values
}

TEST(OutputLayoutTest, Transposed) {
  expectCandidates({Task::Detect, {{1, 8400, 84}}, 80}, true, false, 80, 0);
  expectCandidates({Task::Segment, {{1, 32, 160, 160}, {1, 8400, 116}}, 80}, true, false, 80, 32);
  expectCandidates({Task::Detect, {{1, 8400, 84}}, 0, false, "", Layout::ClassScores}, true, false, 80, 0);
}

TEST(OutputLayoutTest, WithObjectness) {
  for (const int named : {0, 80}) {
    expectCandidates({Task::Detect, {{1, 25200, 85}}, named}, true, true, 80, 0);
    expectCandidates({Task::Segment, {{1, 25200, 117}, {1, 32, 160, 160}}, named}, true, true, 80, 32);
  }
  expectCandidates({Task::Detect, {{1, 25200, 6}}, 1}, true, true, 1, 0);
  expectCandidates({Task::Detect, {{1, 8400, 85}}, 80}, true, true, 80, 0);  // YOLOX
  expectCandidates({Task::Detect, {{1, 8400, 85}}, 0, false, "", Layout::Objectness}, true, true, 80, 0);
  // The grids themselves beside the output, as YOLOv5 and YOLOv7 may leave them.
  expectCandidates({Task::Detect, {{1, 25200, 85}, {1, 3, 80, 80, 85}, {1, 3, 40, 40, 85}, {1, 3, 20, 20, 85}}, 80},
                   true, true, 80, 0);
}

TEST(OutputLayoutTest, EndToEnd) {
  for (const bool said : {false, true}) {
    const OutputLayout layout = layoutOf({Task::Detect, {{1, 300, 6}}, 80, said});
    EXPECT_EQ(layout.kind, Kind::EndToEnd);
    EXPECT_EQ(layout.classes, 80);
    EXPECT_EQ(layoutOf({Task::OBB, {{1, 300, 7}}, 15, said}).values(), 7);
    EXPECT_EQ(layoutOf({Task::Segment, {{1, 300, 38}, {1, 32, 160, 160}}, 80, said}).values(), 38);
    EXPECT_EQ(layoutOf({Task::Pose, {{1, 300, 57}}, 1, said, "[17, 3]"}).values(), 57);
  }
  EXPECT_EQ(layoutOf({Task::Detect, {{1, 300, 6}}, 2}).kind, Kind::EndToEnd);  // not two classes, transposed
  EXPECT_EQ(layoutOf({Task::Detect, {{1, 300, 6}}, 0}).classes, 0);
  EXPECT_EQ(layoutOf({Task::Detect, {{1, 2000, 6}}, 80, false, "", Layout::EndToEnd}).kind, Kind::EndToEnd);
  // A small network has as few anchors.
  expectCandidates({Task::Detect, {{1, 84, 6}}, 2, false, "", Layout::Auto, 64}, true, false, 2, 0);
}

TEST(OutputLayoutTest, BoxesAndScoresApart) {
  for (const bool boxesFirst : {true, false}) {
    const std::vector<int> boxes{1, 8400, 4}, scores{1, 8400, 80};
    const OutputLayout layout = layoutOf(
        {Task::Detect,
         boxesFirst ? std::vector<std::vector<int>>{boxes, scores} : std::vector<std::vector<int>>{scores, boxes}, 80});
    EXPECT_EQ(layout.boxes, boxesFirst ? 0U : 1U);
    EXPECT_EQ(layout.scores, boxesFirst ? 1U : 0U);
    EXPECT_EQ(layout.form.kind, BoxForm::Kind::Corners);
    EXPECT_EQ(layout.classes, 80);
  }
}

// Of one-to-one heads every class that scores is an object; of the others, boxes suppress each other.
TEST(OutputLayoutTest, CandidatesOfLibreYolo) {
  for (const auto& [family, sides, suppressed] :
       {std::tuple{"yolo9_e2e", std::vector{1, 84, 8400}, true}, std::tuple{"yolo9", std::vector{1, 84, 8400}, false},
        std::tuple{"picodet", std::vector{1, 8500, 84}, false},
        std::tuple{"rtmdet", std::vector{1, 8400, 84}, false}}) {
    RawModel model;
    model.inputs = {{"images", "f32", {1, 3, 640, 640}}};
    model.outputs = {{"output", "f32", sides}};
    model.metadata["model_family"] = family;
    const OutputLayout layout = describe(model, {}).layout;
    EXPECT_EQ(layout.kind, Kind::Candidates) << family;
    EXPECT_EQ(layout.classes, 80) << family;
    EXPECT_EQ(layout.anchorsFirst, sides.back() == 84) << family;
    EXPECT_EQ(layout.suppressed, suppressed) << family;
    EXPECT_EQ(layout.form.kind, BoxForm::Kind::Corners) << family;
    EXPECT_TRUE(layout.multiLabel && layout.clipped) << family;
  }
}

TEST(OutputLayoutTest, Classifier) {
  const OutputLayout layout = layoutOf({Task::Classify, {{1, 1000}}, 1000});
  EXPECT_EQ(layout.kind, Kind::ClassScores);
  EXPECT_EQ(layout.classes, 1000);
}

TEST(OutputLayoutTest, DynamicSides) {
  expectCandidates({Task::Detect, {{-1, 84, -1}}, 80}, false, false, 80, 0);
  expectCandidates({Task::Detect, {{-1, 84, -1}}}, false, false, 80, 0);
  expectCandidates({Task::Detect, {{-1, -1, 85}}, 80}, true, true, 80, 0);
}

TEST(OutputLayoutTest, RefusesWithTheFacts) {
  const auto expectRefusal = [](const Case& c, const std::string& fact) {
    const std::string refusal = described(c).refusal;
    const std::size_t nearest = refusal.find("\n  nearest: "), advice = refusal.find("\n  what to do: ");
    ASSERT_TRUE(nearest != std::string::npos && advice != std::string::npos) << refusal;
    EXPECT_EQ(refusal.rfind("found: ", 0), 0U) << refusal;
    EXPECT_NE(refusal.substr(0, advice).find(fact), std::string::npos) << refusal;
    EXPECT_EQ(std::count(refusal.begin(), refusal.end(), '\n'), 2) << refusal;
  };
  expectRefusal({Task::Detect, {{1, 8400, 85}}}, "setLayout()");  // with or without objectness: both are possible
  expectRefusal({Task::Detect, {{1, 84, 8400}}, 7}, "7 classes");
  expectRefusal({Task::Detect, {{1, 300, 7}}, 80, true}, "end-to-end");
  expectRefusal({Task::Segment, {{1, 116, 8400}}, 80}, "mask prototypes");
  expectRefusal({Task::Pose, {{1, 5, 8400}}}, "keypoints");
  expectRefusal({Task::Classify, {{1, 10, 10}}}, "classifier");
  expectRefusal({Task::Classify, {{1, 10}}, 11}, "11 classes");
  expectRefusal({Task::Detect, {}}, "none");
  expectRefusal({Task::Detect, {{1, 8400, 80, 2}}}, "[batch, 4 + classes + extra, anchors]");
}

}  // namespace
}  // namespace trtyolo
