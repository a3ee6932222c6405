// trtyolo::Model: a network of any task, and a typed model for each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "api.hpp"
#include "encoded.hpp"
#include "errors.hpp"
#include "image.hpp"
#include "info.hpp"
#include "options.hpp"
#include "results.hpp"
#include "slices.hpp"

namespace trtyolo {

struct ModelParts;  // of the library itself

/// A loaded network of any task.
///
/// Ownership: a model owns an execution context (input and output memory, state of one run) and a share of the engine
/// (the weights, and all they need). clone() makes another context on the same engine, clone(deviceId) one on the
/// engine of another GPU. Models and clones may be destroyed in any order, from any thread; an engine goes with the
/// last of those that share it.
///
/// GPUs: the caller's current device is the same after every call as it was before. A call that fails for want of
/// memory can be made again when there is some; the other clones are not disturbed.
///
/// Threads: predict() is for one thread at a time; a second one gets BusyError. clone(), the setters and getters, and
/// performanceReport() may be called from any thread at any time, also during a predict(), which goes on with the
/// options that it began with.
///
/// A moved-from model may only be assigned to or destroyed.
class TRTYOLO_API Model {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError   missing, empty, damaged, or with outputs that are not understood
  /// @throws DeviceError  the GPU that is asked for cannot be used
  /// @throws std::invalid_argument  an option makes no sense for this model
  static Model load(const std::string& file, const InferOption& option = {});

  virtual ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<Model> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<Model> clone(int deviceId) const;

  /// What is in one image. Returns when the result is complete. Images are letterboxed into the network's input, as
  /// Ultralytics does it; for classifiers scaled so that the shorter side fits and cropped at the centre (a network
  /// input that is not square: scaled to it without regard to proportions); for depth estimators stretched to the whole
  /// input.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the backend failed
  Result predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<Result> predict(const std::vector<Image>& images);

  /// What is in the image that these bytes hold, by InferOption::setImageDecoder(). The same as of the decoded image.
  /// @throws DecodeError            the bytes are no image, damaged, or hold too many pixels
  /// @throws std::invalid_argument  the model has no decoder
  Result predict(const EncodedImage& image);

  /// The same for any number of images, in their order. The next ones are decoded while the last run. The first image
  /// that cannot be decoded ends the call with its error; the message says its index.
  std::vector<Result> predict(const std::vector<EncodedImage>& images);

  /// What is in a large image, of which small objects are found in slices, and large ones in the image as a whole: see
  /// SliceOption. Slices are views into the image, and go through the network as many at a time as one run takes.
  /// Objects are in the order of falling scores. setMaxDetections() limits those of each slice; all together have no
  /// limit. A merged object has the box around both, the pixels of both masks, and each keypoint from where its
  /// confidence was higher. Memory grows with the objects, not with the image: masks stay runs.
  /// @throws std::invalid_argument  also if SliceOption::check() does, or masks have not the size of the image
  ///                                (setRetinaMasks())
  Result predict(const Image& image, const SliceOption& slices);

  /// The same of the image that these bytes hold. It is decoded as a whole, also with InferOption::setFastDecode().
  Result predict(const EncodedImage& image, const SliceOption& slices);

  /// Most images in one run of the network. predict() takes any number, and runs the network as often as needed.
  int batch() const;
  /// What is known of the model; valid as long as the model.
  const ModelInfo& info() const;

  /// Objects must score more than this, 0 to 1. Ultralytics' default: 0.25. Without effect on classifiers and
  /// maps of pixels (semantic segmenters, depth estimators).
  void setConfidence(float threshold);
  /// Of two boxes (of one class, unless agnostic) whose intersection over union is larger than this, the one with the
  /// lower score is dropped, 0 to 1. Ultralytics' default: 0.7. Without effect on classifiers, maps of pixels and
  /// networks that suppress by themselves (ModelInfo::layout says it). Rotated boxes: the probabilistic intersection
  /// over union of Gaussians (arXiv:2106.06072), and a box goes if it overlaps any box of higher score, kept or not, as
  /// in Ultralytics.
  void setIou(float threshold);
  /// Most objects of an image, at least 1. Ultralytics' default: 300.
  void setMaxDetections(int most);
  /// Keeps only these classes; empty, the default, keeps all. An index that the model does not have is refused. Of
  /// semantic segmenters, pixels of other classes become ClassMap::none, unless the network has but one class.
  void setClasses(const std::vector<int>& classes);
  /// Boxes of different classes suppress each other too. Off by default. Without effect where setIou() has none.
  void setAgnostic(bool agnostic);
  /// How many classes a classifier gives, at least 1 (no more than the model has are given). Ultralytics' default: 5.
  void setTopK(int classes);
  /// Of segmenters. On (the default): masks have the size of the source image, scaled up from the prototypes without a
  /// detour, as with Ultralytics' retina_masks. Off: the size of the network's input, border included, as Ultralytics
  /// has it by default. Objects whose mask has no pixel are left out.
  void setRetinaMasks(bool retina);

  /// Throughput (images a second), host latency and device latency (milliseconds an image: the whole predict(), and the
  /// network's part of it) of the calls since the model or clone was made (the last 65536 of them), as three lines of
  /// text: min, max, mean, median, p90, p95, p99. Percentiles interpolate linearly between ranks.
  /// @throws Error  if InferOption::enablePerformanceReport() was not asked for
  std::tuple<std::string, std::string, std::string> performanceReport() const;

  /// The same calls' parts as numbers.
  /// @throws Error  if InferOption::enablePerformanceReport() was not asked for
  Timing timing() const;

  /// What the engine takes, with all models and clones that share it, and what measureNetwork() takes while it runs.
  /// Any thread, also during a predict(); what is being taken at that moment may be counted or not.
  MemoryUse memory() const;

  /// Runs the network alone, `requests` runs side by side for about `seconds`, on fixed input of the network size, with
  /// requests of its own: what the backend can do on this machine with this model's settings, to hold predict()
  /// against. May run beside predict(), and then shares the machine with it.
  NetworkSpeed measureNetwork(int requests, double seconds) const;

 protected:
  /// Loads a file of this task; without one, of any.
  Model(const std::string& file, const InferOption& option, std::optional<Task> task);
  Model copy() const;
  Model copy(int deviceId) const;

 private:
  friend class BasePool;
  class Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  Impl& impl() const;  // throws Error if moved from
  ModelParts parts() const;

  std::unique_ptr<Impl> impl_;
};

/// A Model of one task, whose results have that task's type. Everything else is as in Model.
template <class Derived, class TypedResult>
class TypedModel : public Model {
 public:
  /// As Model::load().
  /// @throws ModelError  the file is of another task, too
  explicit TypedModel(const std::string& file, const InferOption& option = {})
      : Model(file, option, TypedResult::kTask) {}
  /// The same.
  static Derived load(const std::string& file, const InferOption& option = {}) { return Derived(file, option); }

  /// As Model::clone().
  std::unique_ptr<Derived> clone() const { return std::unique_ptr<Derived>(new Derived(copy())); }
  std::unique_ptr<Derived> clone(int deviceId) const { return std::unique_ptr<Derived>(new Derived(copy(deviceId))); }

  /// As Model::predict().
  TypedResult predict(const Image& image) { return TypedResult(Model::predict(image)); }
  std::vector<TypedResult> predict(const std::vector<Image>& images) { return typed(Model::predict(images)); }
  TypedResult predict(const EncodedImage& image) { return TypedResult(Model::predict(image)); }
  std::vector<TypedResult> predict(const std::vector<EncodedImage>& images) { return typed(Model::predict(images)); }
  /// The same.
  TypedResult predict(const Image& image, const SliceOption& slices) {
    return TypedResult(Model::predict(image, slices));
  }
  /// The same.
  TypedResult predict(const EncodedImage& image, const SliceOption& slices) {
    return TypedResult(Model::predict(image, slices));
  }

 protected:
  explicit TypedModel(Model&& clone) : Model(std::move(clone)) {}

 private:
  static std::vector<TypedResult> typed(std::vector<Result>&& results) {
    std::vector<TypedResult> typed;
    typed.reserve(results.size());
    for (Result& result : results) {
      typed.emplace_back(std::move(result));
    }
    return typed;
  }
};

/// Says what an image shows.
class ClassifyModel : public TypedModel<ClassifyModel, ClsResult> {
  using TypedModel::TypedModel;
};

/// Finds objects and their axis-aligned boxes.
class DetectModel : public TypedModel<DetectModel, DetResult> {
  using TypedModel::TypedModel;
};

/// Finds objects and their rotated boxes.
class OBBModel : public TypedModel<OBBModel, OBBResult> {
  using TypedModel::TypedModel;
};

/// Finds objects, their boxes and their masks.
class SegmentModel : public TypedModel<SegmentModel, SegResult> {
  using TypedModel::TypedModel;
};

/// Finds objects, their boxes and their keypoints.
class PoseModel : public TypedModel<PoseModel, PoseResult> {
  using TypedModel::TypedModel;
};

/// Says of each pixel of an image which class it belongs to.
class SemanticModel : public TypedModel<SemanticModel, SemanticResult> {
  using TypedModel::TypedModel;
};

/// Says of each pixel of an image how far away it is.
class DepthModel : public TypedModel<DepthModel, DepthResult> {
  using TypedModel::TypedModel;
};

}  // namespace trtyolo
