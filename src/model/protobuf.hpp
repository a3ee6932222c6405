// Protocol Buffers' wire format: fields one after the other, as ONNX files are made of.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/little_endian.hpp"

namespace trtyolo::protobuf {

// A field of a message. The views are into the message.
struct Field {
  std::uint64_t number = 0;  // 0: a group, which ONNX has none of and other readers skip
  bool hasLength = false;
  std::string_view whole;    // with its key
  std::string_view content;  // of a field that has a length: text, bytes, a message
  std::uint64_t value = 0;   // of any other: its number, or the bits of it

  float real() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }
  std::int64_t integer() const { return static_cast<std::int64_t>(value); }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  // The next field. False at the end, and where the bytes make no sense.
  bool next(Field& field) {
    const std::string_view begin = bytes_;
    std::uint64_t key = 0;
    field = {};
    if (bytes_.empty() || !varint(key)) {
      return false;
    }
    const bool group = (key & 7) == kBeginGroup;
    if (group ? !skipGroup() : !take(key & 7, field)) {
      return false;
    }
    field.number = group ? 0 : key >> 3;
    field.whole = begin.substr(0, begin.size() - bytes_.size());
    return true;
  }

  // The next whole number of a list without keys. False as above.
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

 private:
  static constexpr std::uint64_t kBeginGroup = 3, kEndGroup = 4;

  // To the end of a group that has begun, with the groups in it.
  bool skipGroup() {
    for (std::size_t depth = 1; depth > 0;) {
      std::uint64_t key = 0;
      Field inside;
      if (!varint(key)) {
        return false;
      }
      if ((key & 7) == kBeginGroup) {
        ++depth;
      } else if ((key & 7) == kEndGroup) {
        --depth;
      } else if (!take(key & 7, inside)) {
        return false;
      }
    }
    return true;
  }

  bool take(std::uint64_t wireType, Field& field) {
    std::uint64_t length = 0;
    switch (wireType) {
      case 0:
        return varint(field.value);
      case 1:
        return fixed(8, field.value);
      case 2:
        if (!varint(length) || length > bytes_.size()) {
          return false;
        }
        field.hasLength = true;
        field.content = bytes_.substr(0, length);
        bytes_.remove_prefix(length);
        return true;
      case 5:
        return fixed(4, field.value);
      default:
        return false;
    }
  }
  bool fixed(std::size_t count, std::uint64_t& value) {
    if (count > bytes_.size()) {
      return false;
    }
    value = littleEndian(bytes_.substr(0, count));
    bytes_.remove_prefix(count);
    return true;
  }

  std::string_view bytes_;
};

// The content of the last field of this number that has a length.
inline std::string_view contentOf(std::string_view message, std::uint64_t number) {
  std::string_view found;
  Reader reader(message);
  for (Field field; reader.next(field);) {
    if (field.hasLength && field.number == number) {
      found = field.content;
    }
  }
  return found;
}

// Calls `take` with each field of a message.
template <typename Take>
void forEachField(std::string_view bytes, const Take& take) {
  Reader reader(bytes);
  for (Field field; reader.next(field);) {
    take(field);
  }
}

inline void appendVarint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    to += static_cast<char>(value | 0x80);
  }
  to += static_cast<char>(value);
}

inline void appendField(std::string& to, std::uint64_t number, std::string_view content) {
  appendVarint(to, number << 3 | 2);
  appendVarint(to, content.size());
  to += content;
}

inline void appendField(std::string& to, std::uint64_t number, std::uint64_t value) {
  appendVarint(to, number << 3);
  appendVarint(to, value);
}

}  // namespace trtyolo::protobuf
