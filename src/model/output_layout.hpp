// What a network's outputs hold and where, told from their shapes and from what the file says about itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "model/family/family.hpp"
#include "model/object_values.hpp"
#include "model/plugin_cut.hpp"
#include "model/raw_head.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

struct OutputLayout {
  enum class Kind {
    ClassScores,  // [batch, classes] probabilities
    BestClasses,  // [batch, objects, score and class] of a classifier, the best first: the "objects" are classes
    Candidates,   // many boxes with scores, which NMS has to thin out
    EndToEnd,  // [batch, objects, box (corners; of OBB centre and size), score, class, extra values], or each of these
               // in a tensor of its own: see `scores`
    ClassMap,  // [batch, height, width] the class of each cell, may be integers
    ClassLogits,  // [batch, classes, height, width]
    Depth,        // [batch, height, width] or [batch, 1, height, width] metres
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  Kind kind = Kind::Candidates;
  BoxForm form;
  int classes = 0;  // 0: not known (best classes and end-to-end, of a file without names)
  int extra = 0;    // values after the scores: mask coefficients, keypoints, an angle

  // Of candidates.
  bool anchorsFirst = false;     // [batch, anchors, values]; otherwise [batch, values, anchors]
  bool objectness = false;       // a value between box and class scores that multiplies them
  bool multiLabel = false;       // a box is a candidate for each class that scores enough; otherwise for its best one
  bool logits = false;           // scores are a sigmoid's argument; of class scores, a softmax's
  bool suppressed = false;       // candidates do not overlap: all that score enough are objects
  bool clipped = false;          // boxes are cut at the image's edges before they suppress each other
  bool objectnessAlone = false;  // the objectness is the score of the only class, whose own plays no part

  // Indices of outputs.
  std::size_t boxes = 0;           // or the map of classes or depth
  std::size_t scores = kNone;      // if class scores have a tensor of their own: [batch, anchors, classes]
  std::size_t prototypes = kNone;  // of segmenters: [batch, extra, height, width]
  std::size_t extras = kNone;      // if extra values have one: [batch, anchors or objects, extra]; an angle never does

  // Of end-to-end networks with split outputs, as NMS plugins have them: `scores` is [batch, objects], and:
  std::size_t classNumbers = kNone;  // [batch, objects], may be integers
  std::size_t counts = kNone;        // [batch, 1], may be integers: how many objects there are, the rest is padding
  bool instanceMasks = false;        // `prototypes` are each object's probabilities: [batch, objects, height, width]
  bool masksInBoxes = false;         // each covers its object's box; otherwise the network's whole input

  // Of end-to-end networks that give the objects of all images in one list [objects, 7]: number of the image, corners,
  // and class and score, or score and class.
  bool listed = false, scoreFirst = false;

  // Of a network that was cut behind its last convolutions: candidates in the tensors that this names, instead of
  // `boxes`, `scores` and `extras`, which are those of the whole one.
  std::optional<RawHead> raw;

  bool splitOutputs() const { return classNumbers != kNone; }
  bool pixelMaps() const { return kind == Kind::ClassMap || kind == Kind::ClassLogits || kind == Kind::Depth; }
  // Whether it may hold integers.
  bool isWhole(std::size_t output) const {
    return kind == Kind::ClassMap || (splitOutputs() && (output == classNumbers || output == counts));
  }

  // Values of a row of the tensor `boxes`.
  int values() const {
    if (kind == Kind::BestClasses) {
      return 2;
    }
    if (listed) {
      return 7;
    }
    const int behind = extras == kNone && !instanceMasks ? extra : 0;
    if (splitOutputs()) {
      return 4 + behind;
    }
    const int own = scores == kNone ? classes + (objectness ? 1 : 0) : 0;
    return (kind == Kind::EndToEnd ? 6 : 4 + own) + behind;
  }
};

struct LayoutReading {
  OutputLayout layout;
  std::string refusal;  // why the outputs are not understood; empty if they are
};

// `info` has outputs, metadata, task, names, keypoints and the size of the network's input already. `metadata` is the
// file's whole one, `cut` what plugins were cut off. Without `wanted` the family's layout is looked for first.
LayoutReading readLayout(const ModelInfo& info, const Metadata& metadata, Layout wanted, const Family& family,
                         const std::optional<PluginCut>& cut);

}  // namespace trtyolo
