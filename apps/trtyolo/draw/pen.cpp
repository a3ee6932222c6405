// Lines and text: see pen.hpp.
#include "draw/pen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "draw/colours.hpp"
#include "draw/text.hpp"

namespace app {
namespace {

cv::Point pixel(cv::Point2f point) {
  constexpr float kFarAway = 1e5F;  // a box that is not clipped may end anywhere
  const auto whole = [=](float value) { return static_cast<int>(std::lround(std::clamp(value, -kFarAway, kFarAway))); };
  return {whole(point.x), whole(point.y)};
}

}  // namespace

Pen::Pen(cv::Mat& image) : image_(image) {
  const double side = std::sqrt(1.0 * image.cols * image.rows);
  line_ = side < 320 ? 1 : std::max(2, static_cast<int>(std::lround(side / 400)));
  letters_ = std::clamp(static_cast<int>(std::lround(side / 52)), 10, 87);
}

void Pen::box(const trtyolo::Box& box, const cv::Scalar& colour) {
  cv::rectangle(image_, pixel({box.left, box.top}), pixel({box.right, box.bottom}), colour, line_, cv::LINE_AA);
}

void Pen::polygon(const std::vector<cv::Point2f>& corners, const cv::Scalar& colour) {
  std::vector<cv::Point> points(corners.size());
  std::transform(corners.begin(), corners.end(), points.begin(), pixel);
  cv::polylines(image_, points, true, colour, line_, cv::LINE_AA);
}

void Pen::line(cv::Point2f from, cv::Point2f to, const cv::Scalar& colour) {
  cv::line(image_, pixel(from), pixel(to), colour, line_, cv::LINE_AA);
}

void Pen::dot(cv::Point2f centre, const cv::Scalar& colour) {
  cv::circle(image_, pixel(centre), line_ + line_ / 2 + 1, colour, cv::FILLED, cv::LINE_AA);
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
    auto* at = image_.ptr<unsigned char>(static_cast<int>(begin / width), static_cast<int>(begin % width));
    for (std::uint32_t position = begin; position < end; ++position) {
      for (const int part : tint) {
        *at = static_cast<unsigned char>((*at + part + 1) / 2);
        ++at;
      }
    }
  }
}

void Pen::heat(const trtyolo::DepthMap& depth, const trtyolo::DepthMap::Range& range) {
  constexpr int kSteps = 256;
  std::array<cv::Vec3b, kSteps> colours;
  for (int step = 0; step < kSteps; ++step) {
    const cv::Scalar colour = heatOf(step / (kSteps - 1.0));
    colours[static_cast<std::size_t>(step)] =
        cv::Vec3b(cv::saturate_cast<unsigned char>(colour[0]), cv::saturate_cast<unsigned char>(colour[1]),
                  cv::saturate_cast<unsigned char>(colour[2]));
  }
  const float span = std::max(range.max - range.min, 1e-6F);
  const float* metres = depth.data.data();
  for (int y = 0; y < image_.rows; ++y) {
    auto* pixels = image_.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image_.cols; ++x, ++metres) {
      if (!(*metres >= range.min && *metres <= range.max)) continue;  // NaN
      const float share = (range.max - *metres) / span;
      const cv::Vec3b& colour = colours[static_cast<std::size_t>(std::lround(share * (kSteps - 1)))];
      for (int channel = 0; channel < 3; ++channel) {
        pixels[x][channel] = static_cast<unsigned char>((pixels[x][channel] + colour[channel] + 1) / 2);
      }
    }
  }
}

void Pen::heatScale(const trtyolo::DepthMap::Range& range) {
  const int border = std::min(image_.cols, image_.rows) / 40, width = std::max(2, letters_ / 2);
  const int height = image_.rows / 2, left = image_.cols - border - width;
  for (int y = 0; y < height; ++y) {
    const cv::Rect row(left, border + y, width, 1);
    cv::rectangle(image_, row, heatOf(height > 1 ? y / (height - 1.0) : 1), cv::FILLED);
  }
  const auto write = [&](float metres, int y, double share) {
    const std::string text = cv::format("%.2f m", static_cast<double>(metres));
    const cv::Size plate = lettering({text}, image_.size()).plate;
    label(cv::Point(left - plate.width - line_, y + plate.height / 2), text, heatOf(share));
  };
  write(range.max, border + letters_ / 2, 0);
  write(range.min, border + height - letters_ / 2, 1);
}

void Pen::legend(const std::vector<std::pair<std::string, cv::Scalar>>& entries) {
  if (entries.empty()) return;
  const int border = std::min(image_.cols, image_.rows) / 40;
  std::vector<std::string> lines(entries.size());
  std::transform(entries.begin(), entries.end(), lines.begin(), [](const auto& entry) { return entry.first; });
  const Lettering letters = lettering(lines, image_.size() - cv::Size(2 * border, 2 * border));
  cv::Point corner(border, border);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const cv::Size plate(letters.plate.width, letters.lines[i].rows + letters.margin);
    cv::rectangle(image_, cv::Rect(corner, plate), entries[i].second, cv::FILLED);
    write({{letters.lines[i]}, letters.margin, plate}, corner - cv::Point(0, letters.margin / 2),
          inkOn(entries[i].second));
    corner.y += plate.height;
  }
}

void Pen::label(cv::Point2f corner, const std::string& text, const cv::Scalar& colour) {
  const Lettering letters = lettering({text}, image_.size());
  const cv::Point start = pixel(corner);
  int x = start.x - line_ / 2, y = start.y - letters.plate.height - line_ / 2 + 1;
  if (y < 0) y = start.y - line_ / 2;
  x = std::clamp(x, 0, std::max(0, image_.cols - letters.plate.width));
  y = std::clamp(y, 0, std::max(0, image_.rows - letters.plate.height));
  cv::rectangle(image_, cv::Rect(cv::Point(x, y), letters.plate), colour, cv::FILLED);
  write(letters, {x, y}, inkOn(colour));
}

void Pen::caption(const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  const int border = std::min(image_.cols, image_.rows) / 40;
  const cv::Point corner(border, border);
  const Lettering letters = lettering(lines, image_.size() - cv::Size(2 * border, 2 * border));
  cv::Mat plate = image_(cv::Rect(corner, letters.plate) & cv::Rect(cv::Point(), image_.size()));
  constexpr double kDarkness = 0.35;
  plate.convertTo(plate, -1, kDarkness);
  write(letters, corner, cv::Scalar::all(255));
}

Pen::Lettering Pen::lettering(const std::vector<std::string>& lines, cv::Size room) const {
  const auto render = [&lines](int size) {
    Lettering letters;
    letters.margin = std::max(2, static_cast<int>(std::lround(size / 6.0)));
    letters.plate = {2 * letters.margin, letters.margin};
    for (const std::string& text : lines) {
      const cv::Mat& line = letters.lines.emplace_back(renderText(text, size));
      letters.plate.width = std::max(letters.plate.width, line.cols + 2 * letters.margin);
      letters.plate.height += line.rows + letters.margin;
    }
    return letters;
  };
  constexpr int kSmallest = 3;
  Lettering letters = render(letters_);
  const double share = std::min(1.0 * room.width / letters.plate.width, 1.0 * room.height / letters.plate.height);
  return share < 1 ? render(std::max(kSmallest, static_cast<int>(letters_ * share))) : letters;
}

void Pen::write(const Lettering& lettering, cv::Point corner, const cv::Scalar& ink) {
  corner.x += lettering.margin;
  for (const cv::Mat& line : lettering.lines) {
    corner.y += lettering.margin;
    const cv::Rect inside = cv::Rect(corner, line.size()) & cv::Rect(cv::Point(), image_.size());
    for (int y = inside.y; y < inside.br().y; ++y) {
      const auto* cover = line.ptr<unsigned char>(y - corner.y, inside.x - corner.x);
      auto* pixel = image_.ptr<cv::Vec3b>(y, inside.x);
      for (int x = 0; x < inside.width; ++x) {
        if (cover[x] == 0) continue;
        for (int channel = 0; channel < 3; ++channel) {
          unsigned char& value = pixel[x][channel];
          value =
              static_cast<unsigned char>((value * (255 - cover[x]) + static_cast<int>(ink[channel]) * cover[x]) / 255);
        }
      }
    }
    corner.y += line.rows;
  }
}

}  // namespace app
