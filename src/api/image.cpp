#include "trtyolo/image.hpp"

namespace trtyolo {
namespace {

// Nonsense is kept as it is for predict() to name; only a sensible image can be given its natural pitch.
std::size_t pitchOr(std::size_t pitch, int samples, int bytes) {
  return pitch == 0 && samples > 0 && bytes > 0 ? static_cast<std::size_t>(samples) * static_cast<std::size_t>(bytes)
                                                : pitch;
}

int pairsOf(int width) {
  return width / 2 + width % 2;
}

}  // namespace

Image::Image(const void* pointer, int imageWidth, int imageHeight) : Image(pointer, imageWidth, imageHeight, 3, 0) {}

Image::Image(const void* pointer, int imageWidth, int imageHeight, std::size_t rowPitch)
    : Image(pointer, imageWidth, imageHeight, 3, rowPitch) {}

Image::Image(const void* pointer, int imageWidth, int imageHeight, int imageChannels, std::size_t rowPitch)
    : ptr(pointer),
      width(imageWidth),
      height(imageHeight),
      channels(imageChannels),
      pitch(pitchOr(rowPitch, imageWidth, imageChannels)) {}

Image Image::nv12(const void* luma, const void* chromaPlane, int width, int height, std::size_t lumaPitch,
                  std::size_t chromaPitch, ColorMatrix matrix, ColorRange range) {
  Image image(luma, width, height, pitchOr(lumaPitch, width, 1));
  image.format = PixelFormat::NV12;
  image.chroma[0] = chromaPlane;
  image.chromaPitch = pitchOr(chromaPitch, pairsOf(width), 2);
  image.matrix = matrix;
  image.range = range;
  return image;
}

Image Image::i420(const void* luma, const void* u, const void* v, int width, int height, std::size_t lumaPitch,
                  std::size_t chromaPitch, ColorMatrix matrix, ColorRange range) {
  Image image = nv12(luma, u, width, height, lumaPitch, pitchOr(chromaPitch, pairsOf(width), 1), matrix, range);
  image.format = PixelFormat::I420;
  image.chroma[1] = v;
  return image;
}

Image Image::yuyv(const void* pointer, int width, int height, std::size_t pitch, ColorMatrix matrix, ColorRange range) {
  Image image(pointer, width, height, pitchOr(pitch, width, 2));
  image.format = PixelFormat::YUYV;
  image.matrix = matrix;
  image.range = range;
  return image;
}

Image Image::gray16(const void* pointer, int width, int height, std::size_t pitch, int low, int high) {
  Image image(pointer, width, height, 1, pitchOr(pitch, width, 2));
  image.format = PixelFormat::Gray16;
  image.low = low;
  image.high = high;
  return image;
}

}  // namespace trtyolo
