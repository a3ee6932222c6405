// What a network's outputs hold and where, told from their shapes and from what the file says of itself.
#pragma once

#include <cstddef>
#include <string>

#include "trtyolo.hpp"

namespace trtyolo {

struct DescriptionOptions;
struct RawModel;

struct OutputLayout {
  enum class Kind {
    ClassScores,    // [batch, classes] probabilities
    Candidates,     // many boxes with scores, to be suppressed
    FinishedBoxes,  // [batch, objects, box (corners; of OBB centre and size), score, class, extra values]
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Kind kind = Kind::Candidates;
  int classes = 0;  // 0: not known (finished boxes of a file without names)
  int extra = 0;    // values behind the scores: mask coefficients, keypoints, an angle

  // Of candidates.
  bool anchorsFirst = false;  // [batch, anchors, values]; otherwise [batch, values, anchors]
  bool objectness = false;    // a value between box and class scores that multiplies them
  bool multiLabel = false;    // a box is a candidate for each class that scores enough; otherwise for its best one
  bool corners = false;       // boxes are left, top, right, bottom; otherwise centre x, centre y, width, height

  // Numbers of outputs.
  std::size_t boxes = 0;
  std::size_t scores = kNone;      // where class scores have a tensor of their own: [batch, anchors, classes]
  std::size_t prototypes = kNone;  // of segmenters: [batch, extra, height, width]

  // Values of a row of the tensor `boxes`.
  int values() const {
    const int own = scores == kNone ? classes + (objectness ? 1 : 0) : 0;
    return kind == Kind::FinishedBoxes ? 6 + extra : 4 + own + extra;
  }
};

// Why outputs are not understood, or how they are, in words.
struct LayoutReading {
  OutputLayout layout;
  std::string refusal;  // empty if understood
  std::string words;
};

// `info` has task, names, keypoints and the size of the network's input already.
LayoutReading readLayout(const RawModel& model, const DescriptionOptions& options, const ModelInfo& info);

// "'output0' f32 [1, 84, 8400], ...", dynamic dimensions as "?".
std::string listOf(const std::vector<TensorInfo>& tensors);

}  // namespace trtyolo
