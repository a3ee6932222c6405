// What bench asks of a GPU by itself: see device.hpp.
#include "device.hpp"

#include <stdexcept>
#include <string>

#ifdef TRTYOLO_HAS_TENSORRT

#include <cuda_runtime_api.h>
#include <dlfcn.h>

namespace bench {
namespace {

void check(cudaError_t status, int gpu) {
  if (status == cudaSuccess) return;
  throw std::runtime_error("GPU " + std::to_string(gpu) + " cannot be used: " + cudaGetErrorString(status));
}

template <typename Function>
Function* functionOf(void* library, const char* name) {
  return library != nullptr ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr;
}

}  // namespace

std::shared_ptr<const void> copyToGpu(const trtyolo::Image& image, int gpu) {
  startGpu(gpu);
  const std::size_t bytes = image.pitch * static_cast<std::size_t>(image.height);
  void* pixels = nullptr;
  check(cudaMalloc(&pixels, bytes), gpu);
  const std::shared_ptr<const void> owner(pixels, [](void* memory) { cudaFree(memory); });
  check(cudaMemcpy(pixels, image.ptr, bytes, cudaMemcpyHostToDevice), gpu);
  check(cudaDeviceSynchronize(), gpu);  // it may not have arrived yet
  return owner;
}

void startGpu(int gpu) {
  check(cudaSetDevice(gpu), gpu);
  check(cudaFree(nullptr), gpu);
}

// By NVML, which unlike CUDA takes no memory of the GPU for that; it numbers GPUs in an order of its own.
std::optional<double> usedGpuMegabytes(int gpu) {
  struct Memory {
    unsigned long long total, free, used;
  };
  static void* const library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
  static auto* const start = functionOf<int()>(library, "nvmlInit_v2");
  static auto* const find = functionOf<int(const char*, void**)>(library, "nvmlDeviceGetHandleByPciBusId_v2");
  static auto* const read = functionOf<int(void*, Memory*)>(library, "nvmlDeviceGetMemoryInfo");
  static const bool usable = start != nullptr && find != nullptr && read != nullptr && start() == 0;
  char bus[32];
  void* handle = nullptr;
  Memory memory{};
  if (!usable || cudaDeviceGetPCIBusId(bus, sizeof bus, gpu) != cudaSuccess || find(bus, &handle) != 0 ||
      read(handle, &memory) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(memory.used) / 1e6;
}

}  // namespace bench

#else

namespace bench {

std::shared_ptr<const void> copyToGpu(const trtyolo::Image&, int gpu) {
  startGpu(gpu);
  return nullptr;
}

void startGpu(int gpu) {
  throw std::runtime_error("GPU " + std::to_string(gpu) +
                           " cannot be used: this program was built without the GPU engine");
}

std::optional<double> usedGpuMegabytes(int) {
  return std::nullopt;
}

}  // namespace bench

#endif
