// Options of loading a model: see model_options.hpp.
#include "commands/model_options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "commands/command.hpp"
#include "trtyolo/pool.hpp"

namespace app {
namespace {

const std::map<std::string, trtyolo::Layout> kLayouts{{"auto", trtyolo::Layout::Auto},
                                                      {"scores", trtyolo::Layout::ClassScores},
                                                      {"objectness", trtyolo::Layout::Objectness},
                                                      {"end2end", trtyolo::Layout::EndToEnd}};

/// The lines of a file, without the spaces around them and the mark that some editors begin a file with; empty ones at
/// its end do not count.
std::vector<std::string> readNames(const std::string& file) {
  constexpr const char *kSpaces = " \t\r\v\f", *kByteOrderMark = "\xEF\xBB\xBF";
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("--labels: '" + file + "' cannot be opened");
  std::vector<std::string> names;
  for (std::string line; std::getline(stream, line);) {
    if (names.empty() && line.starts_with(kByteOrderMark)) line.erase(0, 3);
    line.erase(0, line.find_first_not_of(kSpaces));
    line.erase(line.find_last_not_of(kSpaces) + 1);
    names.push_back(line);
  }
  if (stream.bad()) throw std::runtime_error("--labels: '" + file + "' cannot be read");
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (names.empty()) throw std::runtime_error("--labels: names of classes were expected in '" + file + "', found none");
  return names;
}

/// The numbers of "0,1"; nothing if the text is something else, or has one twice.
std::optional<std::vector<int>> ordinals(const std::string& text) {
  std::vector<int> numbers;
  std::istringstream parts(text + ",");
  for (std::string part; std::getline(parts, part, ',');) {
    const auto number = wholeNumber(part);
    if (!number || std::find(numbers.begin(), numbers.end(), *number) != numbers.end()) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

bool findsObjects(trtyolo::Task task) {
  using trtyolo::Task;
  return task == Task::Detect || task == Task::Segment || task == Task::Pose || task == Task::OBB;
}

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

void addModelOptions(CLI::App& command, ModelOptions& options, const std::string& streams) {
  command.option_defaults()->group("Model");
  command
      .add_option("--imgsz", options.imageSize, "network input, 640 or 480x640 (height x width); dynamic models only")
      ->type_name("N|HxW")
      ->check([](const std::string& text) {
        return networkSize(text) ? "" : "640 or 480x640 (height x width) was expected, found " + text;
      });
  command.add_option("--batch", options.batch, "images per call of the network (default: what the model has, else 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_flag(
      "--half", options.half,
      "compute in the 16-bit format that the processor or GPU is fastest with (bf16 or f16), in f32 where it "
      "has none");
  command
      .add_option(
          "--task", options.task,
          "task of a model whose file does not name it: classify, depth, detect, obb, pose, segment or semantic")
      ->check(CLI::IsMember({"classify", "depth", "detect", "obb", "pose", "segment", "semantic"}).description(""))
      ->type_name("TASK");
  command.add_option("--labels", options.labels, "names of the classes, one a line, in place of the model's")
      ->type_name("FILE");
  command
      .add_option(
          "--layout", options.layout,
          "layout of an output that the file does not tell: auto, scores (YOLOv8 and later), objectness (YOLOv5, "
          "YOLOv7, YOLOX) or end2end (YOLOv10, YOLO26)")
      ->check(CLI::IsMember(kLayouts).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option(
          "--family", options.family,
          "whose file it is, where the file does not tell: ultralytics, yolov5, yolov7, yolox, yolonas, rfdetr, "
          "...; it decides how pixels go in and how boxes come out")
      ->type_name("NAME");
  command.add_flag("--bgr", options.bgr, "the network takes colours as BGR (YOLOX), not RGB");
  command
      .add_option("--scale", options.scale,
                  "value of the brightest pixel in the network's input: 1, or 255 (YOLOX) (default: the family's)")
      ->check([](const std::string& text) {
        float value = 0;
        return CLI::detail::lexical_cast(text, value) && value > 0 && std::isfinite(value)
                   ? ""
                   : "a number above 0 was expected, found " + text;
      })
      ->type_name("N");
  command
      .add_option("--letterbox", options.letterbox,
                  "where images lie in the network's input: center, topleft (YOLOX), stretch (DETR), or auto: as the "
                  "family has it")
      ->check(CLI::IsMember({"auto", "center", "topleft", "stretch"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  addHeadOption(command, options.head);
  command
      .add_option("--self-test", options.selfTest,
                  "what becomes of a file that holds a self-test and fails it: warn, refuse, or off: it is not run")
      ->check(CLI::IsMember({"off", "warn", "refuse"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--backend", options.backend,
                  "openvino (CPU), tensorrt (GPU), or auto: TensorRT where a GPU can be used")
      ->check(CLI::IsMember({"auto", "openvino", "tensorrt"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--device", options.device,
                  "cpu, or the number of a GPU (default: GPU 0 where it can be used, else cpu)")
      ->type_name("cpu|N")
      ->check([](const std::string& text) {
        return text == "cpu" || wholeNumber(text) ? "" : "cpu or the number of a GPU was expected, found " + text;
      });
  command
      .add_option("--plugins", options.plugins,
                  "GPU: a library with plugins of TensorRT that the engine needs; can be given again")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  command.add_option(streams, options.streams, "predictions that the engine runs side by side on a CPU; 0: it chooses")
      ->type_name("N")
      ->check(CLI::Range(0, 1024).description(""));
  command.add_option("--threads", options.threads, "threads that the engine uses on a CPU (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
}

void addDevicesOption(CLI::App& command, std::string& devices, const std::string& help) {
  command.add_option("--devices", devices, help)->type_name("N,...|all")->check([](const std::string& text) {
    return text == "all" || ordinals(text) ? "" : "all, or GPUs like 0,1, each once, were expected, found " + text;
  });
}

std::vector<int> devicesOf(const std::string& devices, const ModelOptions& options) {
  if (!options.device.empty()) throw UsageError("--devices and --device cannot both be given");
  if (options.backend == "openvino" && devices != "all") {
    throw UsageError("--backend openvino runs on the CPU, and --devices names GPUs");
  }
  if (devices != "all") return ordinals(devices).value();
  std::vector<int> all(options.backend == "openvino" ? 0 : static_cast<std::size_t>(trtyolo::gpuCount()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void addHeadOption(CLI::App& command, std::string& head) {
  command
      .add_option(
          "--head", head,
          "how much of the network runs: cut (up to its last convolutions, and the candidates are decoded here), "
          "whole (as it was exported), or auto: cut where its head is recognised")
      ->check(CLI::IsMember({"auto", "whole", "cut"}).description(""))
      ->type_name("NAME")
      ->capture_default_str();
}

trtyolo::InferOption inferOption(const ModelOptions& options) {
  trtyolo::InferOption option;
  option.enableSwapRB();
  if (options.bgr) option.setBgrNetwork(true);
  if (options.scale) option.setPixelScale(*options.scale);
  option.setLetterbox(trtyolo::letterboxModeOf(options.letterbox));
  if (!options.plugins.empty()) option.setPluginLibraries(options.plugins);
  if (!options.family.empty()) option.setFamily(options.family);
  option.setHead(trtyolo::headModeOf(options.head));
  option.setSelfTest(trtyolo::selfTestOf(options.selfTest));
  option.setBackend(trtyolo::backendOf(options.backend));
  if (options.device == "cpu") {
    if (options.backend == "tensorrt") throw UsageError("--backend tensorrt needs a GPU, and --device says cpu");
    option.setBackend(trtyolo::Backend::OpenVINO);
  } else if (const auto ordinal = wholeNumber(options.device)) {
    if (options.backend == "openvino") {
      throw UsageError("--backend openvino runs on the CPU, and --device says GPU " + options.device);
    }
    // A user who names a GPU must not get the CPU silently.
    option.setBackend(trtyolo::Backend::TensorRT);
    option.setDeviceId(*ordinal);
  }
  if (!options.task.empty()) option.setTask(trtyolo::taskOf(options.task));
  if (!options.labels.empty()) option.setNames(readNames(options.labels));
  option.setLayout(kLayouts.at(options.layout));
  if (const auto size = networkSize(options.imageSize)) option.setNetworkSize(size->width, size->height);
  if (options.half) option.setPrecision(trtyolo::Precision::Auto);
  if (options.batch) option.setBatch(*options.batch);
  if (options.streams) option.setStreams(*options.streams);
  if (options.threads) option.setThreads(*options.threads);
  return option;
}

}  // namespace app
