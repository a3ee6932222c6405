#include "runtime/tensorrt/uploads.hpp"

#include <algorithm>
#include <cstring>

#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "image/letterbox.hpp"

namespace trtyolo::tensorrt {
namespace {

// Bytes of a piece: enough that handing it out does not count, few enough that threads end together and that the device
// copies what is there while the rest is made.
constexpr std::size_t kPiece = std::size_t{128} << 10;

int rowsOfPiece(std::size_t pitch) {
  return static_cast<int>(std::max<std::size_t>(1, kPiece / pitch));
}

}  // namespace

void Uploads::addScaled(const ImageView& image, Size scaled, const Target& target) {
  const int step = rowsOfPiece(target.pitch);
  for (int row = 0; row < scaled.height; row += step) {
    pieces_.push_back({image, scaled, {}, row, std::min(row + step, scaled.height), target});
  }
}

void Uploads::addCopied(const ImagePlane& plane, const Target& target) {
  const int rows = plane.end - plane.first, step = rowsOfPiece(target.pitch);
  for (int row = 0; row < rows; row += step) {
    pieces_.push_back({{}, {}, plane, row, std::min(row + step, rows), target});
  }
}

void Uploads::run(cudaStream_t stream) {
  if (pieces_.empty()) {
    return;
  }
  if (!threads_) {
    threads_ = ThreadPool::shared();
  }
  const int gpu = cuda::currentDevice();
  threads_->parallelFor(pieces_.size(), [&](std::size_t number) {
    const Piece& piece = pieces_[number];
    make(piece);
    const Target& target = piece.target;
    const std::size_t first = static_cast<std::size_t>(piece.first) * target.pitch;
    const std::size_t bytes = static_cast<std::size_t>(piece.end - piece.first) * target.pitch;
    const cuda::DeviceScope scope(gpu);
    cuda::check(cudaMemcpyAsync(target.device + first, target.host + first, bytes, cudaMemcpyHostToDevice, stream),
                "copying an image");
  });
  pieces_.clear();
}

// The rows of the piece in page-locked memory.
void Uploads::make(const Piece& piece) {
  const Target& target = piece.target;
  std::uint8_t* to = target.host + static_cast<std::size_t>(piece.first) * target.pitch;
  if (piece.image.data) {
    thread_local Letterboxer letterboxer;
    letterboxer.scaleRows(piece.image, piece.scaled, piece.first, piece.end, to);
    return;
  }
  for (int row = piece.first; row < piece.end; ++row, to += target.pitch) {
    std::memcpy(to, piece.plane.row(static_cast<std::size_t>(row)), piece.plane.rowBytes);
  }
}

}  // namespace trtyolo::tensorrt
