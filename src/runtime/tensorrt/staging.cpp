#include "runtime/tensorrt/staging.hpp"

#include <array>

#include "cuda/error.hpp"
#include "image/cuda/rotated_crop.hpp"

namespace trtyolo::tensorrt {
namespace {

constexpr std::size_t kPitchMultiple = 64;
// How many times smaller the scaled image must be to be made here: scaling then takes a core no longer than copying
// would, and the device has less to copy.
constexpr std::size_t kWorthScaling = 4;

}  // namespace

ImageView Staging::copyLetterboxed(const ImageView& image, const Letterbox& box, Uploads& uploads) {
  const std::size_t pitch = Letterboxer::scaledPitch(box.scaled.width);
  const std::size_t scaled = pitch * static_cast<std::size_t>(box.scaled.height);
  if (bytesOf(image) < kWorthScaling * scaled) {
    return copy(image, {0, image.size.height}, uploads);
  }
  provide(scaled, true);
  uploads.addScaled(image, box.scaled, at({0, pitch}));
  return {device_.get(), box.scaled, 4, pitch};
}

ImageView Staging::copy(const ImageView& image, cuda::RowRange rows, Uploads& uploads) {
  return place(image, rows, true,
               [&](const ImagePlane& plane, const Place& place) { uploads.addCopied(plane, at(place)); });
}

ImageView Staging::fetch(const ImageView& image, cuda::RowRange rows, cudaStream_t stream) {
  return place(image, rows, false, [&](const ImagePlane& plane, const Place& place) {
    cuda::check(cudaMemcpy2DAsync(device_.get() + place.start, place.pitch, plane.row(0), plane.pitch, plane.rowBytes,
                                  plane.rows(), cudaMemcpyHostToDevice, stream),
                "fetching an image");
  });
}

ImageView Staging::upright(const ImageView& image, cudaStream_t stream) {
  const int channels = cuda::uprightChannels(image);
  const std::size_t rowBytes = static_cast<std::size_t>(image.size.width) * static_cast<std::size_t>(channels);
  const std::size_t pitch = roundUp(rowBytes, kPitchMultiple);
  provide(pitch * static_cast<std::size_t>(image.size.height), false);
  cuda::rotatedCrop(image, device_.get(), pitch, stream);
  return {device_.get(), image.size, channels, pitch};
}

// The planes one behind the other, each by `bring(plane, place)`.
template <typename Bring>
ImageView Staging::place(const ImageView& image, cuda::RowRange rows, bool throughHost, const Bring& bring) {
  ImagePlanes planes = planesOf(image, rows.first, rows.end);
  std::array<Place, 3> places{};
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < planes.count; ++i) {
    places[i] = {bytes, roundUp(planes.planes[i].rowBytes, kPitchMultiple)};
    bytes += planes.planes[i].rows() * places[i].pitch;
  }
  provide(bytes, throughHost);
  for (std::size_t i = 0; i < planes.count; ++i) {
    ImagePlane& plane = planes.planes[i];
    const Place& place = places[i];
    bring(plane, place);
    // Where row 0 would be, which may be before the memory's begin.
    const std::size_t before = static_cast<std::size_t>(plane.first) * place.pitch;
    plane.data = device_.get() + place.start - static_cast<std::ptrdiff_t>(before);
    plane.pitch = place.pitch;
  }
  return withPlanes(image, planes);
}

Uploads::Target Staging::at(const Place& place) const {
  return {host_.get() + place.start, device_.get() + place.start, place.pitch};
}

// Makes room on the device, and where it goes through the host on both sides.
void Staging::provide(std::size_t bytes, bool throughHost) {
  if (throughHost && host_.bytes() < bytes) {
    host_ = {};
    host_ = cuda::UploadMemory<std::uint8_t>(bytes);
  }
  if (device_.bytes() < bytes) {
    device_ = {};
    device_ = cuda::DeviceMemory<std::uint8_t>(bytes);
  }
}

}  // namespace trtyolo::tensorrt
