// Masks in the forms that files and pictures need.
#pragma once

#include <cstdint>
#include <opencv2/core/types.hpp>
#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// COCO's text form of run lengths, the one that pycocotools reads and writes.
std::string cocoString(const std::vector<std::uint32_t>& counts);

/// Mask `i` of a picture of size `picture` as one polygon, in pixels of the picture: its outlines, without those of
/// holes, joined where they are nearest to each other by a line there and back. Masks of the size of a network's input
/// are taken out of its border. Empty if the mask is.
std::vector<cv::Point2f> outlineOf(const trtyolo::Masks& masks, std::size_t i, cv::Size picture);

/// The masks in the size of the picture, if they have that of a network's input: taken out of its border and scaled
/// with smooth edges.
trtyolo::Masks scaledTo(cv::Size picture, const trtyolo::Masks& masks);

}  // namespace app
