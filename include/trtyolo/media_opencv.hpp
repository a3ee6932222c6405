// What the component media decodes, images and frames of videos, as cv::Mat. Needs OpenCV's core headers, of the OpenCV
// that the component was built with.
#pragma once

#include <cstddef>
#include <limits>
#include <opencv2/core/mat.hpp>

#include "errors.hpp"
#include "media.hpp"
#include "video.hpp"

namespace trtyolo {

/// The image that these bytes hold, on the CPU: 8-bit BGR, upright as its EXIF orientation says.
/// @throws DecodeError  the bytes are no image, are damaged, or hold more than `mostBytes` of pixels; says why
TRTYOLO_MEDIA_API cv::Mat decodeMat(const EncodedImage& image,
                                    std::size_t mostBytes = std::numeric_limits<std::size_t>::max());

/// The pixels of a frame, to be drawn on, saved or shown: 8-bit BGR in memory of its own. They are converted as models
/// convert them (see Image), by the frame's matrix and range, each sample of chroma for all pixels that it covers. A
/// frame in a GPU's memory is copied from there first. It is not turned (VideoFrame::rotation).
/// @throws std::invalid_argument  the frame's image is not what Image says it must be
/// @throws DeviceError            the GPU failed, or the component was built without GPUs
TRTYOLO_MEDIA_API cv::Mat matOf(const VideoFrame& frame);

}  // namespace trtyolo
