// Owned streams and captured graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <utility>

namespace trtyolo::cuda {

// A stream that waits for no other, on the device that was current when it was made.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  cudaStream_t get() const { return stream_; }
  void synchronize() const;

 private:
  cudaStream_t stream_ = nullptr;
};

// Work on a stream, recorded once and launched many times. Empty until recorded.
class Graph {
 public:
  Graph() = default;
  // Records what `work` puts on the stream. The capture is this thread's own: what other threads do at the same time
  // neither disturbs it nor gets into it. Throws DeviceError if the work cannot be captured; the stream is usable then.
  Graph(const Stream& stream, const std::function<void()>& work);
  ~Graph();
  Graph(Graph&& other) noexcept : graph_(std::exchange(other.graph_, nullptr)) {}
  Graph& operator=(Graph&& other) noexcept {
    std::swap(graph_, other.graph_);
    return *this;
  }

  explicit operator bool() const { return graph_ != nullptr; }
  void launch(const Stream& stream) const;

 private:
  cudaGraphExec_t graph_ = nullptr;
};

}  // namespace trtyolo::cuda
