#include <algorithm>

#include "cuda/error.hpp"
#include "model/cuda/pixels.hpp"
#include "model/pixel_maps.hpp"

namespace trtyolo::cuda {

bool PixelDecoder::prepare(const OutputLayout& layout, const DeviceTensor& output,
                           std::span<const Letterbox> letterboxes, std::size_t batch) {
  bool stale = batch != work_.batch || !(output == output_);
  if (places_.size() < batch) {
    stale = true;
    places_ = {};
    devicePlaces_ = {};
    places_ = PinnedMemory<PixelPlace>(batch);
    devicePlaces_ = DeviceMemory<PixelPlace>(batch);
  }
  std::fill_n(places_.get(), batch, PixelPlace{});
  std::size_t most = 1;
  PixelGeometry geometry;
  for (std::size_t i = 0; i < letterboxes.size(); ++i) {
    geometry = PixelGeometry::of(layout, output.shape, i, letterboxes[i]);
    const Letterbox& box = geometry.box;
    places_.get()[i] = {box.source, box.scaled, box.left, box.top};
    most = std::max(most, static_cast<std::size_t>(box.source.width) * static_cast<std::size_t>(box.source.height));
  }
  const auto provide = [&](auto& memory, auto*& pointer) {
    if (memory.size() < batch * most) {
      stale = true;
      memory = {};
      memory = std::remove_reference_t<decltype(memory)>(batch * most);
    }
    pointer = memory.get();
    work_.capacity = memory.size() / batch;
  };
  if (layout.kind == OutputLayout::Kind::Depth) {
    provide(metres_, work_.metres);
  } else {
    provide(classes_, work_.classes);
  }
  layout_ = layout;
  output_ = output;
  work_.map = output.data;
  work_.type = output.type;
  work_.planes = layout.kind == OutputLayout::Kind::ClassLogits ? layout.classes : 1;
  work_.cells = geometry.cells;
  work_.network = geometry.box.network;
  work_.kind = layout.kind;
  work_.none = emptyPixels(layout, {}).semantic.none;
  work_.batch = static_cast<std::uint32_t>(batch);
  work_.places = devicePlaces_.get();
  return stale;
}

Parameters PixelDecoder::parameters() const {
  static_assert(sizeof(PixelPlace) % sizeof(std::uint32_t) == 0);
  return {places_.get(), devicePlaces_.get(), work_.batch * sizeof(PixelPlace)};
}

Result PixelDecoder::read(std::size_t slot, const PostprocessOptions& options) const {
  Result result = emptyPixels(layout_, places_.get()[slot].source);
  if (layout_.kind == OutputLayout::Kind::Depth) {
    std::copy_n(metres_.get() + slot * work_.capacity, result.depth.data.size(), result.depth.data.begin());
  } else {
    std::copy_n(classes_.get() + slot * work_.capacity, result.semantic.data.size(), result.semantic.data.begin());
  }
  finishPixels(layout_, options, result);
  return result;
}

}  // namespace trtyolo::cuda
