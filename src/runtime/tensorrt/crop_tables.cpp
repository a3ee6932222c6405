#include "runtime/tensorrt/crop_tables.hpp"

#include "cuda/error.hpp"

namespace trtyolo::tensorrt {

bool CropTables::provide(Size image, Size network) {
  const std::size_t bytes = cuda::cropTableBytes(image, network);
  if (bytes <= stride_) {
    return false;
  }
  stride_ = 0;
  places_.assign(places_.size(), {});
  host_ = {};
  device_ = {};
  host_ = cuda::PinnedMemory<std::byte>(places_.size() * bytes);
  device_ = cuda::DeviceMemory<std::byte>(places_.size() * bytes);
  stride_ = bytes;
  return true;
}

cuda::RowRange CropTables::fill(std::size_t place, Size image, Size network, cudaStream_t stream) {
  Place& at = places_[place];
  if (!(at.image == image) || !(at.network == network)) {
    at = {};
    std::byte* const table = host_.get() + place * stride_;
    const cuda::RowRange rows = cuda::fillCropTable(image, network, table);
    cuda::check(cudaMemcpyAsync(device_.get() + place * stride_, table, cuda::cropTableBytes(image, network),
                                cudaMemcpyHostToDevice, stream),
                "copying a crop's table");
    at = {image, network, rows};
  }
  return at.rows;
}

}  // namespace trtyolo::tensorrt
