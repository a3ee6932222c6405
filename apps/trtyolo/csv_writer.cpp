// Results as CSV: see makeCsvWriter() in writer.hpp.
#include <spdlog/fmt/fmt.h>

#include "class_names.hpp"
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

/// The columns behind those that all tasks have.
std::string columnsOf(const trtyolo::ModelInfo& model) {
  switch (model.task) {
    case trtyolo::Task::Classify:
      return ",rank";
    case trtyolo::Task::OBB:
      return ",cx,cy,width,height,theta";
    case trtyolo::Task::Segment:
      return ",left,top,right,bottom,area";
    case trtyolo::Task::Detect:
    case trtyolo::Task::Pose:
      break;
  }
  std::string columns = ",left,top,right,bottom";
  for (int i = 0; i < model.keypoints; ++i) {
    columns += fmt::format(",kpt{0}_x,kpt{0}_y", i);
    if (model.keypointDims == 3) columns += fmt::format(",kpt{}_score", i);
  }
  return columns;
}

class CsvWriter final : public Writer {
 public:
  CsvWriter(const std::string& file, const trtyolo::ModelInfo& model)
      : task_(model.task), keypointDims_(model.keypointDims), file_(file) {
    for (const std::string& name : namesOf(model)) names_.push_back(field(name));
    file_.write("source,frame,class,name,score" + columnsOf(model) + "\n");
  }

  void add(const Item& item) override {
    const std::string source = field(item.source->name);
    const Found& found = item.found;
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      const int index = found.classes[i];
      // {} gives the shortest digits that stand for the float.
      file_.write(fmt::format("{},{},{},{},{}{}\n", source, item.frame, index,
                              names_.at(static_cast<std::size_t>(index)), found.scores[i], valuesOf(found, i)));
    }
    if (file_.direct()) file_.flush();
  }

  void finish() override { file_.commit(); }

 private:
  std::string valuesOf(const Found& found, std::size_t i) const {
    std::string text;
    const auto add = [&text](auto value) { text += fmt::format(",{}", value); };
    if (task_ == trtyolo::Task::Classify) add(i + 1);
    if (!found.boxes.empty()) {
      for (const float value : found.boxes[i].xyxy()) add(value);
    }
    if (!found.rotated.empty()) {
      for (const float value : found.rotated[i].xywhr()) add(value);
    }
    if (!found.masks.empty()) add(found.masks.area(i));
    if (!found.keypoints.empty()) {
      for (const trtyolo::KeyPoint& point : found.keypoints[i]) {
        add(point.x);
        add(point.y);
        if (keypointDims_ == 3) add(point.conf);
      }
    }
    return text;
  }

  trtyolo::Task task_;
  int keypointDims_;
  Names names_;  ///< as fields
  OutputFile file_;
};

}  // namespace

std::unique_ptr<Writer> makeCsvWriter(const std::string& file, const trtyolo::ModelInfo& model) {
  return std::make_unique<CsvWriter>(file, model);
}

}  // namespace app
