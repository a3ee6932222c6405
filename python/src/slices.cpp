#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "text.hpp"
#include "trtyolo.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

void makeSlices(SliceOption* self, int width, int height, double overlap, bool standardPrediction,
                const std::string& merge, const std::string& matchMetric, double matchThreshold, bool classAgnostic,
                int maxBatch) {
  SliceOption option;
  option.width = width;
  option.height = height;
  option.overlap = overlap;
  option.standardPrediction = standardPrediction;
  option.merge = sliceMergeOf(merge);
  option.matchMetric = matchMetricOf(matchMetric);
  option.matchThreshold = matchThreshold;
  option.classAgnostic = classAgnostic;
  option.maxBatch = maxBatch;
  option.check(Task::Detect);
  new (self) SliceOption(option);
}

nb::list slicesIn(const SliceOption& self, int width, int height) {
  nb::list slices;
  for (const auto& [x, y, sliceWidth, sliceHeight] : slicesOf(width, height, self)) {
    slices.append(nb::make_tuple(x, y, sliceWidth, sliceHeight));
  }
  return slices;
}

}  // namespace

void bindSlices(nb::module_& module) {
  nb::class_<SliceOption>(module, "SliceOption", "How a large image is predicted in slices.")
      .def("__init__", &makeSlices, nb::arg("width"), nb::arg("height"), nb::arg("overlap"),
           nb::arg("standard_prediction"), nb::arg("merge"), nb::arg("match_metric"), nb::arg("match_threshold"),
           nb::arg("class_agnostic"), nb::arg("max_batch"))
      .def("slices", &slicesIn, nb::arg("width"), nb::arg("height"))
      .def_ro("width", &SliceOption::width)
      .def_ro("height", &SliceOption::height)
      .def_ro("overlap", &SliceOption::overlap)
      .def_ro("standard_prediction", &SliceOption::standardPrediction)
      .def_prop_ro("merge", [](const SliceOption& self) { return std::string(toString(self.merge)); })
      .def_prop_ro("match_metric", [](const SliceOption& self) { return std::string(toString(self.matchMetric)); })
      .def_ro("match_threshold", &SliceOption::matchThreshold)
      .def_ro("class_agnostic", &SliceOption::classAgnostic)
      .def_ro("max_batch", &SliceOption::maxBatch);
}

}  // namespace trtyolo::python
