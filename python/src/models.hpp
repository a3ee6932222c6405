// Models in Python's hands.
#pragma once

#include <nanobind/nanobind.h>
#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "encoded.hpp"
#include "images.hpp"
#include "results.hpp"
#include "trtyolo.hpp"
#include "unlocked.hpp"

namespace trtyolo::python {

/// To be called before a backend is set to work. In a process that was forked from one in which that was done already,
/// the backend's threads are missing and its locks may be held for ever.
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

/// Destroys what has threads of its own without the interpreter lock, and in a forked child, where they are missing and
/// would be waited for, not at all.
struct Destroyer {
  BirthProcess process;

  template <typename Held>
  void operator()(Held* held) const {
    if (process.isThis()) {
      const Unlocked unlocked;
      delete held;
    }
  }
};

/// What a model and a pool of it have in common.
struct Loaded {
  std::string file;
  std::vector<int> gpus;  ///< that it is on, once it is there; none: the CPU
  BirthProcess process;
  std::optional<ResultKind> kind;  ///< once the model is there
};

/// What `predictor`, a model or a pool, finds in images, each as a whole, or in slices one after another.
template <typename Predictor, typename AnyImage>
std::vector<Result> predictAll(Predictor& predictor, const std::vector<AnyImage>& images, const SliceOption* slices) {
  if (!slices) {
    return predictor.predict(images);
  }
  std::vector<Result> found;
  for (const AnyImage& image : images) {
    found.push_back(predictor.predict(image, *slices));
  }
  return found;
}

/// The same, in their order. `slices`: null or a copy. The interpreter lock is released meanwhile.
template <typename Predictor>
nanobind::list predict(Predictor& predictor, const Loaded& loaded, const nanobind::list& images,
                       const SliceOption* slices) {
  std::vector<Result> found;
  if (const std::vector<const EncodedBytes*> encoded = encodedImages(images); !encoded.empty()) {
    std::vector<EncodedImage> views;
    for (const EncodedBytes* const each : encoded) {
      views.push_back(each->view());
    }
    try {
      found = unlocked([&] { return predictAll(predictor, views, slices); });
    } catch (const DecodeError& error) {
      rethrowNamed(error, encoded);
    }
  } else {
    HeldImages held(loaded.gpus);
    held.addAll(images);
    found = unlocked([&] {
      held.copyScattered();
      return predictAll(predictor, held.images(), slices);
    });
  }
  nanobind::list results;
  for (Result& result : found) {
    results.append(pythonResult(std::move(result), *loaded.kind));
  }
  return results;
}

/// A model that Python may close, also while another thread is in predict().
class HeldModel {
 public:
  /// Of `task`, "": of any; its results are of the Python class `resultType`. `deviceId`: as the option has it.
  HeldModel(std::string file, const InferOption& option, int deviceId, const std::string& task,
            nanobind::object resultType);
  HeldModel(const HeldModel&) = delete;
  HeldModel& operator=(const HeldModel&) = delete;

  void close() { model_.reset(); }
  bool isClosed() const { return !model_; }
  std::unique_ptr<HeldModel> clone() const;

  const Loaded& loaded() const { return loaded_; }
  /// @throws Error  it is closed, or of another process
  std::shared_ptr<Model> use() const;

 private:
  HeldModel(Loaded loaded, std::unique_ptr<Model> model)
      : loaded_(std::move(loaded)), model_(model.release(), Destroyer()) {}

  Loaded loaded_;
  std::shared_ptr<Model> model_;
};

/// What `predictor`, a model or a pool, says of each of the objects in an image that is no EncodedImage; `found` as
/// objectsOf() takes it. The interpreter lock is released meanwhile.
template <typename Predictor>
nanobind::list predictCrops(Predictor& predictor, const Loaded& loaded, nanobind::handle image, nanobind::handle found,
                            float margin) {
  HeldImages held(loaded.gpus);
  held.add(image);
  const Result objects = objectsOf(found, held.images().front());
  std::vector<Result> results = unlocked([&] {
    held.copyScattered();
    return trtyolo::predictCrops(predictor, held.images().front(), objects, {margin});
  });
  nanobind::list list;
  for (Result& result : results) {
    list.append(pythonResult(std::move(result), *loaded.kind));
  }
  return list;
}

/// `info` as info.ModelInfo.
nanobind::object pythonInfo(const ModelInfo& info);

}  // namespace trtyolo::python
