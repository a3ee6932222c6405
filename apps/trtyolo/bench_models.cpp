// Models at work in this process: see bench_models.hpp.
#include "bench_models.hpp"

#include <chrono>
#include <utility>

namespace app {
namespace {

using Clock = std::chrono::steady_clock;

double secondsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

BenchSpeed toSpeed(trtyolo::NetworkSpeed speed) {
  return {speed.seconds, std::move(speed.latencies)};
}

}  // namespace

BenchModels::BenchModels(const BenchJob& job, const cv::Mat& picture)
    : separate_(job.kind == "separate"), requests_(job.n) {
  trtyolo::InferOption option = job.option;
  option.enablePerformanceReport();
  if (job.onGpu) option.enableCudaMem();
  const auto load = [&] { return AnyModel(job.model, option, job.task); };
  models_.push_back(load());
  const bool one = job.kind == "network" || job.kind == "pool";
  const int models = one ? 1 : job.n;
  while (static_cast<int>(models_.size()) < models) models_.push_back(separate_ ? load() : models_.front().clone());
  if (job.kind == "pool") {
    pool_ = std::make_unique<AnyPool>(models_.front());
    requests_ = pool_->base().contexts();
  }
  if (job.onGpu) onGpu_ = std::make_unique<GpuPicture>(picture, job.gpu);
  // The pixels are only read.
  const trtyolo::Image image =
      onGpu_ ? onGpu_->image()
             : trtyolo::Image(picture.data, picture.cols, picture.rows, picture.channels(), picture.step[0]);
  images_.assign(static_cast<std::size_t>(batch()), image);
  team_ = std::make_unique<Team>(pool_ ? job.n : models);
}

std::optional<trtyolo::MemoryUse> BenchModels::gpuMemory() const {
  if (models_.front().base().info().backend != "tensorrt") return std::nullopt;
  trtyolo::MemoryUse all;
  const std::size_t engines = separate_ ? models_.size() : 1;
  for (std::size_t i = 0; i < engines; ++i) all += models_[i].base().memory();
  return all;
}

trtyolo::Timing BenchModels::timing() const {
  trtyolo::Timing mean;
  if (pool_) {
    const trtyolo::PoolMetrics metrics = pool_->base().metrics();
    mean.before = metrics.before.median;
    mean.network = metrics.network.median;
    mean.after = metrics.after.median;
    return mean;
  }
  for (const AnyModel& model : models_) addShare(mean, model.base().timing(), models_.size());
  return mean;
}

BenchState BenchModels::state() {
  BenchState state;
  state.batch = batch();
  state.imagesOfACall = pool_ ? 1 : batch();
  state.task = models_.front().base().info().task;
  state.objects = objects_;
  state.timing = timing();
  state.process = processMemory();
  state.gpu = gpuMemory();
  if (pool_) {
    state.pool = pool_->base().metrics();
    state.contexts = pool_->base().contexts();
  }
  return state;
}

BenchSpeed BenchModels::predict(double seconds) {
  return together([this, seconds](std::size_t number) {
    BenchSpeed speed;
    const Clock::time_point begin = Clock::now();
    Clock::time_point start = begin;
    do {
      const Found found = pool_ ? pool_->predict(images_.front()) : models_[number].predict(images_).front();
      const Clock::time_point end = Clock::now();
      speed.latencies.push_back(secondsBetween(start, end) * 1e3);
      speed.seconds = secondsBetween(begin, end);
      start = end;
      if (number == 0) objects_ = found.classes.size();
    } while (speed.seconds < seconds);
    return speed;
  });
}

BenchSpeed BenchModels::network(double seconds) {
  if (!separate_) return toSpeed(models_.front().base().measureNetwork(requests_, seconds));
  return together(
      [this, seconds](std::size_t number) { return toSpeed(models_[number].base().measureNetwork(1, seconds)); });
}

/// One piece of work for each thread, all begun at the same time; over when the last is.
template <typename Work>
BenchSpeed BenchModels::together(const Work& work) {
  std::vector<BenchSpeed> parts(team_->size());
  team_->run([&](int number) {
    const auto index = static_cast<std::size_t>(number);
    parts[index] = work(index);
  });
  BenchSpeed all;
  for (const BenchSpeed& part : parts) all.addBeside(part);
  return all;
}

}  // namespace app
