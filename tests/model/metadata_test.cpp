#include "model/metadata.hpp"

#include <gtest/gtest.h>

namespace trtyolo {
namespace {

using Names = std::map<int, std::string>;

TEST(MetadataTest, ReadsNamesAsPythonWritesThem) {
  EXPECT_EQ(parseNames("{0: 'person', 1: 'bicycle'}"), (Names{{0, "person"}, {1, "bicycle"}}));
  EXPECT_EQ(parseNames(R"({0: "it's", 7: 'say "no"', 8: 'a\'b\\c\n'})"),
            (Names{{0, "it's"}, {7, "say \"no\""}, {8, "a'b\\c\n"}}));
  EXPECT_EQ(parseNames(R"({0: 'caf\xe9', 1: '人', 2: '\U0001F600'})"),
            (Names{{0, "caf\xC3\xA9"}, {1, "\xE4\xBA\xBA"}, {2, "\xF0\x9F\x98\x80"}}));
  EXPECT_EQ(parseNames("{0: 'a, b: {c}'}"), (Names{{0, "a, b: {c}"}}));
  EXPECT_EQ(parseNames("{}"), Names{});
  EXPECT_EQ(parseNames("{0: 12}"), (Names{{0, "12"}}));
}

TEST(MetadataTest, ReadsNamesAsJsonAndAsAList) {
  EXPECT_EQ(parseNames(R"({"0": "person", "1": "bicycle"})"), (Names{{0, "person"}, {1, "bicycle"}}));
  EXPECT_EQ(parseNames("['a', 'b', ]"), (Names{{0, "a"}, {1, "b"}}));
}

TEST(MetadataTest, RefusesNamesThatAreNone) {
  for (const char* text : {"", "person", "{", "{0", "{0:", "{0: 'a'", "{0: 'a' 1: 'b'}", "{-1: 'a'}", "{'x': 'a'}",
                           "{0: 'a'} more", "{99999999999999999999: 'a'}", "{70000: 'a'}", "['a'", "[a]", "{0: 'a\\"}) {
    EXPECT_EQ(parseNames(text), std::nullopt) << text;
  }
}

TEST(MetadataTest, ReadsWholeNumbers) {
  EXPECT_EQ(parseInts("640"), std::vector<int>{640});
  EXPECT_EQ(parseInts("[480, 640]"), (std::vector<int>{480, 640}));
  EXPECT_EQ(parseInts("(17,3)"), (std::vector<int>{17, 3}));
  for (const char* text : {"", "x", "[640", "640.5", "[640 640]", "1 2"}) {
    EXPECT_EQ(parseInts(text), std::nullopt) << text;
  }
}

TEST(MetadataTest, ReadsTasks) {
  EXPECT_EQ(parseTask("detect"), Task::Detect);
  EXPECT_EQ(parseTask("obb"), Task::OBB);
  EXPECT_EQ(parseTask("Detect"), std::nullopt);
}

TEST(MetadataTest, ReadsTheYamlBesideOpenVinoModels) {
  const Metadata metadata = parseMetadataYaml(
      "description: Ultralytics YOLO11n model trained on data.yaml\n"
      "date: '2026-11-22T16:32:26'\n"
      "# a remark\n"
      "stride: 32\n"
      "task: detect\n"
      "imgsz:\n"
      "- 480\n"
      "- 640\n"
      "names:\n"
      "  0: person\n"
      "  1: 'it''s'\n"
      "  2: \"a\\\"b\"\n"
      "  3: 'yes'\n"
      "args:\n"
      "  batch: 1\n"
      "end2end: false\n");
  EXPECT_EQ(metadata.at("description"), "Ultralytics YOLO11n model trained on data.yaml");
  EXPECT_EQ(metadata.at("date"), "2026-11-22T16:32:26");
  EXPECT_EQ(metadata.at("task"), "detect");
  EXPECT_EQ(metadata.at("end2end"), "false");
  EXPECT_EQ(parseInts(metadata.at("imgsz")), (std::vector<int>{480, 640}));
  EXPECT_EQ(parseNames(metadata.at("names")), (Names{{0, "person"}, {1, "it's"}, {2, "a\"b"}, {3, "yes"}}));
}

TEST(MetadataTest, SurvivesYamlThatIsNone) {
  EXPECT_NO_THROW(parseMetadataYaml(""));
  EXPECT_NO_THROW(parseMetadataYaml("\n\n:\n:::\n- - -\n'\n\"\n  \n{}[]\r\n\t\xFF\xFE"));
  EXPECT_NO_THROW(parseMetadataYaml(std::string(100000, '[')));
}

TEST(MetadataTest, ReadsTheJsonBeforeAPlan) {
  const auto metadata = parseMetadataJson(
      R"({"description": "YOLO \"11n\"", "task": "detect", "stride": 32, "imgsz": [480, 640],
          "names": {"0": "person, or {", "1": "it's"}, "args": {"half": true, "list": [1, {"a": []}]}, "end2end": false})");
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->at("description"), "YOLO \"11n\"");
  EXPECT_EQ(metadata->at("task"), "detect");
  EXPECT_EQ(metadata->at("end2end"), "false");
  EXPECT_EQ(parseInts(metadata->at("stride")), (std::vector<int>{32}));
  EXPECT_EQ(parseInts(metadata->at("imgsz")), (std::vector<int>{480, 640}));
  EXPECT_EQ(parseNames(metadata->at("names")), (Names{{0, "person, or {"}, {1, "it's"}}));
  EXPECT_EQ(parseMetadataJson(metadataJson(*metadata)), *metadata);
  const Metadata strange{{"line\nbreak", "\x01\\\""}};
  EXPECT_EQ(parseMetadataJson(metadataJson(strange)), strange);
  for (const char* text :
       {"", "{", "[]", "{\"a\"}", "{\"a\": }", "{\"a\": 1", "{\"a\": \"b}", "{} x", "{\"a\": 1,, }"}) {
    EXPECT_FALSE(parseMetadataJson(text)) << text;
  }
}

}  // namespace
}  // namespace trtyolo
