#include "cuda/stream.hpp"

#include "cuda/error.hpp"

namespace trtyolo::cuda {

Stream::Stream() {
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "creating a stream");
}

Stream::~Stream() {
  if (stream_) {
    ignore(cudaStreamDestroy(stream_));
  }
}

void Stream::synchronize() const {
  check(cudaStreamSynchronize(stream_), "waiting for a stream");
}

Graph::Graph(const Stream& stream, const std::function<void()>& work) {
  check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "beginning to capture a graph");
  cudaGraph_t recorded = nullptr;
  try {
    work();
  } catch (...) {
    ignore(cudaStreamEndCapture(stream.get(), &recorded));
    if (recorded) {
      ignore(cudaGraphDestroy(recorded));
    }
    throw;
  }
  check(cudaStreamEndCapture(stream.get(), &recorded), "capturing a graph");
  const cudaError_t status = cudaGraphInstantiate(&graph_, recorded, 0);
  ignore(cudaGraphDestroy(recorded));
  check(status, "making a graph ready to launch");
}

Graph::~Graph() {
  if (graph_) {
    ignore(cudaGraphExecDestroy(graph_));
  }
}

void Graph::launch(const Stream& stream) const {
  check(cudaGraphLaunch(graph_, stream.get()), "launching a graph");
}

}  // namespace trtyolo::cuda
