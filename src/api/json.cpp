// Results as JSON: Result::toJson().
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "api/digits.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {
namespace {

using Json = nlohmann::ordered_json;

// The double that has the fewest decimal digits of those that stand for the float: 0.9, not 0.8999999761581421. JSON
// has no numbers that are not finite: nlohmann-json writes null for them.
double shortestDouble(float value) {
  const std::string text = digitsOf(value);
  double same = value;
  std::from_chars(text.data(), text.data() + text.size(), same);
  return same;
}

template <std::size_t kCount>
Json numbers(const std::array<float, kCount>& values) {
  Json list = Json::array();
  for (const float value : values) {
    list.push_back(shortestDouble(value));
  }
  return list;
}

Json corners(const RotatedBox& box) {
  const std::array<float, 8> values = box.xyxyxyxy();
  Json list = Json::array();
  for (std::size_t i = 0; i < values.size(); i += 2) {
    list.push_back(numbers(std::array{values[i], values[i + 1]}));
  }
  return list;
}

Json points(const std::vector<KeyPoint>& keypoints, int dims) {
  Json list = Json::array();
  for (const KeyPoint& point : keypoints) {
    list.push_back(numbers(std::array{point.x, point.y}));
    if (dims == 3) {
      list.back().push_back(shortestDouble(point.conf));
    }
  }
  return list;
}

// COCO's text form of run lengths, the one that pycocotools reads and writes. From the fourth on, a count is written as
// its difference from the one before the last; five bits a letter, the lowest first, a sixth bit that says whether more
// follow, and the fifth bit of the last letter is the sign.
std::string cocoString(const std::vector<std::uint32_t>& counts) {
  constexpr int kBits = 5, kMore = 1 << kBits, kSign = kMore >> 1, kFirstLetter = 48;
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    std::int64_t value = counts[i];
    if (i > 2) {
      value -= counts[i - 2];
    }
    for (bool more = true; more;) {
      int letter = static_cast<int>(value & (kMore - 1));
      value >>= kBits;
      more = value != ((letter & kSign) != 0 ? -1 : 0);
      if (more) {
        letter |= kMore;
      }
      text += static_cast<char>(letter + kFirstLetter);
    }
  }
  return text;
}

// The pixels of each class. A class that is said twice has the place and the pixels of the last time.
Json maskOfEach(const ClassMap& map, const std::vector<int>& classes) {
  const Masks each = map.masks(classes);
  std::unordered_map<int, std::size_t> last;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    last[classes[i]] = i;
  }
  Json counts = Json::object();
  // Appended, for the object would look through all its keys.
  auto& pairs = static_cast<Json::object_t::Container&>(counts.get_ref<Json::object_t&>());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (last[classes[i]] == i) {
      pairs.emplace_back(std::to_string(classes[i]), cocoString(each.cocoCounts(i)));
    }
  }
  return counts;
}

}  // namespace

std::string Result::toJson() const {
  if (hasSemantic()) {
    return Json{{"semantic", {{"size", {semantic.height, semantic.width}}, {"classes", maskOfEach(semantic, classes)}}}}
        .dump();
  }
  if (hasDepth()) {
    const auto [min, median, max] = depth.range();
    return Json{
        {"depth", {{"size", {depth.height, depth.width}}, {"min", shortestDouble(min)}, {"max", shortestDouble(max)}}}}
        .dump();
  }
  Json objects = Json::array();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    Json object{{"class", classes[i]}, {"name", name(i)}, {"score", shortestDouble(scores.at(i))}};
    if (!trackIds.empty() && trackIds.at(i) >= 0) {
      object["track"] = trackIds[i];
    }
    if (hasBoxes()) {
      object["box"] = numbers(boxes.at(i).xyxy());
    }
    if (hasRotatedBoxes()) {
      object["rotated"] = numbers(rotatedBoxes.at(i).xywhr());
      object["corners"] = corners(rotatedBoxes[i]);
    }
    if (hasKeypoints()) {
      object["keypoints"] = points(keypoints.at(i), keypointDims);
    }
    if (hasMasks()) {
      object["mask"] = {{"size", {masks.height(), masks.width()}}, {"counts", cocoString(masks.cocoCounts(i))}};
    }
    objects.push_back(std::move(object));
  }
  // Class names need not be UTF-8; JSON must be.
  return Json{{task == Task::Classify ? "top" : "objects", std::move(objects)}}.dump(-1, ' ', false,
                                                                                     Json::error_handler_t::replace);
}

}  // namespace trtyolo
