// One picture or frame on its way through predict.
#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

#include "found.hpp"
#include "sources.hpp"

namespace app {

struct Item {
  const Source* source = nullptr;
  long frame = 0;     ///< 0 for a picture; of a video, camera or stream: how many frames came before it
  std::string error;  ///< why there is no picture; the rest is then empty

  cv::Mat picture;  ///< 8-bit BGR; annotated in place; empty once nobody needs it any more
  cv::Size size;    ///< of the picture
  Found found;

  std::string saveAs;  ///< file for the annotated picture, or for the video that this is a frame of; empty: none
  double rate = 0;     ///< frames a second of the video; 0 if not known
};

}  // namespace app
