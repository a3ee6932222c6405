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
    BestClasses,    // [batch, objects, score and class] of a classifier, the best first: the "objects" are classes
    Candidates,     // many boxes with scores, to be suppressed
    FinishedBoxes,  // [batch, objects, box (corners; of OBB centre and size), score, class, extra values], or each of
                    // these in a tensor of its own: see `scores`
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Kind kind = Kind::Candidates;
  int classes = 0;  // 0: not known (best classes, and finished boxes, of a file without names)
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

  // Finished boxes whose values lie apart, as suppression plugins leave them, have `scores` [batch, objects], and:
  std::size_t classNumbers = kNone;  // [batch, objects], may be whole numbers
  std::size_t counts = kNone;     // [batch, 1], may be whole numbers: how many objects there are, the rest is padding
  std::size_t keypoints = kNone;  // of pose: [batch, objects, extra values]; an angle follows its box
  bool ownMasks = false;          // `prototypes` are probabilities of each object: [batch, objects, height, width]

  bool apart() const { return counts != kNone; }
  bool isWhole(std::size_t output) const { return apart() && (output == classNumbers || output == counts); }

  // Values of a row of the tensor `boxes`.
  int values() const {
    if (kind == Kind::BestClasses) {
      return 2;
    }
    if (apart()) {
      return keypoints == kNone ? 4 + extra : 4;
    }
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
