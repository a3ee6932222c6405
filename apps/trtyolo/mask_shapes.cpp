// Masks in other forms: see mask_shapes.hpp.
#include "mask_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace app {
namespace {

/// Where a picture lies in masks of the size of a network's input: scaled evenly to fit, and in the middle of a border.
/// As pixel edges count, mask = picture * scale + border.
struct Placement {
  double scale = 1, left = 0, top = 0;
};

Placement placementOf(const trtyolo::Masks& masks, cv::Size picture) {
  if (masks.width() == picture.width && masks.height() == picture.height) return {};
  const double scale = std::min(1.0 * masks.width() / picture.width, 1.0 * masks.height() / picture.height);
  // The letterbox is of whole pixels; an odd one goes to the right and below.
  const auto border = [scale](int network, int side) {
    return std::round((network - std::nearbyint(side * scale)) / 2 - 0.1);
  };
  return {scale, border(masks.width(), picture.width), border(masks.height(), picture.height)};
}

/// Part of a mask: 255 inside the object, 0 outside, and a frame of zeros one pixel wide around it.
struct Cutout {
  cv::Mat pixels;
  cv::Point corner;  ///< pixel of the mask that the upper left pixel is
};

Cutout cutOut(const trtyolo::Masks& masks, std::size_t i) {
  const auto width = static_cast<std::uint32_t>(masks.width());
  const trtyolo::Masks::Run *begin = masks.runs(i), *end = begin + masks.runCount(i);
  if (begin == end) return {};
  std::uint32_t left = width, right = 0;
  for (const auto* run = begin; run != end; ++run) {
    left = std::min(left, run->begin % width);
    right = std::max(right, (run->end - 1) % width);
  }
  const std::uint32_t top = begin->begin / width, bottom = (end - 1)->begin / width;
  Cutout cutout;
  cutout.corner = {static_cast<int>(left) - 1, static_cast<int>(top) - 1};
  cutout.pixels = cv::Mat::zeros(static_cast<int>(bottom - top) + 3, static_cast<int>(right - left) + 3, CV_8U);
  for (const auto* run = begin; run != end; ++run) {
    auto* row = cutout.pixels.ptr<unsigned char>(static_cast<int>(run->begin / width - top) + 1);
    std::fill_n(row + (run->begin % width - left) + 1, run->end - run->begin, static_cast<unsigned char>(255));
  }
  return cutout;
}

using Outline = std::vector<cv::Point>;

/// Goes from the point of `outline` that is nearest to `other` around that and back.
void join(Outline& outline, const Outline& other) {
  std::size_t from = 0, to = 0;
  long nearest = std::numeric_limits<long>::max();
  for (std::size_t i = 0; i < outline.size(); ++i) {
    for (std::size_t j = 0; j < other.size(); ++j) {
      const cv::Point way = outline[i] - other[j];
      const long distance = 1L * way.x * way.x + 1L * way.y * way.y;
      if (distance >= nearest) continue;
      nearest = distance;
      from = i;
      to = j;
    }
  }
  Outline detour(other.begin() + static_cast<std::ptrdiff_t>(to), other.end());
  detour.insert(detour.end(), other.begin(), other.begin() + static_cast<std::ptrdiff_t>(to) + 1);
  detour.push_back(outline[from]);
  outline.insert(outline.begin() + static_cast<std::ptrdiff_t>(from) + 1, detour.begin(), detour.end());
}

}  // namespace

std::string cocoString(const std::vector<std::uint32_t>& counts) {
  // From the fourth on, a count is written as its difference from the one before the last; five bits a letter, the
  // lowest first, a sixth bit that says whether more follow, and the fifth bit of the last letter is the sign.
  constexpr int kBits = 5, kMore = 1 << kBits, kSign = kMore >> 1, kFirstLetter = 48;
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::int64_t value = counts[i];
    if (i > 2) value -= counts[i - 2];
    for (bool more = true; more;) {
      int letter = static_cast<int>(value & (kMore - 1));
      value >>= kBits;
      more = value != ((letter & kSign) != 0 ? -1 : 0);
      if (more) letter |= kMore;
      text += static_cast<char>(letter + kFirstLetter);
    }
  }
  return text;
}

std::vector<cv::Point2f> outlineOf(const trtyolo::Masks& masks, std::size_t i, cv::Size picture) {
  const Cutout cutout = cutOut(masks, i);
  if (cutout.pixels.empty()) return {};
  std::vector<Outline> outlines;
  cv::findContours(cutout.pixels, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE, cutout.corner);
  // The largest first, so that what lies beside it is a detour from it.
  std::stable_sort(outlines.begin(), outlines.end(),
                   [](const Outline& a, const Outline& b) { return a.size() > b.size(); });
  Outline whole = std::move(outlines.front());
  for (std::size_t other = 1; other < outlines.size(); ++other) join(whole, outlines[other]);

  const Placement placement = placementOf(masks, picture);
  std::vector<cv::Point2f> points;
  points.reserve(whole.size());
  for (const cv::Point& point : whole) {
    points.emplace_back(
        static_cast<float>(std::clamp((point.x - placement.left) / placement.scale, 0.0, 1.0 * picture.width)),
        static_cast<float>(std::clamp((point.y - placement.top) / placement.scale, 0.0, 1.0 * picture.height)));
  }
  return points;
}

trtyolo::Masks scaledTo(cv::Size picture, const trtyolo::Masks& masks) {
  if (masks.width() == picture.width && masks.height() == picture.height) return masks;
  const auto [scale, left, top] = placementOf(masks, picture);
  trtyolo::Masks scaled(picture.width, picture.height);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    std::vector<trtyolo::Masks::Run> runs;
    if (const Cutout cutout = cutOut(masks, i); !cutout.pixels.empty()) {
      const double startX = cutout.corner.x - left, startY = cutout.corner.y - top;
      const cv::Point from(static_cast<int>(std::floor(startX / scale)), static_cast<int>(std::floor(startY / scale)));
      const cv::Point to(static_cast<int>(std::ceil((startX + cutout.pixels.cols) / scale)),
                         static_cast<int>(std::ceil((startY + cutout.pixels.rows) / scale)));
      const cv::Rect region = cv::Rect(from, to) & cv::Rect(cv::Point(), picture);
      // From the centres of the picture's pixels to those of the cut-out's.
      const cv::Matx23d way(scale, 0, (region.x + 0.5) * scale - startX - 0.5,  //
                            0, scale, (region.y + 0.5) * scale - startY - 0.5);
      cv::Mat pixels;
      if (!region.empty())
        cv::warpAffine(cutout.pixels, pixels, way, region.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
      for (int y = 0; y < pixels.rows; ++y) {
        const auto* row = pixels.ptr<unsigned char>(y);
        const auto start = static_cast<std::uint32_t>((region.y + y) * picture.width + region.x);
        for (int x = 0; x < pixels.cols; ++x) {
          if (row[x] < 128) continue;
          const int first = x;
          while (x < pixels.cols && row[x] >= 128) ++x;
          runs.push_back({start + static_cast<std::uint32_t>(first), start + static_cast<std::uint32_t>(x)});
        }
      }
    }
    scaled.add(runs);
  }
  return scaled;
}

}  // namespace app
