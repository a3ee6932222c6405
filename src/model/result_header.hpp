// What a result says whatever was found.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "image/letterbox.hpp"
#include "model/description.hpp"
#include "model/plausibility.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {

class ResultHeader {
 public:
  ResultHeader() = default;
  explicit ResultHeader(const ModelDescription& model)
      : task_(model.info.task),
        names_(model.info.names),
        keypointDims_(model.info.keypointDims),
        firstLook_(model.firstLook) {}

  // Completes the results of a run of the network over these images, which took `run`, and looks at the first.
  void addTo(std::span<Result> results, std::span<const ImageView> images, const StageTimes& run) const {
    const auto share = static_cast<double>(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      Result& result = results[i];
      result.num = static_cast<int>(result.classes.size());
      result.task = task_;
      result.names = names_;
      result.keypointDims = keypointDims_;
      result.imageWidth = images[i].wholeSize().width;
      result.imageHeight = images[i].wholeSize().height;
      result.speed = {run.preprocess / share, run.inference / share, run.postprocess / share};
    }
    if (firstLook_) {
      firstLook_->at(results);
    }
  }

 private:
  Task task_ = Task::Detect;
  ClassNames names_;
  int keypointDims_ = 0;
  std::shared_ptr<FirstLook> firstLook_;
};

}  // namespace trtyolo
