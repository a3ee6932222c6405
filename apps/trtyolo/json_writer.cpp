// Results as JSON: see makeJsonWriter() in writer.hpp.
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

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
  JsonWriter(const std::string& file, const trtyolo::ModelInfo& model, const Names& names)
      : names_(names), file_(file) {
    Json table = Json::object();
    for (std::size_t i = 0; i < names.size(); ++i) table[std::to_string(i)] = names[i];
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
      image["objects"] = objects(item.found);
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
  Json objects(const trtyolo::DetResult& found) const {
    Json list = Json::array();
    for (std::size_t i = 0; i < found.boxes.size(); ++i) {
      const auto [left, top, right, bottom] = found.boxes[i].xyxy();
      list.push_back({{"class", found.classes[i]},
                      {"name", names_.at(static_cast<std::size_t>(found.classes[i]))},
                      {"score", shortest(found.scores[i])},
                      {"box", {shortest(left), shortest(top), shortest(right), shortest(bottom)}}});
    }
    return list;
  }

  Names names_;
  OutputFile file_;
  bool first_ = true;
};

}  // namespace

std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model, const Names& names) {
  return std::make_unique<JsonWriter>(file, model, names);
}

}  // namespace app
