// What decides which of a network's candidates become results, and in which form.
#pragma once

#include <vector>

namespace trtyolo {

// Ultralytics' defaults. The checks throw std::invalid_argument with the value found.
struct PostprocessOptions {
  float confidence = 0.25F;
  float iou = 0.7F;
  int maxDetections = 300;
  std::vector<int> classes;  // sorted; empty: all
  bool agnostic = false;
  int topK = 5;             // classes given by a classifier
  bool retinaMasks = true;  // masks of the size of the source image

  bool wants(int classIndex) const;

  // The same for a classifier, whose "objects" are classes: the best topK, whatever they score.
  PostprocessOptions ofClassifier() const;

  static float checkedFraction(const char* what, float value);
  static int checkedCount(const char* what, int value);
  static std::vector<int> checkedClasses(std::vector<int> classes);
};

}  // namespace trtyolo
