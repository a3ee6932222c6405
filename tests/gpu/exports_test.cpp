// Files of an exporter that adds TensorRT's plugins, beside the same networks without them: pairs TASK*-plugin.onnx and
// TASK*.onnx in the folder exports/ of the test data, or TASK.onnx of shapes/. Made by
//   trtyolo-export -i TASK.onnx -o exports/TASK-plugin.onnx
// whose plugins are cut off.
#include <filesystem>
#include <string_view>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "gpu/results.hpp"

namespace trtyolo {
namespace {

constexpr std::string_view kPlugin = "-plugin";

// What the exporter writes into its nodes.
InferOption exportersThresholds() {
  return test::bgr().setConfidence(0.25F).setIou(0.45F).setMaxDetections(100);
}

TEST(GpuExportsTest, EqualTheNetworksWithoutPlugins) {
  TRTYOLO_NEEDS_GPU();
  const std::filesystem::path folder = test::dataPath("exports");
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << folder << " is not there";
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string plugin = entry.path().stem().string();
    if (!plugin.ends_with(kPlugin)) {
      continue;
    }
    SCOPED_TRACE(plugin);
    const std::string plain = plugin.substr(0, plugin.size() - kPlugin.size());
    const std::string task = plain.substr(0, plain.find('-'));
    const std::string without = plain == task ? test::engineOf(task, "f32")
                                              : test::engineFrom("exports/" + plain + ".onnx", "export-" + plain, {});
    Model expected = Model::load(without, exportersThresholds());
    Model model =
        Model::load(test::engineFrom("exports/" + plugin + ".onnx", "export-" + plugin, {}), exportersThresholds());
    EXPECT_EQ(toString(model.info().task), task);
    std::size_t objects = 0;
    for (const auto& image : test::goldenOf(task)) {
      SCOPED_TRACE(image.at("source").get<std::string>());
      test::Picture picture = test::pictureOf(task, image);
      const Result found = model.predict(picture.view()), wanted = expected.predict(picture.view());
      test::expectSame(found, wanted, {.pixels = 1e-2, .score = 1e-4, .maskIou = 0.99, .depth = 0});
      objects += found.classes.size();
    }
    EXPECT_GT(objects, 0U);
    std::cout << plugin << ": " << objects << " objects\n";
  }
}

}  // namespace
}  // namespace trtyolo
