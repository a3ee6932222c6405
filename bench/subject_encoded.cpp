// Models at work on encoded images and videos: see subject.hpp.
#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "subject.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

/// Streams begin at different times of a frame, as cameras do.
constexpr std::chrono::milliseconds kStart{50};

}  // namespace

void Subject::readJpegs(const Settings& settings, const SourceImage& image) {
  jpegs_ = std::make_unique<JpegImages>(jpegFiles(settings.source, image.width, image.height),
                                        job_.decode == kGpu ? std::optional(gpus_.front()) : std::nullopt);
}

void Subject::makeClonesOfPredict(const Settings& settings) {
  files_ = settings.predictFiles({*models_.front(), job_.n, jpegPaths(settings.source), jpegs_->mediaDecoder(),
                                  job_.decode == kFast, modelsGpu(0)});
}

/// As many images as took so long the last time. In a few, the beginning and the end, when not all clones are at work,
/// would count for much.
Speed Subject::predictFiles(double seconds) {
  constexpr std::size_t kFewest = 16, kFewestForAClone = 8;
  const auto images = static_cast<std::size_t>(filesPerSecond_ * seconds);
  const Speed speed = files_(std::max({images, kFewest, kFewestForAClone * callers_}));
  filesPerSecond_ = speed.imagesPerSecond();
  return speed;
}

void Subject::setStreams(int n) {
  const bool first = videos_.empty();
  videos_.clear();
  if (first) {
    withoutVideos_ = processMemory();
    gpuWithoutVideos_ = usedMegabytes();
  }
  job_.n = n;
  callers_ = static_cast<std::size_t>(n);
  // A thread each: with more of them FFmpeg holds frames back.
  for (std::size_t i = 0; i < callers_; ++i) {
    videos_.push_back(
        std::make_unique<VideoStream>(source_, job_.decode == kGpu ? modelsGpu(i) : std::nullopt, /*threads=*/1));
  }
  team_.reset();
  team_ = std::make_unique<Team>(std::max(callers_, engines_));
}

Speed Subject::decode(double seconds) {
  if (!videos_.empty()) {
    return together(callers_, [&](std::size_t number) { return videos_[number]->decode(seconds); });
  }
  const Json before = decoded();
  const Speed speed = together(engines_ * static_cast<std::size_t>(decodeThreads()),
                               [&](std::size_t number) { return jpegs_->decode(number, modelsGpu(number), seconds); });
  const Json after = decoded();
  const auto more = [&](const char* key) { return after[key].get<std::uint64_t>() - before[key].get<std::uint64_t>(); };
  gpuAlone_ += more("decoded_gpu");
  cpuAlone_ += more("decoded_cpu");
  return speed;
}

Json Subject::decoded() const {
  if (jpegs_) {
    Json counts = jpegs_->counts();
    counts["decoded_gpu"] = counts["decoded_gpu"].get<std::uint64_t>() - gpuAlone_;
    counts["decoded_cpu"] = counts["decoded_cpu"].get<std::uint64_t>() - cpuAlone_;
    return counts;
  }
  std::uint64_t onGpu = 0, onCpu = 0;
  for (const auto& video : videos_) {
    onGpu += video->onGpu();
    onCpu += video->onCpu();
  }
  Json counts{{"decoded_gpu", onGpu}, {"decoded_cpu", onCpu}};
  const std::string why = videos_.front()->whyNoGpu();
  if (!why.empty()) counts["why_no_gpu"] = why;
  return counts;
}

Json Subject::paced(double seconds) {
  const double fps = fps_ > 0 ? fps_ : videos_.front()->fps();
  if (fps <= 0) throw std::runtime_error(source_ + " does not say how many frames a second it has; --fps does");
  using Clock = VideoStream::Clock;
  const auto ticks = [](double time) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(time));
  };
  Paced all;
  std::mutex mutex;
  const double busyBefore = processorSeconds();
  const auto start = Clock::now(), begin = start + kStart;
  together(callers_, [&](std::size_t number) {
    const double phase = static_cast<double>(number) / static_cast<double>(callers_) / fps;
    const Paced one = videos_[number]->paced(*pool_, begin + ticks(phase), begin + ticks(seconds), fps);
    const std::lock_guard lock(mutex);
    all.add(one);
    return Speed{seconds, 1, {}};
  });
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  return {{"fps", fps},
          {"p50_ms", trtyolo::percentile(all.latencies, 50)},
          {"p99_ms", trtyolo::percentile(all.latencies, 99)},
          {"late_p99_ms", trtyolo::percentile(all.lateness, 99)},
          {"behind", all.behind},
          {"cpu_share", (processorSeconds() - busyBefore) / wall / cores}};
}

}  // namespace bench
