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

// An output of a number for each image.
TablePlace countsOf(const Shape& shape, std::size_t images) {
  if (shape.empty() || shape.size() > 2 || shape[0] < 0 || images > static_cast<std::size_t>(shape[0]) ||
      (shape.size() == 2 && shape[1] != 1)) {
    throw InferenceError("the network's numbers of objects were expected to be [batch, 1], found " + toText(shape));
  }
  return {0, 1, 1, 1};
}

// Scores that lie anchor after anchor in each class: whole stretches of anchors at a time.
void scanPlanes(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found) {
  const float* scores = tables.scores.data;
  const float least = leastValueFor(options.confidence, tables.logits);
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
      if (!(best[i] > least)) {
        continue;
      }
      if (const float score = scoreOf(best[i], tables.logits); score > options.confidence) {
        const std::size_t anchor = begin + i;
        int classIndex = 0;
        while (tables.scores(static_cast<std::size_t>(classIndex), anchor) != best[i]) {
          ++classIndex;
        }
        if (options.wants(classIndex)) {
          found(static_cast<std::uint32_t>(anchor), classIndex, score);
        }
      }
    }
  }
}

// Scores in any other order: anchor after anchor.
void scanAnchors(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found) {
  const float least = leastValueFor(options.confidence, tables.logits);
  const auto scoreAt = [&tables](int c, std::size_t anchor) {
    return scoreOf(tables.scores(static_cast<std::size_t>(c), anchor), tables.logits);
  };
  for (std::size_t anchor = 0; anchor < tables.anchors; ++anchor) {
    float factor = 1.0F;
    if (tables.objectness.data) {
      const float value = tables.objectness(0, anchor);
      factor = value > least ? scoreOf(value, tables.logits) : 0.0F;
      if (!(factor > options.confidence)) {
        continue;
      }
    }
    if (tables.multiLabel) {
      for (int c = 0; c < tables.classes; ++c) {
        // The factor is at most 1 where the value is a logit.
        if (tables.logits && !(tables.scores(static_cast<std::size_t>(c), anchor) > least)) {
          continue;
        }
        const float score = scoreAt(c, anchor) * factor;
        if (score > options.confidence && options.wants(c)) {
          found(static_cast<std::uint32_t>(anchor), c, score);
        }
      }
      continue;
    }
    int bestClass = 0;
    float best = scoreAt(0, anchor) * factor;
    for (int c = 1; c < tables.classes; ++c) {
      const float score = scoreAt(c, anchor) * factor;
      if (score > best) {
        best = score;
        bestClass = c;
      }
    }
    if (best > options.confidence && options.wants(bestClass)) {
      found(static_cast<std::uint32_t>(anchor), bestClass, best);
    }
  }
}

OutputPlaces candidatePlaces(const OutputLayout& layout, const ShapeOf& shapeOf, std::size_t images) {
  OutputPlaces places;
  Shape boxes = shapeOf(layout.boxes);
  if (layout.anchorsFirst && boxes.size() == 4 && boxes[2] == 1) {
    boxes.erase(boxes.begin() + 2);  // the same box for all classes
  }
  places.boxes = placeOf(boxes, layout.anchorsFirst, layout.values(), images, places.anchors);
  TablePlace rest = places.boxes.from(4);
  if (layout.objectness && !layout.objectnessAlone) {
    places.objectness = rest;
    rest = rest.from(1);
  }
  if (layout.scores == OutputLayout::kNone) {
    places.scores = rest;
    rest = rest.from(static_cast<std::size_t>(layout.classes) + (layout.objectnessAlone ? 1 : 0));
  } else {
    std::size_t scored = 0;
    places.scores = placeOf(shapeOf(layout.scores), layout.anchorsFirst, layout.classes, images, scored);
    if (scored != places.anchors) {
      throw InferenceError("the network gave " + std::to_string(places.anchors) + " boxes and scores for " +
                           std::to_string(scored));
    }
  }
  places.extra = layout.extras == OutputLayout::kNone
                     ? rest
                     : rowsOf(shapeOf(layout.extras), layout.extra, images, places.anchors);
  return places;
}

// Objects of all images in one list.
OutputPlaces listPlaces(const OutputLayout& layout, const Shape& shape) {
  if (shape.size() != 2 || shape[0] < 0 || shape[1] != layout.values()) {
    throw InferenceError("the network's output was expected to be [objects, 7], found " + toText(shape));
  }
  OutputPlaces places;
  places.anchors = static_cast<std::size_t>(shape[0]);
  const TablePlace rows{0, 0, 1, static_cast<std::size_t>(shape[1])};
  places.images = rows;
  places.boxes = rows.from(1);
  places.scores = rows.from(layout.scoreFirst ? 5 : 6);
  places.classNumbers = rows.from(layout.scoreFirst ? 6 : 5);
  return places;
}

}  // namespace

OutputPlaces outputPlaces(const OutputLayout& layout, const ShapeOf& shapeOf, std::size_t images) {
  if (layout.kind == OutputLayout::Kind::Candidates) {
    return candidatePlaces(layout, shapeOf, images);
  }
  if (layout.listed) {
    return listPlaces(layout, shapeOf(layout.boxes));
  }
  OutputPlaces places;
  const TablePlace rows = placeOf(shapeOf(layout.boxes), true, layout.values(), images, places.anchors);
  if (layout.kind == OutputLayout::Kind::BestClasses) {
    places.scores = rows;
    places.classNumbers = rows.from(1);
    return places;
  }
  places.boxes = rows;
  if (!layout.splitOutputs()) {
    places.scores = rows.from(4);
    places.classNumbers = rows.from(5);
    places.extra = rows.from(6);
    return places;
  }
  places.scores = rowsOf(shapeOf(layout.scores), 1, images, places.anchors);
  places.classNumbers = rowsOf(shapeOf(layout.classNumbers), 1, images, places.anchors);
  places.extra = layout.extras == OutputLayout::kNone
                     ? rows.from(4)
                     : rowsOf(shapeOf(layout.extras), layout.extra, images, places.anchors);
  if (layout.counts != OutputLayout::kNone) {
    places.counts = countsOf(shapeOf(layout.counts), images);
  }
  if (layout.instanceMasks) {
    const Shape& masks = shapeOf(layout.prototypes);
    if (masks.size() != 4 || masks[1] != static_cast<std::int64_t>(places.anchors)) {
      throw InferenceError("the network's masks were expected to be [batch, " + std::to_string(places.anchors) +
                           ", height, width], found " + toText(masks));
    }
  }
  return places;
}

OutputTables outputTables(const OutputLayout& layout, std::span<const TensorView> outputs, std::size_t slot) {
  const OutputPlaces places = outputPlaces(
      layout, [&](std::size_t output) -> const Shape& { return outputs[output].shape; }, slot + 1);
  const auto at = [&](const TablePlace& place, std::size_t output) {
    const float* const data = outputs[output == OutputLayout::kNone ? layout.boxes : output].data;
    // An empty tensor may have no memory at all.
    return ValueTable{data ? data + place.first + slot * place.slotStep : nullptr, place.valueStep, place.anchorStep};
  };
  OutputTables tables;
  tables.anchors = places.anchors;
  tables.classes = layout.classes;
  tables.multiLabel = layout.multiLabel;
  tables.logits = layout.logits;
  tables.boxes = at(places.boxes, layout.boxes);
  tables.objectness = places.objectness ? at(*places.objectness, layout.boxes) : ValueTable();
  tables.scores = at(places.scores, layout.scores);
  tables.classNumbers = at(places.classNumbers, layout.classNumbers);
  tables.extra = at(places.extra, layout.extras);
  tables.images = places.images ? at(*places.images, layout.boxes) : ValueTable();
  tables.slot = slot;
  if (places.counts) {
    const float count = at(*places.counts, layout.counts)(0, 0);
    tables.anchors = objectCount(count, static_cast<std::uint32_t>(places.anchors));
  }
  return tables;
}

void scanCandidates(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found) {
  if (!tables.objectness.data && !tables.multiLabel && tables.scores.anchorStep == 1) {
    scanPlanes(tables, options, found);
  } else {
    scanAnchors(tables, options, found);
  }
}

void scanFinished(const OutputTables& tables, const PostprocessOptions& options, const FoundCandidate& found) {
  int left = options.maxDetections;
  for (std::size_t object = 0; object < tables.anchors && left > 0; ++object) {
    const float score = tables.scores(0, object), number = tables.classNumbers(0, object);
    if (tables.images.data && tables.images(0, object) != static_cast<float>(tables.slot)) {
      continue;
    }
    if (isObject(score, number, tables.classes, options.confidence)) {
      const int classIndex = static_cast<int>(number);
      if (options.wants(classIndex)) {
        found(static_cast<std::uint32_t>(object), classIndex, score);
        --left;
      }
    }
  }
}

}  // namespace trtyolo
