#include "model/cuda/decoder.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "cuda/error.hpp"
#include "model/candidates.hpp"
#include "model/cuda/score_key.hpp"
#include "model/nms.hpp"
#include "model/object_values.hpp"
#include "model/tensor.hpp"

namespace trtyolo::cuda {
namespace {

static_assert(std::is_trivially_copyable_v<Limits> && sizeof(Limits) % sizeof(std::uint32_t) == 0);
constexpr std::size_t kLimitsWords = sizeof(Limits) / sizeof(std::uint32_t);

std::size_t classWords(const OutputLayout& layout) {
  return (static_cast<std::size_t>(layout.classes > 0 ? layout.classes : kMostFinishedClasses) + 31) / 32;
}

DeviceTable tableAt(const TablePlace& place, const DeviceTensor& tensor) {
  const auto* const data = static_cast<const std::byte*>(tensor.data);  // null where there is nothing
  return {data ? data + place.first * bytesOf(tensor.type) : nullptr, tensor.type, place.slotStep, place.valueStep,
          place.anchorStep};
}

std::uint32_t checkedAnchors(std::size_t anchors, std::size_t classes, const DeviceTensor& tensor) {
  const std::size_t most =
      std::min<std::size_t>(std::numeric_limits<std::int32_t>::max(), kMostPlaces / std::max<std::size_t>(classes, 1));
  if (anchors > most) {
    throw InferenceError("the network's output was expected to have at most " + std::to_string(most) +
                         " anchors, found " + toText(tensor.shape));
  }
  return static_cast<std::uint32_t>(anchors);
}

}  // namespace

Decoder::Decoder(const ModelDescription& description, int batch)
    : task_(description.info.task),
      layout_(description.layout),
      batch_(static_cast<std::size_t>(batch)),
      parameters_(kLimitsWords + classWords(layout_) + 2 * batch_),
      deviceParameters_(parameters_.size()),
      keptCounts_(batch_),
      counts_(batch_) {
  if (task_ == Task::Pose) {
    keypoints_ = static_cast<std::size_t>(description.info.keypoints);
    keypointDims_ = static_cast<std::size_t>(description.info.keypointDims);
  }
  std::fill_n(parameters_.get(), parameters_.size(), 0U);  // the counters stay so
  std::fill_n(counts_.get(), batch_, 0);
  work_.batch = static_cast<std::uint32_t>(batch_);
  std::uint32_t* const parameters = deviceParameters_.get();
  work_.call.limits = reinterpret_cast<const Limits*>(parameters);
  work_.call.wanted = parameters + kLimitsWords;
  work_.call.found = parameters + kLimitsWords + classWords(layout_);
  work_.call.finishedBlocks = work_.call.found + batch_;
  work_.results.keptCounts = keptCounts_.get();
  work_.results.counts = counts_.get();
  work_.results.keypointCount = static_cast<std::uint32_t>(keypoints_);
  work_.results.keypointDims = static_cast<std::uint32_t>(keypointDims_);
  work_.candidates.classes = static_cast<std::uint32_t>(layout_.classes);
  work_.candidates.anchorsFirst = layout_.anchorsFirst;
  work_.candidates.multiLabel = layout_.multiLabel;
  work_.candidates.logits = layout_.logits || layout_.raw;
  work_.candidates.clipped = layout_.clipped;
  work_.candidates.form = layout_.form;
  work_.candidates.rotated = task_ == Task::OBB;
  work_.candidates.extraValues = static_cast<std::uint32_t>(layout_.extra);
}

bool Decoder::prepare(const PostprocessOptions& options, std::span<const DeviceTensor> outputs) {
  stale_ = takeOutputs(outputs) || stale_;
  const PostprocessOptions wanted = task_ == Task::Classify ? options.ofClassifier() : options;
  const std::size_t most = std::min(static_cast<std::size_t>(wanted.maxDetections), mostResults());
  allocate(std::max(most, work_.results.capacity));
  writeParameters(wanted);
  return std::exchange(stale_, false);
}

bool Decoder::takeOutputs(std::span<const DeviceTensor> outputs) {
  if (std::equal(outputs.begin(), outputs.end(), outputs_.begin(), outputs_.end())) {
    return false;
  }
  outputs_.clear();  // stays so if the new ones are refused
  if (layout_.raw) {
    placeGrids(outputs);
  } else if (layout_.kind == OutputLayout::Kind::ClassScores) {
    placeClasses(outputs[0]);
  } else {
    placeTables(outputs);
  }
  outputs_.assign(outputs.begin(), outputs.end());
  return true;
}

// What the last convolutions give.
void Decoder::placeGrids(std::span<const DeviceTensor> outputs) {
  Candidates& candidates = work_.candidates;
  candidates.raw = rawGridsOf(layout_, outputs, batch_, static_cast<std::uint32_t>(keypointDims_));
  candidates.anchors =
      checkedAnchors(anchorsOf(candidates.raw), candidates.classes, outputs[layout_.raw->levels[0].boxes]);
  placeScratch(outputs[layout_.raw->levels[0].boxes]);
}

// Room for all candidates that there can be.
void Decoder::placeScratch(const DeviceTensor& boxes) {
  const Candidates& candidates = work_.candidates;
  work_.scratch.keyCapacity = candidates.anchors * (layout_.multiLabel ? std::size_t{candidates.classes} : 1);
  checkedAnchors(work_.scratch.keyCapacity, 1, boxes);
  work_.scratch.orderedCapacity =
      candidates.rotated && candidates.raw.mostObjects == 0 ? std::min(work_.scratch.keyCapacity, kMostCandidates) : 0;
}

void Decoder::placeTables(std::span<const DeviceTensor> outputs) {
  const OutputPlaces places = outputPlaces(
      layout_, [&](std::size_t output) -> const Shape& { return outputs[output].shape; }, batch_);
  const auto at = [&](const TablePlace& place, std::size_t output) {
    return tableAt(place, outputs[output == OutputLayout::kNone ? layout_.boxes : output]);
  };
  const DeviceTensor& boxes = outputs[layout_.boxes];
  const bool scanned = layout_.kind == OutputLayout::Kind::Candidates;
  Candidates& candidates = work_.candidates;
  candidates.anchors = checkedAnchors(places.anchors, scanned ? candidates.classes : 1, boxes);
  candidates.boxes = tableAt(places.boxes, boxes);
  candidates.objectness = places.objectness ? tableAt(*places.objectness, boxes) : DeviceTable{};
  candidates.scores = at(places.scores, layout_.scores);
  candidates.classNumbers = at(places.classNumbers, layout_.classNumbers);
  candidates.extra = at(places.extra, layout_.extras);
  candidates.counts = places.counts ? at(*places.counts, layout_.counts) : DeviceTable{};
  if (scanned) {
    placeScratch(boxes);
  }
}

void Decoder::placeClasses(const DeviceTensor& scores) {
  const std::vector<std::int64_t>& shape = scores.shape;
  if (shape.size() != 2 || shape[1] != layout_.classes || shape[0] < static_cast<std::int64_t>(batch_)) {
    throw InferenceError("the network's output was expected to be [batch, " + std::to_string(layout_.classes) +
                         "], found " + toText(shape));
  }
  const std::size_t classes = work_.candidates.classes;
  work_.candidates.scores = tableAt({0, classes, 1, classes}, scores);
  work_.scratch.keyCapacity = classes > kSortTile ? classes : 0;
}

std::size_t Decoder::mostResults() const {
  switch (layout_.kind) {
    case OutputLayout::Kind::ClassScores:
      return work_.candidates.classes;
    case OutputLayout::Kind::BestClasses:
    case OutputLayout::Kind::EndToEnd:
      return work_.candidates.anchors;
    case OutputLayout::Kind::Candidates:
    default:  // maps of pixels have a decoder of their own
      break;
  }
  return std::min(work_.scratch.keyCapacity, kMostCandidates);
}

void Decoder::allocate(std::size_t capacity) {
  Scratch& scratch = work_.scratch;
  Results& results = work_.results;
  // Makes room for `size` elements, if there is none; what lay there is lost.
  const auto provide = [&](auto& memory, std::size_t size, auto*& pointer) {
    if (size > memory.size()) {
      using Kind = std::remove_reference_t<decltype(memory)>;
      stale_ = true;
      memory = Kind();  // gives the old memory back first
      memory = Kind(size);
    }
    pointer = memory.get();
  };
  const std::size_t merged = scratch.keyCapacity > kSortTile ? scratch.keyCapacity : 0;
  provide(keys_, batch_ * scratch.keyCapacity, scratch.keys);
  provide(merged_, batch_ * merged, scratch.merged);
  provide(ordered_, batch_ * scratch.orderedCapacity, scratch.ordered);
  provide(gaussians_, batch_ * scratch.orderedCapacity, scratch.gaussians);
  provide(removed_, batch_ * ((scratch.orderedCapacity + 31) / 32), scratch.removed);
  provide(scores_, batch_ * capacity, results.scores);
  provide(classes_, batch_ * capacity, results.classes);
  if (layout_.kind != OutputLayout::Kind::ClassScores) {
    provide(kept_, batch_ * capacity, results.kept);
  }
  if (task_ != Task::Classify) {
    provide(boxes_, batch_ * capacity, results.boxes);
    provide(thetas_, task_ == Task::OBB ? batch_ * capacity : 0, results.thetas);
    provide(points_, batch_ * capacity * keypoints_, results.keypoints);
  }
  results.capacity = capacity;
}

void Decoder::writeParameters(const PostprocessOptions& options) {
  Limits limits;
  limits.confidence = options.confidence;
  limits.iou = layout_.suppressed ? kNoSuppression : options.iou;
  limits.most =
      static_cast<std::uint32_t>(std::min(static_cast<std::size_t>(options.maxDetections), work_.results.capacity));
  limits.agnostic = options.agnostic ? 1 : 0;
  limits.everyClass = options.classes.empty() ? 1 : 0;
  std::memcpy(parameters_.get(), &limits, sizeof(limits));
  std::uint32_t* const wanted = parameters_.get() + kLimitsWords;
  std::fill_n(wanted, classWords(layout_), 0U);
  for (const int index : options.classes) {
    const auto c = static_cast<std::size_t>(index);
    if (c / 32 < classWords(layout_)) {
      wanted[c / 32] |= 1U << (c % 32);
    }
  }
}

Parameters Decoder::parameters() const {
  return {parameters_.get(), deviceParameters_.get(), parameters_.bytes()};
}

void Decoder::enqueue(const ImageSlot* slots, cudaStream_t stream) const {
  Work work = work_;
  work.slots = slots;
  switch (layout_.kind) {
    case OutputLayout::Kind::ClassScores:
      classify(work, stream);
      break;
    case OutputLayout::Kind::BestClasses:
    case OutputLayout::Kind::EndToEnd:
      selectFinished(work, stream);
      break;
    case OutputLayout::Kind::Candidates:
      scan(work, stream);
      if (work.candidates.raw.mostObjects > 0) {
        selectBest(work, stream);
      } else if (work.candidates.rotated) {
        suppressRotated(work, stream);
      } else {
        suppress(work, stream);
      }
      break;
    default:  // maps of pixels have a decoder of their own
      break;
  }
}

Result Decoder::read(std::size_t slot) const {
  const auto count = static_cast<std::size_t>(counts_.get()[slot]);
  const std::size_t first = slot * work_.results.capacity;
  Result result;
  result.classes.assign(classes_.get() + first, classes_.get() + first + count);
  result.scores.assign(scores_.get() + first, scores_.get() + first + count);
  if (task_ == Task::Classify) {
    return result;
  }
  const Box* const boxes = boxes_.get() + first;
  if (task_ == Task::OBB) {
    result.rotatedBoxes.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      static_cast<Box&>(result.rotatedBoxes[i]) = boxes[i];
      result.rotatedBoxes[i].theta = thetas_.get()[first + i];
    }
    return result;
  }
  result.boxes.assign(boxes, boxes + count);
  if (task_ == Task::Pose) {
    result.keypoints.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      const KeyPoint* const points = points_.get() + (first + i) * keypoints_;
      result.keypoints.emplace_back(points, points + keypoints_);
    }
  }
  return result;
}

}  // namespace trtyolo::cuda
