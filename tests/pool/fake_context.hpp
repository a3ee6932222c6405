// A network that only reads a byte of each image: what a scheduler does can be tried in microseconds, and held still.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "pool/scheduler.hpp"
#include "runtime/engine.hpp"

namespace trtyolo::test {

// What all fake contexts of a test share.
struct FakeMachine {
  std::function<void()> whileRunning;  // called in every run
  std::atomic<int> contexts = 0;       // alive
  std::atomic<int> wrong = 0;          // runs that no scheduler may make
  std::atomic<bool> broken = false;    // runs fail, and the device says that it does not work
  std::atomic<std::size_t> maxBatchSize = 64;

  // Holds runs that begin from now on, until resume(): all, or those whose first image is one of these.
  void hold(std::set<int> firsts = {}) {
    const std::lock_guard lock(mutex_);
    holdsAll_ = firsts.empty();
    held_ = std::move(firsts);
  }
  void resume() {
    {
      const std::lock_guard lock(mutex_);
      holdsAll_ = false;
      held_.clear();
    }
    changed_.notify_all();
  }
  void resume(int first) {
    {
      const std::lock_guard lock(mutex_);
      held_.erase(first);
    }
    changed_.notify_all();
  }
  // Returns when so many runs are at work.
  void awaitRuns(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return running_ >= count; });
  }
  // The images of each run, by their bytes, in the order in which runs began.
  std::vector<std::vector<int>> runs() {
    const std::lock_guard lock(mutex_);
    return runs_;
  }

 private:
  friend class FakeContext;

  void enter(std::vector<int> images) {
    std::unique_lock lock(mutex_);
    const int first = images.front();
    runs_.push_back(std::move(images));
    ++running_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !holdsAll_ && held_.count(first) == 0; });
    --running_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool holdsAll_ = false;
  std::set<int> held_;
  std::size_t running_ = 0;
  std::vector<std::vector<int>> runs_;
};

// The result of an image is its first byte, as the only class. A run with an image of byte kGuilty throws.
class FakeContext final : public Context {
 public:
  static constexpr int kGuilty = 255;

  explicit FakeContext(FakeMachine& machine) : machine_(machine) { ++machine_.contexts; }
  ~FakeContext() override { --machine_.contexts; }
  FakeContext(const FakeContext&) = delete;
  FakeContext& operator=(const FakeContext&) = delete;

  StageTimes predict(std::span<const ImageView> images, std::span<const Letterbox> letterboxes,
                     const PostprocessOptions& /*options*/, std::span<Result> results) override {
    const bool sound = !inUse_.exchange(true) && !images.empty() && images.size() <= machine_.maxBatchSize &&
                       images.size() == letterboxes.size() && images.size() == results.size() &&
                       std::all_of(letterboxes.begin(), letterboxes.end(),
                                   [&](const Letterbox& box) { return box.network == letterboxes[0].network; });
    machine_.wrong += sound ? 0 : 1;
    const Use use{inUse_};
    std::vector<int> bytes;
    for (const ImageView& image : images) {
      bytes.push_back(*image.data);
    }
    machine_.enter(bytes);
    if (machine_.whileRunning) {
      machine_.whileRunning();
    }
    if (machine_.broken) {
      throw DeviceError("this GPU is broken");
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
      results[i].classes = {*images[i].data};  // once more: the pixels are to be there until the end
    }
    if (std::find(bytes.begin(), bytes.end(), kGuilty) != bytes.end()) {
      throw InferenceError("a guilty image");
    }
    return {0.5, 1, 0.25};
  }

 private:
  struct Use {
    std::atomic<bool>& inUse;
    ~Use() { inUse = false; }
  };

  FakeMachine& machine_;
  std::atomic<bool> inUse_ = false;
};

inline std::vector<std::unique_ptr<Context>> fakeContexts(FakeMachine& machine, std::size_t count) {
  std::vector<std::unique_ptr<Context>> contexts;
  for (std::size_t i = 0; i < count; ++i) {
    contexts.push_back(std::make_unique<FakeContext>(machine));
  }
  return contexts;
}

// One device with so many contexts.
inline std::vector<SchedulerDevice> fakeDevice(FakeMachine& machine, std::size_t contexts,
                                               std::unique_ptr<Context> lowLatency = nullptr) {
  std::vector<SchedulerDevice> devices(1);
  devices[0].contexts = fakeContexts(machine, contexts);
  devices[0].lowLatency = std::move(lowLatency);
  return devices;
}

// A device for each machine, GPUs from 0 on, with so many contexts each.
inline std::vector<SchedulerDevice> fakeDevices(const std::vector<std::unique_ptr<FakeMachine>>& machines,
                                                std::size_t contexts) {
  std::vector<SchedulerDevice> devices;
  for (const auto& machine : machines) {
    SchedulerDevice device;
    device.gpu = static_cast<int>(devices.size());
    device.contexts = fakeContexts(*machine, contexts);
    device.works = [&broken = machine->broken] { return !broken; };
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace trtyolo::test
