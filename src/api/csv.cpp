// Results as CSV: Result::toCsv() and its heading.
#include <cmath>
#include <string_view>

#include "api/digits.hpp"
#include "trtyolo/info.hpp"

namespace trtyolo {
namespace {

// A text as RFC 4180 has it: in quotes if it holds a comma, a quote or a line break, quotes doubled. Behind an
// apostrophe if spreadsheets would compute it ("=1+1"), for names are those of files and of strangers' models, and if
// it is such a text behind apostrophes, so that readers can tell them apart.
std::string field(std::string text) {
  const std::size_t first = text.find_first_not_of('\'');
  if (text.size() > 1 && first != std::string::npos &&
      std::string_view("=+-@\t\r").find(text[first]) != std::string::npos) {
    text.insert(text.begin(), '\'');
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char letter : text) {
    quoted.append(letter == '"' ? 2 : 1, letter);
  }
  return quoted + '"';
}

// With an exponent only where the zeros would be many; std::to_chars alone has it as soon as that is shorter.
std::string shortest(float value) {
  const float size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-4F && size < 1e16F);
  return digitsOf(value, fixed ? std::chars_format::fixed : std::chars_format::scientific);
}

// The lines of all objects; `begin`: what each begins with.
std::string lines(const Result& result, const std::string& begin) {
  std::string text;
  const auto add = [&text](float value) { text += ',' + shortest(value); };
  if (result.hasDepth()) {
    const auto [min, median, max] = result.depth.range();
    return begin + shortest(min) + ',' + shortest(median) + ',' + shortest(max) + '\n';
  }
  for (std::size_t i = 0; i < result.classes.size(); ++i) {
    text += begin + std::to_string(result.classes[i]) + ',' + field(result.name(i));
    if (result.hasSemantic()) {
      text += ',' + std::to_string(result.pixels.at(i));
    }
    add(result.scores.at(i));
    if (!result.trackIds.empty()) {
      text += ',' + (result.trackIds.at(i) < 0 ? "" : std::to_string(result.trackIds[i]));
    }
    if (result.task == Task::Classify) {
      text += ',' + std::to_string(i + 1);
    }
    if (result.hasBoxes()) {
      for (const float value : result.boxes.at(i).xyxy()) {
        add(value);
      }
    }
    if (result.hasRotatedBoxes()) {
      for (const float value : result.rotatedBoxes.at(i).xywhr()) {
        add(value);
      }
    }
    if (result.hasMasks()) {
      text += ',' + std::to_string(result.masks.area(i));
    }
    if (result.hasKeypoints()) {
      for (const KeyPoint& point : result.keypoints.at(i)) {
        add(point.x);
        add(point.y);
        if (result.keypointDims == 3) {
          add(point.conf);
        }
      }
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string csvHeader(const ModelInfo& model, bool times, bool tracks) {
  const std::string begin = times ? "source,frame,time," : "source,frame,";
  std::string columns = begin + "class,name,score";
  if (tracks) {
    columns += ",track";
  }
  switch (model.task) {
    case Task::Classify:
      columns += ",rank";
      break;
    case Task::Semantic:
      return begin + "class,name,pixels,share\n";
    case Task::Depth:
      return begin + "min,median,max\n";
    case Task::OBB:
      columns += ",cx,cy,width,height,theta";
      break;
    case Task::Segment:
      columns += ",left,top,right,bottom,area";
      break;
    case Task::Detect:
    case Task::Pose:
      columns += ",left,top,right,bottom";
      break;
  }
  for (int i = 0; i < model.keypoints; ++i) {
    const std::string column = ",kpt" + std::to_string(i);
    columns += column + "_x" + column + "_y";
    if (model.keypointDims == 3) {
      columns += column + "_score";
    }
  }
  return columns + '\n';
}

std::string Result::toCsv(const std::string& source, long frame) const {
  return lines(*this, field(source) + ',' + std::to_string(frame) + ',');
}

std::string Result::toCsv(const std::string& source, long frame, std::optional<double> time) const {
  return lines(*this, field(source) + ',' + std::to_string(frame) + ',' + (time ? digitsOf(*time) : "") + ',');
}

}  // namespace trtyolo
