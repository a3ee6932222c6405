// What predict says at the end.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "pipeline/pipeline.hpp"
#include "trtyolo.hpp"

namespace app {

/// Counts and times. For one thread.
class Summary {
 public:
  explicit Summary(const trtyolo::ModelInfo& model);

  /// `writeMilliseconds`: what Steps::write took.
  void add(const Batch& batch, double writeMilliseconds);
  /// An item alone, without times; `ofSource`: counted with its source, not with all images.
  void add(const Item& item, bool ofSource = true);

  long images() const { return count_; }
  long errors() const { return errors_; }
  /// Images with a result that could not be saved.
  long unsaved() const { return unsaved_; }
  /// Images a second so far.
  double rate() const;

  /// Milliseconds of the calls of the network; of many, of the last ones.
  std::vector<double> predictCalls() const { return {predict_.begin(), predict_.end()}; }

  /// What was found in a source with frames: "12 person, 3 car".
  std::string objectsOf(const Source& source) const;

  /// Where the images were decoded; `byModel`: how many of them on a GPU by the model itself.
  std::string decodedText(long byModel = 0) const;

  /// A line for the images, one for each video, and two for the speed.
  std::string text(std::size_t clones) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Tally {
    long count = 0;
    double scores = 0;  ///< all together
  };

  struct Tallies {
    long images = 0;
    std::map<int, Tally> classes;     ///< of the objects; of a classifier, the best class of each image
    float nearest = 0, farthest = 0;  ///< of a depth estimator, metres
  };

  std::string objects(const Tallies& tallies) const;

  trtyolo::Task task_;
  trtyolo::ClassNames names_;
  Clock::time_point start_ = Clock::now();
  Tallies images_;
  std::map<const Source*, Tallies> videos_;  ///< in the order of the sources, which are elements of one vector
  long count_ = 0, errors_ = 0, unsaved_ = 0, onGpu_ = 0;
  double read_ = 0, draw_ = 0, write_ = 0;  ///< milliseconds, all together
  std::deque<double> predict_;              ///< milliseconds of the last calls
};

}  // namespace app
