// The window of --show.
#pragma once

#include "pipeline/item.hpp"

namespace app {

/// Shows annotated images. For the main thread.
class Window {
 public:
  /// @throws std::runtime_error  there is no display
  Window();
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  /// Shows the item's image; one that is not a frame of a video stays until a key is pressed. False if the user wants
  /// no more: q, Escape, or the window closed.
  bool show(const Item& item);
};

}  // namespace app
