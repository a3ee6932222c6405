#include "model/cut/onnx_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "model/cut/onnx_operators.hpp"

namespace trtyolo {
namespace {

using Shape = std::vector<std::int64_t>;
using Outputs = std::vector<OnnxArray>;

struct Moving {
  const OnnxNode& node;
  const std::vector<const OnnxArray*>& inputs;
  std::size_t most;

  bool has(std::size_t index) const { return index < inputs.size() && inputs[index]; }
  const OnnxArray& input(std::size_t index) const {
    if (!has(index)) {
      throw NotComputable("lacks an input");
    }
    return *inputs[index];
  }
  const std::vector<std::int64_t>& wholes(std::size_t index) const {
    if (input(index).real) {
      throw NotComputable("takes real numbers for whole ones");
    }
    return input(index).wholes;
  }
  // A list that is an attribute in older files and an input in newer ones.
  Shape list(const char* attribute, std::size_t index) const {
    if (has(index)) {
      return wholes(index);
    }
    return node.wholeNumbers(attribute);
  }
  std::size_t axisOf(const Shape& shape, std::int64_t otherwise) const {
    return axisIn(shape, node.wholeNumber("axis").value_or(otherwise));
  }
};

// Steps from one element to the next along each side.
std::vector<std::size_t> stepsOf(const Shape& shape) {
  std::vector<std::size_t> steps(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) {
    steps[i - 1] = steps[i] * static_cast<std::size_t>(shape[i]);
  }
  return steps;
}

// The number of an element, which is `indexAt(side)` along each side.
template <typename IndexAt>
std::size_t elementAt(const std::vector<std::size_t>& steps, const IndexAt& indexAt) {
  std::size_t element = 0;
  for (std::size_t side = 0; side < steps.size(); ++side) {
    element += static_cast<std::size_t>(indexAt(side)) * steps[side];
  }
  return element;
}

// An array of the elements of another: that at `sourceOf(place)`, where `place` is a number for each side.
template <typename SourceOf>
OnnxArray picked(const OnnxArray& array, Shape shape, std::size_t most, const SourceOf& sourceOf) {
  const std::size_t elements = elementsOrThrow(shape, most);
  OnnxArray result;
  result.real = array.real;
  (array.real ? result.reals.reserve(elements) : result.wholes.reserve(elements));
  Shape place(shape.size(), 0);
  for (std::size_t i = 0; i < elements; ++i) {
    const std::size_t source = sourceOf(place);
    (array.real ? result.reals.push_back(array.reals[source]) : result.wholes.push_back(array.wholes[source]));
    for (std::size_t side = shape.size(); side-- > 0 && ++place[side] == shape[side];) {
      place[side] = 0;
    }
  }
  result.shape = std::move(shape);
  return result;
}

OnnxArray shaped(OnnxArray array, Shape shape, std::size_t most) {
  if (elementsOrThrow(shape, most) != array.size()) {
    throw NotComputable("gives a form that its input does not have");
  }
  array.shape = std::move(shape);
  return array;
}

OnnxArray wholesOf(std::vector<std::int64_t> values, Shape shape) {
  OnnxArray array;
  array.shape = std::move(shape);
  array.real = false;
  array.wholes = std::move(values);
  return array;
}

Outputs constant(const Moving& call) {
  const std::string_view tensor = call.node.tensor("value");
  if (!tensor.empty()) {
    auto array = arrayOfTensor(tensor, call.most);
    if (!array) {
      throw NotComputable("is a constant that is not understood");
    }
    return {std::move(*array)};
  }
  for (const char* const name : {"value_int", "value_ints", "value_float", "value_floats"}) {
    const std::vector<double> numbers = call.node.numbers(name);
    if (numbers.empty()) {
      continue;
    }
    const std::string_view kind = name;
    OnnxArray array;
    array.real = kind.starts_with("value_f");
    array.shape = kind.ends_with('s') ? Shape{static_cast<std::int64_t>(numbers.size())} : Shape{};
    if (array.real) {
      array.reals.assign(numbers.begin(), numbers.end());
    } else {
      array.wholes = call.node.wholeNumbers(name);
    }
    return {std::move(array)};
  }
  throw NotComputable("is a constant that is not understood");
}

Outputs identity(const Moving& call) {
  return {call.input(0)};
}

Outputs shapeOf(const Moving& call) {
  const Shape& shape = call.input(0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto end = [&](const char* name, std::int64_t otherwise) {
    const std::int64_t number = call.node.wholeNumber(name).value_or(otherwise);
    return std::clamp<std::int64_t>(number < 0 ? number + rank : number, 0, rank);
  };
  const std::int64_t first = end("start", 0), last = std::max(first, end("end", rank));
  Shape values(shape.begin() + first, shape.begin() + last);
  return {wholesOf(std::move(values), {last - first})};
}

Outputs reshape(const Moving& call) {
  const OnnxArray& input = call.input(0);
  Shape shape = call.wholes(1);
  const bool allowZero = call.node.number("allowzero").value_or(0) != 0;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allowZero && i < input.rank()) {
      shape[i] = input.shape[i];
    } else if (shape[i] == -1 && !open) {
      open = i;
      shape[i] = 1;
    }
  }
  if (open) {
    const std::size_t others = elementsOrThrow(shape, call.most);
    shape[*open] = others == 0 ? 0 : static_cast<std::int64_t>(input.size() / others);
  }
  return {shaped(input, std::move(shape), call.most)};
}

Outputs squeeze(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const Shape axes = call.list("axes", 1);
  Shape shape;
  for (std::size_t i = 0; i < input.rank(); ++i) {
    const bool named =
        std::any_of(axes.begin(), axes.end(), [&](std::int64_t axis) { return axisIn(input.shape, axis) == i; });
    if (input.shape[i] != 1 || !(named || axes.empty())) {
      shape.push_back(input.shape[i]);
    }
  }
  return {shaped(input, std::move(shape), call.most)};
}

Outputs unsqueeze(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const Shape axes = call.list("axes", 1);
  Shape whole(input.rank() + axes.size(), 0);
  std::vector<bool> added(whole.size(), false);
  for (const std::int64_t axis : axes) {
    added[axisIn(whole, axis)] = true;
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (!added[i] && next == input.rank()) {
      throw NotComputable("adds an axis twice");
    }
    whole[i] = added[i] ? 1 : input.shape[next++];
  }
  return {shaped(input, std::move(whole), call.most)};
}

Outputs flatten(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const std::int64_t axis = call.node.wholeNumber("axis").value_or(1);
  const auto rank = static_cast<std::int64_t>(input.rank());
  if (axis < -rank || axis > rank) {
    throw NotComputable("has an axis that its input has not");
  }
  const auto middle = input.shape.begin() + (axis < 0 ? axis + rank : axis);
  const auto sides = [&](const Shape& part) { return static_cast<std::int64_t>(elementsOrThrow(part, call.most)); };
  return {shaped(input, {sides({input.shape.begin(), middle}), sides({middle, input.shape.end()})}, call.most)};
}

Outputs transpose(const Moving& call) {
  const OnnxArray& input = call.input(0);
  std::vector<std::size_t> order;
  for (const double axis : call.node.numbers("perm")) {
    order.push_back(axisIn(input.shape, static_cast<std::int64_t>(axis)));
  }
  for (std::size_t i = input.rank(); order.size() < input.rank() && i-- > 0;) {
    order.push_back(i);
  }
  if (order.size() != input.rank()) {
    throw NotComputable("has more axes than its input");
  }
  const std::vector<std::size_t> steps = stepsOf(input.shape);
  Shape shape;
  std::vector<std::size_t> moved;
  for (const std::size_t axis : order) {
    shape.push_back(input.shape[axis]);
    moved.push_back(steps[axis]);
  }
  if (elementsOrThrow(shape, call.most) != input.size()) {
    throw NotComputable("names an axis twice");
  }
  return {picked(input, std::move(shape), call.most,
                 [&](const Shape& place) { return elementAt(moved, [&](std::size_t i) { return place[i]; }); })};
}

Outputs concatenate(const Moving& call) {
  OnnxArray result;
  const OnnxArray& first = call.input(0);
  result.real = first.real;
  result.shape = first.shape;
  const std::size_t axis = call.axisOf(first.shape, 0);
  result.shape[axis] = 0;
  for (std::size_t i = 0; i < call.inputs.size(); ++i) {
    const OnnxArray& part = call.input(i);
    Shape like = part.shape;
    if (part.real != first.real || part.rank() != first.rank() ||
        (like[axis] = first.shape[axis], like != first.shape)) {
      throw NotComputable("joins arrays that do not fit");
    }
    result.shape[axis] += part.shape[axis];
  }
  (result.real ? result.reals.reserve(elementsOrThrow(result.shape, call.most))
               : result.wholes.reserve(elementsOrThrow(result.shape, call.most)));
  const std::size_t before =
      elementsOrThrow({first.shape.begin(), first.shape.begin() + static_cast<std::ptrdiff_t>(axis)}, call.most);
  for (std::size_t outer = 0; outer < before; ++outer) {
    for (const OnnxArray* part : call.inputs) {
      const std::size_t length = part->size() / before;
      const auto copy = [&](const auto& from, auto& to) {
        const auto begin = from.begin() + static_cast<std::ptrdiff_t>(outer * length);
        to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
      };
      result.real ? copy(part->reals, result.reals) : copy(part->wholes, result.wholes);
    }
  }
  return {std::move(result)};
}

// A part of an array along one axis: `count` elements from `first`, `step` apart.
OnnxArray along(const OnnxArray& input, std::size_t axis, std::int64_t first, std::int64_t count, std::int64_t step,
                std::size_t most) {
  const std::vector<std::size_t> steps = stepsOf(input.shape);
  Shape shape = input.shape;
  shape[axis] = count;
  return picked(input, std::move(shape), most, [&](const Shape& place) {
    return elementAt(steps, [&](std::size_t i) { return i == axis ? first + place[i] * step : place[i]; });
  });
}

Outputs slice(const Moving& call) {
  const OnnxArray* input = &call.input(0);
  const Shape starts = call.list("starts", 1), ends = call.list("ends", 2);
  Shape axes = call.list("axes", 3), steps = call.list("steps", 4);
  for (std::size_t i = axes.size(); i < starts.size(); ++i) {
    axes.push_back(static_cast<std::int64_t>(i));
  }
  steps.resize(std::max(steps.size(), starts.size()), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size()) {
    throw NotComputable("has other numbers of starts and ends");
  }
  OnnxArray part;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t axis = axisIn(input->shape, axes[i]);
    const std::int64_t side = input->shape[axis];
    if (steps[i] < 1) {
      throw NotComputable("goes backwards");
    }
    const auto within = [side](std::int64_t end) {
      return end < 0 ? std::max<std::int64_t>(end, -side) + side : std::min(end, side);
    };
    const std::int64_t first = within(starts[i]), last = std::max(first, within(ends[i]));
    const std::int64_t step = std::min(steps[i], std::max<std::int64_t>(side, 1));
    part = along(*input, axis, first, (last - first + step - 1) / step, step, call.most);
    input = &part;
  }
  return {*input};
}

Outputs split(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const std::size_t axis = call.axisOf(input.shape, 0);
  Shape sides = call.list("split", 1);
  const auto parts = static_cast<std::int64_t>(call.node.outputs.size());
  if (sides.empty() && parts > 0) {
    const std::int64_t each = (input.shape[axis] + parts - 1) / parts;
    for (std::int64_t left = input.shape[axis]; static_cast<std::int64_t>(sides.size()) < parts; left -= sides.back()) {
      sides.push_back(std::clamp<std::int64_t>(left, 0, each));
    }
  }
  Outputs outputs;
  std::int64_t first = 0;
  for (const std::int64_t side : sides) {
    if (side < 0 || side > input.shape[axis] - first) {
      throw NotComputable("splits into more than there is");
    }
    outputs.push_back(along(input, axis, first, side, 1, call.most));
    first += side;
  }
  return outputs;
}

std::int64_t checkedIndex(std::int64_t index, std::int64_t side) {
  index = index < 0 ? index + side : index;
  if (index < 0 || index >= side) {
    throw NotComputable("picks elements that are not there");
  }
  return index;
}

Outputs gather(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const std::vector<std::int64_t>& indices = call.wholes(1);
  const Shape& form = call.input(1).shape;
  const std::size_t axis = call.axisOf(input.shape, 0);
  Shape shape(input.shape.begin(), input.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), form.begin(), form.end());
  shape.insert(shape.end(), input.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, input.shape.end());
  const std::vector<std::size_t> steps = stepsOf(input.shape), formSteps = stepsOf(form);
  return {picked(input, std::move(shape), call.most, [&](const Shape& place) {
    const std::size_t which = elementAt(formSteps, [&](std::size_t i) { return place[axis + i]; });
    return elementAt(steps, [&](std::size_t i) {
      return i < axis    ? place[i]
             : i == axis ? checkedIndex(indices[which], input.shape[axis])
                         : place[i + form.size() - 1];
    });
  })};
}

Outputs gatherElements(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const std::vector<std::int64_t>& indices = call.wholes(1);
  const Shape& form = call.input(1).shape;
  const std::size_t axis = call.axisOf(input.shape, 0);
  if (form.size() != input.rank()) {
    throw NotComputable("picks from an array of another form");
  }
  const std::vector<std::size_t> steps = stepsOf(input.shape);
  std::size_t next = 0;
  return {picked(input, form, call.most, [&](const Shape& place) {
    const std::size_t source = elementAt(
        steps, [&](std::size_t i) { return checkedIndex(i == axis ? indices[next] : place[i], input.shape[i]); });
    ++next;
    return source;
  })};
}

// The array repeated along its sides to this shape.
OnnxArray repeated(const OnnxArray& input, Shape shape, std::size_t most) {
  const std::size_t more = shape.size() - input.rank();
  const std::vector<std::size_t> steps = stepsOf(input.shape);
  return picked(input, std::move(shape), most, [&](const Shape& place) {
    return elementAt(steps, [&](std::size_t i) { return place[more + i] % input.shape[i]; });
  });
}

Outputs expand(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const Broadcast way(input.shape, call.wholes(1), call.most);
  return {repeated(input, way.shape, call.most)};
}

Outputs tile(const Moving& call) {
  const OnnxArray& input = call.input(0);
  const std::vector<std::int64_t>& times = call.wholes(1);
  if (times.size() != input.rank()) {
    throw NotComputable("repeats other sides than there are");
  }
  Shape shape = input.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    shape[i] = static_cast<std::int64_t>(elementsOrThrow({shape[i], times[i]}, call.most));
  }
  return {repeated(input, std::move(shape), call.most)};
}

Outputs range(const Moving& call) {
  const OnnxArray &first = call.input(0), &last = call.input(1), &step = call.input(2);
  const auto valueOf = [](const OnnxArray& array) {
    if (array.size() != 1) {
      throw NotComputable("counts from more than one number");
    }
    return array.real ? static_cast<double>(array.reals[0]) : static_cast<double>(array.wholes[0]);
  };
  const double begin = valueOf(first), end = valueOf(last), by = valueOf(step);
  const double count = by == 0 ? -1 : std::max(0.0, std::ceil((end - begin) / by));
  if (!(count >= 0 && count <= static_cast<double>(call.most))) {
    throw NotComputable("counts too far");
  }
  OnnxArray result;
  result.real = first.real;
  result.shape = {static_cast<std::int64_t>(count)};
  for (std::int64_t i = 0; i < result.shape[0]; ++i) {
    const double value = begin + static_cast<double>(i) * by;
    (result.real ? result.reals.push_back(static_cast<float>(value))
                 : result.wholes.push_back(static_cast<std::int64_t>(value)));
  }
  return {std::move(result)};
}

Outputs constantOfShape(const Moving& call) {
  const Shape& shape = call.wholes(0);
  const std::size_t elements = elementsOrThrow(shape, call.most);
  const std::string_view tensor = call.node.tensor("value");
  OnnxArray value;
  value.reals = {0.0F};
  if (!tensor.empty()) {
    auto said = arrayOfTensor(tensor, 1);
    if (!said || said->size() != 1) {
      throw NotComputable("is a constant that is not understood");
    }
    value = std::move(*said);
  }
  value.shape = shape;
  (value.real ? value.reals.resize(elements, value.reals[0]) : value.wholes.resize(elements, value.wholes[0]));
  return {std::move(value)};
}

using Mover = Outputs (*)(const Moving&);

const std::map<std::string_view, Mover> kMovers{
    {"Constant", constant},
    {"Identity", identity},
    {"Shape", shapeOf},
    {"Reshape", reshape},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Flatten", flatten},
    {"Transpose", transpose},
    {"Concat", concatenate},
    {"Slice", slice},
    {"Split", split},
    {"Gather", gather},
    {"GatherElements", gatherElements},
    {"Expand", expand},
    {"Tile", tile},
    {"Range", range},
    {"ConstantOfShape", constantOfShape},
};

}  // namespace

std::size_t elementsOrThrow(const std::vector<std::int64_t>& shape, std::size_t most) {
  const std::optional<std::size_t> elements = elementsOf(shape, most);
  if (!elements) {
    throw NotComputable("gives an array that is too large");
  }
  return *elements;
}

std::size_t axisIn(const std::vector<std::int64_t>& shape, std::int64_t axis) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < -rank || axis >= rank) {
    throw NotComputable("has an axis that its input has not");
  }
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

Broadcast::Broadcast(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b, std::size_t most)
    : shape(std::max(a.size(), b.size())), stepsA(shape.size()), stepsB(shape.size()) {
  std::size_t stepA = 1, stepB = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    const std::size_t fromEnd = shape.size() - i;
    const std::int64_t sideA = fromEnd <= a.size() ? a[a.size() - fromEnd] : 1;
    const std::int64_t sideB = fromEnd <= b.size() ? b[b.size() - fromEnd] : 1;
    if (sideA != sideB && sideA != 1 && sideB != 1) {
      throw NotComputable("joins arrays that do not fit");
    }
    shape[i] = sideA == 1 ? sideB : sideA;
    stepsA[i] = sideA == 1 ? 0 : stepA;
    stepsB[i] = sideB == 1 ? 0 : stepB;
    stepA *= static_cast<std::size_t>(sideA);
    stepB *= static_cast<std::size_t>(sideB);
  }
  elements = elementsOrThrow(shape, most);
  rowLength = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  rowStepA = shape.empty() ? 0 : stepsA.back();
  rowStepB = shape.empty() ? 0 : stepsB.back();
}

AxisWalk::AxisWalk(const std::vector<std::int64_t>& shape, std::size_t axis)
    : length(static_cast<std::size_t>(shape[axis])) {
  lines = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    lines *= i == axis ? 1 : static_cast<std::size_t>(shape[i]);
    step *= i > axis ? static_cast<std::size_t>(shape[i]) : 1;
  }
}

bool isMover(std::string_view type) {
  return kMovers.count(type) != 0;
}

std::optional<std::vector<OnnxArray>> reshapeNode(const OnnxNode& node, const std::vector<const OnnxArray*>& inputs,
                                                  std::size_t most) {
  const auto found = kMovers.find(node.type);
  if (found == kMovers.end()) {
    return std::nullopt;
  }
  return found->second({node, inputs, most});
}

}  // namespace trtyolo
