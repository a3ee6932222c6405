// Backends that run nothing: what is chosen, loaded and shared can be tried on any machine.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "runtime/backends.hpp"

namespace trtyolo::test {

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(std::optional<int> gpu) : gpu_(gpu) { ++alive; }
  ~FakeEngine() override { --alive; }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  const ModelDescription& description() const override { return description_; }
  std::optional<int> gpu() const override { return gpu_; }
  int parallelRuns() const override { return 1; }
  std::unique_ptr<Context> createContext() const override { return nullptr; }
  MemoryUse memory() const override { return {}; }
  NetworkSpeed measureNetwork(int /*requests*/, double /*seconds*/) const override { return {}; }

  static inline std::atomic<int> alive = 0;

 private:
  std::optional<int> gpu_;
  ModelDescription description_;
};

// TensorRT with GPUs, or without for the reason that is given.
inline BackendEntry fakeTensorRt(std::string whyNot = "") {
  return {.id = Backend::TensorRT,
          .name = "TensorRT",
          .onGpu = true,
          .opens = [](FileKind kind) { return kind != FileKind::OpenVinoIr; },
          .whyNotUsable = [whyNot = std::move(whyNot)] { return whyNot; },
          .version = [] { return std::string("10"); },
          .load = [](const ModelSource&, const EngineOptions& options,
                     const DescriptionCheck&) { return std::make_shared<const FakeEngine>(options.deviceId); },
          .inspect = [](const ModelSource&, const EngineOptions&) { return ModelDescription(); },
          .build = nullptr,
          .pinned = nullptr,
          .gpuCount = nullptr};
}

inline BackendEntry fakeOpenVino() {
  BackendEntry entry = fakeTensorRt();
  entry.id = Backend::OpenVINO;
  entry.name = "OpenVINO";
  entry.onGpu = false;
  entry.opens = [](FileKind kind) { return kind != FileKind::TensorRtEngine; };
  entry.load = [](const ModelSource&, const EngineOptions&, const DescriptionCheck&) {
    return std::make_shared<const FakeEngine>(std::nullopt);
  };
  return entry;
}

}  // namespace trtyolo::test
