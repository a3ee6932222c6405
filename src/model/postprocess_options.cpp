#include "model/postprocess_options.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

namespace trtyolo {

bool PostprocessOptions::wants(int classIndex) const {
  return classes.empty() || std::binary_search(classes.begin(), classes.end(), classIndex);
}

PostprocessOptions PostprocessOptions::ofClassifier() const {
  PostprocessOptions result;
  result.confidence = -std::numeric_limits<float>::infinity();
  result.maxDetections = result.topK = topK;
  return result;
}

float PostprocessOptions::checkedFraction(const char* what, float value) {
  if (!(value >= 0.0F && value <= 1.0F)) {
    throw std::invalid_argument(std::string(what) + " must be between 0 and 1, found " + std::to_string(value));
  }
  return value;
}

int PostprocessOptions::checkedCount(const char* what, int value) {
  if (value < 1) {
    throw std::invalid_argument(std::string(what) + " must be at least 1, found " + std::to_string(value));
  }
  return value;
}

std::vector<int> PostprocessOptions::checkedClasses(std::vector<int> classes) {
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  if (!classes.empty() && classes.front() < 0) {
    throw std::invalid_argument("class indices must not be negative, found " + std::to_string(classes.front()));
  }
  return classes;
}

}  // namespace trtyolo
