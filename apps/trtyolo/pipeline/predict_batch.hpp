// The network over a batch.
#pragma once

#include <optional>

#include "pipeline/pipeline.hpp"
#include "trtyolo.hpp"

namespace app {

/// Sets the results of the items without an error, or what is wrong with them, and adds to Batch::predict. Frames and
/// decoded images go in as they are, images that are still encoded to the model's decoder; with `slices` one by one.
/// One thread for a model.
void predictBatch(trtyolo::Model& model, Batch& batch, const std::optional<trtyolo::SliceOption>& slices);

/// Then sets Item::then of those items, whose pixels are still there. The same for `model`.
void predictThen(trtyolo::Model& model, const trtyolo::CropOption& option, Batch& batch);

}  // namespace app
