#include "results.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

static_assert(sizeof(Box) == 4 * sizeof(float), "boxes are given to NumPy as rows of four numbers");
static_assert(sizeof(Masks::Run) == 2 * sizeof(std::uint32_t), "runs are given to NumPy as rows of two numbers");

// A NumPy array of `Value` over the memory of `values`, which lives as long as the array and its views.
template <typename Value, typename Element>
nb::object arrayOf(std::vector<Element>&& values, std::initializer_list<std::size_t> shape) {
  auto held = std::make_unique<std::vector<Element>>(std::move(values));
  auto* data = reinterpret_cast<Value*>(held->data());
  const nb::capsule owner(held.release(),
                          [](void* vector) noexcept { delete static_cast<std::vector<Element>*>(vector); });
  return nb::cast(nb::ndarray<nb::numpy, Value>(data, shape, owner));
}

template <typename Result>
nb::object classesOf(Result& result) {
  const std::size_t n = result.classes.size();
  return arrayOf<int>(std::move(result.classes), {n});
}

template <typename Result>
nb::object scoresOf(Result& result) {
  const std::size_t n = result.scores.size();
  return arrayOf<float>(std::move(result.scores), {n});
}

template <typename Result>
nb::object boxesOf(Result& result) {
  const std::size_t n = result.boxes.size();
  return arrayOf<float>(std::move(result.boxes), {n, 4});
}

// Memory full of zeros, which costs nothing until it is written to.
std::uint8_t* zeros(std::size_t bytes) {
  auto* memory = static_cast<std::uint8_t*>(std::calloc(bytes ? bytes : 1, 1));
  if (!memory) {
    throw std::bad_alloc();
  }
  return memory;
}

nb::object pixelArray(std::uint8_t* memory, std::initializer_list<std::size_t> shape) {
  const nb::capsule owner(memory, [](void* bytes) noexcept { std::free(bytes); });
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(memory, shape, owner));
}

void paint(const Masks& masks, std::size_t i, std::uint8_t* pixels) {
  const Masks::Run* runs = masks.runs(i);
  for (std::size_t r = 0; r < masks.runCount(i); ++r) {
    std::memset(pixels + runs[r].begin, 1, runs[r].end - runs[r].begin);
  }
}

std::size_t pixelCount(const Masks& masks) {
  return static_cast<std::size_t>(masks.width()) * static_cast<std::size_t>(masks.height());
}

nb::object maskPixels(const Masks& masks, std::size_t i) {
  masks.runCount(i);  // refuses an index that is too large
  std::uint8_t* pixels = zeros(pixelCount(masks));
  paint(masks, i, pixels);
  return pixelArray(pixels, {static_cast<std::size_t>(masks.height()), static_cast<std::size_t>(masks.width())});
}

nb::object allPixels(const Masks& masks) {
  std::uint8_t* pixels = zeros(masks.size() * pixelCount(masks));
  for (std::size_t i = 0; i < masks.size(); ++i) {
    paint(masks, i, pixels + i * pixelCount(masks));
  }
  return pixelArray(pixels,
                    {masks.size(), static_cast<std::size_t>(masks.height()), static_cast<std::size_t>(masks.width())});
}

nb::object runsOf(nb::handle self, std::size_t i) {
  const auto& masks = nb::cast<const Masks&>(self);
  const std::size_t count = masks.runCount(i);
  const auto* data = reinterpret_cast<const std::uint32_t*>(masks.runs(i));
  return nb::cast(nb::ndarray<nb::numpy, const std::uint32_t>(data, {count, 2}, self));
}

using RunTable = nb::ndarray<const std::uint32_t, nb::shape<-1, 2>, nb::c_contig, nb::device::cpu>;

void addRuns(Masks& masks, const RunTable& table) {
  std::vector<Masks::Run> runs;
  runs.reserve(table.shape(0));
  for (std::size_t r = 0; r < table.shape(0); ++r) {
    runs.push_back({table.data()[2 * r], table.data()[2 * r + 1]});
  }
  masks.add(runs);
}

// (width, height, runs of each mask)
nb::tuple stateOf(nb::handle self) {
  const auto& masks = nb::cast<const Masks&>(self);
  nb::list runs;
  for (std::size_t i = 0; i < masks.size(); ++i) {
    runs.append(runsOf(self, i));
  }
  return nb::make_tuple(masks.width(), masks.height(), runs);
}

void setState(Masks& masks, std::tuple<int, int, std::vector<RunTable>> state) {
  new (&masks) Masks(std::get<0>(state), std::get<1>(state));
  for (const RunTable& table : std::get<2>(state)) {
    addRuns(masks, table);
  }
}

using RotatedTable = nb::ndarray<const float, nb::shape<-1, 5>, nb::c_contig, nb::device::cpu>;

nb::object corners(const RotatedTable& boxes) {
  std::vector<std::array<float, 8>> all(boxes.shape(0));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const float* box = boxes.data() + 5 * i;
    RotatedBox rotated;
    rotated.left = box[0] - box[2] / 2;
    rotated.top = box[1] - box[3] / 2;
    rotated.right = box[0] + box[2] / 2;
    rotated.bottom = box[1] + box[3] / 2;
    rotated.theta = box[4];
    all[i] = rotated.xyxyxyxy();
  }
  const std::size_t n = all.size();
  return arrayOf<float>(std::move(all), {n, 4, 2});
}

}  // namespace

nb::tuple partsOf(ClsResult&& result, const ModelInfo&) {
  return nb::make_tuple(classesOf(result), scoresOf(result));
}

nb::tuple partsOf(DetResult&& result, const ModelInfo&) {
  return nb::make_tuple(classesOf(result), scoresOf(result), boxesOf(result));
}

nb::tuple partsOf(OBBResult&& result, const ModelInfo&) {
  std::vector<std::array<float, 5>> boxes;
  boxes.reserve(result.boxes.size());
  for (const RotatedBox& box : result.boxes) {
    boxes.push_back(box.xywhr());
  }
  const std::size_t n = boxes.size();
  return nb::make_tuple(classesOf(result), scoresOf(result), arrayOf<float>(std::move(boxes), {n, 5}));
}

nb::tuple partsOf(SegResult&& result, const ModelInfo&) {
  return nb::make_tuple(classesOf(result), scoresOf(result), boxesOf(result), nb::cast(std::move(result.masks)));
}

nb::tuple partsOf(PoseResult&& result, const ModelInfo& info) {
  const std::size_t n = result.kpts.size();
  const std::size_t k = n ? result.kpts.front().size() : static_cast<std::size_t>(info.keypoints);
  std::vector<KeyPoint> points;
  points.reserve(n * k);
  for (const auto& object : result.kpts) {
    points.insert(points.end(), object.begin(), object.end());
  }
  static_assert(sizeof(KeyPoint) == 3 * sizeof(float), "keypoints are given to NumPy as rows of three numbers");
  return nb::make_tuple(classesOf(result), scoresOf(result), boxesOf(result),
                        arrayOf<float>(std::move(points), {n, k, 3}));
}

void bindResults(nb::module_& module) {
  nb::class_<Masks>(module, "Masks", "Masks of one picture as runs of pixels.")
      .def(nb::init<int, int>(), nb::arg("width"), nb::arg("height"))
      .def("add", &addRuns, nb::arg("runs"))
      .def("__len__", &Masks::size)
      .def_prop_ro("width", &Masks::width)
      .def_prop_ro("height", &Masks::height)
      .def("pixels", &maskPixels, nb::arg("index"))
      .def("all_pixels", &allPixels)
      .def("runs", &runsOf, nb::arg("index"))
      .def("area", &Masks::area, nb::arg("index"))
      .def("coco_counts", &Masks::cocoCounts, nb::arg("index"))
      .def("__getstate__", &stateOf)
      .def("__setstate__", &setState);
  module.def("corners", &corners, nb::arg("boxes"), "The corners f32 [n, 4, 2] of rotated boxes f32 [n, 5].");
}

}  // namespace trtyolo::python
