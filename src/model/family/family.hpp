// What the files of other repositories mean: how pixels go in, how boxes come out. A table of facts; one family more is
// one entry more.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "image/resample.hpp"
#include "model/metadata.hpp"
#include "trtyolo/info.hpp"
#include "trtyolo/options.hpp"

namespace trtyolo {

struct Family {
  const char* name;  // as InferOption::setFamily() takes it

  // Pixels.
  LetterboxMode letterbox = LetterboxMode::Center;
  bool floors = false;  // the sides of the scaled image are rounded down; otherwise to the nearest
  Filter filter = Filter::Bilinear;
  int longest = 0;          // pixels that no side of the scaled image exceeds; 0: those of the network's input
  bool squareCrop = false;  // of classifiers: the middle square, scaled as a letterbox is
  bool bgr = false;
  float white = 1;                                   // value of the brightest pixel
  std::array<float, 3> mean{0, 0, 0}, std{1, 1, 1};  // as Normalization
  float border = 114;

  // Outputs.
  Layout layout = Layout::Auto;
  bool corners = false;     // boxes of candidates are left, top, right, bottom
  bool shares = false;      // boxes are shares of the network's input
  bool logits = false;      // class scores lack their sigmoid (of classifiers: softmax)
  bool multiLabel = false;  // a box is a candidate for each class that scores enough
  bool agnostic = false;    // boxes of different classes suppress each other, unless the user says otherwise
  bool clips = false;       // boxes are cut at the image's edges before they suppress each other
  bool dropsEmpty = false;  // boxes that have no pixel of the image are none
  bool queries = false;     // as of a DETR: nothing is suppressed, and a query is an object of every class that scores
  bool grid = false;        // boxes are those of YOLOX's grids, not decoded
  bool objectnessAlone = false;  // is the score where there is one class
  bool wholeMasks = false;       // masks of plugins cover the network's input, and rotated boxes are centre and size
};

// All of them, the first of which is that of files that say nothing.
const std::vector<Family>& families();

struct FamilyReading {
  const Family* family = nullptr;
  std::string why = {};      // what told it: "its metadata names the family 'yolox'"
  std::string refusal = {};  // the file names a family that is not known; empty otherwise
};

// The family of a file: `wanted` if that is not empty, else what its metadata, the names of its outputs or their shapes
// tell. `info` has inputs, outputs, names and the network's size, and metadata as the file has it.
// Throws std::invalid_argument for a name that no family has.
FamilyReading familyOf(const ModelInfo& info, const Metadata& metadata, const std::string& wanted);

// Cells of the three usual grids, of strides 8, 16 and 32; 0 for sizes that have none.
int cellsOf(const ModelInfo& info);

// Throws std::invalid_argument if there is no such family; the message names those that there are.
const Family& familyNamed(std::string_view name);

}  // namespace trtyolo
