// Which networks are cut behind their last convolutions, and which only look as if they could be.
#include "model/cut/head_cut.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "model/cut/head_finder.hpp"
#include "model/cut/onnx_evaluator.hpp"
#include "support/head_model.hpp"
#include "support/onnx_writer.hpp"
#include "trtyolo.hpp"

namespace trtyolo::head_cut_test {
namespace {

using test::HeadChange;
using test::HeadModel;

HeadFinding find(const HeadModel& model) {
  const std::string file = model.bytes();
  const ModelDescription description = describe(model.raw("head.onnx"), {});
  EXPECT_EQ(description.refusal, "");
  return findHead(OnnxGraph(file), description);
}

HeadCut cutOf(const HeadModel& model) {
  const HeadFinding found = find(model);
  EXPECT_EQ(found.why, "");
  return found.cut.value_or(HeadCut());
}

TEST(HeadCutTest, Distributions) {
  for (const bool byLevel : {false, true}) {
    for (const bool transposed : {false, true}) {
      const HeadCut cut = cutOf({.byLevel = byLevel, .transposed = transposed});
      EXPECT_EQ(cut.head.form.boxes, RawForm::Boxes::Distances);
      EXPECT_EQ(cut.head.form.bins, 16);
      EXPECT_EQ(cut.head.mostObjects, 0);
      EXPECT_EQ(wordsFor(cut),
                "behind the last convolutions: distributions over 16 cells, grids of 8, 16 and 32 pixels");
      ASSERT_EQ(cut.head.levels.size(), 3U);
      for (const RawHead::Level& level : cut.head.levels) {
        EXPECT_NE(level.boxes, level.scores);
      }
    }
  }
}

TEST(HeadCutTest, DistancesOfOtherBins) {
  EXPECT_EQ(cutOf({.bins = 1}).head.form.bins, 1);
  EXPECT_EQ(cutOf({.bins = 5}).head.form.bins, 5);
}

TEST(HeadCutTest, Tasks) {
  for (const bool middle : {false, true}) {
    EXPECT_EQ(cutOf({.task = Task::Pose, .middle = middle}).head.form.points,
              middle ? RawForm::Points::Middle : RawForm::Points::Corner);
    EXPECT_EQ(cutOf({.task = Task::OBB, .middle = middle}).head.form.angles,
              middle ? RawForm::Angles::Radians : RawForm::Angles::Sigmoid);
  }
  const HeadCut cut = cutOf({.task = Task::Segment});
  ASSERT_TRUE(cut.prototypes);
  EXPECT_EQ(cut.outputs[*cut.prototypes], "output1");
}

TEST(HeadCutTest, EndToEnd) {
  for (const Task task : {Task::Detect, Task::Segment, Task::Pose, Task::OBB}) {
    EXPECT_EQ(cutOf({.task = task, .bins = 1, .endToEnd = true, .middle = true}).head.mostObjects, HeadModel::kObjects);
  }
}

TEST(HeadCutTest, Anchors) {
  const HeadCut cut = cutOf({.anchors = true});
  EXPECT_EQ(cut.head.form.boxes, RawForm::Boxes::Anchors);
  EXPECT_EQ(cut.head.anchorsPerCell, 3);
  ASSERT_EQ(cut.head.levels.size(), 3U);
  EXPECT_NEAR(cut.head.levels[1].anchors[0][0], 16.25F, 1e-4F);
  EXPECT_NEAR(cut.head.levels[1].anchors[0][1], 48.5F, 1e-4F);
  EXPECT_NEAR(cut.head.levels[2].anchors[2][0], 96.25F, 1e-4F);
}

// They look like heads, and compute something else.
TEST(HeadCutTest, WhatIsNoHeadRunsWhole) {
  for (const HeadChange change :
       {HeadChange::ShuffledScores, HeadChange::OtherStrides, HeadChange::ExtraBranch, HeadChange::SwappedAxes,
        HeadChange::ShiftedCells, HeadChange::Squared, HeadChange::Clipped, HeadChange::Infinite}) {
    const HeadFinding found = find({.change = change});
    EXPECT_FALSE(found.cut) << static_cast<int>(change);
    EXPECT_NE(found.why, "") << static_cast<int>(change);
  }
  for (const HeadChange change : {HeadChange::OtherStrides, HeadChange::ForeignAnchors}) {
    EXPECT_FALSE(find({.anchors = true, .change = change}).cut) << static_cast<int>(change);
  }
  EXPECT_FALSE(find({.bins = 1, .endToEnd = true, .change = HeadChange::ShiftedCells}).cut);
}

RawModel rawClassifier(const std::string& output) {
  RawModel raw;
  raw.inputs = {{"images", "f32", {1, 3, 64, 64}}};
  raw.outputs = {{output, "f32", {1, 10}}};
  raw.metadata["task"] = "classify";
  return raw;
}

// A classifier's ONNX file; `nodes` make "output0" of "logits".
std::string classifier(const test::onnx::Names& nodes) {
  using namespace test::onnx;
  Graph graph;
  graph.nodes = {node("GlobalAveragePool", {"images"}, {"pooled"}), node("Flatten", {"pooled"}, {"flat"}),
                 node("Gemm", {"flat", "weights"}, {"logits"})};
  graph.nodes.insert(graph.nodes.end(), nodes.begin(), nodes.end());
  graph.initializers = {tensor("weights", {3, 10}, std::vector<float>(30))};
  graph.inputs = {value("images", kFloat, {1, 3, 64, 64})};
  graph.outputs = {value("output0", kFloat, {1, 10})};
  return model(graph.bytes());
}

TEST(HeadCutTest, ClassifiersAreCutBeforeTheirSoftmax) {
  using test::onnx::integer;
  using test::onnx::node;
  for (const test::onnx::Names& attributes :
       {test::onnx::Names{}, test::onnx::Names{integer("axis", 1)}, test::onnx::Names{integer("axis", -1)}}) {
    const std::string file = classifier({node("Softmax", {"logits"}, {"output0"}, attributes)});
    const OnnxGraph graph(file);
    const HeadFinding found = findHead(graph, describe(rawClassifier("output0"), {}));
    ASSERT_TRUE(found.cut) << found.why;
    EXPECT_TRUE(found.cut->logits);
    EXPECT_EQ(wordsFor(*found.cut), "before its softmax");
    const std::string left = cutOnnx(file, graph, *found.cut, true);
    const OnnxGraph cut(left);
    EXPECT_EQ(cut.nodes().size(), graph.nodes().size());  // without a softmax, with a cast
    EXPECT_EQ(cut.outputs()[0].name, "logits");
    // As an engine that was built from it.
    RawModel raw = rawClassifier("logits");
    EXPECT_FALSE(describe(raw, {}).layout.logits);
    raw.metadata[kHeadCut] = textOf(*found.cut);
    const ModelDescription described = describe(raw, {});
    EXPECT_TRUE(described.layout.logits);
    EXPECT_FALSE(described.layout.raw);
    EXPECT_EQ(described.info.outputs[0].name, "output0");
    EXPECT_EQ(described.info.head, "cut before its softmax");
    EXPECT_THROW(describe(
                     [&] {
                       raw.outputs[0].name = "other";
                       return raw;
                     }(),
                     {}),
                 ModelError);
  }
}

TEST(HeadCutTest, ClassifiersThatEndOtherwiseRunWhole) {
  using test::onnx::integer;
  using test::onnx::node;
  const ModelDescription whole = describe(rawClassifier("output0"), {});
  for (const test::onnx::Names& nodes :
       {test::onnx::Names{node("Sigmoid", {"logits"}, {"output0"})},
        test::onnx::Names{node("Softmax", {"logits"}, {"output0"}, {integer("axis", 0)})},
        test::onnx::Names{node("Softmax", {"images"}, {"output0"})},
        test::onnx::Names{node("Softmax", {"logits"}, {"shares"}), node("Mul", {"shares", "shares"}, {"output0"})}}) {
    const std::string file = classifier(nodes);
    const HeadFinding found = findHead(OnnxGraph(file), whole);
    EXPECT_FALSE(found.cut);
    EXPECT_NE(found.why, "");
  }
  EXPECT_NE(findHead(OnnxGraph(""), whole).why, "");
}

TEST(HeadCutTest, TheCutFileDescribesTheWholeNetwork) {
  const HeadModel model{.task = Task::Segment};
  const std::string file = model.bytes();
  const OnnxGraph graph(file);
  const ModelDescription whole = describe(model.raw("head.onnx"), {});
  const HeadCut cut = *findHead(graph, whole).cut;
  const std::string left = cutOnnx(file, graph, cut, false);
  const OnnxGraph cutGraph(left);
  EXPECT_LT(cutGraph.nodes().size(), graph.nodes().size() / 2);
  ASSERT_EQ(cutGraph.outputs().size(), cut.outputs.size());

  // As an engine that was built from it: outputs in any order.
  RawModel raw = model.raw("head.engine");
  raw.outputs.clear();
  for (const OnnxValue& output : cutGraph.outputs()) {
    raw.outputs.insert(raw.outputs.begin(), {std::string(output.name), "f32", {1, 8, 8, 8}});
  }
  raw.metadata[kHeadCut] = textOf(cut);
  const ModelDescription described = describe(raw, {});
  EXPECT_EQ(described.info.layout, whole.info.layout);
  EXPECT_EQ(described.info.outputs.size(), 2U);
  EXPECT_EQ(described.outputs, cut.outputs.size());
  EXPECT_EQ(described.info.metadata.count(kHeadCut), 0U);
  ASSERT_TRUE(described.layout.raw);
  const RawHead::Level &level = described.layout.raw->levels[1], &before = cut.head.levels[1];
  EXPECT_EQ(raw.outputs[level.boxes].name, cut.outputs[before.boxes]);
  EXPECT_EQ(raw.outputs[level.scores].name, cut.outputs[before.scores]);
  EXPECT_EQ(raw.outputs[level.extras].name, cut.outputs[before.extras]);
  EXPECT_EQ(raw.outputs[described.layout.prototypes].name, "output1");
}

// What read the old input reads the same, cast.
TEST(HeadCutTest, AnInputOfHalfPrecisionIsCast) {
  const HeadModel model;
  const std::string file = model.bytes();
  const OnnxGraph graph(file);
  const std::string left = cutOnnx(file, graph, *findHead(graph, describe(model.raw("head.onnx"), {})).cut, true);
  const OnnxGraph cut(left);
  ASSERT_EQ(cut.inputs().size(), 1U);
  EXPECT_EQ(cut.inputs()[0].elementType, onnx_type::kHalf);
  EXPECT_EQ(cut.inputs()[0].shape, graph.inputs()[0].shape);
  const OnnxNode* const cast = cut.producerOf(graph.inputs()[0].name);
  ASSERT_NE(cast, nullptr);
  EXPECT_EQ(cast->type, "Cast");
  EXPECT_EQ(cast->inputs, std::vector<std::string_view>{cut.inputs()[0].name});
  EXPECT_EQ(cast->number("to"), static_cast<double>(onnx_type::kFloat));
  // An input that is f16 already stays.
  const OnnxGraph again(left);
  HeadCut same;
  same.outputs = {std::string(again.outputs()[0].name)};
  const std::string twice = cutOnnx(left, again, same, true);
  EXPECT_EQ(OnnxGraph(twice).inputs()[0].name, cut.inputs()[0].name);
}

TEST(HeadCutTest, WhatContradictsTheWishIsRefused) {
  const HeadModel model;
  RawModel raw = model.raw("head.engine");
  const HeadCut cut = cutOf(model);
  raw.metadata[kHeadCut] = textOf(cut);
  EXPECT_THROW(describe(raw, {}), ModelError);  // it does not have the outputs
  raw.outputs.clear();
  for (const std::string& output : cut.outputs) {
    raw.outputs.push_back({output, "f32", {1, 64, 8, 8}});
  }
  EXPECT_NO_THROW(describe(raw, {}));
  DescriptionOptions options;
  options.head = HeadMode::Whole;
  EXPECT_THROW(describe(raw, options), ModelError);
  ModelDescription description = describe(model.raw("head.onnx"), {});
  EXPECT_THROW(keepWhole(description, HeadMode::Cut, "it has no head"), ModelError);
  keepWhole(description, HeadMode::Auto, "it has no head");
  EXPECT_EQ(description.info.head, "whole: it has no head");
}

TEST(HeadCutTest, EntriesThatMakeNoSenseAreRefused) {
  const std::string good = textOf(cutOf(HeadModel()));
  EXPECT_TRUE(headCutOf({{kHeadCut, good}}, "a.engine"));
  EXPECT_FALSE(headCutOf({}, "a.engine"));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), good.substr(0, good.size() / 2),
        changed("\"bins\":16", "\"bins\":0"), changed("\"bins\":16", "\"bins\":1e99"),
        changed("\"stride\":8", "\"stride\":-8"), changed("\"anchors_per_cell\":0", "\"anchors_per_cell\":9"),
        changed("\"boxes\":0", "\"boxes\":77"), changed("\"most_objects\":0", "\"most_objects\":-1")}) {
    EXPECT_THROW(headCutOf({{kHeadCut, text}}, "a.engine"), ModelError) << text;
  }
  // Grids beside a classifier's logits.
  EXPECT_THROW(headCutOf({{kHeadCut, changed("{", "{\"logits\":true,")}}, "a.engine"), ModelError);
}

// ---------------------------------------------------------------------------------------------------------------------
// The operators, on what their descriptions give as examples

using namespace test::onnx;

std::vector<OnnxArray> computed(const Graph& graph, const std::vector<std::string_view>& wanted) {
  const std::string file = model(graph.bytes());
  const OnnxGraph read(file);
  return OnnxEvaluator(read, 1000, 100'000).compute(wanted);
}

TEST(OnnxEvaluatorTest, OperatorsThatMoveElements) {
  Graph graph;
  const auto shape = [](std::vector<std::int64_t> sides) { return sides; };
  graph.initializers = {tensor("x", {2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5}),
                        tensor("rows", {2}, shape({1, 0})),
                        tensor("ones", {1}, shape({1})),
                        tensor("three", {1}, shape({3})),
                        tensor("last", {1}, shape({-1})),
                        tensor("two", {1}, shape({2})),
                        tensor("form", {2}, shape({3, -1})),
                        tensor("wide", {3}, shape({2, 2, 3})),
                        tensor("parts", {2}, shape({1, 2}))};
  graph.nodes = {node("Transpose", {"x"}, {"transposed"}, {integers("perm", {1, 0})}),
                 node("Gather", {"x", "rows"}, {"gathered"}, {integer("axis", 0)}),
                 node("Slice", {"x", "ones", "three", "last"}, {"sliced"}),
                 node("Reshape", {"x", "form"}, {"reshaped"}),
                 node("Expand", {"x", "wide"}, {"expanded"}),
                 node("Split", {"x", "parts"}, {"first", "second"}, {integer("axis", 1)}),
                 node("Concat", {"first", "second", "first"}, {"joined"}, {integer("axis", -1)}),
                 node("Unsqueeze", {"x", "last"}, {"unsqueezed"}),
                 node("Shape", {"unsqueezed"}, {"sides"}),
                 node("TopK", {"x", "two"}, {"largest", "places"}, {integer("axis", 1)})};
  const auto values = computed(
      graph, {"transposed", "gathered", "sliced", "reshaped", "expanded", "joined", "sides", "largest", "places"});
  EXPECT_EQ(values[0].reals, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(values[1].reals, (std::vector<float>{3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(values[2].reals, (std::vector<float>{1, 2, 4, 5}));
  EXPECT_EQ(values[3].shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(values[4].reals, (std::vector<float>{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(values[5].reals, (std::vector<float>{0, 1, 2, 0, 3, 4, 5, 3}));
  EXPECT_EQ(values[6].wholes, (std::vector<std::int64_t>{2, 3, 1}));
  EXPECT_EQ(values[7].reals, (std::vector<float>{2, 1, 5, 4}));
  EXPECT_EQ(values[8].wholes, (std::vector<std::int64_t>{2, 1, 2, 1}));
}

TEST(OnnxEvaluatorTest, OperatorsThatCompute) {
  Graph graph;
  graph.initializers = {
      tensor("x", {2, 2}, std::vector<float>{1, -2, 3, 4}), tensor("row", {2}, std::vector<float>{10, 20}),
      tensor("column", {2, 1}, std::vector<float>{100, 200}), tensor("a", {3}, std::vector<std::int64_t>{7, -7, 8}),
      tensor("b", {1}, std::vector<std::int64_t>{3})};
  graph.nodes = {node("Add", {"row", "column"}, {"sum"}),
                 node("Div", {"a", "b"}, {"quotient"}),
                 node("Mod", {"a", "b"}, {"rest"}),
                 node("Softmax", {"x"}, {"shares"}, {integer("axis", 0)}),
                 node("ReduceMax", {"x"}, {"most"}, {integers("axes", {-1}), integer("keepdims", 0)}),
                 node("Greater", {"a", "b"}, {"more"}),
                 node("Where", {"more", "a", "b"}, {"chosen"})};
  const auto values = computed(graph, {"sum", "quotient", "rest", "shares", "most", "chosen"});
  EXPECT_EQ(values[0].reals, (std::vector<float>{110, 120, 210, 220}));
  EXPECT_EQ(values[1].wholes, (std::vector<std::int64_t>{2, -2, 2}));
  EXPECT_EQ(values[2].wholes, (std::vector<std::int64_t>{1, 2, 2}));
  EXPECT_NEAR(values[3].reals[0], 0.11920292F, 1e-6F);
  EXPECT_NEAR(values[3].reals[3], 0.99752737F, 1e-6F);
  EXPECT_EQ(values[4].reals, (std::vector<float>{1, 4}));
  EXPECT_EQ(values[5].wholes, (std::vector<std::int64_t>{7, 3, 8}));
}

TEST(OnnxEvaluatorTest, WhatCannotBeComputedIsSaid) {
  const std::vector<std::vector<std::string>> nodes{{node("Add", {"x", "missing"}, {"y"})},
                                                    {node("Add", {"x", "three"}, {"y"})},
                                                    {node("Div", {"zero", "zero"}, {"y"})},
                                                    {node("Reshape", {"x", "three"}, {"y"})},
                                                    {node("ConstantOfShape", {"huge"}, {"y"})},
                                                    {node("Range", {"zero", "huge", "zero"}, {"y"})},
                                                    {node("Gather", {"x", "huge"}, {"y"})},
                                                    {node("Split", {"x"}, {})},
                                                    {node("Own", {"x"}, {"y"})},
                                                    {node("TopK", {"x", "huge"}, {"y"})},
                                                    {node("Slice", {"x", "zero", "huge", "huge"}, {"y"})},
                                                    {node("Identity", {"y"}, {"z"}), node("Identity", {"z"}, {"y"})}};
  for (const auto& some : nodes) {
    Graph graph;
    graph.initializers = {tensor("x", {2}, std::vector<float>{1, 2}), tensor("three", {3}, std::vector<float>{1, 2, 3}),
                          tensor("zero", {1}, std::vector<std::int64_t>{0}),
                          tensor("huge", {1}, std::vector<std::int64_t>{std::int64_t{1} << 40})};
    graph.nodes = some;
    EXPECT_THROW(computed(graph, {"y"}), NotComputable) << some[0];
  }
}

TEST(OnnxEvaluatorTest, WorkIsLimited) {
  Graph graph;
  graph.initializers = {tensor("v0", {100}, std::vector<float>(100, 1))};
  for (int i = 0; i < 2000; ++i) {
    graph.nodes.push_back(node("Neg", {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)}));
  }
  EXPECT_THROW(computed(graph, {"v2000"}), NotComputable);
}

}  // namespace
}  // namespace trtyolo::head_cut_test
