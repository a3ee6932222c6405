// The masks' kernel: a block makes the runs of some of an object's rows. It weighs the prototypes under them into
// shared memory, then each warp looks for the places of a row where the sign changes.
#include "cuda/launch.cuh"
#include "model/back_transform.hpp"
#include "model/cuda/device_values.cuh"
#include "model/cuda/masks.hpp"

namespace trtyolo::cuda {
namespace {

constexpr unsigned kWarps = 4, kThreads = 32 * kWarps, kAll = 0xFFFFFFFFU;
constexpr int kGroup = 4;         // channels that are added up together
constexpr int kAtOnce = 16;       // channels whose loads are under way at once
constexpr int kTileCells = 4096;  // logits in shared memory
constexpr int kBandRows = 64;     // rows of pixels that are looked at together

// Rows and columns `begin` to `end` - 1.
struct Range {
  int begin, end;
};

// What a block works on.
struct Area {
  MaskGeometry geometry;
  Range columns, rows;  // of pixels; these rows are the block's own
  Range gridColumns;    // the columns of the grid that they lie between
  Range cellColumns;    // of the prototypes
  int tileRows;         // rows of the prototypes that fit into the tile
};

// Cells of the prototypes under a range of the grid.
__device__ Range cellsUnder(Range grid, int factor, int cells) {
  if (factor == 1) {
    return grid;
  }
  const float scale = 1.0F / static_cast<float>(factor);
  return {maskPlace(grid.begin, scale, cells).cell, smaller(maskPlace(grid.end - 1, scale, cells).cell + 2, cells)};
}

// Cells of the grid that pixels lie between.
__device__ Range gridUnder(const MaskAxis& axis, Range pixels) {
  const int first = axis.place(pixels.begin).cell, last = axis.place(pixels.end - 1).cell;
  return {axis.offset + first, axis.offset + smaller(last + 2, axis.cells)};
}

// The first pixel at or behind the centre of a cell of the axis.
__device__ int firstPixelOf(const MaskAxis& axis, int cell) {
  if (cell <= 0) {
    return 0;
  }
  if (cell >= axis.cells) {
    return axis.pixels;
  }
  const float place = (static_cast<float>(cell) + 0.5F) * axis.pixelsPerCell() - 0.5F + axis.origin;
  int pixel = clamped(static_cast<int>(clamped(place, 0.0F, 0x1p30F)), 0, axis.pixels);
  while (pixel > 0 && axis.place(pixel - 1).cell >= cell) {
    --pixel;
  }
  while (pixel < axis.pixels && axis.place(pixel).cell < cell) {
    ++pixel;
  }
  return pixel;
}

__device__ Area areaOf(const MaskWork& work, unsigned slot, const KeptObject& object) {
  Area area;
  area.geometry = work.geometries[slot];
  Box box{object.left, object.top, object.right, object.bottom}, whole = box;
  if (*work.ofSource != 0) {
    const BackTransform toSource(work.slots[slot].box);
    whole = toSource.whole(box);
    box = toSource.box(box);
  }
  if (work.within) {
    area.geometry = {1, area.geometry.columns.within(whole.left, whole.right, work.width),
                     area.geometry.rows.within(whole.top, whole.bottom, work.height)};
  }
  const MaskAxis &across = area.geometry.columns, &down = area.geometry.rows;
  area.columns = {firstPixel(box.left, across.pixels), firstPixel(box.right, across.pixels)};
  const Range rows{firstPixel(box.top, down.pixels), firstPixel(box.bottom, down.pixels)};
  if (area.columns.begin >= area.columns.end || rows.begin >= rows.end) {
    area.rows = {0, 0};
    return area;
  }
  const int pieces = static_cast<int>(kMaskPieces), piece = static_cast<int>(blockIdx.y);
  const int share = (rows.end - rows.begin + pieces - 1) / pieces;
  area.rows.begin = smaller(rows.begin + piece * share, rows.end);
  area.rows.end = smaller(area.rows.begin + share, rows.end);
  area.gridColumns = gridUnder(across, area.columns);
  area.cellColumns = cellsUnder(area.gridColumns, area.geometry.factor, work.width);
  area.tileRows = kTileCells / (area.cellColumns.end - area.cellColumns.begin);
  return area;
}

// The prototypes of the tile, weighted with the object's coefficients, in the order of operations of the CPU; or the
// object's own mask.
template <typename Value>
__device__ void weigh(const MaskWork& work, unsigned slot, std::size_t anchor, const Area& area, Range cellRows,
                      const float* weights, float* tile) {
  const int width = area.cellColumns.end - area.cellColumns.begin;
  const int count = (cellRows.end - cellRows.begin) * width;
  const std::size_t plane = static_cast<std::size_t>(work.height) * static_cast<std::size_t>(work.width);
  const Value* const first = static_cast<const Value*>(work.prototypes) +
                             static_cast<std::size_t>(slot) * static_cast<std::size_t>(work.channels) * plane;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(kThreads)) {
    const int y = cellRows.begin + i / width, x = area.cellColumns.begin + i % width;
    const Value* const cell = first + static_cast<std::size_t>(y) * static_cast<std::size_t>(work.width) + x;
    if (work.own) {
      tile[i] = maskLogit(toFloat(cell[anchor * plane]));
      continue;
    }
    float sum = 0.0F;
    int channel = 0;
    for (; channel + kAtOnce <= work.channels; channel += kAtOnce) {
      Value values[kAtOnce];
#pragma unroll
      for (int c = 0; c < kAtOnce; ++c) {
        values[c] = cell[static_cast<std::size_t>(channel + c) * plane];
      }
#pragma unroll
      for (int c = 0; c < kAtOnce; c += kGroup) {
        const auto term = [&](int of) { return weights[channel + of] * toFloat(values[of]); };
        sum += (term(c) + term(c + 1)) + (term(c + 2) + term(c + 3));
      }
    }
    for (; channel < work.channels; channel += kGroup) {
      float terms[kGroup];
#pragma unroll
      for (int c = 0; c < kGroup; ++c) {
        const bool exists = channel + c < work.channels;
        // Where the CPU has no channel it multiplies another one with 0.
        const std::size_t from = static_cast<std::size_t>(exists ? channel + c : channel);
        terms[c] = (exists ? weights[channel + c] : 0.0F) * toFloat(cell[from * plane]);
      }
      sum += (terms[0] + terms[1]) + (terms[2] + terms[3]);
    }
    tile[i] = sum;
  }
}

// A row of pixels over the tile.
struct Row {
  const float* tile;
  int width;          // of the tile
  Range cellRows;     // of the prototypes in the tile
  int cellsBegin;     // first column of the prototypes in the tile
  int height, cells;  // of the prototypes
  int factor;
  int gridRow, nextGridRow;
  float down;
  int gridBegin, gridWidth;

  __device__ float gridValue(int gridY, int gridX) const {
    if (factor == 1) {
      return tile[(gridY - cellRows.begin) * width + gridX - cellsBegin];
    }
    const float scale = 1.0F / static_cast<float>(factor);
    const MaskPlace y = maskPlace(gridY, scale, height), x = maskPlace(gridX, scale, cells);
    const float* const above = tile + (y.cell - cellRows.begin) * width;
    const float* const below = y.cell + 1 < cellRows.end ? above + width : above;
    const int left = x.cell - cellsBegin, right = smaller(left + 1, width - 1);
    const float a = above[left] * (1.0F - y.fraction) + below[left] * y.fraction;
    const float b = above[right] * (1.0F - y.fraction) + below[right] * y.fraction;
    return a * (1.0F - x.fraction) + b * x.fraction;
  }

  // The value of column `x` of the grid, counted from the first that is looked at.
  __device__ float value(int x) const {
    return gridValue(gridRow, gridBegin + x) * (1.0F - down) + gridValue(nextGridRow, gridBegin + x) * down;
  }
};

// The first of `pixels` behind the centre of `cell` that has the sign of `right`, not of `left`: as the CPU decides it.
__device__ int changeWithin(const MaskAxis& axis, int cell, float left, float right, Range pixels) {
  const int begin = larger(firstPixelOf(axis, cell), pixels.begin);
  const int end = larger(begin, smaller(firstPixelOf(axis, cell + 1), pixels.end));
  const float along = (static_cast<float>(cell) + left / (left - right)) + 0.5F;
  const float place = along * axis.pixelsPerCell() + (0.5F + axis.origin);
  const bool number = place == place;
  int pixel = clamped(number ? static_cast<int>(clamped(place, 0.0F, 0x1p30F)) : begin, begin, end);
  const float behind = place - static_cast<float>(pixel), doubt = axis.doubt();
  if (!(behind >= doubt && behind <= 1.0F - doubt)) {
    const auto isLeft = [&](int at) {
      const float fraction = axis.place(at).fraction;
      return (left * (1.0F - fraction) + right * fraction > 0.0F) == (left > 0.0F);
    };
    while (pixel > begin && !isLeft(pixel - 1)) {
      --pixel;
    }
    while (pixel < end && isLeft(pixel)) {
      ++pixel;
    }
  }
  return pixel;
}

// The places of a row where runs begin and end, in turn: how many, always an even number. Writes them, counted from the
// mask's first pixel, if `bounds` is not null. The whole warp calls it.
__device__ int boundsOfRow(const Row& row, const Area& area, int y, std::uint32_t* bounds) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  const std::uint32_t start = static_cast<std::uint32_t>(y) * static_cast<std::uint32_t>(area.geometry.columns.pixels);
  const int firstCell = area.gridColumns.begin - area.geometry.columns.offset;
  int count = 0;
  bool inside = false;
  for (int x = 0; x < row.gridWidth; x += 31) {  // neighbouring steps share a column
    const int column = smaller(x + lane, row.gridWidth - 1);
    const float left = row.value(column), right = __shfl_sync(kAll, left, (lane + 1) % 32);
    if (x == 0) {
      inside = __shfl_sync(kAll, left, 0) > 0.0F;
      if (inside) {
        if (bounds && lane == 0) {
          bounds[0] = start + static_cast<std::uint32_t>(area.columns.begin);
        }
        count = 1;
      }
    }
    const bool changes = lane < 31 && x + lane + 1 < row.gridWidth && (left > 0.0F) != (right > 0.0F);
    const unsigned lanes = __ballot_sync(kAll, changes);
    if (bounds && changes) {
      const int at = count + __popc(lanes & ((1U << lane) - 1));
      bounds[at] = start + static_cast<std::uint32_t>(
                               changeWithin(area.geometry.columns, firstCell + x + lane, left, right, area.columns));
    }
    count += __popc(lanes);
  }
  if (count % 2 != 0) {
    if (bounds && lane == 0) {
      bounds[count] = start + static_cast<std::uint32_t>(area.columns.end);
    }
    ++count;
  }
  return count;
}

template <typename Value>
__global__ void __launch_bounds__(kThreads) maskRuns(MaskWork work) {
  __shared__ float tile[kTileCells];
  __shared__ float weights[kMostMaskChannels];
  __shared__ int counts[kBandRows + 1];
  __shared__ std::uint32_t offset;
  const unsigned object = blockIdx.x, slot = blockIdx.z;
  if (work.slots[slot].pixels == nullptr || static_cast<int>(object) >= work.keptCounts[slot]) {
    return;
  }
  const KeptObject& kept = work.kept[static_cast<std::size_t>(slot) * work.capacity + object];
  MaskPiece* const piece =
      work.pieces + (static_cast<std::size_t>(slot) * work.capacity + object) * kMaskPieces + blockIdx.y;
  const Area area = areaOf(work, slot, kept);
  if (area.rows.begin >= area.rows.end) {
    if (threadIdx.x == 0) {
      *piece = {0, 0};
    }
    return;
  }
  const int coefficients = work.own ? 0 : work.channels;
  for (int c = static_cast<int>(threadIdx.x); c < coefficients; c += static_cast<int>(kThreads)) {
    weights[c] = work.coefficients.raw.count != 0
                     ? rawExtraAt(work.coefficients.raw, slot, static_cast<std::uint32_t>(c), kept.anchor, false)
                     : valueAt(work.coefficients.table, slot, static_cast<std::size_t>(c), kept.anchor);
  }
  const MaskAxis& down = area.geometry.rows;
  const int warp = static_cast<int>(threadIdx.x / 32);

  // The band that begins at a row: as many rows as the tile has prototypes for.
  const auto bandAt = [&](int begin, Range& cellRows) {
    Range rows{begin, smaller(begin + kBandRows, area.rows.end)};
    cellRows = cellsUnder(gridUnder(down, rows), area.geometry.factor, work.height);
    while (cellRows.end - cellRows.begin > area.tileRows && rows.end - rows.begin > 1) {
      rows.end = rows.begin + (rows.end - rows.begin) / 2;
      cellRows = cellsUnder(gridUnder(down, rows), area.geometry.factor, work.height);
    }
    return rows;
  };
  const auto rowAt = [&](int y, Range cellRows) {
    const MaskPlace place = down.place(y);
    Row row;
    row.tile = tile;
    row.width = area.cellColumns.end - area.cellColumns.begin;
    row.cellRows = cellRows;
    row.cellsBegin = area.cellColumns.begin;
    row.height = work.height;
    row.cells = work.width;
    row.factor = area.geometry.factor;
    row.gridRow = down.offset + place.cell;
    row.nextGridRow = down.offset + smaller(place.cell + 1, down.cells - 1);
    row.down = place.fraction;
    row.gridBegin = area.gridColumns.begin;
    row.gridWidth = area.gridColumns.end - area.gridColumns.begin;
    return row;
  };
  // Fills the tile for a band and counts what its rows have.
  const auto countBand = [&](Range rows, Range cellRows) {
    __syncthreads();  // the tile and the counts may still be in use
    weigh<Value>(work, slot, kept.anchor, area, cellRows, weights, tile);
    __syncthreads();
    for (int y = rows.begin + warp; y < rows.end; y += static_cast<int>(kWarps)) {
      const int count = boundsOfRow(rowAt(y, cellRows), area, y, nullptr);
      if (threadIdx.x % 32 == 0) {
        counts[y - rows.begin] = count;
      }
    }
    __syncthreads();
    // Sums up to each row, by one thread: there are few.
    if (threadIdx.x == 0) {
      int sum = 0;
      for (int i = 0; i < rows.end - rows.begin; ++i) {
        const int count = counts[i];
        counts[i] = sum;
        sum += count;
      }
      counts[kBandRows] = sum;
    }
    __syncthreads();
    return counts[kBandRows];
  };

  Range cellRows{};
  int total = 0, bands = 0;
  for (int y = area.rows.begin; y < area.rows.end; ++bands) {
    const Range rows = bandAt(y, cellRows);
    total += countBand(rows, cellRows);
    y = rows.end;
  }
  if (threadIdx.x == 0) {
    const std::uint32_t runs = static_cast<std::uint32_t>(total) / 2;
    offset = atomicAdd(work.used, runs);
    *piece = {offset, runs};
  }
  __syncthreads();
  if (static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(total) / 2 > work.runCapacity) {
    return;
  }
  auto* bounds = reinterpret_cast<std::uint32_t*>(work.runs + offset);
  for (int y = area.rows.begin; y < area.rows.end;) {
    const Range rows = bandAt(y, cellRows);
    const int sum = bands == 1 ? total : countBand(rows, cellRows);
    for (int at = rows.begin + warp; at < rows.end; at += static_cast<int>(kWarps)) {
      boundsOfRow(rowAt(at, cellRows), area, at, bounds + counts[at - rows.begin]);
    }
    bounds += sum;
    y = rows.end;
  }
}

}  // namespace

void makeMasks(const MaskWork& work, cudaStream_t stream) {
  if (work.capacity == 0) {
    return;
  }
  const dim3 grid(work.capacity, kMaskPieces, work.batch);
  launch("making masks", work.type == ValueType::F16 ? maskRuns<__half> : maskRuns<float>, grid, kThreads, stream,
         work);
}

}  // namespace trtyolo::cuda
