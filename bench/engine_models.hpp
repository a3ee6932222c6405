// What the benchmarks of engines on a GPU share: models of any task, a picture, the GPU's memory, and reports.
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "trtyolo.hpp"

namespace bench {

inline void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

/// Megabytes, of 1,000,000 bytes, that all programs together leave free.
inline double freeMegabytes() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  return static_cast<double>(free) / 1e6;
}

/// Rectangles on noise, from a fixed seed: 1920 x 1080 pixels, in host memory and on the GPU.
class Picture {
 public:
  static constexpr int kWidth = 1920, kHeight = 1080, kChannels = 3;

  Picture() : pixels_(std::size_t{kWidth} * kHeight * kChannels) {
    std::mt19937 random(20240229);
    for (unsigned char& value : pixels_) value = static_cast<unsigned char>(random() % 64 + 96);
    for (int i = 0; i < 40; ++i) {
      const int left = static_cast<int>(random() % kWidth), top = static_cast<int>(random() % kHeight);
      const int right = std::min<int>(kWidth, left + 40 + static_cast<int>(random() % 300));
      const int bottom = std::min<int>(kHeight, top + 40 + static_cast<int>(random() % 300));
      const unsigned char color[kChannels] = {static_cast<unsigned char>(random()),
                                              static_cast<unsigned char>(random()),
                                              static_cast<unsigned char>(random())};
      for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) {
          const std::size_t place = static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x);
          std::copy_n(color, kChannels, &pixels_[place * kChannels]);
        }
      }
    }
    check(cudaMalloc(&onGpu_, pixels_.size()));
    check(cudaMemcpy(onGpu_, pixels_.data(), pixels_.size(), cudaMemcpyHostToDevice));
    check(cudaDeviceSynchronize());
  }
  ~Picture() { cudaFree(onGpu_); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;

  trtyolo::Image image(bool onGpu) { return {onGpu ? onGpu_ : pixels_.data(), kWidth, kHeight}; }

 private:
  std::vector<unsigned char> pixels_;
  void* onGpu_ = nullptr;
};

/// The same calls for a model of any task.
class AnyModel {
 public:
  virtual ~AnyModel() = default;
  virtual std::unique_ptr<AnyModel> clone() const = 0;
  /// How much was found in the first of them.
  virtual int predict(const std::vector<trtyolo::Image>& images) = 0;
  virtual const trtyolo::BaseModel& base() const = 0;
};

using Models = std::vector<std::unique_ptr<AnyModel>>;

template <typename Model>
class ModelOf final : public AnyModel {
 public:
  explicit ModelOf(std::unique_ptr<Model> model) : model_(std::move(model)) {}
  std::unique_ptr<AnyModel> clone() const override { return std::make_unique<ModelOf>(model_->clone()); }
  int predict(const std::vector<trtyolo::Image>& images) override { return model_->predict(images).front().num; }
  const trtyolo::BaseModel& base() const override { return *model_; }

 private:
  std::unique_ptr<Model> model_;
};

template <typename Model>
std::unique_ptr<AnyModel> load(const std::string& file, const trtyolo::InferOption& option) {
  return std::make_unique<ModelOf<Model>>(std::make_unique<Model>(file, option));
}

inline std::unique_ptr<AnyModel> load(const std::string& file, const trtyolo::InferOption& option, trtyolo::Task task) {
  switch (task) {
    case trtyolo::Task::Classify:
      return load<trtyolo::ClassifyModel>(file, option);
    case trtyolo::Task::Detect:
      return load<trtyolo::DetectModel>(file, option);
    case trtyolo::Task::OBB:
      return load<trtyolo::OBBModel>(file, option);
    case trtyolo::Task::Segment:
      return load<trtyolo::SegmentModel>(file, option);
    case trtyolo::Task::Pose:
      return load<trtyolo::PoseModel>(file, option);
  }
  throw std::runtime_error("unknown task");
}

/// The first lines of a report.
inline std::string heading(const trtyolo::ModelInfo& info) {
  return std::string(trtyolo::version()) + ", TensorRT " + trtyolo::backends()["tensorrt"] + ", " + info.device + "\n" +
         info.file + ": " + trtyolo::toString(info.task) + ", " + info.precision + ", " +
         std::to_string(info.networkWidth) + "x" + std::to_string(info.networkHeight) + ", batch " +
         std::to_string(info.batch) + "; picture " + std::to_string(Picture::kWidth) + "x" +
         std::to_string(Picture::kHeight) + "\n";
}

/// Rows for a picture on the GPU and in host memory, each with every one of `counts`: a table that grows as they are
/// measured, under `titles`, or JSON in the end. `measure(onGpu, image, count)` gives a row, which print() and asJson()
/// take.
template <typename Measure>
void reportRows(const trtyolo::ModelInfo& info, const std::vector<int>& counts, bool json, const char* titles,
                const Measure& measure) {
  Picture picture;
  if (!json) std::cout << heading(info) << titles;
  auto rows = nlohmann::ordered_json::array();
  for (const bool onGpu : {true, false}) {
    for (const int count : counts) {
      const auto row = measure(onGpu, picture.image(onGpu), count);
      if (!json) print(row);
      rows.push_back(asJson(row));
    }
  }
  if (json) {
    const nlohmann::ordered_json report{
        {"engine", info.file}, {"device", info.device}, {"batch", info.batch}, {"rows", std::move(rows)}};
    std::cout << report.dump(2) << std::endl;
  }
}

}  // namespace bench
