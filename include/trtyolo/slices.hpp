// trtyolo::SliceOption: a large image in slices, so that small objects are found.
//
//   #include "trtyolo/slices.hpp"
//
//   trtyolo::SliceOption slices;                                // 640 x 640 pixels each, a fifth of which overlaps
//   trtyolo::Result result = model->predict(image, slices);     // or of a Pool
//
// A network sees an image at the size of its input: of 12,000 pixels in 640, an object of 12 is less than one. Slices
// are parts of the image that are predicted by themselves. What is found in several of them is merged by the rules of
// SAHI (Akyon et al., "Slicing Aided Hyper Inference and Fine-Tuning for Small Object Detection", arXiv:2202.06934),
// whose names and defaults these are.
//
// The conventions are those of trtyolo.hpp.
#pragma once

#include <string>
#include <vector>

#include "api.hpp"
#include "results.hpp"

namespace trtyolo {

/// What becomes of an object that was found more than once. All take the objects by falling score.
///   GreedyNmm  objects that match one of higher score are merged into it
///   Nmm        the same, and so are objects that match one that was merged
///   Nms        objects that match one of higher score are dropped
enum class SliceMerge { GreedyNmm, Nmm, Nms };

/// When two objects match: by the intersection of their boxes over their union (Iou), or over the smaller of the two
/// (Ios), which also finds the part of an object that a slice has cut off.
enum class MatchMetric { Iou, Ios };

/// "GREEDYNMM", "NMM" or "NMS": the names that SAHI uses.
TRTYOLO_API const char* toString(SliceMerge merge);
/// "IOU" or "IOS": the names that SAHI uses.
TRTYOLO_API const char* toString(MatchMetric metric);
/// The one of that name. @throws std::invalid_argument  there is none
TRTYOLO_API SliceMerge sliceMergeOf(const std::string& name);
/// The one of that name. @throws std::invalid_argument  there is none
TRTYOLO_API MatchMetric matchMetricOf(const std::string& name);

/// How an image is cut into slices, and how what is found in them becomes one result. Defaults are SAHI's.
struct TRTYOLO_API SliceOption {
  int width = 640, height = 640;  ///< of a slice, pixels of the image; larger than the image: the image's
  double overlap = 0.2;           ///< of neighbours, as a share of a slice's width and height: 0 to less than 1
  /// Whether the image is predicted as a whole, too, for objects that are larger than a slice. Without effect where one
  /// slice is the whole image.
  bool standardPrediction = true;
  SliceMerge merge = SliceMerge::GreedyNmm;    ///< what becomes of an object that was found more than once
  MatchMetric matchMetric = MatchMetric::Ios;  ///< when two objects match
  double matchThreshold = 0.5;                 ///< objects match from this value of the metric on: above 0, at most 1
  bool classAgnostic = false;                  ///< whether objects of different classes match
  /// Most slices in one run of the network. 0, or more than that: the model's batch(). Of pools
  /// PoolOption::maxBatchSize decides.
  int maxBatch = 0;

  /// Whether an image can be predicted in slices that way, by a model of this task.
  /// @throws std::invalid_argument  a setting is out of its range, or the task (classify, semantic, depth) has no
  /// objects
  void check(Task task) const;
};

/// A part of an image.
struct TRTYOLO_API Slice {
  int x = 0, y = 0;           ///< its upper left pixel
  int width = 0, height = 0;  ///< pixels
};

/// The slices of an image of `width` x `height` pixels, row after row, without the image as a whole. All have the same
/// size, as SAHI has it: the last of a row or a column is moved inward, and overlaps more.
/// @throws std::invalid_argument  a setting is out of its range, or the image has no pixels
TRTYOLO_API std::vector<Slice> slicesOf(int width, int height, const SliceOption& option);

}  // namespace trtyolo
