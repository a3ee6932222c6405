#include "api/test_images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "image/resample.hpp"
#include "image/rotated_crop.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kColours = 3;

using Colour = std::array<double, kColours>;

// The upper four bits, repeated: see TestImage.
std::uint8_t coarse(double value) {
  const auto level = static_cast<unsigned>(std::clamp(value, 0.0, 255.0)) >> 4U;
  return static_cast<std::uint8_t>(level << 4U | level);
}

// SplitMix64; the distributions of <random> differ between libraries.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  double between(double low, double high) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    z ^= z >> 31U;
    return low + (high - low) * static_cast<double>(z >> 11U) / static_cast<double>(std::uint64_t{1} << 53U);
  }
  Colour colour(double low = 0, double high = 255) {
    return {between(low, high), between(low, high), between(low, high)};
  }

 private:
  std::uint64_t state_;
};

// A square image to draw on. Lengths are shares of its side.
class Canvas {
 public:
  explicit Canvas(Chance& chance) : pixels_(kSide * kSide) {
    const Colour top = chance.colour(90, 230), bottom = chance.colour(40, 180);
    for (std::size_t y = 0; y < kSide; ++y) {
      const double share = static_cast<double>(y) / kSide;
      for (std::size_t x = 0; x < kSide; ++x) {
        const double grain = chance.between(-14, 14);
        for (std::size_t c = 0; c < kColours; ++c) {
          pixels_[y * kSide + x][c] = top[c] * (1 - share) + bottom[c] * share + grain;
        }
      }
    }
  }

  void ellipse(double x, double y, double halfWidth, double halfHeight, const Colour& colour) {
    fill(colour, [=](double px, double py) {
      return std::pow((px - x) / halfWidth, 2) + std::pow((py - y) / halfHeight, 2) <= 1;
    });
  }

  void rectangle(double x, double y, double halfWidth, double halfHeight, double angle, const Colour& colour) {
    const double cosine = std::cos(angle), sine = std::sin(angle);
    fill(colour, [=](double px, double py) {
      const double along = (px - x) * cosine + (py - y) * sine, across = (py - y) * cosine - (px - x) * sine;
      return std::abs(along) <= halfWidth && std::abs(across) <= halfHeight;
    });
  }

  void triangle(double x, double y, double size, double angle, const Colour& colour) {
    fill(colour, [=](double px, double py) {
      bool inside = true;
      for (int side = 0; side < 3; ++side) {
        const double turn = angle + side * 2.0943951023931953;
        inside = inside && (px - x) * std::cos(turn) + (py - y) * std::sin(turn) <= size / 2;
      }
      return inside;
    });
  }

  void person(double x, double y, double height, const Colour& shirt, const Colour& trousers) {
    const Colour skin{224, 172, 140};
    rectangle(x - height * 0.06, y + height * 0.3, height * 0.045, height * 0.2, 0.06, trousers);
    rectangle(x + height * 0.06, y + height * 0.3, height * 0.045, height * 0.2, -0.06, trousers);
    rectangle(x - height * 0.15, y - height * 0.06, height * 0.035, height * 0.17, 0.15, shirt);
    rectangle(x + height * 0.15, y - height * 0.06, height * 0.035, height * 0.17, -0.15, shirt);
    rectangle(x, y - height * 0.06, height * 0.11, height * 0.19, 0, shirt);
    ellipse(x, y - height * 0.37, height * 0.075, height * 0.1, skin);
    ellipse(x, y - height * 0.42, height * 0.078, height * 0.055, {60, 40, 30});
  }

  void car(double x, double y, double width, const Colour& body) {
    rectangle(x, y - width * 0.13, width * 0.27, width * 0.11, 0, body);
    rectangle(x, y - width * 0.13, width * 0.22, width * 0.075, 0, {150, 190, 215});
    rectangle(x, y - width * 0.13, width * 0.012, width * 0.1, 0, body);
    rectangle(x, y, width * 0.5, width * 0.1, 0, body);
    for (const double wheel : {-0.28, 0.28}) {
      ellipse(x + wheel * width, y + width * 0.1, width * 0.1, width * 0.1, {25, 25, 28});
      ellipse(x + wheel * width, y + width * 0.1, width * 0.045, width * 0.045, {170, 170, 175});
    }
  }

  TestImage image() const {
    TestImage image{{TestImage::kMostSide, TestImage::kMostSide}, {}};
    for (const Colour& pixel : pixels_) {
      std::transform(pixel.begin(), pixel.end(), std::back_inserter(image.pixels), coarse);
    }
    return image;
  }

 private:
  static constexpr std::size_t kSide = TestImage::kMostSide;

  // Each pixel by how many of its nine points are inside.
  template <typename Inside>
  void fill(const Colour& colour, const Inside& inside) {
    constexpr int kPoints = 3;
    for (std::size_t y = 0; y < kSide; ++y) {
      for (std::size_t x = 0; x < kSide; ++x) {
        int hits = 0;
        for (int point = 0; point < kPoints * kPoints; ++point) {
          const int column = point % kPoints, row = point / kPoints;
          const double px = (static_cast<double>(x) + (column + 0.5) / kPoints) / kSide;
          const double py = (static_cast<double>(y) + (row + 0.5) / kPoints) / kSide;
          hits += inside(px, py) ? 1 : 0;
        }
        const double share = static_cast<double>(hits) / (kPoints * kPoints);
        for (std::size_t c = 0; c < kColours; ++c) {
          double& value = pixels_[y * kSide + x][c];
          value += (colour[c] - value) * share;
        }
      }
    }
  }

  std::vector<Colour> pixels_;
};

void drawCross(Canvas& canvas, double x, double y, double size, double angle, const Colour& colour) {
  canvas.rectangle(x, y, size / 2, size / 6, angle, colour);
  canvas.rectangle(x, y, size / 6, size / 2, angle, colour);
}

void drawShape(Canvas& canvas, Chance& chance, int kind, double x, double y, double size) {
  const Colour colour = chance.colour();
  const double angle = chance.between(0, 3.14);
  switch (kind) {
    case 0:
      canvas.ellipse(x, y, size / 2, size / 2, colour);
      break;
    case 1:
      canvas.rectangle(x, y, size / 2, size / 2, angle, colour);
      break;
    case 2:
      canvas.triangle(x, y, size / 1.5, angle, colour);
      break;
    case 3:
      canvas.rectangle(x, y, size / 2, size / 4, angle, colour);
      break;
    default:
      drawCross(canvas, x, y, size, angle, colour);
  }
}

}  // namespace

TestImage smallImage(const ImageView& image, bool bgr) {
  RotatedCropper cropper;
  Resampler resampler;
  ImageView view = image;
  view.conversion.bgr = bgr;
  const ImageView upright = cropper.upright(view);
  const double scale =
      std::min(1.0, static_cast<double>(TestImage::kMostSide) / std::max(upright.size.width, upright.size.height));
  const Size size{std::max(static_cast<int>(std::lround(upright.size.width * scale)), 1),
                  std::max(static_cast<int>(std::lround(upright.size.height * scale)), 1)};
  const ImageView scaled = resampler.byPillow(upright, size);
  TestImage small{size, {}};
  for (int y = 0; y < size.height; ++y) {
    const std::uint8_t* pixel = scaled.row(y);
    for (int x = 0; x < size.width; ++x, pixel += scaled.channels) {
      for (std::size_t c = 0; c < kColours; ++c) {
        small.pixels.push_back(coarse(pixel[scaled.channels == 1 ? 0 : bgr ? kColours - 1 - c : c]));
      }
    }
  }
  return small;
}

std::vector<TestImage> drawnImages() {
  constexpr int kShapeImages = 5, kShapes = 5;
  std::vector<TestImage> images;
  Chance chance(20);
  for (int i = 0; i < kShapeImages; ++i) {  // shapes, from many small ones to few large ones
    Canvas canvas(chance);
    const double largest = 0.16 + 0.11 * i;
    for (int j = 0; j < 3 + 2 * (kShapeImages - i); ++j) {
      const double size = chance.between(largest * 0.6, largest);
      const double x = chance.between(size / 2, 1 - size / 2), y = chance.between(size / 2, 1 - size / 2);
      drawShape(canvas, chance, (i + j) % kShapes, x, y, size);
    }
    images.push_back(canvas.image());
  }
  const auto street = [&](double size) {
    Canvas canvas(chance);
    canvas.rectangle(0.5, 0.9, 0.6, 0.25, 0, {110, 110, 112});
    canvas.car(0.3, 0.62, size, chance.colour());
    canvas.person(0.72, 0.6, size * 1.2, chance.colour(), chance.colour(20, 110));
    canvas.person(0.88, 0.55, size * 0.8, chance.colour(), chance.colour(20, 110));
    images.push_back(canvas.image());
  };
  street(0.3);
  street(0.5);
  Canvas portrait(chance);
  portrait.person(0.5, 0.55, 0.85, chance.colour(), chance.colour(20, 110));
  images.push_back(portrait.image());
  return images;
}

}  // namespace trtyolo
