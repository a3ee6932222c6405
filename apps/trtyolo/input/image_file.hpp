// Files and bytes of images: what they hold, and their pixels.
#pragma once

#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace app {

/// What a file that is taken for an image holds.
enum class Content {
  Image,      ///< one image, or what OpenCV has to find out
  Pages,      ///< TIFF: an image or several
  Animation,  ///< GIF or animated PNG: frames, which FFmpeg reads
  Unmoved,    ///< animated WebP or AVIF: of its frames the first is read, if any
};

/// By the first bytes, some thousands of them.
Content contentOf(const std::vector<unsigned char>& beginning);

/// From so many bytes on isPicture() knows.
inline constexpr std::size_t kSignatureBytes = 16;

/// Whether the bytes begin as files of images do, of formats that OpenCV or FFmpeg may read.
bool isPicture(const std::vector<unsigned char>& beginning);

/// The first bytes of a file; none if it cannot be read, or is no regular file: those can be read once only.
std::vector<unsigned char> beginningOf(const std::string& file);

/// Pages of a TIFF file; 1 if that cannot be told.
long countPages(const std::string& file);

/// Whether the bytes are a TIFF file of more than one page.
bool hasMorePages(const std::vector<unsigned char>& bytes);

/// What a pipe or server may send, in bytes.
inline constexpr std::size_t kMostBytes = std::size_t{256} << 20;

/// All bytes of a file, a pipe, or a device. Waiting for a pipe ends after a signal (interrupted()).
/// @throws std::runtime_error  says why not, also that there are more than `most`, without the file's name
std::vector<unsigned char> readBytes(const std::string& file, std::size_t most);

/// An image in 8-bit BGR, upright as its EXIF orientation says. Values of 16 bits are divided by 256.
/// @throws std::runtime_error  says why not
cv::Mat decodeImage(const std::vector<unsigned char>& bytes);

/// The same of a file of at most `most` bytes. `page`: of a TIFF file that has several, from 0.
/// @throws std::runtime_error  says why not, without the file's name
cv::Mat readImage(const std::string& file, long page, std::size_t most);

}  // namespace app
