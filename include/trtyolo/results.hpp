// What models find: Result for a model of any task, and a type for each task.
//
// Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api.hpp"

namespace trtyolo {

/// What a network is for.
enum class Task { Classify, Detect, OBB, Segment, Pose, Semantic, Depth };

/// "classify", "detect", "obb", "segment", "pose", "semantic" or "depth": the names that Ultralytics uses.
TRTYOLO_API const char* toString(Task task);

// ---------------------------------------------------------------------------------------------------------------------
// Parts of results

/// Names of classes by index. A copy shares the names: a model and all its results have them in memory once.
class TRTYOLO_API ClassNames {
 public:
  ClassNames() = default;
  /// Takes the names over.
  // NOLINTNEXTLINE(google-explicit-constructor): a table of names is one
  ClassNames(std::map<int, std::string> names);

  /// The name of a class; its index as text ("17") where there is no name.
  std::string operator[](int index) const;
  std::string at(int index) const { return (*this)[index]; }  ///< the same
  /// The names that there are, in the order of their indices.
  const std::map<int, std::string>& map() const;
  // NOLINTNEXTLINE(google-explicit-constructor): it can be read as the table that it is
  operator const std::map<int, std::string>&() const { return map(); }
  bool empty() const { return map().empty(); }  ///< whether there are none
  /// How many classes there are: one more than the highest index that has a name.
  std::size_t size() const { return empty() ? 0 : static_cast<std::size_t>(map().rbegin()->first) + 1; }

 private:
  std::shared_ptr<const std::map<int, std::string>> names_;
};

/// How long the three steps of a prediction took, in milliseconds of wall time. Of an image that shared its run of the
/// network with others: its share.
struct TRTYOLO_API StageTimes {
  double preprocess = 0;   ///< images into the network's input: letterbox or centre crop
  double inference = 0;    ///< the network; on a GPU, where all three are one piece of work, everything
  double postprocess = 0;  ///< from the network's outputs to results
};

/// An axis-aligned box in pixels of the source image, clipped to it: 0 <= left <= right <= width, likewise downward.
struct TRTYOLO_API Box {
  float left = 0, top = 0, right = 0, bottom = 0;  ///< pixels

  /// {left, top, right, bottom}.
  std::array<float, 4> xyxy() const { return {left, top, right, bottom}; }
};

/// A box turned about its centre. The four sides are those of the box before it is turned, in pixels of the source
/// image; it is not clipped to the image.
struct TRTYOLO_API RotatedBox : Box {
  float theta = 0;  ///< radians, clockwise as one looks at the image, as the network gives it (not brought to a range)

  /// Centre x, centre y, width, height, theta.
  std::array<float, 5> xywhr() const {
    return {(left + right) / 2, (top + bottom) / 2, right - left, bottom - top, theta};
  }
  /// The corners x1, y1, ... x4, y4 in the order of Ultralytics' xyxyxyxy: centre + u + v, + u - v, - u - v, - u + v,
  /// where u is half the width along (cos, sin) of theta and v half the height along (-sin, cos).
  std::array<float, 8> xyxyxyxy() const;
};

/// A point of an object, in pixels of the source image, clipped to it.
struct TRTYOLO_API KeyPoint {
  float x = 0, y = 0;  ///< pixels
  float conf = 1;  ///< confidence that it is visible, 0 to 1; 1 from networks that do not say (ModelInfo::keypointDims)
};

/// A corner of an outline: the centre of a pixel.
struct TRTYOLO_API PixelPoint {
  int x = 0, y = 0;  ///< pixels
};

/// One object's mask, a byte for each pixel: 1 inside the object, 0 outside.
struct TRTYOLO_API Mask {
  std::vector<std::uint8_t> data;  ///< row after row, `width * height` of them
  int width = 0, height = 0;       ///< pixels
};

/// The masks of a result's objects, kept as runs of pixels; `masks[i]` makes the image of one.
class TRTYOLO_API Masks {
 public:
  /// The pixels `begin` to `end` - 1, numbered row after row: pixel (x, y) is number y * width + x. A run stays in its
  /// row.
  struct Run {
    std::uint32_t begin = 0, end = 0;  ///< numbers of pixels
  };

  Masks() = default;
  /// No masks yet, of images of `width` x `height` pixels.
  /// @throws std::invalid_argument  a side is negative, or there are 2^32 pixels or more
  Masks(int width, int height);

  std::size_t size() const { return ends_.size(); }  ///< number of masks
  bool empty() const { return ends_.empty(); }       ///< whether there are none
  /// Pixels of each mask: those of the source image, or with Model::setRetinaMasks(false) of the network's input.
  int width() const { return width_; }
  int height() const { return height_; }  ///< likewise

  /// Mask `i`, made when asked for. `i` < size(), else std::out_of_range.
  Mask operator[](std::size_t i) const;
  /// Runs of mask `i`, in rising order: runCount(i) of them. Valid until the object changes or goes.
  const Run* runs(std::size_t i) const;
  std::size_t runCount(std::size_t i) const;  ///< how many runs mask `i` has
  /// Pixels inside mask `i`.
  std::size_t area(std::size_t i) const;
  /// COCO's run lengths of mask `i`: down the columns, from left to right, zeros first.
  std::vector<std::uint32_t> cocoCounts(std::size_t i) const;
  /// The outer outlines of mask `i`, one for each 8-connected piece; holes, and pieces in holes of others, are left
  /// out. Outlines and points are those that OpenCV's findContours gives with RETR_EXTERNAL and CHAIN_APPROX_SIMPLE, in
  /// the same order: the lowest piece first; from a piece's first pixel, row after row, down its left side, the pixels
  /// where the direction changes. Border following after Suzuki and Abe, "Topological structural analysis of digitized
  /// binary images by border following", 1985.
  std::vector<std::vector<PixelPoint>> outlines(std::size_t i) const;

  /// Appends a mask. Runs must rise, not touch pixels beyond the image, and stay in their rows.
  /// @throws std::invalid_argument  they do not
  void add(const std::vector<Run>& runs);

 private:
  friend class MaskMaker;
  std::size_t beginOf(std::size_t i) const;

  int width_ = 0, height_ = 0;
  std::vector<Run> runs_;
  std::vector<std::size_t> ends_;  // behind the last run of each mask
};

/// The class of each pixel of the source image, two bytes each.
struct TRTYOLO_API ClassMap {
  std::vector<std::uint16_t> data;  ///< row after row, `width * height` of them: valueOf() their class, or `none`
  int width = 0, height = 0;        ///< pixels
  /// What pixels have whose class Model::setClasses() leaves out: 255, as in Ultralytics; of networks with more than
  /// 255 classes 65535. The network itself may give it to pixels, too.
  std::uint16_t none = 255;
  /// Whether the network has one class only, as Ultralytics trains it: pixels have 1 where it is, and 0 elsewhere.
  bool binary = false;

  /// What the pixels of a class have: its index, or 1 if the map is binary.
  int valueOf(int classIndex) const { return binary ? 1 : classIndex; }
  /// The pixels of each of these classes as a mask, in their order: for all of them one look at each pixel.
  /// @throws std::invalid_argument  `data` has not the size that `width` and `height` say
  Masks masks(const std::vector<int>& classes) const;
};

/// How far away each pixel of the source image is, in metres, as far as the network's training had them.
struct TRTYOLO_API DepthMap {
  std::vector<float> data;    ///< row after row, `width * height` of them
  int width = 0, height = 0;  ///< pixels

  /// Of the pixels whose depth is finite and above 0; all 0 if there are none.
  struct Range {
    float min = 0, median = 0, max = 0;  ///< metres; of an even number of pixels, the lower of the two medians
  };
  Range range() const;  ///< looks at each pixel
};

// ---------------------------------------------------------------------------------------------------------------------
// Results

/// What results of all tasks have. Objects are in the order of falling scores; the vectors have `num` elements each
/// (`trackIds` also none). Of a classifier the objects are its best classes (see Model::setTopK); of a semantic
/// segmenter the classes that any pixel has, each with its share of the image's pixels for a score; a depth estimator
/// has none.
struct TRTYOLO_API BaseResult {
  int num = 0;                          ///< number of objects
  std::vector<int> classes;             ///< class index of each object
  std::vector<float> scores;            ///< confidence of each object, 0 to 1
  std::vector<int> trackIds;            ///< which object of the images before it is, from Tracker; empty without one
  ClassNames names;                     ///< of all classes of the model
  int imageWidth = 0, imageHeight = 0;  ///< pixels of the source image
  StageTimes speed;                     ///< how long the prediction took

  /// Class name of object `i`; std::out_of_range if there is no such object.
  std::string name(std::size_t i) const { return names[classes.at(i)]; }
};

/// What a model of any task found in one image. Only the parts that the task has are filled.
struct TRTYOLO_API Result : BaseResult {
  Task task = Task::Detect;                      ///< says which parts there are
  std::vector<Box> boxes;                        ///< where each object is
  std::vector<RotatedBox> rotatedBoxes;          ///< the same of an oriented detector
  Masks masks;                                   ///< which pixels of its box are the object's
  std::vector<std::vector<KeyPoint>> keypoints;  ///< points of each object
  int keypointDims = 0;                          ///< what the network says of a point: see ModelInfo
  ClassMap semantic;                             ///< the class of each pixel
  std::vector<std::size_t> pixels;               ///< how many pixels of `semantic` each of `classes` has
  DepthMap depth;                                ///< the distance of each pixel

  /// Whether the task has this part; also if nothing was found.
  bool hasBoxes() const { return task == Task::Detect || task == Task::Segment || task == Task::Pose; }
  bool hasRotatedBoxes() const { return task == Task::OBB; }   ///< as hasBoxes()
  bool hasMasks() const { return task == Task::Segment; }      ///< as hasBoxes()
  bool hasKeypoints() const { return task == Task::Pose; }     ///< as hasBoxes()
  bool hasSemantic() const { return task == Task::Semantic; }  ///< as hasBoxes()
  bool hasDepth() const { return task == Task::Depth; }        ///< as hasBoxes()

  /// The objects as one JSON object on one line, with the keys of `trtyolo predict --json` in this order: {"objects":
  /// [{"class", "name", "score", "track", "box": [left, top, right, bottom], "rotated": [cx, cy, w, h, theta],
  /// "corners": four [x, y], "keypoints": [x, y] or [x, y, score] each, "mask": {"size": [height, width], "counts"}}]},
  /// only those that the task has, and "track" only if the object belongs to one; of a classifier {"top": [{"class",
  /// "name", "score"}]}, of a semantic segmenter {"semantic": {"size": [height, width], "classes": {"CLASS": counts}}},
  /// of a depth estimator {"depth": {"size": [height, width], "min", "max"}} in metres, as DepthMap::range() has them.
  /// "counts" is COCO's compressed text form of Masks::cocoCounts(). Floats have the fewest digits that stand for them;
  /// those that are not finite are null. Bytes of a name that are not UTF-8 become U+FFFD.
  /// @throws std::out_of_range  a part that the task has is shorter than `classes`
  std::string toJson() const;
  /// A line for each object, ending in "\n", with the columns that csvHeader() names; one line of a depth estimator.
  /// Texts with commas, quotes or line breaks are in quotes, as RFC 4180 says; those that spreadsheets would compute,
  /// since they begin with =, +, -, @, a tab or a carriage return, stand behind an apostrophe, and so do those that
  /// have such a character behind apostrophes. Names keep their bytes. Floats that are not finite are nan, inf or -inf.
  /// If there are `trackIds`, a column `track` stands behind the score; empty for an object without a track.
  /// @throws std::out_of_range  a part that the task has is shorter than `classes`
  std::string toCsv(const std::string& source, long frame = 0) const;
  /// The same with a column `time` behind `frame`: the frame's time in its video, in seconds; empty if there is none.
  std::string toCsv(const std::string& source, long frame, std::optional<double> time) const;
  /// Ultralytics' label format: a line for each object, ending in "\n", with its score behind if `withScores`, and at
  /// last the id of its track, if it has one. Lengths are shares of the image's size, with six digits. By task:
  ///   detect    class cx cy w h
  ///   pose      class cx cy w h x1 y1 score1 x2 ... (without the scores if the network gives none)
  ///   obb       class x1 y1 x2 y2 x3 y3 x4 y4
  ///   segment   class x1 y1 x2 y2 ...: Masks::outlines() joined to one where they are nearest to each other, by a line
  ///             there and back; an object with fewer than three points has no line
  ///   classify  score name, with two decimals, whatever `withScores` says; line breaks and control characters of a
  ///             name are spaces
  /// An object with a number that is not finite has no line.
  /// @throws Error  the format has nothing for the task: semantic, depth; or imageWidth or imageHeight is not known
  /// @throws std::out_of_range  a part that the task has is shorter than `classes`
  std::string toTxt(bool withScores = false) const;
};

/// What a classifier says of one image: its best classes.
struct TRTYOLO_API ClsResult : BaseResult {
  static constexpr Task kTask = Task::Classify;  ///< of its models

  ClsResult() = default;
  explicit ClsResult(Result&& result);  ///< takes over the parts that it has
};

/// What a detector found in one image.
struct TRTYOLO_API DetResult : BaseResult {
  static constexpr Task kTask = Task::Detect;  ///< of its models
  std::vector<Box> boxes;                      ///< where each object is

  DetResult() = default;
  explicit DetResult(Result&& result);  ///< takes over the parts that it has
};

/// What an oriented detector found in one image.
struct TRTYOLO_API OBBResult : BaseResult {
  static constexpr Task kTask = Task::OBB;  ///< of its models
  std::vector<RotatedBox> boxes;            ///< where each object is

  OBBResult() = default;
  explicit OBBResult(Result&& result);  ///< takes over the parts that it has
};

/// What a segmenter found in one image.
struct TRTYOLO_API SegResult : BaseResult {
  static constexpr Task kTask = Task::Segment;  ///< of its models
  std::vector<Box> boxes;                       ///< where each object is
  Masks masks;                                  ///< which pixels of its box are the object's

  SegResult() = default;
  explicit SegResult(Result&& result);  ///< takes over the parts that it has
};

/// What a pose estimator found in one image.
struct TRTYOLO_API PoseResult : BaseResult {
  static constexpr Task kTask = Task::Pose;  ///< of its models
  std::vector<Box> boxes;                    ///< where each object is
  std::vector<std::vector<KeyPoint>> kpts;   ///< points of each object, ModelInfo::keypoints of them

  PoseResult() = default;
  explicit PoseResult(Result&& result);  ///< takes over the parts that it has
};

/// What a semantic segmenter says of one image.
struct TRTYOLO_API SemanticResult : BaseResult {
  static constexpr Task kTask = Task::Semantic;  ///< of its models
  ClassMap semantic;                             ///< the class of each pixel
  std::vector<std::size_t> pixels;               ///< how many pixels each of `classes` has

  SemanticResult() = default;
  explicit SemanticResult(Result&& result);  ///< takes over the parts that it has
};

/// What a depth estimator says of one image.
struct TRTYOLO_API DepthResult : BaseResult {
  static constexpr Task kTask = Task::Depth;  ///< of its models
  DepthMap depth;                             ///< the distance of each pixel

  DepthResult() = default;
  explicit DepthResult(Result&& result);  ///< takes over the parts that it has
};

using ClassifyRes = ClsResult;  ///< deprecated alias
using DetectRes = DetResult;    ///< deprecated alias
using OBBRes = OBBResult;       ///< deprecated alias
using SegmentRes = SegResult;   ///< deprecated alias
using PoseRes = PoseResult;     ///< deprecated alias

/// Its numbers, in brackets.
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const Box& box);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const RotatedBox& box);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const KeyPoint& point);

/// A heading, and a line for each object: "person 0.89, track 3, box [..]"; of a depth estimator one with its range.
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const Result& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const ClsResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const DetResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const OBBResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const SegResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const PoseResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const SemanticResult& result);
TRTYOLO_API std::ostream& operator<<(std::ostream& out, const DepthResult& result);

}  // namespace trtyolo
