// The kernel of the center crop. A block makes a tile of the input: chunk by chunk, the pixels of the first pass that
// the tile needs go to shared memory, and each thread adds those of its pixel's window to its sum. Sums are of integers
// and exact, so their order does not matter.
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "cuda/launch.cuh"
#include "image/cuda/center_crop.hpp"
#include "image/cuda/center_crop_pixel.hpp"
#include "image/cuda/converted_pixel.hpp"
#include "image/cuda/plane_values.hpp"

namespace trtyolo::cuda {
namespace {

constexpr int kTileColumns = 32;
constexpr int kTileRows = 4;
constexpr int kThreadRows =
    8;  // rows of kTileColumns threads; the first kTileRows of them have a pixel of the tile each

// Of the first pass: source rows, filtered to the tile's columns, where the horizontal pass comes first; source
// columns, blended to the tile's rows, where it comes second.
constexpr int kChunkRows = 32;
constexpr int kRowsOfThread = kChunkRows / kThreadRows;
constexpr int kChunkColumns = kChunkRows * kTileColumns / kTileRows;

// The tile of this block and the pixel of this thread.
struct Place {
  int tileX;
  int endX;  // of the tile, within the network
  int tileY;
  int endY;
  int column;
  int row;
  int x;
  int y;
  bool inTile;  // whether the thread has a pixel
};

// What filterRows() does, of images that are not interleaved bytes.
__device__ void filterConvertedRows(const ImageSlot& slot, const CropTable& table, Size network, const Place& place,
                                    int first, int end, Pixel* chunk) {
  const int x = place.x < network.width ? place.x : network.width - 1;
  for (int row = place.row; first + row < end; row += kThreadRows) {
    CropSum<3> sum;
    sum.clear();
    for (int tap = 0; tap < table.columnCount[x]; ++tap) {
      sum.add(convertedPixel(slot, table.columnFirst[x] + tap, first + row),
              table.columnWeights[static_cast<std::size_t>(tap) * static_cast<std::size_t>(network.width) +
                                  static_cast<std::size_t>(x)]);
    }
    chunk[row * kTileColumns + place.column] = sum.pixel();
  }
}

// A pixel of what blendColumns() makes of such.
__device__ Pixel blendConvertedColumn(const ImageSlot& slot, const std::int32_t* weights, int count, int first, int x) {
  CropSum<3> sum;
  sum.clear();
  for (int tap = 0; tap < count; ++tap) {
    sum.add(convertedPixel(slot, x, first + tap), weights[tap]);
  }
  return sum.pixel();
}

// Filters source rows `first` to `end` - 1, a chunk or less of them, to the tile's columns. The rows of a thread are
// loaded together, so that none waits for the other.
template <int kChannels>
__device__ void filterRows(const ImageSlot& slot, const CropTable& table, Size network, const Place& place, int first,
                           int end, Pixel* chunk) {
  const int x = place.x < network.width ? place.x : network.width - 1;
  const int rowBytes = slot.size.width * kChannels;
  const std::uint8_t* const rows = slot.pixels + static_cast<std::size_t>(first + place.row) * slot.pitch;
  int at = table.columnFirst[x] * kChannels;
  CropSum<kUsedChannels<kChannels>> sums[kRowsOfThread];
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    sums[i].clear();
  }
  for (int tap = 0; tap < table.columnTaps; tap += kCropGroup, at += kCropGroup * kChannels) {
    std::int32_t weights[kCropGroup];
#pragma unroll
    for (int i = 0; i < kCropGroup; ++i) {
      weights[i] = table.columnWeights[static_cast<std::size_t>(tap + i) * static_cast<std::size_t>(network.width) +
                                       static_cast<std::size_t>(x)];
    }
    GroupBytes<kChannels> bytes[kRowsOfThread] = {};
    const bool byWords = readsGroupByWords<kChannels>(at, rowBytes);
#pragma unroll
    for (int i = 0; i < kRowsOfThread; ++i) {
      if (first + place.row + i * kThreadRows < end) {
        const std::uint8_t* const row = rows + static_cast<std::size_t>(i * kThreadRows) * slot.pitch;
        bytes[i] =
            byWords ? loadGroup<kChannels, true>(row, at, rowBytes) : loadGroup<kChannels, false>(row, at, rowBytes);
      }
    }
#pragma unroll
    for (int i = 0; i < kRowsOfThread; ++i) {
      addGroup<kChannels>(sums[i], bytes[i], weights);
    }
  }
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    chunk[(place.row + i * kThreadRows) * kTileColumns + place.column] = sums[i].pixel();
  }
}

// Horizontal pass first. Returns the pixel of this thread.
template <int kChannels>
__device__ Pixel cropByRows(const ImageSlot& slot, const CropTable& table, Size network, const Place& place,
                            Pixel* chunk) {
  const int end = table.rowFirst[place.endY - 1] + table.rowCount[place.endY - 1];
  const int windowFirst = place.inTile ? table.rowFirst[place.y] : 0;
  const int windowEnd = place.inTile ? windowFirst + table.rowCount[place.y] : 0;
  const std::int32_t* const weights =
      table.rowWeights + static_cast<std::ptrdiff_t>(place.inTile ? place.y : 0) * table.rowTaps;
  CropSum<kUsedChannels<kChannels>> sum;
  sum.clear();
  for (int first = table.rowFirst[place.tileY]; first < end; first += kChunkRows) {
    const int chunkEnd = min(first + kChunkRows, end);
    if constexpr (kChannels == kConverted) {
      filterConvertedRows(slot, table, network, place, first, chunkEnd, chunk);
    } else {
      filterRows<kChannels>(slot, table, network, place, first, chunkEnd, chunk);
    }
    __syncthreads();
    for (int row = max(first, windowFirst); row < min(chunkEnd, windowEnd); ++row) {
      sum.add(chunk[(row - first) * kTileColumns + place.column], weights[row - windowFirst]);
    }
    __syncthreads();
  }
  return sum.pixel();
}

// Blends source columns `first` to `end` - 1, a chunk or less of them, to the tile's rows.
template <int kChannels>
__device__ void blendColumns(const ImageSlot& slot, const CropTable& table, const Place& place, int first, int end,
                             Pixel* chunk) {
  constexpr int kStep = kThreadRows / kTileRows * kTileColumns;
  const int tileRow = place.row % kTileRows;
  const int y = place.tileY + tileRow;
  if (y >= place.endY) {
    return;
  }
  const int count = table.rowCount[y];
  const std::int32_t* const weights = table.rowWeights + static_cast<std::ptrdiff_t>(y) * table.rowTaps;
  const std::uint8_t* const rows = slot.pixels + static_cast<std::size_t>(table.rowFirst[y]) * slot.pitch;
  for (int x = first + place.row / kTileRows * kTileColumns + place.column; x < end; x += kStep) {
    Pixel& to = chunk[tileRow * kChunkColumns + x - first];
    if constexpr (kChannels == kConverted) {
      to = blendConvertedColumn(slot, weights, count, table.rowFirst[y], x);
    } else {
      const std::uint8_t* from = rows + static_cast<std::size_t>(x) * kChannels;
      CropSum<kUsedChannels<kChannels>> sum;
      sum.clear();
#pragma unroll 8
      for (int tap = 0; tap < count; ++tap, from += slot.pitch) {
        addImagePixel<kChannels>(sum, from, weights[tap]);
      }
      to = sum.pixel();
    }
  }
}

// Vertical pass first. Returns the pixel of this thread.
template <int kChannels>
__device__ Pixel cropByColumns(const ImageSlot& slot, const CropTable& table, Size network, const Place& place,
                               Pixel* chunk) {
  const int end = table.columnFirst[place.endX - 1] + table.columnCount[place.endX - 1];
  const int windowFirst = place.inTile ? table.columnFirst[place.x] : 0;
  const int windowEnd = place.inTile ? windowFirst + table.columnCount[place.x] : 0;
  CropSum<kUsedChannels<kChannels>> sum;
  sum.clear();
  for (int first = table.columnFirst[place.tileX]; first < end; first += kChunkColumns) {
    const int chunkEnd = min(first + kChunkColumns, end);
    blendColumns<kChannels>(slot, table, place, first, chunkEnd, chunk);
    __syncthreads();
    for (int column = max(first, windowFirst); column < min(chunkEnd, windowEnd); ++column) {
      sum.add(
          chunk[place.row * kChunkColumns + column - first],
          table.columnWeights[static_cast<std::size_t>(column - windowFirst) * static_cast<std::size_t>(network.width) +
                              static_cast<std::size_t>(place.x)]);
    }
    __syncthreads();
  }
  return sum.pixel();
}

template <int kChannels>
__device__ Pixel crop(const ImageSlot& slot, const CropTable& table, Size network, const Place& place, Pixel* chunk) {
  return table.verticalFirst ? cropByColumns<kChannels>(slot, table, network, place, chunk)
                             : cropByRows<kChannels>(slot, table, network, place, chunk);
}

template <class T, bool kNormalize>
__global__ void __launch_bounds__(kTileColumns* kThreadRows)
    centerCropKernel(const ImageSlot* __restrict__ slots, const std::uint8_t* __restrict__ tables,
                     std::size_t tableStride, Size network, PlaneValues values, T* __restrict__ input) {
  __shared__ Pixel chunk[kChunkRows * kTileColumns];

  const ImageSlot slot = slots[blockIdx.z];
  if (slot.pixels == nullptr) {
    return;
  }
  const CropTable table = cropTableAt(tables + blockIdx.z * tableStride, network);
  Place place;
  place.tileX = static_cast<int>(blockIdx.x) * kTileColumns;
  place.endX = min(place.tileX + kTileColumns, network.width);
  place.tileY = static_cast<int>(blockIdx.y) * kTileRows;
  place.endY = min(place.tileY + kTileRows, network.height);
  place.column = static_cast<int>(threadIdx.x);
  place.row = static_cast<int>(threadIdx.y);
  place.x = place.tileX + place.column;
  place.y = place.tileY + place.row;
  place.inTile = place.x < place.endX && place.y < place.endY;

  const Pixel pixel = slot.conversion.needed() ? crop<kConverted>(slot, table, network, place, chunk)
                      : slot.channels == 3     ? crop<3>(slot, table, network, place, chunk)
                      : slot.channels == 4     ? crop<4>(slot, table, network, place, chunk)
                                               : crop<1>(slot, table, network, place, chunk);
  if (!place.inTile) {
    return;
  }
  const std::size_t width = static_cast<std::size_t>(network.width);
  const std::size_t area = width * static_cast<std::size_t>(network.height);
  T* const to =
      input + blockIdx.z * 3 * area + static_cast<std::size_t>(place.y) * width + static_cast<std::size_t>(place.x);
#pragma unroll
  for (int plane = 0; plane < 3; ++plane) {
    const std::uint32_t byte = channelOf(pixel, values.swapRB ? 2 - plane : plane);
    to[static_cast<std::size_t>(plane) * area] = inputOf<T, kNormalize>(byte, values, plane);
  }
}

template <class T>
void start(const ImageSlot* slots, const std::uint8_t* tables, std::size_t tableStride, dim3 grid, Size network,
           const Normalization& normalization, T* input, cudaStream_t stream) {
  const dim3 block(kTileColumns, kThreadRows);
  const PlaneValues values = planeValues(normalization);
  launch("starting the center crop", normalization.plain() ? centerCropKernel<T, false> : centerCropKernel<T, true>,
         grid, block, stream, slots, tables, tableStride, network, values, input);
}

}  // namespace

void centerCrop(const ImageSlot* slots, const void* tables, std::size_t tableStride, int batch, Size network,
                const Normalization& normalization, void* input, bool half, cudaStream_t stream) {
  if (batch == 0) {
    return;
  }
  const dim3 grid(static_cast<unsigned>((network.width + kTileColumns - 1) / kTileColumns),
                  static_cast<unsigned>((network.height + kTileRows - 1) / kTileRows), static_cast<unsigned>(batch));
  const auto* const bytes = static_cast<const std::uint8_t*>(tables);
  if (half) {
    start(slots, bytes, tableStride, grid, network, normalization, static_cast<__half*>(input), stream);
  } else {
    start(slots, bytes, tableStride, grid, network, normalization, static_cast<float*>(input), stream);
  }
}

}  // namespace trtyolo::cuda
