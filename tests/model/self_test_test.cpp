// Records of self-tests: what is written is what is read, and whatever else a file holds is refused; and by how much
// findings differ.
#include "model/self_test/self_test.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "support/growth.hpp"
#include "support/random.hpp"
#include "trtyolo/errors.hpp"

namespace trtyolo {
namespace {

using nlohmann::json;

constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

TestObject objectAt(float x, float y, float score, int classIndex = 0) {
  TestObject object;
  object.classIndex = classIndex;
  object.score = score;
  object.corners = {x, y, x + 20, y, x + 20, y + 10, x, y + 10};
  return object;
}

TestImage imageOf(int width, int height) {
  TestImage image{{width, height}, {}};
  for (int i = 0; i < width * height * 3; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(i % 16 * 17));
  }
  return image;
}

SelfTestRecord recordOf(Task task) {
  SelfTestRecord test;
  test.task = task;
  test.input = "640 x 640 rgb";
  test.versions = {{"trtyolo", "0.1.0"}, {"device", "a \"processor\" <&> of \xC3\xA9"}};
  test.reference = "f32";
  test.measured = {.score = 0.25F, .box = 0.01F, .mask = 0.5F, .missing = 0.125F, .extra = 0, .map = 0.0625F};
  for (const Size size : {Size{7, 5}, {112, 112}, {1, 1}}) {
    SelfTestRecord::Item item{imageOf(size.width, size.height), {}};
    if (task == Task::Semantic || task == Task::Depth) {
      item.expected.cells.assign(64, 2.5F);
    } else {
      item.expected.quietest = 0.25F;
      item.expected.objects = {objectAt(1, 2, 0.75F, 3), objectAt(-4, 2.5F, 0.5F, 65535)};
      for (TestObject& object : item.expected.objects) {
        object.area = task == Task::Segment ? 12 : 0;
        if (task == Task::Classify) {
          object.corners.clear();
        }
        if (task == Task::Pose) {
          object.keypoints = {1, 2, 0.5F, 3, 4, 1};
        }
      }
    }
    test.items.push_back(item);
  }
  return test;
}

// Why a text is no record; empty if it is one.
std::string refusalOf(const std::string& text) {
  try {
    parseSelfTest(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(SelfTestRecordTest, IsReadAsItWasWritten) {
  for (const Task task :
       {Task::Classify, Task::Detect, Task::OBB, Task::Segment, Task::Pose, Task::Semantic, Task::Depth}) {
    const SelfTestRecord test = recordOf(task);
    const std::string text = selfTestJson(test);
    const SelfTestRecord again = parseSelfTest(text);
    EXPECT_EQ(selfTestJson(again), text);
    EXPECT_EQ(again.versions, test.versions);
    EXPECT_EQ(again.measured.parts(task), test.measured.parts(task));
    ASSERT_EQ(again.items.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(again.items[i].image.pixels, test.items[i].image.pixels);
      EXPECT_EQ(again.items[i].image.size, test.items[i].image.size);
      EXPECT_EQ(again.items[i].expected.cells, test.items[i].expected.cells);
      EXPECT_EQ(again.items[i].expected.objects.size(), test.items[i].expected.objects.size());
      EXPECT_TRUE(compare(test.items[i].expected, again.items[i].expected, task, {112, 112}).difference.within({}));
    }
    for (const char letter : text) {  // it goes into files of any encoding
      ASSERT_TRUE(letter >= ' ' && letter <= '~');
    }
    EXPECT_EQ(wordsOfSelfTest(text).find("3 images, made with device a \"processor\""), 0U);
  }
}

TEST(SelfTestRecordTest, IsSmall) {
  SelfTestRecord test = recordOf(Task::Pose);
  for (SelfTestRecord::Item& item : test.items) {
    item.image = imageOf(TestImage::kMostSide, TestImage::kMostSide);
    item.expected.objects.assign(kExpectedObjects, objectAt(10.125F, 20.0625F, 0.9876F));
    for (TestObject& object : item.expected.objects) {
      object.keypoints.assign(std::size_t{3} * 17, 64.0625F);
    }
  }
  EXPECT_LT(selfTestJson(test).size(), 100'000U);
}

TEST(SelfTestRecordTest, IsNotTakenFromAnythingElse) {
  SelfTestRecord small = recordOf(Task::Pose);
  small.items[1].image = imageOf(9, 9);
  const json good = json::parse(selfTestJson(small));
  EXPECT_EQ(refusalOf(good.dump()), "");
  for (const char* text : {"", "{", "[]", "null", "1", "{}", "\"x\"", "{\"version\":1}", "\xFF\xFE"}) {
    EXPECT_NE(refusalOf(text), "") << text;
  }
  // Each member gone, or in its place what it cannot be.
  const auto tryAll = [&](const json::json_pointer& at) {
    json bad = good;
    bad.at(at.parent_pointer()).erase(at.back());
    const bool version = at.parent_pointer() == "/versions"_json_pointer;
    const bool optional = version || at.parent_pointer() == "/measured"_json_pointer;
    EXPECT_EQ(refusalOf(bad.dump()).empty(), optional) << at;
    for (const json& other :
         {json(nullptr), json(-1e300), json(1e300), json(0.5), json("x"), json::array({"x"}), json::object({{"x", 1}}),
          json(true), json(std::string(200'000, 'A')), json::array({json::array({json::array()})})}) {
      bad = good;
      bad[at] = other;
      const std::string why = refusalOf(bad.dump());
      const bool text = version || at == "/input"_json_pointer || at == "/reference"_json_pointer;
      const bool shortText = other.is_string() && other.get<std::string>().size() < 10;
      if (!(text && shortText) && !other.is_number()) {
        EXPECT_NE(why, "") << at << " = " << other.dump().substr(0, 40);
      }
    }
  };
  const json flat = good.flatten();
  for (const auto& [path, value] : flat.items()) {
    const json::json_pointer at(path);
    if (path.find("/corners/") == std::string::npos && path.find("/keypoints/") == std::string::npos) {
      tryAll(at);
    }
  }
  for (const char* path : {"/images", "/images/0", "/images/0/objects", "/images/0/objects/0/corners"}) {
    json bad = good;
    bad[json::json_pointer(path)] = json::object();
    EXPECT_NE(refusalOf(bad.dump()), "") << path;
  }
  json empty = good;
  empty["images"] = json::array();
  EXPECT_NE(refusalOf(empty.dump()), "");
  json later = good;
  later["version"] = 2;
  EXPECT_NE(refusalOf(later.dump()).find("version 2"), std::string::npos);
  EXPECT_EQ(wordsOfSelfTest("{"), "cannot be read: " + refusalOf("{"));
}

TEST(SelfTestRecordTest, CostsLittleWhateverItIs) {
  EXPECT_NE(refusalOf(std::string(std::size_t{1} << 24U, ' ') + "{}"), "");
  for (const char* piece : {"[", "{\"a\":", "[{\"a\":["}) {  // as deep as may be
    std::string deep;
    while (deep.size() < 200'000) {
      deep += piece;
    }
    EXPECT_NE(refusalOf(deep), "");
  }
  json many = json::parse(selfTestJson(recordOf(Task::Detect)));
  const json image = many["images"][2];
  for (int i = 0; i < 500; ++i) {
    many["images"].push_back(image);
  }
  EXPECT_NE(refusalOf(many.dump()), "");
  const std::string most(std::size_t{255} << 10U, '1');
  EXPECT_LT(test::processorTime([&] { refusalOf("{\"version\": [" + most + "]}"); }), 1.0);
}

// Damaged in any way, it is read or refused, and nothing else.
TEST(SelfTestRecordTest, SurvivesDamage) {
  test::Random random(7);
  for (const Task task : {Task::Segment, Task::Depth}) {
    SelfTestRecord small = recordOf(task);
    small.items[1].image = imageOf(9, 9);
    const std::string text = selfTestJson(small);
    for (int round = 0; round < 3000; ++round) {
      std::string damaged = text;
      const int changes = random.between(1, 4);
      for (int i = 0; i < changes; ++i) {
        const auto at = static_cast<std::size_t>(random.between(0, static_cast<int>(damaged.size()) - 1));
        const auto count = static_cast<std::size_t>(test::magnitude(random, 300));
        switch (random.between(0, 3)) {
          case 0:
            damaged[at] = static_cast<char>(random.between(0, 255));
            break;
          case 1:
            damaged.erase(at, count);
            break;
          case 2:
            damaged.insert(at, damaged.substr(at, count));
            break;
          default:
            damaged.insert(at, random.between(0, 1) == 0 ? "1e999," : "-1e308");
        }
        if (damaged.empty()) {
          break;
        }
      }
      const std::string why = refusalOf(damaged);
      if (why.empty()) {
        const SelfTestRecord read = parseSelfTest(damaged);
        for (const SelfTestRecord::Item& item : read.items) {
          compare(item.expected, item.expected, read.task, item.image.size);
          wordsOf(item.expected, read.task, ClassNames());
        }
      }
    }
  }
}

TestFindings findings(std::vector<TestObject> objects, float quietest = 0.1F) {
  TestFindings found;
  found.objects = std::move(objects);
  found.quietest = quietest;
  return found;
}

constexpr Size kSize{100, 100};

TestDifference differenceOf(const TestFindings& expected, const TestFindings& found, Task task = Task::Detect) {
  return compare(expected, found, task, kSize).difference;
}

TEST(SelfTestComparisonTest, TellsByHowMuchObjectsDiffer) {
  const TestFindings expected = findings({objectAt(10, 10, 0.8F), objectAt(50, 50, 0.4F, 1)});
  EXPECT_TRUE(differenceOf(expected, expected).within({}));
  // In another order, at a little distance, with another score, and one of them missing.
  EXPECT_TRUE(differenceOf(expected, findings({expected.objects[1], expected.objects[0]})).within({}));
  EXPECT_FLOAT_EQ(differenceOf(expected, findings({objectAt(10, 13, 0.8F), expected.objects[1]})).box, 0.03F);
  EXPECT_FLOAT_EQ(differenceOf(expected, findings({objectAt(10, 10, 0.4F), expected.objects[1]})).score, 0.5F);
  const TestComparison missing = compare(expected, findings({objectAt(10, 10, 0.8F)}), Task::Detect, kSize);
  EXPECT_FLOAT_EQ(missing.difference.missing, 0.5F);
  EXPECT_EQ(missing.worst, 1U);
  EXPECT_EQ(missing.matches[1], TestComparison::kNone);
  // Another class, and too far away.
  EXPECT_FLOAT_EQ(differenceOf(expected, findings({objectAt(10, 10, 0.8F, 2), objectAt(70, 70, 0.4F, 1)})).missing, 1);
  // What is weaker than all that was left out is nothing new.
  EXPECT_FLOAT_EQ(
      differenceOf(expected, findings({expected.objects[0], expected.objects[1], objectAt(80, 5, 0.1F)})).extra, 0);
  EXPECT_FLOAT_EQ(
      differenceOf(expected, findings({expected.objects[0], expected.objects[1], objectAt(80, 5, 0.5F)})).extra, 0.5F);
}

TEST(SelfTestComparisonTest, TakesABoxForWhatItIsWhicheverCornerComesFirst) {
  TestFindings expected = findings({objectAt(10, 10, 0.8F)}), found = expected;
  std::rotate(found.objects[0].corners.begin(), found.objects[0].corners.begin() + 2, found.objects[0].corners.end());
  EXPECT_TRUE(differenceOf(expected, found, Task::OBB).within({}));
}

TEST(SelfTestComparisonTest, LooksAtMasksAndSureKeypoints) {
  TestFindings expected = findings({objectAt(10, 10, 0.8F)}), found = expected;
  expected.objects[0].area = 100;
  found.objects[0].area = 60;
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Segment).mask, 0.4F);
  found = expected;
  expected.objects[0].keypoints = {1, 1, 0.9F, 50, 50, 0.1F};
  found.objects[0].keypoints = {1, 5, 0.9F, 90, 90, 0.1F};
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Pose).box, 0.04F);
  found.objects[0].keypoints.pop_back();
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Pose).box, 1);
}

TEST(SelfTestComparisonTest, LooksAtMaps) {
  TestFindings expected, found;
  expected.cells.assign(64, 2);
  found.cells = expected.cells;
  EXPECT_TRUE(differenceOf(expected, found, Task::Semantic).within({}));
  std::fill_n(found.cells.begin(), 16, 3.0F);
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Semantic).map, 0.25F);
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Depth).map, 0.125F);
  found.cells.clear();
  EXPECT_FLOAT_EQ(differenceOf(expected, found, Task::Depth).map, 1);
}

// A network whose layers overflow gives such.
TEST(SelfTestComparisonTest, NumbersThatAreNoneAreAsFarAsCanBe) {
  TestFindings expected = findings({objectAt(10, 10, 0.8F)});
  EXPECT_FLOAT_EQ(differenceOf(expected, findings({objectAt(10, 10, kNotANumber)})).score, 1);
  EXPECT_FLOAT_EQ(differenceOf(expected, findings({objectAt(kNotANumber, 10, 0.8F)})).missing, 1);
  EXPECT_GT(differenceOf(expected, findings({objectAt(kNotANumber, 10, kNotANumber)})).extra, 0);
  TestFindings depth, broken;
  depth.cells.assign(64, 2);
  broken.cells.assign(64, kNotANumber);
  EXPECT_FLOAT_EQ(differenceOf(depth, broken, Task::Depth).map, 1);
  EXPECT_FALSE(TestDifference{.score = kNotANumber}.within({1, 1, 1, 1, 1, 1}));
}

TEST(SelfTestComparisonTest, LeavesOutWhatIsUnstableWhereItIsMade) {
  const TestFindings expected = findings({objectAt(10, 10, 0.8F), objectAt(50, 50, 0.6F), objectAt(80, 10, 0.4F)});
  const TestFindings found = findings({objectAt(11, 10, 0.7F), objectAt(50, 50, 0.2F)});
  const TestFindings kept = reproduced(expected, compare(expected, found, Task::Detect, kSize), found, kSize);
  ASSERT_EQ(kept.objects.size(), 1U);
  EXPECT_FLOAT_EQ(kept.objects[0].score, 0.8F);
  const TestDifference measured = differenceOf(kept, found);
  EXPECT_TRUE(measured.within(toleranceOf(measured, true)));
  EXPECT_TRUE(toleranceOf(measured, true).within(toleranceOf(measured, false)));
}

}  // namespace
}  // namespace trtyolo
