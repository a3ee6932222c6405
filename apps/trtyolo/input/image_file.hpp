// Files of images: their bytes and their pixels.
#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "trtyolo/media.hpp"

namespace app {

using Bytes = std::vector<unsigned char>;

/// `bytes` as the library takes them.
inline trtyolo::EncodedImage encoded(const Bytes& bytes) {
  return {bytes.data(), bytes.size()};
}

/// What a file holds, by its first bytes; Image if it cannot be read, or is no regular file: those can be read once
/// only.
trtyolo::ImageContent contentOfFile(const std::string& file);

/// Pages of a TIFF file; 1 if that cannot be told.
long countPages(const std::string& file);

/// What a pipe or server may send, in bytes.
inline constexpr std::size_t kMostBytes = std::size_t{256} << 20;

/// All bytes of a file, a pipe, or a device. Waiting for a pipe ends after a signal (interrupted()).
/// @throws std::runtime_error  says why not, also that there are more than `most`, without the file's name
Bytes readBytes(const std::string& file, std::size_t most);

/// As trtyolo::decodeMat().
/// @throws std::runtime_error  says why not
cv::Mat decodeImage(const Bytes& bytes);

/// The same of a file of at most `most` bytes. `page`: of a TIFF file that has several, from 0.
/// @throws std::runtime_error  says why not, without the file's name
cv::Mat readImage(const std::string& file, long page, std::size_t most);

/// The first frame of what FFmpeg reads: of a video, or of an image of a kind that OpenCV's codecs do not know (AVIF).
/// Empty if it is neither.
cv::Mat readFirstFrame(const std::string& file);

}  // namespace app
