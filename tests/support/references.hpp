// Reference results: Ultralytics' predict() as JSON, and the comparison that the project promises.
#pragma once

#include <string>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo::test {

struct Reference {
  std::string source;  // file name of the picture
  DetResult result;
};

// `path` in the folder of test data: the environment's TRTYOLO_TEST_DATA, else data/ of the checkout.
std::string dataPath(const std::string& path);

// The images of a file in the command line's JSON layout.
std::vector<Reference> readReferences(const std::string& path);

// Differences between two results: the same objects in the same order, boxes within `pixels`, scores within `score`
// (objects whose scores differ by less than that may have changed places). Empty if there are none.
std::string differences(const DetResult& found, const DetResult& expected, float pixels = 0.5F, float score = 1e-3F);

}  // namespace trtyolo::test
