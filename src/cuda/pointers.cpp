#include "cuda/pointers.hpp"

#include "cuda/error.hpp"

namespace trtyolo::cuda {

cudaPointerAttributes attributesOf(const void* pointer) {
  cudaPointerAttributes attributes{};
  const cudaError_t status = cudaPointerGetAttributes(&attributes, pointer);
  if (status == cudaErrorInvalidValue) {  // what earlier versions of CUDA say of such memory
    ignore(status);
    return {};
  }
  check(status, "looking for an image");
  return attributes;
}

}  // namespace trtyolo::cuda
