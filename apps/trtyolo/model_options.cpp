// Options of loading a model: see model_options.hpp.
#include "model_options.hpp"

#include <charconv>
#include <map>
#include <thread>

#include "class_names.hpp"
#include "command.hpp"

namespace app {
namespace {

const std::map<std::string, trtyolo::Backend> kBackends{{"auto", trtyolo::Backend::Auto},
                                                        {"openvino", trtyolo::Backend::OpenVINO},
                                                        {"tensorrt", trtyolo::Backend::TensorRT}};
const std::map<std::string, trtyolo::Task> kTasks{{"classify", trtyolo::Task::Classify},
                                                  {"detect", trtyolo::Task::Detect},
                                                  {"obb", trtyolo::Task::OBB},
                                                  {"segment", trtyolo::Task::Segment},
                                                  {"pose", trtyolo::Task::Pose}};
const std::map<std::string, trtyolo::Layout> kLayouts{{"auto", trtyolo::Layout::Auto},
                                                      {"scores", trtyolo::Layout::ClassScores},
                                                      {"objectness", trtyolo::Layout::Objectness},
                                                      {"end2end", trtyolo::Layout::EndToEnd}};

}  // namespace

std::optional<int> wholeNumber(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<NetworkSize> networkSize(std::string_view text) {
  const std::size_t separator = text.find('x');
  const auto height = wholeNumber(text.substr(0, separator));
  const auto width = separator == std::string_view::npos ? height : wholeNumber(text.substr(separator + 1));
  if (!height || !width || *height < 1 || *width < 1) return std::nullopt;
  return NetworkSize{*height, *width};
}

void addModelOptions(CLI::App& command, ModelOptions& options) {
  const std::string group = "Model";
  command
      .add_option("--imgsz", options.imageSize, "network input, 640 or 480x640 (height x width); dynamic models only")
      ->type_name("N|HxW")
      ->check([](const std::string& text) {
        return networkSize(text) ? "" : "--imgsz: 640 or 480x640 (height x width) was expected, found " + text;
      })
      ->group(group);
  command.add_option("--batch", options.batch, "images per call of the network (default: what the model has, else 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""))
      ->group(group);
  command
      .add_flag("--half", options.half,
                "compute in the 16-bit format that the processor or GPU is fastest with (bf16 or f16), in f32 where it "
                "has none")
      ->group(group);
  command
      .add_option("--task", options.task,
                  "task of a model whose file does not name it: classify, detect, obb, pose or segment")
      ->check(CLI::IsMember(kTasks).description(""))
      ->type_name("TASK")
      ->group(group);
  command.add_option("--labels", options.labels, "names of the classes, one a line, in place of the model's")
      ->type_name("FILE")
      ->group(group);
  command
      .add_option(
          "--layout", options.layout,
          "layout of an output that the file does not tell: auto, scores (YOLOv8 and later), objectness (YOLOv5, "
          "YOLOv7, YOLOX) or end2end (YOLOv10, YOLO26)")
      ->check(CLI::IsMember(kLayouts).description(""))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--backend", options.backend,
                  "openvino (CPU), tensorrt (GPU), or auto: TensorRT where a GPU can be used")
      ->check(CLI::IsMember(kBackends).description(""))
      ->type_name("NAME")
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--device", options.device,
                  "cpu, or the number of a GPU (default: GPU 0 where it can be used, else cpu)")
      ->type_name("cpu|N")
      ->check([](const std::string& text) {
        return text == "cpu" || wholeNumber(text) ? ""
                                                  : "--device: cpu or the number of a GPU was expected, found " + text;
      })
      ->group(group);
  command
      .add_option("--streams", options.streams, "predictions that the engine runs side by side on a CPU; 0: it chooses")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""))
      ->group(group);
  command.add_option("--threads", options.threads, "threads that the engine uses on a CPU (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""))
      ->group(group);
}

trtyolo::InferOption inferOption(const ModelOptions& options) {
  trtyolo::InferOption option;
  option.enableSwapRB();
  option.setBackend(kBackends.at(options.backend));
  if (options.device == "cpu") {
    if (options.backend == "tensorrt") throw UsageError("--backend tensorrt needs a GPU, and --device says cpu");
    option.setBackend(trtyolo::Backend::OpenVINO);
  } else if (const auto ordinal = wholeNumber(options.device)) {
    if (options.backend == "openvino") {
      throw UsageError("--backend openvino runs on the CPU, and --device says GPU " + options.device);
    }
    // Who names a GPU does not want to be given the CPU without a word.
    option.setBackend(trtyolo::Backend::TensorRT);
    option.setDeviceId(*ordinal);
  }
  if (const auto task = taskOf(options)) option.setTask(*task);
  if (!options.labels.empty()) option.setNames(readNames(options.labels));
  option.setLayout(kLayouts.at(options.layout));
  if (const auto size = networkSize(options.imageSize)) option.setNetworkSize(size->width, size->height);
  if (options.half) option.setPrecision(trtyolo::Precision::Auto);
  if (options.batch) option.setBatch(*options.batch);
  if (options.streams) option.setStreams(*options.streams);
  if (options.threads) option.setThreads(*options.threads);
  return option;
}

std::optional<trtyolo::Task> taskOf(const ModelOptions& options) {
  if (options.task.empty()) return std::nullopt;
  return kTasks.at(options.task);
}

}  // namespace app
