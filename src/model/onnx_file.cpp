#include "model/onnx_file.hpp"

#include <cstdint>
#include <filesystem>
#include <utility>

namespace trtyolo {
namespace {

// Reads Protocol Buffers' wire format: fields one after the other.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}

  // The next field; `content` only of fields that have a length. False at the end, and where the bytes make no sense.
  bool next(std::uint64_t& number, std::string_view& content) {
    std::uint64_t key = 0, length = 0;
    if (bytes_.empty() || !varint(key)) {
      return false;
    }
    number = key >> 3;
    content = {};
    switch (key & 7) {
      case 0:
        return varint(length);
      case 1:
        return skip(8);
      case 2:
        if (!varint(length) || length > bytes_.size()) {
          return false;
        }
        content = bytes_.substr(0, length);
        return skip(length);
      case 5:
        return skip(4);
      default:
        return false;
    }
  }

 private:
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        return true;
      }
    }
    return false;
  }
  bool skip(std::uint64_t count) {
    if (count > bytes_.size()) {
      return false;
    }
    bytes_.remove_prefix(count);
    return true;
  }

  std::string_view bytes_;
};

template <typename Take>
void forEachField(std::string_view bytes, const Take& take) {
  FieldReader reader(bytes);
  std::uint64_t field = 0;
  for (std::string_view content; reader.next(field, content);) {
    take(field, content);
  }
}

// A StringStringEntryProto.
std::pair<std::string, std::string> entryOf(std::string_view bytes) {
  constexpr std::uint64_t kKey = 1, kValue = 2;
  std::pair<std::string, std::string> entry;
  forEachField(bytes, [&](std::uint64_t field, std::string_view content) {
    if (field == kKey) {
      entry.first = content;
    } else if (field == kValue) {
      entry.second = content;
    }
  });
  return entry;
}

// A TensorProto.
void addFilesOfTensor(std::string_view bytes, std::set<std::string>& files) {
  constexpr std::uint64_t kExternalData = 13;
  forEachField(bytes, [&](std::uint64_t field, std::string_view content) {
    if (field == kExternalData) {
      auto [key, value] = entryOf(content);
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
  const auto ofAttribute = [&](std::uint64_t field, std::string_view content) {
    if (field == kTensor || field == kTensors) {
      addFilesOfTensor(content, files);
    } else if ((field == kGraph || field == kGraphs) && depth < kDeepest) {
      addFilesOfGraph(content, depth + 1, files);
    }
  };
  forEachField(bytes, [&](std::uint64_t field, std::string_view content) {
    if (field == kInitializer) {
      addFilesOfTensor(content, files);
    } else if (field == kNode) {
      forEachField(content, [&](std::uint64_t ofNode, std::string_view part) {
        if (ofNode == kAttribute) {
          forEachField(part, ofAttribute);
        }
      });
    }
  });
}

}  // namespace

Metadata parseOnnxMetadata(std::string_view file) {
  constexpr std::uint64_t kMetadataProps = 14;
  Metadata metadata;
  forEachField(file, [&](std::uint64_t field, std::string_view content) {
    if (field == kMetadataProps) {
      metadata.insert_or_assign(entryOf(content).first, entryOf(content).second);
    }
  });
  return metadata;
}

std::set<std::string> externalFiles(std::string_view file) {
  constexpr std::uint64_t kGraph = 7;
  std::set<std::string> files;
  forEachField(file, [&](std::uint64_t field, std::string_view content) {
    if (field == kGraph) {
      addFilesOfGraph(content, 0, files);
    }
  });
  return files;
}

bool isBelowModel(const std::string& place) {
  const std::filesystem::path path = std::filesystem::path(place).lexically_normal();
  return !path.empty() && !path.has_root_path() && *path.begin() != "..";
}

}  // namespace trtyolo
