#include "model/metadata.hpp"

#include <charconv>
#include <cstdint>

namespace trtyolo {
namespace {

constexpr int kMostClassIndex = 65535;

void appendUtf8(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x110000) {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Reads the tokens of Python and JSON literals from left to right; every method says whether it found what it names,
// and moves on only then.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  bool punctuation(char wanted) {
    skipSpace();
    if (at_ < text_.size() && text_[at_] == wanted) {
      ++at_;
      return true;
    }
    return false;
  }

  bool integer(int& value) {
    skipSpace();
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) {
      return false;
    }
    at_ += static_cast<std::size_t>(end - begin);
    return true;
  }

  bool quoted(std::string& value) {
    skipSpace();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
      return false;
    }
    const char quote = text_[at_];
    std::string found;
    std::size_t at = at_ + 1;
    while (at < text_.size() && text_[at] != quote) {
      if (text_[at] == '\\' && at + 1 < text_.size()) {
        at = escape(at + 1, found);
      } else {
        found += text_[at++];
      }
    }
    if (at >= text_.size()) {
      return false;  // never closed
    }
    at_ = at + 1;
    value = std::move(found);
    return true;
  }

  // Anything up to the comma or bracket that ends it, as it stands.
  bool value(std::string& raw) {
    skipSpace();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    std::string inside;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!quoted(inside)) {
          return false;
        }
        continue;
      }
      if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']' || c == ',') {
        if (depth == 0) {
          break;
        }
        depth -= c == ',' ? 0 : 1;
      }
      ++at_;
    }
    raw = text_.substr(begin, at_ - begin);
    return at_ < text_.size() && !raw.empty();
  }

  bool end() {
    skipSpace();
    return at_ == text_.size();
  }

 private:
  void skipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  // `at` is behind the backslash; gives the position behind the escape.
  std::size_t escape(std::size_t at, std::string& out) const {
    const char kind = text_[at++];
    std::size_t digits = 0;
    switch (kind) {
      case 'n':
        out += '\n';
        return at;
      case 't':
        out += '\t';
        return at;
      case 'r':
        out += '\r';
        return at;
      case 'x':
        digits = 2;
        break;
      case 'u':
        digits = 4;
        break;
      case 'U':
        digits = 8;
        break;
      default:
        out += kind;
        return at;
    }
    unsigned long code = 0;
    const std::string_view number = text_.substr(at, digits);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), code, 16);
    if (error == std::errc()) {
      appendUtf8(out, code);
    }
    return at + static_cast<std::size_t>(end - number.data());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A scalar of a YAML line, its quotes taken off.
std::string yamlScalar(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    std::string value;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
      value += text[i];
      if (text[i] == '\'' && text[i + 1] == '\'') {
        ++i;  // YAML doubles a quote inside single quotes
      }
    }
    return value;
  }
  std::string value;
  if (LiteralReader reader(text); reader.quoted(value) && reader.end()) {
    return value;
  }
  return std::string(text);
}

std::string quotedJson(std::string_view text) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += std::string("\\u00") + kDigits[c >> 4] + kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

bool isInteger(std::string_view text) {
  int value = 0;
  LiteralReader reader(text);
  return reader.integer(value) && reader.end();
}

}  // namespace

std::optional<std::map<int, std::string>> parseNames(std::string_view text) {
  LiteralReader reader(text);
  std::map<int, std::string> names;
  std::string name;
  if (reader.punctuation('[')) {
    int index = 0;
    while (!reader.punctuation(']')) {
      if (!reader.quoted(name) || index > kMostClassIndex) {
        return std::nullopt;
      }
      names[index++] = name;
      if (!reader.punctuation(',')) {
        if (!reader.punctuation(']')) {
          return std::nullopt;
        }
        break;
      }
    }
  } else if (reader.punctuation('{')) {
    while (!reader.punctuation('}')) {
      int index = 0;
      std::string key;
      if (reader.quoted(key)) {
        LiteralReader keyReader(key);
        if (!keyReader.integer(index) || !keyReader.end()) {
          return std::nullopt;
        }
      } else if (!reader.integer(index)) {
        return std::nullopt;
      }
      int number = 0;  // a name that is a number is a name all the same
      if (index < 0 || index > kMostClassIndex || !reader.punctuation(':')) {
        return std::nullopt;
      }
      if (!reader.quoted(name)) {
        if (!reader.integer(number)) {
          return std::nullopt;
        }
        name = std::to_string(number);
      }
      names[index] = name;
      if (!reader.punctuation(',')) {
        if (!reader.punctuation('}')) {
          return std::nullopt;
        }
        break;
      }
    }
  } else {
    return std::nullopt;
  }
  if (!reader.end()) {
    return std::nullopt;
  }
  return names;
}

std::optional<std::vector<int>> parseInts(std::string_view text) {
  LiteralReader reader(text);
  std::vector<int> values;
  int value = 0;
  const bool list = reader.punctuation('[');
  const bool tuple = !list && reader.punctuation('(');
  if (!list && !tuple) {
    if (!reader.integer(value) || !reader.end()) {
      return std::nullopt;
    }
    return std::vector<int>{value};
  }
  const char close = list ? ']' : ')';
  while (!reader.punctuation(close)) {
    if (!reader.integer(value)) {
      return std::nullopt;
    }
    values.push_back(value);
    if (!reader.punctuation(',')) {
      if (!reader.punctuation(close)) {
        return std::nullopt;
      }
      break;
    }
  }
  if (!reader.end()) {
    return std::nullopt;
  }
  return values;
}

std::optional<Task> parseTask(std::string_view text) {
  for (const Task task : {Task::Classify, Task::Detect, Task::OBB, Task::Segment, Task::Pose}) {
    if (text == toString(task)) {
      return task;
    }
  }
  return std::nullopt;
}

Metadata parseMetadataYaml(std::string_view text) {
  Metadata metadata;
  std::string key;            // of the block that is being read
  std::string list, mapping;  // its entries so far, without brackets
  const auto close = [&] {
    if (!list.empty()) {
      metadata[key] = '[' + list + ']';
    } else if (!mapping.empty()) {
      metadata[key] = '{' + mapping + '}';
    }
    list.clear();
    mapping.clear();
  };
  while (!text.empty()) {
    const auto newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text = newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
    const std::string_view body = trimmed(line);
    if (body.empty() || body.front() == '#') {
      continue;
    }
    if (body.starts_with("- ")) {
      const std::string value = yamlScalar(body.substr(2));
      list += (list.empty() ? "" : ", ") + (isInteger(value) ? value : quotedJson(value));
      continue;
    }
    const auto colon = body.find(':');
    if (colon == std::string_view::npos) {
      continue;
    }
    const std::string entryKey = yamlScalar(body.substr(0, colon));
    const std::string entryValue = yamlScalar(body.substr(colon + 1));
    if (line.front() == ' ' || line.front() == '\t') {
      mapping += (mapping.empty() ? "" : ", ") + quotedJson(entryKey) + ": " + quotedJson(entryValue);
    } else {
      close();
      key = entryKey;
      metadata[key] = entryValue;
    }
  }
  close();
  return metadata;
}

std::optional<Metadata> parseMetadataJson(std::string_view text) {
  LiteralReader reader(text);
  Metadata metadata;
  std::string key, value;
  if (!reader.punctuation('{')) {
    return std::nullopt;
  }
  while (!reader.punctuation('}')) {
    if (!reader.quoted(key) || !reader.punctuation(':') || (!reader.quoted(value) && !reader.value(value))) {
      return std::nullopt;
    }
    metadata[key] = value;
    if (!reader.punctuation(',')) {
      if (!reader.punctuation('}')) {
        return std::nullopt;
      }
      break;
    }
  }
  return reader.end() ? std::optional(metadata) : std::nullopt;
}

std::string metadataJson(const Metadata& metadata) {
  std::string text = "{";
  for (const auto& [key, value] : metadata) {
    text += (text.size() > 1 ? ", " : "") + quotedJson(key) + ": " + quotedJson(value);
  }
  return text + "}";
}

}  // namespace trtyolo
