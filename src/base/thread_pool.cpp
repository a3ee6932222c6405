#include "base/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <exception>

namespace trtyolo {
namespace {

constexpr std::size_t kMostThreads = 8;
constexpr int kSpins = 2000;  // some 100 us: what others have begun takes less, and waking a thread as long

}  // namespace

struct ThreadPool::Job {
  Job(std::size_t pieces, const std::function<void(std::size_t)>& work) : body(work), count(pieces) {}

  const std::function<void(std::size_t)>& body;
  std::size_t count;
  std::atomic<std::size_t> next = 0;     // piece that nobody has begun
  std::atomic<std::size_t> helpers = 0;  // changed under the pool's lock
  std::condition_variable left;          // the last of them has
  Job* after = nullptr;

  std::mutex mutex;  // of the failure
  std::exception_ptr failure;

  void work() noexcept {
    for (std::size_t piece = next++; piece < count; piece = next++) {
      try {
        body(piece);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = failure ? failure : std::current_exception();
        next = count;
      }
    }
  }
};

ThreadPool::ThreadPool(std::size_t threads, const StartThread& start) {
  threads_.reserve(threads);
  try {
    while (threads_.size() < threads) {
      threads_.push_back(start([this] { serve(); }));
    }
  } catch (const std::exception&) {  // these will do
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void ThreadPool::parallelFor(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count < 2 || threads_.empty()) {
    for (std::size_t piece = 0; piece < count; ++piece) {
      body(piece);
    }
    return;
  }
  Job job(count, body);
  std::size_t woken = 0;
  {
    const std::lock_guard lock(mutex_);
    add(job);
    woken = std::min(idle_, count / 2);  // waking one takes the caller some time: it is to do more than one piece
  }
  for (; woken > 0; --woken) {
    wake_.notify_one();
  }
  job.work();
  for (int spin = 0; job.helpers > 0 && spin < kSpins; ++spin) {
    std::this_thread::yield();
  }
  {
    std::unique_lock lock(mutex_);
    remove(job);
    job.left.wait(lock, [&] { return job.helpers == 0; });
  }
  if (job.failure) {
    std::rethrow_exception(job.failure);
  }
}

void ThreadPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Job* const job = waitingJob();
    if (job) {
      ++job->helpers;
      lock.unlock();
      job->work();
      lock.lock();
      if (--job->helpers == 0) {
        job->left.notify_one();
      }
    } else if (ended_) {
      return;
    } else {
      ++idle_;
      wake_.wait(lock);
      --idle_;
    }
  }
}

ThreadPool::Job* ThreadPool::waitingJob() const {
  Job* job = first_;
  while (job && job->next >= job->count) {
    job = job->after;
  }
  return job;
}

// Behind all others.
void ThreadPool::add(Job& job) {
  Job** place = &first_;
  while (*place) {
    place = &(*place)->after;
  }
  *place = &job;
}

void ThreadPool::remove(Job& job) {
  Job** place = &first_;
  while (*place != &job) {
    place = &(*place)->after;
  }
  *place = job.after;
}

std::shared_ptr<ThreadPool> ThreadPool::shared() {
  static std::mutex mutex;
  static std::weak_ptr<ThreadPool> current;
  const std::lock_guard lock(mutex);
  std::shared_ptr<ThreadPool> pool = current.lock();
  if (!pool) {
    pool = std::make_shared<ThreadPool>(std::min<std::size_t>(std::thread::hardware_concurrency() / 2, kMostThreads));
    current = pool;
  }
  return pool;
}

}  // namespace trtyolo
