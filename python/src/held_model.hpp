// A model in Python's hands.
#pragma once

#include <nanobind/nanobind.h>
#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "images.hpp"
#include "options.hpp"
#include "predicting.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

/// To be called before a back end is set to work. In a process that was forked from one in which that was done already,
/// the back end's threads are missing and its locks may be held for ever.
/// @throws Error  this is such a process
void claimProcess();

/// The process that an object was made in: a forked child has the object, but none of the threads behind it.
class BirthProcess {
 public:
  bool isThis() const { return id_ == getpid(); }
  /// @throws Error  this is another one; `what` of `file` cannot be used
  void check(const char* what, const std::string& file) const;

 private:
  pid_t id_ = getpid();
};

/// A model that Python may close, also while another thread is in predict().
template <typename Model>
class HeldModel {
 public:
  HeldModel(std::string file, const Option& option)
      : file_(std::move(file)), onDevice_(option.onDevice), deviceId_(option.deviceId) {
    claimProcess();
    // A copy: another thread may change the option meanwhile.
    const InferOption infer = option.infer;
    const Unlocked unlocked;
    model_ = std::make_shared<Model>(file_, infer);
  }

  HeldModel(const HeldModel&) = delete;
  HeldModel& operator=(const HeldModel&) = delete;

  ~HeldModel() { close(); }

  void close() {
    std::shared_ptr<Model> model = std::move(model_);
    if (!process_.isThis()) {
      new std::shared_ptr<Model>(std::move(model));  // never destroyed: that would wait for threads that are not here
      return;
    }
    const Unlocked unlocked;
    model.reset();
  }

  bool isClosed() const { return !model_; }
  const std::string& file() const { return file_; }
  bool onDevice() const { return onDevice_; }
  int deviceId() const { return deviceId_; }

  std::unique_ptr<HeldModel> clone() const {
    const std::shared_ptr<Model> model = use();
    const Unlocked unlocked;
    return std::unique_ptr<HeldModel>(new HeldModel(*this, model->clone()));
  }

  nanobind::tuple predict(nanobind::handle image) const {
    const std::shared_ptr<Model> model = use();
    return predictOne(*model, HeldImages(onDevice_, deviceId_), image, model->info());
  }

  nanobind::list predictAll(const nanobind::list& images) const {
    const std::shared_ptr<Model> model = use();
    return python::predictAll(*model, HeldImages(onDevice_, deviceId_), images, model->info());
  }

  nanobind::dict timing() const {
    const Timing timing = use()->timing();
    nanobind::dict parts;
    parts["calls"] = timing.calls;
    parts["total"] = timing.total;
    parts["before"] = timing.before;
    parts["network"] = timing.network;
    parts["after"] = timing.after;
    return parts;
  }

  nanobind::dict memory() const {
    const MemoryUse use = this->use()->memory();
    nanobind::dict parts;
    parts["engine"] = use.engine;
    parts["contexts"] = use.contexts;
    parts["scratch"] = use.scratch;
    parts["buffers"] = use.buffers;
    parts["pinned"] = use.pinned;
    parts["executors"] = use.executors;
    return parts;
  }

  nanobind::tuple measureNetwork(int requests, double seconds) const {
    const std::shared_ptr<Model> model = use();
    const NetworkSpeed speed = [&] {
      const Unlocked unlocked;
      return model->measureNetwork(requests, seconds);
    }();
    return nanobind::make_tuple(speed.seconds, speed.latencies);
  }

  std::shared_ptr<Model> use() const {
    if (!model_) {
      throw Error("this model of '" + file_ + "' is closed");
    }
    process_.check("model", file_);
    return model_;
  }

 private:
  HeldModel(const HeldModel& other, std::unique_ptr<Model> model)
      : file_(other.file_), onDevice_(other.onDevice_), deviceId_(other.deviceId_), model_(std::move(model)) {}

  std::string file_;
  bool onDevice_;
  int deviceId_;
  BirthProcess process_;
  std::shared_ptr<Model> model_;
};

}  // namespace trtyolo::python
