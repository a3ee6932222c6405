// Images of self-tests: small, and such that they fit into a record.
#pragma once

#include <vector>

#include "image/image_view.hpp"
#include "model/self_test/self_test.hpp"

namespace trtyolo {

// The image at most TestImage::kMostSide pixels a side. `bgr`: what has an order of colours is BGR.
TestImage smallImage(const ImageView& image, bool bgr);

// Drawings of shapes, people and cars at several sizes, always the same.
std::vector<TestImage> drawnImages();

}  // namespace trtyolo
