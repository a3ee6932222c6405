#include "runtime/tensorrt/network_speed.hpp"

#include <barrier>
#include <chrono>
#include <exception>
#include <thread>

#include "cuda/error.hpp"
#include "cuda/memory.hpp"
#include "cuda/stream.hpp"
#include "runtime/tensorrt/library.hpp"

namespace trtyolo::tensorrt {
namespace {

using Clock = std::chrono::steady_clock;

// A context with all that it needs to run again and again.
class Request {
 public:
  Request(const Network& network, int batch, Size size) : network_(network), context_(network.createContext()) {
    const Port& input = network.inputs()[0];
    const nvinfer1::Dims shape{4, {batch, 3, size.height, size.width}};
    bool ready = context_->setInputShape(input.name.c_str(), shape);
    const auto place = [&](const Port& port, const nvinfer1::Dims& dims) {
      memory_.emplace_back(elementsOf(dims) * cuda::bytesOf(port.valueType()));
      cuda::check(cudaMemsetAsync(memory_.back().get(), 0, memory_.back().bytes(), stream_.get()), "clearing memory");
      ready = context_->setTensorAddress(port.name.c_str(), memory_.back().get()) && ready;
    };
    place(input, shape);
    for (const Port& output : network.outputs()) {
      place(output, context_->getTensorShape(output.name.c_str()));
    }
    provideScratch(*context_, scratch_);
    if (!ready) {
      throw InferenceError("'" + network.file() + "': TensorRT does not take the network's shapes" +
                           wordsOfFailure("measuring '" + network.file() + "'"));
    }
    enqueue();  // the first run may allocate
    stream_.synchronize();
    try {
      graph_ = cuda::Graph(stream_, [&] { enqueue(); });
    } catch (const Error&) {
      graph_ = {};  // then without
    }
    run();
  }

  void run() {
    if (graph_) {
      graph_.launch(stream_);
    } else {
      enqueue();
    }
    stream_.synchronize();
  }

 private:
  void enqueue() { network_.enqueue(*context_, stream_.get()); }

  const Network& network_;
  cuda::Stream stream_;
  std::vector<cuda::DeviceMemory<std::byte>> memory_;
  cuda::ScratchMemory<std::byte> scratch_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  cuda::Graph graph_;
};

}  // namespace

NetworkSpeed measureNetwork(const Network& network, int batch, Size size, int requests, double seconds, int device) {
  std::vector<std::unique_ptr<Request>> made;
  made.reserve(static_cast<std::size_t>(requests));
  for (int i = 0; i < requests; ++i) {
    made.push_back(std::make_unique<Request>(network, batch, size));
  }
  std::vector<std::vector<double>> latencies(made.size());
  std::vector<std::exception_ptr> failures(made.size());
  std::barrier together(static_cast<std::ptrdiff_t>(made.size()) + 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < made.size(); ++i) {
    threads.emplace_back([&, i] {
      together.arrive_and_wait();
      try {
        const cuda::DeviceScope scope(device);
        const auto begin = Clock::now();
        auto start = begin;
        do {
          made[i]->run();
          const auto end = Clock::now();
          latencies[i].push_back(std::chrono::duration<double, std::milli>(end - start).count());
          start = end;
        } while (std::chrono::duration<double>(start - begin).count() < seconds);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    });
  }
  together.arrive_and_wait();
  const auto begin = Clock::now();
  for (std::thread& thread : threads) {
    thread.join();
  }
  NetworkSpeed speed;
  speed.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  for (std::size_t i = 0; i < made.size(); ++i) {
    if (failures[i]) {
      std::rethrow_exception(failures[i]);
    }
    speed.latencies.insert(speed.latencies.end(), latencies[i].begin(), latencies[i].end());
  }
  return speed;
}

}  // namespace trtyolo::tensorrt
