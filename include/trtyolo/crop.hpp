// trtyolo::crop: the objects that one model found, as images for another one.
//
//   #include "trtyolo/crop.hpp"
//
//   trtyolo::DetResult people = detect.predict(image);
//   std::vector<trtyolo::PoseResult> poses = trtyolo::predictCrops(pose, image, people);
//   // poses[i] is of person i, in pixels of `image`
//
// The conventions are those of trtyolo.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "api.hpp"
#include "encoded.hpp"
#include "image.hpp"
#include "info.hpp"
#include "results.hpp"

namespace trtyolo {

/// What regions are made of boxes.
struct TRTYOLO_API CropOption {
  /// How far a region reaches beyond its box on each side, as a share of the box's width to the left and right and of
  /// its height above and below: 0 to 10. With 0.1 regions are 1.2 times as wide and high as boxes.
  float margin = 0;
};

/// A region of an image, which is given to models as any Image, and where it lies in that image. A view: it has the
/// pointers of the image that it was made of, and is valid as long as that one's pixels.
struct TRTYOLO_API Crop : Image {
  int imageWidth = 0, imageHeight = 0;  ///< pixels of the image
  double x = 0, y = 0;                  ///< where the region's upper left corner lies in the image, pixels
  double theta = 0;                     ///< of a rotated region: radians, clockwise as one looks at the image

  /// Whether there is no such region: nothing of the box is in the image, or it has no area, or a number that is not
  /// finite. No model takes it; toImage() of it only says the size of the image.
  bool empty() const { return ptr == nullptr; }
  /// Pixels of what a model is given; {0, 0} if empty().
  ImageSize size() const;
  /// These pixels: rows without gaps, interleaved, of as many channels as the image has; of YUV 3 (RGB), of Gray16 1.
  /// @throws std::invalid_argument  the image is in the memory of a GPU (Image::memory)
  std::vector<std::uint8_t> pixels() const;

  /// Brings what a model found in the region, in its pixels, to pixels of the image, as if it had been found there.
  /// Boxes in a rotated region become the upright boxes around them, clipped to the image, as Box says; keypoints are
  /// clipped, too; the pixels of a mask are those whose centre lies in a pixel of the region's mask.
  /// @throws std::invalid_argument  the result is of a task that says something of each pixel (semantic, depth), or its
  ///   masks have not the region's size, as with Model::setRetinaMasks(false)
  void toImage(Result& result) const;
  void toImage(ClsResult& result) const;   ///< the same
  void toImage(DetResult& result) const;   ///< the same
  void toImage(OBBResult& result) const;   ///< the same
  void toImage(SegResult& result) const;   ///< the same
  void toImage(PoseResult& result) const;  ///< the same
};

/// The regions of an image that boxes are around, one for each: crops[i] is that of boxes[i], which may be empty().
///
/// Regions of upright boxes are all pixels that the box with its margin touches, clipped to the image: views, no pixel
/// is copied. Samples of chroma cover two pixels, so in NV12 and I420 a region begins at an even column and row, and in
/// YUYV at an even column, and is of even width: with up to a pixel more on the left, above, and on the right.
///
/// Regions of rotated boxes are turned upright, the box's width to the right along theta (Image::part): a model samples
/// them when it reads them, on a GPU if the image is there. They are not scaled; their sides are rounded up to whole
/// pixels about the centre, after what lies wholly beyond the image was taken off. The corners may lie outside of it.
///
/// @throws std::invalid_argument  the image is not what Image says it must be, or is itself a rotated part; the margin
///   is out of its range
TRTYOLO_API std::vector<Crop> crop(const Image& image, const std::vector<Box>& boxes, const CropOption& option = {});
TRTYOLO_API std::vector<Crop> crop(const Image& image, const std::vector<RotatedBox>& boxes,
                                   const CropOption& option = {});  ///< the same
/// The same of a result's objects.
/// @throws std::invalid_argument  also if the result's task has no boxes (classify, semantic, depth), or it is of an
///   image of another size
TRTYOLO_API std::vector<Crop> crop(const Image& image, const Result& result, const CropOption& option = {});
/// The same of DetResult, OBBResult, SegResult, PoseResult.
template <typename TypedResult, typename = std::enable_if_t<std::is_base_of_v<BaseResult, TypedResult>>>
std::vector<Crop> crop(const Image& image, const TypedResult& result, const CropOption& option = {}) {
  Result boxes;
  static_cast<BaseResult&>(boxes) = result;
  if constexpr (std::is_same_v<std::decay_t<decltype(result.boxes)>, std::vector<RotatedBox>>) {
    boxes.task = Task::OBB;
    boxes.rotatedBoxes = result.boxes;
  } else {
    boxes.boxes = result.boxes;
  }
  return crop(image, boxes, option);
}

/// That a model can be the second stage of predictCrops().
/// @throws std::invalid_argument  its task says something of each pixel (semantic, depth), not of objects
TRTYOLO_API void requireSecondStage(const ModelInfo& info);

/// What a second model says of each object that a first one has found in an image: element i of what the model's
/// predict() gives for crop(image, found, option)[i], brought back to pixels of the image. Of an empty region that is a
/// result without objects. Regions go into the second model in one call, so they share runs of its network as its
/// batch() and network size allow; a model with InferOption::setRect(false) or a fixed size has one size for all.
///
/// `predictor` is a Model or a typed model (one thread at a time, as with predict(): give each thread its clone()), or
/// a Pool of one (any thread). `found` is a result of the image or its boxes. An image in the memory of a GPU stays
/// there; if it says so by the first model's InferOption::enableCudaMem(), the second one needs that, too.
/// @throws std::invalid_argument  as crop() and requireSecondStage(); or the second model cannot reach the image
/// @throws Error  as predict() of the model or pool does, and whatever else that throws
template <class Predictor, class Found>
auto predictCrops(Predictor& predictor, const Image& image, const Found& found, const CropOption& option = {}) {
  using AnyResult = std::decay_t<decltype(predictor.predict(image))>;
  const ModelInfo& info = predictor.info();
  requireSecondStage(info);
  const std::vector<Crop> crops = crop(image, found, option);
  std::vector<Image> regions;
  regions.reserve(crops.size());
  for (const Crop& each : crops) {
    if (!each.empty()) {
      regions.push_back(each);
    }
  }
  std::vector<AnyResult> inRegions;
  if (!regions.empty()) {
    inRegions = predictor.predict(regions);
  }
  std::vector<AnyResult> results(crops.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < crops.size(); ++i) {
    AnyResult& result = results[i];
    if (crops[i].empty()) {
      result.names = info.names;
      if constexpr (std::is_same_v<AnyResult, Result>) {
        result.task = info.task;
        result.keypointDims = info.keypointDims;
      }
    } else {
      result = std::move(inRegions[next++]);
    }
    crops[i].toImage(result);
  }
  return results;
}

}  // namespace trtyolo
