// The component media: encoded images in, images out. A library of its own (find_package(trtyolo COMPONENTS media),
// target trtyolo::media), so that the core needs the standard library only.
//
//   #include "trtyolo.hpp"
//   #include "trtyolo/media.hpp"
//
//   trtyolo::InferOption option;
//   option.setImageDecoder(trtyolo::makeImageDecoder());
//   trtyolo::DetectModel model("yolo11n.onnx", option);
//   trtyolo::DetResult result = model.predict(trtyolo::EncodedImage{bytes.data(), bytes.size()});
//
// What it decodes is what OpenCV's image codecs do (JPEG, PNG, WebP, TIFF, BMP and others), with the same rules as
// Ultralytics: three channels of 8 bits, of 16 bits the upper 8, no alpha, upright as the EXIF orientation says. Of
// files with several pages or frames it is the first. OpenCV has a log of its own, which tells of damaged files on
// standard error (cv::utils::logging::setLogLevel()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "encoded.hpp"
#include "media_api.hpp"

namespace trtyolo {

// ---------------------------------------------------------------------------------------------------------------------
// What bytes hold, told without decoding

/// The size that a file of an image says in front of its pixels, of any format that OpenCV or FFmpeg may read; nullopt
/// if it is none of them. Of an image that is turned by its EXIF orientation it is that before. `page`: of a TIFF file,
/// from 0.
TRTYOLO_MEDIA_API std::optional<ImageSize> imageSize(const EncodedImage& image, long page = 0);
/// The same of a regular file, of which only what is needed is read; nullopt also if it cannot be read.
TRTYOLO_MEDIA_API std::optional<ImageSize> imageSizeOf(const std::string& file, long page = 0);

/// What a file that is taken for an image holds.
enum class ImageContent {
  Image,       ///< one image, or what a decoder has to find out
  Pages,       ///< TIFF: an image or several
  Animation,   ///< GIF or animated PNG: frames, which FFmpeg reads
  FirstFrame,  ///< animated WebP or AVIF: of its frames the first is decoded, if any
};

/// By the first bytes, some thousands of them.
TRTYOLO_MEDIA_API ImageContent imageContent(const EncodedImage& beginning);

/// From so many bytes on isImage() knows.
inline constexpr std::size_t kSignatureBytes = 16;

/// Whether the bytes begin as files of images do, of formats that OpenCV or FFmpeg may read.
TRTYOLO_MEDIA_API bool isImage(const EncodedImage& beginning);

/// Whether the bytes begin as those of AVIF and HEIF do, which not every OpenCV decodes.
TRTYOLO_MEDIA_API bool isAvif(const EncodedImage& beginning);

/// Whether the bytes are a TIFF file of more than one page.
TRTYOLO_MEDIA_API bool hasMorePages(const EncodedImage& image);

/// Whether a JPEG file has the mark of its end: what is cut off lacks it, and codecs fill the rest of the image. True
/// of other formats.
TRTYOLO_MEDIA_API bool hasItsEnd(const EncodedImage& image);

/// `text` with "***" in place of what URLs in it tell of users and passwords: those in front of the host go, and so do
/// the values of parameters that are called like a password or a key. For messages.
TRTYOLO_MEDIA_API std::string withoutPasswords(std::string_view text);

/// Bytes of memory that this process may still take: the least of what the machine has left, what its control group
/// leaves, and its own limits (RLIMIT_AS, RLIMIT_DATA).
TRTYOLO_MEDIA_API std::size_t memoryLeft();

// ---------------------------------------------------------------------------------------------------------------------
// Decoders

/// How images are decoded.
struct TRTYOLO_MEDIA_API ImageDecoderOption {
  /// Most bytes of an image's pixels, three for each: images that are larger by what their file says are refused before
  /// they are decoded. 0: a quarter of memoryLeft(), when the decoder is made.
  std::size_t maxPixelBytes = 0;
  /// Threads for one call with several images on the CPU. 0: one a core.
  int threads = 0;
  /// Whether JPEG images for models on a GPU are decoded there, into its memory, where nvImageCodec can be loaded. What
  /// it does not take is decoded on the CPU.
  bool useGpu = true;
  /// nvImageCodec's library or its folder (of the wheel nvidia-nvimgcodec-cu13: nvidia/nvimgcodec). Empty: the folder
  /// that NvImageCodec_ROOT in the environment names, then where the loader looks.
  std::string nvImageCodec = {};
};

/// A decoder of this component. Any thread.
class TRTYOLO_MEDIA_API MediaDecoder : public ImageDecoder {
 public:
  ~MediaDecoder() override;
  /// For all models and pools, since it was made. PoolMetrics::decoded has those of one pool.
  virtual DecodeCounts counts() const = 0;
  /// Why images for models on this GPU are decoded on the CPU, in a sentence; empty if JPEG images are decoded on it.
  /// The first call for a GPU takes as long as loading nvImageCodec does.
  virtual std::string whyNoGpu(int gpu) const = 0;
};

/// A decoder for any number of models, to be given to InferOption::setImageDecoder().
/// @throws std::invalid_argument  an option makes no sense
TRTYOLO_MEDIA_API std::shared_ptr<MediaDecoder> makeImageDecoder(const ImageDecoderOption& option = {});

}  // namespace trtyolo
