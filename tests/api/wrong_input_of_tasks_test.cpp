// What is refused, by the models of every task alike, and that they go on working afterwards.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <sstream>

#include "support/references.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"

namespace trtyolo {
namespace {

using test::dataPath;

template <typename ModelOfTask, int task>
struct TaskUnderTest {
  using Model = ModelOfTask;
  static constexpr Task kTask = static_cast<Task>(task);
  static std::string file() { return dataPath(std::string("shapes/") + toString(kTask) + ".onnx"); }
};

template <typename Under>
class WrongInputOfTest : public testing::Test {
 protected:
  using Model = typename Under::Model;

  // The message of the ModelError that loading `file` must throw.
  static std::string loadError(const std::string& file, const InferOption& option = {}) {
    try {
      Model model(file, option);
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find(file), std::string::npos) << error.what();
      return error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << file << ": expected a ModelError, found " << error.what();
      return "";
    }
    ADD_FAILURE() << file << ": loaded";
    return "";
  }

  static std::string text(Model& model, const Image& image) {
    std::ostringstream stream;
    stream << model.predict(image);
    return stream.str();
  }
};

using Tasks = testing::Types<TaskUnderTest<ClassifyModel, static_cast<int>(Task::Classify)>,
                             TaskUnderTest<DetectModel, static_cast<int>(Task::Detect)>,
                             TaskUnderTest<OBBModel, static_cast<int>(Task::OBB)>,
                             TaskUnderTest<SegmentModel, static_cast<int>(Task::Segment)>,
                             TaskUnderTest<PoseModel, static_cast<int>(Task::Pose)>>;
TYPED_TEST_SUITE(WrongInputOfTest, Tasks);

TYPED_TEST(WrongInputOfTest, Files) {
  test::TempDir dir;
  this->loadError(dir / "missing.onnx");
  this->loadError(dir.write("empty.onnx", ""));
  this->loadError(dir.write("noise.onnx", std::string(5000, '\x5a')));
  std::ifstream stream(TypeParam::file(), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  ASSERT_GT(whole.size(), 100000U);
  for (const std::size_t length : {std::size_t{10}, whole.size() / 2, whole.size() - 100}) {
    this->loadError(dir.write("cut.onnx", whole.substr(0, length)));
  }
}

TYPED_TEST(WrongInputOfTest, FilesOfAnotherTask) {
  for (const char* other : {"classify", "detect", "obb", "segment", "pose"}) {
    if (other != std::string(toString(TypeParam::kTask))) {
      const std::string message = this->loadError(dataPath(std::string("shapes/") + other + ".onnx"));
      EXPECT_NE(message.find(std::string("'") + other + "'"), std::string::npos) << message;
    }
  }
}

TYPED_TEST(WrongInputOfTest, OutputsThatTheTaskDoesNotHave) {
  test::TempDir dir;
  const std::string metadata =
      std::string("task: ") + toString(TypeParam::kTask) + "\nnames:\n  0: cat\n  1: dog\nkpt_shape:\n- 4\n- 3\n";
  int number = 0;
  for (const std::vector<test::TinyOutput>& outputs :
       std::vector<std::vector<test::TinyOutput>>{{{{1, 3, 84}, {}}},
                                                  {{{1, 77, 84}, {}}},
                                                  {{{1, 3, 8, 8, 2}, {}}},
                                                  {{{1, 7}, {}}},
                                                  {{{1, 6, 84}, {}}, {{1, 2}, {}}},
                                                  {{{1, 32, 16, 16}, {}}}}) {
    const std::string file =
        test::writeTinyModel(dir, "wrong" + std::to_string(number++), {{1, 3, 64, 64}, outputs, metadata, false});
    const std::string message = this->loadError(file);
    EXPECT_NE(message.find("output0"), std::string::npos) << message;
    EXPECT_NE(inspect(file).layout.find("not understood"), std::string::npos);
  }
}

TYPED_TEST(WrongInputOfTest, Images) {
  typename TypeParam::Model model(TypeParam::file(), InferOption().setConfidence(0.01F));
  std::vector<unsigned char> pixels(640 * 480 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<unsigned char>(i * i >> 7U);
  }
  const Image good(pixels.data(), 640, 480);
  const std::string expected = this->text(model, good);
  for (const Image& bad :
       {Image(nullptr, 640, 480), Image(pixels.data(), 0, 480), Image(pixels.data(), 640, -1),
        Image(pixels.data(), 640, 480, 2, 0), Image(pixels.data(), 640, 480, std::size_t{639 * 3}), Image()}) {
    EXPECT_THROW(model.predict(bad), std::invalid_argument);
    EXPECT_THROW(model.predict(std::vector<Image>{good, bad, good}), std::invalid_argument);
  }
  EXPECT_EQ(this->text(model, good), expected);
  EXPECT_THROW(model.setConfidence(1.5F), std::invalid_argument);
  EXPECT_THROW(model.setClasses({1000}), std::invalid_argument);
  EXPECT_EQ(this->text(model, good), expected);
}

}  // namespace
}  // namespace trtyolo
