// Pictures for machines without OpenCV: binary PPM (P6), as BGR, which is what the references were made from.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "image/format_image.hpp"
#include "trtyolo.hpp"

namespace trtyolo::test {

struct Picture {
  std::vector<std::uint8_t> pixels;
  int width = 0, height = 0;

  Image view() { return {pixels.data(), width, height}; }
};

inline Picture readPpm(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string kind;
  int most = 0;
  Picture picture;
  stream >> kind >> picture.width >> picture.height >> most;
  stream.get();
  if (!stream || kind != "P6" || most != 255) {
    throw std::runtime_error("no binary PPM of 8 bits: " + path);
  }
  picture.pixels.resize(std::size_t{3} * static_cast<std::size_t>(picture.width) *
                        static_cast<std::size_t>(picture.height));
  stream.read(reinterpret_cast<char*>(picture.pixels.data()), static_cast<std::streamsize>(picture.pixels.size()));
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    std::swap(picture.pixels[i], picture.pixels[i + 2]);
  }
  return picture;
}

// A copy in the GPU's memory, with rows `pitch` bytes apart (0: without gaps).
class DevicePicture {
 public:
  explicit DevicePicture(Picture& picture, std::size_t pitch = 0) : width_(picture.width), height_(picture.height) {
    const std::size_t row = std::size_t{3} * static_cast<std::size_t>(width_);
    pitch_ = pitch == 0 ? row : pitch;
    if (cudaMalloc(&memory_, pitch_ * static_cast<std::size_t>(height_)) != cudaSuccess ||
        cudaMemcpy2D(memory_, pitch_, picture.pixels.data(), row, row, static_cast<std::size_t>(height_),
                     cudaMemcpyHostToDevice) != cudaSuccess ||
        cudaDeviceSynchronize() != cudaSuccess) {  // the copy from pageable memory may return before it has arrived
      throw std::runtime_error("no memory on the GPU");
    }
  }
  ~DevicePicture() { cudaFree(memory_); }
  DevicePicture(const DevicePicture&) = delete;
  DevicePicture& operator=(const DevicePicture&) = delete;

  Image view() const { return {memory_, width_, height_, pitch_}; }

 private:
  void* memory_ = nullptr;
  int width_, height_;
  std::size_t pitch_ = 0;
};

// A copy in the GPU's memory, each plane by itself.
class DeviceFormatImage {
 public:
  explicit DeviceFormatImage(const FormatImage& image) : image_(image.image()) {
    for (const FormatImage::Plane& plane : image.planes()) {
      void* memory = nullptr;
      if (cudaMalloc(&memory, plane.bytes) != cudaSuccess ||
          cudaMemcpy(memory, plane.data, plane.bytes, cudaMemcpyHostToDevice) != cudaSuccess ||
          cudaDeviceSynchronize() != cudaSuccess) {
        throw std::runtime_error("no memory on the GPU");
      }
      (memory_.empty() ? image_.ptr : image_.chroma[memory_.size() - 1]) = memory;
      memory_.push_back(memory);
    }
  }
  ~DeviceFormatImage() {
    for (void* const memory : memory_) {
      cudaFree(memory);
    }
  }
  DeviceFormatImage(const DeviceFormatImage&) = delete;
  DeviceFormatImage& operator=(const DeviceFormatImage&) = delete;

  const Image& view() const { return image_; }

 private:
  Image image_;
  std::vector<void*> memory_;
};

}  // namespace trtyolo::test
