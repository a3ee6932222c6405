// What takes the results of predict, one after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "item.hpp"
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

/// Class names by index, as predict shows them.
using Names = std::vector<std::string>;

/// One JSON object, written image by image. "-" is standard output.
std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model, const Names& names);

/// A line for each object, below a heading. "-" is standard output.
std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const Names& names);

/// Ultralytics' label files: for each image one, with a line `class cx cy w h`, as shares of the image's size, for each
/// object, and its score behind if `scores`. A frame's file is NAME_1.txt for the first, and so on. The folder exists.
std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores, const std::vector<Source>& sources);

/// The annotated frames as videos, under Item::saveAs; pictures are none of its business.
std::unique_ptr<Writer> makeVideoWriter();

}  // namespace app
