// A thread for each pixel of an image, of all planes.
#include <cuda_fp16.h>

#include "cuda/launch.cuh"
#include "image/interpolation.hpp"
#include "model/cuda/pixels.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kThreads = 256, kBlocks = 512;  // of each image; images of all sizes share a captured graph

__device__ float cellAt(const PixelWork& work, std::size_t index) {
  switch (work.type) {
    case ValueType::F16:
      return __half2float(static_cast<const __half*>(work.map)[index]);
    case ValueType::I32:
      return static_cast<float>(static_cast<const std::int32_t*>(work.map)[index]);
    case ValueType::I64:
      return static_cast<float>(static_cast<const std::int64_t*>(work.map)[index]);
    case ValueType::U8:
      return static_cast<float>(static_cast<const std::uint8_t*>(work.map)[index]);
    default:
      return static_cast<const float*>(work.map)[index];
  }
}

// Row by row, as the CPU's ScaledPlane: along x first.
template <typename Cell>
__device__ float blendedCells(const LinearTap& column, const LinearTap& row, const Cell& cell) {
  const float above =
      blended(cell(column.first, row.first), cell(column.second, row.first), column.weight0, column.weight1);
  const float below =
      blended(cell(column.first, row.second), cell(column.second, row.second), column.weight0, column.weight1);
  return blended(above, below, row.weight0, row.weight1);
}

// A plane in the size of the network's input.
struct Plane {
  const PixelWork& work;
  std::size_t first;  // its first cell
  bool aligned;

  __device__ float operator()(int x, int y) const {
    const auto cell = [this](int column, int row) {
      return cellAt(work, first + static_cast<std::size_t>(row) * work.cells.width + column);
    };
    if (work.cells.width == work.network.width && work.cells.height == work.network.height) {
      return cell(x, y);
    }
    return blendedCells(linearTap(x, {work.cells.width, work.network.width, aligned}),
                        linearTap(y, {work.cells.height, work.network.height, aligned}), cell);
  }
};

__device__ std::uint16_t namedClass(const PixelWork& work, const PixelPlace& place, std::size_t first, int x, int y) {
  const int column = nearestCell(place.left + nearestCell(x, {place.scaled.width, place.source.width}),
                                 {work.cells.width, work.network.width});
  const int row = nearestCell(place.top + nearestCell(y, {place.scaled.height, place.source.height}),
                              {work.cells.height, work.network.height});
  return classNumber(cellAt(work, first + static_cast<std::size_t>(row) * work.cells.width + column), work.none);
}

__global__ void __launch_bounds__(kThreads) fillPixels(PixelWork work) {
  const unsigned slot = blockIdx.y;
  const PixelPlace place = work.places[slot];
  const std::size_t pixels = static_cast<std::size_t>(place.source.width) * place.source.height;
  const std::size_t plane = static_cast<std::size_t>(work.cells.width) * work.cells.height;
  const std::size_t first = slot * static_cast<std::size_t>(work.planes) * plane;
  const bool aligned = work.kind == OutputLayout::Kind::Depth;
  for (std::size_t i = blockIdx.x * kThreads + threadIdx.x; i < pixels; i += gridDim.x * kThreads) {
    const int x = static_cast<int>(i % place.source.width), y = static_cast<int>(i / place.source.width);
    const std::size_t to = slot * work.capacity + i;
    if (work.kind == OutputLayout::Kind::ClassMap) {
      work.classes[to] = namedClass(work, place, first, x, y);
      continue;
    }
    const LinearTap column = linearTap(x, {place.scaled.width, place.source.width, aligned});
    const LinearTap row = linearTap(y, {place.scaled.height, place.source.height, aligned});
    const auto valueOf = [&](int c) {
      const Plane values{work, first + c * plane, aligned};
      return blendedCells(column, row,
                          [&](int cellX, int cellY) { return values(place.left + cellX, place.top + cellY); });
    };
    float best = valueOf(0);
    if (aligned) {
      work.metres[to] = best;
      continue;
    }
    int chosen = work.planes == 1 && best > 0.0F ? 1 : 0;
    for (int c = 1; c < work.planes; ++c) {
      const float value = valueOf(c);
      chosen = value > best ? c : chosen;
      best = larger(best, value);
    }
    work.classes[to] = static_cast<std::uint16_t>(chosen);
  }
}

}  // namespace

void makePixels(const PixelWork& work, cudaStream_t stream) {
  launch("starting to scale maps", fillPixels, dim3(kBlocks, work.batch), kThreads, stream, work);
}

}  // namespace trtyolo::cuda
