// Files as exporters of other repositories write them, and maps, on a GPU beside the same networks on the processor:
// with networks that do nothing that rounding could decide (tests/app/models/make.py).
#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "gpu/results.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

const std::string kModels = "../tests/app/models/";

class GpuBesideProcessorTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    if (backends().count("openvino") == 0) {
      GTEST_SKIP() << "nothing runs networks on the processor here";
    }
    std::mt19937 random(5);
    for (const auto& [width, height] : {std::pair{128, 64}, {128, 64}, {61, 200}, {1, 1}, {640, 480}, {64, 64}}) {
      auto& each = pixels_.emplace_back(static_cast<std::size_t>(3 * width * height));
      std::generate(each.begin(), each.end(), [&] { return static_cast<unsigned char>(random()); });
      images_.emplace_back(each.data(), width, height);
    }
  }

  // `engine` is built from the file `onnx`, or is that file.
  void expectEqual(const std::string& onnx, const std::string& engine, const InferOption& option) {
    Model processor = Model::load(onnx, InferOption(option).setBackend(Backend::OpenVINO));
    Model gpu = Model::load(engine, InferOption(option).setBackend(Backend::TensorRT));
    EXPECT_EQ(gpu.info().family, processor.info().family);
    const std::vector<Result> wanted = processor.predict(images_);
    for (int round = 0; round < 3; ++round) {  // the later ones from a captured graph
      const std::vector<Result> found = gpu.predict(images_);
      for (std::size_t i = 0; i < images_.size(); ++i) {
        SCOPED_TRACE(i);
        test::expectSame(found[i], wanted[i], {.pixels = 1e-3, .score = 1e-5, .maskIou = 1, .depth = 1e-4});
      }
    }
  }

  std::vector<Image> images_;

 private:
  std::vector<std::vector<unsigned char>> pixels_;
};

std::filesystem::path models() {
  return test::dataPath(kModels);
}

TEST_F(GpuBesideProcessorTest, MapsOfBatches) {
  for (const char* name : {"semantic", "logits-semantic", "depth"}) {
    SCOPED_TRACE(name);
    const std::string file = (models() / name).string() + ".onnx";
    expectEqual(file, file, InferOption().setBatch(2));
  }
}

TEST_F(GpuBesideProcessorTest, FilesOfOtherExporters) {
  std::set<std::string> refused;
  std::size_t same = 0;
  for (const auto& entry : std::filesystem::directory_iterator(models())) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != ".onnx") {
      continue;
    }
    SCOPED_TRACE(name);
    try {
      const std::string engine = test::engineFrom(kModels + name + ".onnx", "other-" + name, {});
      expectEqual(entry.path().string(), engine,
                  name == "family" ? InferOption().setFamily("libreyolo-yolo9") : InferOption());
      ++same;
    } catch (const Error& error) {
      refused.insert(name);
      std::cout << name << ": " << error.what() << '\n';
    }
  }
  const std::set<std::string> wanted{"colours_last", "colours_u8", "copy_plugin", "eight_bits", "flat",
                                     "grey",         "list",       "nms_twice",   "seven_bits"};
  EXPECT_EQ(refused, wanted);
  EXPECT_GT(same, 25U);
}

}  // namespace
}  // namespace trtyolo
