// The command self-test: a self-test into a model file, or out of it.
#include "commands/self_test.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <stdexcept>
#include <vector>

#include "commands/command.hpp"
#include "commands/model_options.hpp"
#include "input/image_file.hpp"
#include "input/sources.hpp"
#include "terminal/printable.hpp"
#include "trtyolo/opencv.hpp"

namespace app {
namespace {

struct SelfTestOptions {
  std::string model, reference, images;
  ModelOptions loading;
  bool remove = false, quiet = false;
};

std::vector<cv::Mat> readImages(const std::string& folder) {
  constexpr std::size_t kMost = 32;  // the library looks at no more
  std::vector<cv::Mat> images;
  for (const Source& source : findSources({folder})) {
    if (source.kind != SourceKind::Image) continue;
    try {
      images.push_back(readImage(source.name, 0, kMostBytes));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error("'" + source.name + "': " + error.what());
    }
    if (images.size() == kMost) break;
  }
  if (images.empty()) throw std::runtime_error("'" + folder + "': a folder with images was expected, found none");
  return images;
}

Json jsonOf(const std::map<std::string, std::string>& texts) {
  Json json = Json::object();
  for (const auto& [name, text] : texts) json[name] = text;
  return json;
}

Json jsonOf(const std::map<std::string, double>& numbers) {
  Json json = Json::object();
  for (const auto& [name, number] : numbers) json[name] = number;
  return json;
}

std::string listOf(const std::map<std::string, std::string>& texts) {
  std::string list;
  for (const auto& [name, text] : texts) list += (list.empty() ? "" : ", ") + name + " " + text;
  return list;
}

int runSelfTest(const SelfTestOptions& options) {
  if (options.remove) {
    if (!options.reference.empty() || !options.images.empty()) {
      throw UsageError("--remove takes neither --reference nor --images");
    }
    trtyolo::removeSelfTest(options.model);
    spdlog::info("{}: has no self-test now", options.model);
    return kDone;
  }
  const trtyolo::SelfTestReport report =
      makeSelfTest(options.model, options.reference, options.images, inferOption(options.loading));
  if (!options.quiet) {
    std::cout << printable(selfTestText(report));
    if (!std::cout.flush()) throw std::runtime_error("standard output cannot be written");
  }
  return report.verdict == trtyolo::SelfTestVerdict::Passed ? kDone : kFailed;
}

}  // namespace

trtyolo::SelfTestReport makeSelfTest(const std::string& file, const std::string& reference, const std::string& folder,
                                     const trtyolo::InferOption& option) {
  const std::vector<cv::Mat> mats = folder.empty() ? std::vector<cv::Mat>() : readImages(folder);
  std::vector<trtyolo::Image> images;
  images.reserve(mats.size());
  for (const cv::Mat& mat : mats) images.push_back(trtyolo::view(mat));
  return trtyolo::addSelfTest(file, reference, images, option);
}

std::string selfTestText(const trtyolo::SelfTestReport& report) {
  constexpr const char* kLine = "{:<12} {:<10} {}\n";
  std::string text = fmt::format("{:<12} {}: {}\n", "self-test", trtyolo::toString(report.verdict), report.message);
  for (std::size_t i = 0; i < report.images.size(); ++i) {
    const trtyolo::SelfTestImage& image = report.images[i];
    text += fmt::format(kLine, fmt::format("image {}", i + 1), "expected", image.expected);
    text += fmt::format(kLine, "", "found", image.found);
    std::string parts;
    for (const auto& [name, value] : image.difference) {
      parts += fmt::format("{}{} {:.4f} (at most {:.4f})", parts.empty() ? "" : ", ", name, value,
                           report.tolerance.at(name));
    }
    text += fmt::format(kLine, "", "difference", parts);
    text += fmt::format(kLine, "", "verdict", image.passed ? "passed" : "failed");
  }
  if (report.images.empty()) return text;
  text += fmt::format(kLine, "made", "reference", report.reference);
  text += fmt::format(kLine, "", "there", listOf(report.there));
  text += fmt::format(kLine, "", "here", listOf(report.here));
  text += fmt::format("{:<12} {:.3f} s\n", "time", report.seconds);
  return text;
}

Json selfTestJson(const trtyolo::SelfTestReport& report) {
  Json images = Json::array();
  for (const trtyolo::SelfTestImage& image : report.images) {
    images.push_back({{"size", {image.height, image.width}},
                      {"expected", image.expected},
                      {"found", image.found},
                      {"difference", jsonOf(image.difference)},
                      {"passed", image.passed}});
  }
  return {{"verdict", trtyolo::toString(report.verdict)},
          {"message", report.message},
          {"images", std::move(images)},
          {"tolerance", jsonOf(report.tolerance)},
          {"reference", report.reference},
          {"there", jsonOf(report.there)},
          {"here", jsonOf(report.here)},
          {"seconds", report.seconds}};
}

void addSelfTest(CLI::App& program, std::vector<Command>& commands) {
  CLI::App* command = program.add_subcommand(
      "self-test", "Put a self-test into a model file: images and what the f32 model finds in them");
  const auto options = std::make_shared<SelfTestOptions>();
  command
      ->add_option("MODEL", options->model,
                   "model file: ONNX (.onnx), OpenVINO IR (.xml) or TensorRT engine (.engine); it is replaced by one "
                   "with the test in its metadata")
      ->type_name(" ")
      ->required();
  command
      ->add_option("--reference", options->reference,
                   "the f32 model that it was made from, ONNX or OpenVINO IR (default: MODEL in f32)")
      ->type_name("FILE");
  command
      ->add_option(
          "--images", options->images,
          "images of what the model is for: of the first 32, and of built-in drawings, the three are kept that "
          "it says most about, scaled to 112 pixels (default: the drawings)")
      ->type_name("FOLDER");
  command->add_flag("--remove", options->remove, "take the self-test out of MODEL instead");
  command->add_flag("-q,--quiet", options->quiet, "say nothing but errors");
  addModelOptions(*command, options->loading);
  command->footer(
      "Models run the test when they load the file (--self-test of predict and bench), and trtyolo info MODEL --check\n"
      "runs all of it. build does this by itself.\n\n"
      "Examples:\n"
      "  trtyolo self-test yolo11n.onnx\n"
      "  trtyolo self-test yolo11n-int8.onnx --reference yolo11n.onnx --images photos");
  commands.push_back({command, [options] {
                        if (options->quiet) spdlog::set_level(spdlog::level::err);
                        return runSelfTest(*options);
                      }});
}

}  // namespace app
