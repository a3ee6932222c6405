// trtyolo::Line and trtyolo::Zone: who crossed a line, and who is in a part of the image.
//
//   #include "trtyolo/zones.hpp"
//
//   trtyolo::Line door({100, 400}, {500, 400});      // one for each video or camera, as its tracker
//   trtyolo::Zone shop({{100, 400}, {500, 400}, {500, 700}, {100, 700}});
//   tracker.track(result);                           // for each frame, in its order: see track.hpp
//   door.update(result);                             // door.in(), door.out(): crossings so far
//   shop.update(result);                             // shop.count(): objects in it now
//
// On the same tracks both say what LineZone and PolygonZone of supervision 0.31.2 say, but for objects that those count
// twice, or not where they are:
//   - Objects without a track (kNoTrack) do not count. LineZone before 0.31 takes all of them for one track, which is
//     now on this side of the line and now on that (its issue 2578). Nor does the second of two objects that have the
//     same id in one image: LineZone takes both for one track, which so crosses the line there and back.
//   - A track that is on the other side for fewer images than LineOption::minimumCrossingThreshold, and comes back, has
//     not crossed. LineZone before 0.31 counts its coming back (its issue 2598).
//   - A zone ends at its sides. PolygonZone looks up rounded points in a bitmap whose sides are a pixel wide: an object
//     near a side that two zones share is in both (as in its issue 1987). Here that is so on the side itself only.
//   - Numbers of pixels are not rounded: nor the corners of a zone, which PolygonZone cuts to whole numbers.
//
// The conventions are those of trtyolo.hpp. Both are values: a copy counts on by itself, and there is no state outside
// them. Each is to be used by one thread at a time.
#pragma once

#include <map>
#include <vector>

#include "api.hpp"
#include "results.hpp"
#include "track.hpp"

namespace trtyolo {

/// A point of the image, in pixels; it may lie outside.
struct TRTYOLO_API Point {
  double x = 0, y = 0;  ///< pixels
};

/// A point of a box that stands for its object. Of a rotated box it is on the box, too: the side that is more level is
/// its top or bottom, as in supervision.
enum class Anchor {
  TopLeft,
  TopCenter,
  TopRight,
  CenterLeft,
  Center,
  CenterRight,
  BottomLeft,
  BottomCenter,
  BottomRight
};

/// Where that point of a box is.
TRTYOLO_API Point anchorOf(const Box& box, Anchor anchor);
TRTYOLO_API Point anchorOf(const RotatedBox& box, Anchor anchor);  ///< the same

/// What an object did to a line.
///   None  nothing
///   In    it came to the left side, for one who looks at the image, from the line's start to its end
///   Out   it came to the right side
enum class Crossing { None, In, Out };

/// How a line counts. Checked by its constructor.
struct TRTYOLO_API LineOption {
  /// An object is on a side if all these points of it are; until then it stays on the side where it was. At least one.
  std::vector<Anchor> triggeringAnchors{Anchor::TopLeft, Anchor::TopRight, Anchor::BottomLeft, Anchor::BottomRight};
  /// In how many images in sequence an object must be seen on the other side to have crossed, at least 1. More than one
  /// where boxes tremble. Images in which it is on neither side, or not seen, do not matter.
  int minimumCrossingThreshold = 1;
  /// After how many images in sequence without a track its side is forgotten, at least 0; 0: as LineZone does, after
  /// minimumCrossingThreshold + 1. With more than TrackerOption::trackBuffer, what crosses while it is hidden counts.
  int trackBuffer = 0;
};

/// Counts the tracks of one video or camera that cross a line, in each direction.
///
/// What is beside the line, beyond the perpendiculars through its ends, does not matter: a track is on a side only
/// while all its anchors are between these. A track's first side is where it comes from. A point on the line is on its
/// right side.
class TRTYOLO_API Line {
 public:
  /// @throws std::invalid_argument  start and end are the same, or not finite, or farther than 1e9 pixels away; or a
  ///                                setting is out of its range
  Line(Point start, Point end, const LineOption& option = {});

  /// Takes the tracked objects of the next image, also if there are none. Those without a track, or whose box is not
  /// finite, are ignored.
  /// @return  for each object what it did
  /// @throws std::invalid_argument  there are not as many classes and ids as boxes
  std::vector<Crossing> update(const std::vector<Box>& boxes, const std::vector<int>& classes,
                               const std::vector<int>& trackIds);
  /// The same.
  std::vector<Crossing> update(const std::vector<RotatedBox>& boxes, const std::vector<int>& classes,
                               const std::vector<int>& trackIds);
  /// The same. @throws std::invalid_argument  also if the result's task has no boxes: classify, semantic, depth
  std::vector<Crossing> update(const Result& result);
  /// The same of DetResult, OBBResult, SegResult, PoseResult.
  template <typename TypedResult>
  std::vector<Crossing> update(const TypedResult& result) {
    return update(result.boxes, result.classes, result.trackIds);
  }

  long in() const { return total(in_); }    ///< how many crossed to the left side so far
  long out() const { return total(out_); }  ///< how many crossed to the right side so far
  /// in() by the class that the object had as it crossed; without classes of which none did.
  const std::map<int, long>& inByClass() const { return in_; }
  const std::map<int, long>& outByClass() const { return out_; }  ///< out(), likewise

  /// Forgets all tracks and counts.
  void reset();

  Point start() const { return start_; }                ///< as it was given
  Point end() const { return end_; }                    ///< as it was given
  const LineOption& option() const { return option_; }  ///< as it was given

 private:
  /// Where a track is.
  struct Side {
    bool left = false;    ///< the last that counted
    bool newest = false;  ///< the last that was seen: left
    int run = 0;          ///< for how many images, `left` to end with
    long seen = 0;        ///< number of the last image in which it was
  };

  static long total(const std::map<int, long>& counts);
  template <typename AnyBox>
  std::vector<Crossing> updateAll(const std::vector<AnyBox>& boxes, const std::vector<int>& classes,
                                  const std::vector<int>& trackIds);
  template <typename AnyBox>
  int sideOf(const AnyBox& box) const;
  Crossing move(int track, int side);

  Point start_, end_;
  LineOption option_;
  long image_ = 0;
  std::map<int, Side> sides_;  ///< by id
  std::map<int, long> in_, out_;
};

/// How a zone decides what is in it. Checked by its constructor.
struct TRTYOLO_API ZoneOption {
  std::vector<Anchor> triggeringAnchors{Anchor::BottomCenter};  ///< the points that must be in it, at least one
  bool requireAllAnchors = true;                                ///< all of them, or any
};

/// Tells which objects of an image are in a polygon. It needs no tracks.
class TRTYOLO_API Zone {
 public:
  /// `corners`: in either direction; the first may stand at the end once more.
  /// @throws std::invalid_argument  there are fewer than three corners, one is not finite, or farther than 1e9 pixels
  ///                                away, or the sides cross or touch each other; or a setting is out of its range
  explicit Zone(std::vector<Point> corners, ZoneOption option = {});

  /// Takes the objects of an image, also if there are none. Those whose box is not finite are not in the zone.
  /// @return  for each object whether it is in the zone
  /// @throws std::invalid_argument  there are not as many classes as boxes
  std::vector<bool> update(const std::vector<Box>& boxes, const std::vector<int>& classes);
  std::vector<bool> update(const std::vector<RotatedBox>& boxes, const std::vector<int>& classes);  ///< the same
  /// The same. @throws std::invalid_argument  also if the result's task has no boxes: classify, semantic, depth
  std::vector<bool> update(const Result& result);
  /// The same of DetResult, OBBResult, SegResult, PoseResult.
  template <typename TypedResult>
  std::vector<bool> update(const TypedResult& result) {
    return update(result.boxes, result.classes);
  }

  long count() const;  ///< how many objects of the last image are in it
  const std::map<int, long>& countByClass() const {
    return in_;
  }  ///< the same by class; without those of which none is

  /// Whether a point is inside, or on a side.
  bool contains(Point point) const;

  /// As they were given, the first one once only.
  const std::vector<Point>& corners() const { return corners_; }
  const ZoneOption& option() const { return option_; }  ///< as it was given

 private:
  template <typename AnyBox>
  std::vector<bool> updateAll(const std::vector<AnyBox>& boxes, const std::vector<int>& classes);
  template <typename AnyBox>
  bool holds(const AnyBox& box) const;

  std::vector<Point> corners_;
  ZoneOption option_;
  std::map<int, long> in_;
};

}  // namespace trtyolo
