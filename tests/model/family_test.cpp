// Which family a file is of, and what told it.
#include "model/family/family.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/onnx_graph.hpp"
#include "model/plugin_cut.hpp"

namespace trtyolo::family_test {
namespace {

struct Output {
  std::string name;
  std::vector<int> shape;
};

// Of 640 x 640 pixels: 8400 cells.
ModelInfo infoOf(const std::vector<Output>& outputs) {
  ModelInfo info;
  info.networkWidth = info.networkHeight = 640;
  for (const Output& output : outputs) {
    info.outputs.push_back({output.name, "f32", output.shape});
  }
  return info;
}

const Output kUltralytics{"output0", {1, 84, 8400}};

std::string familyBy(const Metadata& metadata, const std::vector<Output>& outputs = {kUltralytics}) {
  const FamilyReading reading = familyOf(infoOf(outputs), metadata, "");
  EXPECT_EQ(reading.refusal, "");
  EXPECT_NE(reading.why, "");
  return reading.family->name;
}

std::string familyByOutputs(const std::vector<Output>& outputs) {
  return familyBy({}, outputs);
}

TEST(FamilyTest, NamesAreDifferent) {
  std::set<std::string> names;
  for (const Family& family : families()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_EQ(&familyNamed(family.name), &family);
    EXPECT_NE(family.letterbox, LetterboxMode::Auto) << family.name;
  }
  EXPECT_EQ(families().front().name, std::string("ultralytics"));
}

TEST(FamilyTest, NamesThatNoneHas) {
  for (const std::string name : {"yolo99", "YOLOX", "yolox "}) {
    try {
      familyOf(infoOf({kUltralytics}), {}, name);
      ADD_FAILURE() << name;
    } catch (const std::invalid_argument& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("'" + name + "'"), std::string::npos) << text;
      EXPECT_NE(text.find("ultralytics, yolov5"), std::string::npos) << text;
      EXPECT_NE(text.find("plain-plugin"), std::string::npos) << text;
    }
  }
}

TEST(FamilyTest, WhatIsAskedForIsTaken) {
  const FamilyReading reading =
      familyOf(infoOf({{"pred_logits", {1, 300, 80}}, {"pred_boxes", {1, 300, 4}}}), {{"model_family", "?"}}, "yolox");
  EXPECT_EQ(reading.family->name, std::string("yolox"));
  EXPECT_EQ(reading.why, "the family that was asked for");
  EXPECT_EQ(reading.refusal, "");
}

TEST(FamilyTest, MetadataOfLibreYolo) {
  for (const std::string name :
       {"yolox", "yolonas", "yolo9", "yolo7", "rtdetr", "rtdetrv2", "rtdetrv4", "dfine", "deim", "deimv2", "ec",
        "tinyformer", "gtr", "rfdetr", "picodet", "ppyoloe", "rtmdet", "yolo9_e2e"}) {
    const FamilyReading reading = familyOf(infoOf({kUltralytics}), {{"model_family", name}}, "");
    EXPECT_EQ(reading.family->name, "libreyolo-" + name);
    EXPECT_EQ(reading.why, "its metadata names the family '" + name + "'");
  }
  EXPECT_EQ(familyBy({{"model_family", "yolo9"}, {"letterbox_pad", "center"}}), "libreyolo-yolo9-center");
  EXPECT_EQ(familyBy({{"model_family", "yolo9"}, {"letterbox_pad", "topleft"}}), "libreyolo-yolo9");
  EXPECT_EQ(familyBy({{"model_family", "yolo9_e2e"}, {"letterbox_pad", "center"}}), "libreyolo-yolo9_e2e-center");
  for (const std::string size : {"atto", "femto", "pico", "n"}) {  // of which DEIMv2's pixels are not normalized
    EXPECT_EQ(familyBy({{"model_family", "deimv2"}, {"size", size}}), "libreyolo-deim");
  }
  EXPECT_EQ(familyBy({{"model_family", "deimv2"}, {"size", "s"}}), "libreyolo-deimv2");
  EXPECT_EQ(familyBy({{"model_family", "ec"}, {"size", "n"}}), "libreyolo-ec");
}

TEST(FamilyTest, FamiliesThatAreNotKnownAreRefused) {
  for (const std::string name : {"yolo99", "", "ultralytics"}) {
    const FamilyReading reading = familyOf(infoOf({kUltralytics}), {{"model_family", name}}, "");
    ASSERT_TRUE(reading.family);
    EXPECT_NE(reading.refusal.find("'" + name + "'"), std::string::npos) << reading.refusal;
    EXPECT_NE(reading.refusal.find("--family"), std::string::npos) << reading.refusal;
  }
}

// Boxes and scores apart are YOLO-NAS' if the boxes are corners, which only plugins that are cut off tell.
TEST(FamilyTest, BoxesAndScoresThatWentIntoAPlugin) {
  for (const int values : {4, 6}) {
    const std::vector<Output> outputs{{"boxes", {1, 8400, 4}}, {"scores", {1, 8400, values}}};
    EXPECT_EQ(familyBy({}, outputs), "yolonas");
    EXPECT_EQ(familyBy({{kPluginCut, R"({"corners": "1"})"}}, outputs), "yolonas");
    EXPECT_EQ(familyBy({{kPluginCut, R"({"corners": "0"})"}}, outputs), "ultralytics");
  }
  const std::vector<Output> rotated{{"boxes", {1, 8400, 5}}, {"scores", {1, 8400, 4}}};
  EXPECT_EQ(familyBy({{kPluginCut, R"({"corners": "0", "rotated": "1"})"}}, rotated), "ultralytics");
}

TEST(FamilyTest, MetadataOfOthers) {
  EXPECT_EQ(familyBy({{"head", "RTDETRDecoder"}, {"task", "detect"}, {"names", "{}"}}), "rtdetr-ultralytics");
  EXPECT_EQ(familyBy({{"head", "Detect"}, {"task", "detect"}, {"names", "{}"}}), "ultralytics");
  EXPECT_EQ(familyBy({{"description", "Ultralytics rtdetr-l model"}, {"task", "detect"}}), "rtdetr-ultralytics");
  EXPECT_EQ(familyBy({{"description", "Ultralytics YOLO11n model"}, {"task", "detect"}}), "ultralytics");
  EXPECT_EQ(familyBy({{"stride", "32"}, {"names", "{}"}}), "yolov5");
  EXPECT_EQ(familyBy({{"stride", "32"}, {"names", "{}"}, {"task", "detect"}}), "ultralytics");
  EXPECT_EQ(familyBy({{"names", "{}"}}), "ultralytics");
  ModelInfo classifier = infoOf({{"output0", {1, 1000}}});
  classifier.task = Task::Classify;
  EXPECT_EQ(familyOf(classifier, {{"stride", "32"}, {"names", "{}"}}, "").family->name, std::string("yolov5-cls"));
  EXPECT_EQ(familyOf(classifier, {}, "yolov5").family->name, std::string("yolov5-cls"));
  EXPECT_EQ(familyOf(classifier, {}, "").family->name, std::string("ultralytics"));
}

TEST(FamilyTest, MetadataComesBeforeOutputs) {
  const std::vector<Output> queries{{"pred_logits", {1, 300, 80}}, {"pred_boxes", {1, 300, 4}}};
  EXPECT_EQ(familyBy({{"model_family", "deimv2"}}, queries), "libreyolo-deimv2");
  EXPECT_EQ(familyByOutputs(queries), "dfine");
}

TEST(FamilyTest, NamesOfOutputs) {
  EXPECT_EQ(familyByOutputs({{"dets", {1, 300, 4}}, {"labels", {1, 300, 91}}}), "rfdetr");
  EXPECT_EQ(familyByOutputs({{"labels", {1, 300, 91}}, {"dets", {1, 300, 4}}}), "rfdetr");
  EXPECT_EQ(familyByOutputs({{"graph2_flat_predictions", {-1, 7}}}), "yolonas");
  EXPECT_EQ(familyByOutputs({{"flat_predictions", {-1, 7}}}), "yolonas");
  EXPECT_EQ(familyByOutputs({{"pred_boxes", {1, 100, 4}}, {"pred_scores", {1, 100}}}), "yolonas");
  EXPECT_EQ(familyByOutputs({{"dets", {1, 300, 4}}, {"scores", {1, 300, 91}}}), "ultralytics");
}

TEST(FamilyTest, ShapesOfOutputs) {
  EXPECT_EQ(familyByOutputs({{"904", {1, 8400, 4}}, {"905", {1, 8400, 80}}}), "yolonas");
  EXPECT_EQ(familyByOutputs({{"904", {1, 8400, 80}}, {"905", {1, 8400, 4}}}), "yolonas");
  EXPECT_EQ(familyByOutputs({{"904", {1, 8401, 4}}, {"905", {1, 8401, 80}}}), "ultralytics");
  EXPECT_EQ(familyBy({{"names", "{}"}}, {{"904", {1, 8400, 4}}, {"905", {1, 8400, 80}}}), "ultralytics");

  EXPECT_EQ(familyByOutputs({{"output", {1, 25200, 85}}}), "yolov7");
  EXPECT_EQ(familyByOutputs({{"output", {1, 25200, 6}}}), "yolov7");
  EXPECT_EQ(familyByOutputs({{"output0", {1, 25200, 85}}}), "ultralytics");
  EXPECT_EQ(familyByOutputs({{"output", {1, 25201, 85}}}), "ultralytics");
  EXPECT_EQ(familyBy({{"names", "{}"}}, {{"output", {1, 25200, 85}}}), "ultralytics");

  EXPECT_EQ(familyByOutputs({{"output", {1, 8400, 85}}}), "yolox");
  EXPECT_EQ(familyBy({{kOutputSources, "Concat"}}, {{"output", {1, 8400, 85}}}), "yolox");
  EXPECT_EQ(familyBy({{kOutputSources, "Transpose"}}, {{"output", {1, 8400, 85}}}), "yolox-raw");
  EXPECT_EQ(familyByOutputs({{"output", {1, 84, 8400}}}), "ultralytics");
}

TEST(FamilyTest, NothingIsCountedInDynamicSizes) {
  ModelInfo info = infoOf({{"output", {1, 25200, 85}}});
  info.dynamicSize = true;
  EXPECT_EQ(familyOf(info, {}, "").family->name, std::string("ultralytics"));
  EXPECT_EQ(familyByOutputs({{"output", {1, -1, 85}}}), "ultralytics");
  EXPECT_EQ(familyByOutputs({{"output", {}}}), "ultralytics");
  EXPECT_EQ(familyByOutputs({}), "ultralytics");
  info = infoOf({{"output", {1, 3, 85}}});
  info.networkWidth = info.networkHeight = 4;  // no cell at all
  EXPECT_EQ(familyOf(info, {}, "").family->name, std::string("ultralytics"));
}

TEST(FamilyTest, EvidenceSaysHowSureItIs) {
  EXPECT_EQ(familyOf(infoOf({kUltralytics}), {}, "").why, "shapes alone");
  EXPECT_EQ(familyOf(infoOf({kUltralytics}), {{"task", "detect"}, {"names", "{}"}}, "").why,
            "its metadata names the task and the classes");
}

// What the repositories do: a change here changes what their networks find.
TEST(FamilyTest, Conventions) {
  const Family& yolox = familyNamed("yolox");
  EXPECT_TRUE(yolox.bgr);
  EXPECT_EQ(yolox.white, 255);
  EXPECT_TRUE(yolox.floors);
  EXPECT_EQ(yolox.letterbox, LetterboxMode::TopLeft);
  EXPECT_EQ(yolox.border, 114);
  EXPECT_EQ(yolox.layout, Layout::Objectness);
  EXPECT_FALSE(yolox.grid);
  EXPECT_TRUE(familyNamed("yolox-raw").grid);
  EXPECT_EQ(familyNamed("libreyolo-yolox").filter, Filter::Pillow);
  EXPECT_EQ(familyNamed("yolonas").longest, 636);
  EXPECT_TRUE(familyNamed("yolov7").objectnessAlone);
  EXPECT_FALSE(familyNamed("yolov5").objectnessAlone);
  for (const char* name : {"rtdetr", "dfine", "rfdetr", "libreyolo-ec", "libreyolo-rfdetr"}) {
    const Family& detr = familyNamed(name);
    EXPECT_EQ(detr.letterbox, LetterboxMode::Stretch) << name;
    EXPECT_TRUE(detr.shares && detr.logits && detr.queries) << name;
  }
  EXPECT_EQ(familyNamed("rfdetr").filter, Filter::Real);
  EXPECT_EQ(familyNamed("rfdetr").mean[0], 0.485F);
  EXPECT_EQ(familyNamed("dfine").mean[0], 0);
  EXPECT_TRUE(familyNamed("yolov5-cls").squareCrop);
  EXPECT_TRUE(familyNamed("libreyolo-yolo9").corners);
  EXPECT_TRUE(familyNamed("libreyolo-yolo7").agnostic);
}

}  // namespace
}  // namespace trtyolo::family_test
