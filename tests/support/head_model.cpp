#include "support/head_model.hpp"

#include <openvino/openvino.hpp>

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <numbers>

namespace trtyolo::test {
namespace {

using namespace onnx;
using Whole = std::vector<std::int64_t>;
using Reals = std::vector<float>;

constexpr std::array kStrides{8, 16, 32};
constexpr int kFeatures = 6, kAnchorsPerCell = 3;

std::map<std::string, std::string> metadataOf(const HeadModel& model) {
  std::map<std::string, std::string> metadata{{"task", toString(model.task)},
                                              {"names", "{0: 'a', 1: 'b', 2: 'c'}"},
                                              {"stride", "32"},
                                              {"description", "Ultralytics model"}};
  if (model.task == Task::Pose) {
    metadata["kpt_shape"] = "[2, 3]";
  }
  if (model.endToEnd) {
    metadata["end2end"] = "True";
  }
  return metadata;
}

int anchorsOf(const HeadModel& model) {
  int cells = 0;
  for (const int stride : kStrides) {
    cells += (HeadModel::kSide / stride) * (HeadModel::kSide / stride);
  }
  return model.anchors ? cells * kAnchorsPerCell : cells;
}

std::vector<std::int64_t> shapeOf(const HeadModel& model) {
  const int values = 4 + HeadModel::kClasses + model.extra() + (model.anchors ? 1 : 0);
  return model.endToEnd                      ? Whole{1, HeadModel::kObjects, 6 + model.extra()}
         : model.anchors || model.transposed ? Whole{1, anchorsOf(model), values}
                                             : Whole{1, values, anchorsOf(model)};
}

class Writer {
 public:
  explicit Writer(const HeadModel& model) : model_(model) {
    graph_.inputs = {value("images", kFloat, {1, 3, HeadModel::kSide, HeadModel::kSide})};
    graph_.outputs = {value("output0", kFloat, shapeOf(model))};
    if (model.task == Task::Segment) {
      graph_.outputs.push_back(value("output1", kFloat, {1, HeadModel::kCoefficients, 16, 16}));
      convolution("images", 3, HeadModel::kCoefficients, 4, "output1");
    }
    for (const int stride : kStrides) {
      features_.push_back(convolution("images", 3, kFeatures, stride));
    }
  }

  std::string run() {
    const std::string last = model_.anchors ? anchorTable() : model_.endToEnd ? objects() : table();
    graph_.nodes.push_back(node("Identity", {last}, {"output0"}));
    return onnx::model(graph_.bytes(), metadataOf(model_));
  }

 private:
  bool is(HeadChange change) const { return model_.change == change; }

  std::string name() { return "v" + std::to_string(next_++); }
  std::string reals(const Whole& dims, const Reals& values) {
    graph_.initializers.push_back(tensor(name(), dims, values));
    return "v" + std::to_string(next_ - 1);
  }
  std::string wholes(const Whole& values) {
    graph_.initializers.push_back(tensor(name(), {static_cast<std::int64_t>(values.size())}, values));
    return "v" + std::to_string(next_ - 1);
  }
  std::string scalar(float value) { return reals({}, {value}); }
  std::string add(const std::string& type, const Names& inputs, const Names& attributes = {}) {
    const std::string output = name();
    graph_.nodes.push_back(node(type, inputs, {output}, attributes));
    return output;
  }
  std::string reshaped(const std::string& of, const Whole& shape) { return add("Reshape", {of, wholes(shape)}); }
  std::string joined(const Names& parts, std::int64_t axis) { return add("Concat", parts, {integer("axis", axis)}); }
  std::string turned(const std::string& of, const Whole& order) {
    return add("Transpose", {of}, {integers("perm", order)});
  }
  std::string sliced(const std::string& of, std::int64_t from, std::int64_t to, std::int64_t axis,
                     std::int64_t step = 1) {
    return add("Slice", {of, wholes({from}), wholes({to}), wholes({axis}), wholes({step})});
  }

  // With random weights; `side` is the kernel's and the stride.
  std::string convolution(const std::string& of, int from, int to, int side, const std::string& output = "") {
    Reals weights(static_cast<std::size_t>(to) * from * side * side), bias(static_cast<std::size_t>(to));
    const float scale = (from == 3 ? 6.0F : 2.0F) / std::sqrt(static_cast<float>(from * side * side));
    for (float& weight : weights) {
      weight = scale * drawn();
    }
    for (float& each : bias) {
      each = drawn();
    }
    const std::string made = output.empty() ? name() : output;
    std::string values = of, kernel = reals({to, from, side, side}, weights);
    if (model_.quantized && side == 1) {
      values = quantized(values, 16.0F);
      kernel = quantized(kernel, scale);
    }
    graph_.nodes.push_back(node("Conv", {values, kernel, reals({to}, bias)}, {made},
                                {integers("kernel_shape", {side, side}), integers("strides", {side, side})}));
    return made;
  }
  // In signed bytes from -most to most, and real again.
  std::string quantized(const std::string& of, float most) {
    constexpr std::uint64_t kInt8 = 3;
    constexpr float kSteps = 127;
    const std::string step = scalar(most / kSteps), zero = name();
    graph_.initializers.push_back(tensorHead(zero, kInt8, {}) + field(9, std::string(1, '\0')));
    return add("DequantizeLinear", {add("QuantizeLinear", {of, step, zero}), step, zero});
  }
  float drawn() { return static_cast<float>(random_.between(-1000, 1000)) / 1000.0F; }

  // The last convolutions of all levels with so many channels, as [1, channels, cells] each.
  Names flattened(int channels) {
    Names parts;
    Names features = features_;
    if (is(HeadChange::ReversedLevels)) {
      std::swap(features[0], features[2]);
    }
    for (const std::string& feature : features) {
      parts.push_back(reshaped(convolution(feature, kFeatures, channels, 1), {1, channels, -1}));
    }
    return parts;
  }

  // Centres of cells [1, 2, anchors], in cells, and strides [1, anchors].
  std::string cells() {
    const float middle = is(HeadChange::ShiftedCells) ? 0.0F : 0.5F;
    Reals columns, rows;
    for (const int stride : kStrides) {
      const int side = HeadModel::kSide / stride;
      for (int i = 0; i < side * side; ++i) {
        columns.push_back(static_cast<float>(i % side) + middle);
        rows.push_back(static_cast<float>(i / side) + middle);
      }
    }
    Reals both = is(HeadChange::SwappedAxes) ? rows : columns;
    const Reals& second = is(HeadChange::SwappedAxes) ? columns : rows;
    both.insert(both.end(), second.begin(), second.end());
    return reals({1, 2, anchorsOf(model_)}, both);
  }
  std::string strides() {
    Reals values;
    for (const int stride : kStrides) {
      const int side = HeadModel::kSide / stride;
      values.insert(values.end(), static_cast<std::size_t>(side) * side,
                    static_cast<float>(is(HeadChange::OtherStrides) ? kStrides[0] : stride));
    }
    return reals({1, anchorsOf(model_)}, values);
  }

  // Distances [1, 4, anchors] and logits [1, classes, anchors].
  void branches(std::string& distances, std::string& logits) {
    const int channels = 4 * model_.bins;
    if (model_.byLevel) {
      Names levels;
      for (const std::string& feature : features_) {
        const std::string both = joined(
            {convolution(feature, kFeatures, channels, 1), convolution(feature, kFeatures, HeadModel::kClasses, 1)}, 1);
        levels.push_back(reshaped(both, {1, channels + HeadModel::kClasses, -1}));
      }
      const std::string all = joined(levels, 2);
      distances = sliced(all, 0, channels, 1);
      logits = sliced(all, channels, channels + HeadModel::kClasses, 1);
    } else {
      distances = joined(flattened(channels), 2);
      Names scores = flattened(HeadModel::kClasses);
      if (is(HeadChange::ShuffledScores)) {
        std::swap(scores[0], scores[2]);
      }
      logits = joined(scores, 2);
    }
    if (model_.bins == 1) {
      return;
    }
    const std::string shares =
        add("Softmax", {turned(reshaped(distances, {1, 4, model_.bins, -1}), {0, 2, 1, 3})}, {integer("axis", 1)});
    Reals places;
    for (int i = 0; i < model_.bins; ++i) {
      places.push_back(static_cast<float>(is(HeadChange::Squared) ? i * i : i));
    }
    const std::string mean = add("Conv", {shares, reals({1, model_.bins, 1, 1}, places)});
    distances = reshaped(mean, {1, 4, -1});
  }

  std::string scoresOf(const std::string& logits) {
    const std::string scores = add("Sigmoid", {logits});
    return is(HeadChange::ExtraBranch) ? add("Mul", {scores, add("Sigmoid", {joined(flattened(1), 2)})}) : scores;
  }

  // Boxes [1, 4, anchors]; `corners` or centre and size.
  std::string boxesOf(const std::string& distances, bool corners) {
    const std::string near = sliced(distances, 0, 2, 1), far = sliced(distances, 2, 4, 1), middle = cells();
    const std::string first = add("Sub", {middle, near}), second = add("Add", {middle, far});
    std::string boxes =
        corners ? joined({first, second}, 1)
                : joined({add("Div", {add("Add", {first, second}), scalar(is(HeadChange::Infinite) ? 0.0F : 2.0F)}),
                          add("Sub", {second, first})},
                         1);
    boxes = add("Mul", {boxes, strides()});
    return is(HeadChange::Clipped) ? add("Clip", {boxes, scalar(0), scalar(HeadModel::kSide)}) : boxes;
  }

  std::string rotatedBoxesOf(const std::string& distances, const std::string& angle) {
    const std::string near = sliced(distances, 0, 2, 1), far = sliced(distances, 2, 4, 1);
    const std::string half = add("Div", {add("Sub", {far, near}), scalar(2)});
    const std::string x = sliced(half, 0, 1, 1), y = sliced(half, 1, 2, 1);
    const std::string cosine = add("Cos", {angle}), sine = add("Sin", {angle});
    const std::string turnedX = add("Sub", {add("Mul", {x, cosine}), add("Mul", {y, sine})});
    const std::string turnedY = add("Add", {add("Mul", {x, sine}), add("Mul", {y, cosine})});
    const std::string middle = add("Add", {joined({turnedX, turnedY}, 1), cells()});
    return add("Mul", {joined({middle, add("Add", {near, far})}, 1), strides()});
  }

  std::string pointsOf(const std::string& values) {
    const std::string points = reshaped(values, {1, HeadModel::kPoints, HeadModel::kPointDims, -1});
    std::string places = sliced(points, 0, 2, 2);
    places = model_.middle ? add("Add", {places, cells()})
                           : add("Add", {add("Mul", {places, scalar(2)}), add("Sub", {cells(), scalar(0.5F)})});
    places = add("Mul", {places, strides()});
    const std::string sure = add("Sigmoid", {sliced(points, 2, 3, 2)});
    return reshaped(joined({places, sure}, 2), {1, HeadModel::kPoints * HeadModel::kPointDims, -1});
  }

  // Boxes, scores and extra values, [1, ..., anchors] each.
  Names parts(bool corners) {
    std::string distances, logits, extra, boxes;
    branches(distances, logits);
    if (model_.extra() > 0) {
      extra = joined(flattened(model_.extra()), 2);
    }
    if (model_.task == Task::OBB) {
      if (!model_.middle) {
        extra = add("Mul", {add("Sub", {add("Sigmoid", {extra}), scalar(0.25F)}),
                            scalar(static_cast<float>(std::numbers::pi))});
      }
      boxes = rotatedBoxesOf(distances, extra);
    } else {
      boxes = boxesOf(distances, corners);
      extra = model_.task == Task::Pose ? pointsOf(extra) : extra;
    }
    Names all{boxes, scoresOf(logits)};
    if (!extra.empty()) {
      all.push_back(extra);
    }
    return all;
  }

  std::string table() {
    const std::string all = joined(parts(false), 1);
    return model_.transposed ? turned(all, {0, 2, 1}) : all;
  }

  // The best pairs of an anchor and a class, as Ultralytics picks them: the best anchors first.
  std::string objects() {
    const Names columns = parts(true);
    Names rows;
    for (const std::string& part : columns) {
      rows.push_back(turned(part, {0, 2, 1}));
    }
    const auto best = [&](const std::string& of, std::string& values) {
      values = name();
      const std::string places = name();
      graph_.nodes.push_back(node("TopK", {of, wholes({HeadModel::kObjects})}, {values, places},
                                  {integer("axis", 1), integer("largest", 1), integer("sorted", 1)}));
      return places;
    };
    std::string ignored, scores;
    const std::string anchors =
        reshaped(best(add("ReduceMax", {rows[1]}, {integers("axes", {2}), integer("keepdims", 0)}), ignored),
                 {1, HeadModel::kObjects, 1});
    const auto picked = [&](const std::string& of, const std::string& places, std::int64_t values) {
      const std::string wide = add("Expand", {places, wholes({1, HeadModel::kObjects, values})});
      return add("GatherElements", {of, wide}, {integer("axis", 1)});
    };
    const std::string some = picked(rows[1], anchors, HeadModel::kClasses);
    const std::string pairs = best(reshaped(some, {1, -1}), scores);
    const std::string count = wholes({HeadModel::kClasses});
    const std::string classes = add("Cast", {add("Mod", {pairs, count})}, {integer("to", 1)});
    const std::string which =
        add("GatherElements", {anchors, reshaped(add("Div", {pairs, count}), {1, HeadModel::kObjects, 1})},
            {integer("axis", 1)});
    Names all{picked(rows[0], which, 4), reshaped(scores, {1, HeadModel::kObjects, 1}),
              reshaped(classes, {1, HeadModel::kObjects, 1})};
    if (rows.size() > 2) {
      all.push_back(picked(rows[2], which, model_.extra()));
    }
    return joined(all, 2);
  }

  std::string anchorTable() {
    const std::int64_t values = 5 + HeadModel::kClasses;
    Names levels;
    for (std::size_t i = 0; i < kStrides.size(); ++i) {
      const std::int64_t side = HeadModel::kSide / kStrides[i];
      const std::string raw = convolution(features_[i], kFeatures, static_cast<int>(kAnchorsPerCell * values), 1);
      const std::string rows = turned(reshaped(raw, {1, kAnchorsPerCell, values, side, side}), {0, 1, 3, 4, 2});
      const std::string all = add("Sigmoid", {rows});
      Reals grid, sizes;
      for (int a = 0; a < kAnchorsPerCell; ++a) {
        for (std::int64_t cell = 0; cell < side * side; ++cell) {
          grid.push_back(static_cast<float>(cell % side) - 0.5F);
          grid.push_back(static_cast<float>(cell / side) - 0.5F);
          sizes.push_back(static_cast<float>(kStrides[i] * (a + 1)) + 0.25F);
          sizes.push_back(static_cast<float>(kStrides[i] * (3 - a)) + 0.5F);
        }
      }
      const Whole form{1, kAnchorsPerCell, side, side, 2};
      const float stride = static_cast<float>(is(HeadChange::OtherStrides) ? kStrides[0] : kStrides[i]);
      const std::string xy =
          add("Mul", {add("Add", {add("Mul", {sliced(all, 0, 2, 4), scalar(2)}), reals(form, grid)}), scalar(stride)});
      const std::string twice = add("Mul", {sliced(all, 2, 4, 4), scalar(2)});
      const std::string share =
          is(HeadChange::ForeignAnchors) ? add("Exp", {sliced(rows, 2, 4, 4)}) : add("Pow", {twice, scalar(2)});
      const std::string size = add("Mul", {share, reals(form, sizes)});
      levels.push_back(reshaped(joined({xy, size, sliced(all, 4, values, 4)}, 4), {1, -1, values}));
    }
    return joined(levels, 1);
  }

  const HeadModel& model_;
  Graph graph_;
  Names features_;
  Random random_{7};
  int next_ = 0;
};

}  // namespace

int HeadModel::extra() const {
  return task == Task::Segment ? kCoefficients : task == Task::Pose ? kPoints * kPointDims : task == Task::OBB ? 1 : 0;
}

std::string HeadModel::bytes() const {
  return Writer(*this).run();
}

RawModel HeadModel::raw(const std::string& file) const {
  RawModel model;
  model.file = file;
  model.inputs = {{"images", "f32", {1, 3, kSide, kSide}}};
  const std::vector<std::int64_t> shape = shapeOf(*this);
  model.outputs = {{"output0", "f32", {shape.begin(), shape.end()}}};
  if (task == Task::Segment) {
    model.outputs.push_back({"output1", "f32", {1, kCoefficients, 16, 16}});
  }
  for (const auto& [key, text] : metadataOf(*this)) {
    model.metadata[key] = text;
  }
  return model;
}

std::string HeadModel::saveAsIr(const std::string& onnx, const std::string& folder, bool half) const {
  std::ofstream metadata(folder + "/metadata.yaml");
  for (const auto& [key, value] : raw(onnx).metadata) {
    metadata << key << ": " << value << '\n';
  }
  ov::save_model(ov::Core().read_model(onnx), folder + "/head.xml", half);
  return folder + "/head.xml";
}

}  // namespace trtyolo::test
