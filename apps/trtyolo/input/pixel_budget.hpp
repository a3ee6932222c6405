// How much memory decoded pixels may take, of all readers together.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "trtyolo/media.hpp"

namespace app {

/// The one budget. Any thread.
class PixelBudget {
 public:
  /// A part that is taken, until the last copy of it is gone.
  using Share = std::shared_ptr<void>;

  /// `bytes`: of all pixels at a time; 0: a quarter of trtyolo::memoryLeft(), as decoders, drawing and encoders take up
  /// to three times as much beside them.
  explicit PixelBudget(std::size_t bytes = 0);

  std::size_t total() const { return total_; }

  /// @throws std::runtime_error  `what` (as "an image of 2 x 3 pixels") needs more than there is
  void require(std::size_t bytes, const std::string& what) const;

  /// Takes `bytes`, and waits for them if they are not there. Where several are to be had by one owner, `held` is what
  /// it has, so that nobody waits for itself.
  /// @throws std::runtime_error  as require() does; `what` does not fit beside `held`; or close() was called
  Share take(std::size_t bytes, std::size_t held, const std::string& what);

  /// Waits until turnIsOver() was called for all numbers below: who is written first must not wait for who comes later.
  /// @throws std::runtime_error  close() was called
  void waitForTurn(std::size_t number);
  /// To be called in the turn; for another number it does nothing.
  void turnIsOver(std::size_t number);

  /// Nobody waits any more.
  void close();

 private:
  const std::size_t total_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t taken_ = 0, turn_ = 0;
  bool closed_ = false;
};

/// "an image of 2 x 3 pixels"
std::string describe(const trtyolo::ImageSize& size);

}  // namespace app
