// The program `trtyolo-bench`: `trtyolo bench` for machines that have a GPU and next to nothing installed.
#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <iostream>
#include <string>

#include "bench_command.hpp"
#include "commands/command.hpp"
#include "encoded.hpp"
#include "source_image.hpp"
#include "terminal/interrupt.hpp"
#include "terminal/printable.hpp"
#include "trtyolo.hpp"

int main(int argc, char** argv) {
  const auto say = [](const std::string& text) { std::cerr << app::printable(text) << std::endl; };
  CLI::App program(
      std::string("Memory and images a second of a model: the bare network, one model, clones, separate models, "
                  "processes, a pool. Like trtyolo bench, but ") +
          (bench::kHasMedia ? "without OpenCV's images for --source."
                            : "needs neither OpenCV nor anything else installed."),
      "trtyolo-bench");
  program.set_help_flag("-h,--help", "print this text");
  program.failure_message([](const CLI::App*, const CLI::Error& error) {
    return "trtyolo-bench: error: " + app::printable(error.what()) + "\nSee trtyolo-bench --help\n";
  });
  program.footer("Example: trtyolo-bench yolo11n.engine --clones 1,8 --json bench.json");
  const std::function<int()> run = bench::addBench(
      program, {"binary PPM file", bench::readPpm, say, [](double, const std::string&) {}, app::interrupted, nullptr});
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return program.exit(end) == 0 ? app::kDone : app::kWrongUsage;
  }
  app::watchSignals();
  trtyolo::setLog([](trtyolo::LogLevel level, const char* text) {
    const bool shown = level == trtyolo::LogLevel::Info || level == trtyolo::LogLevel::Warning;
    if (shown) std::cerr << app::printable(text) << std::endl;  // that an engine is being built, for instance
  });
  try {
    return run();
  } catch (const app::UsageError& error) {
    say(std::string("trtyolo-bench: error: ") + error.what() + "\nSee trtyolo-bench --help");
    return app::kWrongUsage;
  } catch (const std::exception& error) {
    say(std::string("trtyolo-bench: error: ") + error.what());
    return app::kFailed;
  }
}
