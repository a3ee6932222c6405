#include "runtime/tensorrt/staging.hpp"

#include <algorithm>
#include <cstring>

#include "cuda/error.hpp"
#include "image/resize_arithmetic.hpp"

namespace trtyolo::tensorrt {
namespace {

// Bytes that are copied by the processor before the device may fetch them: the two go on side by side.
constexpr std::size_t kChunk = std::size_t{512} << 10;
constexpr std::size_t kPitchMultiple = 64;

}  // namespace

ImageView Staging::copyLetterboxed(const ImageView& image, const Letterbox& box, cudaStream_t stream) {
  if (rows_.empty() || !(planned_.source == box.source) || !planned_.sameFrame(box)) {
    neededRows(box, rows_);
    planned_ = box;
  }
  // Rows at one distance from each other are one copy of the device; all others are copied with what lies between.
  const std::size_t count = rows_.size();
  const int step = count > 1 ? rows_[1] - rows_[0] : 1;
  bool even = true;
  for (std::size_t i = 1; i < count; ++i) {
    even &= rows_[i] - rows_[i - 1] == step;
  }
  const auto first = static_cast<std::size_t>(rows_.front()), last = static_cast<std::size_t>(rows_.back());
  return even ? copy(image, first, static_cast<std::size_t>(step), count, stream)
              : copy(image, first, 1, last - first + 1, stream);
}

ImageView Staging::copy(const ImageView& image, cuda::RowRange rows, cudaStream_t stream) {
  return copy(image, static_cast<std::size_t>(rows.first), 1, static_cast<std::size_t>(rows.end - rows.first), stream);
}

ImageView Staging::copy(const ImageView& image, std::size_t first, std::size_t step, std::size_t count,
                        cudaStream_t stream) {
  const std::size_t rowBytes = static_cast<std::size_t>(image.size.width) * static_cast<std::size_t>(image.channels);
  // Only rows that are wanted have a place, one behind the other. With a pitch of a `step`th part of it the rows are
  // found where they would be among all the others.
  const std::size_t multiple = kPitchMultiple * step;
  const std::size_t place = (rowBytes + multiple - 1) / multiple * multiple, pitch = place / step;
  if (host_.bytes() < count * place) {
    host_ = {};
    host_ = cuda::UploadMemory<std::uint8_t>(count * place);
  }
  if (device_.bytes() < count * place) {
    device_ = {};
    device_ = cuda::DeviceMemory<std::uint8_t>(count * place);
  }
  const std::size_t rowsAtOnce = std::max<std::size_t>(1, kChunk / place);
  for (std::size_t begin = 0; begin < count; begin += rowsAtOnce) {
    const std::size_t rows = std::min(rowsAtOnce, count - begin);
    std::uint8_t* to = host_.get() + begin * place;
    for (std::size_t i = 0; i < rows; ++i) {
      std::memcpy(to + i * place, image.data + (first + (begin + i) * step) * image.pitch, rowBytes);
    }
    cuda::check(cudaMemcpyAsync(device_.get() + begin * place, to, rows * place, cudaMemcpyHostToDevice, stream),
                "copying an image");
  }
  // Where row 0 would be, which may be before the memory's begin.
  return {device_.get() - static_cast<std::ptrdiff_t>(first * pitch), image.size, image.channels, pitch};
}

}  // namespace trtyolo::tensorrt
