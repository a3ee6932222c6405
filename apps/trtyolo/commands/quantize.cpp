// The command quantize: the Python package has it, and is started.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "commands/command.hpp"

namespace app {
namespace {

constexpr const char* kProgram = "tensorrt_yolo";

/// Becomes the package's program.
[[noreturn]] void startPackage(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {kProgram, "quantize"});
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execvp(kProgram, pointers.data());
  if (errno == ENOENT) {
    throw std::runtime_error(
        "quantize is a command of the Python package, whose program tensorrt_yolo is not on the PATH: install "
        "its wheel (README.md) with the extra 'quantize', and activate the environment that it is in");
  }
  throw std::runtime_error(std::string("the program tensorrt_yolo cannot be started: ") + std::strerror(errno));
}

}  // namespace

void addQuantize(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command = program.add_subcommand(
      "quantize", "Make a model of eight bits, and report what that costs (by the Python package tensorrt_yolo)");
  command->set_help_flag();  // the package's program has its own
  command->prefix_command();
  commands.push_back({command, [command]() -> int { startPackage(command->remaining()); }});
}

}  // namespace app
