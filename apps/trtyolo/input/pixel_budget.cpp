// How much memory decoded pixels may take: see pixel_budget.hpp.
#include "input/pixel_budget.hpp"

#include <spdlog/fmt/fmt.h>

#include <stdexcept>

namespace app {
namespace {

constexpr std::size_t kMega = 1000000;

std::size_t rest(std::size_t limit, std::size_t used) {
  return limit > used ? limit - used : 0;
}

}  // namespace

PixelBudget::PixelBudget(std::size_t bytes) : total_(bytes > 0 ? bytes : trtyolo::memoryLeft() / 4) {}

void PixelBudget::require(std::size_t bytes, const std::string& what) const {
  if (bytes <= total_) return;
  throw std::runtime_error(fmt::format("{} takes {} MB, and all pictures at a time may take {} MB (--pixel-memory)",
                                       what, bytes / kMega, total_ / kMega));
}

PixelBudget::Share PixelBudget::take(std::size_t bytes, std::size_t held, const std::string& what) {
  require(bytes, what);
  if (bytes > rest(total_, held)) {
    throw std::runtime_error(
        fmt::format("{} takes {} MB, and with the others of its batch more than the {} MB that all pictures may take "
                    "(--pixel-memory); --batch 1 takes one at a time",
                    what, bytes / kMega, total_ / kMega));
  }
  const auto release = [this, bytes](void*) {
    const std::lock_guard lock(mutex_);
    taken_ -= bytes;
    changed_.notify_all();
  };
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || bytes <= total_ - taken_; });
  if (closed_) throw std::runtime_error("the end was asked for");
  taken_ += bytes;
  lock.unlock();  // the deleter locks if this allocation fails
  return {static_cast<void*>(this), release};
}

void PixelBudget::waitForTurn(std::size_t number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || turn_ == number; });
  if (closed_) throw std::runtime_error("the end was asked for");
}

void PixelBudget::turnIsOver(std::size_t number) {
  const std::lock_guard lock(mutex_);
  if (turn_ == number) ++turn_;
  changed_.notify_all();
}

void PixelBudget::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

std::string describe(const trtyolo::ImageSize& size) {
  return fmt::format("an image of {} x {} pixels", size.width, size.height);
}

}  // namespace app
