// Uses the installed package without any other library: consumer MODEL PREFIX finds a disc that it draws itself, and
// makes sure that all that was loaded for it lies below PREFIX.
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "trtyolo.hpp"

static_assert(__cplusplus < 202002L, "the header must do with C++17");

namespace {

constexpr int kWidth = 640, kHeight = 480, kRadius = 80;

std::vector<unsigned char> drawDisc() {
  std::vector<unsigned char> pixels(static_cast<std::size_t>(kWidth) * kHeight * 3, 200);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const int dx = x - kWidth / 2, dy = y - kHeight / 2;
      if (dx * dx + dy * dy <= kRadius * kRadius) {
        unsigned char* pixel = &pixels[(static_cast<std::size_t>(y) * kWidth + x) * 3];
        pixel[0] = 200;
        pixel[1] = 30;
        pixel[2] = 30;
      }
    }
  }
  return pixels;
}

// The files of `names` that this process has loaded from outside `prefix`.
std::string loadedFromElsewhere(const std::vector<std::string>& names, const std::string& prefix) {
  std::ifstream maps("/proc/self/maps");
  std::string line, elsewhere;
  while (std::getline(maps, line)) {
    const std::string path = line.substr(std::min(line.find('/'), line.size()));
    for (const std::string& name : names) {
      if (path.find(name) != std::string::npos && path.compare(0, prefix.size(), prefix) != 0) {
        elsewhere += path + '\n';
      }
    }
  }
  return elsewhere;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: consumer MODEL PREFIX\n";
    return 2;
  }
  trtyolo::DetectModel model(argv[1]);
  std::vector<unsigned char> pixels = drawDisc();
  const trtyolo::DetResult result = model.clone()->predict(trtyolo::Image(pixels.data(), kWidth, kHeight));
  std::cout << result << '\n';
  for (const int index : result.classes) {
    std::cout << result.num << ' ' << model.info().names.at(index) << '\n';
  }
  const std::string elsewhere = loadedFromElsewhere({"libtrtyolo", "libopenvino", "libtbb", "libhwy"}, argv[2]);
  if (!elsewhere.empty()) {
    std::cerr << "loaded from outside " << argv[2] << ":\n" << elsewhere;
    return 1;
  }
  try {
    trtyolo::DetectModel missing("no-such-model.onnx");
  } catch (const trtyolo::ModelError& error) {  // caught across the library's border, by its own type
    std::cout << error.what() << '\n';
    return 0;
  }
  std::cerr << "a missing file was not refused\n";
  return 1;
}
