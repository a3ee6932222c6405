// Semantic segmentation and depth on a GPU, through the public interface, beside the same networks on the processor:
// with networks that do nothing that rounding could decide (tests/app/models/make.py).
#include <algorithm>
#include <random>

#include "cuda/gpu.hpp"
#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

TEST(GpuMapsTest, EqualThoseOfTheProcessor) {
  TRTYOLO_NEEDS_GPU();
  if (backends().count("openvino") == 0) {
    GTEST_SKIP() << "nothing runs networks on the processor here";
  }
  std::mt19937 random(5);
  std::vector<std::vector<unsigned char>> pixels;
  std::vector<Image> images;
  for (const auto& [width, height] : {std::pair{128, 64}, {128, 64}, {61, 200}, {1, 1}, {640, 480}, {64, 64}}) {
    std::vector<unsigned char>& each = pixels.emplace_back(static_cast<std::size_t>(3 * width * height));
    std::generate(each.begin(), each.end(), [&] { return static_cast<unsigned char>(random()); });
    images.emplace_back(each.data(), width, height);
  }
  for (const char* name : {"semantic", "logits-semantic", "depth"}) {
    SCOPED_TRACE(name);
    const std::string file = test::dataPath(std::string("../tests/app/models/") + name + ".onnx");
    Model processor = Model::load(file, InferOption().setBackend(Backend::OpenVINO).setBatch(2));
    Model gpu = Model::load(file, InferOption().setBackend(Backend::TensorRT).setBatch(2));
    for (int round = 0; round < 3; ++round) {  // the later ones from a captured graph
      const std::vector<Result> wanted = processor.predict(images), found = gpu.predict(images);
      for (std::size_t i = 0; i < images.size(); ++i) {
        EXPECT_EQ(found[i].semantic.data, wanted[i].semantic.data);
        EXPECT_EQ(found[i].classes, wanted[i].classes);
        EXPECT_EQ(found[i].pixels, wanted[i].pixels);
        ASSERT_EQ(found[i].depth.data.size(), wanted[i].depth.data.size());
        for (std::size_t p = 0; p < wanted[i].depth.data.size(); ++p) {
          ASSERT_NEAR(found[i].depth.data[p], wanted[i].depth.data[p], 1e-4);
        }
      }
    }
  }
}

}  // namespace
}  // namespace trtyolo
