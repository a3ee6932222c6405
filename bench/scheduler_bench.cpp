// What the pool's scheduler costs by itself: simulated devices whose runs take a set time and do nothing.
//
//   scheduler_bench [SECONDS]
//
// A line for each number of devices: images a second beside the most that the devices could, how evenly they were
// spread, and the processor's time that an image took of the whole process (callers, queue and workers).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pool/scheduler.hpp"
#include "system.hpp"

namespace {

using namespace trtyolo;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kContexts = 2, kCallers = 4;

// A device does one run at a time, however many contexts it has: each run ends so long after the one before.
class SimulatedDevice {
 public:
  explicit SimulatedDevice(Clock::duration run) : run_(run) {}

  void use() {
    Clock::time_point end;
    {
      const std::lock_guard lock(mutex_);
      end = free_ = std::max(free_, Clock::now()) + run_;
    }
    std::this_thread::sleep_until(end);
  }

 private:
  Clock::duration run_;
  std::mutex mutex_;
  Clock::time_point free_;
};

class SimulatedContext final : public Context {
 public:
  explicit SimulatedContext(SimulatedDevice& device) : device_(device) {}

  StageTimes predict(std::span<const ImageView> /*images*/, std::span<const Letterbox> /*letterboxes*/,
                     const PostprocessOptions& /*options*/, std::span<Result> /*results*/) override {
    device_.use();
    return {};
  }

 private:
  SimulatedDevice& device_;
};

struct Load {
  std::size_t devices = 1, batch = 1;
  std::chrono::microseconds run{};  // of a batch
  bool pinned = false;              // images are in the devices' memory
};

// One caller of many: it has a share of the images in the pool at any time.
void submitUntil(const std::shared_ptr<Scheduler>& scheduler, Clock::time_point end, std::size_t inFlight,
                 const Load& load, std::size_t first) {
  static const std::uint8_t pixel = 0;
  std::deque<std::shared_ptr<PoolRequest>> requests;
  for (std::size_t i = first; Clock::now() < end; ++i) {
    if (requests.size() == inFlight) {
      scheduler->take(*requests.front());
      requests.pop_front();
    }
    auto request = std::make_shared<PoolRequest>();
    request->image = {&pixel, {1, 1}, 1, 1};
    request->box = Letterbox::fit({1, 1}, {32, 32});
    request->device = load.pinned ? std::optional(i % load.devices) : std::nullopt;
    request->scheduler = scheduler;
    scheduler->submit(request, Entry::Block);
    requests.push_back(std::move(request));
  }
  for (const auto& request : requests) {
    scheduler->take(*request);
  }
}

void measure(const Load& load, double seconds) {
  std::deque<SimulatedDevice> simulated;
  std::vector<SchedulerDevice> devices(load.devices);
  for (std::size_t i = 0; i < load.devices; ++i) {
    SimulatedDevice& device = simulated.emplace_back(load.run);
    devices[i].gpu = static_cast<int>(i);
    for (std::size_t k = 0; k < kContexts; ++k) {
      devices[i].contexts.push_back(std::make_unique<SimulatedContext>(device));
    }
  }
  const std::size_t inFlight = 2 * load.devices * kContexts * load.batch;
  SchedulerSettings settings;
  settings.maxBatchSize = load.batch;
  settings.maxQueueDelay = std::chrono::milliseconds(2);
  settings.queueLength = 2 * inFlight;
  settings.file = "simulated";
  const auto scheduler = std::make_shared<Scheduler>(std::move(devices), PostprocessOptions{}, settings);
  const double busyBefore = bench::processorSeconds();
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < kCallers; ++i) {
    callers.emplace_back(
        [&, i] { submitUntil(scheduler, end, std::max<std::size_t>(1, inFlight / kCallers), load, i * inFlight); });
  }
  for (std::thread& caller : callers) {
    caller.join();
  }
  const double taken = std::chrono::duration<double>(Clock::now() - start).count();
  const double busy = bench::processorSeconds() - busyBefore;
  const PoolMetrics metrics = scheduler->metrics();
  scheduler->close(CloseMode::Drain);
  const auto [least, most] =
      std::minmax_element(metrics.devices.begin(), metrics.devices.end(),
                          [](const PoolDeviceMetrics& a, const PoolDeviceMetrics& b) { return a.images < b.images; });
  const auto images = static_cast<double>(metrics.finished);
  const double limit = static_cast<double>(load.devices * load.batch) / std::chrono::duration<double>(load.run).count();
  std::printf("%7zu %6zu %7lld %8s %10.0f %10.0f %7.3f %8.2f %10.2f\n", load.devices, load.batch,
              static_cast<long long>(load.run.count()), load.pinned ? "device" : "host", images / taken, limit,
              images / taken / limit, static_cast<double>(least->images) / static_cast<double>(most->images),
              busy / images * 1e6);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::strtod(arguments[1], nullptr) : 2;
  if (!(seconds > 0)) {
    std::fputs("usage: scheduler_bench [SECONDS]\n", stderr);
    return 2;
  }
  std::printf("%7s %6s %7s %8s %10s %10s %7s %8s %10s\n", "devices", "batch", "run us", "images", "images/s", "limit",
              "ratio", "min/max", "CPU us");
  for (const bool pinned : {false, true}) {
    for (const std::size_t devices : {1, 2, 8, 64}) {
      measure({devices, 16, std::chrono::milliseconds(8), pinned}, seconds);
    }
    measure({8, 1, std::chrono::milliseconds(2), pinned}, seconds);
    measure({64, 1, std::chrono::milliseconds(8), pinned}, seconds);
  }
  return 0;
}
