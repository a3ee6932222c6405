// What takes the results of predict, one after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/item.hpp"
#include "trtyolo.hpp"

namespace app {

/// Takes every item in the order of the sources, then finish(). An object that is destroyed before finish() leaves no
/// file behind that looks complete. For one thread.
class Writer {
 public:
  virtual ~Writer() = default;
  /// @throws std::runtime_error  names the file and the reason
  virtual void add(const Item& item) = 0;
  /// @throws std::runtime_error  names the file and the reason
  virtual void finish() = 0;
};

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

/// One JSON object, written image by image. "-" is standard output.
std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model);

/// A line for each object, below a heading that depends on the task; `times`: with a column for the time of frames. "-"
/// is standard output.
std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const trtyolo::ModelInfo& model, bool times);

/// Ultralytics' label files: one for each image, with what trtyolo::Result::toTxt() gives; none for an image in which
/// nothing was found. They have the names of Item::fileName(). The folder exists.
std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores);

}  // namespace app
