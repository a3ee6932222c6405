// The self-test of a model file: small images, what the f32 model finds in them, and by how much the file's own results
// differed from that where it was made. It is an entry of the file's metadata, so that a file can be tested wherever it
// is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/geometry.hpp"
#include "trtyolo/results.hpp"

namespace trtyolo {

struct ModelDescription;

// The entry of the metadata.
inline constexpr const char* kSelfTest = "trtyolo_self_test";

// An image of a self-test: RGB without gaps. Of each channel the lower four bits repeat the upper four, so that a pixel
// takes 12 bits in the record: a network sees as much in it, and three images of 112 x 112 take 76 KB as text.
struct TestImage {
  static constexpr int kMostSide = 112;

  Size size;
  std::vector<std::uint8_t> pixels;
};

// An object that was found in it, or a class of a classifier; lengths in its pixels.
struct TestObject {
  int classIndex = 0;
  float score = 0;
  std::vector<float> corners;    // x1, y1, ... x4, y4 of its box
  float area = 0;                // of its mask
  std::vector<float> keypoints;  // x, y and score each
};

struct TestFindings {
  static constexpr int kGrid = 8;

  float quietest = 0;               // no object that is left out has a higher score
  std::vector<TestObject> objects;  // by falling score
  // Of maps of pixels: the image in kGrid x kGrid cells, row after row; the most frequent class of each, the mean depth
  // of each. Empty of other tasks.
  std::vector<float> cells;

  bool empty() const { return objects.empty() && cells.empty(); }
  // Leaves out all but the surest objects.
  void keep(std::size_t most);
};

// How many objects are looked at: of the f32 model, and, since order and suppression differ in detail, of the file.
inline constexpr int kExpectedObjects = 12, kFoundObjects = 48;
// Above which scores. So low that weak objects, too, tell whether a layer computes what it should.
inline constexpr float kTestConfidence = 0.001F;

// What a result of a test image says, of `most` objects at most.
TestFindings findingsOf(const Result& result, std::size_t most);

// By how much findings differ, from 0 to 1.
struct TestDifference {
  float score = 0;    // largest |a - b| / max(a, b) of an object's scores
  float box = 0;      // largest distance of a corner or keypoint, as a share of the image's longer side
  float mask = 0;     // largest |a - b| / max(a, b) of an object's mask, in pixels
  float missing = 0;  // share of the expected objects that were not found
  float extra = 0;  // by how much the surest object that was not expected exceeds `quietest`, over the surest expected
  float map = 0;    // semantic: share of the cells with another class; depth: mean |a - b| over the mean depth

  bool within(const TestDifference& most) const;
  // The larger of both, part by part.
  TestDifference with(const TestDifference& other) const;
  // By name: those parts that a task has.
  std::map<std::string, double> parts(Task task) const;
};

struct TestComparison {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  TestDifference difference;
  std::vector<std::size_t> matches;  // for each expected object the found one, or kNone
  std::size_t worst = kNone;         // the expected object that differs most
};

TestComparison compare(const TestFindings& expected, const TestFindings& found, Task task, Size image);

// What is left of findings when those objects go that a file does not reproduce where its self-test is made: what is
// unstable there already tells nothing elsewhere.
TestFindings reproduced(const TestFindings& expected, const TestComparison& comparison, const TestFindings& found,
                        Size image);

struct SelfTestRecord {
  static constexpr std::size_t kImages = 3;

  struct Item {
    TestImage image;
    TestFindings expected;
  };

  Task task = Task::Detect;
  std::string input;                            // inputOf() where it was made
  std::map<std::string, std::string> versions;  // of what ran the file there: "trtyolo", "openvino", "device", ...
  std::string reference;                        // what found what is expected, in words
  TestDifference measured;                      // between both
  std::vector<Item> items;
};

// What differences pass: those measured and half as much again, and what the arithmetic of another machine may add.
// `exact`: the file runs in the arithmetic that it was measured in, or in f32.
TestDifference toleranceOf(const TestDifference& measured, bool exact);

// How pixels go into a network, in words that are equal where it is: "640 x 640 rgb ...". Of an image of this size.
std::string inputOf(const ModelDescription& model, Size image);

// The record as JSON in ASCII, and back. Throws Error with the reason, which continues "the self-test cannot be read:
// ", if the text is anything else, whatever it is.
std::string selfTestJson(const SelfTestRecord& test);
SelfTestRecord parseSelfTest(std::string_view text);

// For messages: the surest objects, the classes or the depths; one object.
std::string wordsOf(const TestFindings& findings, Task task, const ClassNames& names);
std::string wordsOf(const TestObject& object, const ClassNames& names);
// Of versions: "trtyolo 0.1.0, openvino 2026.4.1, ...".
std::string wordsOf(const std::map<std::string, std::string>& versions);
// Of a record: how many images, and where it was made; why it cannot be read.
std::string wordsOfSelfTest(std::string_view text);

}  // namespace trtyolo
