// What needs a GPU, where there is none or the library was built without TensorRT: a typed error that says what is
// missing, and nothing left behind. Where there is a GPU that can be used, these tests are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/references.hpp"
#include "support/temp_dir.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

using test::dataPath;

class NoGpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto versions = backends();
    const auto tensorRt = versions.find("tensorrt");
    builtIn_ = tensorRt != versions.end();
    if (builtIn_ && tensorRt->second.find("not usable") == std::string::npos) {
      GTEST_SKIP() << "this machine has a GPU and TensorRT " << tensorRt->second;
    }
  }

  // `what` must throw a DeviceError where TensorRT is built in and lacks its GPU, else a ModelError; its words must
  // name `file` and what is missing.
  void expectRefusal(const std::string& file, const std::function<void()>& what) const {
    SCOPED_TRACE(file);
    try {
      what();
      ADD_FAILURE() << "not refused";
    } catch (const std::exception& error) {
      const bool typed = builtIn_ ? dynamic_cast<const DeviceError*>(&error) != nullptr
                                  : dynamic_cast<const ModelError*>(&error) != nullptr;
      EXPECT_TRUE(typed) << error.what();
      expectReason(error.what());
      EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
    }
  }

  void expectReason(const std::string& words) const {
    const std::vector<std::string> reasons =
        builtIn_
            ? std::vector<std::string>{"no NVIDIA driver", "no NVIDIA GPU", "CUDA cannot be used", "cannot be loaded"}
            : std::vector<std::string>{"this build of trtyolo has OpenVINO only"};
    const bool said = std::any_of(reasons.begin(), reasons.end(),
                                  [&](const std::string& reason) { return words.find(reason) != std::string::npos; });
    EXPECT_TRUE(said) << words;
  }

  std::size_t filesIn(const test::TempDir& folder) const {
    const std::filesystem::directory_iterator entries(folder / "");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  bool builtIn_ = false;
  const std::string model_ = dataPath("shapes/detect.onnx");
};

TEST_F(NoGpuTest, BackendsSaySo) {
  const auto versions = backends();
  EXPECT_EQ(versions.count("openvino"), 1U);
  if (builtIn_) {
    expectReason(versions.at("tensorrt"));
  }
}

TEST_F(NoGpuTest, NoEngineIsBuilt) {
  test::TempDir folder;
  int calls = 0;
  BuildOption option;
  option.onProgress = [&calls](const BuildProgress&) { return ++calls > 0; };
  const std::string engine = folder / "new.engine";
  try {
    buildEngine(model_, engine, option);
    ADD_FAILURE() << "built";
  } catch (const DeviceError& error) {
    expectReason(error.what());
  }
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(filesIn(folder), 0U);
}

TEST_F(NoGpuTest, WrongOptionsAndFilesAreNamedFirst) {
  test::TempDir folder;
  const std::string engine = folder / "new.engine";
  const auto refused = [&](const std::function<void(BuildOption&)>& change) {
    BuildOption option;
    change(option);
    EXPECT_THROW(buildEngine(model_, engine, option), std::invalid_argument);
  };
  refused([](BuildOption& option) { option.maxBatch = 0; });
  refused([](BuildOption& option) { option.minBatch = 0; });
  refused([](BuildOption& option) { option.minBatch = 2; });
  refused([](BuildOption& option) { option.optBatch = 2; });
  refused([](BuildOption& option) { option.maxBatch = 4, option.minBatch = 3, option.optBatch = 2; });
  refused([](BuildOption& option) { option.maxBatch = 4, option.optBatch = -1; });
  refused([](BuildOption& option) { option.optimizationLevel = 6; });
  refused([](BuildOption& option) { option.optimizationLevel = -1; });
  refused([](BuildOption& option) { option.deviceId = -1; });
  refused([](BuildOption& option) { option.width = -640; });
  refused([](BuildOption& option) { option.height = 320, option.minHeight = 640; });
  EXPECT_THROW(buildEngine(folder / "none.onnx", engine), ModelError);
  EXPECT_THROW(buildEngine(model_, folder / "none" + std::string("/new.engine")), ModelError);
  EXPECT_THROW(buildEngine(model_, folder / ""), ModelError);
  EXPECT_THROW(buildEngine(model_, ""), ModelError);
  EXPECT_EQ(filesIn(folder), 0U);
}

TEST_F(NoGpuTest, NothingIsWrittenOverTheModel) {
  test::TempDir folder;
  const std::string copy = folder / "model.onnx";
  std::filesystem::copy_file(model_, copy);
  EXPECT_THROW(buildEngine(copy, copy), std::invalid_argument);
  EXPECT_THROW(buildEngine(copy, folder / "./model.onnx"), std::invalid_argument);
  EXPECT_EQ(std::filesystem::file_size(copy), std::filesystem::file_size(model_));
}

TEST_F(NoGpuTest, ModelsThatAskForTensorRt) {
  const InferOption option = InferOption().setBackend(Backend::TensorRT);
  expectRefusal(model_, [&] { DetectModel(model_, option); });
  expectRefusal(model_, [&] { inspect(model_, option); });
}

TEST_F(NoGpuTest, EnginesOfTensorRt) {
  test::TempDir folder;
  const std::string json = R"({"task": "detect", "names": {"0": "person"}})";
  const std::string header{static_cast<char>(json.size()), '\0', '\0', '\0'};
  const std::string plan = "ftrt" + std::string(1000, '\1');
  for (const std::string& file :
       {folder.write("plan.engine", plan), folder.write("ultralytics.engine", header + json + plan),
        folder.write("engine.onnx", plan)}) {
    for (const Backend backend : {Backend::Auto, Backend::TensorRT}) {
      const InferOption option = InferOption().setBackend(backend);
      expectRefusal(file, [&] { DetectModel(file, option); });
      expectRefusal(file, [&] { ClassifyModel(file, option); });
      expectRefusal(file, [&] { inspect(file, option); });
    }
    // Not the GPU is missing then.
    EXPECT_THROW(DetectModel(file, InferOption().setBackend(Backend::OpenVINO)), ModelError);
    EXPECT_THROW(buildEngine(file, folder / "new.engine"), ModelError);
  }
  EXPECT_EQ(filesIn(folder), 3U);
}

TEST_F(NoGpuTest, ImagesInGpuMemory) {
  const InferOption option = InferOption().enableCudaMem();
  for (const Backend backend : {Backend::Auto, Backend::OpenVINO}) {
    try {
      const DetectModel model(model_, InferOption(option).setBackend(backend));
      ADD_FAILURE() << "not refused";
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find("enableCudaMem()"), std::string::npos) << error.what();
      if (backend == Backend::Auto) {
        expectReason(error.what());
      }
    }
  }
  expectRefusal(model_, [&] { DetectModel(model_, InferOption(option).setBackend(Backend::TensorRT)); });
}

// A clone cannot go to a GPU from a model that runs on the CPU, whether there is a GPU or not.
template <typename Model>
void expectNoCloneOnAGpu(const std::string& file) {
  const Model model(file, InferOption().setBackend(Backend::OpenVINO));
  for (const int gpu : {0, 1, -1}) {
    try {
      model.clone(gpu);
      ADD_FAILURE() << "cloned onto GPU " << gpu;
    } catch (const DeviceError& error) {
      const std::string words = error.what();
      for (const std::string& said : {"'" + file + "'", "GPU " + std::to_string(gpu), model.info().device}) {
        EXPECT_NE(words.find(said), std::string::npos) << words;
      }
    }
  }
  EXPECT_EQ(model.clone()->info().device, model.info().device);
}

TEST(CpuModelTest, HasNoClonesOnGpus) {
  expectNoCloneOnAGpu<ClassifyModel>(dataPath("shapes/classify.onnx"));
  expectNoCloneOnAGpu<DetectModel>(dataPath("shapes/detect.onnx"));
  expectNoCloneOnAGpu<OBBModel>(dataPath("shapes/obb.onnx"));
  expectNoCloneOnAGpu<SegmentModel>(dataPath("shapes/segment.onnx"));
  expectNoCloneOnAGpu<PoseModel>(dataPath("shapes/pose.onnx"));
}

// A model that may run on either runs where it can, and says where.
TEST_F(NoGpuTest, TheCpuIsThere) {
  const ModelInfo info = inspect(model_, InferOption().setDeviceId(1));
  EXPECT_EQ(info.backend, "openvino");
  EXPECT_EQ(info.device.empty(), false);
}

// Ordinary memory is as good where nothing can lock it.
TEST_F(NoGpuTest, PinnedBuffersAreOrdinaryMemory) {
  constexpr std::size_t kBytes = 100 * 100 * 3;
  const PinnedBuffer buffer(kBytes);
  EXPECT_FALSE(buffer.pageLocked());
  EXPECT_EQ(buffer.size(), kBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
  std::memset(buffer.data(), 90, buffer.size());
  const PinnedBuffer copy = buffer;
  EXPECT_EQ(copy.data(), buffer.data());
  DetectModel model(dataPath("shapes/detect.onnx"));
  std::vector<std::uint8_t> pixels(buffer.size(), 90);
  EXPECT_EQ(model.predict(Image(buffer.data(), 100, 100)).num, model.predict(Image(pixels.data(), 100, 100)).num);
  EXPECT_THROW(PinnedBuffer(0), std::invalid_argument);
}

}  // namespace
}  // namespace trtyolo
