// How a model is loaded and run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api.hpp"
#include "encoded.hpp"
#include "results.hpp"

namespace trtyolo {

/// How a candidate lies in the output of a network that suppresses nothing itself; told from the file where possible.
/// Whether candidates are its rows or its columns is seen from the shape.
enum class Layout {
  Auto,
  ClassScores,  ///< box, a score for each class, extra values: Ultralytics' YOLOv8 and later (YOLOv3u to v6u too)
  Objectness,   ///< box, objectness, a score for each class, extra values: YOLOv5, YOLOv7, decoded YOLOX
  EndToEnd,     ///< finished objects: box, score, class, extra values: YOLOv10, YOLO26
};

/// Where an image lies in the network's input. Center: scaled by one ratio, in the middle, border on two sides (YOLO).
/// TopLeft: the same, in the upper left corner (YOLOX). Stretch: over all of it, each side by a ratio of its own
/// (DETR). Auto: what the family does.
enum class LetterboxMode { Auto, Center, TopLeft, Stretch };

/// How much of a network runs that is recognised by its graph. Whole: as it was exported, with the decoding of all
/// anchors at its end. Cut: up to its last convolutions, and the library decodes the few candidates: the same results
/// in less time. Auto: cut where it can be.
enum class HeadMode { Auto, Whole, Cut };

/// What runs the network. Auto chooses by the file and the machine.
enum class Backend { Auto, OpenVINO, TensorRT };

/// The arithmetic of the network. F32 is exact (the default); F16 and BF16 are faster where the machine has them and
/// move boxes by up to about half a pixel and scores by about 0.02; Auto is whatever the backend prefers.
enum class Precision { F32, F16, BF16, Auto };

/// What a model does with the self-test that its file holds (see self_test.hpp). Off: nothing. Warn: it is run when the
/// file is loaded, and if it fails, the log says so (setLog()). Refuse: a file that fails is not loaded.
enum class SelfTest { Off, Warn, Refuse };

/// "auto", "class_scores", "objectness" or "end_to_end".
TRTYOLO_API const char* toString(Layout layout);
/// "auto", "center", "topleft" or "stretch".
TRTYOLO_API const char* toString(LetterboxMode mode);
/// "auto", "whole" or "cut".
TRTYOLO_API const char* toString(HeadMode mode);
/// "auto", "openvino" or "tensorrt".
TRTYOLO_API const char* toString(Backend backend);
/// "f32", "f16", "bf16" or "auto".
TRTYOLO_API const char* toString(Precision precision);
/// "off", "warn" or "refuse".
TRTYOLO_API const char* toString(SelfTest mode);

/// The value that toString() gives this name.
/// @throws std::invalid_argument  there is none; the message says the names that there are
TRTYOLO_API Task taskOf(const std::string& name);
TRTYOLO_API Layout layoutOf(const std::string& name);                ///< as taskOf()
TRTYOLO_API LetterboxMode letterboxModeOf(const std::string& name);  ///< as taskOf()
TRTYOLO_API HeadMode headModeOf(const std::string& name);            ///< as taskOf()
TRTYOLO_API Backend backendOf(const std::string& name);              ///< as taskOf()
TRTYOLO_API Precision precisionOf(const std::string& name);          ///< as taskOf()
TRTYOLO_API SelfTest selfTestOf(const std::string& name);            ///< as taskOf()

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

  /// Says that images are BGR, as OpenCV's are, not RGB: networks that are trained on RGB get channels 0 and 2 swapped.
  /// Off by default.
  InferOption& enableSwapRB();
  /// Says that the network takes BGR (YOLOX), whatever images are: see enableSwapRB(). By default what its family
  /// takes, which is RGB for most.
  InferOption& setBgrNetwork(bool bgr);
  /// Value of the brightest pixel in the network's input, above 0: 1 for most, 255 for YOLOX. By default what its
  /// family takes.
  InferOption& setPixelScale(float scale);
  /// Where images lie in the network's input; LetterboxMode::Auto by default. Classifiers see a crop of the middle,
  /// whatever this says.
  InferOption& setLetterbox(LetterboxMode mode);
  /// Letterbox fill, 0 to 255; by default what the family takes, 114 for most, as Ultralytics trains.
  InferOption& setBorderValue(float value);
  /// Normalisation after the division by 255, for each network channel: (x / 255 - mean) / std. Three values each
  /// (R, G, B; of a network that takes BGR: B, G, R); `std` without zeros. By default what the family takes: mean 0 and
  /// std 1 for most.
  InferOption& setNormalizeParams(const std::vector<float>& mean, const std::vector<float>& std);
  /// Says that every source image will be `width` by `height` pixels; an image of another size is then refused with
  /// std::invalid_argument. By default any size is taken.
  InferOption& setInputDimensions(int width, int height);

  /// What decodes the encoded images (EncodedImage) that the model, its clones and its pools are given. They share it.
  /// Without one, which is the default, encoded images are refused; makeImageDecoder() of media.hpp makes one. Null
  /// takes it away again.
  InferOption& setImageDecoder(std::shared_ptr<ImageDecoder> decoder);

  /// Lets the decoder give images with fewer pixels than they have, but no fewer than the network sees:
  /// makeImageDecoder() decodes JPEG images on the CPU at a half, a quarter or an eighth of their size, in a fraction
  /// of the time. Results are in pixels of the whole image all the same, but not the same to the last digit. Off by
  /// default; without effect on images that are given as pixels or decoded on a GPU.
  InferOption& setFastDecode(bool fast = true);

  // --- where and how the network runs

  /// GPU ordinal, 0 by default. OpenVINO, which runs on the CPU here, ignores it.
  InferOption& setDeviceId(int id);
  /// Images are in the memory of the model's GPU, and complete when predict() is called: whatever writes them must have
  /// been waited for. Refused by a model that runs on the CPU. Without it, an image in GPU memory is refused, unless
  /// Image::memory says that it is there. Of encoded images it says nothing: those are taken from wherever their
  /// decoder puts the pixels.
  InferOption& enableCudaMem();
  /// Unified-memory buffers on a GPU; without effect on a CPU.
  InferOption& enableManagedMemory();
  /// Backend; Backend::Auto by default.
  InferOption& setBackend(Backend backend);
  /// Arithmetic of the network; Precision::F32 by default.
  InferOption& setPrecision(Precision precision);
  /// Shared libraries with TensorRT plugins that an engine needs (those of its exporter, say), loaded in this order
  /// before the engine; they stay loaded. Without effect on a CPU. An engine that needs a plugin which is not there is
  /// refused with a ModelError that names it. Such libraries run their own code: load none that you do not trust.
  InferOption& setPluginLibraries(const std::vector<std::string>& files);
  /// How many predictions the engine runs side by side on a CPU. 1 (the default) gives every core to one prediction:
  /// the lowest latency, and clones queue behind each other. N lets N clones run at once on a share of the cores each:
  /// the highest throughput with as many clones. 0 chooses what suits the machine, and is what to take for "one clone
  /// a thread on all cores". More than there are cores is refused by the machine, not by this call: it gets fewer.
  InferOption& setStreams(int streams);
  /// How many threads the engine may use on a CPU, all its streams together; 0, the default: one a core.
  InferOption& setThreads(int threads);

  /// What becomes of the self-test that the file holds; SelfTest::Warn by default. It takes less than 0.2 s or, where
  /// one run of the network takes longer, one run, and no memory but what the first predict() takes anyway. Files
  /// without one load as they are; clones are not tested again. An option that changes what goes into the network
  /// (setNetworkSize(), setBgrNetwork(), ...) from what it was where the test was made leaves the test out.
  InferOption& setSelfTest(SelfTest mode);

  // --- what the file does not say

  /// Task of a model whose file does not name it; a file that names another is refused.
  InferOption& setTask(Task task);
  /// Class names, in the order of their indices, of a model whose file has none; also tells their number. A file's own
  /// names give way to them. Not empty.
  InferOption& setNames(const std::vector<std::string>& names);
  /// Layout of the output where neither the file's metadata nor its shapes tell it; Layout::Auto by default.
  InferOption& setLayout(Layout layout);
  /// Whose file it is, which tells how pixels go in and how boxes come out, where the file does not: "ultralytics",
  /// "yolov5", "yolov7", "yolox", "yolonas", "rfdetr", ...; docs/models.md has the table. Other options override what
  /// it says. By default what the file's metadata, the names of its outputs and their shapes tell; ModelInfo::family
  /// says what that is.
  InferOption& setFamily(const std::string& name);
  /// Whether a network whose head is recognised in its graph is cut behind its last convolutions, and a classifier
  /// before its softmax; HeadMode::Auto by default. ModelInfo::head says what became of it. An engine is cut when it is
  /// built (BuildOption::head), and engines of others run whole: what contradicts that is a ModelError, and so is a
  /// head that is to be cut and not recognised.
  InferOption& setHead(HeadMode mode);
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

  InferOption& setConfidence(float threshold);               ///< see Model::setConfidence
  InferOption& setIou(float threshold);                      ///< see Model::setIou
  InferOption& setMaxDetections(int most);                   ///< see Model::setMaxDetections
  InferOption& setClasses(const std::vector<int>& classes);  ///< see Model::setClasses
  InferOption& setAgnostic(bool agnostic);                   ///< see Model::setAgnostic
  InferOption& setTopK(int classes);                         ///< see Model::setTopK
  InferOption& setRetinaMasks(bool retina);                  ///< see Model::setRetinaMasks

  // --- measuring

  /// Collects timings for Model::performanceReport() and timing(). Off by default.
  InferOption& enablePerformanceReport();

  struct Impl;
  const Impl& impl() const { return *impl_; }  ///< for the library itself

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace trtyolo
