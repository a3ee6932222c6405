// Masks from prototypes: which pixels of a box belong to its object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/geometry.hpp"
#include "model/candidates.hpp"
#include "model/mask_arithmetic.hpp"
#include "model/mask_rows.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// [channels, height, width] of one image.
struct Prototypes {
  const float* data = nullptr;
  std::size_t channels = 0, height = 0, width = 0;
  bool own = false;     // a channel is the mask of one object itself: probabilities
  bool within = false;  // of its box alone; otherwise of the network's whole input
};

// Makes the masks of one image's objects. A pixel is inside where the prototypes, weighted with the object's
// coefficients and scaled up bilinearly, are above 0; objects' own masks count as what maskLogit() makes of them. Only
// the box is ever looked at, and in each of its rows only the places where the sign changes: no image of floats is
// made.
class MaskMaker {
 public:
  // Masks of the size of the source image, or else of the network's input: see MaskGeometry::of(). Boxes are in pixels
  // of the same.
  MaskMaker(const Prototypes& prototypes, const Letterbox& letterbox, bool ofSource);

  int width() const { return static_cast<int>(columns_.pixels); }
  int height() const { return static_cast<int>(rows_.pixels); }

  // Appends the mask of one object, unless it is empty: then false. `masks` has this maker's width and height;
  // `coefficients` are values 0 ... channels - 1 of the table's anchor; of objects' own masks, the anchor is the
  // channel, and `whole` the box that one within a box covers, also outside of the image.
  bool add(const ValueTable& coefficients, std::size_t anchor, const Box& box, const Box& whole, Masks& masks);

  // Appends a mask of runs that were made elsewhere, in rising order: some may be empty, or go on where the one before
  // them ends. False if no pixel is left.
  static bool append(const std::vector<Masks::Run>& runs, Masks& masks);

 private:
  // One axis of the last scaling: pixels from `cells` of a grid, beginning at its cell `offset`.
  struct Axis {
    std::size_t offset = 0, cells = 0, pixels = 0;
    float pixelsPerCell = 1, origin = 0;
    float doubt = 1;  // a place computed this close to a pixel, in pixels, may belong to the other side of it
    std::vector<std::int32_t> first;  // of each cell, and some more: the first pixel at or behind its centre
    std::vector<std::uint32_t> cell;  // of each pixel: the cell before it
    std::vector<float> fraction;      // of the way to the next cell

    explicit Axis(const MaskAxis& axis);
  };
  // Cells `begin` to `end` - 1 of the grid.
  struct Span {
    std::size_t begin = 0, end = 0;
  };

  MaskMaker(const Prototypes& prototypes, const MaskGeometry& geometry);
  void takeOwn(std::size_t channel, Span rows, Span columns);
  void weigh(const ValueTable& coefficients, std::size_t anchor, Span rows, Span columns);
  void enlarge(Span gridRows, Span gridColumns, Span rows, Span columns);
  void addRow(std::size_t y, Span gridRows, Span gridColumns, Span pixels, std::vector<Masks::Run>& runs);
  std::int32_t exactEdge(const GridRows& grid, const PixelColumns& columns, std::size_t column,
                         std::int32_t pixel) const;

  Prototypes prototypes_;
  MaskGeometry geometry_;
  std::size_t factor_;  // of the first scaling
  Axis columns_, rows_;
  std::vector<float> logits_;                      // of the prototypes' cells under a box
  std::vector<float> enlarged_;                    // the same after the first scaling
  std::vector<float> row_;                         // between two rows of the prototypes
  std::vector<std::int32_t> edges_, edgeColumns_;  // see findEdges()
};

}  // namespace trtyolo
