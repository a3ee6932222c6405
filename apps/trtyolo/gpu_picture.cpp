// A picture in the memory of a GPU: see gpu_picture.hpp.
#include "gpu_picture.hpp"

#include <stdexcept>
#include <string>

#ifdef TRTYOLO_HAS_TENSORRT

#include <cuda_runtime_api.h>

namespace app {
namespace {

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  throw std::runtime_error(std::string("a picture cannot be copied to the GPU: ") + cudaGetErrorString(status));
}

}  // namespace

GpuPicture::GpuPicture(const cv::Mat& picture, int gpu) {
  check(cudaSetDevice(gpu));
  const cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
  const std::size_t bytes = whole.total() * whole.elemSize();
  void* pixels = nullptr;
  check(cudaMalloc(&pixels, bytes));
  image_ = trtyolo::Image(pixels, whole.cols, whole.rows, whole.channels(), 0);
  const cudaError_t copied = cudaMemcpy(pixels, whole.data, bytes, cudaMemcpyHostToDevice);
  if (copied != cudaSuccess) cudaFree(pixels);
  check(copied);
}

GpuPicture::~GpuPicture() {
  cudaFree(image_.ptr);
}

}  // namespace app

#else

namespace app {

GpuPicture::GpuPicture(const cv::Mat&, int) {
  throw std::runtime_error("pictures in GPU memory: this program was built without the GPU engine");
}

GpuPicture::~GpuPicture() = default;

}  // namespace app

#endif
