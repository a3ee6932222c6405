// Objects on their picture: see drawing.hpp.
#include "drawing.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <vector>

#include "colours.hpp"
#include "mask_shapes.hpp"
#include "pen.hpp"

namespace app {
namespace {

/// OpenCV's letters are ASCII only; a name in others is shown by its number.
std::string labelOf(int index, float score, const Names& names) {
  std::string name = names.at(static_cast<std::size_t>(index));
  const bool ascii = std::all_of(name.begin(), name.end(), [](char letter) { return letter >= ' ' && letter <= '~'; });
  if (!ascii) name = fmt::format("class {}", index);
  return fmt::format("{} {:.2f}", name, score);
}

enum class BodyPart { Head, Arm, Trunk, Leg };

cv::Scalar bodyColour(BodyPart part) {
  switch (part) {
    case BodyPart::Head:
      return {60, 225, 60};
    case BodyPart::Arm:
      return {255, 140, 20};
    case BodyPart::Trunk:
      return {240, 70, 240};
    case BodyPart::Leg:
      return {30, 150, 255};
  }
  return {};
}

/// Keypoints 0 to 4 of COCO's are nose, eyes and ears, then come, each left and right, shoulders, elbows, wrists, hips,
/// knees, ankles.
constexpr std::size_t kBodyPoints = 17;

BodyPart bodyPartOf(std::size_t point) {
  constexpr std::size_t kFirstShoulder = 5, kFirstHip = 11;
  if (point < kFirstShoulder) return BodyPart::Head;
  return point < kFirstHip ? BodyPart::Arm : BodyPart::Leg;
}

struct Limb {
  std::size_t from, to;
  BodyPart part;
};

constexpr std::array<Limb, 19> kLimbs{{
    {0, 1, BodyPart::Head},   {0, 2, BodyPart::Head},   {1, 2, BodyPart::Head},    {1, 3, BodyPart::Head},
    {2, 4, BodyPart::Head},   {3, 5, BodyPart::Head},   {4, 6, BodyPart::Head},    {5, 6, BodyPart::Trunk},
    {5, 11, BodyPart::Trunk}, {6, 12, BodyPart::Trunk}, {11, 12, BodyPart::Trunk}, {5, 7, BodyPart::Arm},
    {7, 9, BodyPart::Arm},    {6, 8, BodyPart::Arm},    {8, 10, BodyPart::Arm},    {11, 13, BodyPart::Leg},
    {13, 15, BodyPart::Leg},  {12, 14, BodyPart::Leg},  {14, 16, BodyPart::Leg},
}};

/// Networks without confidences put points that they do not see at (0, 0).
bool visible(const trtyolo::KeyPoint& point) {
  constexpr float kLeastConfidence = 0.25F;
  return point.conf >= kLeastConfidence && (point.x != 0 || point.y != 0);
}

void drawPoints(Pen& pen, const std::vector<trtyolo::KeyPoint>& points) {
  const bool body = points.size() == kBodyPoints;
  if (body) {
    for (const Limb& limb : kLimbs) {
      const trtyolo::KeyPoint &from = points[limb.from], &to = points[limb.to];
      if (visible(from) && visible(to)) pen.line({from.x, from.y}, {to.x, to.y}, bodyColour(limb.part));
    }
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const cv::Scalar colour = body ? bodyColour(bodyPartOf(i)) : colourOf(static_cast<int>(i));
    if (visible(points[i])) pen.dot({points[i].x, points[i].y}, colour);
  }
}

std::vector<cv::Point2f> cornersOf(const trtyolo::RotatedBox& box) {
  const std::array<float, 8> values = box.xyxyxyxy();
  std::vector<cv::Point2f> corners;
  for (std::size_t i = 0; i < values.size(); i += 2) corners.emplace_back(values[i], values[i + 1]);
  return corners;
}

/// Where an object's label belongs.
cv::Point2f labelCorner(const Found& found, std::size_t i) {
  if (found.rotated.empty()) return {found.boxes[i].left, found.boxes[i].top};
  const std::vector<cv::Point2f> corners = cornersOf(found.rotated[i]);
  return *std::min_element(corners.begin(), corners.end(),
                           [](const cv::Point2f& a, const cv::Point2f& b) { return a.y < b.y; });
}

}  // namespace

void draw(cv::Mat& picture, const Found& found, const Names& names) {
  Pen pen(picture);
  if (found.boxes.empty() && found.rotated.empty()) {
    constexpr std::size_t kMostLines = 5;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < std::min(found.classes.size(), kMostLines); ++i) {
      lines.push_back(labelOf(found.classes[i], found.scores[i], names));
    }
    pen.caption(lines);
    return;
  }
  // The surest objects last, on top; masks below all boxes, points above them, and labels above all.
  const trtyolo::Masks masks = scaledTo(picture.size(), found.masks);
  for (std::size_t i = masks.size(); i-- > 0;) pen.mask(masks, i, colourOf(found.classes[i]));
  for (std::size_t i = found.boxes.size(); i-- > 0;) pen.box(found.boxes[i], colourOf(found.classes[i]));
  for (std::size_t i = found.rotated.size(); i-- > 0;) {
    pen.polygon(cornersOf(found.rotated[i]), colourOf(found.classes[i]));
  }
  for (std::size_t i = found.keypoints.size(); i-- > 0;) drawPoints(pen, found.keypoints[i]);
  for (std::size_t i = found.classes.size(); i-- > 0;) {
    pen.label(labelCorner(found, i), labelOf(found.classes[i], found.scores[i], names), colourOf(found.classes[i]));
  }
}

}  // namespace app
