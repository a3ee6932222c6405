// Videos as streams: see encoded.hpp.
#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>

#include "encoded.hpp"
#include "trtyolo/video.hpp"

namespace bench {
namespace {

using StreamClock = std::chrono::steady_clock;

double millisecondsSince(StreamClock::time_point from, StreamClock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// When a result was there, told by the pool's own thread: the stream's is busy with its next frame.
struct Arrival {
  std::atomic<bool> here{false};
  StreamClock::time_point at;
};

struct Awaited {
  StreamClock::time_point due;
  std::shared_ptr<Arrival> arrival;
  trtyolo::Ticket<> ticket;
};

/// Results of frames on their way, taken in order.
class Results {
 public:
  explicit Results(std::vector<double>& latencies) : latencies_(latencies) {}

  void submit(trtyolo::Pool<>& pool, trtyolo::VideoFrame frame, StreamClock::time_point due) {
    auto arrival = std::make_shared<Arrival>();
    auto ticket = pool.submit({frame.image, std::move(frame.owner)}, [arrival](trtyolo::Ticket<>) {
      arrival->at = StreamClock::now();
      arrival->here = true;
      arrival->here.notify_one();
    });
    awaited_.push_back({due, std::move(arrival), std::move(ticket)});
  }

  std::size_t size() const { return awaited_.size(); }
  bool ready() const { return !awaited_.empty() && awaited_.front().arrival->here; }

  /// The first one. A frame's result is there when those of the frames before it are.
  void take() {
    Awaited& first = awaited_.front();
    first.arrival->here.wait(false);
    first.ticket.get();
    last_ = std::max(last_, first.arrival->at);
    latencies_.push_back(millisecondsSince(first.due, last_));
    awaited_.pop_front();
  }

  void takeAll() {
    while (!awaited_.empty()) take();
  }

 private:
  std::vector<double>& latencies_;
  std::deque<Awaited> awaited_;
  StreamClock::time_point last_{};
};

}  // namespace

std::pair<int, int> videoSize(const std::string& file) {
  const trtyolo::VideoReader reader(file);
  return {reader.width(), reader.height()};
}

VideoStream::VideoStream(std::string file, std::optional<int> gpu, int threads)
    : file_(std::move(file)), gpu_(gpu), threads_(threads) {}

VideoStream::~VideoStream() = default;

void VideoStream::open() {
  if (reader_) {
    onGpuBefore_ = onGpu();
    onCpuBefore_ = onCpu();
    reader_.reset();  // before the next one takes as much
  }
  trtyolo::VideoOption option;
  option.gpu = gpu_;
  option.threads = threads_;
  option.bgr = true;
  reader_ = std::make_unique<trtyolo::VideoReader>(file_, option);
  next_ = 0;
}

trtyolo::VideoFrame VideoStream::next() {
  if (!reader_) open();
  auto frame = reader_->read();
  if (!frame) {
    const std::uint64_t damaged = reader_->counts().corrupt;
    if (damaged > 0) throw std::runtime_error(file_ + ": " + std::to_string(damaged) + " frames are damaged");
    if (frames_ > 0 && next_ != frames_) {
      throw std::runtime_error(file_ + ": it had " + std::to_string(frames_) + " frames the first time, and now " +
                               std::to_string(next_));
    }
    frames_ = next_;
    open();
    frame = reader_->read();
    if (!frame) throw std::runtime_error(file_ + ": it has no frames any more");
  }
  if (frame->number != next_) {
    throw std::runtime_error(file_ + ": frame " + std::to_string(next_) + " was expected, found " +
                             std::to_string(frame->number));
  }
  ++next_;
  return *std::move(frame);
}

double VideoStream::fps() {
  if (!reader_) open();
  return reader_->fps();
}

std::uint64_t VideoStream::onGpu() const {
  return onGpuBefore_ + (reader_ ? reader_->counts().gpu : 0);
}

std::uint64_t VideoStream::onCpu() const {
  return onCpuBefore_ + (reader_ ? reader_->counts().cpu : 0);
}

std::string VideoStream::whyNoGpu() const {
  return reader_ ? reader_->whyNoGpu() : "";
}

Speed VideoStream::decode(double seconds) {
  return repeated(seconds, 1, [this] { next(); });
}

Speed VideoStream::predict(trtyolo::Pool<>& pool, std::size_t ahead, double seconds) {
  Speed speed;
  Results results(speed.latencies);
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  do {
    while (results.ready() || results.size() >= ahead) results.take();
    const auto start = Clock::now();
    results.submit(pool, next(), start);
  } while (Clock::now() < end);
  results.takeAll();
  speed.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return speed;
}

Paced VideoStream::paced(trtyolo::Pool<>& pool, Clock::time_point begin, Clock::time_point end, double fps) {
  Paced paced;
  Results results(paced.latencies);
  const std::chrono::duration<double> period(1 / fps);
  const auto dueTime = [&](std::size_t frame) {
    return begin + std::chrono::duration_cast<Clock::duration>(period * static_cast<double>(frame));
  };
  for (std::size_t number = 0; number == 0 || dueTime(number) < end; ++number) {
    const auto due = dueTime(number);
    std::this_thread::sleep_until(due);
    paced.lateness.push_back(millisecondsSince(due, Clock::now()));
    results.submit(pool, next(), due);
    while (results.ready()) results.take();
  }
  results.takeAll();
  const auto half = static_cast<std::ptrdiff_t>(paced.lateness.size() / 2);
  const double late = trtyolo::percentile({paced.lateness.begin() + half, paced.lateness.end()}, 50);
  paced.behind = late > std::chrono::duration<double, std::milli>(period).count() ? 1 : 0;
  return paced;
}

}  // namespace bench
