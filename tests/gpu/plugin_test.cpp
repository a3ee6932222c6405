// Engines that suppress by themselves on a GPU: with the outputs that suppression plugins have, of every task, made of
// ONNX's standard operators (data/shapes/add_suppression.py); and files with TensorRT's own EfficientNMS_TRT. Against
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

// Cut off, so that thresholds are those of the call, and the results those of the network without it.
TEST(GpuPluginTest, EfficientNmsIsCutOff) {
  TRTYOLO_NEEDS_GPU();
  BuildOption option;
  DetectModel model(engineFrom("shapes/detect-nms.onnx", "detect-nms-f32", option),
                    test::bgr().setRect(false).setConfidence(0.25F).setIou(0.7F));
  EXPECT_EQ(model.info().layout.find("suppresses by itself"), std::string::npos) << model.info().layout;
  for (const auto& image : test::goldenOf("detect")) {
    Picture picture = pictureOf("detect", image);
    test::expectObjects(model.predict(picture.view()), image);
  }
}

}  // namespace
}  // namespace trtyolo
