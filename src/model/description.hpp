// What a model is: told from its inputs, outputs and metadata, before it is made ready to run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/geometry.hpp"
#include "model/metadata.hpp"
#include "model/output_layout.hpp"
#include "model/thresholds.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// What a node for non-maximum suppression in the file asks for.
struct Suppression {
  float confidence = 0.25F;
  float iou = 0.5F;
  int maxDetections = 100;
  bool agnostic = false;
};

// What a back end reads from a file.
struct RawModel {
  std::string file;
  std::size_t fileBytes = 0;
  std::vector<TensorInfo> inputs, outputs;
  Metadata metadata;
  std::optional<Suppression> suppression;  // of a node that was cut off: the outputs are what it was given
};

// Options that bear on what a model is.
struct DescriptionOptions {
  std::optional<Task> task;
  std::optional<Size> networkSize;
  int batch = 1;
  bool rect = true;
  std::vector<std::string> names;  // empty: those of the file
  Layout layout = Layout::Auto;
};

struct ModelDescription {
  ModelInfo info;
  bool rect = false;  // each image gets its own smallest network size
  Size least{1, 1};   // the smallest network size there is
  OutputLayout layout;
  Thresholds thresholds;  // what the file asks for, else the defaults
  std::string refusal;    // why the outputs are not understood; empty if they are

  Size networkSize() const { return {info.networkWidth, info.networkHeight}; }

  // Images are scaled to fill the network's input and cropped, not letterboxed.
  bool centerCrop() const { return info.task == Task::Classify; }

  // Where an image of this size lies in the network's input (of letterboxed ones).
  Letterbox fit(Size source) const {
    return rect ? Letterbox::fitRect(source, networkSize(), info.stride, least) : Letterbox::fit(source, networkSize());
  }
};

// Throws ModelError for an input that no image can be written to, for a task that contradicts the file's, and for a
// network size that the model cannot have. Outputs that are not understood only fill `refusal`: inspect() shows them.
ModelDescription describe(const RawModel& model, const DescriptionOptions& options);

// "f32 [1, 84, 8400]", dynamic dimensions as "?".
std::string toString(const TensorInfo& tensor);

}  // namespace trtyolo
