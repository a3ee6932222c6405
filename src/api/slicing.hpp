// A large image in slices: what is run, and how the results become one.
#pragma once

#include <cstddef>
#include <vector>

#include "image/image_view.hpp"
#include "model/box_merge.hpp"
#include "model/postprocess_options.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// Throws std::invalid_argument unless a model with these options can predict in slices.
void checkSlices(const SliceOption& slices, const ModelInfo& model, const PostprocessOptions& options);

// The slices of an image as views into it, and last, if it is to be predicted as a whole, too, the image.
std::vector<ImageView> sliceViews(const ImageView& image, const SliceOption& slices);

// Takes the results of sliceViews(), in their order, and makes one of them. Of each it keeps the objects only; masks
// are runs, whatever the size of the image.
class SliceMerger {
 public:
  // `slices` must stay.
  SliceMerger(const ImageView& image, const SliceOption& slices);

  void add(Result&& part);
  // When all were added. Once.
  Result merged();

 private:
  std::vector<Masks::Run> unionOf(const MergedBox& object);
  std::vector<KeyPoint> bestOf(const MergedBox& object);

  const SliceOption& slices_;
  std::vector<Slice> places_;  // where the parts are in the image
  std::size_t added_ = 0;
  Result result_;  // what is the same of all parts, and the sum of their times
  std::vector<FoundBox> found_;
  std::vector<std::vector<Masks::Run>> masks_;  // of each object, in pixels of the image
  std::vector<std::vector<KeyPoint>> keypoints_;
};

}  // namespace trtyolo
