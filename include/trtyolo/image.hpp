// trtyolo::Image: what a model is given.
#pragma once

#include <cstddef>

#include "api.hpp"

namespace trtyolo {

/// A view of an image that somebody else owns: 8 bits a channel, channels interleaved, rows `pitch` bytes apart.
///
/// The memory must stay valid and unchanged until the call that was given the view returns; nothing keeps the pointer
/// longer. Channels: 1 (grey, used for all three network channels), 3, or 4 (the fourth is ignored).
/// The constructors only store; predict() checks: `ptr` not null, `width` and `height` at least 1, `channels` 1, 3 or
/// 4, `pitch` at least `width * channels`. Pixels are never written to.
struct TRTYOLO_API Image {
  const void* ptr = nullptr;  ///< first byte of the first row
  int width = 0;              ///< pixels in a row
  int height = 0;             ///< rows
  int channels = 3;           ///< bytes of a pixel: 1, 3 or 4
  std::size_t pitch = 0;      ///< bytes from the start of a row to the start of the next

  Image() = default;
  /// Three channels, rows without gaps.
  Image(const void* ptr, int width, int height);
  /// Three channels, rows `pitch` bytes apart.
  Image(const void* ptr, int width, int height, std::size_t pitch);
  /// All parts given; a `pitch` of 0 means rows without gaps.
  Image(const void* ptr, int width, int height, int channels, std::size_t pitch);
};

}  // namespace trtyolo
