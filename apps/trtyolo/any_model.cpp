// A model of whatever task: see any_model.hpp.
#include "any_model.hpp"

#include <stdexcept>
#include <utility>

namespace app {

AnyModel::AnyModel(const std::string& file, const trtyolo::InferOption& option, std::optional<trtyolo::Task> task)
    : AnyModel(load(file, option, task ? *task : trtyolo::inspect(file, option).task)) {}

AnyModel::AnyModel(Model model) : model_(std::move(model)) {}

AnyModel::Model AnyModel::load(const std::string& file, const trtyolo::InferOption& option, trtyolo::Task task) {
  switch (task) {
    case trtyolo::Task::Classify:
      return trtyolo::ClassifyModel(file, option);
    case trtyolo::Task::Detect:
      return trtyolo::DetectModel(file, option);
    case trtyolo::Task::OBB:
      return trtyolo::OBBModel(file, option);
    case trtyolo::Task::Segment:
      return trtyolo::SegmentModel(file, option);
    case trtyolo::Task::Pose:
      return trtyolo::PoseModel(file, option);
  }
  throw std::invalid_argument("a task that this program does not know");
}

AnyModel AnyModel::clone() const {
  return std::visit([](const auto& model) { return AnyModel(Model(std::move(*model.clone()))); }, model_);
}

std::vector<Found> AnyModel::predict(const std::vector<trtyolo::Image>& images) {
  return std::visit(
      [&](auto& model) {
        std::vector<Found> found;
        found.reserve(images.size());
        for (auto& result : model.predict(images)) found.push_back(foundOf(std::move(result)));
        return found;
      },
      model_);
}

const trtyolo::BaseModel& AnyModel::base() const {
  return std::visit([](const auto& model) -> const trtyolo::BaseModel& { return model; }, model_);
}

}  // namespace app
