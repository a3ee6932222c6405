// Results as JSON, CSV and label files: see result_writer.hpp.
#include "writers/result_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include "terminal/printable.hpp"
#include "terminal/reason.hpp"
#include "writers/counts_json.hpp"
#include "writers/json.hpp"
#include "writers/output_file.hpp"

namespace app {

/// A file to which every item adds its text.
class Table {
 public:
  Table(const std::string& file, OutputFile::Kind kind) : file_(file, kind) {}
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

/// An object without its closing brace.
std::string openObject(const Json& json) {
  std::string text = toText(json);
  text.pop_back();
  return text;
}

/// Seconds without digits that stand for nothing.
double inMicroseconds(double seconds) {
  constexpr double kMicro = 1e6;
  return std::round(seconds * kMicro) / kMicro;
}

/// Where a field that begins at `begin` ends: before a comma or a line break that is not in quotes.
std::size_t fieldEnd(const std::string& text, std::size_t begin) {
  bool quoted = false;
  std::size_t end = begin;
  for (; end < text.size() && (quoted || (text[end] != ',' && text[end] != '\n')); ++end) {
    quoted = quoted != (text[end] == '"');
  }
  return end;
}

/// What CSV has of a result's best object: class, name and score; empty fields if there is none.
std::string bestOf(const trtyolo::Result& result) {
  if (result.classes.empty()) return ",,";
  constexpr int kFields = 3;
  const std::string line = result.toCsv("", 0);  // begins with no source and frame 0
  const std::size_t begin = std::string_view(",0,").size();
  std::size_t end = fieldEnd(line, begin);
  for (int i = 1; i < kFields; ++i) end = fieldEnd(line, end + 1);
  return line.substr(begin, end - begin);
}

/// The lines of objects, with what a second model says of each.
std::string withThen(const std::string& lines, const std::vector<trtyolo::Result>& then) {
  std::string text;
  std::size_t begin = 0;
  for (const trtyolo::Result& each : then) {
    std::size_t end = fieldEnd(lines, begin);
    while (end < lines.size() && lines[end] == ',') end = fieldEnd(lines, end + 1);
    text += lines.substr(begin, end - begin) + ',' + bestOf(each) + '\n';
    begin = end + 1;
  }
  return text;
}

/// The same of objects as JSON.
std::string withThenObjects(const std::string& result, const std::vector<trtyolo::Result>& then) {
  Json json = Json::parse(result);
  Json& objects = json.at("objects");
  for (std::size_t i = 0; i < then.size(); ++i) objects.at(i)["then"] = Json::parse(then[i].toJson());
  return json.dump();
}

/// What JSON has of an item, as an object on one line. `wall`: when its image was read, too.
std::string jsonOf(const Item& item, bool wall) {
  Json image{{"source", item.source->name}};
  std::string rest = "}";
  if (const std::string& error = item.error.empty() ? item.saveError : item.error; !error.empty()) {
    image["error"] = error;
  }
  if (item.error.empty()) {
    image["frame"] = item.frame;
    if (item.time) image["time"] = inMicroseconds(*item.time);
  }
  if (wall) image["wall"] = inMicroseconds(std::chrono::duration<double>(item.wall.time_since_epoch()).count());
  if (item.error.empty()) {
    image["width"] = item.result.imageWidth;
    image["height"] = item.result.imageHeight;
    if (!item.lines.empty()) image["lines"] = linesOf(item.lines);
    if (!item.zones.empty()) image["zones"] = zonesOf(item.zones);
    rest = item.result.toJson();
    if (!item.then.empty()) rest = withThenObjects(rest, item.then);
    rest.front() = ',';
    if (!item.depthFile.empty()) {
      const Json file{{"file", std::filesystem::path(item.depthFile).filename().string()}, {"scale", item.depthScale}};
      rest.insert(rest.size() - 2, "," + openObject(file).substr(1));  // into the object "depth"
    }
  }
  return openObject(image) + rest;
}

class JsonTable final : public Table {
 public:
  JsonTable(const std::string& file, const trtyolo::ModelInfo& model)
      : Table(file, OutputFile::Kind::Whole), model_(model) {}

  std::string begin() override {
    const Json head{{"model", model_.file}, {"task", trtyolo::toString(model_.task)}, {"names", namesOf(model_.names)}};
    return openObject(head) + ",\"images\":[";
  }

  std::string textOf(const Item& item) override {
    std::string text = (first_ ? "\n" : ",\n") + jsonOf(item, false);
    first_ = false;
    return text;
  }

  std::string end() override { return "\n]}\n"; }

 private:
  const trtyolo::ModelInfo& model_;
  bool first_ = true;
};

/// JSON Lines.
class LinesTable final : public Table {
 public:
  explicit LinesTable(const std::string& file) : Table(file, OutputFile::Kind::Growing) {}

  std::string begin() override { return ""; }
  std::string textOf(const Item& item) override { return jsonOf(item, true) + '\n'; }
  std::string end() override { return ""; }
};

class CsvTable final : public Table {
 public:
  CsvTable(const ResultFiles& files, const trtyolo::ModelInfo& model)
      : Table(files.csv, OutputFile::Kind::Growing),
        model_(model),
        times_(files.times),
        tracks_(files.tracks),
        then_(files.then) {}

  std::string begin() override {
    std::string columns = trtyolo::csvHeader(model_, times_, tracks_);
    if (then_) columns.insert(columns.size() - 1, ",then_class,then_name,then_score");
    return columns;
  }

  std::string textOf(const Item& item) override {
    if (!item.error.empty()) return "";
    const std::string& source = item.source->name;
    const auto time = item.time ? std::optional(inMicroseconds(*item.time)) : std::nullopt;
    const std::string lines =
        times_ ? item.result.toCsv(source, item.frame, time) : item.result.toCsv(source, item.frame);
    return validUtf8(then_ ? withThen(lines, item.then) : lines);
  }

  std::string end() override { return ""; }

 private:
  const trtyolo::ModelInfo& model_;
  bool times_, tracks_, then_;
};

std::unique_ptr<Table> jsonTable(const std::string& file, const trtyolo::ModelInfo& model) {
  if (std::filesystem::path(file).extension() == ".ndjson") return std::make_unique<LinesTable>(file);
  return std::make_unique<JsonTable>(file, model);
}

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
  if (!files_.csv.empty()) tables_.push_back(std::make_unique<CsvTable>(files_, model));
  // Last, as it tells what went wrong with the others.
  if (!files_.json.empty()) tables_.push_back(jsonTable(files_.json, model));
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
