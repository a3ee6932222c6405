// The program `trtyolo`: chooses the command, and turns what went wrong into a message and an exit status.
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <opencv2/core/utils/logger.hpp>
#include <vector>

#include "commands/command.hpp"
#include "input/url.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/printable.hpp"
#include "terminal/progress.hpp"
#include "trtyolo.hpp"
#include "writers/output_file.hpp"

namespace app {
namespace {

/// Messages go to standard error: "trtyolo: error: ...", "trtyolo: warning: ...", and others as they are.
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

/// The message, without the passwords of URLs in it, and without what would steer the terminal.
class Text : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = printable(withoutPasswords({message.payload.data(), message.payload.size()}));
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<Text>(); }
};

/// What the library says. Its errors are in its exceptions, too.
void show(trtyolo::LogLevel level, const char* text) {
  if (level == trtyolo::LogLevel::Info) spdlog::info("{}", text);
  if (level == trtyolo::LogLevel::Warning) spdlog::warn("{}", text);
}

void setUpMessages() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("trtyolo"));
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  // On a terminal a progress bar may be on the line.
  const std::string wipe = errorIsTerminal() ? "\r\033[K" : "";
  formatter->add_flag<Prefix>('*').add_flag<Text>('_').set_pattern(wipe + "%^%*%$%_");
  spdlog::set_formatter(std::move(formatter));
  trtyolo::setLog(&show);
  // OpenCV's own messages about unreadable files are switched off: ours name the file and the reason.
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
  program.set_version_flag("--version", versions, "print the version and those of the backends");
  program.set_help_flag("-h,--help", "print this text");
  program.require_subcommand(1);
  program.failure_message([](const CLI::App* app, const CLI::Error& error) {
    // Of the subcommand, if there is one.
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    std::string name = app->get_name(), what = error.what();
    if (const auto unknown = app->remaining(); app->get_parent() == nullptr && !unknown.empty()) {
      what = "unknown command '" + unknown.front() + "'; there are predict, info, build, quantize and bench";
    }
    if (app->get_parent() != nullptr) name = app->get_parent()->get_name() + " " + name;
    return "trtyolo: error: " + printable(withoutPasswords(what)) + "\nSee " + name + " --help\n";
  });
  program.footer(
      "Example: trtyolo predict yolo11n.onnx street.mp4 --clones 4 --save out\n"
      "trtyolo COMMAND --help says what a command takes.\n\n"
      "In Python, the package tensorrt_yolo has the same models and pools, and results as NumPy arrays or for "
      "supervision.\n"
      "Its program, python -m tensorrt_yolo, has info, build, and predict for images and videos; cameras, streams, "
      "several\n"
      "sources at once, --show and bench are here only.");
  std::vector<Command> commands;
  addPredict(program, commands);
  addInfo(program, commands);
  addBuild(program, commands);
  addSelfTest(program, commands);
  addQuantize(program, commands);
  addBench(program, commands);

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return program.exit(end) == 0 ? kDone : kWrongUsage;
  }
  watchSignals();
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
  int status = app::kFailed;
  try {
    app::setUpMessages();
    status = app::runProgram(argc, argv);
  } catch (const app::WriteError& error) {
    status = error.readerIsGone() ? app::kReaderGone : status;
    if (!error.readerIsGone()) spdlog::error("{}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
  }
  trtyolo::setLog(nullptr);  // spdlog may end before the library
  return status;
}
