// The kernel of the letterbox in real numbers. A thread writes one pixel of the input.
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/launch.cuh"
#include "image/cuda/converted_pixel.hpp"
#include "image/cuda/plane_values.hpp"
#include "image/cuda/real_letterbox.hpp"
#include "image/real_pixel.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kBlockColumns = 32, kBlockRows = 8;

template <class T>
__global__ void __launch_bounds__(kBlockColumns* kBlockRows)
    realLetterboxKernel(const ImageSlot* __restrict__ slots, Size network, PlaneValues values, T* __restrict__ input) {
  const ImageSlot slot = slots[blockIdx.z];
  const auto inputX = static_cast<int>(blockIdx.x * kBlockColumns + threadIdx.x);
  const auto inputY = static_cast<int>(blockIdx.y * kBlockRows + threadIdx.y);
  if (slot.pixels == nullptr || inputX >= network.width || inputY >= network.height) {
    return;
  }
  const Letterbox& box = slot.box;
  const int x = inputX - box.left, y = inputY - box.top;
  const bool inside = x >= 0 && x < box.scaled.width && y >= 0 && y < box.scaled.height;
  LinearTap column, row;
  if (inside) {
    column = linearTap(x, {slot.size.width, box.scaled.width});
    row = linearTap(y, {slot.size.height, box.scaled.height});
  }
  const bool converts = inside && slot.conversion.needed();
  Pixel pixels[4] = {};
  if (converts) {
    pixels[0] = convertedPixel(slot, column.first, row.first);
    pixels[1] = convertedPixel(slot, column.second, row.first);
    pixels[2] = convertedPixel(slot, column.first, row.second);
    pixels[3] = convertedPixel(slot, column.second, row.second);
  }
  const std::uint8_t* const above = slot.pixels + static_cast<std::size_t>(row.first) * slot.pitch;
  const std::uint8_t* const below = slot.pixels + static_cast<std::size_t>(row.second) * slot.pitch;
  const auto valueOf = [&](int channel) {
    return converts ? realBlend(channelOf(pixels[0], channel), channelOf(pixels[1], channel),
                                channelOf(pixels[2], channel), channelOf(pixels[3], channel), column, row)
                    : realPixel(above, below, slot.channels, channel, column, row);
  };
  const std::size_t width = static_cast<std::size_t>(network.width);
  const std::size_t area = width * static_cast<std::size_t>(network.height);
  T* const to =
      input + blockIdx.z * 3 * area + static_cast<std::size_t>(inputY) * width + static_cast<std::size_t>(inputX);
  for (int plane = 0; plane < 3; ++plane) {
    const int channel = values.swapRB ? 2 - plane : plane;
    to[static_cast<std::size_t>(plane) * area] =
        inside ? toInput<T>(normalized(valueOf(channel), values.mean[plane], values.std[plane]))
               : toInput<T>(values.border[plane]);
  }
}

template <class T>
void startReal(const ImageSlot* slots, dim3 grid, Size network, const Normalization& normalization, T* input,
               cudaStream_t stream) {
  launch("starting the letterbox in real numbers", realLetterboxKernel<T>, grid, dim3(kBlockColumns, kBlockRows),
         stream, slots, network, planeValues(normalization), input);
}

}  // namespace

void realLetterbox(const ImageSlot* slots, int batch, Size network, const Normalization& normalization, void* input,
                   bool half, cudaStream_t stream) {
  if (batch == 0) {
    return;
  }
  const auto blocks = [](int side, unsigned of) { return (static_cast<unsigned>(side) + of - 1) / of; };
  const dim3 grid(blocks(network.width, kBlockColumns), blocks(network.height, kBlockRows),
                  static_cast<unsigned>(batch));
  if (half) {
    startReal(slots, grid, network, normalization, static_cast<__half*>(input), stream);
  } else {
    startReal(slots, grid, network, normalization, static_cast<float*>(input), stream);
  }
}

}  // namespace trtyolo::cuda
