// Results as JSON, CSV and label files, and outlines of masks.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <sstream>
#include <stdexcept>

#include "support/random.hpp"
#include "trtyolo.hpp"

namespace trtyolo {
namespace {

constexpr Task kTasks[] = {Task::Classify, Task::Detect, Task::OBB, Task::Segment, Task::Pose};

Result resultOf(Task task, std::vector<int> classes, std::vector<float> scores) {
  Result result;
  result.task = task;
  result.num = static_cast<int>(classes.size());
  result.classes = std::move(classes);
  result.scores = std::move(scores);
  result.names = std::map<int, std::string>{{0, "cat"}, {1, "dog"}};
  result.imageWidth = 8;
  result.imageHeight = 4;
  return result;
}

Result detections() {
  Result result = resultOf(Task::Detect, {1, 0}, {0.9F, 0.25F});
  result.boxes = {{1, 1, 5, 2.5F}, {0, 0, 8, 4}};
  return result;
}

Result orientedBoxes() {
  Result result = resultOf(Task::OBB, {0}, {0.5F});
  result.rotatedBoxes = {RotatedBox{{1, 1, 5, 3}, 0}};
  return result;
}

// One object has a hole, and a pixel beside it; the other one is too small for a polygon.
Result segments() {
  Result result = resultOf(Task::Segment, {0, 1}, {0.5F, 0.125F});
  result.boxes = {{0, 0, 6, 4}, {3, 1, 4, 2}};
  result.masks = Masks(8, 4);
  result.masks.add({{0, 3}, {8, 9}, {10, 11}, {13, 14}, {16, 19}});
  result.masks.add({{11, 13}});
  return result;
}

Result pose(int dims) {
  Result result = resultOf(Task::Pose, {0}, {0.5F});
  result.boxes = {{0, 0, 4, 4}};
  result.keypoints = {{{1, 2, 0.75F}, {3.5F, 0, 0.1F}}};
  result.keypointDims = dims;
  return result;
}

// ---------------------------------------------------------------------------------------------------------------------
// JSON

TEST(JsonTest, EveryTask) {
  EXPECT_EQ(resultOf(Task::Classify, {1, 0}, {0.9F, 0.1F}).toJson(),
            R"({"top":[{"class":1,"name":"dog","score":0.9},{"class":0,"name":"cat","score":0.1}]})");
  EXPECT_EQ(detections().toJson(), R"({"objects":[{"class":1,"name":"dog","score":0.9,"box":[1.0,1.0,5.0,2.5]},)"
                                   R"({"class":0,"name":"cat","score":0.25,"box":[0.0,0.0,8.0,4.0]}]})");
  EXPECT_EQ(orientedBoxes().toJson(),
            R"({"objects":[{"class":0,"name":"cat","score":0.5,"rotated":[3.0,2.0,4.0,2.0,0.0],)"
            R"("corners":[[5.0,3.0],[5.0,1.0],[1.0,1.0],[1.0,3.0]]}]})");
  EXPECT_EQ(
      segments().toJson(),
      R"({"objects":[{"class":0,"name":"cat","score":0.5,"box":[0.0,0.0,6.0,4.0],)"
      R"("mask":{"size":[4,8],"counts":"031N00029N0"}},)"
      R"({"class":1,"name":"dog","score":0.125,"box":[3.0,1.0,4.0,2.0],"mask":{"size":[4,8],"counts":"=130;"}}]})");
  EXPECT_EQ(pose(3).toJson(), R"({"objects":[{"class":0,"name":"cat","score":0.5,"box":[0.0,0.0,4.0,4.0],)"
                              R"("keypoints":[[1.0,2.0,0.75],[3.5,0.0,0.1]]}]})");
  EXPECT_EQ(pose(2).toJson(), R"({"objects":[{"class":0,"name":"cat","score":0.5,"box":[0.0,0.0,4.0,4.0],)"
                              R"("keypoints":[[1.0,2.0],[3.5,0.0]]}]})");
}

// The strings are those of pycocotools.mask.encode().
TEST(JsonTest, MasksAreCocosStrings) {
  Result result = resultOf(Task::Segment, {0, 0}, {0.5F, 0.5F});
  result.boxes.resize(2);
  result.masks = Masks(640, 480);
  std::vector<Masks::Run> runs;
  const auto add = [&runs](std::uint32_t x, std::uint32_t y, std::uint32_t length) {
    runs.push_back({y * 640 + x, y * 640 + x + length});
  };
  for (std::uint32_t y = 0; y < 480; ++y) {
    if (y >= 100 && y < 300) {
      add(50, y, 3);
    }
    if (y >= 7) {
      add(y == 7 ? 400 : 401, y, 1);
    }
    if (y < 3) {
      add(600, y, 1);
    }
  }
  result.masks.add(runs);
  result.masks.add({});
  const auto objects = nlohmann::json::parse(result.toJson())["objects"];
  EXPECT_EQ(objects[0]["mask"],
            (nlohmann::json{{"size", {480, 640}}, {"counts", "Tag0X6h8000SbR5iIUdmJg>P[l2[AmmeM"}}));
}

TEST(JsonTest, FloatsHaveTheFewestDigitsThatStandForThem) {
  Result result = resultOf(Task::Detect, {0}, {0.1F});
  result.boxes = {{1.0F / 3, 1e-5F, 1234567.F, 16777216.F}};
  EXPECT_NE(result.toJson().find(R"("score":0.1,"box":[0.33333334,1e-05,1234567.0,16777216.0])"), std::string::npos)
      << result.toJson();
}

TEST(JsonTest, AnyName) {
  const std::pair<const char*, const char*> cases[] = {
      {"a \"b\" \\", R"(a \"b\" \\)"},
      {"a,b\r\nc\t\x01", R"(a,b\r\nc\t\u0001)"},
      {"größe \xF0\x9F\x98\x80", "größe \xF0\x9F\x98\x80"},
      {"", ""},
      // Not UTF-8: a byte that begins nothing, a sequence cut off, half of a surrogate pair, an overlong one.
      {"a\xFFz", "a\uFFFDz"},
      {"caf\xC3", "caf\uFFFD"},
      {"\xE2\x82!", "\uFFFD!"},
      {"\xED\xA0\xBD", "\uFFFD\uFFFD\uFFFD"},
      {"\xC0\xAF", "\uFFFD\uFFFD"},
  };
  for (const auto& [name, written] : cases) {
    Result result = resultOf(Task::Classify, {7}, {0.5F});
    result.names = std::map<int, std::string>{{7, name}};
    EXPECT_EQ(result.toJson(), R"({"top":[{"class":7,"name":")" + std::string(written) + R"(","score":0.5}]})");
    EXPECT_TRUE(nlohmann::json::accept(result.toJson()));
  }
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

// Two objects; of the first, every number is one that is not finite.
Result notFinite(Task task, float number) {
  Result result = resultOf(task, {0, 1}, {number, 0.5F});
  result.boxes.assign(2, Box{1, 1, 5, 2.5F});
  result.boxes[0] = {number, -number, number, number};
  result.rotatedBoxes.assign(2, RotatedBox{{1, 1, 5, 3}, 0});
  result.rotatedBoxes[0] = RotatedBox{{number, number, number, number}, number};
  result.keypoints = {{{number, number, number}}, {{1, 2, 0.75F}}};
  result.keypointDims = 3;
  result.masks = Masks(8, 4);
  result.masks.add({{0, 3}, {8, 11}});
  result.masks.add({{0, 3}, {8, 11}});
  return result;
}

TEST(JsonTest, NumbersThatAreNotFiniteAreNull) {
  for (const Task task : kTasks) {
    for (const float number : {kNan, -kNan, kInfinity, -kInfinity}) {
      const auto json = nlohmann::json::parse(notFinite(task, number).toJson());
      const auto& objects = json[task == Task::Classify ? "top" : "objects"];
      ASSERT_EQ(objects.size(), 2U);
      EXPECT_TRUE(objects[0]["score"].is_null());
      EXPECT_EQ(objects[1]["score"], 0.5);
    }
  }
}

// Keys are there once: strict readers refuse others.
TEST(JsonTest, ClassesOfAMapThatAreSaidTwice) {
  Result result = resultOf(Task::Semantic, {1, 0, 1}, {0.5F, 0.5F, 0.5F});
  result.semantic = {{0, 0, 1, 1}, 2, 2, 255, false};
  EXPECT_EQ(result.toJson(), R"({"semantic":{"size":[2,2],"classes":{"0":"01100","1":"1110"}}})");
}

// ---------------------------------------------------------------------------------------------------------------------
// CSV

// What a reader that knows RFC 4180 makes of it: the fields of each line.
std::vector<std::vector<std::string>> readCsv(const std::string& text) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> line(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted ? text[i] == '"' && text.substr(i, 2) != "\"\"" : text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      line.emplace_back();
    } else if (!quoted && text[i] == '\n') {
      lines.push_back(std::exchange(line, {""}));
    } else {
      i += quoted && text[i] == '"' ? 1 : 0;
      line.back() += text[i];
    }
  }
  return lines;
}

// A text without the apostrophe that keeps spreadsheets from computing it.
std::string withoutApostrophe(const std::string& text) {
  const std::size_t first = text.find_first_not_of('\'');
  const bool marked = first != std::string::npos && first > 0 && std::string("=+-@\t\r").find(text[first]) < 6;
  return marked ? text.substr(1) : text;
}

TEST(CsvTest, IsReadAsItWasWritten) {
  for (const std::string text : {"", "a", "a,b", "\"", "a\"\"b", "\n", "a\r\nb", "=1+1", "'=1+1", "''=1", "'a'", "'",
                                 "-", "@x,\"y\"", "\t=1", "\xFF\xC3", "caf\xC3\xA9"}) {
    Result result = resultOf(Task::Classify, {7}, {0.5F});
    result.names = std::map<int, std::string>{{7, text}};
    const auto lines = readCsv(result.toCsv(text));
    ASSERT_EQ(lines.size(), 1U) << text;
    ASSERT_EQ(lines[0].size(), 6U) << text;
    EXPECT_EQ(withoutApostrophe(lines[0][0]), text);
    EXPECT_EQ(withoutApostrophe(lines[0][3]), text);
  }
}

TEST(CsvTest, NumbersThatAreNotFinite) {
  Result result = notFinite(Task::Detect, kInfinity);
  EXPECT_EQ(result.toCsv("a").substr(0, 30), "a,0,0,cat,inf,inf,-inf,inf,inf");
  result = notFinite(Task::Detect, kNan);
  EXPECT_EQ(result.toCsv("a").substr(0, 18), "a,0,0,cat,nan,nan,");
}

TEST(CsvTest, EveryTask) {
  EXPECT_EQ(resultOf(Task::Classify, {1, 0}, {0.9F, 0.1F}).toCsv("a.jpg"),
            "a.jpg,0,1,dog,0.9,1\na.jpg,0,0,cat,0.1,2\n");
  EXPECT_EQ(detections().toCsv("a.mp4", 12), "a.mp4,12,1,dog,0.9,1,1,5,2.5\na.mp4,12,0,cat,0.25,0,0,8,4\n");
  EXPECT_EQ(orientedBoxes().toCsv("a"), "a,0,0,cat,0.5,3,2,4,2,0\n");
  EXPECT_EQ(segments().toCsv("a"), "a,0,0,cat,0.5,0,0,6,4,9\na,0,1,dog,0.125,3,1,4,2,2\n");
  EXPECT_EQ(pose(3).toCsv("a"), "a,0,0,cat,0.5,0,0,4,4,1,2,0.75,3.5,0,0.1\n");
  EXPECT_EQ(pose(2).toCsv("a"), "a,0,0,cat,0.5,0,0,4,4,1,2,3.5,0\n");
}

TEST(CsvTest, Header) {
  const auto header = [](Task task, int keypoints = 0, int dims = 0) {
    ModelInfo model;
    model.task = task;
    model.keypoints = keypoints;
    model.keypointDims = dims;
    return csvHeader(model);
  };
  EXPECT_EQ(header(Task::Classify), "source,frame,class,name,score,rank\n");
  EXPECT_EQ(header(Task::Detect), "source,frame,class,name,score,left,top,right,bottom\n");
  EXPECT_EQ(header(Task::OBB), "source,frame,class,name,score,cx,cy,width,height,theta\n");
  EXPECT_EQ(header(Task::Segment), "source,frame,class,name,score,left,top,right,bottom,area\n");
  EXPECT_EQ(header(Task::Pose, 2, 3),
            "source,frame,class,name,score,left,top,right,bottom,kpt0_x,kpt0_y,kpt0_score,kpt1_x,kpt1_y,kpt1_score\n");
  EXPECT_EQ(header(Task::Pose, 2, 2),
            "source,frame,class,name,score,left,top,right,bottom,kpt0_x,kpt0_y,kpt1_x,kpt1_y\n");
}

// Of objects without a track there is none.
TEST(FormatsTest, IdsOfTracks) {
  ModelInfo model;
  model.task = Task::Detect;
  EXPECT_EQ(csvHeader(model, true, true), "source,frame,time,class,name,score,track,left,top,right,bottom\n");
  Result result = detections();
  result.trackIds = {7, -1};
  EXPECT_EQ(result.toCsv("a"), "a,0,1,dog,0.9,7,1,1,5,2.5\na,0,0,cat,0.25,,0,0,8,4\n");
  EXPECT_EQ(result.toTxt(), "1 0.375 0.4375 0.5 0.375 7\n0 0.5 0.5 1 1\n");
  EXPECT_EQ(result.toTxt(true), "1 0.375 0.4375 0.5 0.375 0.9 7\n0 0.5 0.5 1 1 0.25\n");
  EXPECT_EQ(result.toJson(),
            "{\"objects\":[{\"class\":1,\"name\":\"dog\",\"score\":0.9,\"track\":7,\"box\":[1.0,1.0,5.0,2.5]},"
            "{\"class\":0,\"name\":\"cat\",\"score\":0.25,\"box\":[0.0,0.0,8.0,4.0]}]}");
  std::ostringstream text;
  text << result;
  EXPECT_NE(text.str().find("dog 0.90, track 7, box"), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("cat 0.25, box"), std::string::npos) << text.str();
  result.trackIds = {7};
  EXPECT_THROW(static_cast<void>(result.toJson()), std::out_of_range);
  EXPECT_THROW(static_cast<void>(result.toCsv("a")), std::out_of_range);
  EXPECT_THROW(static_cast<void>(result.toTxt()), std::out_of_range);
}

TEST(CsvTest, AnyNameAndSource) {
  Result result = resultOf(Task::Classify, {0, 1, 2}, {0.5F, 0.25F, 0.25F});
  result.names = std::map<int, std::string>{{0, "a,\"b\""}, {1, "c\nd\r"}, {2, "\xF0\x9F\x98\x80 \xFF"}};
  EXPECT_EQ(result.toCsv("x,y.jpg"),
            "\"x,y.jpg\",0,0,\"a,\"\"b\"\"\",0.5,1\n"
            "\"x,y.jpg\",0,1,\"c\nd\r\",0.25,2\n"
            "\"x,y.jpg\",0,2,\xF0\x9F\x98\x80 \xFF,0.25,3\n");
}

TEST(CsvTest, FloatsHaveTheFewestDigitsThatStandForThem) {
  Result result = resultOf(Task::Detect, {0, 0}, {1e-4F, 9.9e-5F});
  result.boxes = {{1.0F / 3, 100000, 1234567, 16777216}, {0, 1e-30F, 0.30000001F, 2e16F}};
  EXPECT_EQ(result.toCsv("a"),
            "a,0,0,cat,0.0001,0.33333334,100000,1234567,16777216\na,0,0,cat,9.9e-05,0,1e-30,0.3,2e+16\n");
}

// ---------------------------------------------------------------------------------------------------------------------
// Label files

TEST(LabelsTest, EveryTask) {
  EXPECT_EQ(resultOf(Task::Classify, {1, 0}, {0.875F, 0.126F}).toTxt(), "0.88 dog\n0.13 cat\n");
  EXPECT_EQ(resultOf(Task::Classify, {1}, {1}).toTxt(true), "1.00 dog\n");
  Result forged = resultOf(Task::Classify, {0}, {1});
  forged.names = std::map<int, std::string>{{0, "cat\n1.00 dog"}};
  EXPECT_EQ(forged.toTxt(), "1.00 cat 1.00 dog\n");
  EXPECT_EQ(detections().toTxt(), "1 0.375 0.4375 0.5 0.375\n0 0.5 0.5 1 1\n");
  EXPECT_EQ(detections().toTxt(true), "1 0.375 0.4375 0.5 0.375 0.9\n0 0.5 0.5 1 1 0.25\n");
  EXPECT_EQ(orientedBoxes().toTxt(true), "0 0.625 0.75 0.625 0.25 0.125 0.25 0.125 0.75 0.5\n");
  EXPECT_EQ(pose(3).toTxt(), "0 0.25 0.5 0.5 1 0.125 0.5 0.75 0.4375 0 0.1\n");
  EXPECT_EQ(pose(2).toTxt(true), "0 0.25 0.5 0.5 1 0.125 0.5 0.4375 0 0.5\n");
  EXPECT_EQ(segments().toTxt(true), "0 0 0 0 0.5 0.25 0.5 0.625 0.25 0.625 0.25 0.25 0.5 0.25 0 0.5\n");
}

// Of an object with such a number there is no line.
TEST(LabelsTest, NumbersThatAreNotFinite) {
  for (const Task task : {Task::Detect, Task::OBB, Task::Pose}) {
    for (const float number : {kNan, kInfinity}) {
      const std::string text = notFinite(task, number).toTxt();
      EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
      EXPECT_EQ(text.find("1 "), 0U) << text;
    }
  }
  EXPECT_EQ(notFinite(Task::Segment, kNan).toTxt(true).find("1 "), 0U);
  EXPECT_EQ(notFinite(Task::Classify, kNan).toTxt(), "0.50 dog\n");
}

TEST(LabelsTest, NeedTheSizeOfTheImage) {
  Result result = detections();
  result.imageHeight = 0;
  EXPECT_THROW(result.toTxt(), Error);
  EXPECT_EQ(resultOf(Task::Detect, {}, {}).toTxt(), "");
  result.task = Task::Classify;
  EXPECT_EQ(result.toTxt(), "0.90 dog\n0.25 cat\n");
}

TEST(LabelsTest, NamesMakeNoLines) {
  Result result = resultOf(Task::Classify, {0}, {1});
  for (const char* end :
       {"\n", "\r", "\v", "\f", "\x1C", "\x1D", "\x1E", "\x7F", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
    result.names = std::map<int, std::string>{{0, std::string("cat") + end + "1.00 dog" + end}};
    EXPECT_EQ(result.toTxt(), "1.00 cat 1.00 dog \n");
  }
  result.names = std::map<int, std::string>{{0, "caf\xC3\xA9 \xE2\x80\xA6 \xFF"}};
  EXPECT_EQ(result.toTxt(), "1.00 caf\xC3\xA9 \xE2\x80\xA6 \xFF\n");
}

TEST(LabelsTest, SixDigits) {
  Result result = resultOf(Task::Detect, {0}, {0.123456789F});
  result.imageWidth = 3000;
  result.imageHeight = 7;
  result.boxes = {{0, 0, 0.002F, 1.0F / 3}};
  EXPECT_EQ(result.toTxt(true), "0 3.33333e-07 0.0238095 6.66667e-07 0.047619 0.123457\n");
}

TEST(LabelsTest, MasksOfTheNetworkAreTakenOutOfItsBorder) {
  // An image of 8 x 4 pixels in an input of 16 x 16: twice as large, with four rows of border above and below.
  Result result = resultOf(Task::Segment, {0}, {0.5F});
  result.masks = Masks(16, 16);
  std::vector<Masks::Run> runs;
  for (std::uint32_t y = 6; y < 14; ++y) {  // two rows reach into the border
    runs.push_back({y * 16 + 4, y * 16 + 9});
  }
  result.masks.add(runs);
  EXPECT_EQ(result.toTxt(), "0 0.25 0.25 0.25 1 0.5 1 0.5 0.25\n");
}

TEST(FormatsTest, NothingFound) {
  for (const Task task : kTasks) {
    const Result result = resultOf(task, {}, {});
    EXPECT_EQ(result.toJson(), task == Task::Classify ? R"({"top":[]})" : R"({"objects":[]})");
    EXPECT_EQ(result.toCsv("a"), "");
    EXPECT_EQ(result.toTxt(true), "");
  }
}

TEST(FormatsTest, ClassesWithoutNamesHaveTheirNumbers) {
  Result result = resultOf(Task::Classify, {17}, {0.5F});
  for (const ClassNames& names : {ClassNames(), result.names}) {
    result.names = names;
    EXPECT_EQ(result.toJson(), R"({"top":[{"class":17,"name":"17","score":0.5}]})");
    EXPECT_EQ(result.toCsv("a"), "a,0,17,17,0.5,1\n");
    EXPECT_EQ(result.toTxt(), "0.50 17\n");
  }
}

TEST(FormatsTest, PartsThatAreMissingAreRefused) {
  for (const Task task : {Task::Detect, Task::OBB, Task::Segment, Task::Pose}) {
    const Result result = resultOf(task, {0}, {0.5F});
    EXPECT_THROW(result.toJson(), std::out_of_range);
    EXPECT_THROW(result.toCsv("a"), std::out_of_range);
    EXPECT_THROW(result.toTxt(), std::out_of_range);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Outlines

using Outlines = std::vector<std::vector<cv::Point>>;

Outlines outlinesOf(const Masks& masks) {
  Outlines outlines;
  for (const std::vector<PixelPoint>& outline : masks.outlines(0)) {
    outlines.emplace_back();
    for (const PixelPoint& point : outline) {
      outlines.back().emplace_back(point.x, point.y);
    }
  }
  return outlines;
}

// One in so many runs goes on as another one.
Masks masksOf(const cv::Mat& image, test::Random& random) {
  std::vector<Masks::Run> runs;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      if (image.at<std::uint8_t>(y, x) == 0) {
        continue;
      }
      const auto pixel = static_cast<std::uint32_t>(y * image.cols + x);
      if (x > 0 && !runs.empty() && runs.back().end == pixel && random.between(0, 9) != 0) {
        ++runs.back().end;
      } else {
        runs.push_back({pixel, pixel + 1});
      }
    }
  }
  Masks masks(image.cols, image.rows);
  masks.add(runs);
  return masks;
}

void expectAsOpenCv(const cv::Mat& image, test::Random& random) {
  Outlines expected;
  cv::findContours(image, expected, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  ASSERT_EQ(outlinesOf(masksOf(image, random)), expected) << image;
}

// Pixels by chance: many pieces, touching diagonally and at the edges, in holes of each other.
TEST(OutlinesTest, EqualOpenCvsOfScatteredPixels) {
  test::Random random(1);
  for (int round = 0; round < 8000 && !HasFatalFailure(); ++round) {
    cv::Mat image(magnitude(random, 60), magnitude(random, 60), CV_8U);
    const int percent = random.between(0, 100);
    std::for_each(image.begin<std::uint8_t>(), image.end<std::uint8_t>(),
                  [&](std::uint8_t& pixel) { pixel = random.between(0, 99) < percent ? 255 : 0; });
    expectAsOpenCv(image, random);
  }
}

// Large pieces with smooth and rough edges, holes, and pieces in holes.
TEST(OutlinesTest, EqualOpenCvsOfShapes) {
  test::Random random(2);
  for (int round = 0; round < 1000 && !HasFatalFailure(); ++round) {
    cv::Mat image = cv::Mat::zeros(random.between(1, 200), random.between(1, 200), CV_8U);
    for (int shape = random.between(1, 12); shape > 0; --shape) {
      const cv::Point centre(random.between(0, image.cols), random.between(0, image.rows));
      const cv::Size size(random.between(0, 80), random.between(0, 80));
      cv::ellipse(image, centre, size, random.between(0, 180), 0, 360, cv::Scalar(random.between(0, 1) * 255),
                  random.between(0, 2) == 0 ? cv::FILLED : random.between(1, 5));
    }
    expectAsOpenCv(image, random);
  }
}

// A ring with a pixel in its hole, and a pixel that is outside.
TEST(OutlinesTest, HolesAndPiecesInThemAreLeftOut) {
  Masks masks(8, 5);
  masks.add({{0, 5}, {8, 9}, {12, 13}, {16, 17}, {18, 19}, {20, 21}, {22, 23}, {24, 25}, {28, 29}, {32, 37}});
  EXPECT_EQ(outlinesOf(masks), (Outlines{{{6, 2}}, {{0, 0}, {0, 4}, {4, 4}, {4, 0}}}));
}

TEST(OutlinesTest, OfNothing) {
  Masks masks(7, 6);
  masks.add({});
  EXPECT_TRUE(masks.outlines(0).empty());
  EXPECT_THROW(masks.outlines(1), std::out_of_range);
}

}  // namespace
}  // namespace trtyolo
