// The image that is predicted: see source_image.hpp.
#include "source_image.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t kChannels = 3;

std::vector<std::uint8_t> pixelsOf(int width, int height) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kChannels);
}

}  // namespace

SourceImage drawnImage(int width, int height) {
  SourceImage image{width, height, pixelsOf(width, height)};
  const auto pixel = [&](int x, int y) {
    return image.pixels.begin() + (static_cast<std::ptrdiff_t>(y) * width + x) * static_cast<std::ptrdiff_t>(kChannels);
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int slope[] = {x * 160 / width, y * 160 / height, 160 - x * 80 / width - y * 80 / height};
      std::copy(std::begin(slope), std::end(slope), pixel(x, y));
    }
  }
  // The distributions of <random> differ between standard libraries.
  std::mt19937 random(20240229);
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
  for (int i = 0; i < 40; ++i) {
    const int halfWidth = 1 + width / 96 + below(1 + width / 10), halfHeight = 1 + height / 54 + below(1 + height / 6);
    const int centreX = below(width), centreY = below(height);
    const int colour[] = {below(224), below(224), below(224)};
    for (int y = std::max(0, centreY - halfHeight); y < std::min(height, centreY + halfHeight); ++y) {
      for (int x = std::max(0, centreX - halfWidth); x < std::min(width, centreX + halfWidth); ++x) {
        const double right = static_cast<double>(x - centreX) / halfWidth;
        const double down = static_cast<double>(y - centreY) / halfHeight;
        const bool inEllipse = right * right + down * down <= 1;
        if (inEllipse || i % 2 == 0) std::copy(std::begin(colour), std::end(colour), pixel(x, y));
      }
    }
  }
  for (std::uint8_t& value : image.pixels) value = static_cast<std::uint8_t>(value + below(32));
  return image;
}

SourceImage readPpm(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read \"" + file + "\"");
  const auto next = [&](auto value) {
    while ((in >> std::ws).peek() == '#') in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    in >> value;
    return value;
  };
  const auto kind = next(std::string());
  SourceImage image;
  image.width = next(0);
  image.height = next(0);
  const int highest = next(0);
  constexpr int kMost = 1 << 15;  // pixels of a side
  if (!in || kind != "P6" || highest != 255 || std::min(image.width, image.height) < 1 ||
      std::max(image.width, image.height) > kMost) {
    throw std::runtime_error("\"" + file + "\" is not a binary PPM file (P6, 8 bits a channel)");
  }
  in.get();  // one white space ends the header
  image.pixels = pixelsOf(image.width, image.height);
  in.read(reinterpret_cast<char*>(image.pixels.data()), static_cast<std::streamsize>(image.pixels.size()));
  if (!in) throw std::runtime_error("\"" + file + "\" ends before its last pixel");
  for (std::size_t i = 0; i < image.pixels.size(); i += kChannels) {
    std::swap(image.pixels[i], image.pixels[i + 2]);
  }
  return image;
}

}  // namespace bench
