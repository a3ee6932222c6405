#include "runtime/tensorrt/staging.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "cuda/error.hpp"

namespace trtyolo::tensorrt {
namespace {

// Bytes that the processor writes before the device may copy them: the two overlap.
constexpr std::size_t kChunk = std::size_t{512} << 10;
constexpr std::size_t kPitchMultiple = 64;
// How many times smaller the scaled image must be to be made here: scaling then takes a core no longer than copying
// would, and the device has less to copy.
constexpr std::size_t kWorthScaling = 4;

}  // namespace

ImageView Staging::copyLetterboxed(const ImageView& image, const Letterbox& box, cudaStream_t stream) {
  const std::size_t scaled = Letterboxer::scaledPitch(box.scaled.width) * static_cast<std::size_t>(box.scaled.height);
  return bytesOf(image) >= kWorthScaling * scaled ? copyScaled(image, box.scaled, stream)
                                                  : copy(image, {0, image.size.height}, stream);
}

ImageView Staging::copy(const ImageView& image, cuda::RowRange rows, cudaStream_t stream) {
  return place(image, rows, &Staging::copyPlane, true, stream);
}

ImageView Staging::fetch(const ImageView& image, cuda::RowRange rows, cudaStream_t stream) {
  return place(image, rows, &Staging::fetchPlane, false, stream);
}

ImageView Staging::place(const ImageView& image, cuda::RowRange rows, CopyPlane bring, bool throughHost,
                         cudaStream_t stream) {
  ImagePlanes planes = planesOf(image, rows.first, rows.end);
  std::array<std::size_t, 3> starts{};
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < planes.count; ++i) {
    starts[i] = bytes;
    bytes += planes.planes[i].rows() * roundUp(planes.planes[i].rowBytes, kPitchMultiple);
  }
  provide(bytes, throughHost);
  for (std::size_t i = 0; i < planes.count; ++i) {
    ImagePlane& plane = planes.planes[i];
    const std::size_t pitch = roundUp(plane.rowBytes, kPitchMultiple);
    (this->*bring)(plane, starts[i], pitch, stream);
    // Where row 0 would be, which may be before the memory's begin.
    const std::size_t before = static_cast<std::size_t>(plane.first) * pitch;
    plane.data = device_.get() + starts[i] - static_cast<std::ptrdiff_t>(before);
    plane.pitch = pitch;
  }
  return withPlanes(image, planes);
}

// Copies the rows that are meant to the memory's byte `start` and after.
void Staging::copyPlane(const ImagePlane& plane, std::size_t start, std::size_t pitch, cudaStream_t stream) {
  const std::size_t rowsAtOnce = std::max<std::size_t>(1, kChunk / pitch);
  for (std::size_t begin = 0; begin < plane.rows(); begin += rowsAtOnce) {
    const std::size_t end = std::min(begin + rowsAtOnce, plane.rows());
    for (std::size_t row = begin; row < end; ++row) {
      std::memcpy(host_.get() + start + row * pitch, plane.row(row), plane.rowBytes);
    }
    upload(start + begin * pitch, (end - begin) * pitch, stream);
  }
}

void Staging::fetchPlane(const ImagePlane& plane, std::size_t start, std::size_t pitch, cudaStream_t stream) {
  cuda::check(cudaMemcpy2DAsync(device_.get() + start, pitch, plane.row(0), plane.pitch, plane.rowBytes, plane.rows(),
                                cudaMemcpyHostToDevice, stream),
              "fetching an image");
}

ImageView Staging::copyScaled(const ImageView& image, Size scaled, cudaStream_t stream) {
  const std::size_t pitch = Letterboxer::scaledPitch(scaled.width);
  provide(pitch * static_cast<std::size_t>(scaled.height), true);
  const int rowsAtOnce = static_cast<int>(std::max<std::size_t>(1, kChunk / pitch));
  for (int begin = 0; begin < scaled.height; begin += rowsAtOnce) {
    const int end = std::min(begin + rowsAtOnce, scaled.height);
    const std::size_t first = static_cast<std::size_t>(begin) * pitch;
    letterboxer_.scaleRows(image, scaled, begin, end, host_.get() + first);
    upload(first, static_cast<std::size_t>(end - begin) * pitch, stream);
  }
  return {device_.get(), scaled, 4, pitch};
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

void Staging::upload(std::size_t first, std::size_t bytes, cudaStream_t stream) {
  cuda::check(cudaMemcpyAsync(device_.get() + first, host_.get() + first, bytes, cudaMemcpyHostToDevice, stream),
              "copying an image");
}

}  // namespace trtyolo::tensorrt
