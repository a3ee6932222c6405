// Every family and task that Ultralytics can export, against reference files that it made (tests/data/README.md): are
// the files recognised, and do the heads make of real outputs what Ultralytics' predict() makes of them?
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/head.hpp"
#include "support/references.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// The heads get the very numbers that Ultralytics got, so that they agree more closely than networks do.
constexpr double kPixels = 0.01, kScore = 1e-5, kMaskIou = 0.99;

std::string referencePath(const std::string& path) {
  return test::dataPath("../tests/data/" + path);
}

json readJson(const std::string& path) {
  std::ifstream stream(path);
  return json::parse(stream);
}

std::vector<TensorInfo> tensorsOf(const json& list) {
  std::vector<TensorInfo> tensors;
  for (const json& tensor : list) {
    tensors.push_back({tensor.at("name"), tensor.at("type"), tensor.at("shape")});
  }
  return tensors;
}

// `texts`: the table of long metadata, if the file has one.
RawModel rawModel(const json& entry, const json& texts = {}) {
  RawModel model;
  model.file = entry.at("model").get<std::string>() + ".onnx";
  model.inputs = tensorsOf(entry.at("inputs"));
  model.outputs = tensorsOf(entry.at("outputs"));
  for (const auto& [key, value] : entry.at("metadata").items()) {
    model.metadata[key] = value.is_number() ? texts.at(value.get<std::size_t>()) : value;
  }
  return model;
}

int extraValues(const RawModel& model, Task task) {
  switch (task) {
    case Task::OBB:
      return 1;
    case Task::Segment:
      return model.outputs.at(1).shape.at(1);
    case Task::Pose: {
      const std::vector<int> shape = parseInts(model.metadata.at("kpt_shape")).value();
      return shape.at(0) * shape.at(1);
    }
    default:
      return 0;
  }
}

void expectLayout(const RawModel& model, const json& entry, const DescriptionOptions& options) {
  const ModelDescription description = describe(model, options);
  const OutputLayout& layout = description.layout;
  EXPECT_EQ(description.refusal, "");
  EXPECT_STREQ(toString(description.info.task), entry.at("task").get<std::string>().c_str());
  const Task task = parseTask(entry.at("task").get<std::string>()).value();
  const bool finished = entry.at("finished");
  if (task == Task::Classify) {
    EXPECT_EQ(layout.kind, OutputLayout::Kind::ClassScores);
    EXPECT_EQ(layout.classes, model.outputs.at(0).shape.at(1));
    return;
  }
  if (task == Task::Semantic || task == Task::Depth) {
    EXPECT_TRUE(layout.pixelMaps());
    return;
  }
  EXPECT_EQ(layout.kind, finished ? OutputLayout::Kind::EndToEnd : OutputLayout::Kind::Candidates);
  EXPECT_EQ(layout.extra, extraValues(model, task));
  EXPECT_EQ(layout.boxes, 0U);
  EXPECT_EQ(layout.scores, OutputLayout::kNone);
  EXPECT_EQ(layout.prototypes, task == Task::Segment ? 1U : OutputLayout::kNone);
  EXPECT_FALSE(layout.objectness);
  EXPECT_EQ(layout.form.kind, finished && task != Task::OBB ? BoxForm::Kind::Corners : BoxForm::Kind::CenterSize);
  if (!finished) {
    EXPECT_FALSE(layout.anchorsFirst);
    EXPECT_EQ(layout.classes, model.outputs.at(0).shape.at(1) - 4 - layout.extra);
  }
}

TEST(FamiliesTest, EveryFileIsRecognised) {
  const json families = readJson(referencePath("families.json"));
  ASSERT_GE(families.at("models").size(), 70U);
  for (const json& entry : families.at("models")) {
    SCOPED_TRACE(entry.at("model"));
    expectLayout(rawModel(entry, families.at("texts")), entry, {});
  }
}

TEST(FamiliesTest, ItsTaskIsEnoughWhereAFileSaysNothing) {
  const json families = readJson(referencePath("families.json"));
  for (const json& entry : families.at("models")) {
    SCOPED_TRACE(entry.at("model"));
    RawModel model = rawModel(entry, families.at("texts"));
    DescriptionOptions options;
    options.task = parseTask(entry.at("task").get<std::string>());
    if (options.task == Task::Pose) {
      continue;  // 51 values may be 17 keypoints of 3, or 25 classes and 13 keypoints of 2
    }
    model.metadata.clear();
    expectLayout(model, entry, options);
  }
}

std::vector<std::string> headFiles() {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(referencePath("heads"))) {
    if (file.path().extension() == ".json") {
      names.push_back(file.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class HeadReferenceTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    entry_ = readJson(referencePath("heads/" + GetParam() + ".json"));
    const std::string data = referencePath("heads/" + GetParam() + ".bin");
    values_.resize(fs::file_size(data) / sizeof(float));
    std::ifstream(data, std::ios::binary)
        .read(reinterpret_cast<char*>(values_.data()), static_cast<std::streamsize>(values_.size() * sizeof(float)));
    for (const json& output : entry_.at("outputs")) {
      TensorView view;
      view.data = values_.data() + output.at("offset").get<std::size_t>() / sizeof(float);
      view.shape = output.at("shape").get<std::vector<std::int64_t>>();
      views_.push_back(view);
    }
  }

  static PostprocessOptions postprocessOptionsOf(const json& asked) {
    PostprocessOptions postprocess;
    postprocess.confidence = asked.at("conf");
    postprocess.iou = asked.at("iou");
    postprocess.maxDetections = asked.at("maxDet");
    postprocess.agnostic = asked.at("agnostic");
    postprocess.classes = asked.at("classes").get<std::vector<int>>();
    postprocess.retinaMasks = asked.at("retinaMasks");
    return postprocess;
  }

  Result decode(const json& asked) const {
    const ModelDescription description = describe(rawModel(entry_), {});
    const Size picture{entry_.at("picture").at("width"), entry_.at("picture").at("height")};
    return Head(description).decode(views_, 0, description.fit(picture), postprocessOptionsOf(asked));
  }

  json entry_;
  std::vector<float> values_;  // of a little-endian file
  std::vector<TensorView> views_;
};

template <typename Values>
bool near(const Values& found, const json& expected, double most) {
  std::size_t i = 0;
  for (const double value : expected) {
    if (i >= found.size() || !(std::abs(static_cast<double>(found[i++]) - value) <= most)) {
      return false;
    }
  }
  return i == found.size();
}

std::vector<bool> pixelsOf(const std::vector<std::uint32_t>& counts) {
  std::vector<bool> pixels;  // down the columns
  for (std::size_t i = 0; i < counts.size(); ++i) {
    pixels.insert(pixels.end(), counts[i], i % 2 == 1);
  }
  return pixels;
}

bool sameMask(const Masks& masks, std::size_t j, const json& mask) {
  if (masks.height() != mask.at("size")[0] || masks.width() != mask.at("size")[1]) {
    return false;
  }
  const std::vector<bool> found = pixelsOf(masks.cocoCounts(j)), wanted = pixelsOf(mask.at("counts"));
  std::size_t both = 0, any = 0;
  for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
    both += found[i] && wanted[i] ? 1U : 0U;
    any += found[i] || wanted[i] ? 1U : 0U;
  }
  return found.size() == wanted.size() && static_cast<double>(both) >= kMaskIou * static_cast<double>(any);
}

bool sameKeypoints(const std::vector<KeyPoint>& found, const json& wanted) {
  bool same = found.size() == wanted.size();
  for (std::size_t k = 0; same && k < found.size(); ++k) {
    same = near(std::array{found[k].x, found[k].y}, json{wanted[k][0], wanted[k][1]}, kPixels) &&
           std::abs(found[k].conf - (wanted[k].size() == 3 ? wanted[k][2].get<double>() : 1.0)) <= kScore;
  }
  return same;
}

bool sameObject(const Result& found, std::size_t j, const json& object) {
  if (found.classes[j] != object.at("class") || std::abs(found.scores[j] - object.at("score").get<double>()) > kScore) {
    return false;
  }
  if (object.contains("corners")) {
    std::vector<double> corners;
    for (const json& corner : object.at("corners")) {
      corners.insert(corners.end(), corner.begin(), corner.end());
    }
    return near(found.rotatedBoxes[j].xywhr(), object.at("rotated"), kPixels) &&
           near(found.rotatedBoxes[j].xyxyxyxy(), corners, kPixels);
  }
  return near(found.boxes[j].xyxy(), object.at("box"), kPixels) &&
         (!object.contains("keypoints") || sameKeypoints(found.keypoints[j], object.at("keypoints"))) &&
         (!object.contains("mask") || sameMask(found.masks, j, object.at("mask")));
}

TEST_P(HeadReferenceTest, EqualsUltralytics) {
  std::size_t objects = 0;
  for (const json& asked : entry_.at("results")) {
    SCOPED_TRACE(asked.dump().substr(0, 120));
    const Result found = decode(asked);
    const json& wanted = entry_.at("task") == "classify" ? asked.at("top") : asked.at("objects");
    ASSERT_EQ(found.classes.size(), wanted.size());
    objects += wanted.size();
    std::vector<bool> taken(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::size_t j = 0;
      if (entry_.at("task") == "classify") {
        ASSERT_EQ(found.classes[i], wanted[i].at("class"));
        ASSERT_NEAR(found.scores[i], wanted[i].at("score").get<double>(), kScore);
        continue;
      }
      while (j < taken.size() && (taken[j] || !sameObject(found, j, wanted[i]))) {
        ++j;
      }
      ASSERT_LT(j, taken.size()) << "missing #" << i << ": " << wanted[i].dump().substr(0, 300);
      taken[j] = true;
      if (i > 0) {
        EXPECT_GE(found.scores[i - 1], found.scores[i]);
      }
    }
  }
  EXPECT_GE(objects, 5U);
}

INSTANTIATE_TEST_SUITE_P(Ultralytics, HeadReferenceTest, testing::ValuesIn(headFiles()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace trtyolo
