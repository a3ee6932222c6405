// trtyolo::Image: what a model is given.
#pragma once

#include <cstddef>

#include "api.hpp"

namespace trtyolo {

/// How the pixels of an Image lie in memory.
enum class PixelFormat {
  Interleaved,  ///< 8 bits a channel, 1, 3 or 4 channels side by side
  NV12,         ///< YUV 4:2:0: a plane of Y, a plane of pairs U, V; what hardware decodes video to
  I420,         ///< YUV 4:2:0: planes of Y, of U and of V (FFmpeg's yuv420p)
  YUYV,         ///< YUV 4:2:2 in one plane: Y, U, Y, V for two pixels (also YUY2); what many USB cameras give
  Gray16,       ///< one channel of 16 bits, lowest byte first; what thermal cameras give
};

/// By which standard colours became YUV. Video of up to 576 lines is mostly BT601, HD video BT709; decoders know.
enum class ColorMatrix { BT601, BT709 };

/// Limited: Y from 16 to 235, U and V from 16 to 240, as in video. Full: 0 to 255, as in JPEG files (yuvj420p).
enum class ColorRange { Limited, Full };

/// Where the pixels of an image are. AsOption: in host memory, or, of a model with InferOption::enableCudaMem(), in
/// that of its GPU. Host, Device: in host memory, in that of the model's GPU, whatever the option says; images of both
/// may go into one call.
enum class ImageMemory { AsOption, Host, Device };

/// A rectangle in an image, turned about its centre, of which a model is given `width` x `height` pixels as if they lay
/// upright: crop() makes it of rotated boxes. Each is sampled from the four pixels around its place, by the letterbox's
/// bilinear arithmetic; what lies outside the image is grey (114 in all channels). Pixels are counted as everywhere, so
/// (0.5, 0.5) is the centre of the first one.
struct TRTYOLO_API RotatedPart {
  double x = 0, y = 0;        ///< its centre, pixels; at most 2097152 from 0
  int width = 0, height = 0;  ///< pixels along its sides, at most 1048576 each and 2^30 in all; 0: no part
  double theta = 0;           ///< radians, clockwise as one looks at the image, as RotatedBox has it
};

/// A view of an image that somebody else owns; rows lie `pitch` bytes apart.
///
/// The memory must stay valid and unchanged until the call that was given the view returns; nothing keeps the pointers
/// longer. Pixels are never written to, and no pointer or pitch needs an alignment. All planes are in the same memory.
/// Constructors and factories only store; predict() checks, and throws std::invalid_argument: no pointer null, `width`
/// and `height` 1 to 1048576, pitches at least the bytes of a row.
///
/// Interleaved images have 1 channel (grey, used for all three network channels), 3, or 4 (the fourth is ignored), in
/// the order that InferOption::enableSwapRB() says. The other formats are converted where pixels are read:
/// - YUV has no such order; the network gets the same as of the RGB image (with enableSwapRB(): the BGR image) that
///   conversion gives. The planes of U and V have (width + 1) / 2 samples a row, NV12 and I420 (height + 1) / 2 rows of
///   them; each counts for all pixels that it covers, without interpolation. With BT601 and Limited conversion equals
///   OpenCV's COLOR_YUV2RGB_NV12, _I420 and _YUY2 to the bit. YUYV needs an even width.
/// - Gray16: `low` and what is below becomes 0, `high` and what is above 255, and what is between is mapped linearly
///   and rounded to the nearest, halves up.
struct TRTYOLO_API Image {
  const void* ptr = nullptr;  ///< first byte of the first row; of NV12 and I420: of the plane of Y
  int width = 0;              ///< pixels in a row
  int height = 0;             ///< rows
  int channels = 3;           ///< of Interleaved images: bytes of a pixel, 1, 3 or 4
  std::size_t pitch = 0;      ///< bytes from the start of a row to the start of the next

  PixelFormat format = PixelFormat::Interleaved;  ///< how pixels lie
  const void* chroma[2] = {};   ///< NV12: the plane of U and V, nothing; I420: the plane of U, the plane of V
  std::size_t chromaPitch = 0;  ///< of each of these planes
  ColorMatrix matrix = ColorMatrix::BT601;  ///< of YUV: how colours were made into it
  ColorRange range = ColorRange::Limited;   ///< of YUV: its values
  int low = 0;                              ///< of Gray16: the value that becomes 0
  int high = 65535;  ///< of Gray16: the value that becomes 255; `low` to `high` is 0 to 65535 at most, and not empty
  ImageMemory memory = ImageMemory::AsOption;  ///< where all planes are
  /// What a model sees of the image, in whose pixels its results then are; without a part all of it.
  RotatedPart part;

  Image() = default;
  /// Three channels, rows without gaps.
  Image(const void* ptr, int width, int height);
  /// Three channels, rows `pitch` bytes apart.
  Image(const void* ptr, int width, int height, std::size_t pitch);
  /// All parts given; a `pitch` of 0 means rows without gaps.
  Image(const void* ptr, int width, int height, int channels, std::size_t pitch);

  // In all of these a pitch of 0 means rows without gaps. They throw nothing.

  /// Of FFmpeg's NV12 frames: data[0], data[1], linesize[0], linesize[1]. Of a surface in one piece, whose height is
  /// often aligned: `chroma` is `luma + lumaPitch * alignedHeight`.
  static Image nv12(const void* luma, const void* chroma, int width, int height, std::size_t lumaPitch = 0,
                    std::size_t chromaPitch = 0, ColorMatrix matrix = ColorMatrix::BT601,
                    ColorRange range = ColorRange::Limited);
  /// Of FFmpeg's yuv420p frames: data[0] to data[2], linesize[0], linesize[1] (which is that of V too).
  static Image i420(const void* luma, const void* u, const void* v, int width, int height, std::size_t lumaPitch = 0,
                    std::size_t chromaPitch = 0, ColorMatrix matrix = ColorMatrix::BT601,
                    ColorRange range = ColorRange::Limited);
  /// Of V4L2's YUYV frames, and FFmpeg's yuyv422: data[0], linesize[0].
  static Image yuyv(const void* ptr, int width, int height, std::size_t pitch = 0,
                    ColorMatrix matrix = ColorMatrix::BT601, ColorRange range = ColorRange::Limited);
  /// `pitch` is in bytes. Cameras use a part of the 16 bits: say which by `low` and `high`.
  static Image gray16(const void* ptr, int width, int height, std::size_t pitch = 0, int low = 0, int high = 65535);
};

}  // namespace trtyolo
