// Tracks, lines and zones on an image.
#pragma once

#include <opencv2/core/mat.hpp>
#include <vector>

#include "pipeline/counts.hpp"
#include "trtyolo.hpp"

namespace app {

/// Draws where tracks came from, in their colours. `image` is 8-bit BGR. Any thread.
void drawTrails(cv::Mat& image, const std::vector<Trail>& trails);

/// Draws lines with their counts and a stroke to the side whose crossings are "in", and zones with their counts, by the
/// `names` of the classes. `image` is 8-bit BGR. Any thread.
void drawCounts(cv::Mat& image, const std::vector<LineCount>& lines, const std::vector<ZoneCount>& zones,
                const trtyolo::ClassNames& names);

}  // namespace app
