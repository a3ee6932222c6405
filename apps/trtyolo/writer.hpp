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

/// One JSON object, written image by image. "-" is standard output.
std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model);

/// A line for each object, below a heading that depends on the task. "-" is standard output.
std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const trtyolo::ModelInfo& model);

/// Ultralytics' label files: for each image one, with a line for each object and its score behind if `scores`; none for
/// an image in which nothing was found. Lengths are shares of the image's size. A line is, by task,
///   detect    class cx cy w h
///   pose      class cx cy w h x1 y1 score1 x2 ... (without the scores if the network gives none)
///   obb       class x1 y1 x2 y2 x3 y3 x4 y4
///   segment   class x1 y1 x2 y2 ...: see outlineOf(); an object whose outline has fewer than three points has no line
///   classify  score name, with two decimals and whatever `scores` says
/// A frame's file is NAME_1.txt for the first, and so on. The folder exists.
std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores, const trtyolo::ModelInfo& model,
                                        const std::vector<Source>& sources);

/// The annotated frames as videos, under Item::saveAs; pictures are none of its business.
std::unique_ptr<Writer> makeVideoWriter();

}  // namespace app
