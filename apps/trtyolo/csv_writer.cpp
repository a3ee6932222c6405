// Results as CSV: see makeCsvWriter() in writer.hpp.
#include <spdlog/fmt/fmt.h>

#include "output_file.hpp"
#include "writer.hpp"

namespace app {
namespace {

/// A field as RFC 4180 has it: in quotes if it holds a comma, a quote or a line break, quotes doubled.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

class CsvWriter final : public Writer {
 public:
  CsvWriter(const std::string& file, const Names& names) : file_(file) {
    for (const std::string& name : names) names_.push_back(field(name));
    file_.write("source,frame,class,name,score,left,top,right,bottom\n");
  }

  void add(const Item& item) override {
    const std::string source = field(item.source->name);
    for (std::size_t i = 0; i < item.found.boxes.size(); ++i) {
      const trtyolo::Box& box = item.found.boxes[i];
      const int index = item.found.classes[i];
      // {} gives the shortest digits that stand for the float.
      file_.write(fmt::format("{},{},{},{},{},{},{},{},{}\n", source, item.frame, index,
                              names_.at(static_cast<std::size_t>(index)), item.found.scores[i], box.left, box.top,
                              box.right, box.bottom));
    }
    if (file_.direct()) file_.flush();
  }

  void finish() override { file_.commit(); }

 private:
  Names names_;  ///< as fields
  OutputFile file_;
};

}  // namespace

std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const Names& names) {
  return std::make_unique<CsvWriter>(file, names);
}

}  // namespace app
