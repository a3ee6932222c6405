#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "cuda/error.hpp"
#include "model/cuda/masks.hpp"
#include "model/kept_objects.hpp"
#include "model/mask_maker.hpp"
#include "model/tensor.hpp"

namespace trtyolo::cuda {
namespace {

static_assert(std::is_trivially_copyable_v<MaskGeometry> && sizeof(MaskGeometry) % sizeof(std::uint32_t) == 0);
constexpr std::size_t kGeometryWords = sizeof(MaskGeometry) / sizeof(std::uint32_t);
constexpr std::size_t kFirstRuns = std::size_t{1} << 16;

}  // namespace

bool MaskDecoder::prepare(const DeviceTensor& prototypes, const Coefficients& coefficients, std::size_t channels,
                          bool within, std::size_t batch, const KeptObject* kept, const int* keptCounts,
                          std::size_t capacity) {
  const std::vector<std::int64_t>& shape = prototypes.shape;
  const auto fits = [](std::int64_t side) { return side > 0 && side <= kMostMaskSide; };
  const bool own = channels == 0;
  const bool channelsFit =
      shape.size() == 4 && (own || (shape[1] == static_cast<std::int64_t>(channels) && shape[1] <= kMostMaskChannels));
  if (!channelsFit || shape[0] < static_cast<std::int64_t>(batch) || !fits(shape[2]) || !fits(shape[3])) {
    throw InferenceError("the network's " +
                         (own ? std::string("masks were expected to be [batch, objects, height, width] with")
                              : "mask prototypes were expected to be [batch, " + std::to_string(channels) +
                                    ", height, width] with at most " + std::to_string(kMostMaskChannels) +
                                    " channels and") +
                         " sides of at most " + std::to_string(kMostMaskSide) + ", found " + toText(shape));
  }
  if (batch == batch_ && prototypes_ == prototypes && work_.coefficients == coefficients && work_.kept == kept &&
      work_.keptCounts == keptCounts && work_.capacity == capacity) {
    return false;
  }
  const std::size_t words = batch * kGeometryWords + 2;
  if (parameters_.size() < words) {
    parameters_ = {};
    deviceParameters_ = {};
    parameters_ = PinnedMemory<std::uint32_t>(words);
    deviceParameters_ = DeviceMemory<std::uint32_t>(words);
    std::fill_n(parameters_.get(), words, 0U);
  }
  if (pieces_.size() < batch * capacity * kMaskPieces) {
    pieces_ = {};
    pieces_ = PinnedMemory<MaskPiece>(batch * capacity * kMaskPieces);
    std::fill_n(pieces_.get(), pieces_.size(), MaskPiece{});  // those of objects that are not there are never written
  }
  if (runs_.size() == 0) {
    runs_ = PinnedMemory<Masks::Run>(kFirstRuns);
  }
  batch_ = batch;
  prototypes_ = prototypes;
  work_.batch = static_cast<std::uint32_t>(batch);
  work_.geometries = reinterpret_cast<const MaskGeometry*>(deviceParameters_.get());
  work_.ofSource = deviceParameters_.get() + batch * kGeometryWords;
  work_.used = deviceParameters_.get() + batch * kGeometryWords + 1;
  work_.kept = kept;
  work_.keptCounts = keptCounts;
  work_.capacity = static_cast<std::uint32_t>(capacity);
  work_.coefficients = coefficients;
  work_.prototypes = prototypes.data;
  work_.type = prototypes.type;
  work_.own = own;
  work_.within = within;
  work_.channels = static_cast<int>(shape[1]);
  work_.height = static_cast<int>(shape[2]);
  work_.width = static_cast<int>(shape[3]);
  work_.pieces = pieces_.get();
  work_.runs = runs_.get();
  work_.runCapacity = static_cast<std::uint32_t>(runs_.size());
  return true;
}

void MaskDecoder::place(std::size_t slot, const Letterbox& letterbox, bool ofSource) {
  const MaskGeometry geometry = MaskGeometry::of({work_.width, work_.height}, letterbox, ofSource);
  std::memcpy(parameters_.get() + slot * kGeometryWords, &geometry, sizeof(geometry));
  parameters_.get()[batch_ * kGeometryWords] = ofSource ? 1 : 0;
  parameters_.get()[batch_ * kGeometryWords + 1] = 0;
}

Parameters MaskDecoder::parameters() const {
  return {parameters_.get(), deviceParameters_.get(), (batch_ * kGeometryWords + 2) * sizeof(std::uint32_t)};
}

void MaskDecoder::enqueue(const ImageSlot* slots, cudaStream_t stream) const {
  MaskWork work = work_;
  work.slots = slots;
  makeMasks(work, stream);
}

bool MaskDecoder::read(std::size_t slot, Result& result) const {
  MaskGeometry geometry;
  std::memcpy(static_cast<void*>(&geometry), parameters_.get() + slot * kGeometryWords, sizeof(geometry));
  result.masks = Masks(geometry.columns.pixels, geometry.rows.pixels);
  const std::size_t objects = result.classes.size();
  const MaskPiece* const pieces = pieces_.get() + slot * work_.capacity * kMaskPieces;
  const bool fits = std::all_of(pieces, pieces + objects * kMaskPieces, [this](const MaskPiece& piece) {
    return std::size_t{piece.first} + piece.count <= work_.runCapacity;
  });
  if (!fits) {
    return false;
  }
  std::vector<Masks::Run> runs;
  keepObjects(result, [&](std::size_t i) {
    runs.clear();
    for (std::size_t p = i * kMaskPieces; p < (i + 1) * kMaskPieces; ++p) {
      runs.insert(runs.end(), runs_.get() + pieces[p].first, runs_.get() + pieces[p].first + pieces[p].count);
    }
    return MaskMaker::append(runs, result.masks);
  });
  return true;
}

void MaskDecoder::provideRuns() {
  std::size_t needed = runs_.size();
  for (std::size_t p = 0; p < batch_ * work_.capacity * kMaskPieces; ++p) {
    needed = std::max(needed, std::size_t{pieces_.get()[p].first} + pieces_.get()[p].count);
  }
  runs_ = {};
  runs_ = PinnedMemory<Masks::Run>(needed + needed / 2);
  work_.runs = runs_.get();
  work_.runCapacity = static_cast<std::uint32_t>(runs_.size());
}

}  // namespace trtyolo::cuda
