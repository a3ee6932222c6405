// Results as JSON, CSV and label files: see result_writer.hpp.
#include "writers/result_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "terminal/printable.hpp"
#include "terminal/reason.hpp"
#include "writers/json.hpp"
#include "writers/output_file.hpp"

namespace app {

/// A file to which every item adds its text.
class Table {
 public:
  explicit Table(const std::string& file) : file_(file) {}
  virtual ~Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  virtual std::string begin() = 0;
  virtual std::string textOf(const Item& item) = 0;
  virtual std::string end() = 0;

  void write(std::string_view text) { file_.write(text); }
  void commit() { file_.commit(); }

 private:
  OutputFile file_;
};

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

class JsonTable final : public Table {
 public:
  JsonTable(const std::string& file, const trtyolo::ModelInfo& model) : Table(file), model_(model) {}

  std::string begin() override {
    Json names = Json::object();
    for (int i = 0; i < static_cast<int>(model_.names.size()); ++i) append(names, std::to_string(i), model_.names[i]);
    return openObject({{"model", model_.file}, {"task", trtyolo::toString(model_.task)}, {"names", names}}) +
           ",\"images\":[";
  }

  std::string textOf(const Item& item) override {
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
    std::string text = (first_ ? "\n" : ",\n") + openObject(image) + rest;
    first_ = false;
    return text;
  }

  std::string end() override { return "\n]}\n"; }

 private:
  const trtyolo::ModelInfo& model_;
  bool first_ = true;
};

class CsvTable final : public Table {
 public:
  CsvTable(const std::string& file, const trtyolo::ModelInfo& model, bool times)
      : Table(file), model_(model), times_(times) {}

  std::string begin() override { return trtyolo::csvHeader(model_, times_); }

  std::string textOf(const Item& item) override {
    if (!item.error.empty()) return "";
    const std::string& source = item.source->name;
    const auto time = item.time ? std::optional(inMicroseconds(*item.time)) : std::nullopt;
    return validUtf8(times_ ? item.result.toCsv(source, item.frame, time) : item.result.toCsv(source, item.frame));
  }

  std::string end() override { return ""; }

 private:
  const trtyolo::ModelInfo& model_;
  bool times_;
};

/// What the table has of the item: if it cannot be said, the error.
std::string textOf(Table& table, Item& item) {
  try {
    return table.textOf(item);
  } catch (const std::exception& error) {
    item.error = "the result cannot be written: " + reasonOf(error);
  }
  return table.textOf(item);
}

}  // namespace

ResultWriter::ResultWriter(ResultFiles files, const trtyolo::ModelInfo& model) : files_(std::move(files)) {
  if (!files_.csv.empty()) tables_.push_back(std::make_unique<CsvTable>(files_.csv, model, files_.times));
  // Last, as it tells what went wrong with the others.
  if (!files_.json.empty()) tables_.push_back(std::make_unique<JsonTable>(files_.json, model));
  for (auto& table : tables_) {
    attempt(table, [&] { table->write(table->begin()); });
  }
}

ResultWriter::~ResultWriter() = default;

void ResultWriter::add(Item& item) {
  if (!files_.labels.empty() && item.error.empty()) addLabels(item);
  for (auto& table : tables_) {
    attempt(table, [&] { table->write(textOf(*table, item)); });
  }
  const std::string& error = item.error.empty() ? item.saveError : item.error;
  if (!error.empty()) spdlog::error("{}: {}", oneLine(item.source->name), oneLine(error));
}

void ResultWriter::finish() {
  for (auto& table : tables_) {
    attempt(table, [&] {
      table->write(table->end());
      table->commit();
    });
  }
}

bool ResultWriter::isLost() const {
  const auto gone = [](const auto& table) { return table == nullptr; };
  return files_.labels.empty() && !tables_.empty() && std::all_of(tables_.begin(), tables_.end(), gone);
}

void ResultWriter::addLabels(Item& item) const {
  try {
    const std::string path = (std::filesystem::path(files_.labels) / (item.fileName() + ".txt")).string();
    const std::string text = validUtf8(item.result.toTxt(files_.labelScores));
    std::error_code ignored;
    if (!text.empty()) {
      writeWhole(path, text);
    } else {
      std::filesystem::remove(path, ignored);  // a file of an earlier run would show objects that are not there
    }
  } catch (const std::exception& error) {
    item.addSaveError(reasonOf(error));
  }
}

/// Does `work`, which writes to the table. A table that cannot be written is given up.
template <typename Work>
void ResultWriter::attempt(std::unique_ptr<Table>& table, const Work& work) {
  if (!table) return;
  try {
    return work();
  } catch (const WriteError& error) {
    readerIsGone_ = readerIsGone_ || error.readerIsGone();
    if (!error.readerIsGone()) spdlog::error("{}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("{}", reasonOf(error));
  }
  failed_ = true;
  table.reset();
}

}  // namespace app
