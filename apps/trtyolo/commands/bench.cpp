// The command bench: the benchmarks' library, with OpenCV's images and a progress bar.
#include <spdlog/spdlog.h>

#include <opencv2/core/mat.hpp>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>
#include <string>

#include "bench_command.hpp"
#include "commands/command.hpp"
#include "commands/predict_files.hpp"
#include "input/image_file.hpp"
#include "input/pixel_budget.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/progress.hpp"

namespace app {
namespace {

/// An image, or the first frame of a video.
bench::SourceImage readFrame(const std::string& source) {
  if (const auto size = trtyolo::imageSizeOf(source)) PixelBudget().require(size->bytes(), describe(*size));
  cv::Mat pixels = cv::imread(source, cv::IMREAD_COLOR);
  if (pixels.empty()) pixels = readFirstFrame(source);
  if (pixels.empty()) throw std::runtime_error("neither an image nor a video can be read from \"" + source + "\"");
  if (!pixels.isContinuous()) pixels = pixels.clone();
  return {pixels.cols, pixels.rows, {pixels.data, pixels.data + pixels.total() * pixels.elemSize()}};
}

void showProgress(double share, const std::string& words) {
  static Progress bar(true);
  if (share < 0) {
    bar.clear();
  } else {
    bar.update(share, words);
  }
}

}  // namespace

void addBench(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command = program.add_subcommand(
      "bench",
      "memory and images a second: the bare network, one model, clones, separate models, processes, a pool, and on "
      "request JPEG files and video streams");
  command->footer("Example: trtyolo bench yolo11n.onnx --clones 1,2,4,8 --json bench.json");
  const auto say = [](const std::string& text) { spdlog::info("{}", text); };
  commands.push_back({command, bench::addBench(*command, {"image, or video for its first frame,", readFrame, say,
                                                          showProgress, interrupted, predictFiles})});
}

}  // namespace app
