// From the network's input back to the source image.
#pragma once

#include "base/device_function.hpp"
#include "base/extremes.hpp"
#include "image/geometry.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// Ultralytics' scale_boxes and scale_coords, then its clipping to the image, in f32. Kernels use it as well.
class BackTransform {
 public:
  BackTransform() = default;  // uninitialized, as memory that a block of threads shares has to be
  TRTYOLO_DEVICE explicit BackTransform(const Letterbox& letterbox)
      : left_(static_cast<float>(letterbox.left)),
        top_(static_cast<float>(letterbox.top)),
        gainX_(gain(letterbox.ratio, letterbox.scaled.width, letterbox.source.width)),
        gainY_(gain(letterbox.ratio, letterbox.scaled.height, letterbox.source.height)),
        width_(static_cast<float>(letterbox.source.width)),
        height_(static_cast<float>(letterbox.source.height)) {}

  TRTYOLO_DEVICE Box box(const Box& box) const {
    Box result;
    result.left = x(box.left);
    result.top = y(box.top);
    result.right = larger(result.left, x(box.right));
    result.bottom = larger(result.top, y(box.bottom));
    return result;
  }

  // The same without clipping.
  TRTYOLO_DEVICE Box whole(const Box& box) const {
    Box result;
    result.left = (box.left - left_) / gainX_;
    result.top = (box.top - top_) / gainY_;
    result.right = (box.right - left_) / gainX_;
    result.bottom = (box.bottom - top_) / gainY_;
    return result;
  }

  // A box of the network's input, cut at the edges of the image in it.
  TRTYOLO_DEVICE Box within(const Box& box) const {
    const float right = left_ + width_ * gainX_, bottom = top_ + height_ * gainY_;
    return {between(box.left, left_, right), between(box.top, top_, bottom), between(box.right, left_, right),
            between(box.bottom, top_, bottom)};
  }

  TRTYOLO_DEVICE float x(float value) const { return clipped((value - left_) / gainX_, width_); }
  TRTYOLO_DEVICE float y(float value) const { return clipped((value - top_) / gainY_, height_); }

  KeyPoint point(const KeyPoint& point) const { return {x(point.x), y(point.y), point.conf}; }

  // Centre and size are scaled, the angle stays, nothing is clipped.
  TRTYOLO_DEVICE RotatedBox rotated(float centreX, float centreY, float width, float height, float theta) const {
    const float cx = (centreX - left_) / gainX_, cy = (centreY - top_) / gainY_;
    const float halfWidth = width / gainX_ / 2.0F, halfHeight = height / gainY_ / 2.0F;
    RotatedBox result;
    result.left = cx - halfWidth;
    result.top = cy - halfHeight;
    result.right = cx + halfWidth;
    result.bottom = cy + halfHeight;
    result.theta = theta;
    return result;
  }

 private:
  TRTYOLO_DEVICE static float gain(double ratio, int scaled, int source) {
    return static_cast<float>(ratio > 0 ? ratio : static_cast<double>(scaled) / source);
  }
  // A NaN is not larger than the least, so it ends there too.
  TRTYOLO_DEVICE static float between(float value, float least, float most) {
    return value > least ? smaller(value, most) : least;
  }
  TRTYOLO_DEVICE static float clipped(float value, float most) { return between(value, 0.0F, most); }

  float left_, top_, gainX_, gainY_, width_, height_;
};

}  // namespace trtyolo
