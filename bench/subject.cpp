// Models at work in this process: see subject.hpp.
#include "subject.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include "device.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;
using trtyolo::Model;

constexpr int kWarmUpCalls = 2;

/// One model alone gets the option's own default, every core for one prediction, and so does each of several separate
/// models. A pool gets as many as suit the machine, its own default. Clones, and the requests of the bare network, get
/// a stream each as far as there are cores.
int streamsOf(const Job& job, std::ptrdiff_t atOnce) {
  if (job.pooled()) return 0;
  if (job.kind != kClones && job.kind != kPredict && job.kind != kNetwork) return 1;
  return std::min(static_cast<int>(atOnce), std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

std::shared_ptr<const void> pinned(const SourceImage& image) {
  const auto buffer = std::make_shared<trtyolo::PinnedBuffer>(image.pixels.size());
  std::copy(image.pixels.begin(), image.pixels.end(), static_cast<std::uint8_t*>(buffer->data()));
  return {buffer, buffer->data()};
}

Speed networkSpeed(const Model& model, int requests, double seconds) {
  trtyolo::NetworkSpeed speed = model.measureNetwork(requests, seconds);
  return {speed.seconds, model.batch(), std::move(speed.latencies)};
}

}  // namespace

Subject::Subject(const Settings& settings, const Job& job, const SourceImage& image)
    : job_(job),
      gpus_(settings.gpus),
      spread_(gpus_.size() > 1),
      source_(settings.source),
      fps_(settings.fps),
      atOnce_(settings.atOnce > 0 ? std::min(settings.atOnce, job.n) : job.n),
      turns_(atOnce_) {
  const bool separate = job.kind == kSeparate;
  gpus_.resize(job.kind == kPredict ? 1 : std::min(gpus_.size(), static_cast<std::size_t>(std::min(job.gpus, job.n))));
  callers_ = job.kind == kNetwork ? 0 : static_cast<std::size_t>(job.n);
  engines_ = separate ? callers_ : gpus_.size();
  streams_ = settings.streams.value_or(streamsOf(job, atOnce_));
  trtyolo::InferOption option = settings.option;
  option.setStreams(streams_).enablePerformanceReport();
  if (job.memory == kGpu) option.enableCudaMem();
  if (job.kind == kJpeg || job.kind == kPredict) {
    readJpegs(settings, image);
    option.setImageDecoder(jpegs_->decoder()).setFastDecode(job.decode == kFast);
  }
  const auto gpuOf = [&](std::size_t i) { return gpus_[i % gpus_.size()]; };
  const auto load = [&](const std::string& file, std::size_t i) {
    return std::make_unique<Model>(Model::load(file, option.setDeviceId(gpuOf(i))));
  };

  models_.push_back(load(settings.model, 0));
  const Model& first = *models_.front();
  usesGpu_ = first.info().backend == "tensorrt";
  const bool otherModel = job.n == 1 && !settings.lowLatencyModel.empty();
  const bool comparable = job.kind == kModel || job.kind == kClones || (job.kind == kPool && !otherModel);
  if (comparable && first.info().head.rfind("cut", 0) == 0) {
    exportedFile_ = settings.exported.empty() && !usesGpu_ ? settings.model : settings.exported;
    exportedOption_ = option;
    exportedOption_.setHead(trtyolo::HeadMode::Whole);
  }
  for (const int gpu : gpus_) {
    images_.push_back(image.view());
    if (job.memory == kHost) continue;
    pixels_.push_back(job.memory == kGpu ? copyToGpu(image.view(), gpu) : pinned(image));
    images_.back().ptr = pixels_.back().get();
  }
  const bool clones = job.kind == kClones && job.n > 1;
  if (clones) {
    const std::vector<trtyolo::Image> images(static_cast<std::size_t>(first.batch()), images_.front());
    for (int i = 0; i < kWarmUpCalls; ++i) models_.front()->predict(images);
    withoutClones_ = usedMegabytes();
  }
  const bool onlyEngines = job.pooled() || job.kind == kPredict;
  for (std::size_t i = 1; i < (onlyEngines ? engines_ : std::max(callers_, engines_)); ++i) {
    if (separate) {
      models_.push_back(load(settings.model, i));
    } else {
      models_.push_back(i < engines_ ? first.clone(gpuOf(i)) : models_[i % engines_]->clone());
    }
  }
  if (clones) cloneMemory_["idle_clone_mb"] = (usedMegabytes() - withoutClones_) / (job.n - 1);

  if (job.pooled()) makePool(settings, option);
  if (job.kind == kPredict) makeClonesOfPredict(settings);
  std::size_t threads = std::max(callers_, engines_);
  if (jpegs_) threads = std::max(threads, engines_ * static_cast<std::size_t>(decodeThreads()));
  team_ = std::make_unique<Team>(threads);
  if (job.kind == kStreams) setStreams(job.n);
}

void Subject::makePool(const Settings& settings, trtyolo::InferOption option) {
  trtyolo::PoolOption poolOption;
  if (usesGpu_) poolOption.devices = gpus_;
  poolOption.contexts = settings.contexts;
  poolOption.maxQueueDelay = settings.maxQueueDelay;
  if (jpegs_) poolOption.decodeThreads = decodeThreads() * static_cast<int>(engines_);
  if (settings.lowLatencyModel.empty()) {
    pool_ = std::make_unique<trtyolo::Pool<>>(*models_.front(), poolOption);
  } else {
    option.setStreams(1).setBatch(1).setDeviceId(gpus_.front());
    lowLatency_.push_back(std::make_unique<Model>(Model::load(settings.lowLatencyModel, option)));
    pool_ = std::make_unique<trtyolo::Pool<>>(*models_.front(), *lowLatency_.front(), poolOption);
  }
  warmUpPool();
  warmUpRuns_ = pool_->metrics().batchSizes;
}

/// A GPU captures a graph for each number of images; none of that is to be measured.
void Subject::warmUpPool() {
  for (int size = 1; usesGpu_ && size <= pool_->maxBatchSize(); ++size) {
    for (int turn = 0; turn < 2 * pool_->contexts(); ++turn) {
      std::vector<trtyolo::Image> images;  // so many for each GPU
      for (int i = 0; i < size; ++i) images.insert(images.end(), images_.begin(), images_.end());
      pool_->predict(images);
    }
  }
}

Speed Subject::predict(double seconds) {
  if (files_) return predictFiles(seconds);
  return together(callers_, [this, seconds](std::size_t number) {
    const std::size_t place = number % gpus_.size();
    if (!videos_.empty()) {
      const std::size_t ahead = std::max<std::size_t>(2, pool_->inFlight() / callers_ + 1);
      return videos_[number]->predict(*pool_, ahead, seconds);
    }
    const trtyolo::Image& image = images_[place];
    const int batch = pool_ ? 1 : models_[number]->batch();
    const std::vector<trtyolo::Image> images(static_cast<std::size_t>(batch), image);
    std::size_t next = number;  // of encoded images
    const auto call = [&] {
      if (jpegs_) return pool_->predict(jpegs_->image(next++)).num;
      return pool_ ? pool_->predict(image).num : models_[number]->predict(images).front().num;
    };
    return repeated(seconds, batch, turns_, [&] {
      const int found = call();
      if (number == 0) objects_ = found;
    });
  });
}

/// As many requests of each engine as it has calls at the same time.
Speed Subject::networks(const Models& models, double seconds) {
  const auto atOnce = static_cast<std::size_t>(atOnce_);
  return together(std::min(engines_, atOnce), [&](std::size_t i) {
    std::size_t requests = 1;
    if (pool_) {
      requests = static_cast<std::size_t>(pool_->contexts()) / engines_;
    } else if (job_.kind != kSeparate) {
      requests = atOnce / engines_ + (i < atOnce % engines_ ? 1 : 0);
    }
    return networkSpeed(*models[i], static_cast<int>(requests), seconds);
  });
}

/// Loaded when it is asked for first: its memory is not the row's.
Speed Subject::exported(double seconds) {
  for (std::size_t i = exported_.size(); i < engines_; ++i) {
    exported_.push_back(std::make_unique<Model>(Model::load(exportedFile_, exportedOption_.setDeviceId(gpus_[i]))));
  }
  return networks(exported_, seconds);
}

Speed Subject::network(double seconds) {
  if (job_.n == 1 && !lowLatency_.empty()) return networkSpeed(*lowLatency_.front(), 1, seconds);
  const auto run = [this, seconds] { return networks(models_, seconds); };
  if (job_.kind != kNetwork) return run();
  // Its requests go when it ends, and their memory with them.
  std::future<Speed> running = std::async(std::launch::async, run);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 2));
  memoryOfNetwork_ = readMemory();
  return running.get();
}

/// One piece of work for each thread, all begun at the same time; over when the last is.
Speed Subject::together(std::size_t count, const std::function<Speed(std::size_t)>& work) {
  if (count == 1) return work(0);
  std::vector<Speed> parts(count);
  team_->run(count, [&](std::size_t number) { parts[number] = work(number); });
  Speed all;
  for (const Speed& part : parts) all.addBeside(part);
  return all;
}

/// Of the GPUs, by all programs; on a CPU of this process.
double Subject::usedMegabytes() const {
  if (!usesGpu_) return processMemory().resident;
  double used = 0;
  for (const int gpu : gpus_) used += usedGpuMegabytes(gpu).value_or(0);
  return used;
}

Json Subject::memory() const {
  return job_.kind == kNetwork ? memoryOfNetwork_ : readMemory();
}

Json Subject::readMemory() const {
  const ProcessMemory process = processMemory();
  Json json{{"batch", models_.front()->batch()},
            {"streams", pool_ ? pool_->contexts() : streams_},
            {"rss_mb", process.resident},
            {"pss_mb", process.proportional},
            {"gpu_mb", 0},
            {"program_mb", before_.resident}};
  if (usesGpu_) {
    trtyolo::MemoryUse use;
    for (std::size_t i = 0; i < engines_; ++i) use += models_[i]->memory();
    for (const auto& model : lowLatency_) use += model->memory();
    const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / 1e6; };
    json["gpu_mb"] = megabytes(use.total());
    json["gpu_engine_mb"] = megabytes(use.engine);
    json["gpu_contexts_mb"] = megabytes(use.contexts);
    json["gpu_scratch_mb"] = megabytes(use.scratch);
    json["gpu_buffers_mb"] = megabytes(use.buffers);
    json["pinned_mb"] = megabytes(use.pinned);
    json["executors"] = use.executors;
  }
  if (!videos_.empty()) {
    const auto n = static_cast<double>(videos_.size());
    json["rss_mb_per_stream"] = (process.resident - withoutVideos_.resident) / n;
    if (usesGpu_) json["gpu_mb_per_stream"] = (usedMegabytes() - gpuWithoutVideos_) / n;
  }
  if (!exportedFile_.empty()) json["compares_exported"] = true;
  json.update(cloneMemory_);
  if (!cloneMemory_.empty()) json["clone_mb"] = (usedMegabytes() - withoutClones_) / (job_.n - 1);
  return json;
}

Json Subject::work() const {
  const trtyolo::ModelInfo& info = models_.front()->info();
  Json json = Json::object();
  if (const auto level = info.metadata.find("optimization_level"); level != info.metadata.end()) {
    json["optimization_level"] = level->second;
  }
  if (spread_) json["gpus"] = gpus_.size();
  if (callers_ == 0) return json;
  if (info.task != trtyolo::Task::Classify && !job_.encoded()) json["objects"] = objects_;
  if (files_) return json;  // nothing more is known of the command's clones
  if (job_.encoded()) json.update(decoded());
  double preprocess = 0, inference = 0, postprocess = 0;
  const auto add = [&](double before, double network, double after, std::size_t count) {
    preprocess += before / static_cast<double>(count);
    inference += network / static_cast<double>(count);
    postprocess += after / static_cast<double>(count);
  };
  if (pool_) {
    const trtyolo::PoolMetrics metrics = pool_->metrics();
    add(metrics.preprocess.median, metrics.inference.median, metrics.postprocess.median, 1);
  }
  for (std::size_t i = 0; !pool_ && i < models_.size(); ++i) {
    const trtyolo::Timing timing = models_[i]->timing();
    add(timing.preprocess, timing.inference, timing.postprocess, models_.size());
  }
  json["preprocess_ms"] = preprocess;
  json["inference_ms"] = inference;
  json["postprocess_ms"] = postprocess;
  if (pool_) {
    trtyolo::PoolMetrics metrics = pool_->metrics();
    for (std::size_t i = 0; i < warmUpRuns_.size(); ++i) metrics.batchSizes[i] -= warmUpRuns_[i];
    json["contexts"] = pool_->contexts();
    json["mean_batch"] = metrics.meanBatch();
    json["queue_ms"] = metrics.queueTime.median;
    json["queue_p99_ms"] = metrics.queueTime.p99;
    json["longest_queue"] = metrics.longestQueue;
  }
  return json;
}

}  // namespace bench
