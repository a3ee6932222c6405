// The options of predict: see predict_options.hpp.
#include "commands/predict_options.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "commands/command.hpp"

namespace app {

void addPredictOptions(CLI::App& command, PredictOptions& options) {
  command
      .add_option("MODEL", options.model, "model file: ONNX (.onnx), OpenVINO IR (.xml) or TensorRT engine (.engine)")
      ->type_name(" ")
      ->required();
  command
      .add_option("SOURCE", options.sources,
                  "images, videos, folders of them, quoted patterns, numbers of cameras, URLs of images and streams")
      ->type_name(" ")
      ->required();
  command
      .add_option("--clones", options.clones, "clones that work side by side, on each GPU (default: as many as help)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  addDevicesOption(command, options.devices,
                   "GPUs that work on the images, each with its share of the clones, or all there are");
  command
      .add_option("--pixel-memory", options.pixelMemory,
                  "most memory for the pixels of images and frames that are read at a time; one that needs more is an "
                  "error (default: a quarter of what the machine and the limits of the process leave)")
      ->type_name("MiB")
      ->check(CLI::Range(1, 1 << 24).description(""));
  command.add_flag(
      "--fast-decode", options.fastDecode,
      "decode JPEG images on the CPU at 1/2, 1/4 or 1/8 of their size where the network sees no more: faster, "
      "and results differ a little (docs/guide/encoded.md); not with --save or --show, which "
      "need the whole images");
  command.add_flag("-q,--quiet", options.quiet, "say nothing but errors");

  command.option_defaults()->group("Many at once");
  command.add_flag(
      "--together", options.together,
      "all videos, cameras and streams at once, through one pool; the default if there are several and one is "
      "a camera or stream");
  command
      .add_option("--late", options.late,
                  "frames of cameras and streams that come while earlier ones wait: drop, the default, or wait")
      ->type_name("drop|wait")
      ->check(CLI::IsMember({"drop", "wait"}).description(""));
  command
      .add_option("--give-up", options.giveUp,
                  "seconds in which a camera or stream that is gone must come back (default: 0, no end); given, one "
                  "alone need not be there at first")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1e6).description(""));
  command
      .add_option("--status", options.status,
                  "seconds from one line for each source to the next (default: 10; 0: only at the end)")
      ->type_name("S")
      ->check(CLI::Range(0.0, 1e6).description(""));

  command.option_defaults()->group("Small objects in large images");
  command
      .add_option("--slice", options.slice,
                  "predict an image in slices of so many pixels a side, as well as a whole, and merge what they find "
                  "(docs/guide/small_objects.md)")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 20).description(""));
  command.add_option("--overlap", options.overlap, "of neighbouring slices, as a share of their side (default: 0.2)")
      ->type_name("SHARE");

  addResultOptions(command, options.results);
  addTrackOptions(command, options.tracks);
  addThenOptions(command, options.then);
  addViewOptions(command, options.view);

  command.option_defaults()->group("Results");
  command
      .add_option("--save", options.save,
                  "folder for annotated images and videos (.mp4); depth of images, too (16-bit .png)")
      ->type_name("DIR");
  command.add_flag("--show", options.show, "show them in a window; q ends, any key goes to the next image");
  command
      .add_option("--json", options.json,
                  "results as JSON; - is standard output; .ndjson: a line for each image, as soon as it is made")
      ->type_name("FILE|-");
  command
      .add_option("--csv", options.csv,
                  "results as CSV, a line for each object as soon as it is made, columns as below; - is standard "
                  "output")
      ->type_name("FILE|-");
  command
      .add_option("--save-txt", options.saveText,
                  "folder for a label file of each image, in Ultralytics' format, lines as below")
      ->type_name("DIR");
  command.add_flag("--save-conf", options.saveConfidence, "the score, too, in these");
  addModelOptions(command, options.loading);
  command.footer(
      "Sources: a URL of http or https is an image or a stream, as what the server sends tells; it is fetched once. "
      "In\n"
      "patterns, ** stands for folders in folders: 'photos/**/*.jpg'. Each page of a TIFF file and each frame of a GIF "
      "or\n"
      "animated PNG is an image of its own. Of pixels of 16 bits the upper 8 are taken. A JPEG file that is cut off is "
      "an\n"
      "error. Users and passwords in URLs appear in no message and no file.\n\n"
      "Columns of --csv: source, frame, time (seconds; only if a source has frames), class, name, score, track (with\n"
      "--track), and by task\n"
      "  detect    left, top, right, bottom\n"
      "  segment   left, top, right, bottom, area (pixels of the mask)\n"
      "  pose      left, top, right, bottom, and kpt0_x, kpt0_y, kpt0_score, ...\n"
      "  obb       cx, cy, width, height, theta (radians, clockwise)\n"
      "  classify  rank (1 is the best class)\n"
      "  semantic  pixels, share (of the image's) in place of the score, a line for each class\n"
      "  depth     source, frame, min, median, max (metres), a line for each image\n"
      "Lines of --save-txt, lengths as shares of the image's; an image in which nothing was found has no file:\n"
      "  detect    class cx cy w h\n"
      "  segment   class x1 y1 x2 y2 ... (outlines of an object that is in pieces joined to one, holes left out)\n"
      "  pose      class cx cy w h x1 y1 score1 x2 ...\n"
      "  obb       class x1 y1 x2 y2 x3 y3 x4 y4\n"
      "  classify  score name\n"
      "With --save-conf the score stands behind, with --track at last the id.\n\n"
      "Tracks: each source has its own, from 1. --track lowers --conf to 0.1, which trackers need. Lines count for "
      "each\n"
      "source from its beginning: \"in\" who comes to the left side, seen from the first point to the second, \"out\" "
      "the\n"
      "other way, once all of the box is there. In a zone is whose lower edge's middle is there. Both stand in --json "
      "and\n"
      "in what --save and --show draw. Lines of .ndjson have \"wall\" besides: seconds since 1970 (UTC) when a frame "
      "was\n"
      "read.\n\n"
      "Files of one source have one name: the labels of DIR/NAME.jpg are in NAME.txt, those of a video's frames in\n"
      "NAME_1.txt, NAME_2.txt and so on. A second source of the same name becomes NAME_2, behind a video NAME-2.\n"
      "--json has the time of frames as \"time\". Saved videos have a constant rate; frames are repeated to keep the "
      "time.\n\n"
      "A source that cannot be read, or a file that cannot be written, is named, the others go on, and the exit status "
      "is "
      "1.\n"
      "Ctrl-C and SIGTERM finish what is in flight and write what there is; before there is anything, and the second "
      "time,\n"
      "they end at once. The exit status is then 130 or 143.\n\n"
      "Together, each source has a thread that reads it, and keeps its order; results of all are written as they "
      "come.\n"
      "A camera or stream that ends or fails is tried again, after half a second at first, after half a minute at "
      "last, "
      "for\n--give-up seconds; videos end. One that is alone must be there at first, unless --give-up is given.\n\n"
      "Examples:\n"
      "  trtyolo predict yolo11n.onnx bus.jpg --save out\n"
      "  trtyolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json\n"
      "  trtyolo predict yolo11n.engine 'photos/**/*.jpg' --devices all --batch 16 --json results.json\n"
      "  trtyolo predict yolo11n.onnx rtsp://camera.local/main --show --classes person,car\n"
      "  trtyolo predict yolo11n.onnx street.mp4 --track --line door=100,400,500,400 --json street.ndjson --save out\n"
      "  trtyolo predict yolo11n.onnx street.mp4 --classes person --then yolo11n-pose.onnx --save out\n"
      "  trtyolo predict yolo11n.onnx aerial.tif --slice 640 --overlap 0.2 --save out\n"
      "  trtyolo predict yolo11n.onnx rtsp://door.local/main rtsp://yard.local/main --json - --save recordings\n"
      "  trtyolo predict yolo11n.onnx rtsp://door.local/main rtsp://yard.local/main --track --view 8080");
}

std::optional<trtyolo::SliceOption> slicesOf(const PredictOptions& options, const trtyolo::ModelInfo& model) {
  if (!options.slice) return std::nullopt;
  trtyolo::SliceOption slices;
  slices.width = slices.height = *options.slice;
  slices.overlap = options.overlap.value_or(slices.overlap);
  try {
    slices.check(model.task);
  } catch (const std::invalid_argument& error) {
    throw UsageError(std::string("--slice: ") + error.what());
  }
  return slices;
}

void checkUsage(const PredictOptions& options) {
  if (options.overlap && !options.slice) throw UsageError("--overlap needs --slice N");
  if (options.overlap && !(*options.overlap >= 0 && *options.overlap < 1)) {
    throw UsageError(fmt::format("--overlap: a share from 0 to less than 1 was expected, found {}", *options.overlap));
  }
  if (options.slice && options.fastDecode) {
    throw UsageError("--fast-decode cannot be given with --slice, which needs the whole images");
  }
  if (options.json == "-" && options.csv == "-") {
    throw UsageError("--json and --csv cannot both go to standard output");
  }
  static_cast<void>(gpusOf(options));
  static_cast<void>(trackSettings(options.tracks, false));
  static_cast<void>(viewSettings(options.view, options.quiet));
  if (options.together && options.show) throw UsageError("--show shows one source at a time, so not with --together");
  if (options.fastDecode && options.keepsImages()) {
    throw UsageError("--fast-decode cannot be given with --save or --show, which need the whole images");
  }
  if (options.fastDecode && options.then.given()) {
    throw UsageError("--fast-decode cannot be given with --then, whose model needs the whole images");
  }
  if (options.then.margin && !options.then.given()) throw UsageError("--then-margin needs --then MODEL");
  if (options.saveConfidence && options.saveText.empty()) throw UsageError("--save-conf needs --save-txt DIR");
}

trtyolo::Model loadModel(const PredictOptions& options, int streams, std::shared_ptr<trtyolo::ImageDecoder> decoder) {
  try {
    trtyolo::InferOption option = inferOption(options.loading);
    if (const std::vector<int> gpus = gpusOf(options); !gpus.empty()) {
      option.setBackend(trtyolo::Backend::TensorRT).setDeviceId(gpus.front());
    }
    if (!options.loading.streams) option.setStreams(streams);
    if (decoder) option.setImageDecoder(std::move(decoder)).setFastDecode(options.fastDecode);
    if (options.tracks.tracker) option.setConfidence(kTrackConfidence);
    apply(options.results, option);
    trtyolo::Model model = trtyolo::Model::load(options.model, option);
    if (!options.results.classes.empty()) model.setClasses(classesOf(options.results, model.info().names));
    checkTask(options.tracks, model.info().task);
    const std::string idle = idleOptions(options.results, model.info().task);
    if (!idle.empty()) spdlog::warn("{}", idle);
    return model;
  } catch (const std::invalid_argument& error) {
    throw UsageError(error.what());
  }
}

std::vector<int> gpusOf(const PredictOptions& options) {
  return options.devices.empty() ? std::vector<int>() : devicesOf(options.devices, options.loading);
}

std::optional<int> gpuOf(const PredictOptions& options, const trtyolo::Model& model) {
  if (model.info().backend != "tensorrt") return std::nullopt;
  if (const std::vector<int> gpus = gpusOf(options); !gpus.empty()) return gpus.front();
  return wholeNumber(options.loading.device).value_or(0);
}

ResultFiles resultFiles(const PredictOptions& options, const trtyolo::ModelInfo& model,
                        const std::vector<Source>& sources) {
  if (!options.saveText.empty() && (model.task == trtyolo::Task::Semantic || model.task == trtyolo::Task::Depth)) {
    throw UsageError("--save-txt: Ultralytics' label format has nothing for the task " +
                     std::string(trtyolo::toString(model.task)) + "; --json has its results");
  }
  ResultFiles files;
  files.json = options.json;
  files.csv = options.csv;
  files.times = std::any_of(sources.begin(), sources.end(), hasFrames);
  files.tracks = options.tracks.tracker.has_value();
  files.then = options.then.given();
  files.labels = options.saveText;
  files.labelScores = options.saveConfidence;
  return files;
}

}  // namespace app
