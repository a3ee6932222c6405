// Encoded images that Python owns, as the library takes them, and their decoder.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// The bytes of an image file: of anything that has the buffer protocol, held while this object lives. Made and
/// destroyed by who holds the interpreter lock.
class EncodedBytes {
 public:
  /// `what` begins messages about the image, `hint` ends those that say that the bytes are none.
  EncodedBytes(nanobind::handle bytes, std::string what, std::string hint);
  ~EncodedBytes() { PyBuffer_Release(&buffer_); }
  EncodedBytes(const EncodedBytes&) = delete;
  EncodedBytes& operator=(const EncodedBytes&) = delete;

  EncodedImage view() const { return {buffer_.buf, static_cast<std::size_t>(buffer_.len)}; }
  /// The error with this image's name, if it is about the image; else the error itself.
  std::exception_ptr named(const std::exception_ptr& error) const;

 private:
  Py_buffer buffer_{};
  std::string what_, hint_;
};

/// The images if all of the list are encoded; none otherwise. They belong to the list's objects.
std::vector<const EncodedBytes*> encodedImages(const nanobind::list& images);

/// Throws the error of one of `images`, which predict() has given, with that image's name.
[[noreturn]] void rethrowNamed(const DecodeError& error, const std::vector<const EncodedBytes*>& images);

/// What decodes for all models of this process: JPEG images on their GPU where that can be, all others by
/// tensorrt_yolo.images. For who holds the interpreter lock.
std::shared_ptr<ImageDecoder> imageDecoder();

}  // namespace trtyolo::python
