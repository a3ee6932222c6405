// Writes what the fuzzers of images and videos begin with: small files of every kind that the test data has none of.
// The argument is a folder with the folders images and video in it.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <opencv2/imgproc.hpp>
#include <string>

#include "media/encoded.hpp"
#include "media/video_files.hpp"
#include "support/jpeg.hpp"

namespace {

using trtyolo::test::Bytes;

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  void add(const std::string& name, const Bytes& bytes) const {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

Bytes firstOf(const Bytes& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

void writeImages(const Folder& folder) {
  const cv::Mat image = trtyolo::test::quadrants(80, 64);
  cv::Mat grey;
  cv::cvtColor(image, grey, cv::COLOR_BGR2GRAY);
  const Bytes jpeg = trtyolo::test::encode(image, ".jpg");
  folder.add("baseline.jpg", jpeg);
  folder.add("grey.jpg", trtyolo::test::encode(grey, ".jpg"));
  folder.add("12-bit.jpg", trtyolo::test::jpegOf12Bits());
  for (unsigned char orientation = 1; orientation <= 8; ++orientation) {
    folder.add("exif" + std::to_string(orientation) + ".jpg", trtyolo::test::oriented(jpeg, orientation));
  }
  for (const int option : {cv::IMWRITE_JPEG_PROGRESSIVE, cv::IMWRITE_JPEG_RST_INTERVAL}) {
    Bytes bytes;
    cv::imencode(".jpg", image, bytes, {option, 1});
    folder.add("option" + std::to_string(option) + ".jpg", bytes);
    folder.add("cut" + std::to_string(option) + ".jpg", firstOf(bytes, bytes.size() / 2));
  }
  for (const char* suffix : {".png", ".bmp", ".tif", ".webp", ".ppm", ".jp2", ".hdr"}) {
    folder.add(std::string("image") + suffix, trtyolo::test::encode(image, suffix));
  }
}

// The fuzzer's first byte goes in front of each.
void writeVideos(const Folder& folder) {
  trtyolo::test::VideoSettings settings;
  settings.width = 32;
  settings.height = 24;
  settings.frames = 4;
  settings.gop = 2;
  settings.unit = {1, 25};
  settings.time = [](int i) { return std::int64_t{i}; };
  constexpr int kTurned = 1;
  int written = 0;
  for (const auto& [codec, suffix] : {std::pair{"libx264", ".mp4"},
                                      {"libx264", ".ts"},
                                      {"libx264", ".h264"},
                                      {"mpeg4", ".mp4"},
                                      {"mpeg4", ".ts"},
                                      {"mpeg4", ".avi"},
                                      {"ffv1", ".mkv"},
                                      {"mpeg2video", ".ts"}}) {
    settings.codec = codec;
    for (const int kind : {0, kTurned}) {
      settings.turn = kind == kTurned ? 90 : 0;
      const std::string name = std::string(codec) + std::to_string(kind) + suffix, file = folder / name;
      if (!trtyolo::test::writeVideo(file, settings)) {
        continue;  // this FFmpeg has no such encoder
      }
      Bytes bytes = trtyolo::test::bytesOf(file);
      bytes.insert(bytes.begin(), static_cast<unsigned char>(written++));
      folder.add(name, bytes);
      folder.add("cut-" + name, firstOf(bytes, bytes.size() * 2 / 3));
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  av_log_set_level(AV_LOG_QUIET);
  if (count != 2) {
    std::fputs("Usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::filesystem::path folder(arguments[1]);
  for (const char* name : {"images", "video"}) {
    std::filesystem::create_directories(folder / name);
  }
  writeImages(Folder(folder / "images"));
  writeVideos(Folder(folder / "video"));
}
