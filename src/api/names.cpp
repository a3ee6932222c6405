// Enumerations of the public interface and their names.
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "trtyolo/options.hpp"
#include "trtyolo/slices.hpp"

namespace trtyolo {
namespace {

template <typename Value, std::size_t kCount>
using Names = std::array<std::pair<Value, const char*>, kCount>;

constexpr Names<Task, 7> kTasks{{{Task::Classify, "classify"},
                                 {Task::Detect, "detect"},
                                 {Task::OBB, "obb"},
                                 {Task::Segment, "segment"},
                                 {Task::Pose, "pose"},
                                 {Task::Semantic, "semantic"},
                                 {Task::Depth, "depth"}}};
constexpr Names<Layout, 4> kLayouts{{{Layout::Auto, "auto"},
                                     {Layout::ClassScores, "class_scores"},
                                     {Layout::Objectness, "objectness"},
                                     {Layout::EndToEnd, "end_to_end"}}};
constexpr Names<LetterboxMode, 4> kLetterboxModes{{{LetterboxMode::Auto, "auto"},
                                                   {LetterboxMode::Center, "center"},
                                                   {LetterboxMode::TopLeft, "topleft"},
                                                   {LetterboxMode::Stretch, "stretch"}}};
constexpr Names<HeadMode, 3> kHeadModes{{{HeadMode::Auto, "auto"}, {HeadMode::Whole, "whole"}, {HeadMode::Cut, "cut"}}};
constexpr Names<Backend, 3> kBackends{
    {{Backend::Auto, "auto"}, {Backend::OpenVINO, "openvino"}, {Backend::TensorRT, "tensorrt"}}};
constexpr Names<Precision, 4> kPrecisions{
    {{Precision::F32, "f32"}, {Precision::F16, "f16"}, {Precision::BF16, "bf16"}, {Precision::Auto, "auto"}}};
constexpr Names<SelfTest, 3> kSelfTests{
    {{SelfTest::Off, "off"}, {SelfTest::Warn, "warn"}, {SelfTest::Refuse, "refuse"}}};
constexpr Names<SliceMerge, 3> kSliceMerges{
    {{SliceMerge::GreedyNmm, "GREEDYNMM"}, {SliceMerge::Nmm, "NMM"}, {SliceMerge::Nms, "NMS"}}};
constexpr Names<MatchMetric, 2> kMatchMetrics{{{MatchMetric::Iou, "IOU"}, {MatchMetric::Ios, "IOS"}}};

template <typename Value, std::size_t kCount>
const char* nameOf(const Names<Value, kCount>& names, Value value) {
  for (const auto& [each, name] : names) {
    if (each == value) {
      return name;
    }
  }
  return "unknown";
}

template <typename Value, std::size_t kCount>
Value valueOf(const char* what, const Names<Value, kCount>& names, const std::string& wanted) {
  std::string known;
  for (const auto& [value, name] : names) {
    if (wanted == name) {
      return value;
    }
    known += std::string(known.empty() ? "'" : ", '") + name + '\'';
  }
  throw std::invalid_argument(std::string(what) + ": expected one of " + known + ", found '" + wanted + '\'');
}

}  // namespace

const char* toString(Task task) {
  return nameOf(kTasks, task);
}
const char* toString(Layout layout) {
  return nameOf(kLayouts, layout);
}
const char* toString(LetterboxMode mode) {
  return nameOf(kLetterboxModes, mode);
}
const char* toString(HeadMode mode) {
  return nameOf(kHeadModes, mode);
}
const char* toString(Backend backend) {
  return nameOf(kBackends, backend);
}
const char* toString(Precision precision) {
  return nameOf(kPrecisions, precision);
}
const char* toString(SelfTest mode) {
  return nameOf(kSelfTests, mode);
}
const char* toString(SliceMerge merge) {
  return nameOf(kSliceMerges, merge);
}
const char* toString(MatchMetric metric) {
  return nameOf(kMatchMetrics, metric);
}

Task taskOf(const std::string& name) {
  return valueOf("task", kTasks, name);
}
Layout layoutOf(const std::string& name) {
  return valueOf("layout", kLayouts, name);
}
LetterboxMode letterboxModeOf(const std::string& name) {
  return valueOf("letterbox", kLetterboxModes, name);
}
HeadMode headModeOf(const std::string& name) {
  return valueOf("head", kHeadModes, name);
}
Backend backendOf(const std::string& name) {
  return valueOf("backend", kBackends, name);
}
Precision precisionOf(const std::string& name) {
  return valueOf("precision", kPrecisions, name);
}
SelfTest selfTestOf(const std::string& name) {
  return valueOf("self-test", kSelfTests, name);
}
SliceMerge sliceMergeOf(const std::string& name) {
  return valueOf("merge", kSliceMerges, name);
}
MatchMetric matchMetricOf(const std::string& name) {
  return valueOf("match metric", kMatchMetrics, name);
}

}  // namespace trtyolo
