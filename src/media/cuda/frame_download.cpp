#include "media/frame_download.hpp"

#include <cuda_runtime_api.h>

#include "cuda/error.hpp"
#include "cuda/memory.hpp"

namespace trtyolo::media {

HostImage download(const ImageView& image, int gpu) {
  const cuda::DeviceScope scope(gpu);
  HostImage copy{image, std::vector<std::uint8_t>(bytesOf(image))};
  ImagePlanes planes = planesOf(image, 0, image.size.height);
  std::uint8_t* to = copy.bytes.data();
  for (std::size_t i = 0; i < planes.count; ++i) {
    ImagePlane& plane = planes.planes[i];
    cuda::check(cudaMemcpy2D(to, plane.rowBytes, plane.row(0), plane.pitch, plane.rowBytes, plane.rows(),
                             cudaMemcpyDeviceToHost),
                "copying a frame to the host");
    plane.data = to;
    plane.pitch = plane.rowBytes;
    to += plane.rows() * plane.rowBytes;
  }
  copy.view = withPlanes(image, planes);
  copy.view.memory = ImageMemory::Host;
  return copy;
}

}  // namespace trtyolo::media
