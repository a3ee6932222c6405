#include "model/family/family.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "model/onnx_graph.hpp"
#include "model/plugin_cut.hpp"

namespace trtyolo {
namespace {

constexpr std::array<float, 3> kImageNetMean{0.485F, 0.456F, 0.406F}, kImageNetStd{0.229F, 0.224F, 0.225F};

Family detr(const char* name, Filter filter, bool imageNet) {
  Family family{.name = name, .letterbox = LetterboxMode::Stretch, .filter = filter};
  family.shares = family.logits = family.queries = true;
  if (imageNet) {
    family.mean = kImageNetMean;
    family.std = kImageNetStd;
  }
  return family;
}

Family topLeft(const char* name, Filter filter) {
  return {.name = name, .letterbox = LetterboxMode::TopLeft, .floors = true, .filter = filter};
}

Family yolox(const char* name, Filter filter) {
  Family family = topLeft(name, filter);
  family.bgr = true;
  family.white = 255;
  family.layout = Layout::Objectness;
  return family;
}

// Candidates of LibreYOLO's own.
Family libreCorners(const char* name, LetterboxMode letterbox, Filter filter, bool imageNet = false) {
  Family family = topLeft(name, filter);
  family.letterbox = letterbox;
  family.floors = letterbox != LetterboxMode::Stretch;
  family.layout = Layout::ClassScores;
  family.corners = family.multiLabel = family.clips = family.dropsEmpty = true;
  if (imageNet) {
    family.mean = kImageNetMean;
    family.std = kImageNetStd;
  }
  return family;
}

bool has(const std::vector<TensorInfo>& outputs, const char* name) {
  return std::any_of(outputs.begin(), outputs.end(), [&](const TensorInfo& output) { return output.name == name; });
}

// How many boxes a network's first output has for each cell of its grids; 0 if that is no whole number.
int boxesACell(const ModelInfo& info) {
  const int cells = cellsOf(info);
  const int anchors = !info.outputs.empty() && info.outputs[0].shape.size() == 3 ? info.outputs[0].shape[1] : 0;
  return cells > 0 && anchors > 0 && anchors % cells == 0 ? anchors / cells : 0;
}

FamilyReading byMetadata(const Metadata& metadata) {
  if (const std::string* said = metadataEntry(metadata, "model_family")) {
    const std::string* size = metadataEntry(metadata, "size");
    const std::string* pad = metadataEntry(metadata, "letterbox_pad");
    const std::string padding = pad && *pad == "center" ? "-center" : "";
    const bool small = size && (*size == "atto" || *size == "femto" || *size == "pico" || *size == "n");
    const std::string name = *said == "deimv2" && small ? "deim" : *said;
    for (const std::string& wanted : {name + padding, name}) {
      for (const Family& family : families()) {
        if (family.name == "libreyolo-" + wanted) {
          return {&family, "its metadata names the family '" + *said + "'"};
        }
      }
    }
    return {&families().front(), "shapes alone",
            "its metadata names the family '" + *said +
                "', which is not known; setFamily() (--family) says which one it "
                "is like"};
  }
  if (const std::string* head = metadataEntry(metadata, "head"); head && *head == "RTDETRDecoder") {
    return {&familyNamed("rtdetr-ultralytics"), "its metadata names the head 'RTDETRDecoder'"};
  }
  if (const std::string* said = metadataEntry(metadata, "description");
      said && said->find("rtdetr") != std::string::npos) {
    return {&familyNamed("rtdetr-ultralytics"), "its metadata describes it as '" + *said + "'"};
  }
  // Ultralytics' later exporter writes the task and much more.
  if (metadataEntry(metadata, "stride") && metadataEntry(metadata, "names") && !metadataEntry(metadata, "task")) {
    return {&familyNamed("yolov5"),
            "its metadata has stride and names and no task, as the exporters of YOLOv5 and YOLOv9 write it"};
  }
  return {};
}

FamilyReading byOutputs(const ModelInfo& info, const Metadata& metadata) {
  const std::optional<PluginCut> cut = pluginCutOf(metadata);
  if (cut && cut->shares) {
    return {&familyNamed("detr-finished"), "it has an input for the size of the image, 'orig_target_sizes'"};
  }
  if (has(info.outputs, "pred_logits") && has(info.outputs, "pred_boxes")) {
    return {&familyNamed("dfine"), "its outputs are named 'pred_logits' and 'pred_boxes'"};
  }
  if (has(info.outputs, "dets") && has(info.outputs, "labels")) {
    return {&familyNamed("rfdetr"), "its outputs are named 'dets' and 'labels'"};
  }
  // What a suppression was cut off had outputs of its own.
  const auto hadOutput = [&](const char* name) { return cut && cut->outputs.find(name) != std::string::npos; };
  const bool flat = info.outputs.size() == 1 && info.outputs[0].name.find("flat_predictions") != std::string::npos;
  if (flat || has(info.outputs, "pred_boxes") || has(info.outputs, "graph2_pred_boxes") ||
      hadOutput("flat_predictions") || hadOutput("pred_boxes")) {
    return {&familyNamed("yolonas"), "its outputs are named as super-gradients names them"};
  }
  const bool silent = !metadataEntry(metadata, "names") && !metadataEntry(metadata, "task");
  const bool apart = info.outputs.size() == 2 && info.outputs[0].shape.size() == 3 &&
                     info.outputs[1].shape.size() == 3 && info.outputs[0].shape[1] == info.outputs[1].shape[1];
  // YOLO-NAS gives corners.
  const bool centred = cut && !cut->corners;
  const int boxes = boxesACell(info);
  if (silent && apart && !centred && boxes == 1 && (info.outputs[0].shape[2] == 4 || info.outputs[1].shape[2] == 4)) {
    return {&familyNamed("yolonas"), "boxes and scores are outputs of their own, as super-gradients exports them"};
  }
  if (silent && info.outputs.size() == 1 && has(info.outputs, "output") && boxes > 0 && info.outputs[0].shape[2] > 5) {
    const std::string why = "its output is named 'output', with " +
                            (boxes == 1 ? std::string("a box") : std::to_string(boxes) + " boxes") + " a cell";
    if (boxes == 3) {
      return {&familyNamed("yolov7"), why};
    }
    const std::string* source = metadataEntry(metadata, kOutputSources);
    const bool grid = source && *source == "Transpose";
    return {&familyNamed(grid ? "yolox-raw" : "yolox"), why + (grid ? ", and comes straight from the grids" : "")};
  }
  return {};
}

}  // namespace

int cellsOf(const ModelInfo& info) {
  int cells = 0;
  for (const int stride : {8, 16, 32}) {
    if (info.dynamicSize || info.networkWidth % stride != 0 || info.networkHeight % stride != 0) {
      return 0;
    }
    cells += (info.networkWidth / stride) * (info.networkHeight / stride);
  }
  return cells;
}

const std::vector<Family>& families() {
  static const std::vector<Family> all = [] {
    std::vector<Family> table{{.name = "ultralytics"}};
    table.push_back({.name = "yolov5"});
    table.push_back(
        {.name = "yolov5-cls", .squareCrop = true, .mean = kImageNetMean, .std = kImageNetStd, .logits = true});
    table.push_back({.name = "yolov6", .layout = Layout::Objectness});
    table.push_back({.name = "yolov7", .layout = Layout::Objectness, .objectnessAlone = true});
    table.push_back(yolox("yolox", Filter::Bilinear));
    table.push_back(yolox("yolox-raw", Filter::Bilinear));
    table.back().grid = true;
    table.push_back({.name = "yolonas", .longest = 636, .multiLabel = true});
    // RT-DETR as Ultralytics exports it: finished, but for the shares.
    table.push_back({.name = "rtdetr-ultralytics", .letterbox = LetterboxMode::Stretch, .shares = true});
    table.push_back(detr("rtdetr", Filter::Bilinear, false));
    table.push_back(detr("dfine", Filter::Pillow, false));
    table.push_back(detr("rfdetr", Filter::Real, true));
    // Those of RT-DETR, D-FINE and DEIM by their own exporters.
    table.push_back(
        {.name = "detr-finished", .letterbox = LetterboxMode::Stretch, .filter = Filter::Pillow, .shares = true});
    // LibreYOLO's, by what its metadata calls them.
    table.push_back(yolox("libreyolo-yolox", Filter::Pillow));
    table.back().clips = table.back().dropsEmpty = true;
    table.push_back(
        {.name = "libreyolo-yolonas", .filter = Filter::Pillow, .longest = 636, .clips = true, .dropsEmpty = true});
    table.push_back(libreCorners("libreyolo-yolo9", LetterboxMode::TopLeft, Filter::Bilinear));
    table.push_back(libreCorners("libreyolo-yolo9-center", LetterboxMode::Center, Filter::Bilinear));
    table.push_back(libreCorners("libreyolo-yolo9_e2e", LetterboxMode::TopLeft, Filter::Bilinear));
    table.back().queries = true;
    table.push_back(libreCorners("libreyolo-yolo9_e2e-center", LetterboxMode::Center, Filter::Bilinear));
    table.back().queries = true;
    table.push_back(libreCorners("libreyolo-yolo7", LetterboxMode::TopLeft, Filter::Pillow));
    table.back().agnostic = true;
    table.push_back(libreCorners("libreyolo-picodet", LetterboxMode::Stretch, Filter::Bilinear, true));
    table.push_back(libreCorners("libreyolo-ppyoloe", LetterboxMode::Stretch, Filter::Bilinear, true));
    table.push_back(libreCorners("libreyolo-rtmdet", LetterboxMode::TopLeft, Filter::Pillow, true));
    table.back().bgr = true;
    std::reverse(table.back().mean.begin(), table.back().mean.end());
    std::reverse(table.back().std.begin(), table.back().std.end());
    for (const char* name : {"libreyolo-rtdetr", "libreyolo-rtdetrv2"}) {
      table.push_back(detr(name, Filter::Bilinear, false));
    }
    for (const char* name : {"libreyolo-rtdetrv4", "libreyolo-dfine", "libreyolo-deim"}) {
      table.push_back(detr(name, Filter::Pillow, false));
    }
    for (const char* name : {"libreyolo-deimv2", "libreyolo-ec", "libreyolo-tinyformer", "libreyolo-gtr"}) {
      table.push_back(detr(name, Filter::Pillow, true));
    }
    table.push_back(detr("libreyolo-rfdetr", Filter::Real, true));
    table.push_back({.name = "plain-plugin", .wholeMasks = true});
    return table;
  }();
  return all;
}

const Family& familyNamed(std::string_view name) {
  const auto found =
      std::find_if(families().begin(), families().end(), [&](const Family& family) { return family.name == name; });
  if (found == families().end()) {
    std::string known;
    for (const Family& family : families()) {
      known += (known.empty() ? "" : ", ") + std::string(family.name);
    }
    throw std::invalid_argument("setFamily: '" + std::string(name) + "' is none; known are " + known);
  }
  return *found;
}

FamilyReading familyOf(const ModelInfo& info, const Metadata& metadata, const std::string& wanted) {
  // YOLOv5's classifiers are a family of their own.
  const auto ofTask = [&](FamilyReading reading) {
    if (info.task == Task::Classify && reading.family->name == std::string("yolov5")) {
      reading.family = &familyNamed("yolov5-cls");
    }
    return reading;
  };
  if (!wanted.empty()) {
    return ofTask({&familyNamed(wanted), "the family that was asked for"});
  }
  FamilyReading told = byMetadata(metadata);
  told = told.family ? told : byOutputs(info, metadata);
  if (told.family) {
    return ofTask(told);
  }
  const bool said = metadataEntry(metadata, "task") && metadataEntry(metadata, "names");
  return {&families().front(), said ? "its metadata names the task and the classes" : "shapes alone"};
}

}  // namespace trtyolo
