#include "api/option.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "model/family/family.hpp"

namespace trtyolo {
namespace {

Size checkedSize(const char* what, int width, int height) {
  if (width < 1 || height < 1) {
    throw std::invalid_argument(std::string(what) + ": width and height must be at least 1, found " +
                                std::to_string(width) + " x " + std::to_string(height));
  }
  return {width, height};
}

int checkedNotNegative(const char* what, int value) {
  if (value < 0) {
    throw std::invalid_argument(std::string(what) + " must not be negative, found " + std::to_string(value));
  }
  return value;
}

std::array<float, 3> checkedChannels(const char* what, const std::vector<float>& values) {
  if (values.size() != 3 ||
      !std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    throw std::invalid_argument(std::string("setNormalizeParams: ") + what +
                                " must be three finite values (R, G, B), found " + std::to_string(values.size()) +
                                (values.size() == 3 ? ", not all finite" : ""));
  }
  return {values[0], values[1], values[2]};
}

}  // namespace

InferOption::InferOption() : impl_(std::make_unique<Impl>()) {}
InferOption::~InferOption() = default;
InferOption::InferOption(const InferOption& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
InferOption& InferOption::operator=(const InferOption& other) {
  *impl_ = *other.impl_;
  return *this;
}
// A moved-from option is a default one: it stays usable, and no method needs to look.
InferOption::InferOption(InferOption&& other) noexcept : InferOption() {
  impl_.swap(other.impl_);
}
InferOption& InferOption::operator=(InferOption&& other) noexcept {
  impl_.swap(other.impl_);
  return *this;
}

InferOption& InferOption::enableSwapRB() {
  impl_->engine.description.pixels.swapRB = true;
  return *this;
}

InferOption& InferOption::setBgrNetwork(bool bgr) {
  impl_->engine.description.pixels.bgr = bgr;
  return *this;
}

InferOption& InferOption::setPixelScale(float scale) {
  if (!(scale > 0.0F && std::isfinite(scale))) {
    throw std::invalid_argument("setPixelScale: must be a finite number above 0, found " + std::to_string(scale));
  }
  impl_->engine.description.pixels.white = scale;
  return *this;
}

InferOption& InferOption::setLetterbox(LetterboxMode mode) {
  impl_->engine.description.pixels.letterbox = mode;
  return *this;
}

InferOption& InferOption::setBorderValue(float value) {
  if (!(value >= 0.0F && value <= 255.0F)) {
    throw std::invalid_argument("setBorderValue: must be between 0 and 255, found " + std::to_string(value));
  }
  impl_->engine.description.pixels.border = value;
  return *this;
}

InferOption& InferOption::setNormalizeParams(const std::vector<float>& mean, const std::vector<float>& std) {
  const auto checkedMean = checkedChannels("mean", mean);
  const auto checkedStd = checkedChannels("std", std);
  if (std::find(checkedStd.begin(), checkedStd.end(), 0.0F) != checkedStd.end()) {
    throw std::invalid_argument("setNormalizeParams: std must not be 0");
  }
  impl_->engine.description.pixels.mean = checkedMean;
  impl_->engine.description.pixels.std = checkedStd;
  return *this;
}

InferOption& InferOption::setInputDimensions(int width, int height) {
  impl_->sourceSize = checkedSize("setInputDimensions", width, height);
  return *this;
}

InferOption& InferOption::setImageDecoder(std::shared_ptr<ImageDecoder> decoder) {
  impl_->decoder = std::move(decoder);
  return *this;
}

InferOption& InferOption::setFastDecode(bool fast) {
  impl_->fastDecode = fast;
  return *this;
}

InferOption& InferOption::setDeviceId(int id) {
  impl_->engine.deviceId = checkedNotNegative("setDeviceId: the GPU ordinal", id);
  return *this;
}

InferOption& InferOption::enableCudaMem() {
  impl_->engine.deviceImages = true;
  return *this;
}

InferOption& InferOption::enableManagedMemory() {
  impl_->engine.managedMemory = true;
  return *this;
}

InferOption& InferOption::setBackend(Backend backend) {
  impl_->engine.backend = backend;
  return *this;
}

InferOption& InferOption::setPrecision(Precision precision) {
  impl_->engine.precision = precision;
  return *this;
}

InferOption& InferOption::setPluginLibraries(const std::vector<std::string>& files) {
  impl_->engine.pluginLibraries = files;
  return *this;
}

InferOption& InferOption::setStreams(int streams) {
  impl_->engine.streams = checkedNotNegative("setStreams: the number", streams);
  return *this;
}

InferOption& InferOption::setThreads(int threads) {
  impl_->engine.threads = checkedNotNegative("setThreads: the number", threads);
  return *this;
}

InferOption& InferOption::setSelfTest(SelfTest mode) {
  impl_->selfTest = mode;
  return *this;
}

InferOption& InferOption::setTask(Task task) {
  impl_->engine.description.task = task;
  return *this;
}

InferOption& InferOption::setNames(const std::vector<std::string>& names) {
  if (names.empty()) {
    throw std::invalid_argument("setNames: at least one name is needed, found none");
  }
  impl_->engine.description.names = names;
  return *this;
}

InferOption& InferOption::setLayout(Layout layout) {
  impl_->engine.description.layout = layout;
  return *this;
}

InferOption& InferOption::setFamily(const std::string& name) {
  impl_->engine.description.family = familyNamed(name).name;
  return *this;
}

InferOption& InferOption::setHead(HeadMode mode) {
  impl_->engine.description.head = mode;
  return *this;
}

InferOption& InferOption::setNetworkSize(int width, int height) {
  impl_->engine.description.networkSize = checkedSize("setNetworkSize", width, height);
  return *this;
}

InferOption& InferOption::setRect(bool rect) {
  impl_->engine.description.rect = rect;
  return *this;
}

InferOption& InferOption::setBatch(int batch) {
  impl_->engine.description.batch = PostprocessOptions::checkedCount("setBatch: the number of images", batch);
  return *this;
}

InferOption& InferOption::setConfidence(float threshold) {
  impl_->postprocess.confidence = PostprocessOptions::checkedFraction("setConfidence: the threshold", threshold);
  return *this;
}

InferOption& InferOption::setIou(float threshold) {
  impl_->postprocess.iou = PostprocessOptions::checkedFraction("setIou: the threshold", threshold);
  return *this;
}

InferOption& InferOption::setMaxDetections(int most) {
  impl_->postprocess.maxDetections = PostprocessOptions::checkedCount("setMaxDetections: the number", most);
  return *this;
}

InferOption& InferOption::setClasses(const std::vector<int>& classes) {
  impl_->postprocess.classes = PostprocessOptions::checkedClasses(classes);
  return *this;
}

InferOption& InferOption::setAgnostic(bool agnostic) {
  impl_->postprocess.agnostic = agnostic;
  return *this;
}

InferOption& InferOption::setTopK(int classes) {
  impl_->postprocess.topK = PostprocessOptions::checkedCount("setTopK: the number of classes", classes);
  return *this;
}

InferOption& InferOption::setRetinaMasks(bool retina) {
  impl_->postprocess.retinaMasks = retina;
  return *this;
}

InferOption& InferOption::enablePerformanceReport() {
  impl_->performanceReport = true;
  return *this;
}

}  // namespace trtyolo
