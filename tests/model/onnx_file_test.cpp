// What is read of ONNX files without a runtime: metadata, and the files that hold their weights.
#include "model/onnx_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "model/protobuf.hpp"
#include "support/references.hpp"

namespace trtyolo {
namespace {

TEST(OnnxFileTest, ReadsMetadata) {
  using namespace std::string_literals;
  // ir_version 8; a graph of 3 bytes; metadata_props "task": "detect"; a fixed64 and a fixed32 that do not belong
  // there.
  const std::string file =
      "\x08\x08\x3a\x03"s
      "abc\x72\x0e\x0a\x04task\x12\x06"
      "detect\x79"s +
      std::string(8, 'x') + "\x7d" + std::string(4, 'y');
  EXPECT_EQ(parseOnnxMetadata(file), (Metadata{{"task", "detect"}}));
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_LE(parseOnnxMetadata(file.substr(0, length)).size(), 1U);
  }
  EXPECT_TRUE(parseOnnxMetadata("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").empty());
  EXPECT_TRUE(parseOnnxMetadata("\x72\xff\xff\xff\xff\x0f").empty());
}

// A field with a length, of Protocol Buffers' wire format.
std::string field(int number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  std::size_t length = content.size();
  for (; length >= 0x80; length >>= 7) {
    bytes += static_cast<char>(length | 0x80);
  }
  return bytes + static_cast<char>(length) + content;
}
std::string entry(const std::string& key, const std::string& value) {
  return field(1, key) + field(2, value);
}
std::string tensorIn(const std::string& file) {
  return field(8, "weights") + field(13, entry("offset", "16")) + field(13, entry("location", file)) + "\x70\x01";
}

using Places = std::vector<std::string>;

Places namesIn(const std::string& file) {
  Places names;
  for (const auto& [name, bytes] : externalFiles(file)) {
    names.push_back(name);
  }
  return names;
}

TEST(OnnxFileTest, FindsTheFilesOfWeights) {
  const std::string attribute = field(1, "value") + field(5, tensorIn("of an attribute.bin"));
  const std::string inner = field(5, tensorIn("of a graph in a graph.bin"));
  const std::string branch = field(1, "then_branch") + field(6, inner);
  const std::string node = field(5, attribute) + field(4, "If") + field(5, branch);
  const std::string graph = field(1, node) + field(5, tensorIn("folder/weights.bin")) +
                            field(5, tensorIn("folder/weights.bin")) + field(5, field(9, "values held in the file"));
  const std::string file = "\x08\x08" + field(7, graph) + field(14, entry("location", "metadata, not a file"));
  EXPECT_EQ(namesIn(file), (Places{"folder/weights.bin", "of a graph in a graph.bin", "of an attribute.bin"}));
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_LE(externalFiles(file.substr(0, length)).size(), 3U);
  }
  EXPECT_TRUE(externalFiles("").empty());
  EXPECT_TRUE(externalFiles("\x3a\xff\xff\xff\xff\x0f").empty());
}

// Wherever the format has tensors, and behind whatever other readers skip.
TEST(OnnxFileTest, FindsThoseInCorners) {
  const auto sparse = [](const std::string& name) {
    return field(1, tensorIn(name + " values.bin")) + field(2, tensorIn(name + " indices.bin"));
  };
  const auto modelOf = [](const std::string& graph) { return field(7, graph); };
  EXPECT_EQ(namesIn(modelOf("\x7a" + field(15, sparse("sparse")).substr(1))),
            (Places{"sparse indices.bin", "sparse values.bin"}));
  using protobuf::appendField;
  const auto large = [](std::uint64_t number, const std::string& content) {  // whose key has two bytes
    std::string bytes;
    appendField(bytes, number, content);
    return bytes;
  };
  const std::string attribute = field(1, "value") + large(22, sparse("one")) + large(23, sparse("list"));
  EXPECT_EQ(namesIn(modelOf(field(1, field(5, attribute)))),
            (Places{"list indices.bin", "list values.bin", "one indices.bin", "one values.bin"}));
  const std::string constant = field(5, field(1, "value") + field(5, tensorIn("function.bin")));
  EXPECT_EQ(namesIn(large(25, field(1, "f") + field(7, constant))), Places{"function.bin"});
  EXPECT_EQ(namesIn(large(20, field(1, field(5, tensorIn("training.bin"))))), Places{"training.bin"});
  // An unknown group with another in it and fields of all kinds, and a number in the place of a graph.
  using namespace std::string_literals;
  const std::string group =
      "\x0b\x13\x08\x05\x14\x0a\x01x\x11"s + std::string(8, 'x') + "\x15" + std::string(4, 'x') + "\x0c";
  EXPECT_EQ(namesIn(group + modelOf(group + field(5, group + tensorIn("behind.bin")))), Places{"behind.bin"});
  EXPECT_EQ(namesIn(modelOf(field(5, tensorIn("a.bin"))) + "\x38\x01"), Places{"a.bin"});
  EXPECT_EQ(namesIn(modelOf(field(5, tensorIn("a.bin"))) + modelOf(field(5, tensorIn("b.bin")))),
            (Places{"a.bin", "b.bin"}));
}

TEST(OnnxFileTest, TellsHowLongTheyMustBe) {
  const auto needed = [](const std::vector<std::pair<std::string, std::string>>& place) {
    std::string tensor = field(13, entry("location", "w"));
    for (const auto& [key, value] : place) {
      tensor += field(13, entry(key, value));
    }
    return externalFiles(field(7, field(5, tensor))).at("w");
  };
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(needed({}), 0U);
  EXPECT_EQ(needed({{"offset", "16"}, {"length", "100"}}), 116U);
  EXPECT_EQ(needed({{"length", "100"}, {"length", "5"}}), 100U);
  for (const char* odd : {"-1", "-16", "x", "", " 1", "1e3", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(needed({{"offset", odd}, {"length", "16"}}), kMost) << odd;
    EXPECT_EQ(needed({{"length", odd}}), kMost) << odd;
  }
  EXPECT_EQ(needed({{"offset", "18446744073709551600"}, {"length", "17"}}), kMost);
}

TEST(OnnxFileTest, TellsPlacesOutsideOfTheModelsFolder) {
  for (const char* place : {"weights.bin", "./weights.bin", "folder/weights.bin", "..weights"}) {
    EXPECT_TRUE(isBelowModel(place)) << place;
  }
  for (const char* place : {"", "..", "folder/", "../weights.bin", "folder/../weights.bin", "folder/../../weights.bin",
                            "./../weights.bin", "/weights.bin", "//host/weights.bin"}) {
    EXPECT_FALSE(isBelowModel(place)) << place;
  }
  EXPECT_FALSE(isBelowModel(std::string("weights\0.bin", 12)));
}

TEST(OnnxFileTest, LengthsBeyondTheEndAreNoFiles) {
  const std::string tensor = tensorIn("weights.bin");
  ASSERT_EQ(externalFiles(field(7, field(5, tensor))).size(), 1U);
  // The graph, the tensor and the entry say that they are longer than the file, the last one by far.
  using namespace std::string_literals;
  EXPECT_TRUE(externalFiles("\x3a\x7f"s + field(5, tensor)).empty());
  EXPECT_TRUE(externalFiles(field(7, "\x2a\x7f"s + tensor)).empty());
  EXPECT_TRUE(externalFiles(field(7, "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s + tensor)).empty());
  EXPECT_TRUE(externalFiles(field(7, field(5, "\x6a\xff\xff\xff\x7f"s + entry("location", "a.bin")))).empty());
}

// However deep a file nests graphs: its stack is not ours.
TEST(OnnxFileTest, FindsThoseInDeepGraphs) {
  constexpr int kDepth = 20'000;
  // From the inside outwards, backwards: what stands before a content is known when its length is.
  std::string reversed = field(5, tensorIn("deep.bin"));
  std::reverse(reversed.begin(), reversed.end());
  for (int i = 0; i < 3 * kDepth; ++i) {
    constexpr std::array<std::uint64_t, 3> kNumbers{6, 5, 1};  // a graph of an attribute of a node
    std::string before;
    protobuf::appendVarint(before, kNumbers[static_cast<std::size_t>(i) % 3] << 3U | 2U);
    protobuf::appendVarint(before, reversed.size());
    reversed.append(before.rbegin(), before.rend());
  }
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(namesIn(field(7, reversed)), Places{"deep.bin"});
}

TEST(OnnxFileTest, FindsThoseOfARealModel) {
  const auto filesOf = [](const std::string& name) {
    std::ifstream stream(test::dataPath(name), std::ios::binary);
    return namesIn(std::string(std::istreambuf_iterator<char>(stream), {}));
  };
  EXPECT_EQ(filesOf("shapes/detect-dynamic.onnx"), Places{"detect.onnx"});
  EXPECT_TRUE(filesOf("shapes/detect.onnx").empty());
}

}  // namespace
}  // namespace trtyolo
