// The engines of one model on several GPUs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "runtime/engine.hpp"

namespace trtyolo {

// Shared by a model and all its clones. It knows the engines, but keeps none: each lives as long as a clone on its GPU.
// Any thread.
class EngineFamily {
 public:
  // Makes the engine for a GPU; called by several threads at once, but never for one GPU.
  using Load = std::function<std::shared_ptr<const Engine>(int gpu)>;

  EngineFamily(const std::shared_ptr<const Engine>& first, Load load);

  // The engine on a GPU, which is loaded if there is none. Whoever asks meanwhile waits for it; after a failure, each
  // of them tries for itself. Throws what `load` throws.
  std::shared_ptr<const Engine> on(int gpu);

 private:
  struct Place {
    std::mutex loading;
    std::weak_ptr<const Engine> engine;
  };

  Load load_;
  std::mutex mutex_;  // of the map; its places stay where they are
  std::map<int, Place> places_;
};

}  // namespace trtyolo
