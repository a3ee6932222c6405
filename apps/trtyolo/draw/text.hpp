// Text for images.
#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

namespace app {

/// A line of UTF-8 text as an 8-bit image of one channel: 0 where there is no ink, 255 where a letter covers the whole
/// pixel. `size`: pixels of an em; Latin capitals are about three quarters as high.
///
/// The fonts are those that are installed: one without serifs, and others for the letters that it lacks. A letter that
/// no font has becomes a '?', and the first time a warning says so. Without any font, OpenCV's own ASCII letters are
/// used. Any thread.
cv::Mat renderText(const std::string& text, int size);

}  // namespace app
