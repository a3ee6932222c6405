// Results as Ultralytics' label files: Result::toTxt().
#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "api/digits.hpp"
#include "api/joined_outline.hpp"
#include "image/geometry.hpp"
#include "trtyolo/errors.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {
namespace {

using Outline = std::vector<PixelPoint>;

// A name that makes no lines of its own, whatever its reader takes for the end of one: a control character, U+0085,
// U+2028 or U+2029.
std::string inOneLine(const std::string& name) {
  std::string line;
  for (std::size_t i = 0; i < name.size();) {
    const std::string_view rest = std::string_view(name).substr(i);
    const bool control = static_cast<unsigned char>(rest.front()) < ' ' || rest.front() == '\x7F';
    std::size_t length = control ? 1 : 0;
    for (const std::string_view end : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
      length = rest.starts_with(end) ? end.size() : length;
    }
    line += length > 0 ? ' ' : rest.front();
    i += std::max<std::size_t>(length, 1);
  }
  return line;
}

// The outlines of a mask as one: joined where they are nearest to each other by a line there and back.
Outline wholeOutline(const Masks& masks, std::size_t i) {
  std::vector<Outline> outlines = masks.outlines(i);
  // The largest first, so that what lies beside it is a detour from it.
  std::stable_sort(outlines.begin(), outlines.end(),
                   [](const Outline& a, const Outline& b) { return a.size() > b.size(); });
  if (outlines.size() < 2) {
    return outlines.empty() ? Outline() : std::move(outlines.front());
  }
  JoinedOutline whole(masks.width(), masks.height());
  for (const Outline& outline : outlines) {
    whole.add(outline);
  }
  return whole.points();
}

}  // namespace

std::string Result::toTxt(bool withScores) const {
  if (hasSemantic() || hasDepth()) {
    throw Error("toTxt: Ultralytics' label format has nothing for the task '" + std::string(toString(task)) + "'");
  }
  if (!classes.empty() && task != Task::Classify && (imageWidth < 1 || imageHeight < 1)) {
    throw Error("toTxt: lengths are shares of the image's size, which is not known: " + std::to_string(imageWidth) +
                " x " + std::to_string(imageHeight));
  }
  std::string text, line;
  bool finite = true;  // all of the line
  const auto add = [&](double value) {
    finite = finite && std::isfinite(value);
    line += ' ' + digitsOf(value, std::chars_format::general, 6);
  };
  const auto addPoint = [&](double x, double y) {
    add(x / imageWidth);
    add(y / imageHeight);
  };
  for (std::size_t i = 0; i < classes.size(); ++i) {
    finite = true;
    if (task == Task::Classify) {
      if (std::isfinite(scores.at(i))) {
        text += digitsOf(scores[i], std::chars_format::fixed, 2) + ' ' + inOneLine(name(i)) + '\n';
      }
      continue;
    }
    line = std::to_string(classes[i]);
    if (hasMasks()) {
      const Outline outline = wholeOutline(masks, i);
      if (outline.size() < 3) {
        continue;
      }
      // Masks of the size of a network's input have the image in the middle of a border.
      const Size size{imageWidth, imageHeight};
      const Letterbox letterbox = Letterbox::fit(size, {masks.width(), masks.height()});
      const double scale = std::min(1.0 * masks.width() / imageWidth, 1.0 * masks.height() / imageHeight);
      const auto inImage = [scale](int pixel, int border, int side) {
        return static_cast<float>(std::clamp((pixel - border) / scale, 0.0, 1.0 * side));
      };
      for (const PixelPoint& point : outline) {
        addPoint(inImage(point.x, letterbox.left, imageWidth), inImage(point.y, letterbox.top, imageHeight));
      }
    } else if (hasRotatedBoxes()) {
      const std::array<float, 8> corners = rotatedBoxes.at(i).xyxyxyxy();
      for (std::size_t corner = 0; corner < corners.size(); corner += 2) {
        addPoint(corners[corner], corners[corner + 1]);
      }
    } else {
      const auto [left, top, right, bottom] = boxes.at(i);
      addPoint((double{left} + right) / 2, (double{top} + bottom) / 2);
      addPoint(double{right} - left, double{bottom} - top);
    }
    if (hasKeypoints()) {
      for (const KeyPoint& point : keypoints.at(i)) {
        addPoint(point.x, point.y);
        if (keypointDims == 3) {
          add(point.conf);
        }
      }
    }
    if (withScores) {
      add(scores.at(i));
    }
    if (!trackIds.empty() && trackIds.at(i) >= 0) {
      line += ' ' + std::to_string(trackIds[i]);
    }
    if (finite) {
      text += line + '\n';
    }
  }
  return text;
}

}  // namespace trtyolo
