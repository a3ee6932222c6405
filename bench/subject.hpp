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

inline constexpr const char* kHost = "host";      ///< ordinary memory of the processor
inline constexpr const char* kPinned = "pinned";  ///< page-locked
inline constexpr const char* kGpu = "gpu";        ///< that of the model's GPU

/// What all rows have in common.
struct Settings {
  std::string model;            ///< model file
  trtyolo::InferOption option;  ///< how it is loaded
  std::optional<int> streams;   ///< of the engine on a CPU; nullopt: as suits the row
  std::vector<int> gpus{0};     ///< clones, models, callers and processes take turns among them
  int atOnce = 0;               ///< most calls at the same time; 0: one for each clone or model
  std::string lowLatencyModel;  ///< runs a pool's images that come alone; empty: as all others
  int contexts = 0;             ///< of a pool; 0: its own choice
  std::chrono::microseconds maxQueueDelay = trtyolo::PoolOption().maxQueueDelay;
};

/// A row: `n` requests of the bare network, clones, separate models, callers of a pool, or processes at work side by
/// side.
struct Job {
  std::string kind = kModel;
  int n = 1;
  std::string memory = kHost;  ///< where the image is
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
  /// The row's memory, in its words: see measure(). For the kind "network" while it ran for the last time.
  nlohmann::ordered_json memory() const;
  /// What is known of the calls so far, in the row's words.
  nlohmann::ordered_json work() const;

 private:
  using Models = std::vector<std::unique_ptr<trtyolo::Model>>;

  Speed together(std::size_t count, const std::function<Speed(std::size_t)>& work);
  nlohmann::ordered_json readMemory() const;
  double usedMegabytes() const;

  Job job_;
  int streams_;
  std::vector<int> gpus_;
  bool usesGpu_ = false;
  ProcessMemory before_ = processMemory();
  std::size_t callers_ = 0, engines_ = 0;  // the first models have an engine each
  Models models_, lowLatency_;
  std::vector<std::unique_ptr<trtyolo::Pool<>>> pools_;
  std::vector<std::uint64_t> warmUpRuns_;            // by their number of images
  std::vector<std::shared_ptr<const void>> pixels_;  // those that are not where the caller has them
  std::vector<trtyolo::Image> images_;               // one for each GPU
  int objects_ = 0;
  double withoutClones_ = 0;  // megabytes
  nlohmann::ordered_json cloneMemory_ = nlohmann::ordered_json::object();
  nlohmann::ordered_json memoryOfNetwork_;
  std::ptrdiff_t atOnce_;
  std::counting_semaphore<> turns_;
  std::unique_ptr<Team> team_;
};

}  // namespace bench
