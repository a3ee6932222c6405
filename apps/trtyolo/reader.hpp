// The first step of predict: from sources to items.
#pragma once

#include <optional>
#include <vector>

#include "item.hpp"
#include "names.hpp"

namespace app {

/// Goes through the sources in their order. For one thread.
class Reader {
 public:
  /// `saveNames`: where annotated pictures and videos go; null if nowhere. Both must outlive the reader.
  Reader(const std::vector<Source>& sources, OutputNames* saveNames);

  /// The next picture, undecoded, or the next frame; nothing behind the last one. What cannot be opened gives an item
  /// with an error.
  std::optional<Item> next();

  /// If a camera or live stream is being read: passes over its next frame, so that the one after it is of now. False if
  /// there is nothing to pass over.
  bool skip();

 private:
  std::optional<Item> nextFrame();
  Item begin(const Source& source);
  std::string saveName(const Source& source);

  const std::vector<Source>& sources_;
  OutputNames* saveNames_;
  std::size_t position_ = 0;  ///< of the source after the current one

  std::optional<FrameReader> frames_;  ///< of the current source, if it is a video, camera or stream
  Item current_;                       ///< what its frames have in common, and the number of the next
};

}  // namespace app
