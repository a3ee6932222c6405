// The network over a batch.
#pragma once

#include "pipeline/pipeline.hpp"
#include "trtyolo.hpp"

namespace app {

/// Sets the results of the items without an error, or what is wrong with them, and adds to Batch::predict. Frames and
/// decoded images go in as they are, images that are still encoded to the model's decoder. One thread for a model.
void predictBatch(trtyolo::Model& model, Batch& batch);

}  // namespace app
