// The pictures of a view: see pictures.hpp.
#include "view/pictures.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <utility>

#include "draw/annotated.hpp"
#include "pipeline/threads.hpp"
#include "terminal/printable.hpp"
#include "terminal/reason.hpp"

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace app {
namespace {

constexpr auto kLeast = std::chrono::milliseconds(66);   // between two pictures of a feed
constexpr auto kIdle = std::chrono::milliseconds(10);    // between two looks for a new frame
constexpr auto kAsked = std::chrono::milliseconds(500);  // for which a question counts
constexpr int kQuality = 80;

/// The more pictures are side by side, the smaller they are shown.
int widthFor(std::size_t feeds) {
  constexpr int kAlone = 1280, kFew = 960, kMany = 640;
  return feeds == 1 ? kAlone : feeds <= 4 ? kFew : kMany;
}

/// Leaves the processors to others as far as they want them.
void yieldToOthers() {
#if defined(__linux__)
  constexpr int kLowest = 19;
  // Of this thread alone, in Linux. Where it is refused the pictures are made all the same.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kLowest));
#endif
}

std::shared_ptr<const std::string> jpegOf(const Item& item, int width) {
  cv::Mat image = annotated(item);
  if (image.cols > width) {
    const int height = std::max(1, image.rows * width / image.cols);
    cv::resize(cv::Mat(image), image, {width, height}, 0, 0, cv::INTER_AREA);
  }
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".jpg", image, bytes, {cv::IMWRITE_JPEG_QUALITY, kQuality})) {
    throw std::runtime_error("OpenCV cannot encode it");
  }
  return std::make_shared<const std::string>(bytes.begin(), bytes.end());
}

}  // namespace

Pictures::Pictures(const std::deque<Feed>& feeds) : width_(widthFor(feeds.size())), slots_(feeds.size()) {
  for (std::size_t i = 0; i < feeds.size(); ++i) slots_[i].feed = &feeds[i];
  thread_ = startThread([this] { work(); });
}

Pictures::~Pictures() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

Pictures::Picture Pictures::ask(std::size_t feed) {
  const Clock::time_point now = Clock::now();
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_.at(feed);
  if (now - std::exchange(slot.asked, now) > kAsked) changed_.notify_all();
  return slot.picture;
}

/// Of those that somebody looks at and that have a new frame, the one that has waited longest; null if there is none.
Pictures::Slot* Pictures::findDue(Clock::time_point now) {
  Slot* due = nullptr;
  for (Slot& slot : slots_) {
    if (now - slot.asked > kAsked || now - slot.begun < kLeast || (due != nullptr && due->begun <= slot.begun))
      continue;
    if (slot.feed->latest().number != slot.tried) due = &slot;
  }
  return due;
}

void Pictures::work() {
  yieldToOthers();
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const Clock::time_point now = Clock::now();
    Slot* const slot = findDue(now);
    if (slot == nullptr) {
      const auto isAsked = [now](const Slot& one) { return now - one.asked <= kAsked; };
      if (std::any_of(slots_.begin(), slots_.end(), isAsked)) {
        changed_.wait_for(lock, kIdle);
      } else {
        changed_.wait(lock);
      }
      continue;
    }
    slot->begun = now;
    Feed::Latest latest = slot->feed->latest();
    slot->tried = latest.number;
    lock.unlock();
    Picture picture;
    try {
      picture = {jpegOf(*latest.item, width_), latest.number};
    } catch (const std::exception& error) {
      if (!slot->failed) spdlog::warn("--view: {}: {}", oneLine(latest.item->source->name), reasonOf(error));
    }
    latest = {};  // frees the frame, if it was replaced meanwhile
    lock.lock();
    slot->failed = !picture.jpeg;
    if (picture.jpeg) slot->picture = std::move(picture);
  }
}

}  // namespace app
