// What takes the annotated frames of predict, one after the other.
#pragma once

#include <memory>

#include "pipeline/item.hpp"

namespace app {

/// The annotated frames as videos, under Item::saveAs, as long as their sources: where frames do not come at a constant
/// rate, they are repeated to keep the time. Images are ignored. A video that cannot be written is left out. For one
/// thread.
class VideoWriter {
 public:
  virtual ~VideoWriter() = default;
  /// Sets Item::saveError if the item's video cannot be begun.
  virtual void add(Item& item) = 0;
  /// Completes the last video; names it on standard error if that fails.
  virtual void finish() = 0;
  /// Whether a video could not be written.
  virtual bool failed() const = 0;
};

std::unique_ptr<VideoWriter> makeVideoWriter();

}  // namespace app
