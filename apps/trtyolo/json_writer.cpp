// Results as JSON: see makeJsonWriter() in writer.hpp.
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "class_names.hpp"
#include "mask_shapes.hpp"
#include "output_file.hpp"
#include "writer.hpp"

namespace app {
namespace {

using Json = nlohmann::ordered_json;

/// The double that has the shortest decimal digits of those that stand for the float `value`: 0.9, not
/// 0.8999999761581421.
double shortest(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double same = value;
  std::from_chars(text.data(), end, same);
  return same;
}

/// File names and class names need not be UTF-8; JSON must be.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class JsonWriter final : public Writer {
 public:
  JsonWriter(const std::string& file, const trtyolo::ModelInfo& model)
      : task_(model.task), keypointDims_(model.keypointDims), names_(namesOf(model)), file_(file) {
    Json table = Json::object();
    for (std::size_t i = 0; i < names_.size(); ++i) table[std::to_string(i)] = names_[i];
    const Json head{{"model", model.file}, {"task", trtyolo::toString(model.task)}, {"names", std::move(table)}};
    std::string text = dump(head);
    text.pop_back();  // the object stays open
    file_.write(text + ",\"images\":[");
  }

  void add(const Item& item) override {
    Json image{{"source", item.source->name}};
    if (!item.error.empty()) {
      image["error"] = item.error;
    } else {
      image["frame"] = item.frame;
      image["width"] = item.size.width;
      image["height"] = item.size.height;
      image[task_ == trtyolo::Task::Classify ? "top" : "objects"] = objects(item.found);
    }
    file_.write((first_ ? "\n" : ",\n") + dump(image));
    first_ = false;
    if (file_.direct()) file_.flush();
  }

  void finish() override {
    file_.write("\n]}\n");
    file_.commit();
  }

 private:
  Json objects(const Found& found) const {
    Json list = Json::array();
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      Json object{{"class", found.classes[i]},
                  {"name", names_.at(static_cast<std::size_t>(found.classes[i]))},
                  {"score", shortest(found.scores[i])}};
      if (!found.boxes.empty()) object["box"] = numbers(found.boxes[i].xyxy());
      if (!found.rotated.empty()) {
        object["rotated"] = numbers(found.rotated[i].xywhr());
        object["corners"] = corners(found.rotated[i]);
      }
      if (!found.keypoints.empty()) object["keypoints"] = points(found.keypoints[i]);
      if (!found.masks.empty()) object["mask"] = mask(found.masks, i);
      list.push_back(std::move(object));
    }
    return list;
  }

  template <std::size_t kCount>
  static Json numbers(const std::array<float, kCount>& values) {
    Json list = Json::array();
    for (const float value : values) list.push_back(shortest(value));
    return list;
  }

  static Json corners(const trtyolo::RotatedBox& box) {
    const std::array<float, 8> values = box.xyxyxyxy();
    Json list = Json::array();
    for (std::size_t i = 0; i < values.size(); i += 2) list.push_back(numbers(std::array{values[i], values[i + 1]}));
    return list;
  }

  Json points(const std::vector<trtyolo::KeyPoint>& points) const {
    Json list = Json::array();
    for (const trtyolo::KeyPoint& point : points) {
      Json values = numbers(std::array{point.x, point.y});
      if (keypointDims_ == 3) values.push_back(shortest(point.conf));
      list.push_back(std::move(values));
    }
    return list;
  }

  static Json mask(const trtyolo::Masks& masks, std::size_t i) {
    return {{"size", {masks.height(), masks.width()}}, {"counts", cocoString(masks.cocoCounts(i))}};
  }

  trtyolo::Task task_;
  int keypointDims_;
  Names names_;
  OutputFile file_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model) {
  return std::make_unique<JsonWriter>(file, model);
}

}  // namespace app
