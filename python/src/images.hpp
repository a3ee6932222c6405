// Images that Python owns, as the library takes them.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo::python {

/// Where the values of an image lie: strides in bytes, of any sign.
struct PixelLayout {
  int width = 0, height = 0, channels = 1;
  std::ptrdiff_t row = 0, pixel = 0, channel = 0;

  /// Whether it is what trtyolo::Image can say: pixels side by side, rows that follow each other.
  bool isPacked() const;
};

/// The layout of an array of `dimensions` (height, width and, if there are three, channels).
/// @throws std::invalid_argument  an image cannot have this shape; `what` begins the message
PixelLayout layoutOf(const char* what, const std::vector<std::ptrdiff_t>& shape,
                     const std::vector<std::ptrdiff_t>& strides);

/// An image in the memory of a GPU, and the Python object that owns it.
struct DeviceImage {
  Image image;
  int deviceId = 0;
  nanobind::object owner;
};

/// An image in another format than interleaved bytes: all but its pointers and pitches, and its planes, which are
/// images u8 (rows, bytes of a row) of one kind of memory.
struct FormatImage {
  Image image;
  std::vector<nanobind::object> planes;
};

/// Images on their way through the library: held while this object lives, the scattered ones copied. All but
/// copyScattered() is for who holds the interpreter lock.
class HeldImages {
 public:
  /// For a model on these GPUs, or, if there are none, on the CPU.
  explicit HeldImages(std::vector<int> gpus) : gpus_(std::move(gpus)) {}
  ~HeldImages();
  HeldImages(const HeldImages&) = delete;
  HeldImages& operator=(const HeldImages&) = delete;

  /// A DeviceImage, a FormatImage, or whatever has the buffer protocol. Strides of any kind are taken.
  /// @throws nanobind::python_error (TypeError), std::invalid_argument  it is no image, or where the model cannot reach
  /// it
  void add(nanobind::handle image);

  /// All of a list; of several, an error names the index of its image.
  void addAll(nanobind::handle images);

  /// Images whose pixels are not side by side, or whose rows go upward, get a copy that has them so.
  void copyScattered();

  const std::vector<Image>& images() const { return images_; }

 private:
  struct Scattered {
    std::size_t index;
    const std::uint8_t* first;  // value of the upper left pixel
    PixelLayout layout;
  };

  void addDevice(const DeviceImage& image);
  void addFormat(const FormatImage& image);
  void addHost(nanobind::handle image);

  std::vector<int> gpus_;
  std::vector<Image> images_;
  std::vector<nanobind::object> owners_;  // of images on a GPU
  std::deque<Py_buffer> buffers_;         // a buffer may not be moved
  std::vector<Scattered> scattered_;
  std::vector<std::unique_ptr<std::uint8_t[]>> copies_;
};

}  // namespace trtyolo::python
