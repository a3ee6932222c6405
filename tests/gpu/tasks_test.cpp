// Every task on a GPU, through the public interface: TensorRT engines built from the trained networks, against
// Ultralytics' references; images in host memory and on the GPU; clones.
//
// Engines are built from TRTYOLO_TEST_DATA/shapes/TASK.onnx when they are first needed, some 30 seconds each, and kept
// in the folder TRTYOLO_TEST_ENGINES. Pictures are PPM beside the references' own; to_ppm.py makes them. Without a GPU
// every test here is skipped.
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "cuda/gpu.hpp"
#include "gpu/picture.hpp"
#include "support/golden.hpp"

namespace trtyolo {
namespace {

using test::DevicePicture;
using test::json;
using test::Picture;

// The engine of a task, "f32" or "f16".
std::string engineOf(const std::string& task, const std::string& precision) {
  const char* folder = std::getenv("TRTYOLO_TEST_ENGINES");
  const std::string name = task + "-" + precision + ".engine";
  std::string path = (folder ? std::string(folder) : std::filesystem::temp_directory_path().string()) + "/" + name;
  if (!std::filesystem::exists(path)) {
    BuildOption option;
    option.optimizationLevel = 0;
    option.precision = precision == "f16" ? Precision::F16 : Precision::F32;
    double done = 0;
    option.onProgress = [&done](const BuildProgress& progress) {
      EXPECT_GE(progress.done, done);
      done = progress.done;
      return true;
    };
    buildEngine(test::dataPath("shapes/" + task + ".onnx"), path, option);
    EXPECT_GT(done, 0);
  }
  return path;
}

Picture pictureOf(const std::string& task, const json& image) {
  const std::string source = image.at("source").get<std::string>();
  return test::readPpm(test::dataPath(test::folderOf(task) + source.substr(0, source.rfind('.')) + ".ppm"));
}

template <typename Result>
std::string textOf(const Result& result) {
  std::ostringstream stream;
  stream << result;
  return stream.str();
}

// The half precision network itself differs: by less than this. Where two anchors of an object score nearly the same,
// the other one's box may be taken.
constexpr test::Tolerance kHalf{4.0, 2e-2, 0.95, 0.05};

class GpuEnginesTest : public testing::TestWithParam<const char*> {};

TEST_P(GpuEnginesTest, AreBuilt) {
  TRTYOLO_NEEDS_GPU();
  for (const char* precision : {"f32", "f16"}) {
    const ModelInfo info = inspect(engineOf(GetParam(), precision));
    EXPECT_EQ(toString(info.task), std::string(GetParam()));
    EXPECT_EQ(info.precision, precision);
    EXPECT_EQ(info.backend, "tensorrt");
    EXPECT_EQ(info.names.begin()->second.size() > 1, true) << info.names.begin()->second;
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, GpuEnginesTest, testing::Values("detect", "obb", "segment", "pose", "classify"),
                         [](const auto& test) { return std::string(test.param); });

template <typename Model>
void expectReferences(const std::string& task, const std::string& precision, const test::Tolerance& most) {
  SCOPED_TRACE(precision);
  Model host(engineOf(task, precision), test::bgr());
  Model device(engineOf(task, precision), test::bgr().enableCudaMem());
  const json references = test::goldenOf(task);
  for (const auto& image : references) {
    Picture picture = pictureOf(task, image);
    const auto found = host.predict(picture.view());
    test::expectObjects(found, image, most);
    const std::size_t pitch = static_cast<std::size_t>(picture.width) * 3 + 5;
    EXPECT_EQ(textOf(device.predict(DevicePicture(picture).view())), textOf(found));
    EXPECT_EQ(textOf(device.predict(DevicePicture(picture, pitch).view())), textOf(found));
  }
}

template <typename Model>
void expectBoth(const std::string& task) {
  TRTYOLO_NEEDS_GPU();
  expectReferences<Model>(task, "f32", {});
  expectReferences<Model>(task, "f16", kHalf);
}

TEST(GpuTasksTest, BoxesEqualUltralytics) {
  expectBoth<DetectModel>("detect");
}
TEST(GpuTasksTest, RotatedBoxesEqualUltralytics) {
  expectBoth<OBBModel>("obb");
}
TEST(GpuTasksTest, MasksEqualUltralytics) {
  expectBoth<SegmentModel>("segment");
}
TEST(GpuTasksTest, KeypointsEqualUltralytics) {
  expectBoth<PoseModel>("pose");
}
TEST(GpuTasksTest, ClassesEqualUltralytics) {
  expectBoth<ClassifyModel>("classify");
}

template <typename Model>
void expectClonesAgree(const std::string& task) {
  auto model = std::make_unique<Model>(engineOf(task, "f32"), test::bgr());
  Picture picture = pictureOf(task, test::goldenOf(task)[0]);
  const std::string expected = textOf(model->predict(picture.view()));
  EXPECT_NE(expected.find("score"), std::string::npos);
  auto clone = model->clone();
  model.reset();
  auto grandchild = clone->clone();
  clone.reset();
  EXPECT_EQ(textOf(grandchild->predict(picture.view())), expected);
  const auto many = grandchild->predict(std::vector<Image>(3, picture.view()));
  ASSERT_EQ(many.size(), 3U);
  EXPECT_EQ(textOf(many[2]), expected);
}

TEST(GpuTasksTest, ClonesOutliveTheirParents) {
  TRTYOLO_NEEDS_GPU();
  expectClonesAgree<ClassifyModel>("classify");
  expectClonesAgree<DetectModel>("detect");
  expectClonesAgree<OBBModel>("obb");
  expectClonesAgree<SegmentModel>("segment");
  expectClonesAgree<PoseModel>("pose");
}

TEST(GpuTasksTest, ThresholdsChangeAtRunTime) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const DetResult expected = model.predict(picture.view());
  ASSERT_GT(expected.num, 1);
  for (int i = 0; i < 3; ++i) {
    model.setConfidence(1e-6F);
    model.setMaxDetections(5000);
    model.setIou(1);
    EXPECT_GT(model.predict(picture.view()).num, 10 * expected.num);
    model.setMaxDetections(1);
    EXPECT_EQ(model.predict(picture.view()).num, 1);
    model.setMaxDetections(300);
    model.setIou(0.7F);
    model.setConfidence(0.25F);
    EXPECT_EQ(textOf(model.predict(picture.view())), textOf(expected));
    model.setClasses({expected.classes[0]});
    for (const int index : model.predict(picture.view()).classes) {
      EXPECT_EQ(index, expected.classes[0]);
    }
    model.setClasses({});
  }
}

TEST(GpuTasksTest, ImagesThatAreNotOnTheGpuAreRefused) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr().enableCudaMem());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  EXPECT_THROW(model.predict(picture.view()), std::invalid_argument);
  EXPECT_GT(model.predict(DevicePicture(picture).view()).num, 0);
}

TEST(GpuTasksTest, OddImagesAreSeen) {
  TRTYOLO_NEEDS_GPU();
  SegmentModel segment(engineOf("segment", "f32"), test::bgr().setConfidence(0.001F));
  ClassifyModel classify(engineOf("classify", "f32"), test::bgr());
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {20000, 3}, {3, 2}, {641, 639}}) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * 3));
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<std::uint8_t>(i * 37 ^ i >> 3);
    }
    const Image image(pixels.data(), width, height);
    const SegResult found = segment.predict(image);
    EXPECT_EQ(found.masks.size(), static_cast<std::size_t>(found.num));
    EXPECT_EQ(found.masks.width(), width);
    EXPECT_EQ(classify.predict(image).num, 5);
  }
}

// A thread that has not used CUDA before has no context of its own accord.
TEST(GpuTasksTest, ImagesOnTheGpuFromAnotherThread) {
  TRTYOLO_NEEDS_GPU();
  DetectModel model(engineOf("detect", "f32"), test::bgr().enableCudaMem());
  Picture picture = pictureOf("detect", test::goldenOf("detect")[0]);
  const DevicePicture onDevice(picture);
  const std::string expected = textOf(model.predict(onDevice.view()));
  std::string found;
  std::thread([&] { found = textOf(model.clone()->predict(onDevice.view())); }).join();
  EXPECT_EQ(found, expected);
}

// Clones made, used and dropped by many threads at once give what one model gives, and leave no memory behind.
TEST(GpuTasksTest, ManyClonesAtOnce) {
  TRTYOLO_NEEDS_GPU();
  const char* said = std::getenv("TRTYOLO_TEST_SECONDS");
  const double seconds = said ? std::atof(said) : 2;
  const auto references = test::goldenOf("detect");
  auto model = std::make_unique<DetectModel>(engineOf("detect", "f16"), test::bgr());
  std::vector<Picture> pictures;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 8; ++i) {
    pictures.push_back(pictureOf("detect", references[i]));
    expected.push_back(textOf(model->predict(pictures.back().view())));
  }
  const auto freeMemory = [] {
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    return static_cast<double>(free) / (1 << 20);
  };
  std::atomic<int> wrong = 0, calls = 0;
  const auto run = [&](double duration) {
    std::vector<std::thread> threads;
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(duration);
    for (std::size_t t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        std::size_t i = t;
        do {
          auto clone = model->clone();
          for (int call = 0; call < 20; ++call, ++i) {
            const std::size_t which = i % pictures.size();
            wrong += textOf(clone->predict(pictures[which].view())) != expected[which];
            ++calls;
          }
        } while (std::chrono::steady_clock::now() < end);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  };
  run(seconds / 4);
  const double settled = freeMemory();
  run(seconds);
  EXPECT_EQ(wrong, 0) << "of " << calls << " calls";
  EXPECT_LE(settled - freeMemory(), 1.0);
  std::cout << calls << " calls\n";
}

TEST(GpuFilesTest, WrongPlansAreRefused) {
  TRTYOLO_NEEDS_GPU();
  namespace fs = std::filesystem;
  std::ifstream stream(engineOf("detect", "f32"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  ASSERT_GT(whole.size(), 1000U);
  const std::string path = (fs::temp_directory_path() / "trtyolo-wrong.engine").string();
  const auto load = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
    DetectModel model(path);
  };
  EXPECT_NO_THROW(load(whole));
  EXPECT_THROW(load(whole.substr(0, whole.size() / 2)), ModelError);
  EXPECT_THROW(load(whole.substr(0, 100)), ModelError);
  const std::size_t plan = whole.find("ftrt");
  ASSERT_NE(plan, std::string::npos);
  std::string damaged = whole;
  for (std::size_t i = plan + 200; i < plan + 260; ++i) {
    damaged[i] = static_cast<char>(damaged[i] ^ 0x5A);
  }
  EXPECT_THROW(load(damaged), ModelError);
  EXPECT_NO_THROW({
    std::ofstream(path, std::ios::binary) << whole.substr(plan);  // without metadata
    DetectModel model(path);
    EXPECT_EQ(model.info().names.size(), 6U);
  });
  fs::remove(path);
}

}  // namespace
}  // namespace trtyolo
