// Encoded images for machines without OpenCV: files, and beside each what OpenCV makes of it (make_data.py).
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gpu/picture.hpp"
#include "media/image_decoder.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo::test {

struct EncodedFile {
  std::string name, bytes;
  Picture picture;  // BGR

  EncodedImage view() const { return {bytes.data(), bytes.size()}; }
};

/// Those of a folder, by their names.
inline std::vector<EncodedFile> encodedFiles(const std::string& folder) {
  std::vector<EncodedFile> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".ppm") {
      continue;
    }
    std::ifstream stream(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(),
                     {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()},
                     readPpm(entry.path().string() + ".ppm")});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

/// Stands for OpenCV: knows these files, and takes all others for damaged ones.
class ReferenceCodec final : public media::CpuCodec {
 public:
  explicit ReferenceCodec(const std::vector<EncodedFile>& files) {
    for (const EncodedFile& file : files) {
      pictures_.emplace(file.bytes, file.picture);
    }
  }

  std::string name() const override { return "References (1)"; }

  DecodedImage decode(const EncodedImage& image, bool bgr, int /*divisor*/) const override {
    const auto found = pictures_.find(std::string(static_cast<const char*>(image.bytes), image.size));
    if (found == pictures_.end()) {
      throw DecodeError("not a file that there is a reference of");
    }
    auto copy = std::make_shared<Picture>(found->second);
    for (std::size_t i = 0; !bgr && i < copy->pixels.size(); i += 3) {
      std::swap(copy->pixels[i], copy->pixels[i + 2]);
    }
    const Image view = copy->view();
    return {view, std::nullopt, std::move(copy), nullptr};
  }

 private:
  std::map<std::string, Picture> pictures_;
};

}  // namespace trtyolo::test
