// What an InferOption holds.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "model/postprocess_options.hpp"
#include "runtime/options.hpp"
#include "trtyolo.hpp"

namespace trtyolo {

// Of these options, those that the user set.
struct PartialPostprocessOptions {
  std::optional<float> confidence, iou;
  std::optional<int> maxDetections, topK;
  std::optional<std::vector<int>> classes;
  std::optional<bool> agnostic, retinaMasks;

  // What was said, and `otherwise` for the rest.
  PostprocessOptions over(PostprocessOptions otherwise) const {
    PostprocessOptions result = std::move(otherwise);
    result.confidence = confidence.value_or(result.confidence);
    result.iou = iou.value_or(result.iou);
    result.maxDetections = maxDetections.value_or(result.maxDetections);
    result.classes = classes.value_or(result.classes);
    result.agnostic = agnostic.value_or(result.agnostic);
    result.topK = topK.value_or(result.topK);
    result.retinaMasks = retinaMasks.value_or(result.retinaMasks);
    return result;
  }
};

struct InferOption::Impl {
  EngineOptions engine;
  std::optional<Size> sourceSize;  // every image has this size
  PartialPostprocessOptions postprocess;
  std::shared_ptr<ImageDecoder> decoder;  // null: none
  bool fastDecode = false;
  bool performanceReport = false;
  SelfTest selfTest = SelfTest::Warn;
};

}  // namespace trtyolo
