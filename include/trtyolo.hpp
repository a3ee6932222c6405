// trtyolo: YOLO models, one engine and many clones.
//
//   #include "trtyolo.hpp"
//   #include "trtyolo/opencv.hpp"                              // only for cv::Mat
//
//   trtyolo::InferOption option;
//   option.enableSwapRB();                                     // images are BGR, the network wants RGB
//   trtyolo::DetectModel model("yolo11n.onnx", option);
//   auto clone = model.clone();                                // same weights, own execution context
//   cv::Mat picture = cv::imread("bus.jpg");
//   trtyolo::DetResult found = clone->predict(trtyolo::view(picture));
//   std::cout << found << '\n';
//
// Conventions of everything below, unless an item says otherwise:
//   - Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down.
//   - Colours are 8-bit and interleaved; "RGB" names the order of channels in memory.
//   - A bad argument throws std::invalid_argument; everything else that goes wrong throws trtyolo::Error or a class
//     derived from it. A call that throws leaves its object as it was, and usable.
//   - Value types (Image, Box, results, options) may be copied freely and read from any thread; writing to one from
//     several threads needs the caller's own lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#if defined(_WIN32)
#if defined(TRTYOLO_BUILDING)
#define TRTYOLO_API __declspec(dllexport)
#else
#define TRTYOLO_API __declspec(dllimport)
#endif
#else
#define TRTYOLO_API __attribute__((visibility("default")))
#endif

namespace trtyolo {

// ---------------------------------------------------------------------------------------------------------------------
// Errors

/// Base of all that this library throws for reasons other than a bad argument. what() names the file, tensor or device
/// that was looked at, what was expected and what was found.
class TRTYOLO_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// A model file cannot be read, is not a model, is made for another task, or has outputs that are not understood.
class TRTYOLO_API ModelError : public Error {
 public:
  using Error::Error;
  ~ModelError() override;
};

/// A model object was used by two threads at once. The call that came second throws; the first is not disturbed.
/// Give each thread its own clone().
class TRTYOLO_API BusyError : public Error {
 public:
  using Error::Error;
  ~BusyError() override;
};

/// The back end failed while it ran the network.
class TRTYOLO_API InferenceError : public Error {
 public:
  using Error::Error;
  ~InferenceError() override;
};

/// A GPU is missing, has no memory left, or failed; what() says what was being done on which device.
class TRTYOLO_API DeviceError : public Error {
 public:
  using Error::Error;
  ~DeviceError() override;
};

// ---------------------------------------------------------------------------------------------------------------------
// Images

/// A view of an image that somebody else owns: 8 bits a channel, channels interleaved, rows `pitch` bytes apart.
///
/// The memory must stay valid and unchanged until the call that was given the view returns; nothing keeps the pointer
/// longer. Channels: 1 (grey, used for all three network channels), 3, or 4 (the fourth is ignored).
/// The constructors only store; predict() checks: `ptr` not null, `width` and `height` at least 1, `channels` 1, 3 or
/// 4, `pitch` at least `width * channels`. Pixels are never written to.
struct TRTYOLO_API Image {
  void* ptr = nullptr;    ///< first byte of the first row
  int width = 0;          ///< pixels in a row
  int height = 0;         ///< rows
  int channels = 3;       ///< bytes of a pixel: 1, 3 or 4
  std::size_t pitch = 0;  ///< bytes from the start of a row to the start of the next

  Image() = default;
  /// Three channels, rows without gaps.
  Image(void* ptr, int width, int height);
  /// Three channels, rows `pitch` bytes apart.
  Image(void* ptr, int width, int height, std::size_t pitch);
  /// All said; a `pitch` of 0 means rows without gaps.
  Image(void* ptr, int width, int height, int channels, std::size_t pitch);
};

// ---------------------------------------------------------------------------------------------------------------------
// Results

/// An axis-aligned box in pixels of the source image, clipped to it: 0 <= left <= right <= width, likewise downward.
struct TRTYOLO_API Box {
  float left = 0, top = 0, right = 0, bottom = 0;

  /// {left, top, right, bottom}.
  std::array<float, 4> xyxy() const { return {left, top, right, bottom}; }
};

/// What a detector found in one image; objects by falling score. The vectors have `num` elements each.
struct TRTYOLO_API DetResult {
  int num = 0;                ///< number of objects
  std::vector<int> classes;   ///< class index of each object; ModelInfo::names has the names
  std::vector<float> scores;  ///< confidence of each object, 0 to 1
  std::vector<Box> boxes;     ///< where each object is
};
using DetectRes = DetResult;  ///< the elder spelling

/// What a classifier says of one image: its best classes, by falling score. The vectors have `num` elements each.
struct TRTYOLO_API ClsResult {
  int num = 0;                ///< number of classes given: see ClassifyModel::setTopK
  std::vector<int> classes;   ///< class indices; ModelInfo::names has the names
  std::vector<float> scores;  ///< probability of each of them, 0 to 1
};
using ClassifyRes = ClsResult;  ///< the elder spelling

/// A box turned about its centre. The four sides are those of the box before it is turned, in pixels of the source
/// image; it is not clipped to the image.
struct TRTYOLO_API RotatedBox : Box {
  float theta = 0;  ///< radians, clockwise as one looks at the image, as the network gives it (not brought to a range)

  /// Centre x, centre y, width, height, theta.
  std::array<float, 5> xywhr() const {
    return {(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, theta};
  }
  /// The corners x1, y1, ... x4, y4 in the order of Ultralytics' xyxyxyxy: centre + u + v, + u - v, - u - v, - u + v,
  /// where u is half the width along (cos, sin) of theta and v half the height along (-sin, cos).
  std::array<float, 8> xyxyxyxy() const;
};

/// What an oriented detector found in one image; objects by falling score. The vectors have `num` elements each.
struct TRTYOLO_API OBBResult {
  int num = 0;                    ///< number of objects
  std::vector<int> classes;       ///< class index of each object
  std::vector<float> scores;      ///< confidence of each object, 0 to 1
  std::vector<RotatedBox> boxes;  ///< where each object is
};
using OBBRes = OBBResult;  ///< the elder spelling

/// One object's mask, a byte for each pixel: 1 inside the object, 0 outside.
struct TRTYOLO_API Mask {
  std::vector<std::uint8_t> data;  ///< row after row, `width * height` of them
  int width = 0, height = 0;       ///< pixels
};

/// The masks of a result's objects, kept as runs of pixels; `masks[i]` makes the picture of one.
class TRTYOLO_API Masks {
 public:
  /// The pixels `begin` to `end` - 1, numbered row after row: pixel (x, y) is number y * width + x. A run stays in its
  /// row.
  struct Run {
    std::uint32_t begin = 0, end = 0;
  };

  Masks() = default;
  /// No masks yet, of pictures of `width` x `height` pixels.
  /// @throws std::invalid_argument  a side is negative, or there are 2^32 pixels or more
  Masks(int width, int height);

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  int width() const { return width_; }    ///< pixels of each mask: those of the source image, unless retina masks are
  int height() const { return height_; }  ///< off (SegmentModel::setRetinaMasks): then those of the network's input

  /// Mask `i`, made when asked for. `i` < size(), else std::out_of_range.
  Mask operator[](std::size_t i) const;
  /// Runs of mask `i`, in rising order, and how many they are. Valid until the object changes or goes.
  const Run* runs(std::size_t i) const;
  std::size_t runCount(std::size_t i) const;
  /// Pixels inside mask `i`.
  std::size_t area(std::size_t i) const;
  /// COCO's run lengths of mask `i`: down the columns, from left to right, zeros first.
  std::vector<std::uint32_t> cocoCounts(std::size_t i) const;

  /// Appends a mask. Runs must rise, not touch pixels beyond the picture, and stay in their rows.
  /// @throws std::invalid_argument  they do not
  void add(const std::vector<Run>& runs);

 private:
  friend class MaskMaker;
  std::size_t beginOf(std::size_t i) const;

  int width_ = 0, height_ = 0;
  std::vector<Run> runs_;
  std::vector<std::size_t> ends_;  // behind the last run of each mask
};

/// What a segmenter found in one image; objects by falling score. The vectors have `num` elements each.
struct TRTYOLO_API SegResult {
  int num = 0;                ///< number of objects
  std::vector<int> classes;   ///< class index of each object
  std::vector<float> scores;  ///< confidence of each object, 0 to 1
  std::vector<Box> boxes;     ///< where each object is
  Masks masks;                ///< which pixels of its box are the object's
};
using SegmentRes = SegResult;  ///< the elder spelling

/// A point of an object, in pixels of the source image, clipped to it.
struct TRTYOLO_API KeyPoint {
  float x = 0, y = 0;
  float conf = 1;  ///< confidence that it is visible, 0 to 1; 1 from networks that do not say (ModelInfo::keypointDims)
};

/// What a pose estimator found in one image; objects by falling score. The vectors have `num` elements each.
struct TRTYOLO_API PoseResult {
  int num = 0;                              ///< number of objects
  std::vector<int> classes;                 ///< class index of each object
  std::vector<float> scores;                ///< confidence of each object, 0 to 1
  std::vector<Box> boxes;                   ///< where each object is
  std::vector<std::vector<KeyPoint>> kpts;  ///< points of each object, ModelInfo::keypoints of them
};
using PoseRes = PoseResult;  ///< the elder spelling

TRTYOLO_API std::ostream& operator<<(std::ostream& out, const Box& box);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const RotatedBox& box);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const KeyPoint& point);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const ClsResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const DetResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const OBBResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const SegResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const PoseResult& result);

// ---------------------------------------------------------------------------------------------------------------------
// Options

/// What a network is for.
enum class Task { Classify, Detect, OBB, Segment, Pose };

/// How a candidate lies in the output of a network that suppresses nothing itself; told from the file where possible.
/// Whether candidates are its rows or its columns is seen from the shape.
enum class Layout {
  Auto,
  ClassScores,  ///< box, a score for each class, extra values: Ultralytics' YOLOv8 and later (YOLOv3u to v6u too)
  Objectness,   ///< box, objectness, a score for each class, extra values: YOLOv5, YOLOv7, decoded YOLOX
  EndToEnd,     ///< finished objects: box, score, class, extra values: YOLOv10, YOLO26
};

/// What runs the network. Auto chooses by the file and the machine.
enum class Backend { Auto, OpenVINO, TensorRT };

/// The arithmetic of the network. F32 is exact (the default); F16 and BF16 are faster where the machine has them and
/// move boxes by up to about half a pixel and scores by about 0.02; Auto is whatever the back end prefers.
enum class Precision { F32, F16, BF16, Auto };

/// "classify", "detect", "obb", "segment" or "pose": the names that Ultralytics uses.
TRTYOLO_API const char* toString(Task task);
/// "auto", "openvino" or "tensorrt".
TRTYOLO_API const char* toString(Backend backend);
/// "f32", "f16", "bf16" or "auto".
TRTYOLO_API const char* toString(Precision precision);

/// How a model is loaded and run. A model copies the option; changing the option afterwards changes nothing.
/// Setters return the option itself, so that they chain, and throw std::invalid_argument for what makes no sense.
class TRTYOLO_API InferOption {
 public:
  InferOption();
  ~InferOption();
  InferOption(const InferOption& other);
  InferOption(InferOption&& other) noexcept;
  InferOption& operator=(const InferOption& other);
  InferOption& operator=(InferOption&& other) noexcept;

  // --- images

  /// Swaps channels 0 and 2 of every image: needed when images are BGR, as OpenCV's are, because networks are trained
  /// on RGB. Off by default.
  InferOption& enableSwapRB();
  /// Letterbox fill, 0 to 255; 114 by default, as Ultralytics trains.
  InferOption& setBorderValue(float value);
  /// Normalisation after the division by 255, for each network channel: (x / 255 - mean) / std. Three values each
  /// (R, G, B); `std` without zeros. By default mean 0 and std 1.
  InferOption& setNormalizeParams(const std::vector<float>& mean, const std::vector<float>& std);
  /// Says that every source image will be `width` by `height` pixels; an image of another size is then refused with
  /// std::invalid_argument. By default any size is taken.
  InferOption& setInputDimensions(int width, int height);

  // --- where and how the network runs

  /// GPU ordinal, 0 by default. OpenVINO, which runs on the CPU here, ignores it.
  InferOption& setDeviceId(int id);
  /// Images are in the memory of the model's GPU, and complete when predict() is called: whatever writes them must have
  /// been waited for. Refused by a model that runs on the CPU.
  InferOption& enableCudaMem();
  /// Unified-memory buffers on a GPU; without effect on a CPU.
  InferOption& enableManagedMemory();
  /// Back end; Backend::Auto by default.
  InferOption& setBackend(Backend backend);
  /// Arithmetic of the network; Precision::F32 by default.
  InferOption& setPrecision(Precision precision);
  /// How many predictions the engine runs side by side on a CPU. 1 (the default) gives every core to one prediction:
  /// the lowest latency, and clones queue behind each other. N lets N clones run at once on a share of the cores each:
  /// the highest throughput with as many clones. 0 chooses what suits the machine, and is what to take for "one clone
  /// a thread on all cores". More than there are cores is refused by the machine, not by this call: it gets fewer.
  InferOption& setStreams(int streams);
  /// How many threads the engine may use on a CPU, all its streams together; 0, the default: one a core.
  InferOption& setThreads(int threads);

  // --- what the file does not say

  /// Task of a model whose file does not name it; a file that names another is refused.
  InferOption& setTask(Task task);
  /// Class names, in the order of their indices, of a model whose file has none; also tells their number. A file's own
  /// names give way to them. Not empty.
  InferOption& setNames(const std::vector<std::string>& names);
  /// Layout of the output where neither the file's metadata nor its shapes tell it; Layout::Auto by default.
  InferOption& setLayout(Layout layout);
  /// Network input for models with dynamic height and width, in pixels; both multiples of the model's stride (32).
  /// By default what the file's metadata says, else 640 by 640.
  InferOption& setNetworkSize(int width, int height);
  /// For models with dynamic height and width: letterbox each image into the smallest multiple-of-stride rectangle that
  /// holds it (on by default, as in Ultralytics' predict), or always into the whole network size.
  InferOption& setRect(bool rect);
  /// Most images in one run of the network, for models with a dynamic batch; 1 by default. A model with a fixed batch
  /// keeps its own.
  InferOption& setBatch(int batch);

  // --- first values of the thresholds; a model can change them later

  InferOption& setConfidence(float threshold);               ///< see BaseModel::setConfidence
  InferOption& setIou(float threshold);                      ///< see BaseModel::setIou
  InferOption& setMaxDetections(int most);                   ///< see BaseModel::setMaxDetections
  InferOption& setClasses(const std::vector<int>& classes);  ///< see BaseModel::setClasses
  InferOption& setAgnostic(bool agnostic);                   ///< see BaseModel::setAgnostic
  InferOption& setTopK(int classes);                         ///< see ClassifyModel::setTopK
  InferOption& setRetinaMasks(bool retina);                  ///< see SegmentModel::setRetinaMasks

  // --- measuring

  /// Collects timings for BaseModel::performanceReport() and timing(). Off by default.
  InferOption& enablePerformanceReport();

  struct Impl;
  const Impl& impl() const { return *impl_; }  ///< for the library itself

 private:
  std::unique_ptr<Impl> impl_;
};

// ---------------------------------------------------------------------------------------------------------------------
// Model descriptions

/// An input or output of the network.
struct TRTYOLO_API TensorInfo {
  std::string name;        ///< name in the file
  std::string type;        ///< element type: "f32", "i32", ...
  std::vector<int> shape;  ///< -1 where dynamic
};

/// What is known of a model; see BaseModel::info() and inspect().
struct TRTYOLO_API ModelInfo {
  std::string file;           ///< path as given
  std::size_t fileBytes = 0;  ///< size of the file, weights of an OpenVINO IR included
  Task task = Task::Detect;
  std::map<int, std::string> names;  ///< class names by index; "0", "1", ... where the file has none
  std::vector<TensorInfo> inputs, outputs;
  int networkWidth = 0, networkHeight = 0;  ///< pixels of the network's input (the largest, for dynamic models)
  int stride = 32;                          ///< coarsest stride, pixels
  int batch = 1;                            ///< most images in one run
  int keypoints = 0;                        ///< points of an object, of pose estimators
  int keypointDims = 0;                     ///< values of a point: 2 (x, y) or 3 (x, y, confidence)
  bool dynamicBatch = false, dynamicSize = false;
  std::string backend;                          ///< "openvino" or "tensorrt"
  std::string device;                           ///< full name of the processor, or of the GPU with its number
  std::string precision;                        ///< arithmetic asked for: "f32", "f16", "bf16" or "auto"
  std::string layout;                           ///< how the outputs are read, in words
  std::map<std::string, std::string> metadata;  ///< everything that the file says of itself
};

/// Reads a model file and says what it is, without making it ready to run. Any thread.
/// @throws ModelError  as the models' constructors do, but for a file of any task
TRTYOLO_API ModelInfo inspect(const std::string& file, const InferOption& option = {});

/// "trtyolo 0.1.0".
TRTYOLO_API const char* version();
/// Back ends built in, with their versions: {{"openvino", "2026.4.1"}}.
TRTYOLO_API std::map<std::string, std::string> backends();

/// Called when a part of the library's work begins, and when it ends, by the thread that does it. A thread's parts
/// nest, and end in the reverse order. They are
///   "predict"   a call of a model's predict()
///   "pool run"  a run of a pool (trtyolo/pool.hpp)
/// and in both, for each run of the network, one after the other, "before", "network" and "after": see Timing. `part`
/// stays valid. It must not throw, and not use the library.
using TraceCall = void (*)(const char* part, bool begins);

/// From now on parts that begin, in the whole process, are told to `call`. With nullptr, as in the beginning, they are
/// told to nobody on a CPU; on a GPU they are ranges of NVTX in the domain "trtyolo", for profilers such as Nsight
/// Systems, if the library was compiled where NVTX's headers are. Any thread, at any time; what `call` is must stay.
TRTYOLO_API void setTrace(TraceCall call);

// ---------------------------------------------------------------------------------------------------------------------
// Engines

/// How far the building of an engine is.
struct TRTYOLO_API BuildProgress {
  std::string phase;        ///< what TensorRT is doing, in its own words
  int step = 0, steps = 1;  ///< of that phase
  double done = 0;          ///< of all, 0 to 1; never falls. Phases take very different times
};

/// How a TensorRT engine is built.
struct TRTYOLO_API BuildOption {
  Precision precision = Precision::F32;  ///< F32 without TF32; Auto is F16, but F32 for graphs with loops or
                                         ///< conditions. Graphs in f16 and with Q/DQ nodes (INT8) keep their own types
  int deviceId = 0;                      ///< GPU that it is built on, and for
  int batch = 1;                         ///< most images in one run; models with a dynamic batch only, otherwise 1
  int usualBatch = 0;                    ///< images in a run that it is tuned for; 0: `batch`
  int leastBatch = 1;                    ///< fewest images in one run
  int width = 0, height = 0;  ///< network input of models with dynamic sizes, the largest; 0: the model's imgsz
  int leastWidth = 0, leastHeight = 0;  ///< the smallest; 0: only the one size
  int optimizationLevel = 3;            ///< 0 (quickly built) to 5 (tried longest)
  std::size_t workspaceBytes = 0;       ///< most scratch memory a layer may take; 0: what the GPU has
  std::string timingCache;              ///< file of timings to read and to write: later builds are quicker; empty: none

  /// Called from time to time, from any thread, one at a time; false ends the building.
  std::function<bool(const BuildProgress&)> onProgress;
};

/// Builds `engine`, a TensorRT plan behind the metadata of `onnx`. Takes from seconds to many minutes. The file is
/// written beside `engine` and renamed, so that it is whole or what it was before. Any thread.
/// @throws std::invalid_argument  an option makes no sense, or `engine` is the file `onnx`
/// @throws ModelError             the model cannot be read or built as asked, or the engine not be written
/// @throws DeviceError            this machine has no GPU or no TensorRT that can be used
/// @throws Error                  onProgress ended it
TRTYOLO_API void buildEngine(const std::string& onnx, const std::string& engine, const BuildOption& option = {});

// ---------------------------------------------------------------------------------------------------------------------
// Models

/// Speed of the bare network; see BaseModel::measureNetwork().
struct TRTYOLO_API NetworkSpeed {
  double seconds = 0;             ///< wall time from the first start to the last end
  std::vector<double> latencies;  ///< milliseconds of each run, in order of completion
};

/// Where the time of predict() goes: medians over calls, in milliseconds of a call; see BaseModel::timing().
struct TRTYOLO_API Timing {
  std::size_t calls = 0;  ///< how many were measured
  double total = 0;       ///< the whole call
  double before = 0;      ///< images into the network's input: letterbox or centre crop
  double network = 0;     ///< the network; on a GPU everything that it does for the call, which is one piece of work
  double after = 0;       ///< from the network's outputs to results
};

/// Memory of an engine and of all models and clones on it together, in bytes; see BaseModel::memory(). On a GPU that of
/// the device, as it was asked for: the driver rounds up, and keeps the kernels' code and something for each stream
/// besides. On a CPU only the `buffers` of clones that have run are known, which are in ordinary memory; what else
/// OpenVINO takes is 0 here.
struct TRTYOLO_API MemoryUse {
  std::size_t engine = 0;    ///< the weights and what the back end keeps with them, once for all clones
  std::size_t contexts = 0;  ///< what the back end keeps for each of the `executors`, without scratch
  std::size_t scratch = 0;   ///< what networks need only while they run: intermediate results, workspace
  std::size_t buffers = 0;   ///< inputs and outputs; on a GPU also the images on their way, decoding and results
  std::size_t pinned = 0;    ///< page-locked host memory: images and results on their way
  int executors = 0;         ///< what calls run on; on a GPU as many as there were calls at once, on a CPU one a clone

  /// Of several engines together.
  MemoryUse& operator+=(const MemoryUse& other) {
    engine += other.engine;
    contexts += other.contexts;
    scratch += other.scratch;
    buffers += other.buffers;
    pinned += other.pinned;
    executors += other.executors;
    return *this;
  }
  /// All but `pinned`.
  std::size_t total() const { return engine + contexts + scratch + buffers; }
};

/// What models of all tasks share. Not made by itself: see ClassifyModel, DetectModel, OBBModel, SegmentModel and
/// PoseModel.
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
/// thresholds that it began with.
///
/// A moved-from model may only be assigned to or destroyed.
class TRTYOLO_API BaseModel {
 public:
  ~BaseModel();
  BaseModel(BaseModel&&) noexcept;
  BaseModel& operator=(BaseModel&&) noexcept;
  BaseModel(const BaseModel&) = delete;
  BaseModel& operator=(const BaseModel&) = delete;

  /// Most images in one run of the network. predict() takes any number, and runs the network as often as needed.
  int batch() const;
  /// What is known of the model; valid as long as the model.
  const ModelInfo& info() const;

  /// Objects must score more than this, 0 to 1. Ultralytics' default: 0.25.
  void setConfidence(float threshold);
  /// Of two boxes (of one class, unless agnostic) whose intersection over union is larger than this, the one with the
  /// lower score is dropped, 0 to 1. Ultralytics' default: 0.7. Without effect on networks that suppress by themselves
  /// (ModelInfo::layout says it).
  void setIou(float threshold);
  /// Most objects of an image, at least 1. Ultralytics' default: 300.
  void setMaxDetections(int most);
  /// Keeps only these classes; empty, the default, keeps all. An index that the model does not have is refused.
  void setClasses(const std::vector<int>& classes);
  /// Boxes of different classes suppress each other too. Off by default. Without effect where setIou() has none.
  void setAgnostic(bool agnostic);

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
  /// requests of its own: what the back end can do on this machine with this model's settings, to hold predict()
  /// against. May run beside predict(), and then shares the machine with it.
  NetworkSpeed measureNetwork(int requests, double seconds) const;

  class Impl;

 protected:
  explicit BaseModel(std::unique_ptr<Impl> impl);
  Impl& impl() const;  ///< throws Error if moved from

 private:
  std::unique_ptr<Impl> impl_;
};

/// Says what an image shows. The image is scaled so that its shorter side fits the network and cropped at its centre,
/// as Ultralytics does it (a network input that is not square: scaled to it without regard to proportions). Confidence,
/// IoU and the other thresholds of detectors have no effect.
class TRTYOLO_API ClassifyModel : public BaseModel {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError  missing, empty, damaged, of another task, or with outputs that a classifier does not have
  explicit ClassifyModel(const std::string& file, const InferOption& option = {});

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<ClassifyModel> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<ClassifyModel> clone(int deviceId) const;

  /// The best classes for one image. Returns when the result is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the back end failed
  ClsResult predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<ClsResult> predict(const std::vector<Image>& images);

  /// How many classes a result has, at least 1 (no more than the model has are given). Ultralytics' default: 5.
  void setTopK(int classes);

 private:
  explicit ClassifyModel(std::unique_ptr<Impl> impl);
};

/// Finds objects and their axis-aligned boxes.
class TRTYOLO_API DetectModel : public BaseModel {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError  missing, empty, damaged, of another task, or with outputs that a detector does not have
  explicit DetectModel(const std::string& file, const InferOption& option = {});

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<DetectModel> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<DetectModel> clone(int deviceId) const;

  /// Finds the objects in one image. Returns when the result is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the back end failed
  DetResult predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<DetResult> predict(const std::vector<Image>& images);

 private:
  explicit DetectModel(std::unique_ptr<Impl> impl);
};

/// Finds objects and their rotated boxes. Overlap is the probabilistic intersection over union of Gaussians
/// (arXiv:2106.06072), and a box goes if it overlaps any box of higher score, kept or not, as in Ultralytics.
class TRTYOLO_API OBBModel : public BaseModel {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError  missing, empty, damaged, of another task, or with outputs that an oriented detector does not
  /// have
  explicit OBBModel(const std::string& file, const InferOption& option = {});

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<OBBModel> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<OBBModel> clone(int deviceId) const;

  /// Finds the objects in one image. Returns when the result is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the back end failed
  OBBResult predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<OBBResult> predict(const std::vector<Image>& images);

 private:
  explicit OBBModel(std::unique_ptr<Impl> impl);
};

/// Finds objects, their boxes and their masks. Objects whose mask has no pixel are left out.
class TRTYOLO_API SegmentModel : public BaseModel {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError  missing, empty, damaged, of another task, or with outputs that a segmenter does not have
  explicit SegmentModel(const std::string& file, const InferOption& option = {});

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<SegmentModel> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<SegmentModel> clone(int deviceId) const;

  /// Finds the objects in one image. Returns when the result is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the back end failed
  SegResult predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<SegResult> predict(const std::vector<Image>& images);

  /// On (the default): masks have the size of the source image, scaled up from the prototypes without a detour, as with
  /// Ultralytics' retina_masks. Off: the size of the network's input, border included, as Ultralytics has it by
  /// default.
  void setRetinaMasks(bool retina);

 private:
  explicit SegmentModel(std::unique_ptr<Impl> impl);
};

/// Finds objects, their boxes and their keypoints.
class TRTYOLO_API PoseModel : public BaseModel {
 public:
  /// Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).
  /// @throws ModelError  missing, empty, damaged, of another task, or with outputs that a pose estimator does not have
  explicit PoseModel(const std::string& file, const InferOption& option = {});

  /// A model on the same engine with an execution context and thresholds (copied now) of its own. Cheap beside loading:
  /// no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its parent.
  std::unique_ptr<PoseModel> clone() const;

  /// A clone on another GPU, otherwise as clone() makes it; on the model's own GPU it is clone(). The first one there
  /// loads the engine from the model's file, which takes as long as loading does. All others there share it, whichever
  /// relative they come from and however many threads ask at once. It goes with the last clone there.
  /// @throws DeviceError  the model runs on the CPU, there is no such GPU, or it has no memory for the engine
  /// @throws ModelError   the file is gone, was changed since, or is an engine that this kind of GPU cannot run
  std::unique_ptr<PoseModel> clone(int deviceId) const;

  /// Finds the objects in one image. Returns when the result is complete.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws BusyError              another thread is in predict() of this object
  /// @throws InferenceError         the back end failed
  PoseResult predict(const Image& image);

  /// The same for any number of images of any sizes, in their order: element i is what predict(images[i]) gives. All
  /// images are checked before the first is run.
  std::vector<PoseResult> predict(const std::vector<Image>& images);

 private:
  explicit PoseModel(std::unique_ptr<Impl> impl);
};

}  // namespace trtyolo
