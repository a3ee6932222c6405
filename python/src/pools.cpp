#include "pools.hpp"

#include <nanobind/stl/array.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "held_model.hpp"
#include "models.hpp"
#include "predicting.hpp"
#include "trtyolo/pool.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kYear = 365 * 24 * 3600.0;

WhenFull whenFullOf(const std::string& name) {
  if (name == "block") {
    return WhenFull::Block;
  }
  if (name == "refuse") {
    return WhenFull::Refuse;
  }
  throw std::invalid_argument("Pool: when_full must be 'block' or 'refuse', found '" + name + "'");
}

// Shared by threads of the library, which let go of it without the interpreter lock.
template <typename Held>
std::shared_ptr<Held> sharedOutside(std::unique_ptr<Held> held) {
  return {held.release(), [](Held* object) {
            const nb::gil_scoped_acquire locked;
            delete object;
          }};
}

// What submit() gives back; the result comes by the callback.
class HeldTicket {
 public:
  HeldTicket(std::unique_ptr<BaseTicket> ticket, std::string file)
      : file_(std::move(file)), ticket_(std::move(ticket)) {}
  ~HeldTicket() {
    if (!process_.isThis()) {
      ticket_.release();
    }
  }
  HeldTicket(const HeldTicket&) = delete;
  HeldTicket& operator=(const HeldTicket&) = delete;

  bool cancel() const {
    process_.check("pool", file_);
    const Unlocked unlocked;
    return ticket_->cancel();
  }

 private:
  BirthProcess process_;
  std::string file_;
  std::unique_ptr<BaseTicket> ticket_;
};

template <typename Model>
class HeldPool {
 public:
  using Result = typename Pool<Model>::Result;

  HeldPool(const HeldModel<Model>& model, const HeldModel<Model>* forOne, int contexts, int largestBatch,
           double longestWait, std::size_t queueLength, const std::string& whenFull)
      : file_(model.file()), onDevice_(model.onDevice()), deviceId_(model.deviceId()) {
    if (!std::isfinite(longestWait) || std::abs(longestWait) > kYear) {
      throw std::invalid_argument("Pool: longest_wait must be a number of seconds");
    }
    PoolOption option;
    option.contexts = contexts;
    option.largestBatch = largestBatch;
    option.longestWait = std::chrono::microseconds(std::llround(longestWait * 1e6));
    option.queueLength = queueLength;
    option.whenFull = whenFullOf(whenFull);
    const std::shared_ptr<Model> used = model.use();
    const std::shared_ptr<Model> usedForOne = forOne ? forOne->use() : nullptr;
    const Unlocked unlocked;
    pool_ = usedForOne ? std::make_unique<Pool<Model>>(*used, *usedForOne, option)
                       : std::make_unique<Pool<Model>>(*used, option);
    info_ = std::make_shared<const ModelInfo>(pool_->info());
  }

  ~HeldPool() {
    if (!process_.isThis()) {
      pool_.release();  // its threads are not here, and would be waited for
      return;
    }
    const Unlocked unlocked;
    pool_.reset();
  }

  HeldPool(const HeldPool&) = delete;
  HeldPool& operator=(const HeldPool&) = delete;

  void close(bool drain) const {
    if (process_.isThis()) {
      const Unlocked unlocked;
      pool_->close(drain ? Ending::Drain : Ending::Drop);
    }
  }

  nb::tuple predict(nb::handle image) const {
    return predictOne(use(), HeldImages(onDevice_, deviceId_), image, *info_);
  }

  nb::list predictAll(const nb::list& images) const {
    return python::predictAll(use(), HeldImages(onDevice_, deviceId_), images, *info_);
  }

  // `onDone(parts, error)` is called by a thread of the pool with one of the two, the other is None.
  std::unique_ptr<HeldTicket> submit(nb::handle image, std::optional<double> timeout,
                                     const std::optional<std::string>& whenFull, nb::object onDone) const {
    Pool<Model>& pool = use();
    SubmitOption option;
    if (timeout) {
      if (std::isnan(*timeout)) {
        throw std::invalid_argument("submit: timeout must be a number of seconds");
      }
      if (*timeout < kYear) {
        const std::chrono::duration<double> seconds(std::max(*timeout, 0.0));
        option.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
      }
    }
    if (whenFull) {
      option.whenFull = whenFullOf(*whenFull);
    }
    const auto held = sharedOutside(std::make_unique<HeldImages>(onDevice_, deviceId_));
    held->add(image);
    const auto callback = sharedOutside(std::make_unique<nb::object>(std::move(onDone)));
    Ticket<Result> ticket = [&] {
      const Unlocked unlocked;
      held->copyScattered();
      return pool.submit(
          OwnedImage(held->images().front(), held),
          [callback, info = info_](Ticket<Result> done) { tell(*callback, *info, done); }, option);
    }();
    return std::make_unique<HeldTicket>(std::make_unique<Ticket<Result>>(std::move(ticket)), file_);
  }

  PoolMetrics metrics() const { return use().metrics(); }
  const ModelInfo& info() const { return *info_; }

  Pool<Model>& use() const {
    process_.check("pool", file_);
    return *pool_;
  }

 private:
  static void tell(const nb::object& callback, const ModelInfo& info, Ticket<Result>& done) {
    std::optional<Result> result;
    std::exception_ptr failure;
    try {
      result = done.get();
    } catch (...) {
      failure = std::current_exception();
    }
    const nb::gil_scoped_acquire locked;
    try {
      if (failure) {
        callback(nb::none(), errorOf(failure));
      } else {
        callback(partsOf(std::move(*result), info), nb::none());
      }
    } catch (nb::python_error& error) {
      error.discard_as_unraisable("tensorrt_yolo.Pool: a future's end");
    }
  }

  BirthProcess process_;
  std::string file_;
  bool onDevice_;
  int deviceId_;
  std::shared_ptr<const ModelInfo> info_;  // callbacks have a share of it
  std::unique_ptr<Pool<Model>> pool_;
};

template <typename Model>
void bindPool(nb::module_& module, const char* name) {
  using Held = HeldPool<Model>;
  nb::class_<Held>(module, name)
      .def(nb::init<const HeldModel<Model>&, const HeldModel<Model>*, int, int, double, std::size_t,
                    const std::string&>(),
           nb::arg("model"), nb::arg("for_one").none(), nb::arg("contexts"), nb::arg("largest_batch"),
           nb::arg("longest_wait"), nb::arg("queue_length"), nb::arg("when_full"))
      .def("close", &Held::close, nb::arg("drain"))
      .def("predict", &Held::predict, nb::arg("image"))
      .def("predict_all", &Held::predictAll, nb::arg("images"))
      .def("submit", &Held::submit, nb::arg("image"), nb::arg("timeout").none(), nb::arg("when_full").none(),
           nb::arg("on_done"))
      .def("metrics", &Held::metrics)
      .def("info", [](const Held& self) { return dictOf(self.info()); })
      .def_prop_ro("contexts", [](const Held& self) { return self.use().contexts(); })
      .def_prop_ro("largest_batch", [](const Held& self) { return self.use().largestBatch(); })
      .def_prop_ro("queue_length", [](const Held& self) { return self.use().queueLength(); })
      .def_prop_ro("in_flight", [](const Held& self) { return self.use().inFlight(); });
}

}  // namespace

void bindPools(nb::module_& module) {
  nb::class_<PoolTimes>(module, "PoolTimes",
                        "Durations since a pool was made, in milliseconds. `below` counts those of less than 2**16 ns, "
                        "2**17 ns, ...; percentiles are within 2 %, of what lasts less than four minutes.")
      .def_ro("count", &PoolTimes::count)
      .def_ro("sum", &PoolTimes::sum)
      .def_ro("median", &PoolTimes::median)
      .def_ro("p90", &PoolTimes::p90)
      .def_ro("p95", &PoolTimes::p95)
      .def_ro("p99", &PoolTimes::p99)
      .def_ro("max", &PoolTimes::max)
      .def_ro("below", &PoolTimes::below);
  nb::class_<PoolMetrics>(module, "PoolMetrics",
                          "What a pool has done since it was made, and what it is doing. All images that were accepted "
                          "are somewhere here: submitted = finished + failed + expired + cancelled + dropped + blocked "
                          "+ waiting + running. `batch_sizes` counts runs by their number of images: [0] of one image, "
                          "[1] of two, ... and `mean_batch` is their mean, 0 before the first run. `wait` and "
                          "`whole` are of images, the other times of runs.")
      .def_ro("submitted", &PoolMetrics::submitted)
      .def_ro("finished", &PoolMetrics::finished)
      .def_ro("failed", &PoolMetrics::failed)
      .def_ro("expired", &PoolMetrics::expired)
      .def_ro("cancelled", &PoolMetrics::cancelled)
      .def_ro("dropped", &PoolMetrics::dropped)
      .def_ro("blocked", &PoolMetrics::blocked)
      .def_ro("waiting", &PoolMetrics::waiting)
      .def_ro("running", &PoolMetrics::running)
      .def_ro("refused", &PoolMetrics::refused)
      .def_ro("longest_queue", &PoolMetrics::longestQueue)
      .def_ro("batch_sizes", &PoolMetrics::batchSizes)
      .def_prop_ro("mean_batch", &PoolMetrics::meanBatch)
      .def_ro("wait", &PoolMetrics::wait)
      .def_ro("before", &PoolMetrics::before)
      .def_ro("network", &PoolMetrics::network)
      .def_ro("after", &PoolMetrics::after)
      .def_ro("whole", &PoolMetrics::whole);
  nb::class_<HeldTicket>(module, "PoolTicket").def("cancel", &HeldTicket::cancel);
  bindPool<ClassifyModel>(module, "ClassifyPool");
  bindPool<DetectModel>(module, "DetectPool");
  bindPool<OBBModel>(module, "OBBPool");
  bindPool<SegmentModel>(module, "SegmentPool");
  bindPool<PoseModel>(module, "PosePool");
  module.def("prometheus", &prometheus, nb::arg("pools"));
}

}  // namespace trtyolo::python
