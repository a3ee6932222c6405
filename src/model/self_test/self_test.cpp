#include "model/self_test/self_test.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "model/description.hpp"

namespace trtyolo {
namespace {

constexpr std::size_t kCorners = 4;
constexpr float kSurePoint = 0.5F;  // of keypoints that score less the place is a guess

// What an object may differ by where the self-test is made; one that differs more is left out.
constexpr TestDifference kReproduced{.score = 0.5F, .box = 0.1F, .mask = 0.5F, .missing = 0, .extra = 1, .map = 0.5F};

// What results of one machine and another differ by without anything being wrong: both in the same arithmetic, or in
// f32; and where the one computes in f32 and the other in f16 or bf16.
constexpr TestDifference kExact{
    .score = 0.05F, .box = 0.004F, .mask = 0.15F, .missing = 0.1F, .extra = 0.1F, .map = 0.05F};
constexpr TestDifference kInexact{
    .score = 0.5F, .box = 0.06F, .mask = 0.4F, .missing = 0.34F, .extra = 0.3F, .map = 0.2F};
constexpr TestDifference kMostTolerated{
    .score = 0.8F, .box = 0.2F, .mask = 0.8F, .missing = 0.67F, .extra = 0.8F, .map = 0.5F};

// A number that is none, too, is as far from anything as can be.
float limited(float difference) {
  return difference <= 1.0F ? difference : 1.0F;
}

// As a share of the larger one, or of `least`, if both are below that.
float relative(float a, float b, float least) {
  return a == b ? 0.0F : limited(std::abs(a - b) / std::max({std::abs(a), std::abs(b), least}));
}

float sideOf(Size image) {
  return static_cast<float>(std::max({image.width, image.height, 1}));
}

float distance(float x1, float y1, float x2, float y2) {
  return std::hypot(x1 - x2, y1 - y2);
}

// Largest distance of a corner from the nearest one of the other box: whatever corner a box begins with, and whichever
// of its sides is its width.
float betweenCorners(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i + 1 < a.size(); i += 2) {
    float nearest = std::numeric_limits<float>::max();
    for (std::size_t j = 0; j + 1 < b.size(); j += 2) {
      nearest = std::min(nearest, distance(a[i], a[i + 1], b[j], b[j + 1]));
    }
    largest = std::max(largest, nearest);
  }
  return largest;
}

float betweenKeypoints(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) {
    return std::numeric_limits<float>::max();
  }
  float largest = 0;
  for (std::size_t i = 0; i + 2 < a.size(); i += 3) {
    if (a[i + 2] >= kSurePoint) {
      largest = std::max(largest, distance(a[i], a[i + 1], b[i], b[i + 1]));
    }
  }
  return largest;
}

// How far from an object's place another is still taken for it, in pixels.
float reachOf(const TestObject& object, float side) {
  constexpr float kShareOfImage = 0.05F, kShareOfObject = 0.35F;
  float longest = 0;
  for (std::size_t i = 2; i + 1 < object.corners.size(); i += 2) {
    longest =
        std::max(longest, distance(object.corners[0], object.corners[1], object.corners[i], object.corners[i + 1]));
  }
  return std::max(kShareOfImage * side, kShareOfObject * longest);
}

std::size_t matchOf(const TestObject& object, const std::vector<TestObject>& found, const std::vector<bool>& taken,
                    float side) {
  std::size_t best = TestComparison::kNone;
  float nearest = reachOf(object, side);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float away = betweenCorners(object.corners, found[i].corners);
    if (!taken[i] && found[i].classIndex == object.classIndex && away <= nearest) {
      nearest = away;
      best = i;
    }
  }
  return best;
}

TestDifference betweenObjects(const TestObject& a, const TestObject& b, float side) {
  constexpr float kSmallMask = 16;               // pixels; of smaller ones each pixel is a large share
  constexpr float kFaint = 2 * kTestConfidence;  // classes of a classifier may score next to nothing
  TestDifference difference;
  difference.score = relative(a.score, b.score, kFaint);
  difference.box =
      limited(std::max(betweenCorners(a.corners, b.corners), betweenKeypoints(a.keypoints, b.keypoints)) / side);
  difference.mask = relative(a.area, b.area, kSmallMask);
  return difference;
}

float betweenCells(const std::vector<float>& a, const std::vector<float>& b, Task task) {
  if (a.size() != b.size()) {
    return 1;
  }
  float sum = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += task == Task::Depth ? std::abs(a[i] - b[i]) : a[i] == b[i] ? 0.0F : 1.0F;
    all += task == Task::Depth ? std::abs(a[i]) : 1.0F;
  }
  return sum == 0 ? 0 : limited(sum / all);
}

// Calls `use` with each cell's pixels.
template <typename Use>
void forEachCell(int width, int height, const Use& use) {
  constexpr int kGrid = TestFindings::kGrid;
  for (int row = 0; row < kGrid; ++row) {
    for (int column = 0; column < kGrid; ++column) {
      const int top = height * row / kGrid, bottom = std::max(height * (row + 1) / kGrid, top + 1);
      const int left = width * column / kGrid, right = std::max(width * (column + 1) / kGrid, left + 1);
      use(left, top, std::min(right, width), std::min(bottom, height));
    }
  }
}

std::vector<float> cellsOf(const ClassMap& map) {
  std::vector<float> cells;
  forEachCell(map.width, map.height, [&](int left, int top, int right, int bottom) {
    std::map<std::uint16_t, int> counts;
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) {
        ++counts[map.data[static_cast<std::size_t>(y) * static_cast<std::size_t>(map.width) +
                          static_cast<std::size_t>(x)]];
      }
    }
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    cells.push_back(most == counts.end() ? 0.0F : static_cast<float>(most->first));
  });
  return cells;
}

std::vector<float> cellsOf(const DepthMap& map) {
  std::vector<float> cells;
  forEachCell(map.width, map.height, [&](int left, int top, int right, int bottom) {
    double sum = 0;
    int count = 0;
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) {
        const float depth =
            map.data[static_cast<std::size_t>(y) * static_cast<std::size_t>(map.width) + static_cast<std::size_t>(x)];
        sum += std::isfinite(depth) ? depth : 0.0F;
        count += std::isfinite(depth) ? 1 : 0;
      }
    }
    cells.push_back(count == 0 ? 0.0F : static_cast<float>(sum / count));
  });
  return cells;
}

TestObject objectOf(const Result& result, std::size_t i) {
  TestObject object;
  object.classIndex = result.classes[i];
  object.score = result.scores[i];
  if (result.hasRotatedBoxes()) {
    const std::array<float, 2 * kCorners> corners = result.rotatedBoxes.at(i).xyxyxyxy();
    object.corners.assign(corners.begin(), corners.end());
  } else if (result.hasBoxes()) {
    const auto [left, top, right, bottom] = result.boxes.at(i).xyxy();
    object.corners = {left, top, right, top, right, bottom, left, bottom};
  }
  if (result.hasMasks()) {
    object.area = static_cast<float>(result.masks.area(i));
  }
  if (result.hasKeypoints()) {
    for (const KeyPoint& point : result.keypoints.at(i)) {
      object.keypoints.insert(object.keypoints.end(), {point.x, point.y, point.conf});
    }
  }
  return object;
}

}  // namespace

void TestFindings::keep(std::size_t most) {
  if (most < objects.size()) {
    quietest = objects[most].score;
    objects.resize(most);
  }
}

TestFindings findingsOf(const Result& result, std::size_t most) {
  TestFindings findings;
  if (result.hasSemantic()) {
    findings.cells = cellsOf(result.semantic);
    return findings;
  }
  if (result.hasDepth()) {
    findings.cells = cellsOf(result.depth);
    return findings;
  }
  const std::size_t count = std::min(most, result.classes.size());
  for (std::size_t i = 0; i < count; ++i) {
    findings.objects.push_back(objectOf(result, i));
  }
  findings.quietest = count < result.scores.size()    ? result.scores[count]
                      : result.task == Task::Classify ? 0.0F
                                                      : kTestConfidence;
  return findings;
}

bool TestDifference::within(const TestDifference& most) const {
  return score <= most.score && box <= most.box && mask <= most.mask && missing <= most.missing &&
         extra <= most.extra && map <= most.map;
}

TestDifference TestDifference::with(const TestDifference& other) const {
  return {std::max(score, other.score),     std::max(box, other.box),     std::max(mask, other.mask),
          std::max(missing, other.missing), std::max(extra, other.extra), std::max(map, other.map)};
}

std::map<std::string, double> TestDifference::parts(Task task) const {
  if (task == Task::Semantic || task == Task::Depth) {
    return {{"map", map}};
  }
  std::map<std::string, double> parts{{"score", score}, {"missing", missing}, {"extra", extra}};
  if (task != Task::Classify) {
    parts["box"] = box;
  }
  if (task == Task::Segment) {
    parts["mask"] = mask;
  }
  return parts;
}

TestComparison compare(const TestFindings& expected, const TestFindings& found, Task task, Size image) {
  const float side = sideOf(image);
  TestComparison comparison;
  TestDifference& all = comparison.difference;
  std::vector<bool> taken(found.objects.size());
  float largest = -1, surest = 0;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < expected.objects.size(); ++i) {
    const TestObject& object = expected.objects[i];
    const std::size_t match = matchOf(object, found.objects, taken, side);
    comparison.matches.push_back(match);
    surest = std::max(surest, object.score);
    float worst = 2;
    if (match == TestComparison::kNone) {
      ++missing;
    } else {
      taken[match] = true;
      const TestDifference difference = betweenObjects(object, found.objects[match], side);
      all = all.with(difference);
      worst = std::max({difference.score, difference.box, difference.mask});
    }
    if (worst > largest) {
      largest = worst;
      comparison.worst = i;
    }
  }
  if (missing > 0) {
    all.missing = static_cast<float>(missing) / static_cast<float>(expected.objects.size());
  }
  for (std::size_t i = 0; i < found.objects.size(); ++i) {
    const float score = found.objects[i].score;
    if (!taken[i] && !(score <= expected.quietest)) {
      all.extra = std::max(all.extra, limited((score - expected.quietest) / std::max(surest, score)));
    }
  }
  all.map = betweenCells(expected.cells, found.cells, task);
  return comparison;
}

TestFindings reproduced(const TestFindings& expected, const TestComparison& comparison, const TestFindings& found,
                        Size image) {
  const float side = sideOf(image);
  TestFindings kept;
  kept.quietest = expected.quietest;
  for (std::size_t i = 0; i < expected.objects.size(); ++i) {
    const std::size_t match = comparison.matches[i];
    if (match != TestComparison::kNone &&
        betweenObjects(expected.objects[i], found.objects[match], side).within(kReproduced)) {
      kept.objects.push_back(expected.objects[i]);
    }
  }
  if (comparison.difference.map <= kReproduced.map) {
    kept.cells = expected.cells;
  }
  return kept;
}

TestDifference toleranceOf(const TestDifference& measured, bool exact) {
  constexpr float kMargin = 1.5F;
  const TestDifference& least = exact ? kExact : kInexact;
  const auto tolerated = [](float difference, float floor, float most) {
    return std::min(floor + kMargin * limited(difference), most);
  };
  return {tolerated(measured.score, least.score, kMostTolerated.score),
          tolerated(measured.box, least.box, kMostTolerated.box),
          tolerated(measured.mask, least.mask, kMostTolerated.mask),
          tolerated(measured.missing, least.missing, kMostTolerated.missing),
          tolerated(measured.extra, least.extra, kMostTolerated.extra),
          tolerated(measured.map, least.map, kMostTolerated.map)};
}

}  // namespace trtyolo
