// From what heads make to what callers get.
#pragma once

#include <utility>

#include "model/prediction.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

inline int count(const Prediction& prediction) {
  return static_cast<int>(prediction.classes.size());
}

// What each task's result takes of a prediction.
inline void fill(ClsResult& result, Prediction&& prediction) {
  result = {count(prediction), std::move(prediction.classes), std::move(prediction.scores)};
}
inline void fill(DetResult& result, Prediction&& prediction) {
  result = {count(prediction), std::move(prediction.classes), std::move(prediction.scores),
            std::move(prediction.boxes)};
}
inline void fill(OBBResult& result, Prediction&& prediction) {
  result = {count(prediction), std::move(prediction.classes), std::move(prediction.scores),
            std::move(prediction.rotated)};
}
inline void fill(SegResult& result, Prediction&& prediction) {
  result = {count(prediction), std::move(prediction.classes), std::move(prediction.scores), std::move(prediction.boxes),
            std::move(prediction.masks)};
}
inline void fill(PoseResult& result, Prediction&& prediction) {
  result = {count(prediction), std::move(prediction.classes), std::move(prediction.scores), std::move(prediction.boxes),
            std::move(prediction.keypoints)};
}

}  // namespace trtyolo
