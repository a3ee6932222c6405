// Names of the files that predict writes.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sources.hpp"

namespace app {

/// Gives out file names in one folder, each once, and never that of a source.
class OutputNames {
 public:
  OutputNames(const std::string& folder, const std::vector<Source>& sources);

  /// The path of `stem` + `extension` in the folder; if that is taken, of stem_2, stem_3 and so on. A file that is
  /// there from an earlier run does not count.
  std::string claim(const std::string& stem, const std::string& extension);

 private:
  std::string folder_;
  std::set<std::string> taken_;  ///< file names
};

/// The name of a source's file without its extension; for a camera or a stream a name made of its number or URL.
std::string stemOf(const Source& source);

/// The extension under which an annotated picture is saved: its own if OpenCV writes such files, else ".jpg".
std::string pictureExtension(const Source& source);

}  // namespace app
