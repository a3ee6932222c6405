// Lines, text and tinted areas on an image, as thick and large as suits its size.
#pragma once

#include <cstddef>
#include <opencv2/core/mat.hpp>
#include <string>
#include <utility>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// Draws on one image, which is 8-bit BGR and outlives the pen. Coordinates are pixels; what lies outside the image is
/// not drawn.
class Pen {
 public:
  explicit Pen(cv::Mat& image);

  void box(const trtyolo::Box& box, const cv::Scalar& colour);
  void polygon(const std::vector<cv::Point2f>& corners, const cv::Scalar& colour);
  void line(cv::Point2f from, cv::Point2f to, const cv::Scalar& colour);
  void dot(cv::Point2f centre, const cv::Scalar& colour);
  /// Mixes the pixels of mask `i` with the colour, half and half. The masks have the size of the image.
  void mask(const trtyolo::Masks& masks, std::size_t i, const cv::Scalar& colour);
  /// Mixes the colours of the distances with all pixels that have one, as mask() does: red is the nearest, blue the
  /// farthest. The map has the size of the image.
  void heat(const trtyolo::DepthMap& depth, const trtyolo::DepthMap::Range& range);
  /// The colours of heat() from the farthest, above, to the nearest, with both distances, at the right.
  void heatScale(const trtyolo::DepthMap::Range& range);
  /// `text` on a plate in the colour, its lower left corner at `corner`; below that if there is no room above.
  void label(cv::Point2f corner, const std::string& text, const cv::Scalar& colour);
  /// Lines of text on a darkened plate in the upper left corner of the image.
  void caption(const std::vector<std::string>& lines);
  /// The same with a plate in its own colour for each line.
  void legend(const std::vector<std::pair<std::string, cv::Scalar>>& entries);

 private:
  /// Lines of text, and the plate below them.
  struct Lettering {
    std::vector<cv::Mat> lines;  ///< see renderText()
    int margin = 0;              ///< around each line, pixels
    cv::Size plate;
  };

  /// As large as suits the image, smaller if the lines do not fit into `room` otherwise.
  Lettering lettering(const std::vector<std::string>& lines, cv::Size room) const;
  void write(const Lettering& lettering, cv::Point corner, const cv::Scalar& ink);

  cv::Mat& image_;
  int line_;     ///< thickness, pixels
  int letters_;  ///< size, as renderText() has it
};

}  // namespace app
