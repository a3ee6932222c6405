// Boxes and labels: see drawing.hpp.
#include "drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <opencv2/imgproc.hpp>

namespace app {
namespace {

/// A colour for a class, the same in every run; neighbours differ well, because the hue goes on by the golden angle.
cv::Scalar colourOf(int index) {
  constexpr double kGoldenAngle = 137.508, kFirstHue = 212;
  constexpr std::array<std::array<double, 2>, 3> kTones{
      {{0.85, 0.95}, {0.65, 1.0}, {0.95, 0.75}}};  // saturation, value
  const double hue = std::fmod(kFirstHue + index * kGoldenAngle, 360) / 60;
  const auto [saturation, value] = kTones[static_cast<std::size_t>(index / 8 % 3)];
  const auto channel = [&, saturation = saturation, value = value](double offset) {
    const double position = std::fmod(offset + hue, 6);
    return 255 * value * (1 - saturation * std::max(0.0, std::min({position, 4 - position, 1.0})));
  };
  return {channel(1), channel(3), channel(5)};  // blue, green, red
}

/// Black or white, whichever stands out more on `colour`.
cv::Scalar inkOn(const cv::Scalar& colour) {
  const double brightness = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2];
  return brightness > 140 ? cv::Scalar::all(0) : cv::Scalar::all(255);
}

/// OpenCV's letters are ASCII only; a name in others is shown by its number.
std::string labelOf(int index, float score, const Names& names) {
  std::string name = names.at(static_cast<std::size_t>(index));
  const bool ascii = std::all_of(name.begin(), name.end(), [](char letter) { return letter >= ' ' && letter <= '~'; });
  if (!ascii) name = "class " + std::to_string(index);
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), " %.2f", static_cast<double>(score));
  return name + number.data();
}

class Pen {
 public:
  explicit Pen(cv::Mat& picture)
      : picture_(picture),
        line_(std::max(1, static_cast<int>(std::lround(std::sqrt(picture.size().area()) / 400)))),
        letters_(std::clamp(std::sqrt(picture.size().area()) / 1500, 0.35, 3.0)),
        strokes_(std::max(1, static_cast<int>(std::lround(letters_ * 1.6)))) {}

  void box(const trtyolo::Box& box, const cv::Scalar& colour) {
    cv::rectangle(picture_, pixel(box.left, box.top), pixel(box.right, box.bottom), colour, line_, cv::LINE_AA);
  }

  /// Above the box where there is room, else inside it; always within the picture.
  void label(const trtyolo::Box& box, const std::string& text, const cv::Scalar& colour) {
    int below = 0;
    const cv::Size size = cv::getTextSize(text, kFont, letters_, strokes_, &below);
    const int margin = std::max(2, static_cast<int>(std::lround(letters_ * 5)));
    const cv::Size plate(size.width + 2 * margin, size.height + below / 2 + 2 * margin);
    const cv::Point corner = pixel(box.left, box.top);
    int x = corner.x - line_ / 2, y = corner.y - plate.height - line_ / 2 + 1;
    if (y < 0) y = corner.y - line_ / 2;
    x = std::clamp(x, 0, std::max(0, picture_.cols - plate.width));
    y = std::clamp(y, 0, std::max(0, picture_.rows - plate.height));
    cv::rectangle(picture_, cv::Rect(cv::Point(x, y), plate), colour, cv::FILLED);
    cv::putText(picture_, text, {x + margin, y + margin + size.height}, kFont, letters_, inkOn(colour), strokes_,
                cv::LINE_AA);
  }

 private:
  static constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;

  static cv::Point pixel(float x, float y) {
    return {static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y))};
  }

  cv::Mat& picture_;
  int line_;
  double letters_;
  int strokes_;
};

}  // namespace

void draw(cv::Mat& picture, const trtyolo::DetResult& found, const Names& names) {
  Pen pen(picture);
  // The surest objects last, on top; all labels above all boxes.
  for (std::size_t i = found.boxes.size(); i-- > 0;) pen.box(found.boxes[i], colourOf(found.classes[i]));
  for (std::size_t i = found.boxes.size(); i-- > 0;) {
    pen.label(found.boxes[i], labelOf(found.classes[i], found.scores[i], names), colourOf(found.classes[i]));
  }
}

}  // namespace app
