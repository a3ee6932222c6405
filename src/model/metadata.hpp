// What model files say about themselves, in the forms in which Ultralytics' exporter writes it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trtyolo.hpp"

namespace trtyolo {

using Metadata = std::map<std::string, std::string>;

// What an entry says; null if there is none. It belongs to `metadata`.
inline const std::string* metadataEntry(const Metadata& metadata, const char* key) {
  const auto entry = metadata.find(key);
  return entry == metadata.end() ? nullptr : &entry->second;
}

// All functions here give text in UTF-8, whatever bytes they read, and throw nothing.

// The text with U+FFFD in place of bytes that are not UTF-8.
std::string validUtf8(std::string_view text);

// Class names from a dictionary or list of Python or JSON: {0: 'person', 1: "it's"}, {"0": "person"}, ['person',
// 'bicycle']. Nothing if the text is anything else or an index is not in 0 ... 65535.
std::optional<std::map<int, std::string>> parseNames(std::string_view text);

// Integers from a number, list or tuple of Python or JSON: "640", "[640, 640]", "(17, 3)". Nothing if the text is
// anything else.
std::optional<std::vector<int>> parseInts(std::string_view text);

// "classify", "detect", "obb", "segment", "pose", "semantic", "depth"; nothing for anything else.
std::optional<Task> parseTask(std::string_view text);

// The metadata.yaml beside Ultralytics' OpenVINO models: `key: value` lines, and the block mappings and block lists
// below a key, given as JSON.
Metadata parseMetadataYaml(std::string_view text);

// The JSON object in front of a TensorRT plan, as Ultralytics and trtyolo write it: its strings without quotes,
// everything else as JSON. Nothing if the text is anything else.
std::optional<Metadata> parseMetadataJson(std::string_view text);

// The reverse: every value as a string.
std::string metadataJson(const Metadata& metadata);

}  // namespace trtyolo
