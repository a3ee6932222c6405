// Masks of segmenters on a GPU: what MaskMaker is on the CPU, with the memory that it takes.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/memory.hpp"
#include "cuda/parameters.hpp"
#include "image/cuda/image_slot.hpp"
#include "model/cuda/objects.hpp"
#include "model/cuda/selection.hpp"
#include "model/mask_arithmetic.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo::cuda {

// Each object's rows are shared out to so many blocks, each of which writes its runs in one piece.
inline constexpr unsigned kMaskPieces = 16;
inline constexpr int kMostMaskChannels = 256;  // of the prototypes
inline constexpr int kMostMaskSide = 1024;     // cells of the prototypes

// A piece of an object's runs: where it begins in the buffer of runs, and how many there are.
struct MaskPiece {
  std::uint32_t first = 0, count = 0;
};

// Where the coefficients of an anchor lie.
struct Coefficients {
  DeviceTable table;
  RawGrids raw = {};  // of a network that was cut: in its place

  bool operator==(const Coefficients&) const = default;
};

// What the kernel is given. Everything lies in device memory, or in page-locked memory (pieces, runs).
struct MaskWork {
  std::uint32_t batch = 0;
  const ImageSlot* slots = nullptr;          // [batch]
  const MaskGeometry* geometries = nullptr;  // [batch]
  const std::uint32_t* ofSource = nullptr;   // not 0: masks of the source's size, otherwise of the network's input
  const KeptObject* kept = nullptr;          // [batch, capacity]
  const int* keptCounts = nullptr;           // [batch]
  std::uint32_t capacity = 0;
  Coefficients coefficients;

  const void* prototypes = nullptr;  // [batch, channels, height, width]
  ValueType type = ValueType::F32;   // of theirs: f32 or f16
  bool own = false;                  // they are objects' own masks, probabilities, and a channel is an object's anchor
  bool within = false;               // of their boxes alone
  int channels = 0, height = 0, width = 0;

  std::uint32_t* used = nullptr;  // runs so far; 0 before the call
  MaskPiece* pieces = nullptr;    // [batch, capacity, kMaskPieces]
  Masks::Run* runs = nullptr;     // [runCapacity]; a run may be empty, or go on where the one before it ends
  std::uint32_t runCapacity = 0;
};

// Enqueues the kernel; can be captured. Throws DeviceError.
void makeMasks(const MaskWork& work, cudaStream_t stream);

// The masks of one context. One thread at a time, with the context's device current. For each call, in this order:
// prepare() and place() for each image on the host; then in the stream, or in a graph captured from it, the
// parameters() are brought to the device and, behind the decoder's kernels, enqueue(); read() once the stream was
// waited for.
//
// Runs equal those of the CPU's MaskMaker.
class MaskDecoder {
 public:
  // Takes over the outputs, and what the decoder gives: see Decoder::kept(). `channels` says how many coefficients an
  // object has; 0: `prototypes` are objects' own masks, one for each anchor, of their boxes alone if `within`. True if
  // what was captured before must be captured anew. Throws InferenceError if the prototypes have not the shape
  // expected, and DeviceError.
  bool prepare(const DeviceTensor& prototypes, const Coefficients& coefficients, std::size_t channels, bool within,
               std::size_t batch, const KeptObject* kept, const int* keptCounts, std::size_t capacity);
  // Where the image in place `slot` lies, and whether masks have its size.
  void place(std::size_t slot, const Letterbox& letterbox, bool ofSource);

  // What prepare() and place() wrote; the places are the same until prepare() says that what was captured is stale.
  Parameters parameters() const;
  void enqueue(const ImageSlot* slots, cudaStream_t stream) const;

  // Adds the masks of place `slot` to what the decoder read of it; objects without a pixel are dropped. False if there
  // was no room for all runs: then provideRuns(), and the call is to be repeated.
  bool read(std::size_t slot, Result& result) const;
  // Makes room for as many runs as the last call would have needed. What was captured is stale.
  void provideRuns();

 private:
  MaskWork work_;
  DeviceTensor prototypes_;
  std::size_t batch_ = 0;
  // Geometries, ofSource, used.
  PinnedMemory<std::uint32_t> parameters_;
  DeviceMemory<std::uint32_t> deviceParameters_;
  PinnedMemory<MaskPiece> pieces_;
  PinnedMemory<Masks::Run> runs_;
};

}  // namespace trtyolo::cuda
