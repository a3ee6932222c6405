// What is read of the metadata in model files, in all its forms, and of text that is none.
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
  EXPECT_EQ(parseNames(R"({"0": "caf\u00e9 \/ bar", "1": "it's", "2": 12})"),
            (Names{{0, "caf\xC3\xA9 / bar"}, {1, "it's"}, {2, "12"}}));
  EXPECT_EQ(parseNames("['a', 'b', ]"), (Names{{0, "a"}, {1, "b"}}));
  EXPECT_EQ(parseNames("{'0': 'a', 1: 'b', }"), (Names{{0, "a"}, {1, "b"}}));
}

TEST(MetadataTest, JoinsSurrogatePairs) {
  EXPECT_EQ(parseNames(R"({"0": "\ud83d\ude00", "1": "a\uD83D\uDE00b"})"), (Names{{0, "\xF0\x9F\x98\x80"},
                                                                                  {1,
                                                                                   "a\xF0\x9F\x98\x80"
                                                                                   "b"}}));
  EXPECT_EQ(parseMetadataJson(R"({"names": {"0": "\ud83d\ude00"}, "\ud83d\ude00": "\udbff\udfff"})"),
            (Metadata{{"names", "{\"0\":\"\xF0\x9F\x98\x80\"}"}, {"\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"}}));
}

TEST(MetadataTest, ReplacesWhatIsNoCharacter) {
  const std::string replaced = "\xEF\xBF\xBD";
  for (const char* text : {R"({"0": "\ud83d"})", R"({"0": "\ude00"})", "{0: '\\ud83d'}", "{0: '\\U00110000'}",
                           "{0: '\xFF'}", "{0: '\xC3'}"}) {
    EXPECT_EQ(parseNames(text), (Names{{0, replaced}})) << text;
  }
  EXPECT_EQ(parseNames(R"(['\ud83d\ud83d\ude00', '\ud83dx', '\ud83d\u0041'])"),
            (Names{{0, replaced + "\xF0\x9F\x98\x80"}, {1, replaced + "x"}, {2, replaced + "A"}}));
  EXPECT_EQ(validUtf8("a\xED\xA0\xBD"
                      "b\xC0\xAF\xE4\xBA\xBA\xF0\x9F"),
            "a" + replaced + replaced + replaced + "b" + replaced + replaced + "\xE4\xBA\xBA" + replaced);
  EXPECT_EQ(parseMetadataJson("{\"a\xFF\": \"b\xFE\"}"), (Metadata{{"a" + replaced, "b" + replaced}}));
  EXPECT_EQ(parseMetadataJson(metadataJson({{"a\xFF", "b\xFE"}})), (Metadata{{"a" + replaced, "b" + replaced}}));
  EXPECT_EQ(parseMetadataYaml("a\xFF: b\xFE\n"), (Metadata{{"a" + replaced, "b" + replaced}}));
}

TEST(MetadataTest, HostileTextEndsInNothing) {
  const std::string open = "{\"0\": " + std::string(1000000, '['), closed = open + std::string(1000000, ']') + "}";
  for (const std::string& text : {open, closed, std::string(1000000, '{'), std::string(1000000, '('),
                                  "{\"0\": " + std::string(100000, '9') + "e99999}", std::string("{\"0\": 1e999}"),
                                  "{\"0\": \"" + std::string(1000000, '\\')}) {
    EXPECT_EQ(parseNames(text), std::nullopt) << text.substr(0, 20);
    EXPECT_EQ(parseInts(text), std::nullopt) << text.substr(0, 20);
    EXPECT_EQ(parseMetadataJson(text), std::nullopt) << text.substr(0, 20);
    EXPECT_NO_THROW(parseMetadataYaml("names: \"" + text)) << text.substr(0, 20);
  }
  for (const char* text : {"2147483648", "-2147483649", "[1e2]", "18446744073709551616"}) {
    EXPECT_EQ(parseInts(text), std::nullopt) << text;
  }
}

TEST(MetadataTest, RefusesNamesThatAreNone) {
  for (const char* text : {"",
                           "person",
                           "{",
                           "{0",
                           "{0:",
                           "{0: 'a'",
                           "{0: 'a' 1: 'b'}",
                           "{-1: 'a'}",
                           "{'x': 'a'}",
                           "{0: 'a'} more",
                           "{99999999999999999999: 'a'}",
                           "{70000: 'a'}",
                           "['a'",
                           "[a]",
                           "{0: 'a\\",
                           "{0: '\\u12'}",
                           "{0: '\\xZZ'}",
                           "{0: '\\",
                           "{0: ['a']}",
                           "{0: null}",
                           "12",
                           "'a'"}) {
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

// As PyYAML breaks lines at 80 columns and escapes.
TEST(MetadataTest, ReadsYamlScalarsOfSeveralLines) {
  const Metadata metadata = parseMetadataYaml(R"(description: a description of more than one line that goes on
  here
names:
  0: person wearing a high visibility vest standing next to a construction
    vehicle on site
  1: 'line1

    line2'
  2: 'a: b # c "quoted" it''s long
    # no remark'
  # a remark: it's one
  3: "ctl \a\e caf\xE9 long\
    \ long  \U0001F600"
  4: 'two


    blank

    '
  5: ''
  6: ends with a backslash \
list:
- a text in a list that is folded because it is long,
  yes it is
- 12
other: 'closed'  # it's a remark
stride: 32
)");
  EXPECT_EQ(metadata.at("description"), "a description of more than one line that goes on here");
  EXPECT_EQ(parseNames(metadata.at("names")),
            (Names{{0, "person wearing a high visibility vest standing next to a construction vehicle on site"},
                   {1, "line1\nline2"},
                   {2, "a: b # c \"quoted\" it's long # no remark"},
                   {3, "ctl \a\x1B caf\xC3\xA9 long long  \xF0\x9F\x98\x80"},
                   {4, "two\n\nblank\n"},
                   {5, ""},
                   {6, "ends with a backslash \\"}}));
  EXPECT_EQ(metadata.at("list"), R"(["a text in a list that is folded because it is long, yes it is",12])");
  EXPECT_EQ(metadata.at("stride"), "32");
}

// As PyYAML writes other texts that need care, and flat mappings with default_flow_style=None.
TEST(MetadataTest, ReadsYamlOfAllStyles) {
  const Metadata metadata = parseMetadataYaml(R"(--- # of a file
description: 'word''word''s word
  it''s  # no remark'
names:
  '0': "a\
    b: \ c"
  1: x:y#z   # a remark
  2: - a dash
  3:
    on a line of its own
  4: |-
    two
    lines
  5: >
    folded
    lines
stride: 32
list:
  - 1
  - - 2
    - 3
flow: {0: person, 1: traffic light, 2: 'it''s', 3: "a
    b", 4: back\slash}
imgsz: [640,
  480]
)");
  EXPECT_EQ(metadata.at("description"), "word'word's word it's  # no remark");
  EXPECT_EQ(metadata.at("stride"), "32");
  EXPECT_EQ(metadata.at("list"), "[1,[2,3]]");
  EXPECT_EQ(parseInts(metadata.at("imgsz")), (std::vector<int>{640, 480}));
  EXPECT_EQ(parseNames(metadata.at("names")), (Names{{0, "ab:  c"},
                                                     {1, "x:y#z"},
                                                     {2, "- a dash"},
                                                     {3, "on a line of its own"},
                                                     {4, "two\nlines"},
                                                     {5, "folded lines\n"}}));
  EXPECT_EQ(parseNames(metadata.at("flow")),
            (Names{{0, "person"}, {1, "traffic light"}, {2, "it's"}, {3, "a b"}, {4, "back\\slash"}}));
}

TEST(MetadataTest, SurvivesYamlThatIsNone) {
  EXPECT_NO_THROW(parseMetadataYaml(""));
  EXPECT_NO_THROW(parseMetadataYaml("\n\n:\n:::\n- - -\n'\n\"\n  \n{}[]\r\n\t\xFF\xFE"));
  EXPECT_NO_THROW(parseMetadataYaml(std::string(100000, '[')));
  EXPECT_NO_THROW(parseMetadataYaml("a:\n" + std::string(5000, '-')));
  std::string deep = "a:\n";
  for (std::size_t i = 1; i < 500; ++i) {
    deep += std::string(i, ' ') + "- k:\n";
  }
  EXPECT_NO_THROW(parseMetadataYaml(deep));
  std::string lines = "names: 'never closed\n";
  for (int i = 0; i < 100000; ++i) {
    lines += "  it goes on\n";
  }
  EXPECT_EQ(parseMetadataYaml(lines).size(), 1U);  // and takes no time
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

// YAML knows five line breaks; looking back for another kind would take the square of a file's length.
TEST(MetadataTest, LinesEndInAnyLineBreak) {
  for (const char* lineBreak : {"\n", "\r", "\r\n", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    std::string yaml;
    for (int i = 0; i < 20'000; ++i) {
      yaml += "k" + std::to_string(i) + ": v" + lineBreak;
    }
    EXPECT_EQ(parseMetadataYaml(yaml).size(), 20'000U);
  }
}

}  // namespace
}  // namespace trtyolo
