// Encoded images (JPEG, PNG, ...) as what a model is given, and what decodes them. The library itself decodes nothing:
// the component media does (media.hpp), or a decoder of one's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

#include "api.hpp"
#include "image.hpp"

namespace trtyolo {

/// A view of the bytes of an image file that somebody else owns. They must stay valid and unchanged until the call that
/// was given the view returns. Nothing about them is known before they are decoded; any bytes may be given.
struct TRTYOLO_API EncodedImage {
  const void* bytes = nullptr;  ///< the first one; may be null if there are none
  std::size_t size = 0;         ///< how many
};

/// Width and height in pixels.
struct TRTYOLO_API ImageSize {
  std::size_t width = 0;   ///< pixels of a row
  std::size_t height = 0;  ///< rows

  /// Of the decoded image: three channels of 8 bits.
  std::size_t bytes() const;
};

/// Where a model wants the pixels of decoded images, and how.
struct TRTYOLO_API DecodeTarget {
  /// Ordinal of the GPU that the model is on; nullopt: the model runs on the CPU and needs pixels in host memory. A
  /// decoder may leave pixels in host memory for a GPU, too.
  std::optional<int> gpu;
  bool bgr = false;  ///< order of the channels of colour images: BGR (InferOption::enableSwapRB()) or RGB
  /// How many pixels of an upright image of this size (1 x 1 at least) are enough, in both directions: a decoder may
  /// give the image reduced, but not to less. Null: all are wanted, which is so without InferOption::setFastDecode().
  std::function<ImageSize(const ImageSize& whole)> enough = {};
};

/// What became of an encoded image: an image and what keeps its pixels, or an error.
struct TRTYOLO_API DecodedImage {
  /// 8-bit, interleaved, upright as its EXIF orientation says; 1 channel, or 3 in the order that was asked for. All
  /// writes to the pixels have ended.
  Image image;
  std::optional<int> gpu;             ///< whose memory the pixels are in; nullopt: host memory
  std::shared_ptr<const void> owner;  ///< keeps the pixels; may be released from any thread
  /// Null, or why there is no image; the rest means nothing then. A DecodeError for bytes that are no image, are
  /// damaged, or hold more pixels than the decoder takes; its message is the reason alone, without a name of the image.
  std::exception_ptr error;
  /// A GPU was to decode it and did not take it: the CPU has decoded it, or it has an error.
  bool refused = false;
  /// Size of the whole upright image where `image` is reduced (DecodeTarget::enough), which results are in pixels of;
  /// {0, 0}: `image` is whole.
  ImageSize whole = {};
};

/// How many encoded images were decoded, and where: `gpu`, `cpu` and `failed` together are all.
struct TRTYOLO_API DecodeCounts {
  std::uint64_t gpu = 0;      ///< decoded on a GPU
  std::uint64_t cpu = 0;      ///< decoded on the CPU
  std::uint64_t refused = 0;  ///< of those on the CPU and those that failed: a GPU did not take them
  std::uint64_t failed = 0;   ///< had an error
};

/// Decodes encoded images for models and pools (InferOption::setImageDecoder()). One decoder may serve any number of
/// models. All methods may be called from any thread, also at once.
class TRTYOLO_API ImageDecoder {
 public:
  ImageDecoder() = default;
  virtual ~ImageDecoder();
  ImageDecoder(const ImageDecoder&) = delete;
  ImageDecoder& operator=(const ImageDecoder&) = delete;

  /// Decodes `images[0]` to `images[count - 1]`; decoded[i] is what becomes of images[i]. The bytes are read until the
  /// call returns. What concerns one image is its error; an exception concerns all of the call.
  virtual void decode(const EncodedImage* images, std::size_t count, const DecodeTarget& target,
                      DecodedImage* decoded) = 0;

  /// How many images one call should bring, if there are so many: a pool gathers them. At least 1. More than 1 is for
  /// decoders that are faster with several at once.
  virtual std::size_t batch(const DecodeTarget& target) const = 0;
};

}  // namespace trtyolo
