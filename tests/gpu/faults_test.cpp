// What goes wrong on a GPU, through the public interface: no memory left, plans of another version or GPU, and a fault
// that ends the use of the GPU. Each is a typed error; what had worked before goes on working.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cuda/gpu.hpp"
#include "gpu/engines.hpp"

namespace trtyolo {
namespace {

using test::engineOf;
using test::Picture;
using test::pictureOf;
using test::textOf;

namespace fs = std::filesystem;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;

// Takes the memory of the current GPU, for as long as this lives, until no more than `left` bytes are free; 0: until
// nothing can be had.
class Fill {
 public:
  explicit Fill(std::size_t left) {
    constexpr std::size_t kLeastChunk = 512;
    for (std::size_t chunk = free(); chunk >= kLeastChunk;) {
      const std::size_t rest = free();
      if (left > 0 && rest <= left) {
        break;
      }
      const std::size_t wanted = left > 0 ? std::min(chunk, rest - left) : chunk;
      void* memory = nullptr;
      if (cudaMalloc(&memory, std::max(wanted, kLeastChunk)) == cudaSuccess) {
        taken_.push_back(memory);
      } else {
        cudaGetLastError();
        chunk /= 2;
      }
    }
  }
  ~Fill() {
    for (void* const memory : taken_) {
      EXPECT_EQ(cudaFree(memory), cudaSuccess);
    }
  }
  Fill(const Fill&) = delete;
  Fill& operator=(const Fill&) = delete;

  static std::size_t free() {
    std::size_t free = 0, total = 0;
    EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
    return free;
  }

 private:
  std::vector<void*> taken_;
};

// The words of the DeviceError that a call throws; empty if it throws nothing.
std::string failure(const std::function<void()>& call) {
  try {
    call();
    return "";
  } catch (const DeviceError& error) {
    std::cout << error.what() << '\n';
    return error.what();
  }
}

TEST(GpuFaultsTest, NoMemoryForAFirstPredict) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  const std::string file = engineOf("detect", "f32");
  DetectModel parent(file, test::bgr());
  const std::string expected = textOf(parent.predict(picture.view()));
  EXPECT_EQ(textOf(parent.predict(picture.view())), expected);
  for (const std::size_t left : {16 * kMebibyte, 4 * kMebibyte, std::size_t{0}}) {
    SCOPED_TRACE(testing::Message() << left << " bytes left");
    DetectModel fresh(file, test::bgr());
    auto clone = fresh.clone();
    std::size_t failed = 0;
    {
      const Fill fill(left);
      std::cout << "free: " << Fill::free() << " bytes\n";
      for (int i = 0; i < 3; ++i) {
        for (DetectModel* const model : {&fresh, clone.get()}) {
          const std::string words = failure([&] { EXPECT_EQ(textOf(model->predict(picture.view())), expected); });
          failed += words.empty() ? 0 : 1;
          EXPECT_TRUE(words.empty() || words.find("GPU 0 (") == 0) << words;
        }
        EXPECT_EQ(textOf(parent.predict(picture.view())), expected);
        EXPECT_EQ(textOf(parent.clone()->predict(picture.view())), expected);  // on what its parent has
      }
    }
    if (left == 0) {
      EXPECT_EQ(failed, 6U);
    }
    EXPECT_EQ(textOf(fresh.predict(picture.view())), expected);
    EXPECT_EQ(textOf(clone->predict(picture.view())), expected);
  }
}

// Where there is no memory for one more call at a time, calls wait for each other.
TEST(GpuFaultsTest, NoMemoryForClonesAtOnce) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  DetectModel parent(engineOf("detect", "f32"), test::bgr());
  std::string expected;
  for (int i = 0; i < 3; ++i) {
    expected = textOf(parent.predict(picture.view()));
  }
  std::vector<std::unique_ptr<DetectModel>> clones;
  std::atomic<int> wrong = 0, failed = 0;
  const auto runAtOnce = [&](int calls) {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < calls; ++i) {
          try {
            DetectModel& model = t == 0 ? parent : *clones[t - 1];
            wrong += textOf(model.predict(picture.view())) == expected ? 0 : 1;
          } catch (const std::exception& error) {
            if (failed++ == 0) {
              std::cout << error.what() << '\n';
            }
          }
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  {
    const Fill fill(0);
    for (int i = 0; i < 3; ++i) {
      clones.push_back(parent.clone());
    }
    runAtOnce(200);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(parent.memory().executors, 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (parent.memory().executors < 4 && std::chrono::steady_clock::now() < end) {
    runAtOnce(50);
  }
  EXPECT_EQ(parent.memory().executors, 4);  // there is memory again
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(failed, 0);
}

TEST(GpuFaultsTest, NoMemoryToLoad) {
  TRTYOLO_NEEDS_GPU();
  Picture picture = test::firstPicture();
  const std::string file = engineOf("detect", "f32");
  DetectModel before(file, test::bgr());
  const std::string expected = textOf(before.predict(picture.view()));
  for (const std::size_t left : {2 * kMebibyte, std::size_t{0}}) {
    SCOPED_TRACE(testing::Message() << left << " bytes left");
    const Fill fill(left);
    for (int i = 0; i < 2; ++i) {
      const std::string words = failure([&] { DetectModel(file, test::bgr()); });
      EXPECT_NE(words.find("loading '" + file + "'"), std::string::npos) << words;
      EXPECT_NE(words.find("out of memory"), std::string::npos) << words;
      EXPECT_EQ(textOf(before.predict(picture.view())), expected);
    }
  }
  DetectModel after(file, test::bgr());
  EXPECT_EQ(textOf(after.predict(picture.view())), expected);
}

TEST(GpuFaultsTest, NoMemoryToCloneOntoAnotherGpu) {
  TRTYOLO_NEEDS_GPU();
  int count = 0;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  if (count < 2) {
    GTEST_SKIP() << "this machine has one GPU, and this test needs two";
  }
  Picture picture = test::firstPicture();
  DetectModel here(engineOf("detect", "f32"), test::bgr());
  const std::string expected = textOf(here.predict(picture.view()));
  here.clone(1);
  {
    ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
    const Fill fill(0);
    ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
    const std::string words = failure([&] { here.clone(1); });
    EXPECT_EQ(words.find("GPU 1 ("), 0U) << words;
    EXPECT_EQ(textOf(here.predict(picture.view())), expected);
  }
  EXPECT_EQ(textOf(here.clone(1)->predict(picture.view())), expected);
}

// A plan as another TensorRT, or another kind of GPU, would have made it: the engine of the detector with other numbers
// in its head, which are known of TensorRT 10.
class GpuForeignPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    TRTYOLO_NEEDS_GPU();
    std::ifstream stream(engineOf("detect", "f32"), std::ios::binary);
    whole_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    plan_ = whole_.find("ftrt");
    ASSERT_LT(plan_, whole_.size() - 200);
    const std::string version = backends().at("tensorrt");
    cudaDeviceProp gpu{};
    ASSERT_EQ(cudaGetDeviceProperties(&gpu, 0), cudaSuccess);
    const std::string numbers = std::to_string(byteAt(kVersion)) + "." + std::to_string(byteAt(kVersion + 1)) + "." +
                                std::to_string(byteAt(kVersion + 2));
    const bool known = numbers == version && wordAt(kMajor - 4) == kNumberTag && wordAt(kMajor) == gpu.major &&
                       wordAt(kMinor - 4) == kNumberTag && wordAt(kMinor) == gpu.minor;
    if (!known) {
      GTEST_SKIP() << "the head of plans of TensorRT " << version << " is not known: found " << numbers << ", "
                   << wordAt(kMajor) << " and " << wordAt(kMinor);
    }
  }

  int byteAt(std::size_t offset) const { return static_cast<unsigned char>(whole_[plan_ + offset]); }
  std::int32_t wordAt(std::size_t offset) const {
    std::int32_t word = 0;
    std::memcpy(&word, whole_.data() + plan_ + offset, sizeof(word));
    return word;
  }

  void expectRefused(const std::vector<std::size_t>& offsets, char value) const {
    SCOPED_TRACE(testing::Message() << "byte " << offsets.back() << " is " << static_cast<int>(value));
    const std::string path = (fs::temp_directory_path() / "trtyolo-foreign.engine").string();
    std::string changed = whole_;
    for (const std::size_t offset : offsets) {
      changed[plan_ + offset] = value;
    }
    std::ofstream(path, std::ios::binary) << changed;
    for (const bool load : {true, false}) {
      try {
        if (load) {
          DetectModel model(path);
        } else {
          inspect(path);
        }
        ADD_FAILURE() << "not refused";
      } catch (const ModelError& error) {
        std::cout << error.what() << '\n';
        EXPECT_EQ(std::string(error.what()).find("'" + path + "'"), 0U) << error.what();
      }
    }
    fs::remove(path);
  }

  static constexpr std::size_t kVersion = 24, kVersionMajor = 104, kVersionMinor = 109;  // twice
  static constexpr std::size_t kMajor = 144, kMinor = 152;                               // of the compute capability
  static constexpr std::int32_t kNumberTag = 0x00018007;

 private:
  std::string whole_;
  std::size_t plan_ = 0;
};

TEST_F(GpuForeignPlanTest, OfAnotherVersion) {
  for (const int major : {8, 11}) {
    expectRefused({kVersion, kVersionMajor}, static_cast<char>(major));
  }
  for (const int minor : {byteAt(kVersion + 1) + 1, 0}) {
    expectRefused({kVersion + 1, kVersionMinor}, static_cast<char>(minor));
  }
}

TEST_F(GpuForeignPlanTest, OfAnotherKindOfGpu) {
  expectRefused({kMajor}, 7);
  expectRefused({kMajor}, 12);
  expectRefused({kMinor}, static_cast<char>(wordAt(kMinor) + 6));
}

// How many promises are broken after an image whose memory is not there, which the kernels cannot know: an illegal
// address, after which no call of this process can use the GPU.
int brokenPromises() {
  int broken = 0;
  const auto expect = [&broken](bool kept, const std::string& promise) {
    std::cerr << (kept ? "kept: " : "BROKEN: ") << promise << '\n';
    broken += kept ? 0 : 1;
  };
  const auto expectDeviceError = [&](const char* what, const std::function<void()>& call) {
    try {
      call();
      expect(false, std::string(what) + " threw nothing");
    } catch (const DeviceError& error) {
      expect(std::string(error.what()).find("GPU 0 (") != std::string::npos, std::string(what) + ": " + error.what());
    } catch (const std::exception& error) {
      expect(false, std::string(what) + " threw something else: " + error.what());
    }
  };
  const std::string file = engineOf("detect", "f32");
  Picture picture = test::firstPicture();
  {
    DetectModel bystander(file, test::bgr());
    auto neverRun = std::make_unique<DetectModel>(file, test::bgr());
    DetectModel model(file, test::bgr().enableCudaMem());
    const test::DevicePicture onDevice(picture);
    expect(model.predict(onDevice.view()).num > 0 && bystander.predict(picture.view()).num > 0, "all is well before");
    auto clone = model.clone();
    clone->predict(onDevice.view());
    const Image beyond(onDevice.view().ptr, 640, 640, 3, std::size_t{1} << 32);  // its rows are 4 GB apart
    expectDeviceError("the illegal address", [&] { model.predict(beyond); });
    for (int i = 0; i < 2; ++i) {
      expectDeviceError("the next predict()", [&] { model.predict(onDevice.view()); });
      expectDeviceError("predict() of a clone", [&] { clone->predict(onDevice.view()); });
      expectDeviceError("predict() of a new clone", [&] { clone->clone()->predict(onDevice.view()); });
      expectDeviceError("predict() of a model besides", [&] { bystander.predict(picture.view()); });
      expectDeviceError("a first predict()", [&] { neverRun->predict(picture.view()); });
      expectDeviceError("measureNetwork()", [&] { bystander.measureNetwork(1, 0.01); });
      expectDeviceError("loading", [&] { DetectModel(file, test::bgr()); });
      expectDeviceError("inspect()", [&] { inspect(file); });
      expectDeviceError("buildEngine()", [&] {
        buildEngine(test::dataPath("shapes/classify.onnx"), (fs::temp_directory_path() / "never.engine").string());
      });
    }
    expect(model.info().device.find("GPU 0") != std::string::npos, "info() is still there");
    expect(model.memory().engine > 0, "memory() is still there");
    std::thread([&] { neverRun.reset(); }).join();
  }
  expect(true, "all is destroyed");
  return broken;
}

TEST(GpuFaultsDeathTest, AnIllegalAddressIsAnErrorOfEveryCall) {
  TRTYOLO_NEEDS_GPU();
  engineOf("detect", "f32");  // is there then
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(std::exit(brokenPromises()), testing::ExitedWithCode(0), "all is destroyed");
}

}  // namespace
}  // namespace trtyolo
