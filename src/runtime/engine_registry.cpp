#include "runtime/engine_registry.hpp"

#include <utility>

namespace trtyolo {

EngineRegistry::EngineRegistry(std::string file, EngineOptions options, DescriptionCheck check,
                               std::span<const BackendEntry> table)
    : file_(std::move(file)), options_(std::move(options)), check_(std::move(check)), table_(table) {}

std::shared_ptr<const Engine> EngineRegistry::loadFirst() {
  const ModelSource source(file_);
  backend_ = &chooseBackend(table_, source, options_);
  if (backend_->onGpu) {
    fingerprint_ = source.fingerprint();  // before the load, which may take minutes
  }
  std::shared_ptr<const Engine> engine = backend_->load(source, options_, check_);
  if (const auto gpu = engine->gpu()) {
    slots_[*gpu].engine = engine;
  }
  return engine;
}

std::shared_ptr<const Engine> EngineRegistry::on(int gpu) {
  Slot& slot = [&]() -> Slot& {
    const std::lock_guard lock(mutex_);
    return slots_[gpu];
  }();
  const std::lock_guard lock(slot.loading);
  std::shared_ptr<const Engine> engine = slot.engine.lock();
  if (!engine) {
    engine = loadOn(gpu);
    slot.engine = engine;
  }
  return engine;
}

std::shared_ptr<const Engine> EngineRegistry::loadOn(int gpu) const {
  EngineOptions options = options_;
  options.deviceId = gpu;
  try {
    const ModelSource source(file_);
    if (source.fingerprint() != fingerprint_) {
      throw ModelError("'" + file_ + "': the file is not the one any more that this model was loaded from");
    }
    return backend_->load(source, options, check_);
  } catch (const ModelError& error) {
    throw ModelError(std::string(error.what()) + "; the first clone on GPU " + std::to_string(gpu) +
                     " needs it once more");
  }
}

}  // namespace trtyolo
