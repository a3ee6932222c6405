// What OpenVINO throws becomes an error of ours that names the file, and leaves the model usable.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <new>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

#include "runtime/openvino/reader.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

TEST(OpenVinoErrorsTest, AreTypedAndNameTheFile) {
  const auto throwing = [](const std::string& message) {
    openvino::askOpenVino<InferenceError>("a.onnx", "OpenVINO failed to run the network",
                                          [&]() -> int { OPENVINO_THROW(message); });
  };
  try {
    throwing("the words");
    ADD_FAILURE() << "no error";
  } catch (const InferenceError& error) {
    EXPECT_EQ(std::string(error.what()), "'a.onnx': OpenVINO failed to run the network: the words");
  }
  EXPECT_THROW(openvino::askOpenVino<ModelError>("a.onnx", "doing", [] { throw std::bad_alloc(); }), ModelError);
  EXPECT_EQ(openvino::askOpenVino<ModelError>("a.onnx", "doing", [] { return 7; }), 7);
}

// Lets the process take no more than `more` bytes of address space, for its lifetime.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::size_t more) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    EXPECT_EQ(getrlimit(RLIMIT_AS, &before_), 0);
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<std::size_t>(getpagesize()) + more;
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~MemoryLimit() { EXPECT_EQ(setrlimit(RLIMIT_AS, &before_), 0); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

// The input tensor of a dynamic model loses its memory when it finds none for another shape.
TEST(OpenVinoErrorsTest, AnInputThatFindsNoMemoryLeavesTheModelUsable) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end a process that finds no memory";
#endif
  constexpr int kSide = 4096;
  const test::TempDir dir;
  const std::string file = test::writeTinyModel(
      dir, "dynamic", {{1, 3, -1, -1}, {test::detectorOutput(2, 8, {{32, 32, 20, 10, 1, 0.9F}})}, "", false});
  DetectModel model(file, InferOption().setNetworkSize(kSide, kSide));
  std::vector<std::uint8_t> pixels(std::size_t{64} * 64 * 3, 50);
  const Image image(pixels.data(), 64, 64);  // scaled to all of the network's input
  {
    const MemoryLimit limit(std::size_t{64} << 20);
    for (int i = 0; i < 2; ++i) {
      try {
        model.predict(image);
        ADD_FAILURE() << "there was memory";
      } catch (const InferenceError& error) {
        EXPECT_EQ(std::string(error.what()).find("'" + file + "': OpenVINO"), 0U) << error.what();
      }
    }
  }
  EXPECT_EQ(model.predict(image).num, 1);
}

}  // namespace
}  // namespace trtyolo
