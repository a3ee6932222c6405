// The options with which predict, info and bench load a model.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trtyolo.hpp"

namespace app {

/// What the command line says of loading a model; what is left empty is the library's choice.
struct ModelOptions {
  std::string backend = "auto";  ///< as trtyolo::toString(Backend) has it
  std::string device;            ///< "cpu", or the ordinal of a GPU
  std::string task;              ///< as trtyolo::toString(Task) has it
  std::string labels;            ///< file with names of classes
  std::string layout = "auto";   ///< "auto", "scores", "objectness" or "end2end"
  std::string imageSize;         ///< "640" or "480x640", height first
  bool bgr = false;              ///< the network takes its colours in this order, whatever its family does
  std::optional<float> scale;    ///< value of the brightest pixel in the network's input
  std::vector<std::string> plugins;
  std::string letterbox = "auto", family;
  std::string head = "auto";      ///< as trtyolo::toString(HeadMode) has it
  std::string selfTest = "warn";  ///< as trtyolo::toString(SelfTest) has it
  bool half = false;              ///< 16-bit arithmetic
  std::optional<int> batch;       ///< images per call
  std::optional<int> streams, threads;
};

/// Whether models of this task find objects, each in a box of its own.
bool findsObjects(trtyolo::Task task);

/// Of the network's input, pixels.
struct NetworkSize {
  int height, width;
};

/// What "640" or "480x640" (height first) means; nothing for anything else.
std::optional<NetworkSize> networkSize(std::string_view text);

/// The number that all of `text` is, if it is one and not negative.
std::optional<int> wholeNumber(std::string_view text);

/// Adds them all to `command`, under "Model" in its help. Options that are added later stand there, too, unless their
/// group is set. `streams` is the name of the one for those of the engine.
void addModelOptions(CLI::App& command, ModelOptions& options, const std::string& streams = "--streams");

/// Adds --devices, several GPUs, with what it does there.
void addDevicesOption(CLI::App& command, std::string& devices, const std::string& help);

/// The GPUs that --devices names: "all", or ordinals with commas between. Empty: all of a machine without a GPU, where
/// models run on the CPU.
/// @throws UsageError  it contradicts --device or --backend
std::vector<int> devicesOf(const std::string& devices, const ModelOptions& options);

/// Adds the option that says how much of a network runs.
void addHeadOption(CLI::App& command, std::string& head);

/// The same for the library, for images in BGR order.
/// @throws UsageError          they contradict each other
/// @throws std::runtime_error  the file with names of classes cannot be read
trtyolo::InferOption inferOption(const ModelOptions& options);

}  // namespace app
