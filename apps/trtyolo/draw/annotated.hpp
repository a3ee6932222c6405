// An item's image with all that is known of it.
#pragma once

#include <opencv2/core/mat.hpp>

#include "pipeline/item.hpp"

namespace app {

/// Draws an item's result into its image, in place, with its tracks, lines and zones, and sets Item::annotated. Any
/// thread.
/// @throws std::exception  it cannot be drawn
void annotate(Item& item);

/// The same image without a change to the item: the item's own if it is annotated, which must not be written to, else a
/// copy. Any thread.
/// @throws std::exception  it cannot be decoded or drawn
cv::Mat annotated(const Item& item);

}  // namespace app
