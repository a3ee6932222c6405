// An encoded image after its decoding.
#pragma once

#include <exception>
#include <memory>

#include "image/letterbox.hpp"

namespace trtyolo {

// An image that was decoded, or why it was not.
struct ReadyImage {
  ImageView view;
  std::shared_ptr<const void> owner;  // of the pixels
  std::exception_ptr error;
  bool refused = false;  // as DecodedImage's
};

}  // namespace trtyolo
