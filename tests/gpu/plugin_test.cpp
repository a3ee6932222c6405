// Engines that suppress by themselves on a GPU: with the outputs that suppression plugins have, of every task, made of
// ONNX's standard operators (data/shapes/add_suppression.py), and with TensorRT's own EfficientNMS_TRT; against
// Ultralytics' references.
#include <algorithm>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineFrom;
using test::json;
using test::Picture;
using test::pictureOf;
using test::textOf;

constexpr int kMostImages = 4;

// That of "detect" has a dynamic batch.
std::string pluginEngineOf(const std::string& task) {
  BuildOption option;
  option.maxBatch = task == "detect" ? kMostImages : 1;
  return engineFrom("shapes/" + task + "-plugin.onnx", task + "-plugin-f32", option);
}

template <typename Model>
void expectReferences(const std::string& task) {
  TRTYOLO_NEEDS_GPU();
  // The masks of this file cover the network's whole input.
  const char* const family = task == "segment" ? "plain-plugin" : "ultralytics";
  Model model(pluginEngineOf(task), test::bgr().setRect(false).setFamily(family));
  EXPECT_EQ(toString(model.info().task), task);
  for (const auto& image : test::goldenOf(task)) {
    Picture picture = pictureOf(task, image);
    test::expectObjects(model.predict(picture.view()), image);
  }
}

TEST(GpuPluginTest, BoxesEqualUltralytics) {
  expectReferences<DetectModel>("detect");
}
TEST(GpuPluginTest, RotatedBoxesEqualUltralytics) {
  expectReferences<OBBModel>("obb");
}
TEST(GpuPluginTest, KeypointsEqualUltralytics) {
  expectReferences<PoseModel>("pose");
}
TEST(GpuPluginTest, MasksEqualUltralytics) {
  expectReferences<SegmentModel>("segment");
}
TEST(GpuPluginTest, ClassesEqualUltralytics) {
  expectReferences<ClassifyModel>("classify");
}

// Counts and classes of 32 and of 64 bits.
TEST(GpuPluginTest, WholeNumbersAreLetThrough) {
  TRTYOLO_NEEDS_GPU();
  const auto typeOf = [](const ModelInfo& info, const std::string& name) {
    const auto found = std::find_if(info.outputs.begin(), info.outputs.end(),
                                    [&](const TensorInfo& tensor) { return tensor.name == name; });
    return found == info.outputs.end() ? "missing" : found->type;
  };
  const ModelInfo detect = inspect(pluginEngineOf("detect")), obb = inspect(pluginEngineOf("obb"));
  for (const char* name : {"num_dets", "det_classes"}) {
    EXPECT_EQ(typeOf(detect, name), "i32") << name;
    EXPECT_EQ(typeOf(obb, name), "i64") << name;
  }
  EXPECT_NE(detect.layout.find("suppresses by itself"), std::string::npos) << detect.layout;
}

TEST(GpuPluginTest, ThresholdsOnlyLeaveOutMore) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(pluginEngineOf("detect"), test::bgr());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const DetResult all = model.predict(picture.view());
  ASSERT_GT(all.num, 1);
  model.setConfidence(0);
  model.setIou(0);
  EXPECT_EQ(textOf(model.predict(picture.view())), textOf(all));  // what is behind the last object is none
  model.setMaxDetections(1);
  EXPECT_EQ(model.predict(picture.view()).scores, std::vector<float>{all.scores[0]});
  model.setMaxDetections(300);
  model.setConfidence(all.scores[0]);
  EXPECT_EQ(model.predict(picture.view()).num, 0);
  model.setConfidence(0);
  model.setClasses({all.classes[0]});
  const DetResult some = model.predict(picture.view());
  EXPECT_EQ(some.num, std::count(all.classes.begin(), all.classes.end(), all.classes[0]));
}

TEST(GpuPluginTest, BatchesAndClones) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(pluginEngineOf("detect"), test::bgr().setRect(false).setBatch(kMostImages));
  ASSERT_EQ(model.batch(), kMostImages);
  const json references = test::goldenOf("detect");
  std::vector<Picture> pictures;
  for (std::size_t i = 0; i < 7; ++i) {  // the second run is not full
    pictures.push_back(pictureOf("detect", references[i]));
  }
  std::vector<Image> images;
  for (Picture& picture : pictures) {
    images.push_back(picture.view());
  }
  const auto clone = model.clone();
  for (const auto& found : {model.predict(images), clone->predict(images)}) {
    ASSERT_EQ(found.size(), images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      test::expectObjects(found[i], references[i]);
    }
  }
}

TEST(GpuPluginTest, MasksOfTheNetworksInputAndTopK) {
  TRTYOLO_NEEDS_GPU();
  SegmentModel segment(pluginEngineOf("segment"), test::bgr().setRetinaMasks(false));
  Picture picture = pictureOf("segment", test::goldenOf("segment")[0]);
  const SegResult found = segment.predict(picture.view());
  ASSERT_GT(found.num, 0);
  EXPECT_EQ(found.masks.width(), 640);
  EXPECT_EQ(found.masks.height(), 640);
  ClassifyModel classify(pluginEngineOf("classify"), test::bgr().setTopK(2));
  Picture other = pictureOf("classify", test::goldenOf("classify")[0]);
  EXPECT_EQ(classify.predict(other.view()).num, 2);
  classify.setTopK(100);
  EXPECT_EQ(classify.predict(other.view()).num, 5);  // the network gives no more
}

float overlapOf(const Box& a, const Box& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  const float both = std::max(width, 0.0F) * std::max(height, 0.0F);
  return both / ((a.right - a.left) * (a.bottom - a.top) + (b.right - b.left) * (b.bottom - b.top) - both);
}

// What the node asks for: confidence 0.3, IoU 0.6, each class for itself. Of the references, which were made at 0.25
// and 0.7, that leaves those which no better one of their class overlaps by more. A box is an object of the plugin's
// for each class that scores enough, so there may be others, each in the place of one that scores more.
TEST(GpuPluginTest, EfficientNmsEqualsUltralyticsAtItsSettings) {
  TRTYOLO_NEEDS_GPU();
  constexpr float kConfidence = 0.3F, kIou = 0.6F, kPixels = 0.5F, kScore = 1e-3F;
  BuildOption option;
  DetectModel model(engineFrom("shapes/detect-nms.onnx", "detect-nms-f32", option), test::bgr());
  EXPECT_NE(model.info().layout.find("suppresses by itself"), std::string::npos) << model.info().layout;
  std::size_t expected = 0, others = 0;
  for (const auto& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    const DetResult found = model.predict(picture.view());
    const auto boxAt = [&](std::size_t i) { return json(found.boxes[i].xyxy()); };
    const auto count = static_cast<std::size_t>(found.num);
    std::vector<std::pair<int, Box>> kept;
    std::vector<bool> taken(count);
    for (const auto& object : image.at("objects")) {  // by falling score
      const auto& sides = object.at("box");
      const Box box{sides[0], sides[1], sides[2], sides[3]};
      const int index = object.at("class");
      const float score = object.at("score");
      const bool free = std::none_of(kept.begin(), kept.end(), [&](const auto& other) {
        return other.first == index && overlapOf(other.second, box) > kIou;
      });
      if (!free || score <= kConfidence + kScore) {
        continue;
      }
      kept.emplace_back(index, box);
      ++expected;
      std::size_t i = 0;
      while (i < count && (taken[i] || found.classes[i] != index || std::abs(found.scores[i] - score) > kScore ||
                           !test::near(box.xyxy(), boxAt(i), kPixels))) {
        ++i;
      }
      ASSERT_LT(i, count) << image.at("source") << ": missing " << object.dump() << '\n' << found;
      taken[i] = true;
    }
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_GE(found.scores[i], kConfidence);
      if (taken[i] || found.scores[i] <= kConfidence + kScore) {
        continue;
      }
      ++others;
      bool explained = false;
      for (std::size_t j = 0; j < i; ++j) {
        explained =
            explained || (found.classes[j] != found.classes[i] && overlapOf(found.boxes[i], found.boxes[j]) > kIou);
      }
      EXPECT_TRUE(explained) << image.at("source") << ": object " << i << '\n' << found;
    }
  }
  EXPECT_GT(expected, 100U);
  EXPECT_LT(others, 20U);
}

}  // namespace
}  // namespace trtyolo
