// One image or frame on its way through predict.
#pragma once

#include <chrono>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <optional>
#include <string>
#include <vector>

#include "input/sources.hpp"
#include "pipeline/counts.hpp"
#include "trtyolo.hpp"
#include "trtyolo/opencv.hpp"
#include "trtyolo/video.hpp"

namespace app {

struct Item {
  const Source* source = nullptr;
  long frame = 0;  ///< 0 for an image; of a video, camera or stream: how many frames came before it; of a page: pages
  bool video = false;          ///< a frame of what is saved as a video, not an image
  bool several = false;        ///< one of several of its source, a frame or a page: files of its own are numbered
  std::optional<double> time;  ///< of a frame: seconds from the first one of the source
  /// When the image was opened, or the frame was read.
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
  std::string error;      ///< why there is no result; pixels and `result` are then not used
  std::string saveError;  ///< why files of it are missing; the result stands

  // Its pixels are in one of these, and in none once nobody needs them any more.
  std::optional<trtyolo::VideoFrame> pixels;  ///< of a frame, as the decoder made it
  cv::Mat image;           ///< 8-bit BGR: of an image, or of a frame that is to be annotated, which is done in place
  bool annotated = false;  ///< all below is drawn in `image`
  std::shared_ptr<const std::vector<unsigned char>> encoded;  ///< of an image that is not decoded yet, or by the model

  std::shared_ptr<void> memory;  ///< what they have of the budget of pixels
  bool onGpu = false;            ///< decoded on a GPU
  trtyolo::Result result;
  std::vector<LineCount> lines;       ///< of the source's, if there are some
  std::vector<ZoneCount> zones;       ///< likewise
  std::vector<Trail> trails;          ///< of the objects, if they are followed and drawn
  std::optional<long> tracks;         ///< of the source, how many there were up to this frame, if objects are followed
  std::vector<trtyolo::Result> then;  ///< what a second model says of each object, if there is one

  std::string name;       ///< of files that are made of the source, without folder and extension
  std::string saveAs;     ///< file for the annotated image, or for the video that this is a frame of; empty: none
  std::string depthFile;  ///< file of an image's depth, beside the annotated image; empty: none was written
  double depthScale = 0;  ///< metres for each step of that file's values
  double rate = 0;        ///< frames a second of the video; 0 if not known

  bool hasPixels() const { return pixels || !image.empty(); }
  /// What a model is given; of an item with pixels.
  trtyolo::Image view() const { return pixels ? pixels->image : trtyolo::view(image); }

  void releaseImage() {
    pixels.reset();
    image.release();
    encoded.reset();
    memory.reset();
  }

  void addSaveError(const std::string& reason) { saveError += (saveError.empty() ? "" : "; ") + reason; }

  /// Of a file that is made of this item alone, without folder and extension: NAME, or NAME_1, NAME_2 and so on.
  std::string fileName() const { return several ? name + "_" + std::to_string(frame + 1) : name; }
};

}  // namespace app
