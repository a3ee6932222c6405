// Lines, letters and tinted areas on a picture, as thick and large as suits its size.
#pragma once

#include <cstddef>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// Draws on one picture, which is 8-bit BGR and outlives the pen. Coordinates are pixels; what lies outside the picture
/// is not drawn.
class Pen {
 public:
  explicit Pen(cv::Mat& picture);

  void box(const trtyolo::Box& box, const cv::Scalar& colour);
  void polygon(const std::vector<cv::Point2f>& corners, const cv::Scalar& colour);
  void line(cv::Point2f from, cv::Point2f to, const cv::Scalar& colour);
  void dot(cv::Point2f centre, const cv::Scalar& colour);
  /// Mixes the pixels of mask `i` with the colour, half and half. The masks have the size of the picture.
  void mask(const trtyolo::Masks& masks, std::size_t i, const cv::Scalar& colour);
  /// `text` on a plate in the colour, its lower left corner at `corner`; below that if there is no room above.
  void label(cv::Point2f corner, const std::string& text, const cv::Scalar& colour);
  /// Lines of text on a darkened plate in the upper left corner of the picture.
  void caption(const std::vector<std::string>& lines);

 private:
  struct Lettering {
    double size = 0;
    int strokes = 1;
    int margin = 0;  ///< around the text, pixels
    int ascent = 0, descent = 0;
    cv::Size plate;  ///< with its margin
  };

  /// As large as suits the picture, smaller if the lines do not fit otherwise.
  Lettering lettering(const std::vector<std::string>& lines, cv::Size room) const;
  void write(const std::string& text, cv::Point baseline, const Lettering& lettering, const cv::Scalar& ink);

  cv::Mat& picture_;
  int line_;        ///< thickness, pixels
  double letters_;  ///< as OpenCV's fontScale
};

}  // namespace app
