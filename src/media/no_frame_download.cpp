// Where the component is built without GPUs.
#include "media/frame_download.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo::media {

HostImage download(const ImageView& /*image*/, int gpu) {
  throw DeviceError("an image in the memory of GPU " + std::to_string(gpu) +
                    " cannot be read: this library was built without GPUs");
}

}  // namespace trtyolo::media
