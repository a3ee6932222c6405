// What all sources of a run are read by.
#pragma once

#include <functional>
#include <optional>

#include "input/pixel_budget.hpp"

namespace app {

struct InputSettings {
  /// Of decoded pixels, which outlives what reads; null: frames may be as large as VideoReader takes them.
  PixelBudget* budget = nullptr;
  /// Ends opening and reading. Asked several times a second, by any thread. May be empty.
  std::function<bool()> stopped = {};
  /// Decode on this GPU what can be, for a model on it.
  std::optional<int> gpu = {};
  /// Images are drawn on, saved or shown, so that they are needed in BGR as well.
  bool keepsImages = false;
  /// Told by the thread that reads when a camera or stream is gone and tried again (true), and when it is back. May be
  /// empty.
  std::function<void(bool)> away = {};
};

}  // namespace app
