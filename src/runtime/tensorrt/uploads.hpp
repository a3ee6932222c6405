// Images on their way from host memory to the device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/thread_pool.hpp"
#include "image/image_view.hpp"

namespace trtyolo::tensorrt {

// Work that several threads share: rows are scaled or copied into page-locked memory, and sent from there. One thread
// at a time.
class Uploads {
 public:
  // Where rows go: `host` is page-locked memory for all of them, `device` what it is sent to.
  struct Target {
    std::uint8_t* host;
    std::uint8_t* device;
    std::size_t pitch;
  };

  // All rows of the image, scaled, as Letterboxer::scaleRows() makes them. The image is read by run().
  void addScaled(const ImageView& image, Size scaled, const Target& target);
  // The rows of the plane that are meant.
  void addCopied(const ImagePlane& plane, const Target& target);

  // Does what was added since the last time, in pieces that idle threads of the process take part in. What is sent is
  // sent in the order of `stream`, on the current device. Throws DeviceError.
  void run(cudaStream_t stream);

 private:
  struct Piece {
    ImageView image;  // to be scaled; no data: the plane is to be copied
    Size scaled;
    ImagePlane plane;
    int first;  // rows of the scaled image, or of those of the plane that are meant
    int end;
    Target target;
  };

  static void make(const Piece& piece);

  std::vector<Piece> pieces_;
  std::shared_ptr<ThreadPool> threads_;  // once there is something for them
};

}  // namespace trtyolo::tensorrt
