#include "support/references.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace trtyolo::test {

std::string dataPath(const std::string& path) {
  const char* elsewhere = std::getenv("TRTYOLO_TEST_DATA");
  return std::string(elsewhere ? elsewhere : TRTYOLO_TEST_DATA) + "/" + path;
}

std::vector<Reference> readReferences(const std::string& path) {
  std::ifstream stream(path);
  const auto content = nlohmann::json::parse(stream);
  std::vector<Reference> references;
  for (const auto& image : content.at("images")) {
    Reference reference;
    reference.source = image.at("source");
    reference.source = reference.source.substr(reference.source.find_last_of('/') + 1);
    for (const auto& object : image.at("objects")) {
      const auto& box = object.at("box");
      reference.result.classes.push_back(object.at("class"));
      reference.result.scores.push_back(object.at("score"));
      reference.result.boxes.push_back({box.at(0), box.at(1), box.at(2), box.at(3)});
    }
    reference.result.num = static_cast<int>(reference.result.boxes.size());
    references.push_back(std::move(reference));
  }
  return references;
}

std::string differences(const DetResult& found, const DetResult& expected, float pixels, float score) {
  std::ostringstream text;
  if (found.num != expected.num || found.boxes.size() != expected.boxes.size() ||
      found.classes.size() != found.boxes.size() || found.scores.size() != found.boxes.size()) {
    text << "expected " << expected.num << " objects, found " << found.num << '\n' << found << '\n' << expected;
    return text.str();
  }
  std::vector<bool> taken(found.boxes.size());
  for (std::size_t i = 0; i < expected.boxes.size(); ++i) {
    const auto matches = [&](std::size_t j) {
      const auto a = found.boxes[j].xyxy(), b = expected.boxes[i].xyxy();
      const bool near =
          std::equal(a.begin(), a.end(), b.begin(), [&](float x, float y) { return std::abs(x - y) <= pixels; });
      return !taken[j] && near && found.classes[j] == expected.classes[i] &&
             std::abs(found.scores[j] - expected.scores[i]) <= score &&
             std::abs(found.scores[i] - expected.scores[i]) <= 2 * score;
    };
    std::size_t j = 0;
    while (j < found.boxes.size() && !matches(j)) {
      ++j;
    }
    if (j == found.boxes.size()) {
      text << "object " << i << " is missing: class " << expected.classes[i] << ", score " << expected.scores[i]
           << ", box " << expected.boxes[i] << "; found in its place: class " << found.classes[i] << ", score "
           << found.scores[i] << ", box " << found.boxes[i] << '\n';
    } else {
      taken[j] = true;
    }
  }
  return text.str();
}

}  // namespace trtyolo::test
