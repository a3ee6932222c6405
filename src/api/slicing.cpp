#include "api/slicing.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

#include "api/digits.hpp"
#include "api/moved_runs.hpp"

namespace trtyolo {
namespace {

[[noreturn]] void refuseSlices(const std::string& why) {
  throw std::invalid_argument("SliceOption: " + why);
}

void checkSettings(const SliceOption& slices) {
  if (slices.width < 1 || slices.height < 1) {
    refuseSlices("width and height of a slice must be at least 1 pixel, found " + std::to_string(slices.width) + " x " +
                 std::to_string(slices.height));
  }
  if (!(slices.overlap >= 0 && slices.overlap < 1)) {
    refuseSlices("overlap must be from 0 to less than 1, the share of a slice that its neighbour has, too, found " +
                 digitsOf(slices.overlap));
  }
  if (!(slices.matchThreshold > 0 && slices.matchThreshold <= 1)) {
    refuseSlices("matchThreshold must be above 0 and at most 1, found " + digitsOf(slices.matchThreshold));
  }
  if (slices.maxBatch < 0) {
    refuseSlices("maxBatch must not be negative, found " + std::to_string(slices.maxBatch));
  }
}

// Where the slices of a row or a column begin.
std::vector<int> beginnings(int image, int slice, double overlap) {
  const int shared = std::min(static_cast<int>(overlap * slice), slice - 1);
  std::vector<int> begins;
  for (int begin = 0;; begin += slice - shared) {
    if (begin >= image - slice) {  // the last one
      begins.push_back(std::max(0, image - slice));
      return begins;
    }
    begins.push_back(begin);
  }
}

// In pixels of an image of which the result's own is a slice at (x, y).
template <typename AnyBox>
AnyBox moved(AnyBox box, const Slice& slice) {
  const auto x = static_cast<float>(slice.x), y = static_cast<float>(slice.y);
  box.left += x;
  box.top += y;
  box.right += x;
  box.bottom += y;
  return box;
}

std::vector<KeyPoint> moved(std::vector<KeyPoint> points, const Slice& slice) {
  for (KeyPoint& point : points) {
    point.x += static_cast<float>(slice.x);
    point.y += static_cast<float>(slice.y);
  }
  return points;
}

// Whether the image is predicted as a whole, beside so many slices of it.
bool addsWhole(const SliceOption& slices, std::size_t count) {
  return slices.standardPrediction && count > 1;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// The public part

void SliceOption::check(Task task) const {
  checkSettings(*this);
  if (task == Task::Classify || task == Task::Semantic || task == Task::Depth) {
    refuseSlices("slices are for models that find objects (detect, segment, pose, obb); the task of this one is '" +
                 std::string(toString(task)) + "'");
  }
}

std::vector<Slice> slicesOf(int width, int height, const SliceOption& option) {
  checkSettings(option);
  if (width < 1 || height < 1) {
    throw std::invalid_argument("slicesOf: width and height of the image must be at least 1 pixel, found " +
                                std::to_string(width) + " x " + std::to_string(height));
  }
  const int sliceWidth = std::min(option.width, width), sliceHeight = std::min(option.height, height);
  const std::vector<int> columns = beginnings(width, option.width, option.overlap);
  std::vector<Slice> slices;
  for (const int y : beginnings(height, option.height, option.overlap)) {
    for (const int x : columns) {
      slices.push_back({x, y, sliceWidth, sliceHeight});
    }
  }
  return slices;
}

// ---------------------------------------------------------------------------------------------------------------------
// Predicting

void checkSlices(const SliceOption& slices, const ModelInfo& model, const PostprocessOptions& options) {
  slices.check(model.task);
  if (model.task == Task::Segment && !options.retinaMasks) {
    throw std::invalid_argument(
        "predict: masks of slices are merged in pixels of the image, and this model gives them in those of its "
        "input; setRetinaMasks(true) first");
  }
}

std::vector<ImageView> sliceViews(const ImageView& image, const SliceOption& slices) {
  std::vector<ImageView> views;
  for (const Slice& slice : slicesOf(image.size.width, image.size.height, slices)) {
    views.push_back(image.cropped(slice.x, slice.y, {slice.width, slice.height}));
    views.back().whole = {};
  }
  if (addsWhole(slices, views.size())) {
    views.push_back(image);
  }
  return views;
}

SliceMerger::SliceMerger(const ImageView& image, const SliceOption& slices) : slices_(slices) {
  result_.imageWidth = image.size.width;
  result_.imageHeight = image.size.height;
  places_ = slicesOf(image.size.width, image.size.height, slices);
  if (addsWhole(slices, places_.size())) {
    places_.push_back({0, 0, image.size.width, image.size.height});
  }
}

void SliceMerger::add(Result&& part) {
  const Slice& place = places_.at(added_++);
  result_.task = part.task;
  result_.names = part.names;
  result_.keypointDims = part.keypointDims;
  result_.speed.preprocess += part.speed.preprocess;
  result_.speed.inference += part.speed.inference;
  result_.speed.postprocess += part.speed.postprocess;
  for (std::size_t i = 0; i < part.classes.size(); ++i) {
    const RotatedBox box = part.hasRotatedBoxes() ? part.rotatedBoxes[i] : RotatedBox{part.boxes[i], 0};
    found_.push_back({moved(box, place), part.scores[i], part.classes[i]});
    if (part.hasMasks()) {
      masks_.push_back(movedRuns(part.masks, i, place.x, place.y, result_.imageWidth));
    }
    if (part.hasKeypoints()) {
      keypoints_.push_back(moved(std::move(part.keypoints[i]), place));
    }
  }
}

Result SliceMerger::merged() {
  const auto start = std::chrono::steady_clock::now();
  if (result_.hasMasks()) {
    result_.masks = Masks(result_.imageWidth, result_.imageHeight);
  }
  for (const MergedBox& object : mergeBoxes(found_, slices_, result_.hasRotatedBoxes())) {
    result_.classes.push_back(object.found.classIndex);
    result_.scores.push_back(object.found.score);
    if (result_.hasRotatedBoxes()) {
      result_.rotatedBoxes.push_back(object.found.box);
    } else {
      result_.boxes.push_back(object.found.box);
    }
    if (result_.hasMasks()) {
      result_.masks.add(unionOf(object));
    }
    if (result_.hasKeypoints()) {
      result_.keypoints.push_back(bestOf(object));
    }
  }
  result_.num = static_cast<int>(result_.classes.size());
  result_.speed.postprocess +=
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return std::move(result_);
}

// The pixels that any of its masks has.
std::vector<Masks::Run> SliceMerger::unionOf(const MergedBox& object) {
  std::vector<Masks::Run> all = std::move(masks_[object.kept]);
  const auto width = static_cast<std::uint32_t>(result_.imageWidth);
  for (const std::size_t other : object.merged) {
    std::vector<Masks::Run> both;
    std::merge(all.begin(), all.end(), masks_[other].begin(), masks_[other].end(), std::back_inserter(both),
               [](const Masks::Run& a, const Masks::Run& b) { return a.begin < b.begin; });
    all.clear();
    for (const Masks::Run& run : both) {
      const bool goesOn =
          !all.empty() && (run.begin < all.back().end || (run.begin == all.back().end && run.begin % width != 0));
      if (goesOn) {
        all.back().end = std::max(all.back().end, run.end);
      } else {
        all.push_back(run);
      }
    }
    masks_[other] = {};
  }
  return all;
}

// Each point where the network was surest of it: a slice that cuts an object off sees only some of them.
std::vector<KeyPoint> SliceMerger::bestOf(const MergedBox& object) {
  std::vector<KeyPoint> best = std::move(keypoints_[object.kept]);
  for (const std::size_t other : object.merged) {
    for (std::size_t point = 0; point < best.size(); ++point) {
      const KeyPoint& candidate = keypoints_[other][point];
      if (candidate.conf > best[point].conf) {
        best[point] = candidate;
      }
    }
  }
  return best;
}

}  // namespace trtyolo
