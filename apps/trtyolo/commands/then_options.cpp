// The second model of predict: see then_options.hpp.
#include "commands/then_options.hpp"

#include <stdexcept>

#include "commands/command.hpp"

namespace app {
namespace {

/// Regions that share a run of a network which takes any number of images.
constexpr int kBatch = 8;

}  // namespace

void addThenOptions(CLI::App& command, ThenOptions& options) {
  command.option_defaults()->group("Second model");
  command
      .add_option("--then", options.model,
                  "another model that looks at each object: objects get \"then\" in --json, and then_class, then_name, "
                  "then_score (of the best) in --csv; on the first one's device, with its own thresholds")
      ->type_name("MODEL");
  command
      .add_option("--then-margin", options.margin,
                  "what it sees beyond an object's box on each side, as a share of the box (default: 0.1)")
      ->type_name("0..10")
      ->check(CLI::Range(0.0, 10.0).description(""));
}

trtyolo::Model loadThenModel(const ThenOptions& options, const ModelOptions& loading, const trtyolo::ModelInfo& first,
                             std::optional<int> gpu, int streams) {
  if (!findsObjects(first.task)) {
    throw UsageError("--then looks at objects, and a model for the task " + std::string(trtyolo::toString(first.task)) +
                     " finds none; give one that detects, segments, or finds poses or oriented boxes first");
  }
  try {
    ModelOptions same;
    same.backend = gpu ? "tensorrt" : "openvino";
    if (gpu) same.device = std::to_string(*gpu);
    same.half = loading.half;
    same.threads = loading.threads;
    same.plugins = loading.plugins;
    trtyolo::InferOption option = inferOption(same);
    option.setStreams(loading.streams.value_or(streams)).setBatch(loading.batch.value_or(kBatch));
    trtyolo::Model model = trtyolo::Model::load(options.model, option);
    trtyolo::requireSecondStage(model.info());
    return model;
  } catch (const std::invalid_argument& error) {
    throw UsageError("--then: " + std::string(error.what()));
  }
}

}  // namespace app
