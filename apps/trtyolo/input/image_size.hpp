// How large an image is, by what its file says in front of the pixels.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace app {

/// Pixels.
struct ImageSize {
  std::size_t width, height;

  /// Of the decoded image: three channels of 8 bits.
  std::size_t bytes() const;
};

/// The size of an image in a file of any format that OpenCV or FFmpeg may read; nothing if it is none of them. Of an
/// image that is turned by its EXIF orientation it is that before. `page`: of a TIFF file, from 0. Reads no pixels.
std::optional<ImageSize> imageSize(const std::vector<unsigned char>& bytes, long page = 0);
/// The same of a regular file; nothing also if it cannot be read.
std::optional<ImageSize> imageSizeOf(const std::string& file, long page = 0);

}  // namespace app
