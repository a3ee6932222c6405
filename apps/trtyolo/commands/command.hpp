// What every command of the program is: its options, and what runs when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <vector>

namespace app {

/// Exit statuses of the program.
inline constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2,
                     kReaderGone = 141;  // as a shell says of a program that SIGPIPE has ended; see interruptStatus()

/// The command line asks for something that makes no sense; the program ends with kWrongUsage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A subcommand of the program. `run` is called if the command line named `app`, and returns the exit status; an
/// exception that leaves it is reported on standard error and ends the program with kFailed (UsageError: kWrongUsage).
struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

/// Each adds a subcommand to the program and to `commands`; Command::run owns its options.
void addPredict(CLI::App& program, std::vector<Command>& commands);
void addInfo(CLI::App& program, std::vector<Command>& commands);
void addBuild(CLI::App& program, std::vector<Command>& commands);
void addSelfTest(CLI::App& program, std::vector<Command>& commands);
void addQuantize(CLI::App& program, std::vector<Command>& commands);
void addBench(CLI::App& program, std::vector<Command>& commands);

}  // namespace app
