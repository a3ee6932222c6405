// Places of the device for images in host memory.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "cuda/memory.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/letterbox.hpp"
#include "runtime/tensorrt/uploads.hpp"

namespace trtyolo::tensorrt {

// Memory for one image, page-locked and on the device. Grows with the images. One thread at a time; the stream of the
// copies must have been synchronized before the next image. Returned views are on the device, and valid until the next
// call.
class Staging {
 public:
  // Adds to `uploads` what brings the image to the device, or the scaled image if that is much smaller. The view has
  // the image's size or box.scaled.
  ImageView copyLetterboxed(const ImageView& image, const Letterbox& box, Uploads& uploads);
  // The same of only `rows`. The view has the image's size; its other rows must not be read.
  ImageView copy(const ImageView& image, cuda::RowRange rows, Uploads& uploads);
  // The same of an image in page-locked memory, which the device fetches by itself, in the stream's order.
  ImageView fetch(const ImageView& image, cuda::RowRange rows, cudaStream_t stream);
  // The rotated part of an image that is on the device already, upright, made in the stream's order.
  ImageView upright(const ImageView& image, cudaStream_t stream);

 private:
  // Where a plane goes, and how far its rows are apart there.
  struct Place {
    std::size_t start;
    std::size_t pitch;
  };

  template <typename Bring>
  ImageView place(const ImageView& image, cuda::RowRange rows, bool throughHost, const Bring& bring);
  Uploads::Target at(const Place& place) const;
  void provide(std::size_t bytes, bool throughHost);

  cuda::UploadMemory<std::uint8_t> host_;
  cuda::DeviceMemory<std::uint8_t> device_;
};

}  // namespace trtyolo::tensorrt
