// The kernel of the letterbox. A block writes a tile of the input; from where and with which weights its columns and
// rows are made is worked out once for the tile, since that takes double precision, which is slow on many GPUs.
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/launch.cuh"
#include "image/cuda/converted_pixel.hpp"
#include "image/cuda/letterbox.hpp"
#include "image/cuda/letterbox_pixel.hpp"
#include "image/cuda/plane_values.hpp"

namespace trtyolo::cuda {
namespace {

constexpr int kTileColumns = 128;
constexpr int kTileRows = 8;
constexpr int kThreadRows = 2;  // rows of threads; each thread has every kThreadRows-th row of the tile
constexpr int kRowsOfThread = kTileRows / kThreadRows;

// The pixels of one column of the tile that this thread has to make; rows outside the image stay as they are. All loads
// are started before the first is waited for.
template <int kChannels, bool kWords>
__device__ void makePixels(const ImageSlot& slot, ColumnTaps column, const RowTaps* rows, int firstRow, Pixel* pixels) {
  TapBytes bytes0[kRowsOfThread] = {};
  TapBytes bytes1[kRowsOfThread] = {};
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    const int y = firstRow + i * kThreadRows;
    if (y >= 0 && y < slot.box.scaled.height) {
      const RowTaps row = rows[i * kThreadRows];
      bytes0[i] = loadTaps<kChannels, kWords>(slot.pixels + static_cast<std::size_t>(row.source0) * slot.pitch, column);
      if (row.source1 != row.source0) {
        bytes1[i] =
            loadTaps<kChannels, kWords>(slot.pixels + static_cast<std::size_t>(row.source1) * slot.pitch, column);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    const RowTaps row = rows[i * kThreadRows];
    pixels[i] = pixelOf<kChannels>(bytes0[i], bytes1[i], column, row);
  }
}

template <int kChannels>
__device__ void makePixels(const ImageSlot& slot, int width, ColumnTaps column, const RowTaps* rows, int firstRow,
                           Pixel* pixels) {
  if (readsWords<kChannels>(column, width)) {
    makePixels<kChannels, true>(slot, column, rows, firstRow, pixels);
  } else {
    makePixels<kChannels, false>(slot, column, rows, firstRow, pixels);
  }
}

// Of images that are not interleaved bytes. A function of its own, so that others do not pay for its registers: it gets
// the slot where that lies in memory.
__device__ __noinline__ Pixel makeConvertedPixel(const ImageSlot* slot, ColumnTaps column, RowTaps row) {
  return scaledConvertedPixel(*slot, column, row);
}

template <class T, bool kNormalize>
__global__ void __launch_bounds__(kTileColumns* kThreadRows)
    letterboxKernel(const ImageSlot* __restrict__ slots, Size network, PlaneValues values, T* __restrict__ input) {
  __shared__ double steps[2];
  __shared__ ColumnTaps columns[kTileColumns];
  __shared__ RowTaps rows[kTileRows];

  const ImageSlot slot = slots[blockIdx.z];
  if (slot.pixels == nullptr) {
    return;
  }
  const Letterbox& box = slot.box;
  const Size size = slot.size;
  const auto column = static_cast<int>(threadIdx.x);
  const auto row = static_cast<int>(threadIdx.y);

  // The tile and this thread's first pixel, from the scaled image's corner on.
  const int tileX = static_cast<int>(blockIdx.x) * kTileColumns - box.left;
  const int tileY = static_cast<int>(blockIdx.y) * kTileRows - box.top;
  const int x = tileX + column;
  const int y = tileY + row;
  const bool insideColumn = x >= 0 && x < box.scaled.width;

  Pixel pixels[kRowsOfThread] = {};
  const bool tileHasImage = tileX < box.scaled.width && tileX + kTileColumns > 0 && tileY < box.scaled.height &&
                            tileY + kTileRows > 0;  // the same for all threads of the block
  if (tileHasImage) {
    if (column == 0) {
      steps[row] = row == 0 ? sourceStep(size.width, box.scaled.width) : sourceStep(size.height, box.scaled.height);
    }
    __syncthreads();
    if (row == 0) {
      columns[column] = columnTaps(positionAt(x, steps[0]), size.width);
    } else if (column < kTileRows) {
      rows[column] = rowTaps(positionAt(tileY + column, steps[1]), size.height);
    }
    __syncthreads();
    if (insideColumn) {
      if (slot.conversion.needed()) {
#pragma unroll
        for (int i = 0; i < kRowsOfThread; ++i) {
          const int scaledY = y + i * kThreadRows;
          if (scaledY >= 0 && scaledY < box.scaled.height) {
            pixels[i] = makeConvertedPixel(slots + blockIdx.z, columns[column], rows[row + i * kThreadRows]);
          }
        }
      } else if (slot.channels == 3) {
        makePixels<3>(slot, size.width, columns[column], rows + row, y, pixels);
      } else if (slot.channels == 4) {
        makePixels<4>(slot, size.width, columns[column], rows + row, y, pixels);
      } else {
        makePixels<1>(slot, size.width, columns[column], rows + row, y, pixels);
      }
    }
  }

  const int inputX = x + box.left;
  if (inputX >= network.width) {
    return;
  }
  const std::size_t width = static_cast<std::size_t>(network.width);
  const std::size_t area = width * static_cast<std::size_t>(network.height);
  T* const planes = input + blockIdx.z * 3 * area + static_cast<std::size_t>(inputX);
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    const int rowY = y + i * kThreadRows;
    const int inputY = rowY + box.top;
    if (inputY >= network.height) {
      return;
    }
    const bool inside = insideColumn && rowY >= 0 && rowY < box.scaled.height;
    T* const to = planes + static_cast<std::size_t>(inputY) * width;
#pragma unroll
    for (int plane = 0; plane < 3; ++plane) {
      const std::uint32_t byte = channelOf(pixels[i], values.swapRB ? 2 - plane : plane);
      to[static_cast<std::size_t>(plane) * area] =
          inside ? inputOf<T, kNormalize>(byte, values, plane) : toInput<T>(values.border[plane]);
    }
  }
}

template <class T>
void start(const ImageSlot* slots, dim3 grid, Size network, const Normalization& normalization, T* input,
           cudaStream_t stream) {
  const dim3 block(kTileColumns, kThreadRows);
  const PlaneValues values = planeValues(normalization);
  launch("starting the letterbox", normalization.plain() ? letterboxKernel<T, false> : letterboxKernel<T, true>, grid,
         block, stream, slots, network, values, input);
}

}  // namespace

void letterbox(const ImageSlot* slots, int batch, Size network, const Normalization& normalization, void* input,
               bool half, cudaStream_t stream) {
  if (batch == 0) {
    return;
  }
  const dim3 grid(static_cast<unsigned>((network.width + kTileColumns - 1) / kTileColumns),
                  static_cast<unsigned>((network.height + kTileRows - 1) / kTileRows), static_cast<unsigned>(batch));
  if (half) {
    start(slots, grid, network, normalization, static_cast<__half*>(input), stream);
  } else {
    start(slots, grid, network, normalization, static_cast<float*>(input), stream);
  }
}

}  // namespace trtyolo::cuda
