// What is told of a frame beside its objects: counts at lines and in zones, and where tracks came from.
#pragma once

#include <map>
#include <opencv2/core/types.hpp>
#include <string>
#include <vector>

#include "trtyolo/zones.hpp"

namespace app {

/// How many objects of a source have crossed a line up to a frame.
struct LineCount {
  std::string name;
  trtyolo::Point start, end;  ///< pixels
  long in = 0, out = 0;       ///< as trtyolo::Line has them
};

/// How many objects of a frame are in a zone.
struct ZoneCount {
  std::string name;
  std::vector<trtyolo::Point> corners;  ///< pixels
  std::map<int, long> byClass;          ///< without classes of which none is in it
};

/// The centres of a track's boxes in the last frames, the oldest first, this frame's included; pixels.
struct Trail {
  int track = 0;
  std::vector<cv::Point2f> points;
};

}  // namespace app
