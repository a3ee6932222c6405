// What is read of ONNX files without a runtime: metadata, and the files that hold their weights.
#include "model/onnx_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

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

TEST(OnnxFileTest, FindsTheFilesOfWeights) {
  const std::string attribute = field(1, "value") + field(5, tensorIn("of an attribute.bin"));
  const std::string inner = field(5, tensorIn("of a graph in a graph.bin"));
  const std::string branch = field(1, "then_branch") + field(6, inner);
  const std::string node = field(5, attribute) + field(4, "If") + field(5, branch);
  const std::string graph = field(1, node) + field(5, tensorIn("folder/weights.bin")) +
                            field(5, tensorIn("folder/weights.bin")) + field(5, field(9, "values held in the file"));
  const std::string file = "\x08\x08" + field(7, graph) + field(14, entry("location", "metadata, not a file"));
  EXPECT_EQ(externalFiles(file),
            (std::set<std::string>{"folder/weights.bin", "of a graph in a graph.bin", "of an attribute.bin"}));
  for (std::size_t length = 0; length < file.size(); ++length) {
    EXPECT_LE(externalFiles(file.substr(0, length)).size(), 3U);
  }
  EXPECT_TRUE(externalFiles("").empty());
  EXPECT_TRUE(externalFiles("\x3a\xff\xff\xff\xff\x0f").empty());
}

TEST(OnnxFileTest, TellsPlacesOutsideOfTheModelsFolder) {
  for (const char* place :
       {"weights.bin", "./weights.bin", "folder/weights.bin", "folder/../weights.bin", "..weights"}) {
    EXPECT_TRUE(isBelowModel(place)) << place;
  }
  for (const char* place : {"", "..", "../weights.bin", "folder/../../weights.bin", "./../weights.bin", "/weights.bin",
                            "//host/weights.bin"}) {
    EXPECT_FALSE(isBelowModel(place)) << place;
  }
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

TEST(OnnxFileTest, GraphsInGraphsEndSomewhere) {
  std::string graph = field(5, tensorIn("deep.bin"));
  for (int i = 0; i < 1000; ++i) {
    graph = field(1, field(5, field(6, graph)));
  }
  EXPECT_TRUE(externalFiles(field(7, graph)).empty());
}

TEST(OnnxFileTest, FindsThoseOfARealModel) {
  const auto filesOf = [](const std::string& name) {
    std::ifstream stream(test::dataPath(name), std::ios::binary);
    return externalFiles(std::string(std::istreambuf_iterator<char>(stream), {}));
  };
  EXPECT_EQ(filesOf("shapes/detect-dynamic.onnx"), std::set<std::string>{"detect.onnx"});
  EXPECT_TRUE(filesOf("shapes/detect.onnx").empty());
}

}  // namespace
}  // namespace trtyolo
