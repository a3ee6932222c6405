// What model files say of themselves, as Ultralytics' exporter writes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

using Metadata = std::map<std::string, std::string>;

// Class names from the text of a Python or JSON dictionary or list: {0: 'person', 1: "it's"}, {"0": "person"},
// ['person', 'bicycle']. Nothing where the text is anything else. Indices are kept to 0 ... 65535.
std::optional<std::map<int, std::string>> parseNames(std::string_view text);

// Whole numbers from a Python or JSON number, list or tuple: "640", "[640, 640]", "(17, 3)". Nothing where the text is
// anything else.
std::optional<std::vector<int>> parseInts(std::string_view text);

// "classify", "detect", "obb", "segment", "pose"; nothing for anything else.
std::optional<Task> parseTask(std::string_view text);

// The metadata.yaml that lies beside Ultralytics' OpenVINO models: top-level `key: value` lines, and block mappings and
// block lists below a key, which are given back in the flow form that the functions above read.
Metadata parseMetadataYaml(std::string_view text);

// The JSON object that Ultralytics and trtyolo write before a TensorRT plan: its top-level entries, strings without
// their quotes and everything else as it stands. Nothing where the text is anything else.
std::optional<Metadata> parseMetadataJson(std::string_view text);

// The reverse: every value as a string.
std::string metadataJson(const Metadata& metadata);

}  // namespace trtyolo
