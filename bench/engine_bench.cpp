// A TensorRT engine on one GPU: predict() of images in host memory and on the GPU, beside the bare network, with one
// model and with clones, and the memory that they take. Needs neither OpenCV nor a display.
//
//   engine_bench ENGINE [SECONDS [CLONES...]]      2 seconds a measurement; 1, 2, 4 and 8 clones
//
// Every ratio is the median of slices that took turns between the bare network (as a captured graph, as many contexts
// as there are clones) and predict(), so that both meet the same machine. The picture is 1920 x 1080, drawn from a
// fixed seed. Prints a table, then the same as one line of JSON.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "trtyolo.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWidth = 1920, kHeight = 1080, kChannels = 3;
constexpr double kSlice = 0.25;

void check(cudaError_t status) {
  if (status != cudaSuccess) throw std::runtime_error(cudaGetErrorString(status));
}

double freeMegabytes() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  return static_cast<double>(free) / 1e6;
}

/// Rectangles on noise.
std::vector<unsigned char> drawnPicture() {
  std::mt19937 random(20240229);
  std::vector<unsigned char> pixels(std::size_t{kWidth} * kHeight * kChannels);
  for (unsigned char& value : pixels) value = static_cast<unsigned char>(random() % 64 + 96);
  for (int i = 0; i < 40; ++i) {
    const int left = static_cast<int>(random() % kWidth), top = static_cast<int>(random() % kHeight);
    const int right = std::min<int>(kWidth, left + 40 + static_cast<int>(random() % 300));
    const int bottom = std::min<int>(kHeight, top + 40 + static_cast<int>(random() % 300));
    const unsigned char color[3] = {static_cast<unsigned char>(random()), static_cast<unsigned char>(random()),
                                    static_cast<unsigned char>(random())};
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) {
        std::copy_n(color, 3, &pixels[(static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x)) * 3]);
      }
    }
  }
  return pixels;
}

/// The same five calls for a model of any task.
class AnyModel {
 public:
  virtual ~AnyModel() = default;
  virtual std::unique_ptr<AnyModel> clone() const = 0;
  virtual int predict(const std::vector<trtyolo::Image>& images) = 0;
  virtual const trtyolo::BaseModel& base() const = 0;
};

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

std::unique_ptr<AnyModel> load(const std::string& file, const trtyolo::InferOption& option) {
  switch (trtyolo::inspect(file, option).task) {
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

double medianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double percentileOf(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

struct Slice {
  double runsPerSecond = 0;
  std::vector<double> latencies;  // milliseconds
};

Slice predictAll(const std::vector<std::unique_ptr<AnyModel>>& models, const std::vector<trtyolo::Image>& images,
                 double seconds) {
  std::vector<std::vector<double>> latencies(models.size());
  std::atomic<bool> failed = false;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < models.size(); ++i) {
    threads.emplace_back([&, i] {
      try {
        auto start = Clock::now();
        do {
          models[i]->predict(images);
          const auto end = Clock::now();
          latencies[i].push_back(std::chrono::duration<double, std::milli>(end - start).count());
          start = end;
        } while (std::chrono::duration<double>(start - begin).count() < seconds);
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        failed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) throw std::runtime_error("a clone failed");
  Slice slice;
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  for (const auto& part : latencies) slice.latencies.insert(slice.latencies.end(), part.begin(), part.end());
  slice.runsPerSecond = static_cast<double>(slice.latencies.size()) / elapsed;
  return slice;
}

struct Row {
  std::string where;
  std::size_t clones = 0;
  double network = 0, predict = 0, ratio = 0, networkP50 = 0, p50 = 0, p99 = 0, latencyRatio = 0, before = 0, after = 0,
         megabytes = 0;
  int objects = 0;
};

Row measure(const std::string& file, bool onGpu, const trtyolo::Image& image, std::size_t clones, double seconds) {
  trtyolo::InferOption option;
  option.enablePerformanceReport();
  if (onGpu) option.enableCudaMem();
  std::vector<std::unique_ptr<AnyModel>> models;
  models.push_back(load(file, option));
  const std::vector<trtyolo::Image> images(static_cast<std::size_t>(models.front()->base().batch()), image);
  Row row;
  row.where = onGpu ? "gpu" : "host";
  row.clones = clones;
  row.objects = models.front()->predict(images);
  models.front()->predict(images);
  const double before = freeMegabytes();
  while (models.size() < clones) models.push_back(models.front()->clone());
  for (int i = 0; i < 3; ++i) predictAll(models, images, 0.02);  // warms up, captures
  row.megabytes = clones > 1 ? (before - freeMegabytes()) / static_cast<double>(clones - 1) : 0;
  std::vector<double> ratios, networks, predicts, networkLatencies, latencies;
  const int slices = std::max(3, static_cast<int>(seconds / kSlice));
  for (int i = 0; i < slices; ++i) {
    const auto network = [&] {
      const trtyolo::NetworkSpeed speed = models.front()->base().measureNetwork(static_cast<int>(clones), kSlice);
      networkLatencies.insert(networkLatencies.end(), speed.latencies.begin(), speed.latencies.end());
      networks.push_back(static_cast<double>(speed.latencies.size()) / speed.seconds);
    };
    const auto predict = [&] {
      const Slice slice = predictAll(models, images, kSlice);
      latencies.insert(latencies.end(), slice.latencies.begin(), slice.latencies.end());
      predicts.push_back(slice.runsPerSecond);
    };
    if (i % 2 == 0) network();
    predict();
    if (i % 2 != 0) network();
    ratios.push_back(predicts.back() / networks.back());
  }
  const double batch = static_cast<double>(images.size());
  row.network = medianOf(networks) * batch;
  row.predict = medianOf(predicts) * batch;
  row.ratio = medianOf(ratios);
  row.networkP50 = medianOf(networkLatencies);
  row.p50 = medianOf(latencies);
  row.p99 = percentileOf(latencies, 0.99);
  row.latencyRatio = row.p50 / row.networkP50;
  row.before = models.front()->base().timing().before;
  row.after = models.front()->base().timing().after;
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2) throw std::runtime_error("usage: engine_bench ENGINE [SECONDS [CLONES...]]");
    const std::string file = argv[1];
    const double seconds = argc > 2 ? std::stod(argv[2]) : 2;
    std::vector<std::size_t> counts;
    for (int i = 3; i < argc; ++i) counts.push_back(std::stoul(argv[i]));
    if (counts.empty()) counts = {1, 2, 4, 8};

    std::vector<unsigned char> picture = drawnPicture();
    void* onGpu = nullptr;
    check(cudaMalloc(&onGpu, picture.size()));
    check(cudaMemcpy(onGpu, picture.data(), picture.size(), cudaMemcpyHostToDevice));
    const trtyolo::ModelInfo info = trtyolo::inspect(file);
    std::cout << trtyolo::version() << ", TensorRT " << trtyolo::backends()["tensorrt"] << ", " << info.device << "\n"
              << file << ": " << trtyolo::toString(info.task) << ", " << info.precision << ", " << info.networkWidth
              << "x" << info.networkHeight << ", batch " << info.batch << "; picture " << kWidth << "x" << kHeight
              << "\n\nimage  clones  network/s  predict/s  ratio  network p50  predict p50    p99  p50 ratio  MB a "
                 "clone  objects\n";
    std::ostringstream json;
    for (const bool gpu : {true, false}) {
      const trtyolo::Image image(gpu ? onGpu : picture.data(), kWidth, kHeight);
      for (const std::size_t clones : counts) {
        const Row row = measure(file, gpu, image, clones, seconds);
        std::cout << std::fixed << std::left << std::setw(5) << row.where << std::right << std::setw(8) << row.clones
                  << std::setprecision(0) << std::setw(11) << row.network << std::setw(11) << row.predict
                  << std::setprecision(3) << std::setw(7) << row.ratio << std::setw(13) << row.networkP50
                  << std::setw(13) << row.p50 << std::setw(7) << row.p99 << std::setw(11) << row.latencyRatio
                  << std::setw(8) << row.before << std::setw(7) << row.after << std::setprecision(1) << std::setw(12)
                  << row.megabytes << std::setw(9) << row.objects << std::endl;
        json << (json.str().empty() ? "" : ", ") << "{\"image\": \"" << row.where << "\", \"clones\": " << row.clones
             << ", \"network_per_s\": " << row.network << ", \"predict_per_s\": " << row.predict
             << ", \"ratio\": " << row.ratio << ", \"network_p50_ms\": " << row.networkP50
             << ", \"p50_ms\": " << row.p50 << ", \"p99_ms\": " << row.p99 << ", \"before_ms\": " << row.before
             << ", \"after_ms\": " << row.after << ", \"mb_a_clone\": " << row.megabytes
             << ", \"objects\": " << row.objects << "}";
      }
    }
    std::cout << "\n[" << json.str() << "]\n";
    check(cudaFree(onGpu));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "engine_bench: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
