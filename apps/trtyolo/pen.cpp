// Lines and letters: see pen.hpp.
#include "pen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "colours.hpp"

namespace app {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kSmallestLetters = 0.1;

cv::Point pixel(cv::Point2f point) {
  constexpr float kFarAway = 1e5F;  // a box that is not clipped may end anywhere
  const auto whole = [=](float value) { return static_cast<int>(std::lround(std::clamp(value, -kFarAway, kFarAway))); };
  return {whole(point.x), whole(point.y)};
}

}  // namespace

Pen::Pen(cv::Mat& picture) : picture_(picture) {
  const double side = std::sqrt(1.0 * picture.cols * picture.rows);
  line_ = side < 320 ? 1 : std::max(2, static_cast<int>(std::lround(side / 400)));
  letters_ = std::clamp(side / 1500, 0.35, 3.0);
}

void Pen::box(const trtyolo::Box& box, const cv::Scalar& colour) {
  cv::rectangle(picture_, pixel({box.left, box.top}), pixel({box.right, box.bottom}), colour, line_, cv::LINE_AA);
}

void Pen::polygon(const std::vector<cv::Point2f>& corners, const cv::Scalar& colour) {
  std::vector<cv::Point> points(corners.size());
  std::transform(corners.begin(), corners.end(), points.begin(), pixel);
  cv::polylines(picture_, points, true, colour, line_, cv::LINE_AA);
}

void Pen::line(cv::Point2f from, cv::Point2f to, const cv::Scalar& colour) {
  cv::line(picture_, pixel(from), pixel(to), colour, line_, cv::LINE_AA);
}

void Pen::dot(cv::Point2f centre, const cv::Scalar& colour) {
  cv::circle(picture_, pixel(centre), line_ + line_ / 2 + 1, colour, cv::FILLED, cv::LINE_AA);
}

void Pen::mask(const trtyolo::Masks& masks, std::size_t i, const cv::Scalar& colour) {
  std::array<int, 3> tint{};
  for (int channel = 0; channel < 3; ++channel) {
    tint[static_cast<std::size_t>(channel)] = static_cast<int>(std::lround(colour[channel]));
  }
  const auto width = static_cast<std::uint32_t>(masks.width());
  const trtyolo::Masks::Run* runs = masks.runs(i);
  for (std::size_t number = 0; number < masks.runCount(i); ++number) {
    const auto [begin, end] = runs[number];
    auto* at = picture_.ptr<unsigned char>(static_cast<int>(begin / width), static_cast<int>(begin % width));
    for (std::uint32_t position = begin; position < end; ++position) {
      for (const int part : tint) {
        *at = static_cast<unsigned char>((*at + part + 1) / 2);
        ++at;
      }
    }
  }
}

void Pen::label(cv::Point2f corner, const std::string& text, const cv::Scalar& colour) {
  const Lettering letters = lettering({text}, picture_.size());
  const cv::Point start = pixel(corner);
  int x = start.x - line_ / 2, y = start.y - letters.plate.height - line_ / 2 + 1;
  if (y < 0) y = start.y - line_ / 2;
  x = std::clamp(x, 0, std::max(0, picture_.cols - letters.plate.width));
  y = std::clamp(y, 0, std::max(0, picture_.rows - letters.plate.height));
  cv::rectangle(picture_, cv::Rect(cv::Point(x, y), letters.plate), colour, cv::FILLED);
  write(text, {x + letters.margin, y + letters.margin + letters.ascent}, letters, inkOn(colour));
}

void Pen::caption(const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  const int border = std::min(picture_.cols, picture_.rows) / 40;
  const cv::Point corner(border, border);
  const Lettering letters = lettering(lines, picture_.size() - cv::Size(2 * border, 2 * border));
  cv::Mat plate = picture_(cv::Rect(corner, letters.plate) & cv::Rect(cv::Point(), picture_.size()));
  constexpr double kDarkness = 0.35;
  plate.convertTo(plate, -1, kDarkness);
  cv::Point baseline = corner + cv::Point(letters.margin, letters.margin + letters.ascent);
  for (const std::string& text : lines) {
    write(text, baseline, letters, cv::Scalar::all(255));
    baseline.y += letters.ascent + letters.descent + letters.margin;
  }
}

Pen::Lettering Pen::lettering(const std::vector<std::string>& lines, cv::Size room) const {
  constexpr double kSmaller = 0.9;
  for (double size = letters_;; size *= kSmaller) {
    Lettering letters;
    letters.size = size;
    letters.strokes = std::max(1, static_cast<int>(std::lround(size * 1.6)));
    letters.margin = std::max(2, static_cast<int>(std::lround(size * 5)));
    int width = 0, below = 0;
    for (const std::string& text : lines) {
      const cv::Size extent = cv::getTextSize(text, kFont, size, letters.strokes, &below);
      width = std::max(width, extent.width);
      letters.ascent = extent.height;
    }
    letters.descent = below / 2;
    const int count = static_cast<int>(lines.size());
    letters.plate = {width + 2 * letters.margin,
                     count * (letters.ascent + letters.descent + letters.margin) + letters.margin};
    const bool fits = letters.plate.width <= room.width && letters.plate.height <= room.height;
    if (fits || size < kSmallestLetters) return letters;
  }
}

void Pen::write(const std::string& text, cv::Point baseline, const Lettering& letters, const cv::Scalar& ink) {
  cv::putText(picture_, text, baseline, kFont, letters.size, ink, letters.strokes, cv::LINE_AA);
}

}  // namespace app
