// Masks from prototypes: which pixels of a box belong to its object.
#pragma once

#include <cstddef>
#include <vector>

#include "image/geometry.hpp"
#include "model/candidates.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// [channels, height, width] of one image.
struct Prototypes {
  const float* data = nullptr;
  std::size_t channels = 0, height = 0, width = 0;
};

// Makes the masks of one image's objects. A pixel is inside where the prototypes, weighted with the object's
// coefficients and scaled up bilinearly, are above 0. Only the box is ever looked at, and in it only the cells
// whose corners differ in sign pixel by pixel: no picture of floats is made.
class MaskMaker {
 public:
  // Masks of the size of the source image, as Ultralytics' retina_masks (process_mask_native): the prototypes are
  // scaled up by 1, 2 or 4, so that the border falls on whole cells, cropped to the image, and scaled to it.
  // Boxes are in pixels of the source image.
  static MaskMaker forSource(const Prototypes& prototypes, const Letterbox& letterbox);

  // Masks of the size of the network's input, as Ultralytics has them by default (process_mask). Boxes are in its
  // pixels.
  static MaskMaker forNetwork(const Prototypes& prototypes, const Letterbox& letterbox);

  int width() const { return static_cast<int>(columns_.pixels); }
  int height() const { return static_cast<int>(rows_.pixels); }

  // The runs of one object's mask; `coefficients` are values 0 ... channels - 1 of the table's anchor.
  std::vector<Masks::Run> make(const ValueTable& coefficients, std::size_t anchor, const Box& box);

 private:
  // One axis of the last scaling: pixels from `cells` of a grid, beginning at its cell `offset`.
  struct Axis {
    std::size_t offset = 0, cells = 0, pixels = 0;
    std::vector<std::size_t> first;   // of each cell, and one more: the first pixel at or behind its centre
    std::vector<std::uint32_t> cell;  // of each pixel: the cell before it
    std::vector<float> fraction;      // of the way to the next cell

    Axis() = default;
    Axis(std::size_t offset, std::size_t cells, std::size_t pixels);
  };
  // Cells `begin` to `end` - 1 of the grid.
  struct Span {
    std::size_t begin = 0, end = 0;
  };

  // Neighbouring pixels of a row that lie within cells of one kind.
  struct Stretch {
    bool inside = false;  // all of them; otherwise each pixel is to be looked at
    Span pixels;
    std::size_t left = 0, right = 0;  // of the latter: where the values beside them are in the two rows
  };

  MaskMaker(const Prototypes& prototypes, std::size_t factor, Axis columns, Axis rows);

  void weigh(const ValueTable& coefficients, std::size_t anchor, Span rows, Span columns);
  void enlarge(Span gridRows, Span gridColumns, Span rows, Span columns);
  void sortCells(std::size_t cellRow, Span gridRows, Span gridColumns, Span pixels);
  void addRow(std::size_t y, std::vector<Masks::Run>& runs);

  Prototypes prototypes_;
  std::size_t factor_;  // of the first scaling
  Axis columns_, rows_;
  std::vector<float> logits_;       // of the prototypes' cells under a box
  std::vector<float> enlarged_;     // the same after the first scaling
  std::vector<float> row_;          // between two rows of the prototypes
  std::vector<Stretch> stretches_;  // of all pixel rows between two rows of the grid, without what is outside
  const float *above_ = nullptr, *below_ = nullptr;  // those two rows
};

}  // namespace trtyolo
