// The options of predict: see predict_options.hpp.
#include "predict_options.hpp"

#include "command.hpp"

namespace app {

void addPredictOptions(CLI::App& command, PredictOptions& options) {
  command
      .add_option("MODEL", options.model, "model file: ONNX (.onnx), OpenVINO IR (.xml) or TensorRT engine (.engine)")
      ->type_name(" ")
      ->required();
  command
      .add_option("SOURCE", options.sources,
                  "pictures, videos, folders of them, quoted patterns, numbers of cameras, URLs of streams")
      ->type_name(" ")
      ->required();
  command.add_option("--clones", options.clones, "clones that work side by side (default: as many as help)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command
      .add_flag(
          "--together", options.together,
          "all videos, cameras and streams at once, through one pool; the default if there are several and one is "
          "a camera or stream")
      ->group("Many at once");
  command
      .add_option("--late", options.late,
                  "frames of cameras and streams that come while earlier ones wait: drop, the default, or wait")
      ->type_name("drop|wait")
      ->check(CLI::IsMember({"drop", "wait"}).description(""))
      ->group("Many at once");
  command
      .add_option("--give-up", options.giveUp,
                  "seconds in which a camera or stream that is gone must come back (default: 0, no end)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->group("Many at once");
  command
      .add_option("--status", options.status,
                  "seconds from one line for each source to the next (default: 10; 0: only at the end)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->group("Many at once");

  addResultOptions(command, options.results);

  command.add_option("--save", options.save, "folder for annotated pictures and videos (.mp4)")
      ->type_name("DIR")
      ->group("Results");
  command.add_flag("--show", options.show, "show them in a window; q ends, any key goes to the next picture")
      ->group("Results");
  command.add_option("--json", options.json, "results as JSON; - is standard output")
      ->type_name("FILE|-")
      ->group("Results");
  command
      .add_option("--csv", options.csv,
                  "results as CSV, a line for each object, columns as below; - is standard output")
      ->type_name("FILE|-")
      ->group("Results");
  command
      .add_option("--save-txt", options.saveText,
                  "folder for a label file of each image, in Ultralytics' format, lines as below")
      ->type_name("DIR")
      ->group("Results");
  command.add_flag("--save-conf", options.saveConfidence, "the score, too, in these")->group("Results");
  addModelOptions(command, options.loading);
  command.footer(
      "Columns of --csv: source, frame, class, name, score, and by task\n"
      "  detect    left, top, right, bottom\n"
      "  segment   left, top, right, bottom, area (pixels of the mask)\n"
      "  pose      left, top, right, bottom, and kpt0_x, kpt0_y, kpt0_score, ...\n"
      "  obb       cx, cy, width, height, theta (radians, clockwise)\n"
      "  classify  rank (1 is the best class)\n"
      "Lines of --save-txt, lengths as shares of the image's; an image in which nothing was found has no file:\n"
      "  detect    class cx cy w h\n"
      "  segment   class x1 y1 x2 y2 ... (outlines of an object that is in pieces joined to one, holes left out)\n"
      "  pose      class cx cy w h x1 y1 score1 x2 ...\n"
      "  obb       class x1 y1 x2 y2 x3 y3 x4 y4\n"
      "  classify  score name\n\n"
      "A source that cannot be read is named, the others go on, and the exit status is 1.\n"
      "Ctrl-C finishes what is under way and writes what there is; a second one ends at once.\n\n"
      "Together, each source has a thread that reads it, and keeps its order; results of all are written as they "
      "come.\n"
      "A camera or stream that is gone is tried again, after half a second at first, after half a minute at last.\n\n"
      "Examples:\n"
      "  trtyolo predict yolo11n.onnx bus.jpg --save out\n"
      "  trtyolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json\n"
      "  trtyolo predict yolo11n.onnx rtsp://camera.local/main --show --classes 0,2\n"
      "  trtyolo predict yolo11n.onnx rtsp://door.local/main rtsp://yard.local/main --json - --save recordings");
}

void checkUsage(const PredictOptions& options) {
  if (options.json == "-" && options.csv == "-") {
    throw UsageError("--json and --csv cannot both go to standard output");
  }
  if (options.together && options.show) throw UsageError("--show shows one source at a time, so not with --together");
  if (options.saveConfidence && options.saveText.empty()) throw UsageError("--save-conf needs --save-txt DIR");
}

std::vector<std::unique_ptr<Writer>> makeWriters(const PredictOptions& options, const trtyolo::ModelInfo& model,
                                                 const std::vector<Source>& sources) {
  std::vector<std::unique_ptr<Writer>> writers;
  if (!options.json.empty()) writers.push_back(makeJsonWriter(options.json, model));
  if (!options.csv.empty()) writers.push_back(makeCsvWriter(options.csv, model));
  if (!options.saveText.empty()) {
    writers.push_back(makeLabelWriter(options.saveText, options.saveConfidence, model, sources));
  }
  return writers;
}

}  // namespace app
