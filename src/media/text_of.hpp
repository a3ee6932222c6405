// The bytes of an encoded image as text.
#pragma once

#include <string_view>

#include "trtyolo/encoded.hpp"

namespace trtyolo {

inline std::string_view textOf(const EncodedImage& image) {
  return {static_cast<const char*>(image.bytes), image.bytes ? image.size : 0};
}

}  // namespace trtyolo
