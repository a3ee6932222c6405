// The command build: a TensorRT engine from an ONNX model.
#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command.hpp"
#include "commands/model_options.hpp"
#include "commands/self_test.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/progress.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

constexpr int kMostImages = 1024;

struct BuildOptions {
  std::string model, engine, batch, imageSize, timingCache;
  std::vector<std::string> plugins;
  std::string head = "auto";
  bool half = false, quiet = false, noSelfTest = false;
  std::string selfTestImages;
  int level = trtyolo::BuildOption().optimizationLevel, device = 0;
  std::size_t workspace = 0;  ///< MiB
};

/// The parts between colons.
std::vector<std::string_view> parts(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const std::size_t end = text.find(':');
    found.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return found;
    text.remove_prefix(end + 1);
  }
}

/// Images in a run of the network.
struct BatchRange {
  int min, opt, max;
};

/// "8" is 1 to 8, tuned for 8; "1:4:8" is 1 to 8, tuned for 4.
std::optional<BatchRange> batchRange(std::string_view text) {
  std::vector<int> values;
  for (const std::string_view part : parts(text)) values.push_back(wholeNumber(part).value_or(0));
  if (values.size() == 1) values = {1, values[0], values[0]};
  if (values.size() != 3) return std::nullopt;
  const bool rises = 1 <= values[0] && values[0] <= values[1] && values[1] <= values[2] && values[2] <= kMostImages;
  if (!rises) return std::nullopt;
  return BatchRange{values[0], values[1], values[2]};
}

struct SizeRange {
  NetworkSize min, max;
};

/// "640" is that size only, "320:640" all between the two.
std::optional<SizeRange> sizeRange(std::string_view text) {
  const std::vector<std::string_view> sizes = parts(text);
  const auto min = networkSize(sizes.front()), max = networkSize(sizes.back());
  if (sizes.size() > 2 || !min || !max) return std::nullopt;
  if (min->height > max->height || min->width > max->width) return std::nullopt;
  return SizeRange{*min, *max};
}

void addOptions(CLI::App& command, BuildOptions& options) {
  command.add_option("MODEL", options.model, "model file: ONNX (.onnx)")->type_name(" ")->required();
  command
      .add_option("-o,--output", options.engine,
                  "the engine (default: the model's name with .engine); one that exists is replaced")
      ->type_name("FILE");
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command.option_defaults()->group("Engine");
  command.add_flag("--fp16,--half", options.half,
                   "compute in f16 up to the last layers with weights; boxes and scores stay f32");
  command
      .add_option("--batch", options.batch,
                  "images in a run, of models with a dynamic batch: at most N, and tuned for N; or the fewest, what it "
                  "is tuned for and the most (default: 1)")
      ->type_name("N|MIN:OPT:MAX")
      ->check([](const std::string& text) {
        return batchRange(text)
                   ? ""
                   : fmt::format("8 or 1:4:8 was expected, rising numbers from 1 to {}, found {}", kMostImages, text);
      });
  command
      .add_option(
          "--imgsz", options.imageSize,
          "network input of models with dynamic sizes: 640 or 480x640 (height x width), or the smallest and the "
          "largest, as 320:640 (default: what the model says, that size only)")
      ->type_name("SIZE|MIN:MAX")
      ->check([](const std::string& text) {
        return sizeRange(text) ? "" : "640, 480x640 (height x width) or a range as 320:640 was expected, found " + text;
      });
  constexpr std::size_t kMostWorkspace = std::size_t{1} << 20;
  command
      .add_option("--workspace", options.workspace,
                  "most scratch memory that a layer may take on the GPU (default: all that there is)")
      ->type_name("MiB")
      ->check(CLI::Range(std::size_t{1}, kMostWorkspace).description(""));
  addHeadOption(command, options.head);
  command.add_option("--opt-level", options.level, "0 (quickly built) to 5 (faster engines are searched for longest)")
      ->type_name("N")
      ->check(CLI::Range(0, 5).description(""))
      ->capture_default_str();
  command
      .add_option("--plugins", options.plugins,
                  "a library with plugins of TensorRT that the model needs; can be given again")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  command
      .add_option("--timing-cache", options.timingCache,
                  "file of timings, read and written, with which later builds are quicker")
      ->type_name("FILE");
  command.add_option("--device", options.device, "number of the GPU that the engine is built on, and for")
      ->type_name("N")
      ->check([](const std::string& text) {
        return wholeNumber(text) ? "" : "the number of a GPU was expected, found " + text;
      })
      ->capture_default_str();
  command.option_defaults()->group("Self-test");
  command
      .add_option("--self-test-images", options.selfTestImages,
                  "images of what the model is for, of which three go into the engine's self-test (default: built-in "
                  "drawings)")
      ->type_name("FOLDER");
  command.add_flag("--no-self-test", options.noSelfTest, "put no self-test into the engine");
  command.footer(
      "Takes from seconds to many minutes. An engine runs with the version of TensorRT and on the kind of GPU that it\n"
      "was built with. Ctrl-C ends the building as soon as TensorRT comes to it, and leaves FILE as it was; a second "
      "one\n"
      "ends at once.\n\n"
      "The engine gets a self-test: small images, and what the f32 model finds in them on the CPU. Whoever loads it "
      "is\n"
      "told if it finds something else there (trtyolo info FILE --check).\n\n"
      "Examples:\n"
      "  trtyolo build yolo11n.onnx --fp16\n"
      "  trtyolo build yolo11n-dynamic.onnx -o yolo11n.engine --batch 1:8:16 --imgsz 320:640");
}

trtyolo::BuildOption optionOf(const BuildOptions& options) {
  trtyolo::BuildOption option;
  if (options.half) option.precision = trtyolo::Precision::F16;
  option.deviceId = options.device;
  if (const auto range = batchRange(options.batch)) {
    option.minBatch = range->min;
    option.optBatch = range->opt;
    option.maxBatch = range->max;
  }
  if (const auto range = sizeRange(options.imageSize)) {
    option.minHeight = range->min.height;
    option.minWidth = range->min.width;
    option.height = range->max.height;
    option.width = range->max.width;
  }
  option.head = trtyolo::headModeOf(options.head);
  option.optimizationLevel = options.level;
  option.workspaceBytes = options.workspace << 20;
  option.timingCache = options.timingCache;
  option.pluginLibraries = options.plugins;
  return option;
}

std::string wordsOf(const trtyolo::BuildProgress& progress) {
  if (interrupted()) return "ending";
  if (progress.phase.empty()) return "reading the model";
  return fmt::format("{} {}/{}", progress.phase, progress.step, progress.steps);
}

/// Builds in a second thread, so that the time shown goes on also while TensorRT reports nothing.
void buildAndShow(const std::string& model, const std::string& engine, trtyolo::BuildOption option, bool quiet) {
  constexpr auto kInterval = std::chrono::milliseconds(100);
  std::mutex mutex;  // of `latest`
  trtyolo::BuildProgress latest;
  option.onProgress = [&](const trtyolo::BuildProgress& progress) {
    const std::lock_guard lock(mutex);
    latest = progress;
    return !interrupted();
  };
  Progress progress(!quiet, Pace::Uneven);
  const GracefulEnd graceful;
  auto building = std::async(std::launch::async, [&] { trtyolo::buildEngine(model, engine, option); });
  while (building.wait_for(kInterval) != std::future_status::ready) {
    std::unique_lock lock(mutex);
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): it changes as soon as the lock is gone
    const trtyolo::BuildProgress now = latest;
    lock.unlock();
    if (interrupted() && now.phase.empty()) leave(interruptStatus());  // nothing has begun that could be ended
    progress.update(now.done, wordsOf(now));
  }
  progress.clear();
  building.get();
}

/// Quoted for a shell.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./_-+=:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
  return text + "'";
}

/// The command that runs the engine.
std::string predictCommand(const std::string& engine, const trtyolo::BuildOption& option) {
  std::string text = "trtyolo predict " + quoted(engine) + " SOURCE";
  if (option.maxBatch > 1) text += fmt::format(" --batch {}", option.maxBatch);
  if (option.deviceId > 0) text += fmt::format(" --device {}", option.deviceId);
  return text;
}

/// Puts the self-test into the engine. What stands in the way is a warning: the engine is built.
void testEngine(const BuildOptions& options, const std::string& engine, const trtyolo::BuildOption& built) {
  trtyolo::InferOption loading;
  loading.enableSwapRB();
  loading.setBackend(trtyolo::Backend::TensorRT);
  loading.setDeviceId(built.deviceId);
  loading.setPluginLibraries(built.pluginLibraries);
  const bool onCpu = trtyolo::backends().count(trtyolo::toString(trtyolo::Backend::OpenVINO)) != 0;
  if (!onCpu && options.half) {
    spdlog::warn("{}: no self-test: the f32 model is run by OpenVINO, which this build does not have", engine);
    return;
  }
  try {
    makeSelfTest(engine, onCpu ? options.model : "", options.selfTestImages, loading);
  } catch (const std::exception& error) {
    spdlog::warn("{}: no self-test: {}", engine, error.what());
  }
}

int runBuild(const BuildOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const std::string engine = options.engine.empty()
                                 ? std::filesystem::path(options.model).replace_extension(".engine").string()
                                 : options.engine;
  const trtyolo::BuildOption option = optionOf(options);
  if (options.noSelfTest && !options.selfTestImages.empty()) {
    throw UsageError("--self-test-images and --no-self-test contradict each other");
  }
  try {
    buildAndShow(options.model, engine, option, options.quiet);
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  } catch (const trtyolo::Error& error) {
    if (!interrupted()) throw;
    spdlog::warn("{}", error.what());
    return interruptStatus();
  }
  if (options.noSelfTest) {
    trtyolo::removeSelfTest(engine);  // the model's own, which came along
  } else if (!interrupted()) {
    testEngine(options, engine, option);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto bytes = static_cast<double>(std::filesystem::file_size(engine));
  spdlog::info("{}: {:.1f} MB, built in {:.1f} s; to run it: {}", engine, bytes / 1e6, seconds,
               predictCommand(engine, option));
  return interrupted() ? interruptStatus() : kDone;
}

}  // namespace

void addBuild(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command =
      program.add_subcommand("build", "Build a TensorRT engine from an ONNX model, on a GPU and for it");
  const auto options = std::make_shared<BuildOptions>();
  addOptions(*command, *options);
  commands.push_back({command, [options] {
                        if (options->quiet) spdlog::set_level(spdlog::level::err);
                        return runBuild(*options);
                      }});
}

}  // namespace app
