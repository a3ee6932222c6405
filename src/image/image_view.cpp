#include "image/image_view.hpp"

namespace trtyolo {

ImageView ImageView::inMemory() const {
  ImageView view = *this;
  if (rotation) {
    view.size = rotation->source;
    view.rotation.reset();
  }
  return view;
}

ImageView ImageView::cropped(int x, int y, Size part) const {
  ImageView view = *this;
  PixelConversion& from = view.conversion;
  view.size = part;
  if (rotation) {
    view.rotation = rotation->movedTo(x, y);
    return view;
  }
  // Planes begin with a whole sample of chroma.
  const bool pairs = from.format != PixelFormat::Interleaved && from.format != PixelFormat::Gray16;
  const bool rowPairs = from.format == PixelFormat::NV12 || from.format == PixelFormat::I420;
  x += from.left;
  y += from.top;
  from.left = pairs ? x % 2 : 0;
  from.top = rowPairs ? y % 2 : 0;
  const auto column = static_cast<std::size_t>(x - from.left), line = static_cast<std::size_t>(y - from.top);
  const std::size_t bytes = from.format == PixelFormat::Interleaved ? static_cast<std::size_t>(channels)
                            : rowPairs                              ? 1
                                                                    : 2;
  view.data += line * pitch + column * bytes;
  if (rowPairs) {
    const bool together = from.format == PixelFormat::NV12;
    for (const std::uint8_t*& plane : from.chroma) {
      plane = plane != nullptr ? plane + line / 2 * from.chromaPitch + (together ? column : column / 2) : nullptr;
    }
  }
  return view;
}

ImagePlanes planesOf(const ImageView& image, int first, int end) {
  const PixelConversion& from = image.conversion;
  const auto width = static_cast<std::size_t>(image.size.width) + static_cast<std::size_t>(from.left);
  const std::size_t pairs = (width + 1) / 2;
  first += from.top;
  end += from.top;
  const auto chroma = [&](int number, std::size_t rowBytes) {
    return ImagePlane{from.chroma[number], from.chromaPitch, rowBytes, first / 2, (end + 1) / 2};
  };
  ImagePlane plane{image.data, image.pitch, width, first, end};
  switch (from.format) {
    case PixelFormat::NV12:
      return {{plane, chroma(0, 2 * pairs)}, 2};
    case PixelFormat::I420:
      return {{plane, chroma(0, pairs), chroma(1, pairs)}, 3};
    case PixelFormat::YUYV:
      plane.rowBytes = 4 * pairs;
      break;
    case PixelFormat::Gray16:
      plane.rowBytes = 2 * width;
      break;
    case PixelFormat::Interleaved:
      plane.rowBytes = width * static_cast<std::size_t>(image.channels);
  }
  return {{plane}, 1};
}

ImageView withPlanes(ImageView image, const ImagePlanes& planes) {
  image.data = planes.planes[0].data;
  image.pitch = planes.planes[0].pitch;
  for (std::size_t i = 1; i < planes.count; ++i) {
    image.conversion.chroma[i - 1] = planes.planes[i].data;
    image.conversion.chromaPitch = planes.planes[i].pitch;
  }
  return image;
}

std::size_t bytesOf(const ImageView& image) {
  std::size_t bytes = 0;
  for (const ImagePlane& plane : planesOf(image, 0, image.size.height)) {
    bytes += plane.rows() * plane.rowBytes;
  }
  return bytes;
}

}  // namespace trtyolo
