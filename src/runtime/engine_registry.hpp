// The engines of one model on several GPUs.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "runtime/backends.hpp"

namespace trtyolo {

// Shared by a model and all its clones. It knows the engines but keeps none: each lives as long as a clone on its GPU.
class EngineRegistry {
 public:
  // Several threads may load at once, but never for the same GPU. The table must outlive this.
  EngineRegistry(std::string file, EngineOptions options, DescriptionCheck check,
                 std::span<const BackendEntry> table = backendTable());

  // Chooses the backend and loads the model's first engine. To be called once, before on(). Throws what chooseBackend()
  // and BackendEntry::load throw.
  std::shared_ptr<const Engine> loadFirst();

  // The engine on a GPU, of a model whose first engine is on a GPU, too. It is loaded if there is none; whoever asks
  // meanwhile waits for it, and tries for itself if that fails. Any thread. Throws what BackendEntry::load throws, and
  // ModelError if the file does not have the content any more that the first engine was loaded from.
  std::shared_ptr<const Engine> on(int gpu);

 private:
  struct Slot {
    std::mutex loading;
    std::weak_ptr<const Engine> engine;
  };

  std::shared_ptr<const Engine> loadOn(int gpu) const;

  std::string file_;
  EngineOptions options_;
  DescriptionCheck check_;
  std::span<const BackendEntry> table_;
  const BackendEntry* backend_ = nullptr;
  std::string fingerprint_;  // of the content of the first engine
  std::mutex mutex_;         // of the map; its slots stay where they are
  std::map<int, Slot> slots_;
};

}  // namespace trtyolo
