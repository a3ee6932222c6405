// Plugins that a library of their own has (gpu/copy_plugin.cpp): to build an engine, and to run one.
#include <filesystem>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

namespace fs = std::filesystem;

// The file that the build put beside this program.
std::string pluginLibrary() {
  return (fs::read_symlink("/proc/self/exe").parent_path() / "libtrtyolo_copy_plugin.so").string();
}

std::string modelFile() {
  return test::dataPath("../tests/app/models/copy_plugin.onnx");
}

std::string engineFile() {
  return (test::engineFolder() / "copy-plugin.engine").string();
}

template <typename Call>
std::string messageOf(const Call& call) {
  try {
    call();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

// Each part in a process of its own, since plugins stay once they are loaded.
class GpuPluginLibrariesDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }

  static void expect(bool held) {
    if (!held) {
      std::exit(1);  // the message stands above
    }
  }

  static void expectAdvice(const std::string& message) {
    std::cerr << message << '\n';
    expect(message.find("CopyForTests_TRT") != std::string::npos && message.find("--plugins") != std::string::npos);
  }

  static void build() {
    BuildOption option;
    option.optimizationLevel = 0;
    expectAdvice(messageOf([&] { buildEngine(modelFile(), engineFile(), option); }));
    option.pluginLibraries = {pluginLibrary()};
    buildEngine(modelFile(), engineFile(), option);
    std::exit(0);
  }

  static void run() {
    expectAdvice(messageOf([] { Model::load(engineFile()); }));
    const InferOption option = InferOption().setPluginLibraries({pluginLibrary(), pluginLibrary()});
    Model model = Model::load(engineFile(), option);
    std::vector<unsigned char> pixels(std::size_t{3} * 32 * 32, 51);
    for (int i = 0; i < 3; ++i) {
      const Result found = model.predict(Image(pixels.data(), 32, 32));
      std::cerr << found << '\n';
      expect(found.scores.size() == 3 && std::abs(found.scores[0] - 0.2F) < 1e-3F);
    }
    expect(Model::load(engineFile(), option).predict(Image(pixels.data(), 32, 32)).num == 3);
    std::exit(0);
  }
};

TEST_F(GpuPluginLibrariesDeathTest, BuildAndRun) {
  EXPECT_EXIT(build(), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
  fs::remove(engineFile());
}

TEST_F(GpuPluginLibrariesDeathTest, WhatIsNoLibraryOfPluginsIsRefused) {
  const auto messageFor = [](const std::string& file) {
    return messageOf([&] { Model::load(modelFile(), InferOption().setPluginLibraries({file})); });
  };
  EXPECT_NE(messageFor("/no/such.so").find("'/no/such.so': this library of plugins cannot be loaded"),
            std::string::npos);
  EXPECT_NE(messageFor(modelFile()).find("this library of plugins cannot be loaded"), std::string::npos);
  for (const std::string other : {"/usr/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/aarch64-linux-gnu/libm.so.6"}) {
    if (fs::exists(other)) {
      EXPECT_NE(messageFor(other).find("it has registered no plugin"), std::string::npos) << messageFor(other);
    }
  }
}

}  // namespace
}  // namespace trtyolo
