#include "model/onnx_file.hpp"

#include <cstdint>
#include <filesystem>
#include <utility>

#include "model/protobuf.hpp"

namespace trtyolo {
namespace {

using protobuf::Field;
using protobuf::forEachField;

// A StringStringEntryProto.
std::pair<std::string, std::string> entryOf(std::string_view bytes) {
  constexpr std::uint64_t kKey = 1, kValue = 2;
  std::pair<std::string, std::string> entry;
  forEachField(bytes, [&](const Field& field) {
    if (field.number == kKey) {
      entry.first = field.content;
    } else if (field.number == kValue) {
      entry.second = field.content;
    }
  });
  return entry;
}

// A TensorProto.
void addFilesOfTensor(std::string_view bytes, std::set<std::string>& files) {
  constexpr std::uint64_t kExternalData = 13;
  forEachField(bytes, [&](const Field& field) {
    if (field.number == kExternalData) {
      auto [key, value] = entryOf(field.content);
      if (key == "location") {
        files.insert(std::move(value));
      }
    }
  });
}

// A GraphProto. Its nodes may have tensors and graphs in their attributes.
void addFilesOfGraph(std::string_view bytes, int depth, std::set<std::string>& files) {
  constexpr std::uint64_t kNode = 1, kInitializer = 5, kAttribute = 5;
  constexpr std::uint64_t kTensor = 5, kGraph = 6, kTensors = 10, kGraphs = 11;
  constexpr int kDeepest = 16;  // no model nests like that; damaged files may
  const auto ofAttribute = [&](const Field& field) {
    if (field.number == kTensor || field.number == kTensors) {
      addFilesOfTensor(field.content, files);
    } else if ((field.number == kGraph || field.number == kGraphs) && depth < kDeepest) {
      addFilesOfGraph(field.content, depth + 1, files);
    }
  };
  forEachField(bytes, [&](const Field& field) {
    if (field.number == kInitializer) {
      addFilesOfTensor(field.content, files);
    } else if (field.number == kNode) {
      forEachField(field.content, [&](const Field& ofNode) {
        if (ofNode.number == kAttribute) {
          forEachField(ofNode.content, ofAttribute);
        }
      });
    }
  });
}

}  // namespace

Metadata parseOnnxMetadata(std::string_view file) {
  constexpr std::uint64_t kMetadataProps = 14;
  Metadata metadata;
  forEachField(file, [&](const Field& field) {
    if (field.number == kMetadataProps) {
      metadata.insert_or_assign(entryOf(field.content).first, entryOf(field.content).second);
    }
  });
  return metadata;
}

std::set<std::string> externalFiles(std::string_view file) {
  constexpr std::uint64_t kGraph = 7;
  std::set<std::string> files;
  forEachField(file, [&](const Field& field) {
    if (field.number == kGraph) {
      addFilesOfGraph(field.content, 0, files);
    }
  });
  return files;
}

bool isBelowModel(const std::string& place) {
  const std::filesystem::path path = std::filesystem::path(place).lexically_normal();
  return !path.empty() && !path.has_root_path() && *path.begin() != "..";
}

}  // namespace trtyolo
