// Names of classes: see class_names.hpp.
#include "class_names.hpp"

#include <fstream>
#include <stdexcept>

namespace app {

Names namesOf(const trtyolo::ModelInfo& info) {
  Names names(info.names.empty() ? 0 : static_cast<std::size_t>(info.names.rbegin()->first) + 1);
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = std::to_string(i);
  for (const auto& [index, name] : info.names) names.at(static_cast<std::size_t>(index)) = name;
  return names;
}

Names readNames(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("--labels: '" + file + "' cannot be opened");
  Names names;
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    names.push_back(line);
  }
  if (stream.bad()) throw std::runtime_error("--labels: '" + file + "' cannot be read");
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (names.empty()) throw std::runtime_error("--labels: names of classes were expected in '" + file + "', found none");
  return names;
}

}  // namespace app
