// Objects on their image: see drawing.hpp.
#include "draw/drawing.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "draw/colours.hpp"
#include "draw/pen.hpp"

namespace app {
namespace {

bool isTracked(const trtyolo::Result& result, std::size_t i) {
  return i < result.trackIds.size() && result.trackIds[i] != trtyolo::kNoTrack;
}

std::string labelOf(const trtyolo::Result& result, std::size_t i) {
  const std::string id = isTracked(result, i) ? fmt::format("#{} ", result.trackIds[i]) : "";
  return fmt::format("{}{} {:.2f}", id, result.name(i), result.scores[i]);
}

/// Of the object's track, or of its class.
cv::Scalar objectColour(const trtyolo::Result& result, std::size_t i) {
  return colourOf(isTracked(result, i) ? result.trackIds[i] : result.classes[i]);
}

std::string shareOf(const trtyolo::Result& result, std::size_t i) {
  return fmt::format("{} {:.1f} %", result.name(i), 100 * result.scores[i]);
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
cv::Point2f labelCorner(const trtyolo::Result& result, std::size_t i) {
  if (!result.hasRotatedBoxes()) return {result.boxes[i].left, result.boxes[i].top};
  const std::vector<cv::Point2f> corners = cornersOf(result.rotatedBoxes[i]);
  return *std::min_element(corners.begin(), corners.end(),
                           [](const cv::Point2f& a, const cv::Point2f& b) { return a.y < b.y; });
}

/// The masks in the size of `image`. Those that have the size of a network's input (Model::setRetinaMasks) are taken
/// out of its border and scaled with smooth edges.
trtyolo::Masks scaledTo(cv::Size image, const trtyolo::Masks& masks) {
  if (masks.width() == image.width && masks.height() == image.height) return masks;
  // As pixel edges count, mask = image * scale + border. The letterbox is of whole pixels; of an odd border the larger
  // half is on the right and below.
  const double scale = std::min(1.0 * masks.width() / image.width, 1.0 * masks.height() / image.height);
  const auto border = [scale](int network, int side) {
    return std::round((network - std::nearbyint(side * scale)) / 2 - 0.1);
  };
  const double left = border(masks.width(), image.width), top = border(masks.height(), image.height);

  trtyolo::Masks scaled(image.width, image.height);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    trtyolo::Mask mask = masks[i];
    const cv::Mat whole(mask.height, mask.width, CV_8U, mask.data.data());
    const cv::Rect object = cv::boundingRect(whole);
    // One pixel of the mask more on each side, where its edge fades out.
    const cv::Point from(static_cast<int>(std::floor((object.x - 1 - left) / scale)),
                         static_cast<int>(std::floor((object.y - 1 - top) / scale)));
    const cv::Point to(static_cast<int>(std::ceil((object.br().x + 1 - left) / scale)),
                       static_cast<int>(std::ceil((object.br().y + 1 - top) / scale)));
    const cv::Rect region = cv::Rect(from, to) & cv::Rect(cv::Point(), image);
    std::vector<trtyolo::Masks::Run> runs;
    cv::Mat pixels;
    if (!object.empty() && !region.empty()) {
      // From the centres of the image's pixels to those of the mask's.
      const cv::Matx23d transform(scale, 0, (region.x + 0.5) * scale + left - 0.5,  //
                                  0, scale, (region.y + 0.5) * scale + top - 0.5);
      cv::warpAffine(whole, pixels, transform, region.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
    }
    for (int y = 0; y < pixels.rows; ++y) {
      const auto *row = pixels.ptr<unsigned char>(y), *end = row + pixels.cols;
      const auto start = static_cast<std::uint32_t>((region.y + y) * image.width + region.x);
      for (const auto* begin = std::find(row, end, 1); begin != end;) {
        const auto* const behind = std::find(begin, end, 0);
        runs.push_back(
            {start + static_cast<std::uint32_t>(begin - row), start + static_cast<std::uint32_t>(behind - row)});
        begin = std::find(behind, end, 1);
      }
    }
    scaled.add(runs);
  }
  return scaled;
}

/// The objects with the highest scores last, on top; masks below all boxes, and points above them.
void drawShapes(Pen& pen, cv::Size size, const trtyolo::Result& result) {
  const trtyolo::Masks masks = scaledTo(size, result.masks);
  for (std::size_t i = masks.size(); i-- > 0;) pen.mask(masks, i, objectColour(result, i));
  for (std::size_t i = result.boxes.size(); i-- > 0;) pen.box(result.boxes[i], objectColour(result, i));
  for (std::size_t i = result.rotatedBoxes.size(); i-- > 0;) {
    pen.polygon(cornersOf(result.rotatedBoxes[i]), objectColour(result, i));
  }
  for (std::size_t i = result.keypoints.size(); i-- > 0;) drawPoints(pen, result.keypoints[i]);
}

void drawThen(Pen& pen, cv::Size size, const trtyolo::Result& then) {
  if (then.task == trtyolo::Task::Classify) return;
  if (then.hasKeypoints()) {  // the boxes are about those that are there
    for (const std::vector<trtyolo::KeyPoint>& points : then.keypoints) drawPoints(pen, points);
    return;
  }
  drawShapes(pen, size, then);
  for (std::size_t i = then.classes.size(); i-- > 0;) {
    pen.label(labelCorner(then, i), labelOf(then, i), colourOf(then.classes[i]));
  }
}

}  // namespace

void draw(cv::Mat& image, const trtyolo::Result& result, const std::vector<trtyolo::Result>& then) {
  Pen pen(image);
  if (result.task == trtyolo::Task::Classify) {
    constexpr std::size_t kMostLines = 5;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < std::min(result.classes.size(), kMostLines); ++i) lines.push_back(labelOf(result, i));
    pen.caption(lines);
    return;
  }
  if (result.hasSemantic()) {
    constexpr std::size_t kMostEntries = 12;
    const trtyolo::Masks each = result.semantic.masks(result.classes);
    std::vector<std::pair<std::string, cv::Scalar>> entries;
    for (std::size_t i = 0; i < each.size(); ++i) {
      pen.mask(each, i, colourOf(result.classes[i]));
      if (i < kMostEntries) entries.emplace_back(shareOf(result, i), colourOf(result.classes[i]));
    }
    pen.legend(entries);
    return;
  }
  if (result.hasDepth()) {
    const trtyolo::DepthMap::Range range = result.depth.range();
    if (range.max <= 0) return;
    pen.heat(result.depth, range);
    pen.heatScale(range);
    return;
  }
  drawShapes(pen, image.size(), result);
  for (std::size_t i = then.size(); i-- > 0;) drawThen(pen, image.size(), then[i]);
  for (std::size_t i = result.classes.size(); i-- > 0;) {
    std::string label = labelOf(result, i);
    if (i < then.size() && then[i].task == trtyolo::Task::Classify && !then[i].classes.empty()) {
      label += ": " + labelOf(then[i], 0);
    }
    pen.label(labelCorner(result, i), label, objectColour(result, i));
  }
}

}  // namespace app
