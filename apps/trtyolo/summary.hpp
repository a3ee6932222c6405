// What predict says at the end.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "class_names.hpp"
#include "pipeline.hpp"
#include "trtyolo.hpp"

namespace app {

/// Counts and times. For one thread.
class Summary {
 public:
  explicit Summary(const trtyolo::ModelInfo& model);

  /// `writeMilliseconds`: what Steps::write took.
  void add(const Batch& batch, double writeMilliseconds);
  /// An item alone, without times.
  void add(const Item& item);

  long images() const { return images_; }
  long errors() const { return errors_; }
  /// Images a second so far.
  double rate() const;

  /// What was found in a source with frames: "12 person, 3 car".
  std::string objectsOf(const Source& source) const;

  /// A line for the pictures, one for each video, and two for the speed.
  std::string text(std::size_t clones) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Tally {
    long count = 0;
    double scores = 0;  ///< all together
  };

  struct Part {
    std::string title;  ///< of a video: its name
    long images = 0;
    std::map<int, Tally> classes;  ///< of the objects; of a classifier, the best class of each image
  };

  Part& partOf(const Item& item);
  std::string objects(const Part& part) const;
  std::string line(const Part& part) const;

  bool classifies_;
  Names names_;
  Clock::time_point start_ = Clock::now();
  Part pictures_;
  std::vector<std::pair<const Source*, Part>> videos_;
  long images_ = 0, errors_ = 0;
  double read_ = 0, finish_ = 0, write_ = 0;  ///< milliseconds, all together
  std::deque<double> predict_;                ///< milliseconds of the last calls
};

}  // namespace app
