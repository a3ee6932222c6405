#include "runtime/engine_family.hpp"

#include <utility>

namespace trtyolo {

EngineFamily::EngineFamily(const std::shared_ptr<const Engine>& first, Load load) : load_(std::move(load)) {
  if (const auto gpu = first->gpu()) {
    places_[*gpu].engine = first;
  }
}

std::shared_ptr<const Engine> EngineFamily::on(int gpu) {
  Place& place = [&]() -> Place& {
    const std::lock_guard lock(mutex_);
    return places_[gpu];
  }();
  const std::lock_guard lock(place.loading);
  std::shared_ptr<const Engine> engine = place.engine.lock();
  if (!engine) {
    engine = load_(gpu);
    place.engine = engine;
  }
  return engine;
}

}  // namespace trtyolo
