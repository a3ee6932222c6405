// The kernel of rotated parts. A thread writes one pixel.
#include <cuda_runtime.h>

#include <algorithm>

#include "cuda/launch.cuh"
#include "image/cuda/rotated_crop.hpp"
#include "image/cuda/rotated_pixel.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kBlockColumns = 32, kBlockRows = 8;
constexpr unsigned kMostBlockRows = 65535;  // of a grid

// Where the pixels go.
struct Target {
  std::uint8_t* pixels;
  std::size_t pitch;
  Size size;
  bool oneChannel;
};

__global__ void __launch_bounds__(kBlockColumns* kBlockRows)
    rotatedCropKernel(ImageSlot image, Rotation rotation, Target to) {
  const auto x = static_cast<int>(blockIdx.x * kBlockColumns + threadIdx.x);
  if (x >= to.size.width) {
    return;
  }
  const auto step = static_cast<int>(gridDim.y * kBlockRows);
  for (auto y = static_cast<int>(blockIdx.y * kBlockRows + threadIdx.y); y < to.size.height; y += step) {
    const Pixel pixel = rotatedPixel(image, rotation, x, y);
    std::uint8_t* const row = to.pixels + static_cast<std::size_t>(y) * to.pitch;
    if (to.oneChannel) {
      row[x] = static_cast<std::uint8_t>(channelOf(pixel, 0));
    } else {
      reinterpret_cast<Pixel*>(row)[x] = pixel;
    }
  }
}

}  // namespace

void rotatedCrop(const ImageView& image, std::uint8_t* upright, std::size_t pitch, cudaStream_t stream) {
  const auto blocks = [](int side, unsigned of) { return (static_cast<unsigned>(side) + of - 1) / of; };
  const dim3 grid(blocks(image.size.width, kBlockColumns),
                  std::min(blocks(image.size.height, kBlockRows), kMostBlockRows));
  launch("starting a rotated crop", rotatedCropKernel, grid, dim3(kBlockColumns, kBlockRows), stream,
         slotFor(image.inMemory(), Letterbox()), *image.rotation,
         Target{upright, pitch, image.size, uprightChannels(image) == 1});
}

}  // namespace trtyolo::cuda
