// The public value types: corners, text forms.
#include "trtyolo/results.hpp"

#include <cmath>
#include <iomanip>
#include <ostream>
#include <utility>

namespace trtyolo {

ClassNames::ClassNames(std::map<int, std::string> names)
    : names_(std::make_shared<const std::map<int, std::string>>(std::move(names))) {}

std::string ClassNames::operator[](int index) const {
  const auto name = map().find(index);
  return name == map().end() ? std::to_string(index) : name->second;
}

const std::map<int, std::string>& ClassNames::map() const {
  static const std::map<int, std::string> kNone;
  return names_ ? *names_ : kNone;
}

std::array<float, 8> RotatedBox::xyxyxyxy() const {
  const auto [x, y, width, height, angle] = xywhr();
  const float cos = std::cos(angle), sin = std::sin(angle);
  const float ux = width / 2 * cos, uy = width / 2 * sin;
  const float vx = -height / 2 * sin, vy = height / 2 * cos;
  return {x + ux + vx, y + uy + vy, x + ux - vx, y + uy - vy, x - ux - vx, y - uy - vy, x - ux + vx, y - uy + vy};
}

ClsResult::ClsResult(Result&& result) : BaseResult(std::move(result)) {}
DetResult::DetResult(Result&& result) : BaseResult(std::move(result)), boxes(std::move(result.boxes)) {}
OBBResult::OBBResult(Result&& result) : BaseResult(std::move(result)), boxes(std::move(result.rotatedBoxes)) {}
SegResult::SegResult(Result&& result)
    : BaseResult(std::move(result)), boxes(std::move(result.boxes)), masks(std::move(result.masks)) {}
PoseResult::PoseResult(Result&& result)
    : BaseResult(std::move(result)), boxes(std::move(result.boxes)), kpts(std::move(result.keypoints)) {}

SemanticResult::SemanticResult(Result&& result)
    : BaseResult(std::move(result)), semantic(std::move(result.semantic)), pixels(std::move(result.pixels)) {}
DepthResult::DepthResult(Result&& result) : BaseResult(std::move(result)), depth(std::move(result.depth)) {}

// ---------------------------------------------------------------------------------------------------------------------
// Text

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

// What a result has beside classes and scores; null: nothing.
struct Parts {
  const std::vector<Box>* boxes = nullptr;
  const std::vector<RotatedBox>* rotatedBoxes = nullptr;
  const Masks* masks = nullptr;
  const std::vector<std::vector<KeyPoint>>* keypoints = nullptr;
  const std::vector<std::size_t>* pixels = nullptr;
  const DepthMap* depth = nullptr;
};

std::ostream& print(std::ostream& out, const char* type, const BaseResult& result, const Parts& parts) {
  const FixedFormat format(out);
  out << type << "(num=" << result.num << ", image " << result.imageWidth << " x " << result.imageHeight << ')';
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    out << "\n  " << result.name(i) << ' ' << result.scores[i];
    if (i < result.trackIds.size() && result.trackIds[i] >= 0) {
      out << ", track " << result.trackIds[i];
    }
    if (parts.boxes) {
      out << ", box " << (*parts.boxes)[i];
    }
    if (parts.rotatedBoxes) {
      out << ", box " << (*parts.rotatedBoxes)[i];
    }
    if (parts.masks) {
      out << ", mask of " << parts.masks->area(i) << " pixels";
    }
    if (parts.keypoints) {
      out << ", keypoints";
      for (const KeyPoint& point : (*parts.keypoints)[i]) {
        out << ' ' << point;
      }
    }
    if (parts.pixels) {
      out << ", " << (*parts.pixels)[i] << " pixels";
    }
  }
  if (parts.depth) {
    const auto [min, median, max] = parts.depth->range();
    out << "\n  " << min << " to " << max << " m, median " << median;
  }
  return out;
}

}  // namespace

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

std::ostream& operator<<(std::ostream& out, const Result& result) {
  return print(out, "Result", result,
               {result.hasBoxes() ? &result.boxes : nullptr, result.hasRotatedBoxes() ? &result.rotatedBoxes : nullptr,
                result.hasMasks() ? &result.masks : nullptr, result.hasKeypoints() ? &result.keypoints : nullptr,
                result.hasSemantic() ? &result.pixels : nullptr, result.hasDepth() ? &result.depth : nullptr});
}
std::ostream& operator<<(std::ostream& out, const ClsResult& result) {
  return print(out, "ClsResult", result, {});
}
std::ostream& operator<<(std::ostream& out, const DetResult& result) {
  return print(out, "DetResult", result, {&result.boxes});
}
std::ostream& operator<<(std::ostream& out, const OBBResult& result) {
  return print(out, "OBBResult", result, {nullptr, &result.boxes});
}
std::ostream& operator<<(std::ostream& out, const SegResult& result) {
  return print(out, "SegResult", result, {&result.boxes, nullptr, &result.masks});
}
std::ostream& operator<<(std::ostream& out, const PoseResult& result) {
  return print(out, "PoseResult", result, {&result.boxes, nullptr, nullptr, &result.kpts});
}
std::ostream& operator<<(std::ostream& out, const SemanticResult& result) {
  return print(out, "SemanticResult", result, {nullptr, nullptr, nullptr, nullptr, &result.pixels});
}
std::ostream& operator<<(std::ostream& out, const DepthResult& result) {
  return print(out, "DepthResult", result, {nullptr, nullptr, nullptr, nullptr, nullptr, &result.depth});
}

}  // namespace trtyolo
