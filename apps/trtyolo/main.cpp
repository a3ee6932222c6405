// The program `trtyolo`: chooses the command, and turns what went wrong into a message and an exit status.
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <opencv2/core/utils/logger.hpp>
#include <vector>

#include "bench.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "trtyolo.hpp"

namespace app {
namespace {

/// Messages go to standard error as "trtyolo: error: ...", what is merely said as "...".
class Prefix : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string_view text;
    if (message.level >= spdlog::level::err) text = "trtyolo: error: ";
    if (message.level == spdlog::level::warn) text = "trtyolo: warning: ";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<Prefix>(); }
};

void setUpMessages() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("trtyolo"));
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  // On a terminal a progress bar may stand in the line.
  const std::string wipe = errorIsTerminal() ? "\r\033[K" : "";
  formatter->add_flag<Prefix>('*').set_pattern(wipe + "%^%*%$%v");
  spdlog::set_formatter(std::move(formatter));
  // OpenCV's own words about files that it cannot read: ours name the file and the reason.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
#if !defined(_WIN32)
  setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
#endif
}

std::string versions() {
  std::string text = trtyolo::version();
  for (const auto& [name, version] : trtyolo::backends()) text += "\n" + name + " " + version;
  return text;
}

int runProgram(int argc, char** argv) {
  CLI::App program("YOLO models, one engine and many clones.", "trtyolo");
  program.set_version_flag("--version", versions, "print the version and those of the back ends");
  program.set_help_flag("-h,--help", "print this text");
  program.require_subcommand(1);
  program.failure_message([](const CLI::App* app, const CLI::Error& error) {
    // Of the command that was meant, if one was.
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    std::string name = app->get_name();
    if (app->get_parent() != nullptr) name = app->get_parent()->get_name() + " " + name;
    return std::string("trtyolo: error: ") + error.what() + "\nSee " + name + " --help\n";
  });
  program.footer(
      "Example: trtyolo predict yolo11n.onnx street.mp4 --clones 4 --save out\n"
      "trtyolo COMMAND --help says what a command takes.");
  std::vector<Command> commands;
  addPredict(program, commands);
  addInfo(program, commands);
  addBuild(program, commands);
  addBench(program, commands);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return program.exit(end) == 0 ? kDone : kWrongUsage;
  }
  watchInterrupts();
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    try {
      return command.run();
    } catch (const UsageError& error) {
      spdlog::error("{}", error.what());
      std::cerr << "See trtyolo " << command.app->get_name() << " --help\n";
      return kWrongUsage;
    }
  }
  return kWrongUsage;
}

}  // namespace
}  // namespace app

int main(int argc, char** argv) {
  try {
    app::setUpMessages();
    return app::runProgram(argc, argv);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return app::kFailed;
  }
}
