// The tables of the centre crop's kernel for each place of a batch, on the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <vector>

#include "cuda/memory.hpp"
#include "image/cuda/crop_table.hpp"

namespace trtyolo::tensorrt {

// One thread at a time; the stream of the copies must have been synchronized before the next image.
class CropTables {
 public:
  explicit CropTables(std::size_t places) : places_(places) {}

  // Makes room for tables of such images; true if memory moved. To be called for all images before fill() for any.
  bool provide(Size image, Size network);
  // Fills the table of a place for the image, in the stream's order. Returns the rows that the crop reads.
  cuda::RowRange fill(std::size_t place, Size image, Size network, cudaStream_t stream);

  const void* data() const { return device_.get(); }
  std::size_t stride() const { return stride_; }

 private:
  struct Place {
    Size image, network;
    cuda::RowRange rows;
  };

  std::vector<Place> places_;
  std::size_t stride_ = 0;
  cuda::PinnedMemory<std::byte> host_;
  cuda::DeviceMemory<std::byte> device_;
};

}  // namespace trtyolo::tensorrt
