// Tracks, lines and zones on an image: see counts.hpp.
#include "draw/counts.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "draw/colours.hpp"
#include "draw/pen.hpp"

namespace app {
namespace {

const cv::Scalar kLineColour(0, 215, 255), kZoneColour(255, 200, 60);

cv::Point2f pixelOf(const trtyolo::Point& point) {
  return {static_cast<float>(point.x), static_cast<float>(point.y)};
}

void drawLine(Pen& pen, const LineCount& line, cv::Size image) {
  const cv::Point2f start = pixelOf(line.start), end = pixelOf(line.end), way = end - start, middle = (start + end) / 2;
  const float length = std::max(std::hypot(way.x, way.y), 1e-6F);
  const float stroke = std::min(static_cast<float>(std::min(image.width, image.height)) / 20, length / 2);
  const cv::Point2f tip = middle + cv::Point2f(way.y, -way.x) * (stroke / length);  // to the left, where "in" is
  pen.line(start, end, kLineColour);
  pen.line(middle, tip, kLineColour);
  pen.dot(tip, kLineColour);
  pen.label(start, fmt::format("{}: in {}, out {}", line.name, line.in, line.out), kLineColour);
}

std::string textOf(const ZoneCount& zone, const trtyolo::ClassNames& names) {
  std::string text;
  for (const auto& [type, count] : zone.byClass) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, names[type]);
  }
  return fmt::format("{}: {}", zone.name, text.empty() ? "0" : text);
}

void drawZone(Pen& pen, const ZoneCount& zone, const trtyolo::ClassNames& names) {
  std::vector<cv::Point2f> corners(zone.corners.size());
  std::transform(zone.corners.begin(), zone.corners.end(), corners.begin(), pixelOf);
  pen.polygon(corners, kZoneColour);
  const auto highest = std::min_element(corners.begin(), corners.end(), [](const cv::Point2f& a, const cv::Point2f& b) {
    return a.y < b.y || (a.y == b.y && a.x < b.x);
  });
  pen.label(*highest, textOf(zone, names), kZoneColour);
}

}  // namespace

void drawTrails(cv::Mat& image, const std::vector<Trail>& trails) {
  Pen pen(image);
  for (const Trail& trail : trails) {
    for (std::size_t i = 1; i < trail.points.size(); ++i) {
      pen.line(trail.points[i - 1], trail.points[i], colourOf(trail.track));
    }
  }
}

void drawCounts(cv::Mat& image, const std::vector<LineCount>& lines, const std::vector<ZoneCount>& zones,
                const trtyolo::ClassNames& names) {
  Pen pen(image);
  for (const ZoneCount& zone : zones) drawZone(pen, zone, names);
  for (const LineCount& line : lines) drawLine(pen, line, image.size());
}

}  // namespace app
