// Results as JSON, CSV and label files: see writer.hpp.
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "writers/json.hpp"
#include "writers/output_file.hpp"
#include "writers/writer.hpp"

namespace app {
namespace {

/// An object without its closing brace. File names and class names need not be UTF-8; JSON must be.
std::string openObject(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.pop_back();
  return text;
}

/// Seconds without digits that stand for nothing.
double inMicroseconds(double seconds) {
  constexpr double kMicro = 1e6;
  return std::round(seconds * kMicro) / kMicro;
}

class JsonWriter final : public Writer {
 public:
  JsonWriter(const std::string& file, const trtyolo::ModelInfo& model) : file_(file) {
    Json names = Json::object();
    for (int i = 0; i < static_cast<int>(model.names.size()); ++i) append(names, std::to_string(i), model.names[i]);
    file_.write(openObject({{"model", model.file}, {"task", trtyolo::toString(model.task)}, {"names", names}}) +
                ",\"images\":[");
  }

  void add(const Item& item) override {
    Json image{{"source", item.source->name}};
    std::string rest = "}";
    if (const std::string& error = item.error.empty() ? item.saveError : item.error; !error.empty()) {
      image["error"] = error;
    }
    if (item.error.empty()) {
      image["frame"] = item.frame;
      if (item.time) image["time"] = inMicroseconds(*item.time);
      image["width"] = item.result.imageWidth;
      image["height"] = item.result.imageHeight;
      rest = item.result.toJson();
      rest.front() = ',';
      if (!item.depthFile.empty()) {
        const Json file{{"file", std::filesystem::path(item.depthFile).filename().string()},
                        {"scale", item.depthScale}};
        rest.insert(rest.size() - 2, "," + openObject(file).substr(1));  // into the object "depth"
      }
    }
    file_.write(std::exchange(first_, false) ? "\n" : ",\n");
    file_.write(openObject(image));
    file_.write(rest);
    if (file_.direct()) file_.flush();
  }

  void finish() override {
    file_.write("\n]}\n");
    file_.commit();
  }

 private:
  OutputFile file_;
  bool first_ = true;
};

class CsvWriter final : public Writer {
 public:
  CsvWriter(const std::string& file, const trtyolo::ModelInfo& model, bool times) : file_(file), times_(times) {
    file_.write(trtyolo::csvHeader(model, times));
  }

  void add(const Item& item) override {
    const std::string& source = item.source->name;
    const auto time = item.time ? std::optional(inMicroseconds(*item.time)) : std::nullopt;
    file_.write(times_ ? item.result.toCsv(source, item.frame, time) : item.result.toCsv(source, item.frame));
    if (file_.direct()) file_.flush();
  }

  void finish() override { file_.commit(); }

 private:
  OutputFile file_;
  bool times_;
};

class LabelWriter final : public Writer {
 public:
  LabelWriter(std::string folder, bool scores) : folder_(std::move(folder)), scores_(scores) {}

  void add(const Item& item) override {
    if (!item.error.empty()) return;
    const std::string path = (std::filesystem::path(folder_) / (item.fileName() + ".txt")).string();
    const std::string text = item.result.toTxt(scores_);
    if (text.empty()) {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);  // a file of an earlier run would show objects that are not there
      return;
    }
    OutputFile file(path);
    file.write(text);
    file.commit();
  }

  void finish() override {}

 private:
  std::string folder_;
  bool scores_;
};

}  // namespace

std::unique_ptr<Writer> makeJsonWriter(const std::string& file, const trtyolo::ModelInfo& model) {
  return std::make_unique<JsonWriter>(file, model);
}

std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const trtyolo::ModelInfo& model, bool times) {
  return std::make_unique<CsvWriter>(file, model, times);
}

std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores) {
  return std::make_unique<LabelWriter>(folder, scores);
}

}  // namespace app
