// Images as files.
#pragma once

#include <opencv2/core/mat.hpp>
#include <string>

#include "pipeline/item.hpp"

namespace app {

/// Writes an image in the format that the file's name ends with, in the place of what is there.
/// @throws WriteError  names the file and the reason: also that the format cannot hold the image
void writeImage(const std::string& file, const cv::Mat& image);

/// Draws an item's result into its image, with its tracks, lines and zones, and, if it is no frame of a video and has a
/// place (Item::saveAs), writes that file and the one of its depth. What goes wrong becomes Item::saveError. Any
/// thread.
void drawAndSave(Item& item);

}  // namespace app
