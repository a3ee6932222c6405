#include "runtime/openvino/network_speed.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <random>

#include "runtime/openvino/reader.hpp"

namespace trtyolo::openvino {
namespace {

using Clock = std::chrono::steady_clock;

void fillWithNoise(ov::Tensor tensor, const ov::Shape& shape) {
  if (tensor.get_shape() != shape) {
    tensor.set_shape(shape);
  }
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> values(0.0F, 1.0F);
  std::generate_n(tensor.data<float>(), tensor.get_size(), [&] { return values(random); });
}

// What the callbacks share.
struct Race {
  std::mutex mutex;
  std::condition_variable over;
  Clock::time_point deadline;
  std::vector<double> latencies;
  std::size_t running = 0;
  std::exception_ptr failure;
};

}  // namespace

NetworkSpeed measureNetwork(std::vector<ov::InferRequest> requests, const ov::Shape& shape, double seconds) {
  Race race;
  std::vector<Clock::time_point> starts(requests.size());
  try {
    // The first run of a request allocates and is not counted.
    for (ov::InferRequest& request : requests) {
      fillWithNoise(request.get_input_tensor(), shape);
      request.start_async();
    }
    for (ov::InferRequest& request : requests) {
      request.wait();
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
      requests[i].set_callback([&race, &starts, &request = requests[i], i](const std::exception_ptr& failure) {
        const auto now = Clock::now();
        std::unique_lock lock(race.mutex);
        race.latencies.push_back(std::chrono::duration<double, std::milli>(now - starts[i]).count());
        race.failure = failure ? failure : race.failure;
        if (!race.failure && now < race.deadline) {
          starts[i] = now;
          lock.unlock();
          request.start_async();
          return;
        }
        if (--race.running == 0) {
          race.over.notify_all();
        }
      });
    }
    const auto begin = Clock::now();
    race.deadline = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    race.running = requests.size();
    std::fill(starts.begin(), starts.end(), begin);
    for (ov::InferRequest& request : requests) {
      request.start_async();
    }
    std::unique_lock lock(race.mutex);
    race.over.wait(lock, [&] { return race.running == 0; });
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    lock.unlock();
    for (ov::InferRequest& request : requests) {
      request.wait();  // the last callback may still be on its way out
    }
    if (race.failure) {
      std::rethrow_exception(race.failure);
    }
    return {elapsed, std::move(race.latencies)};
  } catch (const std::exception& error) {
    throw InferenceError("OpenVINO failed to run the bare network: " + plainMessage(error));
  }
}

}  // namespace trtyolo::openvino
