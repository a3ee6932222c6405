// The public value types: constructors, corners, text forms.
#include <cmath>
#include <iomanip>
#include <ostream>

#include "trtyolo.hpp"

namespace trtyolo {
namespace {

// Two decimals inside this scope; the stream's own format comes back after it.
class FixedFormat {
 public:
  explicit FixedFormat(std::ostream& out) : out_(out), flags_(out.flags()), precision_(out.precision()) {
    out << std::fixed << std::setprecision(2);
  }
  ~FixedFormat() {
    out_.flags(flags_);
    out_.precision(precision_);
  }
  FixedFormat(const FixedFormat&) = delete;
  FixedFormat& operator=(const FixedFormat&) = delete;

 private:
  std::ostream& out_;
  std::ios_base::fmtflags flags_;
  std::streamsize precision_;
};

// A line for each object: its class, its score, and what `rest` adds.
template <typename Result, typename Rest>
void printObjects(std::ostream& out, const Result& result, const Rest& rest) {
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    out << "\n  class " << result.classes[i] << ", score " << result.scores[i];
    rest(i);
  }
}

}  // namespace

Image::Image(void* pointer, int imageWidth, int imageHeight) : Image(pointer, imageWidth, imageHeight, 3, 0) {}

Image::Image(void* pointer, int imageWidth, int imageHeight, std::size_t rowPitch)
    : Image(pointer, imageWidth, imageHeight, 3, rowPitch) {}

Image::Image(void* pointer, int imageWidth, int imageHeight, int imageChannels, std::size_t rowPitch)
    : ptr(pointer), width(imageWidth), height(imageHeight), channels(imageChannels), pitch(rowPitch) {
  // Nonsense is kept as it is for predict() to name; only a sensible image can be given its natural pitch.
  if (pitch == 0 && width > 0 && channels > 0) {
    pitch = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
}

std::array<float, 8> RotatedBox::xyxyxyxy() const {
  const auto [x, y, width, height, angle] = xywhr();
  const float cos = std::cos(angle), sin = std::sin(angle);
  const float ux = width / 2 * cos, uy = width / 2 * sin;
  const float vx = -height / 2 * sin, vy = height / 2 * cos;
  return {x + ux + vx, y + uy + vy, x + ux - vx, y + uy - vy, x - ux - vx, y - uy - vy, x - ux + vx, y - uy + vy};
}

const char* toString(Task task) {
  switch (task) {
    case Task::Classify:
      return "classify";
    case Task::Detect:
      return "detect";
    case Task::OBB:
      return "obb";
    case Task::Segment:
      return "segment";
    case Task::Pose:
      return "pose";
  }
  return "unknown";
}

const char* toString(Backend backend) {
  switch (backend) {
    case Backend::Auto:
      return "auto";
    case Backend::OpenVINO:
      return "openvino";
    case Backend::TensorRT:
      return "tensorrt";
  }
  return "unknown";
}

const char* toString(Precision precision) {
  switch (precision) {
    case Precision::F32:
      return "f32";
    case Precision::F16:
      return "f16";
    case Precision::BF16:
      return "bf16";
    case Precision::Auto:
      return "auto";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, const Box& box) {
  const FixedFormat format(out);
  return out << '[' << box.left << ", " << box.top << ", " << box.right << ", " << box.bottom << ']';
}

std::ostream& operator<<(std::ostream& out, const RotatedBox& box) {
  const FixedFormat format(out);
  const auto [x, y, width, height, theta] = box.xywhr();
  return out << "[centre " << x << ", " << y << ", size " << width << ", " << height << ", theta " << theta << ']';
}

std::ostream& operator<<(std::ostream& out, const KeyPoint& point) {
  const FixedFormat format(out);
  return out << '(' << point.x << ", " << point.y << ", " << point.conf << ')';
}

std::ostream& operator<<(std::ostream& out, const ClsResult& result) {
  const FixedFormat format(out);
  out << "ClsResult(num=" << result.num << ')';
  printObjects(out, result, [](std::size_t) {});
  return out;
}

std::ostream& operator<<(std::ostream& out, const DetResult& result) {
  const FixedFormat format(out);
  out << "DetResult(num=" << result.num << ')';
  printObjects(out, result, [&](std::size_t i) { out << ", box " << result.boxes[i]; });
  return out;
}

std::ostream& operator<<(std::ostream& out, const OBBResult& result) {
  const FixedFormat format(out);
  out << "OBBResult(num=" << result.num << ')';
  printObjects(out, result, [&](std::size_t i) { out << ", box " << result.boxes[i]; });
  return out;
}

std::ostream& operator<<(std::ostream& out, const SegResult& result) {
  const FixedFormat format(out);
  out << "SegResult(num=" << result.num << ", masks of " << result.masks.width() << " x " << result.masks.height()
      << ')';
  printObjects(out, result, [&](std::size_t i) {
    out << ", box " << result.boxes[i] << ", mask of " << result.masks.area(i) << " pixels";
  });
  return out;
}

std::ostream& operator<<(std::ostream& out, const PoseResult& result) {
  const FixedFormat format(out);
  out << "PoseResult(num=" << result.num << ')';
  printObjects(out, result, [&](std::size_t i) {
    out << ", box " << result.boxes[i] << ", keypoints";
    for (const KeyPoint& point : result.kpts[i]) {
      out << ' ' << point;
    }
  });
  return out;
}

}  // namespace trtyolo
