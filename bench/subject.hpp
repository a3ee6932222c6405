// Models at work in this process: what a row of bench measures.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "encoded.hpp"
#include "source_image.hpp"
#include "speed.hpp"
#include "system.hpp"
#include "team.hpp"
#include "trtyolo.hpp"

namespace bench {

inline constexpr const char* kNetwork = "network";
inline constexpr const char* kModel = "model";
inline constexpr const char* kClones = "clones";
inline constexpr const char* kSeparate = "separate";
inline constexpr const char* kPool = "pool";
inline constexpr const char* kProcesses = "processes";
inline constexpr const char* kJpeg = "jpeg";
inline constexpr const char* kPredict = "predict";
inline constexpr const char* kStreams = "streams";

inline constexpr const char* kHost = "host";      ///< ordinary memory of the processor
inline constexpr const char* kPinned = "pinned";  ///< page-locked
inline constexpr const char* kGpu = "gpu";        ///< that of the model's GPU
inline constexpr const char* kCpu = "cpu";        ///< the processor, which decodes
inline constexpr const char* kFast = "fast";      ///< the same with InferOption::setFastDecode()

/// What all rows have in common.
struct Settings {
  std::string model;            ///< model file
  trtyolo::InferOption option;  ///< how it is loaded
  std::optional<int> streams;   ///< of the engine on a CPU; nullopt: as suits the row
  std::vector<int> gpus{0};     ///< clones, models, callers and processes take turns among the first Job::gpus of them
  int atOnce = 0;               ///< most calls at the same time; 0: one for each clone or model
  std::string lowLatencyModel;  ///< runs a pool's images that come alone; empty: as all others
  int contexts = 0;             ///< of a pool; 0: its own choice
  std::chrono::microseconds maxQueueDelay = trtyolo::PoolOption().maxQueueDelay;
  std::string exported;  ///< the network as it was exported, of one whose head is cut; empty: on a CPU the model itself
  std::string source;    ///< of encoded images or the video
  double fps = 0;        ///< of each stream; 0: as its file says
  PredictFiles predictFiles;  ///< null: the program has no command predict
};

/// A row: `n` requests of the bare network, clones, separate models, callers of a pool, processes, clones of the
/// command predict, or streams at work side by side.
struct Job {
  std::string kind = kModel;
  int n = 1;
  std::string memory = kHost;  ///< where the image is
  std::string decode = kCpu;   ///< where and how encoded images are decoded: kGpu, kCpu or kFast
  int gpus = 1;                ///< at most, of Settings::gpus

  bool encoded() const { return kind == kJpeg || kind == kPredict || kind == kStreams; }
  bool pooled() const { return kind == kPool || kind == kJpeg || kind == kStreams; }
};

class Subject {
 public:
  /// Loads what `job` says. `image` outlives this.
  Subject(const Settings& settings, const Job& job, const SourceImage& image);

  /// All at work side by side, call after call until `seconds` are over; one call each at least.
  Speed predict(double seconds);
  /// The bare network under the same settings: as many requests of one engine as there are clones or as the pool has
  /// contexts; one request of each separate model; of a pool with a low-latency model and one caller, one of that.
  Speed network(double seconds);
  /// Of a network that is cut, where memory() says "compares_exported": the one that its exporter wrote, as network()
  /// measures the one that is left.
  Speed exported(double seconds);
  /// Of encoded images and streams what decodes, alone.
  Speed decode(double seconds);
  /// Streams whose frames come at their time, for `seconds`: "latencies", "lateness" (see Paced), "behind", "fps", and
  /// "cpu_share" of the processor's cores.
  nlohmann::ordered_json paced(double seconds);
  /// Has so many streams from now on, which begin anew.
  void setStreams(int n);
  /// The row's memory, in its words: see measure(). For the kind "network" while it ran for the last time.
  nlohmann::ordered_json memory() const;
  /// What is known of the calls so far, in the row's words.
  nlohmann::ordered_json work() const;

 private:
  using Models = std::vector<std::unique_ptr<trtyolo::Model>>;

  void readJpegs(const Settings& settings, const SourceImage& image);
  void makeClonesOfPredict(const Settings& settings);
  Speed predictFiles(double seconds);
  Speed together(std::size_t count, const std::function<Speed(std::size_t)>& work);
  Speed networks(const Models& models, double seconds);
  void makePool(const Settings& settings, trtyolo::InferOption option);
  void warmUpPool();
  /// What decodes for pools, and alone, on each GPU.
  int decodeThreads() const { return jpegs_->threads(modelsGpu(0)); }
  std::optional<int> modelsGpu(std::size_t place) const {
    return usesGpu_ ? std::optional(gpus_[place % gpus_.size()]) : std::nullopt;
  }
  nlohmann::ordered_json decoded() const;
  nlohmann::ordered_json readMemory() const;
  double usedMegabytes() const;

  Job job_;
  int streams_;
  std::vector<int> gpus_;
  bool spread_ = false;  // rows are to be told apart by their GPUs
  bool usesGpu_ = false;
  ProcessMemory before_ = processMemory();
  std::size_t callers_ = 0, engines_ = 0;  // the first models have an engine each
  Models models_, lowLatency_, exported_;
  std::string exportedFile_;
  trtyolo::InferOption exportedOption_;
  std::unique_ptr<trtyolo::Pool<>> pool_;            // on all GPUs
  std::vector<std::uint64_t> warmUpRuns_;            // by their number of images
  std::vector<std::shared_ptr<const void>> pixels_;  // those that are not where the caller has them
  std::vector<trtyolo::Image> images_;               // one for each GPU
  std::unique_ptr<JpegImages> jpegs_;
  std::function<Speed(std::size_t)> files_;  // of the kind predict
  double filesPerSecond_ = 0;                // of the last call
  std::string source_;
  double fps_;
  std::vector<std::unique_ptr<VideoStream>> videos_;
  ProcessMemory withoutVideos_;
  double gpuWithoutVideos_ = 0;                // megabytes
  std::uint64_t gpuAlone_ = 0, cpuAlone_ = 0;  // decoded by decode()
  int objects_ = 0;
  double withoutClones_ = 0;  // megabytes
  nlohmann::ordered_json cloneMemory_ = nlohmann::ordered_json::object();
  nlohmann::ordered_json memoryOfNetwork_;
  std::ptrdiff_t atOnce_;
  std::counting_semaphore<> turns_;
  std::unique_ptr<Team> team_;
};

}  // namespace bench
