// Threads that help whoever has work in pieces.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace trtyolo {

// Any thread, also several at once.
class ThreadPool {
 public:
  using StartThread = std::function<std::thread(std::function<void()>)>;

  // Of so many threads, or of fewer if no more can be started.
  explicit ThreadPool(
      std::size_t threads,
      const StartThread& start = [](const std::function<void()>& body) { return std::thread(body); });
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Calls body(piece) for each piece below `count`, here and in threads of the pool that have nothing else to do, and
  // returns when all have returned. After one that throws no more are begun, and that is thrown here. Allocates
  // nothing.
  void parallelFor(std::size_t count, const std::function<void(std::size_t piece)>& body);

  std::size_t threads() const { return threads_.size(); }

  // That of the process: half as many threads as there are cores, at most eight. It is made by who asks while nobody
  // has it, and ends with the last who has it.
  static std::shared_ptr<ThreadPool> shared();

 private:
  struct Job;

  void serve();
  Job* waitingJob() const;
  void add(Job& job);
  void remove(Job& job);

  std::mutex mutex_;
  std::condition_variable wake_;
  Job* first_ = nullptr;  // the oldest of those at work; each is its caller's
  std::size_t idle_ = 0;  // threads that wait
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace trtyolo
