#include "model/cut/onnx_operators.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/exponential.hpp"
#include "model/cut/onnx_shapes.hpp"

namespace trtyolo {
namespace {

using Shape = std::vector<std::int64_t>;
using Inputs = std::vector<const OnnxArray*>;
using Outputs = std::vector<OnnxArray>;

// What an operator is called with.
struct Call {
  const OnnxNode& node;
  const Inputs& inputs;
  std::size_t most;

  const OnnxArray& input(std::size_t index) const {
    if (index >= inputs.size() || !inputs[index]) {
      throw NotComputable("lacks an input");
    }
    return *inputs[index];
  }
  bool has(std::size_t index) const { return index < inputs.size() && inputs[index]; }
  std::int64_t number(std::string_view attribute, std::int64_t otherwise) const {
    return node.wholeNumber(attribute).value_or(otherwise);
  }
  std::size_t axisOf(const OnnxArray& array, std::int64_t otherwise) const {
    return axisIn(array.shape, number("axis", otherwise));
  }
};

// ---------------------------------------------------------------------------------------------------------------------
// Element by element

// `compute` of the elements of two arrays of one kind, each side as long as the longer one.
template <typename Value, typename Result, typename Compute>
void broadcast(const std::vector<Value>& a, const std::vector<Value>& b, const Broadcast& way,
               std::vector<Result>& result, const Compute& compute) {
  result.resize(way.elements);
  way.forEachRow([&](std::size_t to, std::size_t fromA, std::size_t fromB) {
    for (std::size_t i = 0; i < way.rowLength; ++i) {
      result[to + i] = compute(a[fromA + i * way.rowStepA], b[fromB + i * way.rowStepB]);
    }
  });
}

// How two inputs of one kind go together.
Broadcast broadcastOf(const Call& call) {
  const OnnxArray &a = call.input(0), &b = call.input(1);
  if (a.real != b.real) {
    throw NotComputable("mixes real and whole numbers");
  }
  return {a.shape, b.shape, call.most};
}

template <typename OfReals, typename OfWholes>
Outputs binary(const Call& call, const OfReals& ofReals, const OfWholes& ofWholes) {
  const OnnxArray &a = call.input(0), &b = call.input(1);
  const Broadcast way = broadcastOf(call);
  OnnxArray result;
  result.shape = way.shape;
  result.real = a.real;
  if (a.real) {
    broadcast(a.reals, b.reals, way, result.reals, ofReals);
  } else {
    broadcast(a.wholes, b.wholes, way, result.wholes, ofWholes);
  }
  return {std::move(result)};
}

template <typename Compare>
Outputs compared(const Call& call, const Compare& compare) {
  const OnnxArray &a = call.input(0), &b = call.input(1);
  const Broadcast way = broadcastOf(call);
  OnnxArray result;
  result.shape = way.shape;
  result.real = false;
  const auto asWhole = [&](auto x, auto y) { return std::int64_t{compare(x, y)}; };
  if (a.real) {
    broadcast(a.reals, b.reals, way, result.wholes, asWhole);
  } else {
    broadcast(a.wholes, b.wholes, way, result.wholes, asWhole);
  }
  return {std::move(result)};
}

// Whole numbers wrap around, as they do everywhere else.
template <typename Compute>
auto wrapped(const Compute& compute) {
  return [&compute](std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(compute(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
  };
}

template <typename Compute>
Outputs arithmetic(const Call& call, const Compute& compute) {
  return binary(call, compute, wrapped(compute));
}

void checkDivisor(std::int64_t a, std::int64_t b) {
  if (b == 0 || (b == -1 && a == INT64_MIN)) {
    throw NotComputable("divides by 0");
  }
}

Outputs divide(const Call& call) {
  return binary(call, std::divides<>(), [](std::int64_t a, std::int64_t b) {
    checkDivisor(a, b);
    return a / b;
  });
}

// The remainder has the divisor's sign, or with `fmod` the dividend's.
Outputs remainder(const Call& call) {
  const bool likeC = call.number("fmod", 0) != 0;
  return binary(
      call, [](float a, float b) { return std::fmod(a, b); },
      [likeC](std::int64_t a, std::int64_t b) {
        checkDivisor(a, b);
        const std::int64_t rest = a % b;
        return !likeC && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
      });
}

Outputs power(const Call& call) {
  const OnnxArray& exponent = call.input(1);
  if (!call.input(0).real) {
    throw NotComputable("is of whole numbers");
  }
  OnnxArray asReal = exponent;
  asReal.real = true;
  asReal.reals.insert(asReal.reals.end(), exponent.wholes.begin(), exponent.wholes.end());
  asReal.wholes.clear();
  const Inputs inputs{&call.input(0), &asReal};
  return binary(
      Call{call.node, inputs, call.most}, [](float a, float b) { return b == 2.0F ? a * a : std::pow(a, b); },
      [](std::int64_t a, std::int64_t) { return a; });
}

template <typename Compute>
Outputs unary(const Call& call, const Compute& compute) {
  OnnxArray result = call.input(0);
  if (!result.real) {
    throw NotComputable("is of whole numbers");
  }
  std::transform(result.reals.begin(), result.reals.end(), result.reals.begin(), compute);
  return {std::move(result)};
}

// Of any number of arrays.
template <typename Choose>
Outputs extreme(const Call& call, const Choose& choose) {
  Outputs result{call.input(0)};
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    const Inputs inputs{&result[0], &call.input(i)};
    result = binary(Call{call.node, inputs, call.most}, choose, choose);
  }
  return result;
}

Outputs clip(const Call& call) {
  const auto limit = [&](std::size_t index, const char* attribute, float otherwise) {
    if (call.has(index) && call.input(index).real && call.input(index).size() == 1) {
      return call.input(index).reals[0];
    }
    return static_cast<float>(call.node.number(attribute).value_or(otherwise));
  };
  const float least = limit(1, "min", -HUGE_VALF), most = limit(2, "max", HUGE_VALF);
  return unary(call, [=](float value) { return std::min(std::max(value, least), most); });
}

// Rounding to f16 is left out: what comes of it is compared with what is computed in f32.
Outputs cast(const Call& call) {
  const std::int64_t type = call.number("to", 0);
  const bool real = type == 1 || type == 10 || type == 11, whole = type == 6 || type == 7, truth = type == 9;
  if (!real && !whole && !truth) {
    throw NotComputable("casts to a type that is not understood");
  }
  OnnxArray result = call.input(0);
  if (real && !result.real) {
    result.reals.assign(result.wholes.begin(), result.wholes.end());
  } else if (!real && result.real) {
    for (const float value : result.reals) {
      constexpr float kMost = 9e18F;
      if (!(std::fabs(value) < kMost)) {
        throw NotComputable("casts a number that is too large");
      }
      result.wholes.push_back(truth ? std::int64_t{value != 0} : static_cast<std::int64_t>(value));
    }
  } else if (truth) {
    for (std::int64_t& value : result.wholes) {
      value = std::int64_t{value != 0};
    }
  }
  result.real = real;
  (real ? static_cast<void>(result.wholes.clear()) : result.reals.clear());
  return {std::move(result)};
}

Outputs where(const Call& call) {
  const OnnxArray &condition = call.input(0), &a = call.input(1), &b = call.input(2);
  if (condition.real || a.real != b.real) {
    throw NotComputable("mixes real and whole numbers");
  }
  const auto chosen = [&](const auto& ofA, const auto& ofB, auto& to) {
    // First each against the condition, then one against the other.
    const Broadcast first(condition.shape, a.shape, call.most), whole(first.shape, b.shape, call.most);
    std::remove_reference_t<decltype(to)> spread(first.elements);
    std::vector<std::int64_t> takes(first.elements);
    first.forEachRow([&](std::size_t place, std::size_t ofCondition, std::size_t from) {
      for (std::size_t i = 0; i < first.rowLength; ++i) {
        takes[place + i] = condition.wholes[ofCondition + i * first.rowStepA];
        spread[place + i] = ofA[from + i * first.rowStepB];
      }
    });
    to.resize(whole.elements);
    whole.forEachRow([&](std::size_t place, std::size_t from, std::size_t other) {
      for (std::size_t i = 0; i < whole.rowLength; ++i) {
        const std::size_t at = from + i * whole.rowStepA;
        to[place + i] = takes[at] != 0 ? spread[at] : ofB[other + i * whole.rowStepB];
      }
    });
    return whole.shape;
  };
  OnnxArray result;
  result.real = a.real;
  result.shape = a.real ? chosen(a.reals, b.reals, result.reals) : chosen(a.wholes, b.wholes, result.wholes);
  return {std::move(result)};
}

// ---------------------------------------------------------------------------------------------------------------------
// Along an axis

Outputs softmax(const Call& call) {
  OnnxArray result = call.input(0);
  if (!result.real) {
    throw NotComputable("is of whole numbers");
  }
  const AxisWalk walk(result.shape, call.axisOf(result, -1));
  walk.forEachLine([&](std::size_t first) {
    float* const values = result.reals.data() + first;
    float most = -HUGE_VALF, sum = 0;
    for (std::size_t i = 0; i < walk.length; ++i) {
      most = std::max(most, values[i * walk.step]);
    }
    for (std::size_t i = 0; i < walk.length; ++i) {
      sum += values[i * walk.step] = exponential(values[i * walk.step] - most);
    }
    for (std::size_t i = 0; i < walk.length; ++i) {
      values[i * walk.step] /= sum;
    }
  });
  return {std::move(result)};
}

// The largest value, or the sum.
Outputs reduce(const Call& call, bool largest) {
  const OnnxArray& input = call.input(0);
  std::vector<double> axes = call.node.numbers("axes");
  if (call.has(1)) {
    axes.assign(call.input(1).wholes.begin(), call.input(1).wholes.end());
  }
  if (!input.real || axes.size() != 1) {
    throw NotComputable("reduces more than one axis, or whole numbers");
  }
  const std::size_t axis = axisIn(input.shape, static_cast<std::int64_t>(axes[0]));
  const AxisWalk walk(input.shape, axis);
  OnnxArray result;
  result.shape = input.shape;
  if (call.number("keepdims", 1) != 0) {
    result.shape[axis] = 1;
  } else {
    result.shape.erase(result.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  walk.forEachLine([&](std::size_t first) {
    float value = largest ? -HUGE_VALF : 0.0F;
    for (std::size_t i = 0; i < walk.length; ++i) {
      const float next = input.reals[first + i * walk.step];
      value = largest ? std::max(value, next) : value + next;
    }
    result.reals.push_back(value);
  });
  return {std::move(result)};
}

// The largest values and their places; of equal ones the first.
Outputs topK(const Call& call) {
  const OnnxArray& input = call.input(0);
  const OnnxArray& count = call.input(1);
  if (!input.real || count.real || count.size() != 1 || call.number("largest", 1) == 0) {
    throw NotComputable("is not of the largest real numbers");
  }
  const std::size_t axis = call.axisOf(input, -1);
  const AxisWalk walk(input.shape, axis);
  if (count.wholes[0] < 0 || static_cast<std::uint64_t>(count.wholes[0]) > walk.length) {
    throw NotComputable("takes more values than there are");
  }
  const auto most = static_cast<std::size_t>(count.wholes[0]);
  OnnxArray values, places;
  values.shape = input.shape;
  values.shape[axis] = count.wholes[0];
  places.shape = values.shape;
  places.real = false;
  const AxisWalk to(values.shape, axis);
  values.reals.resize(elementsOrThrow(values.shape, call.most));
  places.wholes.resize(values.reals.size());
  std::vector<std::size_t> order(walk.length);
  std::size_t line = 0;
  walk.forEachLine([&](std::size_t first) {
    const auto at = [&](std::size_t i) { return input.reals[first + i * walk.step]; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most), order.end(),
                      [&](std::size_t a, std::size_t b) { return at(a) > at(b) || (at(a) == at(b) && a < b); });
    const std::size_t start = to.firstOf(line++);
    for (std::size_t i = 0; i < most; ++i) {
      values.reals[start + i * to.step] = at(order[i]);
      places.wholes[start + i * to.step] = static_cast<std::int64_t>(order[i]);
    }
  });
  return {std::move(values), std::move(places)};
}

// ---------------------------------------------------------------------------------------------------------------------
// Products

// A convolution over one value at a time, as the ends of networks have them: the mean of a distribution.
Outputs convolve(const Call& call) {
  const OnnxArray &input = call.input(0), &weights = call.input(1);
  const bool fits = input.real && weights.real && input.rank() == 4 && weights.rank() == 4 && weights.shape[2] == 1 &&
                    weights.shape[3] == 1 && weights.shape[1] == input.shape[1] && call.number("group", 1) == 1;
  const std::vector<double> strides = call.node.numbers("strides");
  const bool moves = std::any_of(strides.begin(), strides.end(), [](double stride) { return stride != 1; });
  if (!fits || moves || (call.has(2) && call.input(2).reals.size() != static_cast<std::size_t>(weights.shape[0]))) {
    throw NotComputable("is a convolution over more than one value at a time");
  }
  const auto images = static_cast<std::size_t>(input.shape[0]), from = static_cast<std::size_t>(input.shape[1]),
             to = static_cast<std::size_t>(weights.shape[0]);
  OnnxArray result;
  result.shape = {input.shape[0], weights.shape[0], input.shape[2], input.shape[3]};
  result.reals.resize(elementsOrThrow(result.shape, call.most));
  const std::size_t area = images * to == 0 ? 0 : result.reals.size() / (images * to);
  for (std::size_t plane = 0; plane < images * to; ++plane) {
    float* const sums = result.reals.data() + plane * area;
    for (std::size_t c = 0; c < from; ++c) {
      const float weight = weights.reals[plane % to * from + c];
      const float* const values = input.reals.data() + (plane / to * from + c) * area;
      for (std::size_t i = 0; i < area; ++i) {
        sums[i] += weight * values[i];
      }
    }
    if (call.has(2)) {
      const float bias = call.input(2).reals[plane % to];
      std::transform(sums, sums + area, sums, [bias](float sum) { return sum + bias; });
    }
  }
  return {std::move(result)};
}

// ---------------------------------------------------------------------------------------------------------------------

using Operator = std::function<Outputs(const Call&)>;

const std::map<std::string_view, Operator>& operators() {
  const auto smaller = [](auto a, auto b) { return b < a ? b : a; };
  const auto larger = [](auto a, auto b) { return a < b ? b : a; };
  static const std::map<std::string_view, Operator> all{
      {"Add", [](const Call& call) { return arithmetic(call, std::plus<>()); }},
      {"Sub", [](const Call& call) { return arithmetic(call, std::minus<>()); }},
      {"Mul", [](const Call& call) { return arithmetic(call, std::multiplies<>()); }},
      {"Div", divide},
      {"Mod", remainder},
      {"Pow", power},
      {"Equal", [](const Call& call) { return compared(call, std::equal_to<>()); }},
      {"Greater", [](const Call& call) { return compared(call, std::greater<>()); }},
      {"Less", [](const Call& call) { return compared(call, std::less<>()); }},
      {"Where", where},
      {"Min", [=](const Call& call) { return extreme(call, smaller); }},
      {"Max", [=](const Call& call) { return extreme(call, larger); }},
      {"Clip", clip},
      {"Cast", cast},
      {"Neg", [](const Call& call) { return unary(call, std::negate<>()); }},
      {"Exp", [](const Call& call) { return unary(call, exponential); }},
      {"Sigmoid", [](const Call& call) { return unary(call, sigmoid); }},
      {"Sqrt", [](const Call& call) { return unary(call, [](float x) { return std::sqrt(x); }); }},
      {"Sin", [](const Call& call) { return unary(call, [](float x) { return std::sin(x); }); }},
      {"Cos", [](const Call& call) { return unary(call, [](float x) { return std::cos(x); }); }},
      {"Softmax", softmax},
      {"ReduceMax", [](const Call& call) { return reduce(call, true); }},
      {"ReduceSum", [](const Call& call) { return reduce(call, false); }},
      {"TopK", topK},
      {"Conv", convolve},
  };
  return all;
}

}  // namespace

bool isComputable(std::string_view type) {
  return isMover(type) || operators().count(type) != 0;
}

std::string nodeName(const OnnxNode& node) {
  constexpr std::size_t kMostLetters = 200;
  return std::string(node.type.substr(0, kMostLetters)) + " '" +
         std::string(node.outputs.empty() ? "" : node.outputs[0].substr(0, kMostLetters)) + "'";
}

std::vector<OnnxArray> computeNode(const OnnxNode& node, const std::vector<const OnnxArray*>& inputs,
                                   std::size_t most) {
  if (auto shaped = reshapeNode(node, inputs, most)) {
    return std::move(*shaped);
  }
  const auto found = operators().find(node.type);
  if (found == operators().end()) {
    throw NotComputable(kUnknownOperator);
  }
  return found->second({node, inputs, most});
}

}  // namespace trtyolo
