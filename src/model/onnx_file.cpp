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

// Without recursion: graphs may be nested as deep as a file is long.
std::map<std::string, std::uint64_t> externalFiles(std::string_view file) {
  std::map<std::string, std::uint64_t> files;
  std::vector<std::pair<Message, std::string_view>> open{{Message::Model, file}};
  while (!open.empty()) {
    const auto [message, bytes] = open.back();
    open.pop_back();
    if (message == Message::Tensor) {
      addFileOfTensor(bytes, files);
      continue;
    }
    const std::span<const Part> parts = partsOf(message);
    forEachField(bytes, [&](const Field& field) {
      for (const Part& part : parts) {
        if (field.hasLength && part.number == field.number) {
          open.emplace_back(part.message, field.content);
        }
      }
    });
  }
  return files;
}

bool isBelowModel(const std::string& place) {
  const std::filesystem::path path(place);
  return path.has_filename() && !path.has_root_path() && place.find('\0') == std::string::npos &&
         std::find(path.begin(), path.end(), "..") == path.end();
}

}  // namespace trtyolo
