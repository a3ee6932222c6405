// Lines and zones: see trtyolo/zones.hpp.
#include "trtyolo/zones.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>

namespace trtyolo {
namespace {

constexpr double kFarthest = 1e9;  // pixels: products of two lengths are still exact enough

[[noreturn]] void refuse(const char* who, const std::string& sentence) {
  throw std::invalid_argument(std::string(who) + ": " + sentence);
}

std::string textOf(Point point) {
  const auto text = [](double value) {
    std::string digits = std::to_string(value);
    digits.erase(std::max(digits.find_last_not_of('0') + 1, std::min(digits.find('.'), digits.size())));
    if (!digits.empty() && digits.back() == '.') {
      digits.pop_back();
    }
    return digits;
  };
  return '(' + text(point.x) + ", " + text(point.y) + ')';
}

bool isFinite(Point point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

void requirePlace(const char* who, Point point) {
  if (!(std::abs(point.x) <= kFarthest && std::abs(point.y) <= kFarthest)) {
    refuse(who, "points must be finite numbers of pixels, at most 1e9, found " + textOf(point));
  }
}

void requireAnchors(const char* who, const std::vector<Anchor>& anchors) {
  if (anchors.empty()) {
    refuse(who, "triggeringAnchors must name one anchor or more");
  }
}

void requireAsMany(const char* who, const char* what, std::size_t boxes, std::size_t found) {
  if (boxes != found) {
    refuse(who, std::to_string(boxes) + " boxes need as many " + what + ", found " + std::to_string(found));
  }
}

// Above 0 if `point` is on the right of the way from `from` to `to`, for one who looks at the image; 0 on that line.
double turn(Point from, Point to, Point point) {
  return (to.x - from.x) * (point.y - from.y) - (to.y - from.y) * (point.x - from.x);
}

// How far along the way from `from` to `to` the point is, times the length of the way.
double along(Point from, Point to, Point point) {
  return (to.x - from.x) * (point.x - from.x) + (to.y - from.y) * (point.y - from.y);
}

bool isBetween(Point from, Point to, Point point) {
  return std::min(from.x, to.x) <= point.x && point.x <= std::max(from.x, to.x) && std::min(from.y, to.y) <= point.y &&
         point.y <= std::max(from.y, to.y);
}

bool isOn(Point from, Point to, Point point) {
  return turn(from, to, point) == 0 && isBetween(from, to, point);
}

int signOf(double value) {
  return value > 0 ? 1 : value < 0 ? -1 : 0;
}

bool meet(Point a, Point b, Point c, Point d) {
  if (isOn(a, b, c) || isOn(a, b, d) || isOn(c, d, a) || isOn(c, d, b)) {
    return true;
  }
  return signOf(turn(a, b, c)) * signOf(turn(a, b, d)) < 0 && signOf(turn(c, d, a)) * signOf(turn(c, d, b)) < 0;
}

void requireSimple(const std::vector<Point>& corners) {
  const std::size_t count = corners.size();
  const auto corner = [&](std::size_t i) { return corners[i % count]; };
  const auto side = [&](std::size_t i) { return "from " + textOf(corner(i)) + " to " + textOf(corner(i + 1)); };
  for (std::size_t i = 0; i < count; ++i) {
    const Point from = corner(i), to = corner(i + 1), next = corner(i + 2);
    if (from.x == to.x && from.y == to.y) {
      refuse("Zone", "corners must be apart, found " + textOf(from) + " twice in sequence");
    }
    // The next side begins where this one ends, and may go back on it.
    if (turn(from, to, next) == 0 && along(to, from, next) > 0) {
      refuse("Zone", "its sides must not lie on each other: the one " + side(i + 1) + " lies on the one " + side(i));
    }
    for (std::size_t j = i + 2; j < count && j + 1 < count + i; ++j) {
      if (meet(from, to, corner(j), corner(j + 1))) {
        refuse("Zone",
               "its sides must not cross or touch each other: the one " + side(i) + " and the one " + side(j) + " do");
      }
    }
  }
}

// Half of the width to the right or left, and of the height down or up: -1, 0 or 1.
std::pair<int, int> offsetOf(Anchor anchor) {
  const int index = static_cast<int>(anchor);
  return {index % 3 - 1, index / 3 - 1};
}

template <typename Update>
auto updateOf(const char* who, const Result& result, const Update& update) {
  if (!result.hasBoxes() && !result.hasRotatedBoxes()) {
    refuse(who, std::string("a result of the task '") + toString(result.task) + "' has no boxes");
  }
  return result.hasRotatedBoxes() ? update(result.rotatedBoxes) : update(result.boxes);
}

}  // namespace

Point anchorOf(const Box& box, Anchor anchor) {
  const auto [right, down] = offsetOf(anchor);
  // In single precision, as supervision has it: its middle of the same box.
  const float x = right < 0 ? box.left : right > 0 ? box.right : (box.left + box.right) / 2;
  const float y = down < 0 ? box.top : down > 0 ? box.bottom : (box.top + box.bottom) / 2;
  return {x, y};
}

Point anchorOf(const RotatedBox& box, Anchor anchor) {
  const auto [right, down] = offsetOf(anchor);
  const double cos = std::cos(double{box.theta}), sin = std::sin(double{box.theta});
  const double halfWidth = (double{box.right} - box.left) / 2, halfHeight = (double{box.bottom} - box.top) / 2;
  Point level{halfWidth * cos, halfWidth * sin}, upright{-halfHeight * sin, halfHeight * cos};
  if (std::abs(level.x) < std::abs(upright.x)) {
    std::swap(level, upright);
  }
  const int x = level.x < 0 ? -right : right, y = upright.y < 0 ? -down : down;
  return {(double{box.left} + box.right) / 2 + x * level.x + y * upright.x,
          (double{box.top} + box.bottom) / 2 + x * level.y + y * upright.y};
}

// ---------------------------------------------------------------------------------------------------------------------
// Line

Line::Line(Point start, Point end, const LineOption& option) : start_(start), end_(end), option_(option) {
  requirePlace("Line", start);
  requirePlace("Line", end);
  if (start.x == end.x && start.y == end.y) {
    refuse("Line", "it must go from one point to another, found " + textOf(start) + " twice");
  }
  requireAnchors("Line", option.triggeringAnchors);
  if (option.minimumCrossingThreshold < 1) {
    refuse("Line", "minimumCrossingThreshold must be 1 image or more, found " +
                       std::to_string(option.minimumCrossingThreshold));
  }
  if (option.trackBuffer < 0) {
    refuse("Line", "trackBuffer must be 0 or more images, found " + std::to_string(option.trackBuffer));
  }
}

std::vector<Crossing> Line::update(const std::vector<Box>& boxes, const std::vector<int>& classes,
                                   const std::vector<int>& trackIds) {
  return updateAll(boxes, classes, trackIds);
}

std::vector<Crossing> Line::update(const std::vector<RotatedBox>& boxes, const std::vector<int>& classes,
                                   const std::vector<int>& trackIds) {
  return updateAll(boxes, classes, trackIds);
}

std::vector<Crossing> Line::update(const Result& result) {
  return updateOf("Line", result, [&](const auto& boxes) { return updateAll(boxes, result.classes, result.trackIds); });
}

template <typename AnyBox>
std::vector<Crossing> Line::updateAll(const std::vector<AnyBox>& boxes, const std::vector<int>& classes,
                                      const std::vector<int>& trackIds) {
  requireAsMany("Line", "classes", boxes.size(), classes.size());
  requireAsMany("Line", "ids of a tracker", boxes.size(), trackIds.size());
  std::vector<Crossing> crossings(boxes.size(), Crossing::None);
  ++image_;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (trackIds[i] < 0) {
      continue;
    }
    crossings[i] = move(trackIds[i], sideOf(boxes[i]));
    if (crossings[i] != Crossing::None) {
      ++(crossings[i] == Crossing::In ? in_ : out_)[classes[i]];
    }
  }
  const long kept = option_.trackBuffer > 0 ? option_.trackBuffer : long{option_.minimumCrossingThreshold} + 1;
  for (auto side = sides_.begin(); side != sides_.end();) {
    side = image_ - side->second.seen >= kept ? sides_.erase(side) : std::next(side);
  }
  return crossings;
}

// -1: left, 1: right, 0: neither.
template <typename AnyBox>
int Line::sideOf(const AnyBox& box) const {
  int side = 0;
  for (const Anchor anchor : option_.triggeringAnchors) {
    const Point point = anchorOf(box, anchor);
    const bool beside = along(start_, end_, point) < 0 || along(end_, start_, point) < 0;
    const int own = turn(start_, end_, point) < 0 ? -1 : 1;
    if (!isFinite(point) || beside || own == -side) {
      return 0;
    }
    side = own;
  }
  return side;
}

// What a track did that is now on that side.
Crossing Line::move(int track, int side) {
  auto found = sides_.find(track);
  if (found != sides_.end() && std::exchange(found->second.seen, image_) == image_) {
    return Crossing::None;  // the second object of that id
  }
  if (side == 0) {
    return Crossing::None;
  }
  const bool left = side < 0;
  if (found == sides_.end()) {
    sides_[track] = {left, left, 1, image_};
    return Crossing::None;
  }
  Side& known = found->second;
  known.run = known.newest == left ? known.run + 1 : 1;
  known.newest = left;
  known.run = std::min(known.run, option_.minimumCrossingThreshold);
  if (known.left == left || known.run < option_.minimumCrossingThreshold) {
    return Crossing::None;
  }
  known.left = left;
  return left ? Crossing::In : Crossing::Out;
}

long Line::total(const std::map<int, long>& counts) {
  long sum = 0;
  for (const auto& [type, count] : counts) {
    sum += count;
  }
  return sum;
}

void Line::reset() {
  image_ = 0;
  sides_.clear();
  in_.clear();
  out_.clear();
}

// ---------------------------------------------------------------------------------------------------------------------
// Zone

Zone::Zone(std::vector<Point> corners, ZoneOption option) : corners_(std::move(corners)), option_(std::move(option)) {
  for (const Point& corner : corners_) {
    requirePlace("Zone", corner);
  }
  if (corners_.size() > 1 && corners_.front().x == corners_.back().x && corners_.front().y == corners_.back().y) {
    corners_.pop_back();
  }
  if (corners_.size() < 3) {
    refuse("Zone", "it must have three corners or more, found " + std::to_string(corners_.size()));
  }
  requireSimple(corners_);
  requireAnchors("Zone", option_.triggeringAnchors);
}

std::vector<bool> Zone::update(const std::vector<Box>& boxes, const std::vector<int>& classes) {
  return updateAll(boxes, classes);
}

std::vector<bool> Zone::update(const std::vector<RotatedBox>& boxes, const std::vector<int>& classes) {
  return updateAll(boxes, classes);
}

std::vector<bool> Zone::update(const Result& result) {
  return updateOf("Zone", result, [&](const auto& boxes) { return updateAll(boxes, result.classes); });
}

template <typename AnyBox>
std::vector<bool> Zone::updateAll(const std::vector<AnyBox>& boxes, const std::vector<int>& classes) {
  requireAsMany("Zone", "classes", boxes.size(), classes.size());
  std::vector<bool> inside(boxes.size());
  in_.clear();
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    inside[i] = holds(boxes[i]);
    if (inside[i]) {
      ++in_[classes[i]];
    }
  }
  return inside;
}

template <typename AnyBox>
bool Zone::holds(const AnyBox& box) const {
  const auto& anchors = option_.triggeringAnchors;
  const auto inside = [&](Anchor anchor) { return contains(anchorOf(box, anchor)); };
  return option_.requireAllAnchors ? std::all_of(anchors.begin(), anchors.end(), inside)
                                   : std::any_of(anchors.begin(), anchors.end(), inside);
}

bool Zone::contains(Point point) const {
  if (!isFinite(point)) {
    return false;
  }
  bool inside = false;
  for (std::size_t i = 0; i < corners_.size(); ++i) {
    Point from = corners_[i], to = corners_[(i + 1) % corners_.size()];
    if (from.y > to.y) {
      std::swap(from, to);  // two zones that share a side compute the same
    }
    if (isOn(from, to, point)) {
      return true;
    }
    if (from.y <= point.y && point.y < to.y && turn(from, to, point) > 0) {
      inside = !inside;
    }
  }
  return inside;
}

long Zone::count() const {
  long sum = 0;
  for (const auto& [type, count] : in_) {
    sum += count;
  }
  return sum;
}

}  // namespace trtyolo
