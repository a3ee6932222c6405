// Names of the files that predict writes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "input/sources.hpp"
#include "pipeline/item.hpp"

namespace app {

/// Gives each source a name, from which all files that are made of it have theirs: annotated images, videos, labels. So
/// the label file of im/NAME.jpg is lb/NAME.txt. For one thread.
class OutputNames {
 public:
  /// `folder`: of annotated images and videos; empty if there are none. No source in it is written over.
  OutputNames(const std::string& folder, const std::vector<Source>& sources);

  /// `stem`, or if that is taken stem_2, stem_3 and so on (behind a video of that name stem-2); shortened where the
  /// file system would refuse it. A file that is there from an earlier run does not count. `several`: files are NAME_1,
  /// NAME_2 and so on, and none of those is taken.
  std::string claim(const std::string& stem, bool several);

  /// Where the annotated image, or the video that it is a frame of, goes; empty if nowhere.
  std::string saveAs(const Item& item) const;

 private:
  bool isFree(const std::string& name, bool several) const;

  std::string folder_;
  std::set<std::string> taken_, series_;                 ///< names; those of them that have numbers behind
  std::map<std::pair<std::string, bool>, int> numbers_;  ///< by the beginning of a name, and `several`: given last
};

/// The name of a source's file without its extension; for a camera or a stream a name made of its number or URL.
std::string stemOf(const Source& source);

/// The extension under which an annotated image is saved: its own if OpenCV writes such files in colour, else ".png"
/// for formats without loss that hold no colour, or ".jpg".
std::string imageExtension(const Source& source);

}  // namespace app
