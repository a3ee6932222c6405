#include "api/pool_devices.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>

#include "base/listed.hpp"
#include "runtime/backends.hpp"

namespace trtyolo {
namespace {

void checkDevices(const std::vector<int>& gpus, int count) {
  if (gpus.empty()) {
    throw std::invalid_argument(
        "PoolOption: devices is an empty list; name at least one GPU, or leave it unset for the model's own device");
  }
  std::set<int> seen;
  for (const int gpu : gpus) {
    if (gpu < 0 || gpu >= count) {
      throw DeviceError("PoolOption: devices has GPU " + std::to_string(gpu) + "; this machine has " +
                        std::to_string(count) + ", numbered from 0");
    }
    if (!seen.insert(gpu).second) {
      throw std::invalid_argument("PoolOption: devices has GPU " + std::to_string(gpu) +
                                  " more than once; contexts sets how many runs each GPU has at the same time");
    }
  }
}

}  // namespace

std::vector<int> poolDevices(const PoolOption& option, const Engine& engine, int gpus) {
  if (option.devices && option.allDevices) {
    throw std::invalid_argument("PoolOption: devices and allDevices are both set; set one of them");
  }
  if (option.devices && !engine.gpu()) {
    throw std::invalid_argument("PoolOption: devices names GPUs, and the model runs on the CPU (" +
                                engine.description().info.device + "); leave it unset, or load the model for a GPU");
  }
  if (option.devices) {
    checkDevices(*option.devices, gpus);
    return *option.devices;
  }
  std::vector<int> all(option.allDevices && engine.gpu() ? static_cast<std::size_t>(gpus) : 0);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

int gpuCount() {
  return countGpus();
}

std::vector<std::shared_ptr<const Engine>> enginesOn(const std::vector<int>& gpus, const ModelParts& model) {
  if (gpus.empty()) {
    return {model.engine};
  }
  // Loading takes seconds, so they are loaded at the same time.
  std::vector<std::future<std::shared_ptr<const Engine>>> loading;
  loading.reserve(gpus.size());
  for (const int gpu : gpus) {
    loading.push_back(std::async([&model, gpu] { return engineOn(gpu, model); }));
  }
  std::vector<std::shared_ptr<const Engine>> engines;
  engines.reserve(loading.size());
  for (auto& each : loading) {
    engines.push_back(each.get());
  }
  return engines;
}

std::shared_ptr<const Engine> engineOn(std::optional<int> gpu, const ModelParts& model) {
  const bool here = !gpu || !model.engine->gpu() || gpu == model.engine->gpu();
  return here ? model.engine : model.registry->on(*gpu);
}

std::size_t indexOfGpu(int gpu, const std::vector<int>& gpus) {
  const auto found = std::find(gpus.begin(), gpus.end(), gpu);
  if (found == gpus.end()) {
    throw std::invalid_argument("predict: this image is in the memory of GPU " + std::to_string(gpu) +
                                ", and the pool runs on GPUs " + listed(gpus) + "; PoolOption::devices names them");
  }
  return static_cast<std::size_t>(found - gpus.begin());
}

}  // namespace trtyolo
