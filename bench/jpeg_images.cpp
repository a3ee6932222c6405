// JPEG images in memory: see encoded.hpp.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <opencv2/core/mat.hpp>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>
#include <thread>

#include "encoded.hpp"
#include "trtyolo/media.hpp"

namespace bench {

const bool kHasMedia = true;

namespace {

constexpr int kQuality = 90;

std::string bytesOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read \"" + file.string() + "\"");
  return {std::istreambuf_iterator<char>(in), {}};
}

bool isJpeg(const std::string& bytes) {
  return bytes.starts_with("\xFF\xD8\xFF");
}

std::string drawnJpeg(int width, int height) {
  SourceImage image = drawnImage(width, height);
  std::vector<unsigned char> bytes;
  cv::imencode(".jpg", cv::Mat(height, width, CV_8UC3, image.pixels.data()), bytes,
               {cv::IMWRITE_JPEG_QUALITY, kQuality});
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<std::string> jpegPaths(const std::string& source) {
  std::vector<std::filesystem::path> paths{source};
  if (std::filesystem::is_directory(source)) {
    paths = {std::filesystem::directory_iterator(source), {}};
    std::sort(paths.begin(), paths.end());
  }
  std::vector<std::string> jpegs;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path) && isJpeg(bytesOf(path))) jpegs.push_back(path.string());
  }
  if (jpegs.empty()) throw std::runtime_error("\"" + source + "\" is neither a JPEG file nor a folder with any");
  return jpegs;
}

std::vector<std::string> jpegFiles(const std::string& source, int drawnWidth, int drawnHeight) {
  if (source.empty()) return {drawnJpeg(drawnWidth, drawnHeight)};
  std::vector<std::string> files;
  for (const std::string& path : jpegPaths(source)) files.push_back(bytesOf(path));
  return files;
}

std::pair<int, int> jpegSize(const std::vector<std::string>& files) {
  const auto size = trtyolo::imageSize({files.front().data(), files.front().size()});
  if (!size) throw std::runtime_error("the first JPEG file does not say how large its image is");
  return {static_cast<int>(size->width), static_cast<int>(size->height)};
}

/// A decoder that remembers what it was asked for, so that it can be asked for the same without a model.
class AskedDecoder : public trtyolo::ImageDecoder {
 public:
  explicit AskedDecoder(std::shared_ptr<trtyolo::ImageDecoder> decoder) : decoder_(std::move(decoder)) {}

  void decode(const trtyolo::EncodedImage* images, std::size_t count, const trtyolo::DecodeTarget& target,
              trtyolo::DecodedImage* decoded) override {
    {
      const std::lock_guard lock(mutex_);
      asked_ = target;
    }
    decoder_->decode(images, count, target, decoded);
  }
  std::size_t batch(const trtyolo::DecodeTarget& target) const override { return decoder_->batch(target); }

  /// Of the last call; nothing before there was one. Valid for as long as the model is there that has called.
  std::optional<trtyolo::DecodeTarget> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::shared_ptr<trtyolo::ImageDecoder> decoder_;
  mutable std::mutex mutex_;
  std::optional<trtyolo::DecodeTarget> asked_;
};

JpegImages::JpegImages(std::vector<std::string> files, std::optional<int> gpu) : files_(std::move(files)), gpu_(gpu) {
  trtyolo::ImageDecoderOption option;
  option.useGpu = gpu.has_value();
  decoder_ = trtyolo::makeImageDecoder(option);
  asked_ = std::make_shared<AskedDecoder>(decoder_);
  for (const std::string& file : files_) images_.push_back({file.data(), file.size()});
}

std::shared_ptr<trtyolo::ImageDecoder> JpegImages::decoder() const {
  return asked_;
}

// Those that take several images at once get two threads, as a pool gives them by itself.
int JpegImages::threads(std::optional<int> gpu) const {
  if (decoder_->batch({gpu, true}) > 1) return 2;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Speed JpegImages::decode(std::size_t thread, std::optional<int> gpu, double seconds) const {
  trtyolo::DecodeTarget target = asked_->asked().value_or(trtyolo::DecodeTarget{});
  target.gpu = gpu;
  target.bgr = true;
  const std::size_t batch = decoder_->batch(target);
  std::vector<trtyolo::EncodedImage> images(batch);
  std::size_t next = thread * batch;
  return repeated(seconds, static_cast<int>(batch), [&] {
    for (auto& each : images) each = image(next++);
    std::vector<trtyolo::DecodedImage> decoded(batch);
    decoder_->decode(images.data(), batch, target, decoded.data());
    for (const auto& each : decoded) {
      if (each.error) std::rethrow_exception(each.error);
    }
  });
}

nlohmann::ordered_json JpegImages::counts() const {
  const trtyolo::DecodeCounts counts = decoder_->counts();
  nlohmann::ordered_json json{{"decoded_gpu", counts.gpu}, {"decoded_cpu", counts.cpu}};
  const std::string why = gpu_ ? decoder_->whyNoGpu(*gpu_) : "";
  if (!why.empty()) json["why_no_gpu"] = why;
  return json;
}

}  // namespace bench
