#include "model/metadata.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace trtyolo {
namespace {

using Json = nlohmann::json;

constexpr int kMaxClassIndex = 65535;
constexpr int kMaxDepth = 16;  // no exporter nests deeper; damaged files may
constexpr std::string_view kSpace = " \t\r\n";

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Appends a code point as JSON escapes it; U+FFFD for half a surrogate pair and for what is no code point.
void appendEscape(std::uint32_t code, std::string& json) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    code = 0xFFFD;
  }
  std::array<char, 16> text{};
  if (code < 0x10000) {
    std::snprintf(text.data(), text.size(), "\\u%04x", code);
  } else {
    std::snprintf(text.data(), text.size(), "\\u%04x\\u%04x", 0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF));
  }
  json += text.data();
}

// Takes `digits` hexadecimal digits from the front of `text`. False if there are fewer.
bool takeHex(std::size_t digits, std::string_view& text, std::uint32_t& value) {
  const char* const wanted = text.data() + std::min(digits, text.size());
  const auto [end, error] = std::from_chars(text.data(), wanted, value, 16);
  const bool complete = error == std::errc() && end == text.data() + digits;
  text.remove_prefix(complete ? digits : 0);
  return complete;
}

// Moves the escape at the front of `text`, as Python, JSON and YAML write them, to `json`. False if it is cut off.
bool moveEscape(std::string_view& text, std::string& json) {
  constexpr std::string_view kKinds = "\\\"'0abtnvfreN_LP";
  constexpr std::array<std::uint32_t, kKinds.size()> kCodes{'\\', '"',  '\'', 0,    '\a', '\b', '\t',   '\n',
                                                            '\v', '\f', '\r', 0x1B, 0x85, 0xA0, 0x2028, 0x2029};
  const char kind = text.size() > 1 ? text[1] : '\0';
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  std::uint32_t code = 0, low = 0;
  if (digits == 0) {
    const std::size_t known = kKinds.find(kind);
    text.remove_prefix(known == std::string_view::npos ? 1 : 2);  // of others, only the backslash goes
    if (known != std::string_view::npos) {
      appendEscape(kCodes[known], json);
    }
    return true;
  }
  text.remove_prefix(2);
  if (!takeHex(digits, text, code)) {
    return false;
  }
  std::string_view next = text.substr(std::min<std::size_t>(2, text.size()));
  if (code >= 0xD800 && code < 0xDC00 && text.starts_with("\\u") && takeHex(4, next, low) && low >= 0xDC00 &&
      low < 0xE000) {
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    text = next;
  }
  appendEscape(code, json);
  return true;
}

// Moves the string at the front of `text`, in either kind of quotes, to `json`. False if it does not end.
bool moveString(std::string_view& text, std::string& json) {
  const char quote = text.front();
  text.remove_prefix(1);
  json += '"';
  while (!text.empty() && text.front() != quote) {
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte == '\\') {
      if (!moveEscape(text, json)) {
        return false;
      }
      continue;
    }
    if (byte < 0x20 || byte == '"') {
      appendEscape(byte, json);
    } else {
      json += text.front();
    }
    text.remove_prefix(1);
  }
  json += '"';
  const bool ends = !text.empty();
  text.remove_prefix(ends ? 1 : 0);
  return ends;
}

// A Python literal as JSON: its quotes and escapes, tuples, keys that are no strings, and commas before a closing
// bracket. JSON stays what it is; half a surrogate pair, an error to JSON readers, becomes U+FFFD. Empty if it cannot
// be JSON.
std::string jsonOf(std::string_view text) {
  std::string json;
  int depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '"' || c == '\'') {
      if (!moveString(text, json)) {
        return {};
      }
      continue;
    }
    std::size_t length = 1;
    if (c == '[' || c == '{' || c == '(') {
      json += c == '(' ? '[' : c;
      if (++depth > kMaxDepth) {
        return {};
      }
    } else if (c == ']' || c == '}' || c == ')') {
      if (json.ends_with(',')) {
        json.pop_back();
      }
      json += c == ')' ? ']' : c;
      --depth;
    } else if (c == ',' || c == ':') {
      json += c;
    } else if (kSpace.find(c) == std::string_view::npos) {  // a number or a word
      length = std::min(text.find_first_of(" \t\r\n,:'\"()[]{}"), text.size());
      const std::size_t next = text.find_first_not_of(kSpace, length);
      const char* const around = next != std::string_view::npos && text[next] == ':' ? "\"" : " ";
      json.append(around).append(text.substr(0, length)).append(around);
    }
    text.remove_prefix(length);
  }
  return json;
}

// Discarded if the text is neither JSON nor a Python literal.
Json parse(std::string_view text) {
  return Json::parse(jsonOf(validUtf8(text)), nullptr, false);
}

std::string textOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump(value);
}

std::optional<int> wholeNumber(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// YAML as PyYAML writes it and people do by hand: block mappings and block lists below keys, scalars of all styles over
// several lines. What is in brackets is left as it is: parse() reads it. Never throws; what is no YAML gives what was
// read until there.
class YamlReader {
 public:
  explicit YamlReader(std::string_view text) : text_(text) {}

  Metadata read() {
    Metadata metadata;
    while (skipToContent()) {
      const std::size_t before = position_;
      const std::optional<std::string> key = readKey();
      if (!key) {
        skipLine();
        continue;
      }
      const Json value = readValue(0, 0);
      metadata[*key] = value.is_null() ? "" : textOf(value);
      position_ = std::max(position_, before + 1);
    }
    return metadata;
  }

 private:
  bool atEnd() const { return position_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\n'; }

  static bool isSpace(char c) { return c == ' ' || c == '\t'; }

  // The length of the line break at a position, 0 if there is none. YAML 1.1 knows five.
  std::size_t breakAt(std::size_t at) const {
    const std::string_view rest = text_.substr(std::min(at, text_.size()));
    if (rest.starts_with("\r\n") || rest.starts_with("\xC2\x85")) {
      return 2;
    }
    if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) {
      return 3;
    }
    return rest.starts_with('\n') || rest.starts_with('\r') ? 1 : 0;
  }

  // Takes a line break; what it stands for in a scalar.
  std::string takeBreak() {
    const std::size_t length = breakAt(position_);
    std::string kept = length == 3 ? std::string(text_.substr(position_, length)) : "\n";
    position_ += length;
    return kept;
  }

  void skipSpaces() {
    while (!atEnd() && isSpace(peek())) {
      ++position_;
    }
  }

  void skipLine() {
    while (!atEnd() && breakAt(position_) == 0) {
      ++position_;
    }
    position_ += breakAt(position_);
  }

  // Behind the last line break of any kind.
  std::size_t column() const {
    const auto endsLine = [this](std::size_t end) {
      const std::string_view before = text_.substr(0, end);
      return before.ends_with('\n') || before.ends_with('\r') || before.ends_with("\xC2\x85") ||
             before.ends_with("\xE2\x80\xA8") || before.ends_with("\xE2\x80\xA9");
    };
    std::size_t begin = position_;
    while (begin > 0 && !endsLine(begin)) {
      --begin;
    }
    return position_ - begin;
  }

  // Moves over blank lines and remarks to the next thing; false at the end.
  bool skipToContent() {
    for (;;) {
      skipSpaces();
      if (atEnd()) {
        return false;
      }
      const std::size_t length = breakAt(position_);
      if (length > 0) {
        position_ += length;
      } else if (peek() == '#' ||
                 (column() == 0 && (text_.substr(position_, 3) == "---" || text_.substr(position_, 3) == "..."))) {
        skipLine();
      } else {
        return true;
      }
    }
  }

  bool atColon() const { return peek() == ':' && (isSpace(peek(1)) || breakAt(position_ + 1) > 0 || atLast()); }
  bool atLast() const { return position_ + 1 >= text_.size(); }
  bool atDash() const { return peek() == '-' && (isSpace(peek(1)) || breakAt(position_ + 1) > 0 || atLast()); }

  // A key and its colon. Nothing, and nothing taken, if there is none.
  std::optional<std::string> readKey() {
    const std::size_t begin = position_;
    std::string key;
    if (peek() == '\'' || peek() == '"') {
      key = readQuoted();
      skipSpaces();
    } else {
      while (!atEnd() && breakAt(position_) == 0 && !atColon()) {
        ++position_;
      }
      key = trimmed(text_.substr(begin, position_ - begin));
    }
    if (!atColon()) {
      position_ = begin;
      return std::nullopt;
    }
    ++position_;
    return key;
  }

  // What follows a key or a dash; `indent`: of the key or dash.
  Json readValue(std::size_t indent, int depth) {
    skipSpaces();
    if (!atEnd() && breakAt(position_) == 0 && peek() != '#') {
      return readScalar(indent);
    }
    const std::size_t before = position_;
    if (!skipToContent() || depth > kMaxDepth) {
      return nullptr;
    }
    const std::size_t inner = column();
    if (atDash() && inner >= indent) {
      return readList(inner, depth);
    }
    if (inner <= indent) {
      position_ = before;
      return nullptr;
    }
    const std::size_t begin = position_;
    if (readKey()) {
      position_ = begin;
      return readMapping(inner, depth);
    }
    return readScalar(indent);
  }

  Json readList(std::size_t indent, int depth) {
    Json list = Json::array();
    while (skipToContent() && column() == indent && atDash()) {
      ++position_;
      skipSpaces();
      const bool nested = atDash() && depth < kMaxDepth;
      const Json value = nested ? readList(column(), depth + 1) : readValue(indent, depth + 1);
      const std::optional<int> number = value.is_string() ? wholeNumber(value.get<std::string>()) : std::nullopt;
      list.push_back(number ? Json(*number) : value);
    }
    return list;
  }

  Json readMapping(std::size_t indent, int depth) {
    Json mapping = Json::object();
    while (skipToContent() && column() == indent) {
      const std::optional<std::string> key = readKey();
      if (!key) {
        break;
      }
      const Json value = readValue(indent, depth + 1);
      mapping[*key] = value.is_null() ? Json("") : value;
    }
    return mapping;
  }

  Json readScalar(std::size_t indent) {
    const char first = peek();
    std::string text;
    if (first == '\'' || first == '"') {
      text = readQuoted();
    } else if (first == '|' || first == '>') {
      return readBlock(indent);
    } else if (first == '[' || first == '{') {
      text = readBrackets();
    } else {
      return readPlain(indent);
    }
    skipLine();
    return text;
  }

  // The breaks at the position and the white space around them, as they count in a scalar.
  std::string foldBreaks() {
    const std::string first = takeBreak();
    std::string more;
    for (skipSpaces(); !atEnd() && breakAt(position_) > 0; skipSpaces()) {
      more += takeBreak();
    }
    return first != "\n" ? first + more : more.empty() ? " " : more;
  }

  std::string readQuoted() {
    const char quote = peek();
    ++position_;
    std::string json = "\"";
    std::size_t solid = json.size();  // what stands before may not be trimmed
    while (!atEnd() && (peek() != quote || (quote == '\'' && peek(1) == quote))) {
      if (breakAt(position_) > 0) {
        json.resize(std::max(solid, json.find_last_not_of(" \t") + 1));
        for (const char c : foldBreaks()) {
          append(c, json);
        }
        solid = json.size();
      } else if (quote == '"' && peek() == '\\') {
        if (breakAt(position_ + 1) > 0) {
          ++position_;
          takeBreak();
          skipSpaces();
        } else {
          std::string_view rest = text_.substr(position_);
          if (isSpace(peek(1)) || peek(1) == '/') {
            append(peek(1), json);
            rest.remove_prefix(2);
          } else if (!moveEscape(rest, json)) {
            rest = {};
          }
          position_ = text_.size() - rest.size();
        }
        solid = json.size();
      } else {
        position_ += quote == '\'' && peek() == quote ? 1 : 0;
        append(peek(), json);
        ++position_;
      }
    }
    ++position_;
    const Json value = Json::parse(json + '"', nullptr, false);
    return value.is_string() ? value.get<std::string>() : "";
  }

  static void append(char c, std::string& json) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      appendEscape(byte, json);
    } else {
      json += c;
    }
  }

  std::string readPlain(std::size_t indent) {
    std::string text;
    for (;;) {
      const std::size_t begin = position_;
      while (!atEnd() && breakAt(position_) == 0 &&
             (peek() != '#' || position_ == begin || !isSpace(text_[position_ - 1]))) {
        ++position_;
      }
      text += trimmed(text_.substr(begin, position_ - begin));
      if (atEnd() || breakAt(position_) == 0) {
        skipLine();
        return text;
      }
      const std::string between = foldBreaks();
      if (atEnd() || column() <= indent || peek() == '#') {
        return text;
      }
      text += between;
    }
  }

  // Lines behind | or >, the latter folded where none is indented further.
  std::string readBlock(std::size_t indent) {
    const bool folded = peek() == '>', stripped = peek(1) == '-';
    skipLine();
    std::string text;
    std::size_t inner = 0, blank = 0;
    for (;;) {
      const std::size_t begin = position_;
      skipSpaces();
      if (!atEnd() && breakAt(position_) > 0) {
        takeBreak();
        ++blank;
        continue;
      }
      if (atEnd() || column() <= indent) {
        position_ = begin;
        break;
      }
      inner = inner == 0 ? column() : inner;
      position_ = begin + std::min(inner, column());
      text.append(text.empty() ? blank : folded && blank == 0 ? 0 : blank + (folded ? 0 : 1), '\n');
      text += folded && blank == 0 && !text.empty() ? " " : "";
      const std::size_t line = position_;
      skipLine();
      text += text_.substr(line, position_ - line - (position_ > line && text_[position_ - 1] == '\n' ? 1 : 0));
      blank = 0;
    }
    return stripped ? text : text + '\n';
  }

  // What is in brackets, on one line, as parse() reads it.
  std::string readBrackets() {
    std::string text;
    int depth = 0;
    while (!atEnd()) {
      const char c = peek();
      if (c == '\'' || c == '"') {
        text += dump(Json(readQuoted()));
        continue;
      }
      if (breakAt(position_) > 0) {
        text += foldBreaks();
        continue;
      }
      if (!isSpace(c) && kMarks.find(c) == std::string_view::npos) {
        text += readPlainInBrackets();
        continue;
      }
      depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      text += c;
      ++position_;
      if (depth == 0) {
        break;
      }
    }
    return text;
  }

  // A scalar without quotes; in quotes, as parse() wants it, unless it is a number, true, false or null.
  std::string readPlainInBrackets() {
    std::string text;
    while (!atEnd() && !atColon() && (peek() == ':' || kMarks.find(peek()) == std::string_view::npos)) {
      if (breakAt(position_) > 0) {
        text = std::string(trimmed(text)) + foldBreaks();
        continue;
      }
      text += peek();
      ++position_;
    }
    text = trimmed(text);
    const bool kept = wholeNumber(text) || text == "true" || text == "false" || text == "null";
    return kept ? text : dump(Json(text));
  }

  static constexpr std::string_view kMarks = "[]{},:";

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

std::string validUtf8(std::string_view text) {
  return Json::parse(dump(Json(std::string(text)))).get<std::string>();
}

std::optional<std::map<int, std::string>> parseNames(std::string_view text) {
  const Json json = parse(text);
  if (!json.is_structured()) {
    return std::nullopt;
  }
  std::map<int, std::string> names;
  for (const auto& [key, name] : json.items()) {  // the keys of a list are its indices
    const std::optional<int> index = wholeNumber(key);
    if (!index || *index < 0 || *index > kMaxClassIndex || !(name.is_string() || name.is_number())) {
      return std::nullopt;
    }
    names[*index] = textOf(name);
  }
  return names;
}

std::optional<std::vector<int>> parseInts(std::string_view text) {
  const Json json = parse(text);
  std::vector<int> values;
  for (const Json& value : json.is_array() ? json : Json::array({json})) {
    const std::optional<int> number = wholeNumber(dump(value));
    if (!number) {
      return std::nullopt;
    }
    values.push_back(*number);
  }
  return values;
}

std::optional<Task> parseTask(std::string_view text) {
  for (const Task task :
       {Task::Classify, Task::Detect, Task::OBB, Task::Segment, Task::Pose, Task::Semantic, Task::Depth}) {
    if (text == toString(task)) {
      return task;
    }
  }
  return std::nullopt;
}

Metadata parseMetadataYaml(std::string_view text) {
  const std::string valid = validUtf8(text);
  return YamlReader(valid).read();
}

std::optional<Metadata> parseMetadataJson(std::string_view text) {
  const Json json = parse(text);
  if (!json.is_object()) {
    return std::nullopt;
  }
  Metadata metadata;
  for (const auto& [key, value] : json.items()) {
    metadata[key] = textOf(value);
  }
  return metadata;
}

std::string metadataJson(const Metadata& metadata) {
  return dump(Json(metadata));
}

}  // namespace trtyolo
