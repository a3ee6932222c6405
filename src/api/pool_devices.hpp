// The devices that a pool runs on, and the engines there.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "api/model_parts.hpp"
#include "runtime/engine.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo {

// The GPUs that the options name for a model with this engine; empty: its own device alone. `gpus`: how many the
// machine has. Throws std::invalid_argument, and DeviceError for GPUs that there are not.
std::vector<int> poolDevices(const PoolOption& option, const Engine& engine, int gpus);

// An engine of the model on each of these GPUs, or its own if there are none. Throws what EngineRegistry::on() throws.
std::vector<std::shared_ptr<const Engine>> enginesOn(const std::vector<int>& gpus, const ModelParts& model);

// The model's engine on a GPU; its own one if it runs on the CPU, or none is named.
std::shared_ptr<const Engine> engineOn(std::optional<int> gpu, const ModelParts& model);

// Of an image in the memory of a GPU: the place of that GPU in the list. Throws std::invalid_argument if it has none.
std::size_t indexOfGpu(int gpu, const std::vector<int>& gpus);

}  // namespace trtyolo
