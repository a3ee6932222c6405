#include "results.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "errors.hpp"
#include "text.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

using Box5 = std::array<float, 5>;

static_assert(sizeof(Box) == 4 * sizeof(float), "boxes are given to NumPy as rows of four numbers");
static_assert(sizeof(RotatedBox) == 5 * sizeof(float), "the same, and theta behind");
static_assert(sizeof(KeyPoint) == 3 * sizeof(float), "keypoints are given to NumPy as rows of three numbers");
static_assert(sizeof(std::size_t) == sizeof(std::uint64_t), "counts of pixels are given to NumPy as u64");
static_assert(sizeof(Masks::Run) == 2 * sizeof(std::uint32_t), "runs are given to NumPy as rows of two numbers");

template <typename Value, auto... kSides>
using Table = nb::ndarray<const Value, nb::shape<kSides...>, nb::c_contig, nb::device::cpu>;

RotatedBox rotatedBox(const float* xywhr) {
  RotatedBox box;
  box.left = xywhr[0] - xywhr[2] / 2;
  box.top = xywhr[1] - xywhr[3] / 2;
  box.right = xywhr[0] + xywhr[2] / 2;
  box.bottom = xywhr[1] + xywhr[3] / 2;
  box.theta = xywhr[4];
  return box;
}

// A result, and those parts that Python has in another form. Arrays over it have a share of it.
struct ResultMemory {
  explicit ResultMemory(Result&& found) : result(std::move(found)) {
    for (const RotatedBox& box : result.rotatedBoxes) {
      rotatedBoxes.push_back(box.xywhr());
    }
    for (const auto& object : result.keypoints) {
      keypoints.insert(keypoints.end(), object.begin(), object.end());
    }
  }

  // The result with what Python has written into its arrays.
  const Result& current() {
    for (std::size_t i = 0; i < rotatedBoxes.size(); ++i) {
      if (rotatedBoxes[i] != result.rotatedBoxes[i].xywhr()) {
        result.rotatedBoxes[i] = rotatedBox(rotatedBoxes[i].data());
      }
    }
    const KeyPoint* point = keypoints.data();
    for (auto& object : result.keypoints) {
      std::copy_n(point, object.size(), object.begin());
      point += object.size();
    }
    return result;
  }

  Result result;
  std::vector<Box5> rotatedBoxes;   // xywhr() of each
  std::vector<KeyPoint> keypoints;  // of all objects, one after the other
};

// A map of Python's as the library has it.
template <typename Map, typename Value>
Map mapOf(const Table<Value, -1, -1>& array) {
  Map map;
  map.data.assign(array.data(), array.data() + array.size());
  map.height = static_cast<int>(array.shape(0));
  map.width = static_cast<int>(array.shape(1));
  return map;
}

void require(const char* what, std::size_t found, std::size_t expected) {
  if (found != expected) {
    throw std::invalid_argument("Result: " + std::to_string(expected) + ' ' + what +
                                " were expected, as the task and " + "the number of scores say; found " +
                                std::to_string(found));
  }
}

// What Python knows as a result: the arrays over a Result, and None for what its task does not have.
struct HeldResult {
  HeldResult(Result&& found, nb::object classNames, std::size_t points)
      : memory(std::make_shared<ResultMemory>(std::move(found))), names(std::move(classNames)) {
    using Share = std::shared_ptr<ResultMemory>;
    const nb::capsule share = capsuleOf(std::make_unique<Share>(memory));
    const auto array = [&share]<typename Value, typename Element>(Value, std::vector<Element>& values,
                                                                  std::initializer_list<std::size_t> shape) {
      return nb::cast(nb::ndarray<nb::numpy, Value>(reinterpret_cast<Value*>(values.data()), shape, share));
    };
    const auto view = [](const nb::object& plain, const char* kind) {
      return plain.attr("view")(classOf("results", kind));
    };
    Result& from = memory->result;
    const std::size_t n = from.classes.size();
    classes = array(int(), from.classes, {n});
    scores = array(float(), from.scores, {n});
    if (from.hasBoxes()) {
      boxes = view(array(float(), from.boxes, {n, 4}), "Boxes");
    }
    if (from.hasRotatedBoxes()) {
      rotatedBoxes = view(array(float(), memory->rotatedBoxes, {n, 5}), "RotatedBoxes");
    }
    if (from.hasMasks()) {
      masks = nb::inst_reference(classOf("results", "Masks"), &from.masks, share);
    }
    if (from.hasKeypoints()) {
      keypoints = view(array(float(), memory->keypoints, {n, points, 3}), "KeyPoints");
    }
    const auto side = [](int length) { return static_cast<std::size_t>(length); };
    if (from.hasSemantic()) {
      semantic = array(std::uint16_t(), from.semantic.data, {side(from.semantic.height), side(from.semantic.width)});
      pixels = array(std::uint64_t(), from.pixels, {n});
    }
    if (from.hasDepth()) {
      depth = array(float(), from.depth.data, {side(from.depth.height), side(from.depth.width)});
    }
  }

  const Result& result() const { return memory->result; }

  // What a tracker says of the objects. Python has a copy: later ids may need other memory.
  void setTrackIds(std::vector<int> ids) {
    std::vector<int>& own = memory->result.trackIds;
    own = std::move(ids);
    trackIds = nb::cast(nb::ndarray<nb::numpy, const int>(own.data(), {own.size()}), nb::rv_policy::copy);
  }

  std::shared_ptr<ResultMemory> memory;
  nb::object names;
  nb::object classes, scores;
  nb::object boxes = nb::none(), rotatedBoxes = nb::none(), masks = nb::none(), keypoints = nb::none();
  nb::object semantic = nb::none(), pixels = nb::none(), depth = nb::none(), trackIds = nb::none();
};

template <typename Element, typename Array>
std::vector<Element> elementsOf(const Array& array) {
  const auto* elements = reinterpret_cast<const Element*>(array.data());
  return {elements, elements + array.shape(0)};
}

void makeResult(HeldResult* self, const std::string& task, const Table<int, -1>& classes,
                const Table<float, -1>& scores, const Table<float, -1, -1>& boxes, const Masks* masks,
                const Table<float, -1, -1, 3>& keypoints, int keypointDims,
                const Table<std::uint16_t, -1, -1>& semantic, const Table<float, -1, -1>& depth, nb::object names,
                std::pair<int, int> imageSize, const nb::dict& speed) {
  Result result;
  result.task = taskOf(task);
  const std::size_t n = scores.shape(0), points = keypoints.shape(1);
  const std::size_t sides = result.hasBoxes() ? 4 : result.hasRotatedBoxes() ? 5 : 0;
  require("classes", classes.shape(0), n);
  require("boxes", boxes.shape(0), sides ? n : 0);
  require("numbers of a box", n && sides ? boxes.shape(1) : sides, sides);
  require("masks", masks ? masks->size() : 0, result.hasMasks() ? n : 0);
  require("objects' keypoints", keypoints.shape(0), result.hasKeypoints() ? n : 0);
  result.num = static_cast<int>(n);
  result.classes = elementsOf<int>(classes);
  result.scores = elementsOf<float>(scores);
  if (n && sides == 4) {
    result.boxes = elementsOf<Box>(boxes);
  }
  if (n && sides == 5) {
    result.rotatedBoxes = elementsOf<RotatedBox>(boxes);
  }
  result.masks = masks ? *masks : Masks();
  for (std::size_t i = 0; i < keypoints.shape(0); ++i) {
    const auto* first = reinterpret_cast<const KeyPoint*>(keypoints.data()) + i * points;
    result.keypoints.emplace_back(first, first + points);
  }
  result.keypointDims = keypointDims;
  result.names = nb::cast<std::map<int, std::string>>(names);
  if (result.hasSemantic()) {
    result.semantic = mapOf<ClassMap>(semantic);
    result.semantic.binary = result.names.size() == 1;
    result.semantic.none = result.names.size() > 255 ? 65535 : 255;
    const Masks each = result.semantic.masks(result.classes);
    for (std::size_t i = 0; i < n; ++i) {
      result.pixels.push_back(each.area(i));
    }
  }
  if (result.hasDepth()) {
    result.depth = mapOf<DepthMap>(depth);
  }
  std::tie(result.imageWidth, result.imageHeight) = imageSize;
  result.speed = {nb::cast<double>(speed["preprocess"]), nb::cast<double>(speed["inference"]),
                  nb::cast<double>(speed["postprocess"])};
  new (self) HeldResult(std::move(result), std::move(names), points);
}

nb::dict speedOf(const HeldResult& self) {
  const StageTimes& times = self.result().speed;
  nb::dict speed;
  speed["preprocess"] = times.preprocess;
  speed["inference"] = times.inference;
  speed["postprocess"] = times.postprocess;
  return speed;
}

// The boxes as the library has them, for makeResult(): of an oriented detector left, top, right, bottom, theta. A copy,
// for they may change.
nb::object boxesOf(const HeldResult& self) {
  const Result& result = self.memory->current();
  const auto* boxes = result.hasRotatedBoxes() ? reinterpret_cast<const float*>(result.rotatedBoxes.data())
                                               : reinterpret_cast<const float*>(result.boxes.data());
  const std::size_t sides = result.hasBoxes() ? 4 : result.hasRotatedBoxes() ? 5 : 0;
  return nb::cast(nb::ndarray<nb::numpy, const float>(boxes, {sides ? result.classes.size() : 0, sides}),
                  nb::rv_policy::copy);
}

nb::object classMasks(const HeldResult& self) {
  const Result& result = self.result();
  Masks masks = result.semantic.masks(result.classes);
  nb::object object = classOf("results", "Masks")(masks.width(), masks.height());
  nb::cast<Masks&>(object) = std::move(masks);
  return object;
}

std::tuple<float, float, float> depthRange(const HeldResult& self) {
  const auto [min, median, max] = self.result().depth.range();
  return {min, median, max};
}

std::string jsonOf(const HeldResult& self) {
  const Result& result = self.memory->current();
  if (!result.keypoints.empty() || !result.rotatedBoxes.empty()) {
    return result.toJson();  // current() of another thread writes to these
  }
  return unlocked([&] { return result.toJson(); });  // masks and maps take a while
}

// The ids of the objects, which the result has then, too. `motion`: both rows of the matrix.
nb::object update(Tracker& tracker, HeldResult& held, const std::optional<std::array<double, 6>>& motion) {
  std::optional<Motion> moved;
  if (motion) {
    const auto& [xx, xy, dx, yx, yy, dy] = *motion;
    moved = Motion{xx, xy, dx, yx, yy, dy};
  }
  held.setTrackIds(tracker.update(held.memory->current(), moved));
  return held.trackIds;
}

// None: no tracker gave any.
void setTrackIds(HeldResult& self, const std::optional<Table<int, -1>>& ids) {
  if (ids) {
    require("track_ids", ids->shape(0), self.result().classes.size());
    self.setTrackIds({ids->data(), ids->data() + ids->shape(0)});
  } else {
    self.memory->result.trackIds.clear();
    self.trackIds = nb::none();
  }
}

void makeTracker(Tracker* self, const std::string& kind, std::optional<float> high, std::optional<float> low,
                 std::optional<float> fresh, int buffer, std::optional<float> match, bool fuse,
                 const std::string& gmcMethod, bool withReid, float proximity, float appearance, int deltaT,
                 float inertia, bool useByte, float lostMatch, float iouWeight, float reidWeight, float confWeight,
                 float angleWeight, float penaltyP, float penaltyQ, float reduceStep, float taiThr, int minTrackLen) {
  TrackerOption option;
  option.kind = trackerKindOf(kind);
  option.trackHighThresh = high;
  option.trackLowThresh = low;
  option.newTrackThresh = fresh;
  option.trackBuffer = buffer;
  option.matchThresh = match;
  option.fuseScore = fuse;
  option.gmcMethod = gmcMethod;
  option.withReid = withReid;
  option.proximityThresh = proximity;
  option.appearanceThresh = appearance;
  option.deltaT = deltaT;
  option.inertia = inertia;
  option.useByte = useByte;
  option.lostMatchThr = lostMatch;
  option.iouWeight = iouWeight;
  option.reidWeight = reidWeight;
  option.confWeight = confWeight;
  option.angleWeight = angleWeight;
  option.penaltyP = penaltyP;
  option.penaltyQ = penaltyQ;
  option.reduceStep = reduceStep;
  option.taiThr = taiThr;
  option.minTrackLen = minTrackLen;
  new (self) Tracker(option);
}

// ---------------------------------------------------------------------------------------------------------------------
// Lines and zones

using Place = std::pair<double, double>;

Point pointOf(const Place& place) {
  return {place.first, place.second};
}

std::vector<Anchor> anchorsOf(const std::vector<std::string>& names) {
  constexpr std::array<const char*, 9> kNames{"TOP_LEFT",     "TOP_CENTER",  "TOP_RIGHT",     "CENTER_LEFT", "CENTER",
                                              "CENTER_RIGHT", "BOTTOM_LEFT", "BOTTOM_CENTER", "BOTTOM_RIGHT"};
  std::vector<Anchor> anchors;
  for (const std::string& name : names) {
    const auto* const found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
      throw std::invalid_argument("triggering_anchors: expected names like 'BOTTOM_CENTER', found '" + name + '\'');
    }
    anchors.push_back(static_cast<Anchor>(found - kNames.begin()));
  }
  return anchors;
}

void makeLine(Line* self, const Place& start, const Place& end, const std::vector<std::string>& anchors, int threshold,
              int buffer) {
  LineOption option;
  option.triggeringAnchors = anchorsOf(anchors);
  option.minimumCrossingThreshold = threshold;
  option.trackBuffer = buffer;
  new (self) Line(pointOf(start), pointOf(end), option);
}

void makeZone(Zone* self, const std::vector<Place>& polygon, const std::vector<std::string>& anchors, bool all) {
  std::vector<Point> corners;
  for (const Place& corner : polygon) {
    corners.push_back(pointOf(corner));
  }
  new (self) Zone(std::move(corners), {anchorsOf(anchors), all});
}

template <typename Values, typename IsSet>
nb::object flags(const Values& values, const IsSet& isSet) {
  std::vector<std::uint8_t> array;
  for (const auto& value : values) {
    array.push_back(isSet(value) ? 1 : 0);
  }
  return nb::cast(nb::ndarray<nb::numpy, const bool>(array.data(), {array.size()}), nb::rv_policy::copy);
}

std::pair<nb::object, nb::object> updateLine(Line& line, const HeldResult& held) {
  const std::vector<Crossing> crossings = line.update(held.memory->current());
  const auto are = [&](Crossing which) {
    return flags(crossings, [which](Crossing crossing) { return crossing == which; });
  };
  return {are(Crossing::In), are(Crossing::Out)};
}

nb::object updateZone(Zone& zone, const HeldResult& held) {
  return flags(zone.update(held.memory->current()), [](bool inside) { return inside; });
}

nb::str textOf(const HeldResult& self) {
  std::ostringstream text;
  text << self.memory->current();
  return printable(text.str());
}

// ---------------------------------------------------------------------------------------------------------------------
// Masks

struct Freed {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};

// An array of `count` masks' pixels, full of zeros, which cost nothing until they are written to.
nb::object pixelsOf(const Masks& masks, std::size_t first, std::size_t count) {
  const auto height = static_cast<std::size_t>(masks.height()), width = static_cast<std::size_t>(masks.width());
  const std::size_t bytes = count * height * width;
  std::unique_ptr<std::uint8_t, Freed> memory(static_cast<std::uint8_t*>(std::calloc(bytes ? bytes : 1, 1)));
  if (!memory) {
    throw std::bad_alloc();
  }
  std::uint8_t* const pixels = memory.get();
  const nb::capsule owner = capsuleOf(std::move(memory));
  for (std::size_t i = 0; i < count; ++i) {
    const Masks::Run* runs = masks.runs(first + i);
    for (std::size_t r = 0; r < masks.runCount(first + i); ++r) {
      std::memset(pixels + i * height * width + runs[r].begin, 1, runs[r].end - runs[r].begin);
    }
  }
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(pixels, {count, height, width}, owner));
}

// A copy: add() moves the masks' own.
nb::object runsOf(const Masks& masks, std::size_t i) {
  const std::size_t count = masks.runCount(i);
  const auto* data = reinterpret_cast<const std::uint32_t*>(masks.runs(i));
  return nb::cast(nb::ndarray<nb::numpy, const std::uint32_t>(data, {count, 2}), nb::rv_policy::copy);
}

void addRuns(Masks& masks, const Table<std::uint32_t, -1, 2>& table) {
  const auto* runs = reinterpret_cast<const Masks::Run*>(table.data());
  masks.add({runs, runs + table.shape(0)});
}

nb::object corners(const Table<float, -1, 5>& boxes) {
  const std::size_t n = boxes.shape(0);
  std::vector<std::array<float, 8>> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back(rotatedBox(boxes.data() + 5 * i).xyxyxyxy());
  }
  const auto* data = reinterpret_cast<const float*>(all.data());
  return nb::cast(nb::ndarray<nb::numpy, const float>(data, {n, 4, 2}), nb::rv_policy::copy);
}

}  // namespace

ResultKind::ResultKind(nb::object resultType, const ModelInfo& info)
    : type(std::move(resultType)), names(dictOf(info.names)), keypoints(info.keypoints) {}

nb::object dictOf(const ClassNames& names) {
  return classOf("results", "ClassNames")(names.map());
}

Result objectsOf(nb::handle found, const Image& image) {
  if (HeldResult * held; nb::try_cast(found, held) && held) {
    return held->memory->current();
  }
  Table<float, -1, -1> array;
  if (!nb::try_cast(found, array, false) || (array.shape(1) != 4 && array.shape(1) != 5)) {
    throw nb::type_error(
        "crop: a Result, or an array f32 [n, 4] (left, top, right, bottom) or [n, 5] (centre x and y, "
        "width, height, theta), was expected");
  }
  Result objects;
  objects.imageWidth = image.width;
  objects.imageHeight = image.height;
  if (array.shape(1) == 4) {
    objects.boxes = elementsOf<Box>(array);
  } else {
    objects.task = Task::OBB;
    for (std::size_t i = 0; i < array.shape(0); ++i) {
      objects.rotatedBoxes.push_back(rotatedBox(array.data() + 5 * i));
    }
  }
  return objects;
}

nb::object pythonResult(Result&& result, const ResultKind& kind) {
  nb::object object = nb::inst_alloc(kind.type);
  new (nb::inst_ptr<HeldResult>(object))
      HeldResult(std::move(result), kind.names, static_cast<std::size_t>(kind.keypoints));
  nb::inst_mark_ready(object);
  return object;
}

void bindResults(nb::module_& module) {
  nb::class_<Masks>(module, "Masks", "Masks of one image as runs of pixels.")
      .def(nb::init<int, int>(), nb::arg("width"), nb::arg("height"))
      .def("add", &addRuns, nb::arg("runs"), "Appends a mask: runs u32 [r, 2] as Mask.runs() gives them.")
      .def("__len__", &Masks::size)
      .def_prop_ro("width", &Masks::width)
      .def_prop_ro("height", &Masks::height)
      .def("pixels", &pixelsOf, nb::arg("first"), nb::arg("count"))
      .def("runs", &runsOf, nb::arg("index"))
      .def("area", &Masks::area, nb::arg("index"))
      .def("coco_counts", &Masks::cocoCounts, nb::arg("index"));
  nb::class_<HeldResult>(module, "Result", "What a model of any task found in one image.")
      .def("__init__", &makeResult, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg().none(), nb::arg(), nb::arg(),
           nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg())
      .def_prop_ro("task", [](const HeldResult& self) { return toString(self.result().task); })
      .def_ro("classes", &HeldResult::classes)
      .def_ro("scores", &HeldResult::scores)
      .def_ro("boxes", &HeldResult::boxes)
      .def_ro("rotated_boxes", &HeldResult::rotatedBoxes)
      .def_ro("masks", &HeldResult::masks)
      .def_ro("keypoints", &HeldResult::keypoints)
      .def_prop_ro("keypoint_dims", [](const HeldResult& self) { return self.result().keypointDims; })
      .def_ro("semantic", &HeldResult::semantic)
      .def_ro("pixels", &HeldResult::pixels)
      .def_ro("depth", &HeldResult::depth)
      .def_prop_rw(
          "track_ids", [](const HeldResult& self) { return self.trackIds; }, &setTrackIds, nb::arg("ids").none())
      .def("class_masks", &classMasks)
      .def("depth_range", &depthRange)
      .def_ro("names", &HeldResult::names)
      .def_prop_ro(
          "image_size",
          [](const HeldResult& self) { return std::pair(self.result().imageWidth, self.result().imageHeight); })
      .def_prop_ro("speed", &speedOf)
      .def("__len__", [](const HeldResult& self) { return self.result().classes.size(); })
      .def("_boxes", &boxesOf)
      .def("_text", &textOf)
      .def("to_json", &jsonOf)
      .def(
          "to_csv",
          [](const HeldResult& self, const std::string& source, long frame, bool times, std::optional<double> time) {
            const auto& result = self.memory->current();
            return times ? result.toCsv(source, frame, time) : result.toCsv(source, frame);
          },
          nb::arg("source"), nb::arg("frame") = 0, nb::arg("times") = false, nb::arg("time") = nb::none())
      .def(
          "to_txt", [](const HeldResult& self, bool scores) { return self.memory->current().toTxt(scores); },
          nb::arg("scores") = false);
  nb::class_<Tracker>(module, "Tracker", "Follows the objects of one video or camera.")
      .def("__init__", &makeTracker, nb::arg(), nb::arg().none(), nb::arg().none(), nb::arg().none(), nb::arg(),
           nb::arg().none(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(),
           nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg())
      .def("update", &update, nb::arg("result"), nb::arg("motion").none())
      .def_prop_ro("needs_motion", &Tracker::needsMotion)
      .def("reset", &Tracker::reset);
  nb::class_<Line>(module, "Line", "Counts the tracks of one video or camera that cross a line.")
      .def("__init__", &makeLine, nb::arg(), nb::arg(), nb::arg(), nb::arg(), nb::arg())
      .def("update", &updateLine, nb::arg("result"))
      .def_prop_ro("in_count", &Line::in)
      .def_prop_ro("out_count", &Line::out)
      .def_prop_ro("in_count_per_class", &Line::inByClass, nb::rv_policy::copy)
      .def_prop_ro("out_count_per_class", &Line::outByClass, nb::rv_policy::copy)
      .def("reset", &Line::reset);
  nb::class_<Zone>(module, "Zone", "Tells which objects of an image are in a polygon.")
      .def("__init__", &makeZone, nb::arg(), nb::arg(), nb::arg())
      .def("update", &updateZone, nb::arg("result"))
      .def(
          "contains",
          [](const Zone& self, double x, double y) {
            return self.contains({x, y});
          },
          nb::arg("x"), nb::arg("y"))
      .def_prop_ro("current_count", &Zone::count)
      .def_prop_ro("current_count_per_class", &Zone::countByClass, nb::rv_policy::copy);
  module.def("corners", &corners, nb::arg("boxes"), "The corners f32 [n, 4, 2] of rotated boxes f32 [n, 5].");
}

}  // namespace trtyolo::python
