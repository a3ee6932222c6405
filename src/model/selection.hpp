// Which candidates become objects.
#pragma once

#include <span>
#include <vector>

#include "model/back_transform.hpp"
#include "model/candidates.hpp"
#include "model/nms.hpp"
#include "model/output_layout.hpp"
#include "model/postprocess_options.hpp"
#include "model/tensor.hpp"

namespace trtyolo {

// The objects of one image in pixels of the network's input, by falling score (end-to-end: in the network's order),
// and the extra values of each, at its anchor.
template <typename Object>
struct Selection {
  std::vector<Object> objects;
  ValueTable extra;
  std::vector<float> own = {};  // values of `extra` that are in no tensor
};

// Where the objects of an image are looked for.
struct SelectionInput {
  const OutputLayout& layout;
  std::span<const TensorView> outputs;
  std::size_t slot = 0;
  Task task = Task::Detect;
  std::size_t keypointDims = 0;
};

// Above the threshold, of the wanted classes, suppressed where the layout asks for it, at most as many as wanted. Where
// it wants boxes cut at the image's edges, `toSource` knows these.
// Throws InferenceError if the tensors have not the shapes that the layout promised.
Selection<Candidate> select(const SelectionInput& input, const BackTransform& toSource,
                            const PostprocessOptions& options);

// The same of rotated boxes, whose angle is the last extra value.
Selection<RotatedCandidate> selectRotated(const SelectionInput& input, const PostprocessOptions& options);

}  // namespace trtyolo
