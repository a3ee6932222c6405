// Results as label files: see makeLabelWriter() in writer.hpp.
#include <spdlog/fmt/fmt.h>

#include "names.hpp"
#include "output_file.hpp"
#include "writer.hpp"

namespace app {
namespace {

class LabelWriter final : public Writer {
 public:
  LabelWriter(const std::string& folder, bool scores, const std::vector<Source>& sources)
      : names_(folder, sources), scores_(scores) {}

  void add(const Item& item) override {
    if (!item.error.empty()) return;
    std::string stem = stemOf(*item.source);
    if (hasFrames(*item.source)) stem += fmt::format("_{}", item.frame + 1);
    OutputFile file(names_.claim(stem, ".txt"));
    file.write(lines(item));
    file.commit();
  }

  void finish() override {}

 private:
  std::string lines(const Item& item) const {
    const double width = item.size.width, height = item.size.height;
    std::string text;
    for (std::size_t i = 0; i < item.found.boxes.size(); ++i) {
      const trtyolo::Box& box = item.found.boxes[i];
      const double left = box.left, top = box.top, right = box.right, bottom = box.bottom;
      text += fmt::format("{} {:.6g} {:.6g} {:.6g} {:.6g}", item.found.classes[i], (left + right) / 2 / width,
                          (top + bottom) / 2 / height, (right - left) / width, (bottom - top) / height);
      if (scores_) text += fmt::format(" {:.6g}", item.found.scores[i]);
      text += '\n';
    }
    return text;
  }

  OutputNames names_;
  bool scores_;
};

}  // namespace

std::unique_ptr<Writer> makeLabelWriter(const std::string& folder, bool scores, const std::vector<Source>& sources) {
  return std::make_unique<LabelWriter>(folder, scores, sources);
}

}  // namespace app
