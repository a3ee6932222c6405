// The command info: what a model file is.
#include <spdlog/spdlog.h>

#include <iostream>
#include <optional>

#include "commands/command.hpp"
#include "commands/model_options.hpp"
#include "commands/self_test.hpp"
#include "terminal/printable.hpp"
#include "trtyolo.hpp"
#include "writers/json.hpp"

namespace app {
namespace {

struct InfoOptions {
  std::string model;
  ModelOptions loading;
  bool json = false, check = false;
};

std::string shapeOf(const trtyolo::TensorInfo& tensor) {
  std::string text;
  for (const int extent : tensor.shape)
    text += (text.empty() ? "" : ", ") + (extent < 0 ? "?" : std::to_string(extent));
  return "[" + text + "]";
}

Json jsonOf(const std::vector<trtyolo::TensorInfo>& tensors) {
  Json list = Json::array();
  for (const auto& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"type", tensor.type}, {"shape", tensor.shape}});
  }
  return list;
}

Json jsonOf(const trtyolo::ModelInfo& info) {
  Json names = Json::object();
  for (const auto& [index, name] : info.names.map()) append(names, std::to_string(index), name);
  Json json{{"model", info.file},
            {"bytes", info.fileBytes},
            {"task", trtyolo::toString(info.task)},
            {"names", std::move(names)},
            {"inputs", jsonOf(info.inputs)},
            {"outputs", jsonOf(info.outputs)},
            {"network", {info.networkWidth, info.networkHeight}},
            {"stride", info.stride},
            {"batch", info.batch},
            {"dynamic_size", info.dynamicSize},
            {"dynamic_batch", info.dynamicBatch},
            {"precision", info.precision},
            {"backend", info.backend},
            {"device", info.device},
            {"layout", info.layout},
            {"head", info.head},
            {"family", info.family},
            {"evidence", info.evidence},
            {"self_test", info.selfTest},
            {"metadata", info.metadata}};
  if (info.task == trtyolo::Task::Pose) {
    json["keypoints"] = info.keypoints;
    json["keypoint_dims"] = info.keypointDims;
  }
  return json;
}

/// How many there are, and the first of them.
std::string someNames(const std::map<int, std::string>& names) {
  constexpr int kShown = 8;
  std::string text = std::to_string(names.size());
  int shown = 0;
  for (const auto& [index, name] : names) {
    if (shown == kShown) return text + ", ...";
    text += fmt::format("{}{} {}", shown == 0 ? ": " : ", ", index, name);
    ++shown;
  }
  return text;
}

/// A line of text of its own, indented below the first if it has several lines.
void line(std::string& text, const std::string& title, std::string value) {
  constexpr int kTitleWidth = 12;
  for (std::size_t position = 0; (position = value.find('\n', position)) != std::string::npos; ++position) {
    value.insert(position + 1, kTitleWidth + 1, ' ');
  }
  text += fmt::format("{:<{}} {}\n", title, kTitleWidth, value);
}

std::string textOf(const trtyolo::ModelInfo& info) {
  std::string text;
  line(text, "model", fmt::format("{} ({:.1f} MB)", info.file, static_cast<double>(info.fileBytes) / 1e6));
  line(text, "task", trtyolo::toString(info.task));
  line(text, "classes", someNames(info.names.map()));
  if (info.task == trtyolo::Task::Pose) {
    line(text, "keypoints",
         fmt::format("{} an object, of x, y{}", info.keypoints, info.keypointDims == 3 ? " and a score" : ""));
  }
  for (const auto& tensor : info.inputs) line(text, "input", tensor.name + " " + tensor.type + " " + shapeOf(tensor));
  for (const auto& tensor : info.outputs) line(text, "output", tensor.name + " " + tensor.type + " " + shapeOf(tensor));
  const std::string size = fmt::format("{} x {}", info.networkWidth, info.networkHeight);
  line(text, "image size",
       size + (info.dynamicSize ? fmt::format(" at most, in steps of {} (dynamic)", info.stride) : " (fixed)"));
  line(text, "batch", std::to_string(info.batch) + (info.dynamicBatch ? " (dynamic)" : " (fixed)"));
  line(text, "family", info.family + " (" + info.evidence + ")");
  line(text, "decoding", info.layout);
  line(text, "head", info.head);
  line(text, "precision", info.precision);
  line(text, "backend", info.backend + " " + trtyolo::backends()[info.backend]);
  line(text, "device", info.device);
  if (!info.selfTest.empty()) line(text, "self-test", info.selfTest);
  if (info.metadata.empty()) return text;
  std::string pairs;
  for (const auto& [key, value] : info.metadata) pairs += (pairs.empty() ? "" : "\n") + key + " = " + value;
  line(text, "metadata", pairs);
  return text;
}

int runInfo(const InfoOptions& options) {
  const trtyolo::InferOption loading = inferOption(options.loading);
  const trtyolo::ModelInfo info = trtyolo::inspect(options.model, loading);
  const auto check = options.check ? std::optional(trtyolo::checkSelfTest(options.model, loading)) : std::nullopt;
  if (options.json) {
    Json json = jsonOf(info);
    if (check) json["check"] = selfTestJson(*check);
    std::cout << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    std::cout << printable(textOf(info) + (check ? selfTestText(*check) : ""));
  }
  if (!std::cout.flush()) throw std::runtime_error("standard output cannot be written");
  if (!check || check->verdict == trtyolo::SelfTestVerdict::Passed) return kDone;
  spdlog::error("{}", check->message);
  return kFailed;
}

}  // namespace

void addInfo(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command =
      program.add_subcommand("info", "Say what a model is: task, classes, inputs, outputs, how it is decoded");
  const auto options = std::make_shared<InfoOptions>();
  command
      ->add_option("MODEL", options->model, "model file: ONNX (.onnx), OpenVINO IR (.xml) or TensorRT engine (.engine)")
      ->type_name(" ")
      ->required();
  command->add_flag("--json", options->json, "as one JSON object");
  addModelOptions(*command, options->loading);
  command->add_flag("--check", options->check,
                    "also run the file's self-test: what was expected, what is found here, the differences; ends with "
                    "1 if it fails, or if there is none");
  command->footer("Examples:\n  trtyolo info yolo11n.onnx\n  trtyolo info yolo11n.engine --check");
  commands.push_back({command, [options] { return runInfo(*options); }});
}

}  // namespace app
