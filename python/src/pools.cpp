#include <nanobind/stl/array.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
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

#include "bindings.hpp"
#include "errors.hpp"
#include "models.hpp"
#include "text.hpp"

namespace trtyolo::python {

namespace nb = nanobind;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kYear = 365 * 24 * 3600.0;

QueueFullPolicy policyOf(const std::string& name) {
  if (name != "block" && name != "reject") {
    throw std::invalid_argument("queue_full_policy must be 'block' or 'reject', found '" + name + "'");
  }
  return name == "block" ? QueueFullPolicy::Block : QueueFullPolicy::Reject;
}

CloseMode closeModeOf(const std::string& name) {
  if (name != "drain" && name != "drop") {
    throw std::invalid_argument("close: mode must be 'drain' or 'drop', found '" + name + "'");
  }
  return name == "drain" ? CloseMode::Drain : CloseMode::Drop;
}

// Shared by threads of the library, which let go of it without the interpreter lock.
template <typename Held>
std::shared_ptr<Held> sharedOutside(std::unique_ptr<Held> held) {
  return {held.release(), [](Held* object) {
            const nb::gil_scoped_acquire locked;
            delete object;
          }};
}

// A callback of Python, and of which kind its result is. Whatever fails behind the run reaches the callback, too:
// somebody waits for it.
struct Callback {
  nb::object onDone;
  ResultKind kind;
  nb::object encoded;  // the EncodedBytes; None of other images

  void operator()(Ticket<> done) const {
    std::optional<Result> result;
    std::exception_ptr failure;
    try {
      result = done.get();
    } catch (...) {
      failure = std::current_exception();
    }
    const nb::gil_scoped_acquire locked;
    if (failure) {
      const EncodedBytes* image = nullptr;
      const bool named = !encoded.is_none() && nb::try_cast(encoded, image) && image;
      end(nb::none(), errorOf(named ? image->named(failure) : failure));
      return;
    }
    nb::object found = nb::none(), error = nb::none();
    try {
      found = pythonResult(std::move(*result), kind);
    } catch (...) {
      error = errorOf(std::current_exception());
    }
    end(found, error);
  }

 private:
  void end(const nb::object& result, const nb::object& error) const {
    if (const nb::object raised = call(result, error); !raised.is_none()) {
      call(nb::none(), raised);
    }
  }

  // What the call raised, which nobody else would see, or None.
  nb::object call(const nb::object& result, const nb::object& error) const {
    try {
      onDone(result, error);
      return nb::none();
    } catch (nb::python_error& raised) {
      nb::object value = nb::borrow(raised.value());
      raised.discard_as_unraisable("tensorrt_yolo.Pool: a future's end");
      return value;
    }
  }
};

// What takes an image out of the queue again.
class HeldTicket {
 public:
  explicit HeldTicket(const Loaded& loaded) : process_(loaded.process), file_(loaded.file), ticket_(new Ticket<>) {}

  void set(Ticket<> ticket) { *ticket_ = std::move(ticket); }
  // Whether it could.
  bool cancel() const {
    process_.check("pool", file_);
    return unlocked([&] { return ticket_->cancel(); });
  }

 private:
  BirthProcess process_;
  std::string file_;
  std::unique_ptr<Ticket<>, Destroyer> ticket_;
};

class HeldPool {
 public:
  HeldPool(const HeldModel& model, const HeldModel* lowLatencyModel, int contexts, int maxBatchSize,
           double maxQueueDelay, std::size_t queueLength, const std::string& queueFullPolicy,
           std::optional<std::vector<int>> devices, bool allDevices)
      : loaded_(model.loaded()) {
    if (!std::isfinite(maxQueueDelay) || std::abs(maxQueueDelay) > kYear) {
      throw std::invalid_argument("Pool: max_queue_delay must be a number of seconds");
    }
    PoolOption option;
    option.contexts = contexts;
    option.maxBatchSize = maxBatchSize;
    option.maxQueueDelay = std::chrono::microseconds(std::llround(maxQueueDelay * 1e6));
    option.queueLength = queueLength;
    option.queueFullPolicy = policyOf(queueFullPolicy);
    option.devices = std::move(devices);
    option.allDevices = allDevices;
    const std::shared_ptr<Model> usual = model.use();
    const std::shared_ptr<Model> lowLatency = lowLatencyModel ? lowLatencyModel->use() : nullptr;
    const Unlocked unlocked;
    pool_.reset(lowLatency ? new Pool<>(*usual, *lowLatency, option) : new Pool<>(*usual, option));
    loaded_.gpus = pool_->devices();
  }

  void close(const std::string& mode) const {
    const CloseMode how = closeModeOf(mode);
    if (loaded_.process.isThis()) {
      const Unlocked unlocked;
      pool_->close(how);
    }
  }

  nb::list predict(const nb::list& images, const SliceOption* slices) const {
    return python::predict(use(), loaded_, images, slices);
  }

  nb::list predictCrops(nb::handle image, nb::handle found, float margin) const {
    return python::predictCrops(use(), loaded_, image, found, margin);
  }

  // `onDone(result, error)` is called by a thread of the pool with one of the two, the other is None; if it raises,
  // once more, with what it raised. What is given back takes the image out of the queue when it is called, and says
  // whether it could.
  nb::object submit(nb::handle image, std::optional<double> timeout, const std::optional<std::string>& queueFullPolicy,
                    nb::object onDone) const {
    Pool<>& pool = use();
    SubmitOption option;
    if (timeout && std::isnan(*timeout)) {
      throw std::invalid_argument("submit: timeout must be a number of seconds");
    }
    if (timeout && *timeout < kYear) {
      const std::chrono::duration<double> seconds(std::max(*timeout, 0.0));
      option.deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
    }
    if (queueFullPolicy) {
      option.queueFullPolicy = policyOf(*queueFullPolicy);
    }
    const EncodedBytes* encoded = nullptr;
    const bool isEncoded = nb::try_cast(image, encoded) && encoded;
    const auto held = sharedOutside(std::make_unique<HeldImages>(loaded_.gpus));
    if (!isEncoded) {
      held->add(image);
    }
    // It keeps an encoded image, too.
    const auto callback = sharedOutside(std::unique_ptr<Callback>(
        new Callback{std::move(onDone), *loaded_.kind, isEncoded ? nb::borrow(image) : nb::none()}));
    // Whatever may fail comes before the image is in the pool.
    auto ticket = std::make_unique<HeldTicket>(loaded_);
    HeldTicket& submitted = *ticket;
    nb::object unqueue = nb::cast(std::move(ticket));
    const auto onEnd = [callback](Ticket<> done) { (*callback)(std::move(done)); };
    unlocked([&] {
      if (isEncoded) {
        submitted.set(pool.submit(OwnedEncodedImage(encoded->view(), callback), onEnd, option));
        return;
      }
      held->copyScattered();
      submitted.set(pool.submit(OwnedImage(held->images().front(), held), onEnd, option));
    });
    return unqueue;
  }

  Pool<>& use() const {
    loaded_.process.check("pool", loaded_.file);
    return *pool_;
  }

 private:
  Loaded loaded_;
  std::unique_ptr<Pool<>, Destroyer> pool_;
};

}  // namespace

void bindPools(nb::module_& module) {
  nb::class_<PoolTimes>(module, "PoolTimes", "Durations since a pool was made, in milliseconds.")
      .def_ro("count", &PoolTimes::count)
      .def_ro("sum", &PoolTimes::sum)
      .def_ro("median", &PoolTimes::median)
      .def_ro("p90", &PoolTimes::p90)
      .def_ro("p95", &PoolTimes::p95)
      .def_ro("p99", &PoolTimes::p99)
      .def_ro("max", &PoolTimes::max)
      .def_ro("below", &PoolTimes::below);
  nb::class_<DecodeCounts>(module, "DecodeCounts", "How many encoded images were decoded, and where.")
      .def_ro("gpu", &DecodeCounts::gpu)
      .def_ro("cpu", &DecodeCounts::cpu)
      .def_ro("refused", &DecodeCounts::refused)
      .def_ro("failed", &DecodeCounts::failed);
  nb::class_<PoolDeviceMetrics>(module, "PoolDeviceMetrics", "What one device of a pool has done.")
      .def_ro("gpu", &PoolDeviceMetrics::gpu)
      .def_ro("runs", &PoolDeviceMetrics::runs)
      .def_ro("images", &PoolDeviceMetrics::images)
      .def_ro("running", &PoolDeviceMetrics::running)
      .def_prop_ro("failure", [](const PoolDeviceMetrics& self) { return printable(self.failure); });
  nb::class_<PoolMetrics>(module, "PoolMetrics", "What a pool has done since it was made, and what it is doing.")
      .def_ro("submitted", &PoolMetrics::submitted)
      .def_ro("finished", &PoolMetrics::finished)
      .def_ro("failed", &PoolMetrics::failed)
      .def_ro("expired", &PoolMetrics::expired)
      .def_ro("cancelled", &PoolMetrics::cancelled)
      .def_ro("dropped", &PoolMetrics::dropped)
      .def_ro("blocked", &PoolMetrics::blocked)
      .def_ro("waiting", &PoolMetrics::waiting)
      .def_ro("undecoded", &PoolMetrics::undecoded)
      .def_ro("decoded", &PoolMetrics::decoded)
      .def_ro("running", &PoolMetrics::running)
      .def_ro("rejected", &PoolMetrics::rejected)
      .def_ro("longest_queue", &PoolMetrics::longestQueue)
      .def_ro("batch_sizes", &PoolMetrics::batchSizes)
      .def_ro("rerun", &PoolMetrics::rerun)
      .def_ro("devices", &PoolMetrics::devices)
      .def_prop_ro("mean_batch", &PoolMetrics::meanBatch)
      .def_ro("queue_time", &PoolMetrics::queueTime)
      .def_ro("decode", &PoolMetrics::decode)
      .def_ro("preprocess", &PoolMetrics::preprocess)
      .def_ro("inference", &PoolMetrics::inference)
      .def_ro("postprocess", &PoolMetrics::postprocess)
      .def_ro("latency", &PoolMetrics::latency);
  nb::class_<HeldTicket>(module, "Ticket", "Takes the image out of the queue when it is called: whether it could.")
      .def("__call__", &HeldTicket::cancel);
  nb::class_<HeldPool>(module, "Pool", "A queue in front of several contexts of one model.")
      .def(nb::init<const HeldModel&, const HeldModel*, int, int, double, std::size_t, const std::string&,
                    std::optional<std::vector<int>>, bool>(),
           nb::arg("model"), nb::arg("low_latency_model").none(), nb::arg("contexts"), nb::arg("max_batch_size"),
           nb::arg("max_queue_delay"), nb::arg("queue_length"), nb::arg("queue_full_policy"), nb::arg("devices").none(),
           nb::arg("all_devices"))
      .def("close", &HeldPool::close, nb::arg("mode"))
      .def("predict", &HeldPool::predict, nb::arg("images"), nb::arg("slices").none())
      .def("predict_crops", &HeldPool::predictCrops, nb::arg("image"), nb::arg("found"), nb::arg("margin"))
      .def("submit", &HeldPool::submit, nb::arg("image"), nb::arg("timeout").none(),
           nb::arg("queue_full_policy").none(), nb::arg("on_done"))
      .def("metrics", [](const HeldPool& self) { return self.use().metrics(); })
      .def("info", [](const HeldPool& self) { return pythonInfo(self.use().info()); })
      .def_prop_ro("contexts", [](const HeldPool& self) { return self.use().contexts(); })
      .def_prop_ro("devices", [](const HeldPool& self) { return self.use().devices(); })
      .def_prop_ro("max_batch_size", [](const HeldPool& self) { return self.use().maxBatchSize(); })
      .def_prop_ro("queue_length", [](const HeldPool& self) { return self.use().queueLength(); })
      .def(
          "in_flight", [](const HeldPool& self, bool encoded) { return self.use().inFlight(encoded); },
          nb::arg("encoded"));
  module.def("prometheus", &prometheus, nb::arg("pools"));
}

}  // namespace trtyolo::python
