// From sources to items: see reader.hpp.
#include "reader.hpp"

#include <utility>

namespace app {

Reader::Reader(const std::vector<Source>& sources, OutputNames* saveNames) : sources_(sources), saveNames_(saveNames) {}

std::optional<Item> Reader::next() {
  for (;;) {
    if (frames_) {
      if (auto frame = nextFrame()) return frame;
      continue;
    }
    if (position_ == sources_.size()) return std::nullopt;
    const Source& source = sources_[position_++];
    Item item = begin(source);
    if (!frames_) return item;
    current_ = std::move(item);
  }
}

bool Reader::skip() {
  if (!frames_ || !frames_->live() || !frames_->skip()) return false;
  ++current_.frame;
  return true;
}

Item Reader::begin(const Source& source) {
  Item item;
  item.source = &source;
  item.error = source.error;
  if (source.kind == SourceKind::Missing) return item;
  if (source.kind == SourceKind::Picture) {
    item.saveAs = saveName(source);
    return item;
  }
  try {
    frames_.emplace(source);
    item.saveAs = saveName(source);
    item.rate = frames_->rate();
  } catch (const std::runtime_error& error) {
    item.error = error.what();
  }
  return item;
}

std::string Reader::saveName(const Source& source) {
  if (saveNames_ == nullptr) return "";
  return saveNames_->claim(stemOf(source), source.kind == SourceKind::Picture ? pictureExtension(source) : ".mp4");
}

std::optional<Item> Reader::nextFrame() {
  Item item = current_;
  if (frames_->read(item.picture)) {
    item.size = item.picture.size();
    ++current_.frame;
    return item;
  }
  const FrameReader ended = std::move(*frames_);
  frames_.reset();
  if (current_.frame == 0) {
    item.error = kNoFrame;
    return item;
  }
  warnIfCutOff(*item.source, ended, current_.frame);
  return std::nullopt;
}

}  // namespace app
