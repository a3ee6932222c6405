// Several GPUs: models and clones on any of them, engines loaded once on each, and a caller's current device that no
// call changes. What needs a second GPU is skipped where there is one.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {
namespace {

using test::DevicePicture;
using test::engineOf;
using test::Picture;
using test::pictureOf;
using test::textOf;

namespace fs = std::filesystem;

int gpuCount() {
  int count = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  return count;
}

#define TRTYOLO_NEEDS_TWO_GPUS() \
  TRTYOLO_NEEDS_GPU();           \
  if (gpuCount() < 2) GTEST_SKIP() << "this machine has one GPU, and this test needs two"

// Another current device for as long as this lives.
class Current {
 public:
  explicit Current(int device) {
    EXPECT_EQ(cudaGetDevice(&before_), cudaSuccess);
    EXPECT_EQ(cudaSetDevice(device), cudaSuccess);
  }
  ~Current() { EXPECT_EQ(cudaSetDevice(before_), cudaSuccess); }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  int before_ = 0;
};

bool equalGpus(int a, int b) {
  cudaDeviceProp first{}, second{};
  EXPECT_EQ(cudaGetDeviceProperties(&first, a), cudaSuccess);
  EXPECT_EQ(cudaGetDeviceProperties(&second, b), cudaSuccess);
  return std::string(first.name) == second.name && first.major == second.major && first.minor == second.minor;
}

std::size_t freeBytes(int device) {
  const Current current(device);
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  return free;
}

template <typename T>
std::string bytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Every bit of a result.
std::string bitsOf(const ClsResult& result) {
  return bytesOf(result.classes) + bytesOf(result.scores);
}
template <typename Result>
std::string bitsOf(const Result& result) {
  return bytesOf(result.classes) + bytesOf(result.scores) + bytesOf(result.boxes);
}
std::string bitsOf(const SegResult& result) {
  std::string bits = bytesOf(result.classes) + bytesOf(result.scores) + bytesOf(result.boxes);
  for (std::size_t i = 0; i < result.masks.size(); ++i) {
    bits += bytesOf(result.masks[i].data);
  }
  return bits;
}
std::string bitsOf(const PoseResult& result) {
  std::string bits = bytesOf(result.classes) + bytesOf(result.scores) + bytesOf(result.boxes);
  for (const auto& points : result.kpts) {
    bits += bytesOf(points);
  }
  return bits;
}

// Of the DeviceError that the call must throw.
std::string wordsOf(const std::function<void()>& call) {
  try {
    call();
    return "nothing was thrown";
  } catch (const DeviceError& error) {
    return error.what();
  }
}

TEST(GpuDevicesTest, ModelsSayWhereTheyAre) {
  TRTYOLO_NEEDS_GPU();
  for (int gpu = 0; gpu < gpuCount(); ++gpu) {
    const InferOption option = InferOption().setDeviceId(gpu);
    const std::string number = "(GPU " + std::to_string(gpu) + ")";
    const DetectModel model(engineOf("detect", "f32"), option);
    EXPECT_NE(model.info().device.find(number), std::string::npos) << model.info().device;
    EXPECT_EQ(model.clone(gpu)->info().device, model.info().device);
    EXPECT_EQ(inspect(engineOf("detect", "f32"), option).device, model.info().device);
  }
}

TEST(GpuDevicesTest, OnItsOwnGpuItIsAnOrdinaryClone) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel model(engineOf("detect", "f32"), test::bgr());
  model.setMaxDetections(2);
  const std::string expected = bitsOf(model.predict(picture.view()));
  const auto clone = model.clone(0);
  model.setMaxDetections(1);
  EXPECT_EQ(bitsOf(clone->predict(picture.view())), expected);
  EXPECT_EQ(clone->memory().executors, 1);  // that of the engine that both are on
}

TEST(GpuDevicesTest, MissingGpusAreNamed) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  const std::string file = engineOf("detect", "f32");
  DetectModel model(file, test::bgr());
  const int count = gpuCount();
  const std::string said = "this machine has " + std::to_string(count);
  for (const int gpu : {count, count + 7, -1}) {
    const std::string words = wordsOf([&] { model.clone(gpu); });
    EXPECT_NE(words.find(said), std::string::npos) << words;
    EXPECT_NE(words.find("GPU " + std::to_string(gpu)), std::string::npos) << words;
  }
  const InferOption option = InferOption().setDeviceId(count);
  EXPECT_NE(wordsOf([&] { DetectModel(file, option); }).find(said), std::string::npos);
  EXPECT_NE(wordsOf([&] { inspect(file, option); }).find(said), std::string::npos);
  EXPECT_GT(model.predict(picture.view()).num, 0);
}

// Makes a call with each device as the current one, which it must still be afterwards.
void expectUntouched(const char* what, const std::function<void()>& call) {
  for (int device = 0; device < gpuCount(); ++device) {
    SCOPED_TRACE(testing::Message() << what << ", current device " << device);
    const Current current(device);
    call();
    int after = -1;
    EXPECT_EQ(cudaGetDevice(&after), cudaSuccess);
    EXPECT_EQ(after, device);
  }
}

void expectUntouchedByModelsOn(int gpu) {
  SCOPED_TRACE(testing::Message() << "model on GPU " << gpu);
  const std::string file = engineOf("detect", "f32");
  Picture picture = test::firstPicture();
  const InferOption option = test::bgr().setDeviceId(gpu);
  const int other = gpuCount() - 1 - gpu;
  std::unique_ptr<DetectModel> model, clone, there;
  expectUntouched("loading", [&] { model = std::make_unique<DetectModel>(file, option); });
  const std::string expected = textOf(model->predict(picture.view()));
  expectUntouched("loading and a first predict()", [&] {
    DetectModel fresh(file, option);
    EXPECT_EQ(textOf(fresh.predict(picture.view())), expected);
  });
  expectUntouched("predict()", [&] { EXPECT_EQ(textOf(model->predict(picture.view())), expected); });
  expectUntouched("clone()", [&] { clone = model->clone(); });
  expectUntouched("clone() elsewhere", [&] { there = model->clone(other); });
  expectUntouched("predict() of a clone", [&] { clone->predict(picture.view()); });
  expectUntouched("predict() elsewhere", [&] { there->predict(picture.view()); });
  expectUntouched("measureNetwork()", [&] { EXPECT_GT(model->measureNetwork(2, 0.02).latencies.size(), 0U); });
  expectUntouched("memory()", [&] { EXPECT_GT(model->memory().engine, 0U); });
  expectUntouched("inspect()", [&] { inspect(file, option); });
  expectUntouched("backends()", [] { backends(); });
  expectUntouched("another task's file", [&] { EXPECT_THROW(PoseModel(file, option), ModelError); });
  expectUntouched("no file", [&] { EXPECT_THROW(DetectModel("none.engine", option), ModelError); });
  expectUntouched("a clone on no GPU", [&] { EXPECT_THROW(model->clone(gpuCount()), DeviceError); });
  expectUntouched("a refused image", [&] {
    DetectModel ofImagesOnGpu(file, InferOption(option).enableCudaMem());
    EXPECT_THROW(ofImagesOnGpu.predict(picture.view()), std::invalid_argument);
  });
  expectUntouched("building that is ended", [&] {
    BuildOption build;
    build.deviceId = gpu;
    build.optimizationLevel = 0;
    build.onProgress = [](const BuildProgress&) { return false; };
    const std::string never = (test::engineFolder() / "never.engine").string();
    EXPECT_THROW(buildEngine(test::dataPath("shapes/classify.onnx"), never, build), Error);
  });
  expectUntouched("destroying clones", [&] {
    model->clone()->predict(picture.view());
    there->clone()->predict(picture.view());
  });
  std::thread([&] {
    expectUntouched("destroying all in another thread", [&] {
      model.reset();
      clone.reset();
      there.reset();
    });
  }).join();
}

TEST(GpuDevicesTest, TheCurrentDeviceIsUntouched) {
  TRTYOLO_NEEDS_GPU();
  for (int gpu = 0; gpu < gpuCount(); ++gpu) {
    expectUntouchedByModelsOn(gpu);
  }
}

template <typename Model>
void expectTheSameThere(const std::string& task) {
  SCOPED_TRACE(task);
  Picture picture = test::firstPicture(task);
  Model here(engineOf(task, "f32"), test::bgr());
  const std::string expected = bitsOf(here.predict(picture.view()));
  EXPECT_FALSE(expected.empty());
  const auto there = here.clone(1);
  const auto back = there->clone(0);
  Model loadedThere(engineOf(task, "f32"), test::bgr().setDeviceId(1));
  EXPECT_NE(there->info().device.find("(GPU 1)"), std::string::npos) << there->info().device;
  EXPECT_NE(back->info().device.find("(GPU 0)"), std::string::npos) << back->info().device;
  const std::string found = bitsOf(there->predict(picture.view()));
  if (equalGpus(0, 1)) {
    EXPECT_TRUE(found == expected);
  }
  EXPECT_TRUE(bitsOf(loadedThere.predict(picture.view())) == found);
  EXPECT_TRUE(bitsOf(back->predict(picture.view())) == expected);
  EXPECT_TRUE(bitsOf(there->predict(picture.view())) == found);  // captured by now
  EXPECT_EQ(back->memory().executors, 1);                        // on the engine of `here`
}

TEST(GpuDevicesTest, ClonesElsewhereGiveTheSame) {
  TRTYOLO_NEEDS_TWO_GPUS();
  expectTheSameThere<ClassifyModel>("classify");
  expectTheSameThere<DetectModel>("detect");
  expectTheSameThere<OBBModel>("obb");
  expectTheSameThere<SegmentModel>("segment");
  expectTheSameThere<PoseModel>("pose");
}

TEST(GpuDevicesTest, ThresholdsGoAlong) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr());
  ASSERT_GT(here.predict(picture.view()).num, 1);
  here.setMaxDetections(1);
  const auto there = here.clone(1);
  here.setMaxDetections(300);
  EXPECT_EQ(there->predict(picture.view()).num, 1);
  there->setMaxDetections(300);
  EXPECT_GT(there->clone(0)->predict(picture.view()).num, 1);
}

TEST(GpuDevicesTest, ImagesMustBeOnTheModelsGpu) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr().enableCudaMem());
  const auto there = here.clone(1);
  std::array<std::unique_ptr<DevicePicture>, 2> on;
  for (const int gpu : {0, 1}) {
    const Current current(gpu);
    on[static_cast<std::size_t>(gpu)] = std::make_unique<DevicePicture>(picture);
  }
  const std::string expected = textOf(here.predict(on[0]->view()));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(textOf(there->predict(on[1]->view())), expected);
    EXPECT_THROW(there->predict(on[0]->view()), std::invalid_argument);
    try {
      here.predict(on[1]->view());
      ADD_FAILURE() << "not refused";
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("GPU 1"), std::string::npos) << error.what();
    }
    EXPECT_EQ(textOf(here.predict(on[0]->view())), expected);
  }
}

TEST(GpuDevicesTest, AnyOrderOfDeath) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  std::array<int, 4> order{0, 1, 2, 3};
  std::string expected;
  do {
    SCOPED_TRACE(testing::Message() << order[0] << order[1] << order[2] << order[3]);
    std::array<std::unique_ptr<DetectModel>, 4> family;
    family[0] = std::make_unique<DetectModel>(engineOf("detect", "f32"), test::bgr());
    family[1] = family[0]->clone(1);
    family[2] = family[1]->clone(0);
    family[3] = family[2]->clone(1);
    for (const int dying : order) {
      family[static_cast<std::size_t>(dying)].reset();
      for (const auto& survivor : family) {
        if (survivor) {
          const std::string found = textOf(survivor->predict(picture.view()));
          expected = expected.empty() ? found : expected;
          EXPECT_EQ(found, expected);
          EXPECT_EQ(survivor->memory().executors, 1);
          // Also to where the last relative has gone from.
          EXPECT_EQ(textOf(survivor->clone(0)->predict(picture.view())), expected);
          EXPECT_EQ(textOf(survivor->clone(1)->predict(picture.view())), expected);
        }
      }
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(GpuDevicesTest, AnEngineGoesWithItsLastClone) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr());
  here.clone(1)->predict(picture.view());  // what CUDA loads once and keeps
  const std::size_t before = freeBytes(1);
  auto there = here.clone(1);
  there->predict(picture.view());
  const std::size_t half = there->memory().engine / 2;
  EXPECT_LE(freeBytes(1) + half, before);
  auto sibling = there->clone();
  there.reset();
  EXPECT_LE(freeBytes(1) + half, before);
  sibling.reset();
  EXPECT_EQ(freeBytes(1), before);
}

// All of them are on one engine in the end; that it is loaded no more than once is counted in engine_registry_test.cpp.
TEST(GpuDevicesTest, ThreadsThatGoThereAtOnceShareAnEngine) {
  TRTYOLO_NEEDS_TWO_GPUS();
  constexpr std::size_t kThreads = 8;
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr());
  const std::string expected = textOf(here.clone(1)->predict(picture.view()));
  const std::size_t before = freeBytes(1);
  std::vector<std::unique_ptr<DetectModel>> relatives(kThreads), there(kThreads);
  for (auto& relative : relatives) {
    relative = here.clone();
  }
  std::barrier together(static_cast<std::ptrdiff_t>(kThreads));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      together.arrive_and_wait();
      try {
        there[i] = relatives[i]->clone(1);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& clone : there) {
    ASSERT_NE(clone, nullptr);
  }
  EXPECT_EQ(textOf(there[0]->predict(picture.view())), expected);
  for (const auto& clone : there) {
    EXPECT_EQ(clone->memory().executors, 1);  // that of there[0]: an engine of its own would have none
  }
  std::cout << "8 clones on GPU 1 take " << static_cast<double>(before - freeBytes(1)) / 1e6 << " MB, their engine "
            << static_cast<double>(there[0]->memory().engine) / 1e6 << " MB of it\n";
}

TEST(GpuDevicesTest, TheFileIsNeededOnceMore) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  const fs::path folder = fs::temp_directory_path() / ("trtyolo-devices-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const std::string file = (folder / "model.engine").string(), away = (folder / "away.engine").string();
  fs::copy_file(engineOf("detect", "f32"), file);
  DetectModel here(file, test::bgr());
  const std::string expected = textOf(here.predict(picture.view()));
  const auto refusal = [&]() -> std::string {
    try {
      here.clone(1);
      return "not refused";
    } catch (const ModelError& error) {
      std::cout << error.what() << '\n';
      return error.what();
    }
  };
  fs::rename(file, away);
  EXPECT_NE(refusal().find("no such model file"), std::string::npos);
  fs::copy_file(engineOf("classify", "f32"), file);
  EXPECT_NE(refusal().find("not the one any more"), std::string::npos);
  fs::remove(file);
  EXPECT_EQ(textOf(here.clone()->predict(picture.view())), expected);
  EXPECT_EQ(textOf(here.clone(0)->predict(picture.view())), expected);
  fs::rename(away, file);
  const auto there = here.clone(1);
  fs::remove_all(folder);  // once loaded, the file is not needed
  EXPECT_EQ(textOf(there->clone(1)->predict(picture.view())), expected);
  EXPECT_EQ(textOf(there->clone(0)->predict(picture.view())), expected);
}

PoolOption onBothGpus() {
  PoolOption option;
  option.devices = {0, 1};
  return option;
}

TEST(GpuDevicesTest, APoolOnBothGivesTheSame) {
  TRTYOLO_NEEDS_TWO_GPUS();
  if (!equalGpus(0, 1)) {
    GTEST_SKIP() << "the GPUs are of different kinds";
  }
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr());
  const std::string expected = bitsOf(here.predict(picture.view()));
  Pool<DetectModel> pool(here, onBothGpus());
  EXPECT_EQ(pool.devices(), (std::vector<int>{0, 1}));
  std::array<std::unique_ptr<DevicePicture>, 2> on;
  for (const int gpu : {0, 1}) {
    const Current current(gpu);
    on[static_cast<std::size_t>(gpu)] = std::make_unique<DevicePicture>(picture);
  }
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (std::size_t t = 0; t < 16; ++t) {
    callers.emplace_back([&, t] {
      Image image = t % 3 == 2 ? picture.view() : on[t % 3]->view();
      image.memory = t % 3 == 2 ? ImageMemory::Host : ImageMemory::Device;
      for (int i = 0; i < 20; ++i) {
        wrong += bitsOf(pool.predict(image)) == expected ? 0 : 1;
      }
    });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, 0);
  const PoolMetrics metrics = pool.metrics();
  ASSERT_EQ(metrics.devices.size(), 2U);
  EXPECT_GE(metrics.devices[0].images, 120U);  // those in its own memory
  EXPECT_GE(metrics.devices[1].images, 100U);
  EXPECT_EQ(metrics.failed, 0U);
}

TEST(GpuDevicesTest, PoolsNameTheirGpus) {
  TRTYOLO_NEEDS_GPU();
  const std::string file = engineOf("detect", "f32");
  const DetectModel model(file, test::bgr());
  PoolOption option;
  option.devices = {0};
  EXPECT_EQ(Pool<DetectModel>(model, option).devices(), (std::vector<int>{0}));
  option.devices = {gpuCount()};
  EXPECT_NE(wordsOf([&] { Pool<DetectModel>(model, option); }).find("this machine has"), std::string::npos);
  option.devices = {0, 0};
  EXPECT_THROW(Pool<DetectModel>(model, option), std::invalid_argument);
  option.devices = std::vector<int>();
  EXPECT_THROW(Pool<DetectModel>(model, option), std::invalid_argument);
  option.devices = {0};
  option.allDevices = true;
  EXPECT_THROW(Pool<DetectModel>(model, option), std::invalid_argument);
  option.devices.reset();
  EXPECT_EQ(static_cast<int>(Pool<DetectModel>(model, option).devices().size()), gpuCount());
  EXPECT_EQ(trtyolo::gpuCount(), gpuCount());
}

TEST(GpuDevicesTest, APoolOfTheOtherGpuAlone) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture();
  PoolOption option;
  option.devices = {1};
  Pool<DetectModel> pool(engineOf("detect", "f32"), test::bgr(), option);
  EXPECT_EQ(pool.devices(), (std::vector<int>{1}));
  EXPECT_NE(pool.info().device.find("(GPU 1)"), std::string::npos) << pool.info().device;
  EXPECT_GT(pool.predict(picture.view()).num, 0);
}

// What one GPU cannot do any more the other does, as far as the driver lets it: CUDA promises nothing of a process in
// which a kernel has failed. Whatever it does, each image has its result or an error. The process ends, as that GPU
// stays broken in it.
int poolWithABrokenGpu(int gpu) {
  const auto dead = static_cast<std::size_t>(gpu);
  bool broken = false;
  const auto expect = [&](bool right, const char* what) {
    std::cerr << what << (right ? "\n" : ": NOT SO\n");
    broken = broken || !right;
  };
  {
    Picture picture = test::firstPicture();
    DetectModel here(engineOf("detect", "f32"), test::bgr());
    const std::string expected = textOf(here.predict(picture.view()));
    Pool<DetectModel> pool(here, onBothGpus());
    for (int i = 0; i < 8; ++i) {
      expect(textOf(pool.predict(picture.view())) == expected, "a result before");
    }
    std::unique_ptr<DevicePicture> there;
    {
      const Current current(gpu);
      there = std::make_unique<DevicePicture>(picture);
    }
    Image beyond = there->view();
    beyond.memory = ImageMemory::Device;
    beyond.pitch = std::size_t{1} << 32;  // its rows are 4 GB apart
    std::vector<Ticket<DetResult>> before;
    for (int i = 0; i < 32; ++i) {
      before.push_back(pool.submit(picture.view()));
    }
    try {
      pool.predict(beyond);
      expect(false, "the illegal address is an error");
    } catch (const DeviceError& error) {
      std::cerr << error.what() << '\n';
    }
    int refused = 0;
    const auto ends = [&](const std::function<DetResult()>& result, const char* what) {
      try {
        expect(textOf(result()) == expected, what);
      } catch (const DeviceError&) {
        ++refused;
      }
    };
    for (Ticket<DetResult>& ticket : before) {
      ends([&] { return ticket.get(); }, "a result of an image that was there");
    }
    for (int i = 0; i < 32; ++i) {
      ends([&] { return pool.predict(picture.view()); }, "a result afterwards");
    }
    const PoolMetrics metrics = pool.metrics();
    expect(!metrics.devices[dead].failure.empty(), "the metrics say that it failed");
    expect(metrics.failed == 1 + static_cast<std::uint64_t>(refused), "and how many images did");
    std::cerr << refused << " of 64 images were refused by the other GPU\n";
  }
  expect(true, "all is destroyed");
  return broken ? 1 : 0;
}

TEST(GpuDevicesDeathTest, AGpuThatFailsIsLeftOutOfAPool) {
  TRTYOLO_NEEDS_TWO_GPUS();
  engineOf("detect", "f32");  // is there then
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(std::exit(poolWithABrokenGpu(1)), testing::ExitedWithCode(0), "all is destroyed");
  EXPECT_EXIT(std::exit(poolWithABrokenGpu(0)), testing::ExitedWithCode(0), "all is destroyed");
}

// A clone on another GPU runs the network of its model, or none: also if the file changed while the model was built.
TEST(GpuDevicesTest, AFileThatIsReplacedDuringTheLoadIsRefused) {
  TRTYOLO_NEEDS_TWO_GPUS();
  static const fs::path folder = fs::temp_directory_path() / ("trtyolo-replaced-" + std::to_string(::getpid()));
  static const fs::path file = folder / "model.onnx";
  setenv("TRTYOLO_CACHE", folder.c_str(), 1);
  fs::create_directories(folder);
  fs::copy_file(test::dataPath("shapes/classify.onnx"), file);
  setLog([](LogLevel, const char* text) {
    if (std::string(text).find("building a TensorRT engine") == 0) {
      fs::copy_file(test::dataPath("shapes/detect.onnx"), file, fs::copy_options::overwrite_existing);
    }
  });
  ClassifyModel here(file.string(), test::bgr());
  setLog(nullptr);
  try {
    here.clone(1);
    ADD_FAILURE() << "not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("not the one any more"), std::string::npos) << error.what();
  }
  unsetenv("TRTYOLO_CACHE");
  fs::remove_all(folder);
}

// The engine of an ONNX file is built for each kind of GPU: for equal ones it is the same file.
TEST(GpuDevicesTest, AnOnnxFileIsBuiltForEachKindOfGpu) {
  TRTYOLO_NEEDS_TWO_GPUS();
  Picture picture = test::firstPicture("classify");
  const fs::path folder = fs::temp_directory_path() / ("trtyolo-devices-cache-" + std::to_string(::getpid()));
  setenv("TRTYOLO_CACHE", folder.c_str(), 1);
  const auto engines = [&] {
    const fs::directory_iterator entries(folder);
    return std::count_if(begin(entries), end(entries),
                         [](const auto& entry) { return entry.path().extension() == ".engine"; });
  };
  ClassifyModel here(test::dataPath("shapes/classify.onnx"), test::bgr());
  EXPECT_EQ(engines(), 1);
  const auto there = here.clone(1);
  EXPECT_EQ(engines(), equalGpus(0, 1) ? 1 : 2);
  EXPECT_EQ(there->predict(picture.view()).classes[0], here.predict(picture.view()).classes[0]);
  unsetenv("TRTYOLO_CACHE");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace trtyolo
