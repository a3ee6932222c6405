// Model files that test themselves: a few small images, what the f32 model finds in them, by how much the file's own
// results differed, and the versions of all that ran it, in the file's metadata.
//
//     trtyolo::addSelfTest("yolo11n.engine", "yolo11n.onnx");
//     trtyolo::Model::load("yolo11n.engine", trtyolo::InferOption().setSelfTest(trtyolo::SelfTest::Refuse));
//
// Models run the test when they load the file (InferOption::setSelfTest()); checkSelfTest() says what came out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "api.hpp"
#include "errors.hpp"
#include "image.hpp"
#include "options.hpp"

namespace trtyolo {

/// What came out of a self-test. None: the file has none. Skipped: an option changes what goes into the network, or the
/// test could not be run, so that nothing can be said. Unreadable: it is damaged, or of a later version.
enum class SelfTestVerdict { None, Passed, Failed, Skipped, Unreadable };

/// "none", "passed", "failed", "skipped" or "unreadable".
TRTYOLO_API const char* toString(SelfTestVerdict verdict);

/// One image of a self-test.
struct TRTYOLO_API SelfTestImage {
  int width = 0, height = 0;  ///< pixels
  std::string expected;       ///< what the f32 model found, in words: the surest objects, in pixels of the image
  std::string found;          ///< the same of the file, here
  /// By how much both differ, from 0 to 1: "score" (largest share of an object's score), "box" (largest distance of a
  /// corner or keypoint, as a share of the image's longer side), "mask" (largest share of a mask's pixels), "missing"
  /// (share of the expected objects), "extra" (score of what was not expected, beside the surest that was), "map"
  /// (semantic: share of the cells with another class; depth: share of the mean depth). Only what the task has.
  std::map<std::string, double> difference;
  bool passed = false;  ///< whether all differences are within the tolerance
};

/// What a self-test says of a file on this machine.
struct TRTYOLO_API SelfTestReport {
  SelfTestVerdict verdict = SelfTestVerdict::None;  ///< what came out
  std::string message;                              ///< a sentence or two with the facts
  std::vector<SelfTestImage> images;                ///< those that were run
  std::map<std::string, double> tolerance;          ///< the largest differences that pass, by the names of `difference`
  std::map<std::string, std::string> there;         ///< versions where the test was made: "trtyolo", the backend,
                                                    ///< "device", "precision", on GPUs "driver"
  std::map<std::string, std::string> here;          ///< the same of this machine
  std::string reference;                            ///< what found what is expected, in words
  double seconds = 0;                               ///< what running it took, without loading the file
};

/// Makes a self-test of `file` and puts it into its metadata, in place of one that is there: ONNX (metadata_props),
/// OpenVINO IR (rt_info of the .xml), TensorRT engines (the JSON before the plan). The file is written beside and
/// renamed, so that it is whole or what it was before. To be called last: what writes the file anew may lose it, and a
/// file of other content fails it. Loads both files and runs them on all images; any thread.
/// @param file       what the test is of, and goes into
/// @param reference  the f32 model, ONNX or OpenVINO IR, run by OpenVINO where it can be; empty: `file` in f32, of an
///                   engine the engine itself
/// @param images     in host memory; of the first 32 and of built-in drawings those three are kept that the reference
///                   says most about, with objects of many classes and sizes, scaled to at most 112 pixels a side
/// @param option     how both are loaded; of the reference without precision and backend
/// @return what the test says of the file: it passed
/// @throws ModelError     a file cannot be loaded or written, both are of different tasks, the reference finds nothing
///                        in the images, or the file finds hardly anything of it
/// @throws std::invalid_argument  an image is not what Image says it must be, or an option makes no sense
TRTYOLO_API SelfTestReport addSelfTest(const std::string& file, const std::string& reference = {},
                                       const std::vector<Image>& images = {}, const InferOption& option = {});

/// Loads `file` and runs its self-test, all images of it, whatever InferOption::setSelfTest() says. Any thread.
/// @throws ModelError, DeviceError  as Model::load()
TRTYOLO_API SelfTestReport checkSelfTest(const std::string& file, const InferOption& option = {});

/// Takes the self-test out of a file; one that has none stays as it is.
/// @throws ModelError  the file cannot be read or written
TRTYOLO_API void removeSelfTest(const std::string& file);

}  // namespace trtyolo
