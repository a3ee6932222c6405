// Small real networks, made with OpenVINO and written as OpenVINO IR: what the back end does with any shape or value
// can be tried in milliseconds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/temp_dir.hpp"

namespace trtyolo::test {

struct TinyOutput {
  std::vector<std::int64_t> shape;  // the batch first
  std::vector<float> values;        // of one image; empty: zeros
};

struct TinyModel {
  std::vector<std::int64_t> input = {1, 3, 64, 64};  // -1: dynamic
  std::vector<TinyOutput> outputs;
  std::string metadata;        // content of the metadata.yaml beside it; empty: none
  bool halfPrecision = false;  // input and outputs f16
};

// Writes NAME.xml and NAME.bin into a folder of its own inside `dir` and gives the path of the .xml. Each output is its
// constant values plus 0 times the mean of the input, for each image of the batch.
std::string writeTinyModel(const TempDir& dir, const std::string& name, const TinyModel& model);

// A detector's output for these candidates, at the anchors 0, 1, ... of `anchors`: rows of centre x, centre y, width,
// height and a score for each class.
struct TinyObject {
  float x, y, width, height;
  int classIndex;
  float score;
};
TinyOutput detectorOutput(int classes, int anchors, const std::vector<TinyObject>& objects);

}  // namespace trtyolo::test
