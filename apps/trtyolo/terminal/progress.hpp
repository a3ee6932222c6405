// A progress bar on standard error.
#pragma once

#include <chrono>
#include <string>

namespace app {

/// True if standard error is a terminal.
bool errorIsTerminal();

/// Whether the work goes on evenly, so that the remaining time can be estimated; else the elapsed time is shown.
enum class Pace { Even, Uneven };

/// One line that is redrawn in place. It appears only on a terminal, only if `enabled`, and only once the work has
/// lasted a second. For one thread.
class Progress {
 public:
  explicit Progress(bool enabled, Pace pace = Pace::Even);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `share`: how much is done, 0 to 1; negative if that is not known. `words` are shown after the bar. Cheap to call
  /// often.
  void update(double share, const std::string& words);

  /// Wipes the line; the next update() draws it again. Called by the destructor.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool enabled_;
  Pace pace_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point next_;  ///< not drawn before
};

}  // namespace app
