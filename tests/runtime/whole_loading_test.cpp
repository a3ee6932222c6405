// Files that nobody exports, through the whole loading and one prediction, on a small stack: they end with a result or
// an error of the library, and soon. scripts/fuzz goes on from here.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fuzz/graph_generator.hpp"
#include "support/onnx_writer.hpp"
#include "support/random.hpp"
#include "support/sanitized.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"
#include "trtyolo.hpp"

namespace trtyolo::whole_loading_test {
namespace {

using namespace test::onnx;

constexpr std::size_t kSmallStack = std::size_t{1} << 20U;

TEST(WholeLoadingTest, RandomGraphs) {
  const test::TempDir folder;
  int ran = 0;
  const int count = test::rounds(120);
  for (int seed = 0; seed < count; ++seed) {
    SCOPED_TRACE(seed);
    test::Random random(static_cast<std::uint64_t>(seed));
    std::vector<std::uint8_t> bytes(600);
    for (std::uint8_t& byte : bytes) {
      byte = static_cast<std::uint8_t>(random());
    }
    const auto begin = std::chrono::steady_clock::now();
    ran += test::loadAndPredict(test::generateModel(bytes), folder / "", kSmallStack) ? 1 : 0;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  }
  EXPECT_GT(ran, count / 30);  // a generator of nothing but refusals would find nothing
}

// A detector whose output is `last`, which `change` makes out of "d".
struct Detector {
  Graph graph;
  std::string last = "d";

  Detector() {
    using Numbers = std::vector<std::int64_t>;
    graph.inputs = {value("images", kFloat, {1, 3, 32, 32})};
    graph.outputs = {value("output0", kFloat, {1, 6, 80})};
    graph.initializers = {tensor("base", {1, 6, 80}, std::vector<float>(480, 0.1F)),
                          tensor("zero", {1}, Numbers{0}),
                          tensor("end", {1}, Numbers{80}),
                          tensor("axis", {1}, Numbers{2}),
                          tensor("step", {1}, Numbers{1}),
                          tensor("places", {1, 6, 80}, Numbers(480, 0))};
    graph.nodes = {node("ReduceMean", {"images"}, {"m"}, {integers("axes", {0, 1, 2, 3}), integer("keepdims", 0)}),
                   node("Add", {"base", "m"}, {"d"})};
  }

  bool runs(const std::string& folder) {
    graph.nodes.push_back(node("Identity", {last}, {"output0"}));
    const std::map<std::string, std::string> metadata{
        {"task", "detect"}, {"names", "{0: 'a', 1: 'b'}"}, {"imgsz", "[32, 32]"}, {"stride", "32"}};
    return test::loadAndPredict({model(graph.bytes(), metadata), ""}, folder, kSmallStack);
  }
};

// The bounds of a Slice before a GatherElements, behind `count` nodes.
bool runsWithBounds(const std::string& folder, const char* type, bool twice, int count) {
  Detector detector;
  std::string bound = "zero";
  for (int i = 0; i < count; ++i) {
    const std::string next = "c" + std::to_string(i);
    detector.graph.nodes.push_back(node(type, twice ? Names{bound, bound} : Names{bound}, {next}));
    bound = next;
  }
  detector.graph.nodes.push_back(node("Slice", {"d", bound, "end", "axis", "step"}, {"s"}));
  detector.graph.nodes.push_back(node("GatherElements", {"s", "places"}, {"last"}, {integer("axis", 2)}));
  detector.last = "last";
  return detector.runs(folder);
}

TEST(WholeLoadingTest, LongAndDoublingWaysToConstants) {
  const test::TempDir folder;
  EXPECT_TRUE(runsWithBounds(folder / "", "Add", true, 40));
  EXPECT_TRUE(runsWithBounds(folder / "", "Neg", false, 1000));
  EXPECT_FALSE(runsWithBounds(folder / "", "Neg", false, 40'000));  // more nodes than any network has
}

TEST(WholeLoadingTest, CirclesAndNamesThatAreTaken) {
  const test::TempDir folder;
  Detector circle, self;
  circle.graph.nodes.push_back(node("Add", {"d", "q"}, {"p"}));
  circle.graph.nodes.push_back(node("Add", {"d", "p"}, {"q"}));
  circle.last = "q";
  EXPECT_FALSE(circle.runs(folder / ""));
  self.graph.nodes.push_back(node("Add", {"d", "q"}, {"q"}));
  self.last = "q";
  EXPECT_FALSE(self.runs(folder / ""));
  Detector taken;
  taken.graph.nodes.push_back(node("Neg", {"d"}, {"q"}));
  taken.graph.nodes.push_back(node("Relu", {"q"}, {"q"}));
  taken.last = "q";
  taken.runs(folder / "");  // either way
}

TEST(WholeLoadingTest, GraphsInGraphs) {
  const test::TempDir folder;
  for (const int depth : {1, 4, 30, 1000}) {
    Detector detector;
    detector.graph.initializers.push_back(tensorHead("yes", kBool, {}) + field(9, "\1"));
    std::string inner, leaf;
    for (int level = 0; level < depth; ++level) {
      Graph graph;
      const std::string out = "i" + std::to_string(level);
      const std::string& other = level < 4 ? inner : leaf;  // two branches alike make a file twice as long
      graph.nodes = {level == 0 ? node("Neg", {"d"}, {out})
                                : node("If", {"yes"}, {out},
                                       {graphAttribute("then_branch", inner), graphAttribute("else_branch", other)})};
      graph.outputs = {value(out, kFloat, {1, 6, 80})};
      inner = graph.bytes();
      leaf = level == 0 ? inner : leaf;
    }
    detector.graph.nodes.push_back(
        node("If", {"yes"}, {"r"}, {graphAttribute("then_branch", inner), graphAttribute("else_branch", inner)}));
    detector.last = "r";
    EXPECT_EQ(detector.runs(folder / ""), depth <= 4) << depth;
  }
}

TEST(WholeLoadingTest, SidesOfAnySize) {
  const test::TempDir folder;
  for (const std::int64_t side : {std::int64_t{-5}, std::int64_t{0}, std::int64_t{1} << 31, INT64_MAX, INT64_MIN}) {
    Detector initializer, input, output;
    initializer.graph.initializers.push_back(tensorHead("big", kFloat, {side, side}));
    initializer.graph.nodes.push_back(node("ReduceMean", {"big"}, {"m1"}, {integer("keepdims", 0)}));
    initializer.graph.nodes.push_back(node("Add", {"d", "m1"}, {"last"}));
    initializer.last = "last";
    EXPECT_FALSE(initializer.runs(folder / "")) << side;
    input.graph.inputs = {value("images", kFloat, {1, 3, side, side})};
    EXPECT_EQ(input.runs(folder / ""), side == INT64_MAX) << side;  // which OpenVINO takes for a dynamic one
    output.graph.outputs = {value("output0", kFloat, {1, 6, side})};
    output.runs(folder / "");  // what a file says of its outputs counts for nothing
  }
}

// Side files that would be waited for, or read for ever, are named at once.
TEST(WholeLoadingTest, SideFilesThatAreNone) {
  const test::TempDir folder;
  test::TinyModel tiny;
  tiny.outputs = {test::detectorOutput(2, 80, {})};
  const std::string xml = test::writeTinyModel(folder, "tiny", tiny);
  const std::filesystem::path beside = std::filesystem::path(xml).parent_path();
  const auto refusal = [&]() -> std::string {
    try {
      Model::load(xml);
      return "";
    } catch (const ModelError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal(), "");
  const auto isNamed = [&](const std::string& name) {
    const std::filesystem::path path = beside / name;
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    EXPECT_NE(refusal().find("'" + name + "', which cannot be read"), std::string::npos) << refusal();
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/dev/zero", path);
    EXPECT_NE(refusal().find("'" + name + "', which cannot be read"), std::string::npos) << refusal();
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    EXPECT_NE(refusal().find("'" + name + "', which cannot be read"), std::string::npos) << refusal();
    std::filesystem::remove(path);
  };
  isNamed("metadata.yaml");
  std::filesystem::remove(beside / "tiny.bin");
  isNamed("tiny.bin");
}

}  // namespace
}  // namespace trtyolo::whole_loading_test
