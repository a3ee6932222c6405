// Results as label files: see makeLabelWriter() in writer.hpp.
#include <spdlog/fmt/fmt.h>

#include <filesystem>

#include "class_names.hpp"
#include "mask_shapes.hpp"
#include "names.hpp"
#include "output_file.hpp"
#include "writer.hpp"

namespace app {
namespace {

class LabelWriter final : public Writer {
 public:
  LabelWriter(const std::string& folder, bool scores, const trtyolo::ModelInfo& model,
              const std::vector<Source>& sources)
      : files_(folder, sources),
        scores_(scores),
        task_(model.task),
        keypointDims_(model.keypointDims),
        names_(namesOf(model)) {}

  void add(const Item& item) override {
    if (!item.error.empty()) return;
    std::string stem = stemOf(*item.source);
    if (hasFrames(*item.source)) stem += fmt::format("_{}", item.frame + 1);
    const std::string path = files_.claim(stem, ".txt");
    const std::string text = lines(item);
    if (text.empty()) {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);  // one of an earlier run would tell of objects that are not there
      return;
    }
    OutputFile file(path);
    file.write(text);
    file.commit();
  }

  void finish() override {}

 private:
  std::string lines(const Item& item) const {
    const Found& found = item.found;
    std::string text;
    for (std::size_t i = 0; i < found.classes.size(); ++i) {
      if (task_ == trtyolo::Task::Classify) {
        text += fmt::format("{:.2f} {}\n", found.scores[i], names_.at(static_cast<std::size_t>(found.classes[i])));
        continue;
      }
      const std::vector<double> values = place(found, i, item.size);
      if (values.empty()) continue;
      text += std::to_string(found.classes[i]);
      for (const double value : values) text += fmt::format(" {:.6g}", value);
      if (scores_) text += fmt::format(" {:.6g}", found.scores[i]);
      text += '\n';
    }
    return text;
  }

  /// Where object `i` is, in shares of the image's size; empty if it is nowhere.
  std::vector<double> place(const Found& found, std::size_t i, cv::Size size) const {
    std::vector<double> values;
    const auto add = [&](double x, double y) {
      values.push_back(x / size.width);
      values.push_back(y / size.height);
    };
    if (!found.masks.empty()) {
      constexpr std::size_t kFewestPoints = 3;
      const std::vector<cv::Point2f> outline = outlineOf(found.masks, i, size);
      if (outline.size() < kFewestPoints) return {};
      for (const cv::Point2f& point : outline) add(point.x, point.y);
    } else if (!found.rotated.empty()) {
      const std::array<float, 8> corners = found.rotated[i].xyxyxyxy();
      for (std::size_t corner = 0; corner < corners.size(); corner += 2) add(corners[corner], corners[corner + 1]);
    } else {
      const trtyolo::Box& box = found.boxes.at(i);
      const double left = box.left, top = box.top, right = box.right, bottom = box.bottom;
      add((left + right) / 2, (top + bottom) / 2);
      add(right - left, bottom - top);
    }
    if (!found.keypoints.empty()) {
      for (const trtyolo::KeyPoint& point : found.keypoints[i]) {
        add(point.x, point.y);
        if (keypointDims_ == 3) values.push_back(point.conf);
      }
    }
    return values;
  }

  OutputNames files_;
  bool scores_;
  trtyolo::Task task_;
  int keypointDims_;
  Names names_;
};

}  // namespace

std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores, const trtyolo::ModelInfo& model,
                                        const std::vector<Source>& sources) {
  return std::make_unique<LabelWriter>(folder, scores, model, sources);
}

}  // namespace app
