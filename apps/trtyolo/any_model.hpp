// A model of whatever task its file says.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "found.hpp"
#include "trtyolo.hpp"

namespace app {

/// One of the library's five models. Threads, ownership and errors are as there.
class AnyModel {
 public:
  /// `task`: what the model is for, if that is known; else the file is read once more, beforehand, to find out.
  AnyModel(const std::string& file, const trtyolo::InferOption& option, std::optional<trtyolo::Task> task);

  AnyModel clone() const;
  std::vector<Found> predict(const std::vector<trtyolo::Image>& images);
  /// What models of all tasks share.
  const trtyolo::BaseModel& base() const;
  /// Gives what `visitor` gives of the model as one of the five.
  template <typename Visitor>
  auto visit(const Visitor& visitor) const {
    return std::visit(visitor, model_);
  }

 private:
  using Model = std::variant<trtyolo::ClassifyModel, trtyolo::DetectModel, trtyolo::OBBModel, trtyolo::SegmentModel,
                             trtyolo::PoseModel>;

  explicit AnyModel(Model model);
  static Model load(const std::string& file, const trtyolo::InferOption& option, trtyolo::Task task);

  Model model_;
};

}  // namespace app
