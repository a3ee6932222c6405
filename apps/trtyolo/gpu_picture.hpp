// A picture in the memory of a GPU.
#pragma once

#include <opencv2/core/mat.hpp>

#include "trtyolo.hpp"

namespace app {

/// A copy of a picture of 8 bits a channel, in the memory of a GPU.
class GpuPicture {
 public:
  /// @throws std::runtime_error  CUDA has no such GPU or no memory, or this program was built without it
  GpuPicture(const cv::Mat& picture, int gpu);
  ~GpuPicture();
  GpuPicture(const GpuPicture&) = delete;
  GpuPicture& operator=(const GpuPicture&) = delete;

  /// Its pixels, valid as long as this is.
  const trtyolo::Image& image() const { return image_; }

 private:
  trtyolo::Image image_;
};

}  // namespace app
