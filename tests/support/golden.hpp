// Reference results of every task, Ultralytics' predict() as JSON, and the comparison that the project promises: the
// same objects, boxes, corners and keypoints within 0.5 px, scores within 0.001, masks with an intersection over union
// of at least 0.99 each, the best classes in their order. Needs no OpenCV, so that machines without it can use it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/references.hpp"
#include "trtyolo.hpp"

namespace trtyolo::test {

using nlohmann::json;

// What may differ.
struct Tolerance {
  double pixels = 0.5, score = 1e-3, maskIou = 0.99, radians = 0.01;
  double sure = 0;           // objects of lower scores may be missing, or too many: they are that near to the threshold
  double pointScore = 1e-3;  // of keypoints
  double tie = 0;            // the best classes may change places where their scores differ by no more
  bool rivals = false;       // an object may be missing about whose centre a better one lies: both overlap by about as
                             // much as suppression lets pass
};

// Where a task's pictures and references are, below the folder of test data.
inline std::string folderOf(const std::string& task) {
  return task == "detect" ? "shapes/" : "shapes/" + task + "/";
}

inline json goldenOf(const std::string& task) {
  std::ifstream stream(dataPath(folderOf(task) + "golden.json"));
  return json::parse(stream).at("images");
}

inline InferOption bgr() {
  return InferOption().enableSwapRB();
}

template <typename Values>
bool near(const Values& found, const json& expected, double most) {
  std::size_t i = 0;
  for (const double value : expected) {
    if (!(std::abs(static_cast<double>(found[i++]) - value) <= most)) {
      return false;
    }
  }
  return true;
}

inline std::vector<std::uint8_t> pixelsOf(const json& counts) {
  std::vector<std::uint8_t> pixels;  // down the columns
  std::uint8_t value = 0;
  for (const std::size_t count : counts) {
    pixels.insert(pixels.end(), count, value);
    value ^= 1U;
  }
  return pixels;
}

inline double iou(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  std::size_t both = 0, any = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    both += a[i] & b[i];
    any += a[i] | b[i];
  }
  return a.size() == b.size() ? static_cast<double>(both) / static_cast<double>(any) : 0;
}

inline bool sameParts(const DetResult& result, std::size_t j, const json& object, const Tolerance& most) {
  return near(result.boxes[j].xyxy(), object.at("box"), most.pixels);
}

// Each task's own part of object j against that of a reference.
inline bool sameParts(const OBBResult& result, std::size_t j, const json& object, const Tolerance& most) {
  const auto found = result.boxes[j].xywhr();
  const auto corners = result.boxes[j].xyxyxyxy();
  std::vector<double> wanted;
  for (const auto& corner : object.at("corners")) {
    wanted.insert(wanted.end(), corner.begin(), corner.end());
  }
  return near(found, object.at("rotated"), most.pixels) && near(corners, wanted, most.pixels) &&
         std::abs(found[4] - object.at("rotated")[4].get<float>()) < most.radians;
}

inline bool sameParts(const SegResult& result, std::size_t j, const json& object, const Tolerance& most) {
  const auto& size = object.at("mask").at("size");
  return near(result.boxes[j].xyxy(), object.at("box"), most.pixels) && result.masks.height() == size[0] &&
         result.masks.width() == size[1] &&
         iou(pixelsOf(result.masks.cocoCounts(j)), pixelsOf(object.at("mask").at("counts"))) >= most.maskIou;
}

inline bool sameParts(const PoseResult& result, std::size_t j, const json& object, const Tolerance& most) {
  const auto& points = object.at("keypoints");
  bool same = near(result.boxes[j].xyxy(), object.at("box"), most.pixels) && result.kpts[j].size() == points.size();
  for (std::size_t k = 0; same && k < points.size(); ++k) {
    const KeyPoint& point = result.kpts[j][k];
    same = near(std::array<float, 2>{point.x, point.y}, json{points[k][0], points[k][1]}, most.pixels) &&
           near(std::array<float, 1>{point.conf}, json{points[k][2]}, most.pointScore);
  }
  return same;
}

// Whether the centre of an object that scores more than a reference lies about where the reference's does.
template <typename Result>
bool hasRival(const Result& found, const json& object, double pixels) {
  const bool turned = object.contains("rotated");  // centre, size, angle
  const std::vector<double> box = object.at(turned ? "rotated" : "box");
  const double x = turned ? box[0] : (box[0] + box[2]) / 2, y = turned ? box[1] : (box[1] + box[3]) / 2;
  for (std::size_t j = 0; j < found.scores.size(); ++j) {
    const Box& other = found.boxes[j];
    if (found.scores[j] > object.at("score") && std::abs((other.left + other.right) / 2 - x) < pixels &&
        std::abs((other.top + other.bottom) / 2 - y) < pixels) {
      return true;
    }
  }
  return false;
}

template <typename Result>
void expectObjects(const Result& found, const json& image, const Tolerance& most = {}) {
  const auto& objects = image.at("objects");
  std::vector<bool> taken(found.scores.size());
  for (const auto& object : objects) {
    std::size_t j = 0;
    while (j < taken.size() && (taken[j] || found.classes[j] != object.at("class") ||
                                !near(std::array<float, 1>{found.scores[j]}, json{object.at("score")}, most.score) ||
                                !sameParts(found, j, object, most))) {
      ++j;
    }
    if (j < taken.size()) {
      taken[j] = true;
    } else {
      ASSERT_TRUE(object.at("score") < most.sure || (most.rivals && hasRival(found, object, most.pixels)))
          << image.at("source") << ": missing " << object.dump().substr(0, 400) << '\n'
          << found;
    }
  }
  for (std::size_t j = 0; j < taken.size(); ++j) {
    ASSERT_TRUE(taken[j] || found.scores[j] < most.sure) << image.at("source") << ": object " << j << " of\n" << found;
  }
}

inline void expectObjects(const ClsResult& found, const json& image, const Tolerance& most = {}) {
  ASSERT_EQ(found.num, 5);
  const json& top = image.at("top");
  for (std::size_t i = 0; i < 5; ++i) {
    SCOPED_TRACE(testing::Message() << image.at("source") << ", rank " << i << ", class " << found.classes[i]);
    double score = 0;  // of this class; those that are not among the best have next to none
    for (const json& other : top) {
      score = other.at("class") == found.classes[i] ? other.at("score").get<double>() : score;
    }
    EXPECT_NEAR(score, top[i].at("score").get<double>(), most.tie);
    EXPECT_NEAR(found.scores[i], score, most.score);
    EXPECT_EQ(std::count(found.classes.begin(), found.classes.end(), found.classes[i]), 1);
  }
}

}  // namespace trtyolo::test
