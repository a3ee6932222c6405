#include "model/pixel_maps.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <utility>

#include "image/interpolation.hpp"
#include "model/scaled_rows.hpp"

namespace trtyolo {
namespace {

using Kind = OutputLayout::Kind;

constexpr std::int64_t kMostCells = 16384;  // a side
constexpr std::uint16_t kNoClass = 255, kNoClassOfMany = 65535;

std::size_t areaOf(Size size) {
  return static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height);
}

// A plane of floats that is scaled: each row is a blend of two that were scaled along x before.
class ScaledPlane {
 public:
  // Row `r` of the plane begins at plane + r * pitch. `columns` must outlive this.
  ScaledPlane(const float* plane, int pitch, const LinearTaps& columns)
      : plane_(plane), pitch_(static_cast<std::size_t>(pitch)), columns_(columns), rows_(2 * columns.size()) {}

  void makeRow(const LinearTap& tap, float* to) {
    const float* const first = scaled(tap.first, tap.second);
    const float* const second = tap.second == tap.first ? first : scaled(tap.second, tap.first);
    blendRows(first, second, tap.weight0, tap.weight1, columns_.size(), to);
  }

 private:
  // `kept` is a row that must stay.
  const float* scaled(int row, int kept) {
    const std::size_t place = which_[0] == row ? 0 : which_[1] == row ? 1 : which_[0] == kept ? 1 : 0;
    float* const to = rows_.data() + place * columns_.size();
    if (which_[place] != row) {
      scaleRow(plane_ + static_cast<std::size_t>(row) * pitch_, columns_, to);
      which_[place] = row;
    }
    return to;
  }

  const float* plane_;
  std::size_t pitch_;
  const LinearTaps& columns_;
  std::vector<float> rows_;
  std::array<int, 2> which_{-1, -1};
};

// `count` planes of `cells` in the size of the network's input: in `memory`, or as they are if they have it already.
const float* inNetworkSize(const float* planes, int count, const PixelGeometry& geometry, bool aligned,
                           std::vector<float>& memory) {
  const Size network = geometry.box.network;
  if (geometry.cells == network) {
    return planes;
  }
  const LinearTaps columns({geometry.cells.width, network.width, aligned});
  memory.resize(static_cast<std::size_t>(count) * areaOf(network));
  float* to = memory.data();
  for (int plane = 0; plane < count; ++plane, planes += areaOf(geometry.cells)) {
    ScaledPlane scaled(planes, geometry.cells.width, columns);
    for (int y = 0; y < network.height; ++y, to += columns.size()) {
      scaled.makeRow(linearTap(y, {geometry.cells.height, network.height, aligned}), to);
    }
  }
  return memory.data();
}

// Hands the image's rows of `count` planes, of the size of the network's input, to take(row, plane, values).
template <typename Take>
void scaleToImage(const float* planes, int count, const Letterbox& box, bool aligned, const Take& take) {
  const LinearTaps columns({box.scaled.width, box.source.width, aligned});
  const std::ptrdiff_t corner = std::ptrdiff_t{box.top} * box.network.width + box.left;
  std::vector<ScaledPlane> scaled;
  scaled.reserve(static_cast<std::size_t>(count));
  for (int plane = 0; plane < count; ++plane) {
    scaled.emplace_back(planes + static_cast<std::size_t>(plane) * areaOf(box.network) + corner, box.network.width,
                        columns);
  }
  std::vector<float> row(columns.size());
  for (int y = 0; y < box.source.height; ++y) {
    const LinearTap tap = linearTap(y, {box.scaled.height, box.source.height, aligned});
    for (int plane = 0; plane < count; ++plane) {
      scaled[static_cast<std::size_t>(plane)].makeRow(tap, row.data());
      take(y, plane, row.data());
    }
  }
}

// The class of each pixel is named already.
void readClasses(const float* classes, const PixelGeometry& geometry, ClassMap& map) {
  const Letterbox& box = geometry.box;
  const ScaledSide columns{box.scaled.width, box.source.width}, rows{box.scaled.height, box.source.height};
  const ScaledSide toWidth{geometry.cells.width, box.network.width},
      toHeight{geometry.cells.height, box.network.height};
  std::vector<std::size_t> cells(static_cast<std::size_t>(map.width));
  for (int x = 0; x < map.width; ++x) {
    cells[static_cast<std::size_t>(x)] =
        static_cast<std::size_t>(nearestCell(box.left + nearestCell(x, columns), toWidth));
  }
  auto to = map.data.begin();
  for (int y = 0; y < map.height; ++y) {
    const float* const row =
        classes +
        static_cast<std::ptrdiff_t>(nearestCell(box.top + nearestCell(y, rows), toHeight)) * geometry.cells.width;
    to = std::transform(cells.begin(), cells.end(), to,
                        [&](std::size_t cell) { return classNumber(row[cell], map.none); });
  }
}

// Each pixel has the class of its largest logit, the first of equal ones; of one class whether its logit is above 0.
void chooseClasses(const float* logits, int classes, const PixelGeometry& geometry, ClassMap& map) {
  std::vector<float> memory;
  logits = inNetworkSize(logits, classes, geometry, false, memory);
  const auto width = static_cast<std::size_t>(map.width);
  std::vector<float> best(width);
  std::vector<std::int32_t> chosen(width);
  scaleToImage(logits, classes, geometry.box, false, [&](int y, int c, const float* values) {
    if (c == 0) {
      std::copy_n(values, width, best.begin());
      std::transform(values, values + width, chosen.begin(), [&](float value) { return map.binary && value > 0; });
    } else {
      for (std::size_t x = 0; x < width; ++x) {
        chosen[x] = values[x] > best[x] ? c : chosen[x];
        best[x] = std::max(best[x], values[x]);
      }
    }
    if (c + 1 == classes) {
      std::transform(chosen.begin(), chosen.end(), map.data.begin() + static_cast<std::ptrdiff_t>(y) * map.width,
                     [](std::int32_t index) { return static_cast<std::uint16_t>(index); });
    }
  });
}

// Runs of equal pixels: run(begin, end), in rising order.
template <typename Run>
void forRuns(const std::vector<std::uint16_t>& pixels, const Run& run) {
  for (auto begin = pixels.begin(); begin != pixels.end();) {
    const auto end =
        std::find_if(begin, pixels.end(), [value = *begin](std::uint16_t other) { return other != value; });
    run(*begin, static_cast<std::size_t>(end - begin));
    begin = end;
  }
}

}  // namespace

PixelGeometry PixelGeometry::of(const OutputLayout& layout, const std::vector<std::int64_t>& shape, std::size_t slot,
                                const Letterbox& letterbox) {
  const std::size_t rank = shape.size();
  const auto fits = [](std::int64_t side) { return side > 0 && side <= kMostCells; };
  const std::int64_t planes = layout.kind == Kind::ClassLogits ? layout.classes : 1;
  if ((rank != 3 && rank != 4) || slot >= static_cast<std::size_t>(shape[0]) ||
      (rank == 4 ? shape[1] != planes : planes != 1) || !fits(shape[rank - 2]) || !fits(shape[rank - 1])) {
    throw InferenceError("the network's output was expected to be [batch, " +
                         (planes == 1 ? std::string() : std::to_string(planes) + ", ") + "height, width], found " +
                         toText(shape));
  }
  const Size cells{static_cast<int>(shape[rank - 1]), static_cast<int>(shape[rank - 2])};
  // The place of the border follows from the sizes, as in Ultralytics' scale_masks; a stretched image has none.
  return {cells, layout.kind == Kind::Depth ? letterbox : Letterbox::fit(letterbox.source, letterbox.network)};
}

Result emptyPixels(const OutputLayout& layout, Size image) {
  Result result;
  if (layout.kind == Kind::Depth) {
    result.depth = {std::vector<float>(areaOf(image)), image.width, image.height};
  } else {
    const std::uint16_t none = layout.classes > kNoClass ? kNoClassOfMany : kNoClass;
    result.semantic = {std::vector<std::uint16_t>(areaOf(image)), image.width, image.height, none, layout.classes == 1};
  }
  return result;
}

void finishPixels(const OutputLayout& layout, const PostprocessOptions& options, Result& result) {
  if (layout.kind == Kind::Depth) {
    return;
  }
  ClassMap& map = result.semantic;
  if (!options.classes.empty() && !map.binary) {
    std::vector<std::uint16_t> shown(std::size_t{kNoClassOfMany} + 1, map.none);
    for (const int index : options.classes) {
      if (index < static_cast<int>(shown.size())) {
        shown[static_cast<std::size_t>(index)] = static_cast<std::uint16_t>(index);
      }
    }
    std::transform(map.data.begin(), map.data.end(), map.data.begin(),
                   [&](std::uint16_t index) { return shown[index]; });
  }
  const int known = layout.classes > 0 ? layout.classes : int{kNoClassOfMany};
  std::vector<std::size_t> counts(static_cast<std::size_t>(map.valueOf(known - 1)) + 1);
  forRuns(map.data, [&](std::uint16_t value, std::size_t length) {
    if (value < counts.size()) {
      counts[value] += length;
    }
  });
  for (int index = 0; index < known; ++index) {
    const auto value = static_cast<std::size_t>(map.valueOf(index));
    if (counts[value] > 0 && (layout.classes > 0 || value != map.none)) {
      result.classes.push_back(index);
    }
  }
  const auto pixelsOf = [&](int index) { return counts[static_cast<std::size_t>(map.valueOf(index))]; };
  std::stable_sort(result.classes.begin(), result.classes.end(),
                   [&](int a, int b) { return pixelsOf(a) > pixelsOf(b); });
  for (const int index : result.classes) {
    result.pixels.push_back(pixelsOf(index));
    result.scores.push_back(
        static_cast<float>(static_cast<double>(pixelsOf(index)) / static_cast<double>(map.data.size())));
  }
}

Result decodePixels(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot,
                    const Letterbox& letterbox, const PostprocessOptions& options) {
  const TensorView& output = outputs[layout.boxes];
  const PixelGeometry geometry = PixelGeometry::of(layout, output.shape, slot, letterbox);
  Result result = emptyPixels(layout, letterbox.source);
  const float* const values = output.slot(slot);
  if (layout.kind == Kind::ClassMap) {
    readClasses(values, geometry, result.semantic);
  } else if (layout.kind == Kind::ClassLogits) {
    chooseClasses(values, layout.classes, geometry, result.semantic);
  } else {
    std::vector<float> memory;
    scaleToImage(inNetworkSize(values, 1, geometry, true, memory), 1, geometry.box, true,
                 [&](int y, int, const float* row) {
                   std::copy_n(row, result.depth.width,
                               result.depth.data.begin() + static_cast<std::ptrdiff_t>(y) * result.depth.width);
                 });
  }
  finishPixels(layout, options, result);
  return result;
}

}  // namespace trtyolo
