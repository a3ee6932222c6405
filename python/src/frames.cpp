// Frames of videos, and images of other formats, as arrays.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "images.hpp"
#include "media/frame_bgr.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

using Pixels = std::unique_ptr<std::uint8_t[]>;

// Whose memory what HeldImages takes is in; none: the host's.
std::optional<int> gpuOf(nb::handle image) {
  if (const DeviceImage * device; nb::try_cast(image, device) && device) {
    return device->deviceId;
  }
  if (const FormatImage * planes; nb::try_cast(image, planes) && planes) {
    return gpuOf(planes->planes.at(0));
  }
  return std::nullopt;
}

// What HeldImages takes as an array (height, width, 3). `bgr`: the order of its channels, if it has three or four.
nb::object bgrOf(nb::handle image, bool bgr) {
  const std::optional<int> gpu = gpuOf(image);
  HeldImages held(gpu ? std::vector<int>{*gpu} : std::vector<int>());
  held.add(image);
  held.copyScattered();
  const Image& frame = held.images().front();
  media::checkFrame("to_bgr", frame, gpu);
  const std::size_t shape[] = {static_cast<std::size_t>(frame.height), static_cast<std::size_t>(frame.width), 3};
  auto pixels = std::make_unique<Pixels>(new std::uint8_t[shape[0] * shape[1] * shape[2]]);
  std::uint8_t* const first = pixels->get();
  unlocked([&] { media::writeBgr(frame, gpu, bgr, first); });
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(first, 3, shape, capsuleOf(std::move(pixels))));
}

}  // namespace

void bindFrames(nb::module_& module) {
  module.def("bgr_of", &bgrOf, nb::arg("image"), nb::arg("bgr"),
             "The image as an array of its own: u8 (height, width, 3), BGR.");
}

}  // namespace trtyolo::python
