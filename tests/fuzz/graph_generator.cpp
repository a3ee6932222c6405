#include "graph_generator.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/onnx_writer.hpp"
#include "trtyolo.hpp"

namespace trtyolo::test {
namespace {

using namespace onnx;
using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kMostElements = 20'000;  // of a value: larger ones only cost time
constexpr std::size_t kMostNodes = 30;          // without the chains

// What is chosen, as the bytes say; the first of all when they have ended.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  std::size_t below(std::size_t count) { return count == 0 ? 0 : byte() % count; }
  bool oneIn(std::size_t count) { return below(count) == count - 1; }
  std::uint8_t byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  template <typename Value>
  Value among(std::initializer_list<Value> values) {
    return values.begin()[below(values.size())];
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

struct Value {
  std::string name;
  bool real = true;  // else i64
  Shape shape;
};

std::int64_t elements(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t side : shape) {
    count = std::min<std::int64_t>(count * std::max<std::int64_t>(side, 1), std::int64_t{1} << 31);
  }
  return count;
}

class Generator {
 public:
  explicit Generator(std::span<const std::uint8_t> bytes) : choices_(bytes) {}

  GeneratedModel run() {
    odd_ = choices_.oneIn(3);
    addInput();
    addConstants();
    for (std::size_t i = 0, count = choices_.below(kMostNodes); i < count && !choices_.empty(); ++i) {
      addSomething();
    }
    addOutputs();
    GeneratedModel result;
    result.onnx = model(graph_.bytes(), metadata(), functions_, choices_.among<std::uint64_t>({17, 17, 17, 13}));
    result.weights.assign(256, '\1');
    if (odd_ && choices_.oneIn(4)) {
      damage(result.onnx);
    }
    return result;
  }

 private:
  // Now and then, in some of the files, what no exporter would write.
  bool isOdd() { return odd_ && choices_.oneIn(20); }

  std::string newName() {
    if (isOdd() && !values_.empty()) {
      return any().name;  // a name that is taken
    }
    std::string name = "v";
    return name += std::to_string(names_++);
  }

  Value any() { return values_[choices_.below(values_.size())]; }
  // One of the last ones, so that nodes stand one behind the other.
  Value recent() {
    const std::size_t range = std::min<std::size_t>(values_.size(), 4);
    return choices_.oneIn(3) ? any() : values_[values_.size() - 1 - choices_.below(range)];
  }
  Value ofType(bool real) {
    for (int i = 0; i < 8; ++i) {
      const Value value = recent();
      if (value.real == real) {
        return value;
      }
    }
    const auto found = std::find_if(values_.begin(), values_.end(), [&](const Value& v) { return v.real == real; });
    return found == values_.end() ? any() : *found;
  }
  Value likeOf(const Value& wanted) {
    for (int i = 0; i < 8; ++i) {
      const Value value = any();
      if (value.real == wanted.real && value.shape == wanted.shape) {
        return value;
      }
    }
    return wanted;
  }
  std::string input(const Value& value) {
    return isOdd() ? choices_.among<std::string>({"", "nothing", "images", "v9999", "output0", "num_dets"})
                   : value.name;
  }

  void put(const std::string& type, const Names& inputs, const std::vector<Value>& outputs, Names attributes = {}) {
    Names names;
    for (const Value& output : outputs) {
      names.push_back(output.name);
    }
    if (isOdd()) {
      attributes.push_back(
          integer(choices_.among<std::string>({"axis", "keepdims", "num_outputs", "to", "perm"}), oddNumber()));
    }
    graph_.nodes.push_back(node(type, inputs, names, attributes));
    for (const Value& output : outputs) {
      if (elements(output.shape) <= kMostElements) {
        values_.push_back(output);
      }
    }
  }
  std::int64_t oddNumber() {
    return choices_.among<std::int64_t>({-1, 0, 1, 2, -2, 5, 255, 65'536, std::int64_t{1} << 31,
                                         -(std::int64_t{1} << 31), std::numeric_limits<std::int64_t>::max(),
                                         std::numeric_limits<std::int64_t>::min()});
  }

  std::string constant(const Shape& numbers, Shape dims = {}) {
    const std::string name = newName();
    dims = dims.empty() ? Shape{static_cast<std::int64_t>(numbers.size())} : dims;
    if (isOdd()) {
      dims.push_back(oddNumber());
    }
    if (choices_.oneIn(4)) {
      graph_.nodes.push_back(node("Constant", {}, {name}, {tensorAttribute("value", tensor(name, dims, numbers))}));
    } else {
      graph_.initializers.push_back(tensor(name, dims, numbers));
    }
    values_.push_back({name, false, dims});
    return name;
  }

  Value table(const Shape& shape) {
    const std::string name = newName();
    std::vector<float> numbers(static_cast<std::size_t>(std::min(elements(shape), kMostElements)));
    const std::size_t step = choices_.below(7);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<float>(i * step % 40) * (step > 4 ? 0.02F : 0.9F);
    }
    if (isOdd()) {
      numbers[choices_.below(numbers.size())] = std::numeric_limits<float>::quiet_NaN();
    }
    if (odd_ && choices_.oneIn(8)) {
      graph_.initializers.push_back(externalTensor(
          name, choices_.oneIn(2) ? shape : Shape{1, 4, 16},
          {{"location", choices_.among<std::string>({"w.bin", "w.bin", "w.bin", "../w.bin", "missing.bin", "."})},
           {"offset", choices_.among<std::string>({"0", "0", "16", "-16", "255", "18446744073709551600", "x", ""})},
           {"length", choices_.among<std::string>({"256", "240", "16", "18446744073709551615", "-1", "1e3", ""})}}));
    } else if (isOdd()) {
      graph_.sparse.push_back(field(1, tensor(name, {1}, std::vector<float>{1})) +
                              field(2, tensor(name, {1}, Shape{oddNumber()})));
    } else {
      graph_.initializers.push_back(tensor(name, shape, numbers));
    }
    return {name, true, shape};
  }

  // Of the image, so that it is no constant.
  Value lively(const Value& constantTable) {
    const Value value{newName(), true, constantTable.shape};
    put("Add", {constantTable.name, "mean"}, {value});
    return value;
  }

  void addInput() {
    const std::uint64_t type = choices_.among<std::uint64_t>({kFloat, kFloat, kFloat, kFloat, kHalf, kUint8});
    Shape shape = choices_.among<Shape>({{1, 3, 32, 32},
                                         {1, 3, 32, 32},
                                         {1, 3, 32, 32},
                                         {-1, 3, 32, 32},
                                         {-1, 3, -1, -1},
                                         {1, 32, 32, 3},
                                         {1, 1, 32, 32}});
    if (isOdd()) {
      shape[choices_.below(4)] = oddNumber();
    }
    if (isOdd()) {
      shape.pop_back();
    }
    graph_.inputs.push_back(value("images", type, shape));
    if (choices_.oneIn(20)) {
      graph_.inputs.push_back(value("orig_target_sizes", kInt64, {1, 2}));
      values_.push_back({"orig_target_sizes", false, {1, 2}});
    }
    graph_.nodes.push_back(node("Cast", {"images"}, {"real"}, {integer("to", 1)}));
    graph_.nodes.push_back(
        node("ReduceMean", {"real"}, {"mean"}, {integers("axes", {0, 1, 2, 3}), integer("keepdims", 0)}));
  }

  void addConstants() {
    constant({0});
    for (std::size_t i = 0, count = 1 + choices_.below(3); i < count; ++i) {
      const Shape shape = choices_.among<Shape>({{1, 6, 80},
                                                 {1, 80, 6},
                                                 {1, 84, 20},
                                                 {1, 300, 6},
                                                 {1, 20, 4},
                                                 {1, 20, 2},
                                                 {1, 100, 56},
                                                 {1, 8, 8, 8},
                                                 {1, 5},
                                                 {1, 7},
                                                 {1, 2, 32, 32},
                                                 {1, 1, 32, 32}});
      const Value made = lively(table(shape));
      if (values_.empty()) {
        values_.push_back(made);
      }
    }
  }

  void addSomething() {
    using Step = void (Generator::*)();
    constexpr std::array<Step, 20> kSteps{
        &Generator::unary,    &Generator::binary,   &Generator::slice,    &Generator::gatherElements,
        &Generator::topK,     &Generator::concat,   &Generator::reshape,  &Generator::transpose,
        &Generator::split,    &Generator::gather,   &Generator::chain,    &Generator::plugin,
        &Generator::suppress, &Generator::branch,   &Generator::loop,     &Generator::counted,
        &Generator::shapeOf,  &Generator::quantize, &Generator::function, &Generator::regions};
    (this->*kSteps[choices_.below(kSteps.size())])();
  }

  void unary() {
    const Value from = ofType(!choices_.oneIn(4));
    const std::string type = from.real ? choices_.among<std::string>({"Sigmoid", "Neg", "Identity", "Exp", "Softmax"})
                                       : choices_.among<std::string>({"Neg", "Identity", "Abs"});
    put(type, {input(from)}, {{newName(), from.real, from.shape}});
  }
  void binary() {
    const Value left = ofType(!choices_.oneIn(4)), right = likeOf(left);
    put(choices_.among<std::string>({"Add", "Mul", "Sub", "Div", "Max"}), {input(left), input(right)},
        {{newName(), left.real, left.shape}});
  }
  // Bounds are numbers of a constant, with something behind them now and then.
  std::string bound(std::int64_t number) {
    std::string name = constant({isOdd() ? oddNumber() : number});
    for (std::size_t i = 0, count = choices_.oneIn(3) ? choices_.among<std::size_t>({1, 3, 40}) : 0; i < count; ++i) {
      const std::string next = newName();
      graph_.nodes.push_back(choices_.oneIn(2) ? node("Add", {name, name}, {next}) : node("Identity", {name}, {next}));
      name = next;
    }
    return name;
  }
  std::size_t axisOf(const Value& value) { return choices_.below(value.shape.size()); }

  void slice() {
    const Value from = ofType(true);
    if (from.shape.empty()) {
      return;
    }
    const std::size_t axis = axisOf(from);
    Shape shape = from.shape;
    const std::int64_t begin = shape[axis] > 2 ? 1 : 0;
    shape[axis] = shape[axis] - begin;
    const Value to{newName(), true, shape};
    put("Slice", {from.name, bound(begin), bound(from.shape[axis]), bound(static_cast<std::int64_t>(axis)), bound(1)},
        {to});
    if (choices_.oneIn(2)) {
      gatherFrom(to);
    }
  }
  void gatherFrom(const Value& from) {
    if (from.shape.empty() || elements(from.shape) > kMostElements) {
      return;
    }
    const std::string indices = constant(Shape(static_cast<std::size_t>(elements(from.shape)), 0), from.shape);
    put("GatherElements", {input(from), indices}, {{newName(), true, from.shape}},
        {integer("axis", static_cast<std::int64_t>(axisOf(from)))});
  }
  void gatherElements() { gatherFrom(ofType(true)); }
  void gather() {
    const Value from = ofType(true);
    if (from.shape.empty()) {
      return;
    }
    const std::size_t axis = axisOf(from);
    Shape shape = from.shape;
    shape[axis] = 2;
    put("Gather", {input(from), constant({0, isOdd() ? oddNumber() : 0})}, {{newName(), true, shape}},
        {integer("axis", static_cast<std::int64_t>(axis))});
  }
  void topK() {
    const Value from = ofType(true);
    if (from.shape.empty()) {
      return;
    }
    const std::size_t axis = axisOf(from);
    Shape shape = from.shape;
    shape[axis] = std::min<std::int64_t>(shape[axis], 3);
    put("TopK", {input(from), bound(shape[axis])}, {{newName(), true, shape}, {newName(), false, shape}},
        {integer("axis", static_cast<std::int64_t>(axis))});
  }
  void concat() {
    const Value left = ofType(true), right = likeOf(left);
    if (left.shape.empty()) {
      return;
    }
    const std::size_t axis = axisOf(left);
    Shape shape = left.shape;
    shape[axis] *= 2;
    put("Concat", {input(left), input(right)}, {{newName(), true, shape}},
        {integer("axis", static_cast<std::int64_t>(axis))});
  }
  void reshape() {
    const Value from = ofType(true);
    const std::int64_t count = elements(from.shape);
    Shape shape{1, count};
    for (const std::int64_t side : {6, 4, 7, 84, 5, 2}) {
      if (count % side == 0 && choices_.oneIn(2)) {
        shape = choices_.oneIn(2) ? Shape{1, side, count / side} : Shape{1, count / side, side};
      }
    }
    put("Reshape", {input(from), constant(shape)}, {{newName(), true, shape}});
  }
  void transpose() {
    const Value from = ofType(true);
    Shape order(from.shape.size()), shape;
    std::iota(order.begin(), order.end(), 0);
    if (order.size() > 2) {
      std::swap(order[1], order[2 + choices_.below(order.size() - 2)]);
    }
    for (const std::int64_t axis : order) {
      shape.push_back(from.shape[static_cast<std::size_t>(axis)]);
    }
    put("Transpose", {input(from)}, {{newName(), true, shape}}, {integers("perm", order)});
  }
  void split() {
    const Value from = ofType(true);
    if (from.shape.size() < 2 || from.shape[1] % 2 != 0) {
      return;
    }
    Shape shape = from.shape;
    shape[1] /= 2;
    put("Split", {input(from)}, {{newName(), true, shape}, {newName(), true, shape}}, {integer("axis", 1)});
  }
  // Many alike, one behind the other.
  void chain() {
    const Value from = recent();
    const std::size_t count = choices_.among<std::size_t>({3, 5, 20, 30, 60, isOdd() ? 1500U : 100U});
    const int kind = static_cast<int>(choices_.below(3));
    std::string name = from.name;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string next = "c" + std::to_string(names_++);
      graph_.nodes.push_back(kind == 0   ? node("Neg", {name}, {next})
                             : kind == 1 ? node("Add", {name, name}, {next})
                                         : node("Identity", {name}, {next}));
      name = next;
    }
    values_.push_back({name, from.real, from.shape});
  }
  void plugin() {
    if (std::exchange(plugin_, true) && !isOdd()) {
      return;
    }
    const Value boxes = table({1, 20, choices_.among<std::int64_t>({4, 4, 5})}), scores = table({1, 20, 2});
    const std::string type =
        choices_.among<std::string>({"EfficientNMS_TRT", "EfficientIdxNMS_TRT", "EfficientRotatedNMS_TRT",
                                     isOdd() ? "BatchedNMS_TRT" : "EfficientNMS_TRT"});
    const std::vector<Value> outputs{{"num_dets", false, {1, 1}},
                                     {"det_boxes", true, {1, 5, 4}},
                                     {"det_scores", true, {1, 5}},
                                     {"det_classes", false, {1, 5}}};
    const Value left = lively(boxes), right = lively(scores);
    put(type, {input(left), input(right)}, outputs,
        {real("score_threshold", 0.1F), integer("max_output_boxes", isOdd() ? oddNumber() : 5),
         integer("score_activation", static_cast<std::int64_t>(choices_.below(2)))});
  }
  void regions() {
    if (!isOdd()) {
      return;
    }
    const Value from = recent();
    put("ROIAlign_TRT", {input(from), recent().name}, {{newName(), true, {1, 5, 8, 8, 8}}});
  }
  void suppress() {
    const Value boxes = lively(table({1, 20, 4})), scores = lively(table({1, 2, 20}));
    const std::string most = constant({isOdd() ? oddNumber() : 3});
    put("NonMaxSuppression", {input(boxes), input(scores), most}, {{newName(), false, {3, 3}}});
  }
  std::string innerGraph(const Value& from, std::size_t depth) {
    std::string bytes;
    for (std::size_t level = 0; level <= depth; ++level) {
      Graph inner;
      const std::string out = "i" + std::to_string(names_++);
      if (level == 0) {
        inner.nodes.push_back(node("Neg", {from.name}, {out}));
      } else {
        inner.nodes.push_back(node("If", {"condition"}, {out},
                                   {graphAttribute("then_branch", bytes), graphAttribute("else_branch", bytes)}));
      }
      inner.outputs.push_back(value(out, from.real ? kFloat : kInt64, from.shape));
      bytes = inner.bytes();
    }
    return bytes;
  }
  void branch() {
    const Value from = recent();
    const std::size_t depth = choices_.among<std::size_t>({0, 0, 1, 3, 6});
    if (!condition_) {
      condition_ = true;
      if (choices_.oneIn(2)) {
        graph_.initializers.push_back(tensorHead("condition", kBool, {}) + field(9, "\1"));
      } else {
        graph_.nodes.push_back(node("Cast", {"mean"}, {"condition"}, {integer("to", 9)}));
      }
    }
    const std::string inner = innerGraph(from, depth);
    put("If", {"condition"}, {{newName(), from.real, from.shape}},
        {graphAttribute("then_branch", inner), graphAttribute("else_branch", inner)});
  }
  void loop() {
    const Value from = ofType(true);
    Graph body;
    const std::string state = "s" + std::to_string(names_++), next = "t" + std::to_string(names_++),
                      again = "k" + std::to_string(names_++);
    body.inputs = {value("iteration" + state, kInt64, {}), value("going" + state, kBool, {}),
                   value(state, kFloat, from.shape)};
    body.nodes = {node("Identity", {"going" + state}, {again}), node("Neg", {state}, {next})};
    body.outputs = {value(again, kBool, {}), value(next, kFloat, from.shape)};
    put("Loop", {constant({static_cast<std::int64_t>(choices_.below(5))}, {1}), "", input(from)},
        {{newName(), true, from.shape}}, {graphAttribute("body", body.bytes())});
  }
  void counted() {
    if (std::exchange(counted_, true) || plugin_) {
      return;
    }
    const Value scores = table({1, 20});
    const std::string threshold = newName();
    graph_.initializers.push_back(tensor(threshold, {}, std::vector<float>{0.1F}));
    graph_.nodes.push_back(node("Add", {scores.name, "mean"}, {"det_scores"}));
    graph_.nodes.push_back(node("GreaterOrEqual", {"det_scores", threshold}, {"reached"}));
    graph_.nodes.push_back(node("Cast", {"reached"}, {"reached64"}, {integer("to", 7)}));
    graph_.nodes.push_back(node("ReduceSum", {"reached64", constant({1})}, {"num_dets"}, {integer("keepdims", 1)}));
    values_.push_back({"num_dets", false, {1, 1}});
    values_.push_back({"det_scores", true, {1, 20}});
  }
  void shapeOf() {
    const Value from = ofType(true);
    put("Shape", {input(from)}, {{newName(), false, {static_cast<std::int64_t>(from.shape.size())}}});
  }
  void quantize() {
    const Value from = ofType(true);
    if (!from.real) {
      return;
    }
    const std::string scale = newName(), zero = newName(), bytes = newName();
    graph_.initializers.push_back(tensor(scale, {}, std::vector<float>{0.1F}));
    graph_.initializers.push_back(tensorHead(zero, choices_.among<std::uint64_t>({kUint8, 3}), {}) +
                                  field(9, std::string(1, '\0')));
    graph_.nodes.push_back(node("QuantizeLinear", {from.name, scale, zero}, {bytes}));
    put("DequantizeLinear", {bytes, scale, zero}, {{newName(), true, from.shape}});
  }
  // A node whose meaning stands in the file.
  void function() {
    if (!isOdd()) {
      return;
    }
    const Value from = recent();
    std::string body = field(1, "Mine") + field(4, "a") + field(5, "b");
    body += field(7, choices_.oneIn(3) ? node("Mine", {"a"}, {"b"}, {}, "own") : node("Neg", {"a"}, {"b"}));
    functions_.push_back(body + field(10, "own"));
    const Value to{newName(), from.real, from.shape};
    graph_.nodes.push_back(node("Mine", {from.name}, {to.name}, {}, "own"));
    values_.push_back(to);
  }

  // What a network's output could be, of whatever stands last.
  Value fitting() {
    const Value last = recent();
    const std::string number = "f" + std::to_string(names_++), mean = number + "mean";
    const Value to{number + "to", true,
                   choices_.among<Shape>({{1, 6, 80},
                                          {1, 6, 80},
                                          {1, 6, 80},
                                          {1, 300, 6},
                                          {1, 56, 80},
                                          {1, 2},
                                          {1, 7, 80},
                                          {1, 8, 8, 8},
                                          {1, 38, 80},
                                          {1, 20, 4},
                                          {1, 20, 2},
                                          {1, 2, 32, 32},
                                          {1, 1, 32, 32}})};
    graph_.nodes.push_back(node("Cast", {last.name}, {number}, {integer("to", 1)}));
    graph_.nodes.push_back(node("Reshape", {number, constant({-1})}, {number + "row"}));
    graph_.nodes.push_back(
        node("ReduceMean", {number + "row"}, {mean}, {integers("axes", {0}), integer("keepdims", 0)}));
    const Value base = lively(table(to.shape));
    graph_.nodes.push_back(node("Add", {base.name, mean}, {to.name}));
    return to;
  }

  void addOutputs() {
    const bool finished = choices_.oneIn(6);
    const Names names = finished            ? Names{"num_dets", "det_boxes", "det_scores", "det_classes", "det_kpts"}
                        : choices_.oneIn(6) ? Names{"boxes", "scores", "labels"}
                        : choices_.oneIn(6) ? Names{"pred_logits", "pred_boxes"}
                        : choices_.oneIn(8) ? Names{"topk"}
                                            : Names{"output0", "output1", "output2", "output3", "output4"};
    const std::size_t count = finished ? 4 : std::min(names.size(), 1 + choices_.below(3));
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& name = names[i % names.size()];
      const auto same = std::find_if(values_.begin(), values_.end(), [&](const Value& v) { return v.name == name; });
      const bool there = same != values_.end();
      const Value from = there ? *same : choices_.oneIn(4) ? recent() : fitting();
      if (!there) {
        graph_.nodes.push_back(node("Identity", {from.name}, {name}));
      }
      Shape shape = from.shape;
      if (isOdd() && !shape.empty()) {
        shape[choices_.below(shape.size())] = oddNumber();
      }
      graph_.outputs.push_back(value(name, from.real ? kFloat : kInt64, shape));
    }
  }

  std::map<std::string, std::string> metadata() {
    std::map<std::string, std::string> entries;
    const auto maybe = [&](const char* key, std::initializer_list<std::string> texts) {
      if (!choices_.oneIn(6)) {
        entries[key] = choices_.among(texts);
      }
    };
    maybe("task",
          {"detect", "detect", "segment", "pose", "obb", "classify", "semantic", "depth", isOdd() ? "\xFF" : "detect"});
    maybe("names", {"{0: 'a', 1: 'b'}", "{0: 'a', 1: 'b'}", "['a', 'b']", isOdd() ? "{99999: 'a'}" : "{0: 'a'}"});
    maybe("stride", {"32", "8", "[8, 16, 32]", isOdd() ? "4294967296" : "32", isOdd() ? "-1" : "16"});
    maybe("imgsz", {"[32, 32]", "32", isOdd() ? "[0, -1]" : "[32, 32]", isOdd() ? "[99999, 99999]" : "32"});
    if (choices_.oneIn(4)) {
      entries["kpt_shape"] = choices_.among<std::string>({"[17, 3]", "[4, 2]", isOdd() ? "[0, 0]" : "[17, 3]"});
    }
    if (choices_.oneIn(4)) {
      entries["end2end"] = "True";
    }
    return entries;
  }

  void damage(std::string& bytes) {
    for (std::size_t i = 0, count = 1 + choices_.below(4); i < count; ++i) {
      const std::size_t place = (choices_.byte() * std::size_t{256} + choices_.byte()) % bytes.size();
      bytes[place] = static_cast<char>(choices_.byte());
    }
  }

  Choices choices_;
  Graph graph_;
  Names functions_;
  std::vector<Value> values_;
  std::size_t names_ = 0;
  bool odd_ = false, condition_ = false, plugin_ = false, counted_ = false;
};

void checkResult(const Result& result) {
  const std::size_t objects = result.classes.size();
  if (result.scores.size() != objects || (!result.boxes.empty() && result.boxes.size() != objects)) {
    std::fputs("a result contradicts itself\n", stderr);
    std::abort();
  }
}

bool predictOnce(const std::string& file) {
  try {
    InferOption option;
    option.setThreads(1).setBackend(Backend::OpenVINO);
    Model network = Model::load(file, option);
    constexpr int kWidth = 40, kHeight = 30;
    const std::vector<std::uint8_t> pixels(std::size_t{kWidth} * kHeight * 3, 100);
    checkResult(network.predict(Image(pixels.data(), kWidth, kHeight)));
    return true;
  } catch (const Error&) {
    return false;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "an exception of another kind than the library's: %s\n", error.what());
    std::abort();
  }
}

}  // namespace

GeneratedModel generateModel(std::span<const std::uint8_t> bytes) {
  return Generator(bytes).run();
}

bool loadAndPredict(const GeneratedModel& model, const std::string& folder, std::size_t stackBytes) {
  struct Task {
    std::string file;
    bool ran;
  } task{folder + "/model.onnx", false};
  std::ofstream(task.file, std::ios::binary) << model.onnx;
  std::ofstream(folder + "/w.bin", std::ios::binary) << model.weights;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  pthread_t thread{};
  const auto body = [](void* given) -> void* {
    auto& its = *static_cast<Task*>(given);
    its.ran = predictOnce(its.file);
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, body, &task) != 0) {
    throw std::runtime_error("no thread can be started");
  }
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return task.ran;
}

}  // namespace trtyolo::test
