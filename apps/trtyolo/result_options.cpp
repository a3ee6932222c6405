// What becomes a result: see result_options.hpp.
#include "result_options.hpp"

#include <spdlog/spdlog.h>

namespace app {

void addResultOptions(CLI::App& command, ResultOptions& options) {
  const std::string group = "Objects";
  command.add_option("--conf", options.confidence, "objects must score more than this")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->default_str("0.25")
      ->group(group);
  command.add_option("--iou", options.iou, "of two boxes that overlap more than this the lower score is dropped")
      ->type_name("0..1")
      ->check(CLI::Range(0.0, 1.0).description(""))
      ->default_str("0.7")
      ->group(group);
  command.add_option("--max-det", options.most, "most objects in an image")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""))
      ->default_str("300")
      ->group(group);
  command.add_option("--classes", options.classes, "keep these classes only, by number: 0,2")
      ->type_name("N,N")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1000000).description(""))
      ->group(group);
  command.add_flag("--agnostic", options.agnostic, "boxes of different classes drop each other too")->group(group);
  command.add_option("--topk", options.topK, "classify: how many of the best classes are given")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""))
      ->default_str("5")
      ->group(group);
  command
      .add_flag("--no-retina-masks", options.networkMasks,
                "segment: masks of the size of the network's input, border included, not of the picture's")
      ->group(group);
}

void apply(const ResultOptions& options, trtyolo::InferOption& option) {
  if (options.confidence) option.setConfidence(*options.confidence);
  if (options.iou) option.setIou(*options.iou);
  if (options.most) option.setMaxDetections(*options.most);
  option.setClasses(options.classes).setAgnostic(options.agnostic);
  if (options.topK) option.setTopK(*options.topK);
  option.setRetinaMasks(!options.networkMasks);
}

void warnOfIdleOptions(const ResultOptions& options, trtyolo::Task task) {
  const bool classifies = task == trtyolo::Task::Classify;
  std::string idle;
  const auto add = [&](bool given, bool matters, const char* name) {
    if (given && !matters) idle += (idle.empty() ? "" : ", ") + std::string(name);
  };
  add(options.confidence.has_value(), !classifies, "--conf");
  add(options.iou.has_value(), !classifies, "--iou");
  add(options.most.has_value(), !classifies, "--max-det");
  add(!options.classes.empty(), !classifies, "--classes");
  add(options.agnostic, !classifies, "--agnostic");
  add(options.topK.has_value(), classifies, "--topk");
  add(options.networkMasks, task == trtyolo::Task::Segment, "--no-retina-masks");
  if (!idle.empty()) spdlog::warn("without effect on a model for the task {}: {}", trtyolo::toString(task), idle);
}

}  // namespace app
