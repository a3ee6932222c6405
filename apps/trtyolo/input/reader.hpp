// The first step of predict: from sources to items.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "input/frame_reader.hpp"
#include "input/image_file.hpp"
#include "input/input_settings.hpp"
#include "input/retry.hpp"
#include "pipeline/item.hpp"
#include "writers/output_names.hpp"

namespace app {

/// What becomes of a source that a reader has opened.
struct Opened {
  Item item;                          ///< what its images or frames have in common, or all of one image, or an error
  std::optional<FrameReader> frames;  ///< to be read, if there are some
  long pages = 1;                     ///< of a TIFF file
};

/// Opens a source: finds out by its content whether it is an image, pages or frames. Does not decode images of files.
/// The item has an error if it cannot be opened, also if its frames are larger than the budget.
/// @throws trtyolo::VideoInterruptedError  InputSettings::stopped said so
Opened open(const Source& source, const InputSettings& settings);

/// Fetches what an item of open() stands for, if that can be read only once: from a pipe or the web.
/// @throws std::runtime_error  says why it cannot be read, without the source's name
void fetchOnce(Item& item);

/// Takes of the budget what the item's pixels need, beside the `held` bytes that its batch has; gives how many bytes.
/// @throws std::runtime_error  it does not fit
std::size_t reserve(Item& item, const InputSettings& settings, std::size_t held);

/// The bytes of the image that an item of open() stands for, if it is a JPEG; nothing to have it decoded by imageOf().
/// After the two above.
/// @throws std::runtime_error  says why it cannot be read, without the source's name
std::shared_ptr<const Bytes> jpegOf(const Item& item, std::size_t reserved);

/// The image that an item of open() stands for, if it is one of a source that is no video; after fetchOnce() and
/// reserve().
/// @throws std::runtime_error  says why it cannot be read, without the source's name
cv::Mat imageOf(const Item& item, std::size_t reserved);

/// Goes through the sources in their order. For one thread.
class Reader {
 public:
  /// `names` gives out the items' names. A camera or stream that ends is opened again, as Retry(giveUp) says, and so is
  /// one that cannot be opened at first if `giveUp` is there. `sources` and `names` outlive the reader.
  Reader(const std::vector<Source>& sources, OutputNames& names, std::optional<double> giveUp, InputSettings settings);

  /// The next image, undecoded, or the next frame; nothing after the last one, and once InputSettings::stopped has
  /// ended the reading. What cannot be opened gives an item with an error.
  std::optional<Item> next();

  /// If a camera or live stream is being read: skips its next frame, so that the one after it is recent. False if there
  /// is nothing to skip.
  bool skip();

 private:
  std::optional<Item> nextOrThrow();
  bool stopped() const { return settings_.stopped && settings_.stopped(); }
  void setPlace();
  std::optional<Item> nextFrame();
  std::optional<Item> comeBack(const std::string& why);

  const std::vector<Source>& sources_;
  OutputNames& names_;
  std::optional<double> giveUp_;
  const InputSettings settings_;
  std::size_t position_ = 0;  ///< of the source after the current one

  Opened current_;
  Retry retry_{0};
  bool came_ = false;                            ///< a frame, since the source was opened
  std::chrono::steady_clock::time_point first_;  ///< when its first frame came
};

}  // namespace app
