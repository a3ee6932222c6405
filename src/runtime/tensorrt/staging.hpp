// Copies images from host memory to the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/memory.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::tensorrt {

// Memory for one image, page-locked and on the device. Grows with the images. One thread at a time; the stream of the
// copies must have been synchronized before the next image.
class Staging {
 public:
  // Copies the image to the device, in the stream's order, or the scaled image if that is much smaller. The returned
  // view is on the device, valid until the next call, and has the image's size or box.scaled.
  ImageView copyLetterboxed(const ImageView& image, const Letterbox& box, cudaStream_t stream);
  // Copies only `rows` to the device. The view has the image's size; its other rows must not be read.
  ImageView copy(const ImageView& image, cuda::RowRange rows, cudaStream_t stream);
  // The same of an image in page-locked memory, which the device fetches by itself.
  ImageView fetch(const ImageView& image, cuda::RowRange rows, cudaStream_t stream);

 private:
  using CopyPlane = void (Staging::*)(const ImagePlane& plane, std::size_t start, std::size_t pitch,
                                      cudaStream_t stream);

  ImageView place(const ImageView& image, cuda::RowRange rows, CopyPlane bring, bool throughHost, cudaStream_t stream);
  void copyPlane(const ImagePlane& plane, std::size_t start, std::size_t pitch, cudaStream_t stream);
  void fetchPlane(const ImagePlane& plane, std::size_t start, std::size_t pitch, cudaStream_t stream);
  ImageView copyScaled(const ImageView& image, Size scaled, cudaStream_t stream);
  void provide(std::size_t bytes, bool throughHost);
  void upload(std::size_t first, std::size_t bytes, cudaStream_t stream);

  Letterboxer letterboxer_;
  cuda::UploadMemory<std::uint8_t> host_;
  cuda::DeviceMemory<std::uint8_t> device_;
};

}  // namespace trtyolo::tensorrt
