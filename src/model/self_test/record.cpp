// The record of a self-test as JSON. It is read from files of anybody.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "model/metadata.hpp"
#include "model/self_test/self_test.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {
namespace {

using Json = nlohmann::json;

constexpr int kRecordVersion = 1;
// Beyond what this library writes, and little enough that a record of anybody costs neither time nor memory.
constexpr std::size_t kMostRecordBytes = std::size_t{256} << 10U;
constexpr std::size_t kMostImages = 8, kMostObjects = 64, kMostKeypointValues = 768, kMostWords = 1024,
                      kMostVersions = 16;
constexpr int kMostImageSide = 256, kMostClass = 65535;
constexpr double kMostLength = 1e6, kMostDepth = 1e6;

Error unreadable(const std::string& why) {
  return Error(why);
}

// Digits behind the point, of lengths and of scores: more would say nothing, and take room.
constexpr double kLengthSteps = 1e3, kScoreSteps = 1e6;

double rounded(float value, double steps = kScoreSteps) {
  return std::round(static_cast<double>(value) * steps) / steps;
}

Json listOf(const std::vector<float>& values) {
  Json list = Json::array();
  for (const float value : values) {
    list.push_back(rounded(value, kLengthSteps));
  }
  return list;
}

// Of two values a byte: what is in the upper four bits of each.
std::vector<std::uint8_t> packed(const std::vector<std::uint8_t>& values) {
  std::vector<std::uint8_t> bytes((values.size() + 1) / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] | (i % 2 == 0 ? values[i] & 0xF0U : values[i] >> 4U));
  }
  return bytes;
}

std::vector<std::uint8_t> unpacked(const std::vector<std::uint8_t>& bytes, std::size_t count) {
  std::vector<std::uint8_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned value = i % 2 == 0 ? bytes[i / 2] >> 4U : bytes[i / 2] & 15U;
    values[i] = static_cast<std::uint8_t>(value << 4U | value);
  }
  return values;
}

// A member of an object. Throws if it is missing.
const Json& member(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) {
    throw unreadable(std::string("it has no '") + key + "'");
  }
  return *found;
}

double numberIn(const Json& value, const char* what, double least, double most) {
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (!(number >= least && number <= most)) {
    throw unreadable(std::string("its '") + what + "' is not a number in range");
  }
  return number;
}

float realOf(const Json& object, const char* key, double least, double most) {
  return static_cast<float>(numberIn(member(object, key), key, least, most));
}

int wholeOf(const Json& object, const char* key, int least, int most) {
  const double number = numberIn(member(object, key), key, least, most);
  if (number != std::floor(number)) {
    throw unreadable(std::string("its '") + key + "' is not a whole number");
  }
  return static_cast<int>(number);
}

std::string textOf(const Json& object, const char* key, std::size_t most) {
  const Json& value = member(object, key);
  if (!value.is_string() || value.get_ref<const std::string&>().size() > most) {
    throw unreadable(std::string("its '") + key + "' is not a text, or longer than any");
  }
  return validUtf8(value.get_ref<const std::string&>());
}

const Json& listIn(const Json& object, const char* key, std::size_t most) {
  const Json& list = member(object, key);
  if (!list.is_array() || list.size() > most) {
    throw unreadable(std::string("its '") + key + "' is not a list, or longer than any");
  }
  return list;
}

std::vector<float> numbersIn(const Json& object, const char* key, std::size_t most, double largest) {
  std::vector<float> numbers;
  for (const Json& value : listIn(object, key, most)) {
    numbers.push_back(static_cast<float>(numberIn(value, key, -largest, largest)));
  }
  return numbers;
}

std::map<std::string, std::string> versionsIn(const Json& record) {
  const Json& object = member(record, "versions");
  if (!object.is_object() || object.size() > kMostVersions) {
    throw unreadable("its 'versions' are not texts by name");
  }
  std::map<std::string, std::string> versions;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string() || key.size() + value.get_ref<const std::string&>().size() > kMostWords) {
      throw unreadable("its 'versions' are not texts by name");
    }
    versions[validUtf8(key)] = validUtf8(value.get_ref<const std::string&>());
  }
  return versions;
}

Json jsonOf(const TestObject& object, Task task) {
  Json json{{"class", object.classIndex}, {"score", rounded(object.score)}};
  if (task != Task::Classify) {
    json["corners"] = listOf(object.corners);
  }
  if (task == Task::Segment) {
    json["area"] = rounded(object.area);
  }
  if (task == Task::Pose) {
    json["keypoints"] = listOf(object.keypoints);
  }
  return json;
}

TestObject objectIn(const Json& json, Task task) {
  constexpr std::size_t kCornerValues = 8;
  TestObject object;
  object.classIndex = wholeOf(json, "class", 0, kMostClass);
  object.score = realOf(json, "score", 0, 1);
  if (task != Task::Classify) {
    object.corners = numbersIn(json, "corners", kCornerValues, kMostLength);
    if (object.corners.size() != kCornerValues) {
      throw unreadable("its 'corners' are not four points");
    }
  }
  if (task == Task::Segment) {
    object.area = realOf(json, "area", 0, kMostLength);
  }
  if (task == Task::Pose) {
    object.keypoints = numbersIn(json, "keypoints", kMostKeypointValues, kMostLength);
    if (object.keypoints.size() % 3 != 0) {
      throw unreadable("its 'keypoints' are not x, y and score each");
    }
  }
  return object;
}

bool hasCells(Task task) {
  return task == Task::Semantic || task == Task::Depth;
}

Json jsonOf(const SelfTestRecord::Item& item, Task task) {
  Json json{{"width", item.image.size.width},
            {"height", item.image.size.height},
            {"rgb444", base64Of(packed(item.image.pixels))}};
  if (hasCells(task)) {
    json["cells"] = listOf(item.expected.cells);
    return json;
  }
  json["quietest"] = rounded(item.expected.quietest);
  json["objects"] = Json::array();
  for (const TestObject& object : item.expected.objects) {
    json["objects"].push_back(jsonOf(object, task));
  }
  return json;
}

SelfTestRecord::Item itemIn(const Json& json, Task task) {
  constexpr std::size_t kChannels = 3;
  SelfTestRecord::Item item;
  item.image.size = {wholeOf(json, "width", 1, kMostImageSide), wholeOf(json, "height", 1, kMostImageSide)};
  const std::size_t values =
      kChannels * static_cast<std::size_t>(item.image.size.width) * static_cast<std::size_t>(item.image.size.height);
  const auto bytes = bytesOfBase64(textOf(json, "rgb444", kMostRecordBytes));
  if (!bytes || bytes->size() != (values + 1) / 2) {
    throw unreadable("the pixels of an image are damaged, or not as many as its size says");
  }
  item.image.pixels = unpacked(*bytes, values);
  if (hasCells(task)) {
    constexpr std::size_t kCells = std::size_t{TestFindings::kGrid} * TestFindings::kGrid;
    item.expected.cells = numbersIn(json, "cells", kCells, kMostDepth);
    if (item.expected.cells.size() != kCells) {
      throw unreadable("an image does not have " + std::to_string(kCells) + " 'cells'");
    }
    return item;
  }
  item.expected.quietest = realOf(json, "quietest", 0, 1);
  for (const Json& object : listIn(json, "objects", kMostObjects)) {
    item.expected.objects.push_back(objectIn(object, task));
  }
  return item;
}

TestDifference differenceIn(const Json& json) {
  TestDifference difference;
  for (const auto& [key, part] : {std::pair{"score", &difference.score},
                                  {"box", &difference.box},
                                  {"mask", &difference.mask},
                                  {"missing", &difference.missing},
                                  {"extra", &difference.extra},
                                  {"map", &difference.map}}) {
    *part = json.is_object() && !json.contains(key) ? 0.0F : realOf(json, key, 0, 1);
  }
  return difference;
}

}  // namespace

std::string selfTestJson(const SelfTestRecord& test) {
  Json measured = Json::object();
  for (const auto& [name, value] : test.measured.parts(test.task)) {
    measured[name] = rounded(static_cast<float>(value));
  }
  Json record{{"version", kRecordVersion}, {"task", toString(test.task)}, {"input", test.input},
              {"versions", test.versions}, {"reference", test.reference}, {"measured", std::move(measured)},
              {"images", Json::array()}};
  for (const SelfTestRecord::Item& item : test.items) {
    record["images"].push_back(jsonOf(item, test.task));
  }
  return record.dump(-1, ' ', true, Json::error_handler_t::replace);
}

SelfTestRecord parseSelfTest(std::string_view text) {
  if (text.size() > kMostRecordBytes) {
    throw unreadable("it has " + std::to_string(text.size()) + " bytes, and none has more than " +
                     std::to_string(kMostRecordBytes));
  }
  const Json record = Json::parse(text, nullptr, false);
  if (!record.is_object()) {
    throw unreadable("it is not a JSON object: damaged, or cut off");
  }
  if (const int version = wholeOf(record, "version", 1, kMostClass); version != kRecordVersion) {
    throw unreadable("it is of version " + std::to_string(version) + ", and this library reads version " +
                     std::to_string(kRecordVersion));
  }
  SelfTestRecord test;
  const std::optional<Task> task = parseTask(textOf(record, "task", kMostWords));
  if (!task) {
    throw unreadable("its 'task' is none that is known");
  }
  test.task = *task;
  test.input = textOf(record, "input", kMostWords);
  test.versions = versionsIn(record);
  test.reference = textOf(record, "reference", kMostWords);
  test.measured = differenceIn(member(record, "measured"));
  for (const Json& item : listIn(record, "images", kMostImages)) {
    test.items.push_back(itemIn(item, *task));
  }
  const auto says = [](const SelfTestRecord::Item& item) { return !item.expected.empty(); };
  if (!std::any_of(test.items.begin(), test.items.end(), says)) {
    throw unreadable("it expects nothing of any image");
  }
  return test;
}

}  // namespace trtyolo
