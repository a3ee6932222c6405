// The options of bench, and what they mean.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/model_options.hpp"
#include "commands/result_options.hpp"
#include "source_image.hpp"
#include "subject.hpp"

namespace bench {

/// What the command line says.
struct Options {
  Settings settings;
  app::ModelOptions loading;
  app::ResultOptions results;
  std::string devices;  // "all", or ordinals with commas between; empty: one GPU
  std::vector<int> clones{1, 2, 4, 8};
  std::vector<std::string> kinds{kNetwork, kModel, kClones, kSeparate, kPool, kProcesses};
  std::vector<std::string> memories;  // where the image is; empty: host, and on a GPU gpu, too
  std::string source;
  std::string size = "1080x1920";
  double seconds = 5, queueDelay = 2;
  std::vector<int> streams;           // rows of kind streams
  std::optional<double> p99;          // and one of as many as fit, milliseconds
  std::vector<std::string> decoders;  // see Job::decode, one after the other; empty: where the model runs
  std::string json;
  bool all = false, quiet = false;

  bool measures(std::string_view kind) const { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); }
  /// Whether a row is given --source as an image, not as encoded bytes.
  bool measuresImages() const;
};

/// Adds them all to `command`. `sources` is what --source may name, of rows that are given images.
void addOptions(CLI::App& command, Options& options, const std::string& sources);

/// The classes that are to be kept.
std::vector<int> classesOf(const Options& options, const trtyolo::InferOption& option);

/// @throws app::UsageError  options contradict each other
Settings settingsOf(const Options& options);

/// A row, before it is measured.
struct PlannedRow {
  Job job;
  double seconds = 0;
  bool mostStreams = false;  ///< of streams: as many as fit with Options::p99
  bool beside = false;       ///< of a bare network: its memory only, for the next row measures its speed in turns
};

/// The rows in the order of the table. `memories`: where images are, one after the other; `decoders`: where encoded
/// ones are decoded; `gpus`: how many there are to be used.
std::vector<PlannedRow> plan(const Options& options, const std::vector<std::string>& memories,
                             const std::vector<std::string>& decoders, std::size_t gpus);

/// The image of rows of a kind, or if that is empty of the first row that there is: of JPEG files and videos a drawn
/// one of their size.
SourceImage imageOf(const Options& options, const ImageReader& read, const std::string& kind);

}  // namespace bench
