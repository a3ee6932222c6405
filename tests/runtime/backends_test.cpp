// Which backend gets a file, on machines and in builds of all kinds.
#include "runtime/backends.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <typeinfo>
#include <vector>

#include "fake_backend.hpp"
#include "support/temp_dir.hpp"

namespace trtyolo {
namespace {

using test::fakeOpenVino;
using test::fakeTensorRt;

class BackendsTest : public testing::Test {
 protected:
  // The name of the chosen backend, or the error's words, with "ModelError: " or "DeviceError: " before them.
  std::string choose(const std::vector<BackendEntry>& table, const std::string& file, Backend backend = Backend::Auto,
                     bool deviceImages = false) const {
    EngineOptions options;
    options.backend = backend;
    options.deviceImages = deviceImages;
    const ModelSource source(file);
    try {
      return chooseBackend(table, source, options).name;
    } catch (const ModelError& error) {
      EXPECT_EQ(std::string(error.what()).find("'" + file + "': "), 0U) << error.what();
      return std::string("ModelError: ") + error.what();
    } catch (const DeviceError& error) {
      EXPECT_EQ(std::string(error.what()).find("'" + file + "': "), 0U) << error.what();
      return std::string("DeviceError: ") + error.what();
    }
  }

  static void expectWords(const std::string& found, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      EXPECT_NE(found.find(word), std::string::npos) << found;
    }
  }

  const test::TempDir folder_;
  const std::string onnx_ = folder_.write("model.onnx", "\x08\x08");
  const std::string ir_ = folder_.write("model.xml", "<?xml version=\"1.0\"?><net/>");
  const std::string plan_ = folder_.write("model.engine", "ftrt...");
  const std::vector<BackendEntry> both_{fakeTensorRt(), fakeOpenVino()};
  const std::vector<BackendEntry> noGpu_{fakeTensorRt("this machine has no GPU"), fakeOpenVino()};
  const std::vector<BackendEntry> cpuOnly_{fakeOpenVino()};
  const std::vector<BackendEntry> gpuOnly_{fakeTensorRt("this machine has no GPU")};
};

TEST_F(BackendsTest, TheGpuWhereThereIsOne) {
  EXPECT_EQ(choose(both_, onnx_), "TensorRT");
  EXPECT_EQ(choose(both_, plan_), "TensorRT");
  EXPECT_EQ(choose(both_, ir_), "OpenVINO");
  EXPECT_EQ(choose(noGpu_, onnx_), "OpenVINO");
  EXPECT_EQ(choose(noGpu_, ir_), "OpenVINO");
  EXPECT_EQ(choose(cpuOnly_, onnx_), "OpenVINO");
}

TEST_F(BackendsTest, TheOneThatIsAskedFor) {
  EXPECT_EQ(choose(both_, onnx_, Backend::OpenVINO), "OpenVINO");
  EXPECT_EQ(choose(both_, onnx_, Backend::TensorRT), "TensorRT");
  expectWords(choose(both_, plan_, Backend::OpenVINO),
              {"ModelError", "a TensorRT engine cannot be run by OpenVINO", "give the .onnx"});
  expectWords(choose(both_, ir_, Backend::TensorRT),
              {"ModelError", "an OpenVINO IR cannot be run by TensorRT", "give the .onnx"});
  expectWords(choose(noGpu_, onnx_, Backend::TensorRT),
              {"DeviceError", "TensorRT, which was asked for, cannot be used here: this machine has no GPU"});
  expectWords(choose(cpuOnly_, onnx_, Backend::TensorRT),
              {"ModelError", "TensorRT was asked for, but this build of trtyolo has OpenVINO only"});
  expectWords(choose(gpuOnly_, onnx_, Backend::OpenVINO),
              {"ModelError", "OpenVINO was asked for, but this build of trtyolo has TensorRT only"});
}

TEST_F(BackendsTest, NoneIsLeft) {
  expectWords(choose(noGpu_, plan_),
              {"DeviceError", "a TensorRT engine cannot be run", "this machine has no GPU", "give the .onnx"});
  expectWords(choose(gpuOnly_, onnx_), {"DeviceError", "an ONNX model cannot be run", "this machine has no GPU"});
  expectWords(choose(cpuOnly_, plan_), {"ModelError", "a TensorRT engine", "has OpenVINO only", "give the .onnx"});
  expectWords(choose(gpuOnly_, ir_), {"ModelError", "an OpenVINO IR", "has TensorRT only", "give the .onnx"});
}

TEST_F(BackendsTest, ImagesInGpuMemoryNeedAGpu) {
  EXPECT_EQ(choose(both_, onnx_, Backend::Auto, true), "TensorRT");
  expectWords(choose(both_, onnx_, Backend::OpenVINO, true), {"ModelError", "enableCudaMem()"});
  expectWords(choose(both_, ir_, Backend::Auto, true), {"ModelError", "enableCudaMem()"});
  expectWords(choose(noGpu_, onnx_, Backend::Auto, true), {"ModelError", "enableCudaMem()", "this machine has no GPU"});
  expectWords(choose(cpuOnly_, onnx_, Backend::Auto, true), {"ModelError", "enableCudaMem()", "has OpenVINO only"});
}

// A file of timings is read and replaced: a pipe would be waited for, and lost.
TEST_F(BackendsTest, TimingsAreKeptInFiles) {
  const test::TempDir folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("/dev/zero", folder / "endless");
  for (const char* name : {"pipe", "endless", ""}) {
    BuildOption option;
    option.timingCache = folder / name;
    try {
      buildEngineFile(onnx_, folder / "new.engine", option);
      ADD_FAILURE() << name;
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("timings cannot be kept there"), std::string::npos) << error.what();
    }
  }
}

TEST_F(BackendsTest, ThoseBuiltInSayWhatTheyAre) {
  for (const BackendEntry& entry : backendTable()) {
    EXPECT_FALSE(entry.version().empty()) << entry.name;
    EXPECT_EQ(builtInBackends().count(toString(entry.id)), 1U);
    EXPECT_TRUE(entry.opens(FileKind::OnnxOrUnknown)) << entry.name;
  }
  EXPECT_EQ(builtInBackends().size(), backendTable().size());
}

}  // namespace
}  // namespace trtyolo
