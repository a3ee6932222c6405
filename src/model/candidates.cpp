#include "model/candidates.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "model/object_values.hpp"

namespace trtyolo {
namespace {

// Anchors whose best scores stay in the first-level cache; runs long enough for prefetching.
constexpr std::size_t kBlock = 2048;

// An output of rank 3 with `values` along its second or last dimension, as a table.
TablePlace placeOf(const Shape& shape, bool anchorsFirst, int values, std::size_t images, std::size_t& anchors) {
  const bool fits = shape.size() == 3 && shape[anchorsFirst ? 2 : 1] == values && shape[anchorsFirst ? 1 : 2] >= 0 &&
                    shape[0] >= 0 && images <= static_cast<std::size_t>(shape[0]);
  if (!fits) {
    throw InferenceError("the network's output was expected to be " +
                         (anchorsFirst ? "[batch, anchors, " + std::to_string(values) + "]"
                                       : "[batch, " + std::to_string(values) + ", anchors]") +
                         ", found " + toText(shape));
  }
  anchors = static_cast<std::size_t>(shape[anchorsFirst ? 1 : 2]);
  const std::size_t count = static_cast<std::size_t>(values);
  return anchorsFirst ? TablePlace{0, anchors * count, 1, count} : TablePlace{0, anchors * count, anchors, 1};
}

// An output [batch, objects, ...] with `values` values for each object, whatever sides they are shared out to.
TablePlace rowsOf(const Shape& shape, int values, std::size_t images, std::size_t objects) {
  std::int64_t found = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) {
    found *= shape[i];
  }
  const bool fits = shape.size() >= 2 && found == values && shape[0] >= 0 && shape[1] >= 0 &&
                    images <= static_cast<std::size_t>(shape[0]) && objects == static_cast<std::size_t>(shape[1]);
  if (!fits) {
    throw InferenceError("the network's output was expected to have " + std::to_string(values) + " for each of " +
                         std::to_string(objects) + " objects, found " + toText(shape));
  }
  const auto count = static_cast<std::size_t>(values);
  return {0, objects * count, 1, count};
}

// An empty tensor may have no memory at all.
ValueTable tableAt(const TablePlace& place, const TensorView& tensor, std::size_t slot) {
  return {tensor.data ? tensor.data + place.first + slot * place.slotStep : nullptr, place.valueStep, place.anchorStep};
}

// Scores that lie anchor after anchor in each class: whole stretches of anchors at a time.
void scanPlanes(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  const float* scores = tables.scores.data;
  const std::size_t classStep = tables.scores.valueStep;
  std::array<float, kBlock> best;
  for (std::size_t begin = 0; begin < tables.anchors; begin += kBlock) {
    const std::size_t count = std::min(kBlock, tables.anchors - begin);
    std::copy_n(scores + begin, count, best.begin());
    for (int c = 1; c < tables.classes; ++c) {
      const float* row = scores + static_cast<std::size_t>(c) * classStep + begin;
      for (std::size_t i = 0; i < count; ++i) {
        best[i] = row[i] > best[i] ? row[i] : best[i];
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (best[i] > thresholds.confidence) {
        const std::size_t anchor = begin + i;
        int classIndex = 0;
        while (tables.scores(static_cast<std::size_t>(classIndex), anchor) != best[i]) {
          ++classIndex;
        }
        if (thresholds.wants(classIndex)) {
          found(static_cast<std::uint32_t>(anchor), classIndex, best[i]);
        }
      }
    }
  }
}

// Scores in any other order: anchor after anchor.
void scanAnchors(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  for (std::size_t anchor = 0; anchor < tables.anchors; ++anchor) {
    float factor = 1.0F;
    if (tables.objectness.data) {
      factor = tables.objectness(0, anchor);
      if (!(factor > thresholds.confidence)) {
        continue;
      }
    }
    if (tables.multiLabel) {
      for (int c = 0; c < tables.classes; ++c) {
        const float score = tables.scores(static_cast<std::size_t>(c), anchor) * factor;
        if (score > thresholds.confidence && thresholds.wants(c)) {
          found(static_cast<std::uint32_t>(anchor), c, score);
        }
      }
      continue;
    }
    int bestClass = 0;
    float best = tables.scores(0, anchor) * factor;
    for (int c = 1; c < tables.classes; ++c) {
      const float score = tables.scores(static_cast<std::size_t>(c), anchor) * factor;
      if (score > best) {
        best = score;
        bestClass = c;
      }
    }
    if (best > thresholds.confidence && thresholds.wants(bestClass)) {
      found(static_cast<std::uint32_t>(anchor), bestClass, best);
    }
  }
}

}  // namespace

CandidatePlaces candidatePlaces(const OutputLayout& layout, const Shape& boxes, const Shape* scores,
                                std::size_t images) {
  CandidatePlaces places;
  places.boxes = placeOf(boxes, layout.anchorsFirst, layout.values(), images, places.anchors);
  TablePlace behind = places.boxes.from(4);
  if (layout.objectness) {
    places.objectness = behind;
    behind = behind.from(1);
  }
  if (!scores) {
    places.scores = behind;
    behind = behind.from(static_cast<std::size_t>(layout.classes));
  } else {
    std::size_t scored = 0;
    places.scores = placeOf(*scores, layout.anchorsFirst, layout.classes, images, scored);
    if (scored != places.anchors) {
      throw InferenceError("the network gave " + std::to_string(places.anchors) + " boxes and scores for " +
                           std::to_string(scored));
    }
  }
  places.extra = behind;
  return places;
}

FinishedPlaces finishedPlaces(const OutputLayout& layout, const ShapeOf& shapeOf, std::size_t images) {
  FinishedPlaces places;
  const TablePlace rows = placeOf(shapeOf(layout.boxes), true, layout.values(), images, places.objects);
  if (layout.kind == OutputLayout::Kind::BestClasses) {
    places.scores = rows;
    places.classNumbers = rows.from(1);
    return places;
  }
  places.boxes = rows;
  if (!layout.apart()) {
    places.scores = rows.from(4);
    places.classNumbers = rows.from(5);
    places.extra = rows.from(6);
    return places;
  }
  places.scores = rowsOf(shapeOf(layout.scores), 1, images, places.objects);
  places.classNumbers = rowsOf(shapeOf(layout.classNumbers), 1, images, places.objects);
  places.extra = layout.keypoints == OutputLayout::kNone
                     ? rows.from(4)
                     : rowsOf(shapeOf(layout.keypoints), layout.extra, images, places.objects);
  const Shape& counts = shapeOf(layout.counts);
  if (counts.empty() || counts.size() > 2 || counts[0] < 0 || images > static_cast<std::size_t>(counts[0]) ||
      (counts.size() == 2 && counts[1] != 1)) {
    throw InferenceError("the network's numbers of objects were expected to be [batch, 1], found " + toText(counts));
  }
  places.counts = TablePlace{0, 1, 1, 1};
  if (layout.ownMasks) {
    const Shape& masks = shapeOf(layout.prototypes);
    if (masks.size() != 4 || masks[1] != static_cast<std::int64_t>(places.objects)) {
      throw InferenceError("the network's masks were expected to be [batch, " + std::to_string(places.objects) +
                           ", height, width], found " + toText(masks));
    }
  }
  return places;
}

CandidateTables candidateTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  const TensorView& boxes = outputs[layout.boxes];
  const TensorView& scores = layout.scores == OutputLayout::kNone ? boxes : outputs[layout.scores];
  const CandidatePlaces places =
      candidatePlaces(layout, boxes.shape, layout.scores == OutputLayout::kNone ? nullptr : &scores.shape, slot + 1);
  CandidateTables tables;
  tables.anchors = places.anchors;
  tables.classes = layout.classes;
  tables.multiLabel = layout.multiLabel;
  tables.boxes = tableAt(places.boxes, boxes, slot);
  if (places.objectness) {
    tables.objectness = tableAt(*places.objectness, boxes, slot);
  }
  tables.scores = tableAt(places.scores, scores, slot);
  tables.extra = tableAt(places.extra, boxes, slot);
  return tables;
}

FinishedTables finishedTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  const FinishedPlaces places = finishedPlaces(
      layout, [&](std::size_t output) -> const Shape& { return outputs[output].shape; }, slot + 1);
  const auto at = [&](const TablePlace& place, std::size_t output) {
    return tableAt(place, outputs[output == OutputLayout::kNone ? layout.boxes : output], slot);
  };
  FinishedTables tables;
  tables.objects = places.objects;
  tables.classes = layout.classes;
  tables.boxes = at(places.boxes, layout.boxes);
  tables.scores = at(places.scores, layout.scores);
  tables.classNumbers = at(places.classNumbers, layout.classNumbers);
  tables.extra = at(places.extra, layout.keypoints);
  if (places.counts) {
    const float said = at(*places.counts, layout.counts)(0, 0);
    tables.objects = objectCount(said, static_cast<std::uint32_t>(places.objects));
  }
  return tables;
}

void scanCandidates(const CandidateTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  if (!tables.objectness.data && !tables.multiLabel && tables.scores.anchorStep == 1) {
    scanPlanes(tables, thresholds, found);
  } else {
    scanAnchors(tables, thresholds, found);
  }
}

void scanFinished(const FinishedTables& tables, const Thresholds& thresholds, const FoundCandidate& found) {
  int left = thresholds.maxDetections;
  for (std::size_t object = 0; object < tables.objects && left > 0; ++object) {
    const float score = tables.scores(0, object), number = tables.classNumbers(0, object);
    if (isObject(score, number, tables.classes, thresholds.confidence)) {
      const int classIndex = static_cast<int>(number);
      if (thresholds.wants(classIndex)) {
        found(static_cast<std::uint32_t>(object), classIndex, score);
        --left;
      }
    }
  }
}

}  // namespace trtyolo
