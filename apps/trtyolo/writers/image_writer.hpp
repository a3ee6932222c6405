// Annotated images as files.
#pragma once

#include "pipeline/item.hpp"

namespace app {

/// Draws an item's result into its image, and, if it is no frame of a video and has a place (Item::saveAs), writes that
/// file. What goes wrong with this image alone, because it cannot be drawn, encoded or have this name, becomes
/// Item::saveError. Any thread.
/// @throws std::runtime_error  the file cannot be written for a reason that others will meet as well: a full disk
void drawAndSave(Item& item);

}  // namespace app
