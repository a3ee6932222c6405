#include "model/onnx_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <utility>
#include <vector>

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

constexpr std::uint64_t kMostBytes = std::numeric_limits<std::uint64_t>::max();

// A number as ONNX writes it here, in digits; the largest if it is none, so that no file is long enough.
std::uint64_t bytesOf(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : kMostBytes;
}

// What messages of the file are, as far as tensors can be in them.
enum class Message { Model, Graph, Node, Attribute, Tensor, SparseTensor, Function, Training };

struct Part {
  std::uint64_t number;
  Message message;
};

// The fields of a message that are messages.
std::span<const Part> partsOf(Message message) {
  static constexpr std::array<Part, 3> kOfModel{
      {{7, Message::Graph}, {20, Message::Training}, {25, Message::Function}}};
  static constexpr std::array<Part, 3> kOfGraph{
      {{1, Message::Node}, {5, Message::Tensor}, {15, Message::SparseTensor}}};
  static constexpr std::array<Part, 1> kOfNode{{{5, Message::Attribute}}};
  static constexpr std::array<Part, 6> kOfAttribute{{{5, Message::Tensor},
                                                     {6, Message::Graph},
                                                     {10, Message::Tensor},
                                                     {11, Message::Graph},
                                                     {22, Message::SparseTensor},
                                                     {23, Message::SparseTensor}}};
  static constexpr std::array<Part, 2> kOfSparseTensor{{{1, Message::Tensor}, {2, Message::Tensor}}};
  static constexpr std::array<Part, 2> kOfFunction{{{7, Message::Node}, {11, Message::Attribute}}};
  static constexpr std::array<Part, 2> kOfTraining{{{1, Message::Graph}, {2, Message::Graph}}};
  switch (message) {
    case Message::Model:
      return kOfModel;
    case Message::Graph:
      return kOfGraph;
    case Message::Node:
      return kOfNode;
    case Message::Attribute:
      return kOfAttribute;
    case Message::SparseTensor:
      return kOfSparseTensor;
    case Message::Function:
      return kOfFunction;
    case Message::Training:
      return kOfTraining;
    case Message::Tensor:
      break;
  }
  return {};
}

void addFileOfTensor(std::string_view bytes, std::map<std::string, std::uint64_t>& files) {
  constexpr std::uint64_t kExternalData = 13;
  std::vector<std::string> places;
  std::uint64_t offset = 0, length = 0;
  forEachField(bytes, [&](const Field& field) {
    if (field.number != kExternalData) {
      return;
    }
    auto [key, value] = entryOf(field.content);
    if (key == "location") {
      places.push_back(std::move(value));
    } else if (key == "offset") {
      offset = std::max(offset, bytesOf(value));
    } else if (key == "length") {
      length = std::max(length, bytesOf(value));
    }
  });
  for (std::string& place : places) {
    std::uint64_t& needed = files[std::move(place)];
    needed = std::max(needed, offset > kMostBytes - length ? kMostBytes : offset + length);
  }
}

// A message of the file, and in how many graphs it is.
struct Position {
  Message message;
  std::string_view bytes;
  std::size_t depth;
};

// Calls `visit` with all messages, in any order. Without recursion: graphs may be nested as deep as a file is long.
template <typename Visit>
void forEachMessage(std::string_view file, const Visit& visit) {
  std::vector<Position> open{{Message::Model, file, 0}};
  while (!open.empty()) {
    const Position at = open.back();
    open.pop_back();
    visit(at);
    const std::span<const Part> parts = partsOf(at.message);
    if (parts.empty()) {
      continue;
    }
    forEachField(at.bytes, [&](const Field& field) {
      for (const Part& part : parts) {
        if (field.hasLength && part.number == field.number) {
          open.push_back({part.message, field.content, at.depth + (part.message == Message::Graph ? 1 : 0)});
        }
      }
    });
  }
}

// The inputs or outputs of a node, whichever are more, or the outputs of a graph. (Old files list constants as inputs.)
std::size_t mostPorts(const Position& at) {
  constexpr std::uint64_t kNodeInput = 1, kNodeOutput = 2, kGraphOutput = 12;
  const bool node = at.message == Message::Node;
  std::size_t inputs = 0, outputs = 0;
  if (node || at.message == Message::Graph) {
    forEachField(at.bytes, [&](const Field& field) {
      inputs += node && field.number == kNodeInput ? 1 : 0;
      outputs += field.number == (node ? kNodeOutput : kGraphOutput) ? 1 : 0;
    });
  }
  return std::max(inputs, outputs);
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

std::map<std::string, std::uint64_t> externalFiles(std::string_view file) {
  std::map<std::string, std::uint64_t> files;
  forEachMessage(file, [&files](const Position& at) {
    if (at.message == Message::Tensor) {
      addFileOfTensor(at.bytes, files);
    }
  });
  return files;
}

std::string whyTooLarge(std::string_view file) {
  constexpr std::size_t kMostNodes = 20'000, kMostDepth = 8, kMostPorts = 256;
  std::size_t nodes = 0, depth = 0, ports = 0;
  forEachMessage(file, [&](const Position& at) {
    nodes += at.message == Message::Node ? 1 : 0;
    depth = std::max(depth, at.depth);
    ports = std::max(ports, mostPorts(at));
  });
  const auto beyond = [](const char* what, std::size_t found, std::size_t most) {
    return "it has " + std::to_string(found) + " " + what + ", and no network needs more than " + std::to_string(most);
  };
  return nodes > kMostNodes   ? beyond("nodes", nodes, kMostNodes)
         : depth > kMostDepth ? beyond("graphs inside each other", depth, kMostDepth)
         : ports > kMostPorts ? beyond("inputs or outputs at one place", ports, kMostPorts)
                              : "";
}

bool isBelowModel(const std::string& place) {
  const std::filesystem::path path(place);
  return path.has_filename() && !path.has_root_path() && place.find('\0') == std::string::npos &&
         std::find(path.begin(), path.end(), "..") == path.end();
}

}  // namespace trtyolo
