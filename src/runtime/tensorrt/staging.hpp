// Images of pageable host memory on their way to the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/memory.hpp"
#include "image/cuda/crop_table.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::tensorrt {

// A place for one image: page-locked, and on the device. Grows with the images. One thread at a time; the stream of the
// copies must have been waited for before the next image.
class Staging {
 public:
  // Copies the rows of `image` that its letterbox is made of to the device, in the stream's order. The view that is
  // given back lies on the device, has the image's size and another pitch, and is valid until the next call; its other
  // rows hold anything.
  ImageView copyLetterboxed(const ImageView& image, const Letterbox& box, cudaStream_t stream);
  // The same with the rows that are named.
  ImageView copy(const ImageView& image, cuda::RowRange rows, cudaStream_t stream);

 private:
  // `count` rows from `first` on, `step` rows apart.
  ImageView copy(const ImageView& image, std::size_t first, std::size_t step, std::size_t count, cudaStream_t stream);

  cuda::UploadMemory<std::uint8_t> host_;
  cuda::DeviceMemory<std::uint8_t> device_;
  Letterbox planned_;      // whose rows are in rows_
  std::vector<int> rows_;  // rising
};

}  // namespace trtyolo::tensorrt
