// What the component media decodes, as cv::Mat. Needs OpenCV's core headers, of the OpenCV that the component was built
// with.
#pragma once

#include <cstddef>
#include <limits>
#include <opencv2/core/mat.hpp>

#include "errors.hpp"
#include "media.hpp"

namespace trtyolo {

/// The image that these bytes hold, on the CPU: 8-bit BGR, upright as its EXIF orientation says.
/// @throws DecodeError  the bytes are no image, are damaged, or hold more than `mostBytes` of pixels; says why
TRTYOLO_MEDIA_API cv::Mat decodeMat(const EncodedImage& image,
                                    std::size_t mostBytes = std::numeric_limits<std::size_t>::max());

}  // namespace trtyolo
