// trtyolo::Tracker: which object of an image is which of the images before it.
//
//   #include "trtyolo/track.hpp"
//
//   trtyolo::Tracker tracker;                        // one for each video or camera
//   trtyolo::Result result = model->predict(frame);  // for each frame, in its order
//   tracker.track(result);                           // result.trackIds[i] is the number of object i
//
// The conventions are those of trtyolo.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api.hpp"
#include "results.hpp"

namespace trtyolo {

/// The id of an object that belongs to no track (yet).
inline constexpr int kNoTrack = -1;

/// How tracks are predicted from one image to the next, and compared with its objects.
///   ByteTrack  arXiv:2110.06864; its Kalman filter has centre, aspect ratio and height
///   BotSort    arXiv:2206.14651; its Kalman filter has centre, width and height, and follows the camera's motion (see
///              TrackerOption::gmcMethod). Without appearance
///   OcSort     arXiv:2203.14360: ByteTrack's filter; prefers objects in the direction in which a track moved, compares
///              tracks with objects also by where they were seen last, and corrects the filter of one that is found
///              again
enum class TrackerKind { ByteTrack, BotSort, OcSort };

/// "bytetrack", "botsort" or "ocsort", as in the files of settings of Ultralytics.
TRTYOLO_API const char* toString(TrackerKind kind);
/// The kind of that name. @throws std::invalid_argument  there is none
TRTYOLO_API TrackerKind trackerKindOf(const std::string& name);

/// How the image of what does not move by itself moved: a point at (x, y) of the image before is at
/// (xx * x + xy * y + dx, yx * x + yy * y + dy) of this one, in pixels. As it is made: nothing moved. CameraMotion
/// (trtyolo/camera_motion.hpp, component media) finds it.
struct TRTYOLO_API Motion {
  double xx = 1, xy = 0, dx = 0;  ///< the new x
  double yx = 0, yy = 1, dy = 0;  ///< the new y
};

/// How a tracker works: names, meanings and defaults are those of Ultralytics' bytetrack.yaml, botsort.yaml and
/// ocsort.yaml. Checked by the tracker's constructor.
struct TRTYOLO_API TrackerOption {
  TrackerKind kind = TrackerKind::ByteTrack;  ///< how objects are followed
  /// Objects of at least this score are compared with all tracks, 0 to 1.
  float trackHighThresh = 0.25F;
  /// Objects between this score and trackHighThresh are compared with the tracks that are left and were in the image
  /// before; those of lower scores are ignored. 0 to trackHighThresh. Detectors give no objects below their threshold
  /// (Model::setConfidence): lower that to this one.
  float trackLowThresh = 0.1F;
  /// Objects of at least trackHighThresh and this score that belong to no track begin one, 0 to 1.
  float newTrackThresh = 0.25F;
  /// For how many images a track is kept whose object is not seen, at least 0.
  int trackBuffer = 30;
  /// The largest distance at which an object belongs to a track, 0 to 1: 1 minus the overlap (intersection over union;
  /// of rotated boxes Ultralytics' probabilistic one), which fuseScore multiplies with the score.
  float matchThresh = 0.8F;
  /// Whether an object's overlap with a track is multiplied with its score.
  bool fuseScore = true;
  /// Of BotSort: how the camera's motion is found. "sparseOptFlow": by CameraMotion, and each update() is to be given
  /// what it finds; "none": not at all, for cameras that stand still. Others ("orb", "sift", "ecc") are refused.
  std::string gmcMethod = "sparseOptFlow";
  /// Of BotSort: whether appearance is compared, too. Only false so far.
  bool withReid = false;
  float proximityThresh = 0.5F;   ///< of withReid, 0 to 1: without it not used
  float appearanceThresh = 0.8F;  ///< of withReid, 0 to 1: without it not used
  /// Of OcSort: over how many images the direction is measured in which a track moves, at least 1.
  int deltaT = 3;
  /// Of OcSort: what is added to the distance of an object that lies in the direction opposite to a track's; in
  /// between in proportion to the angle. 0 to 1.
  float inertia = 0.2F;
  /// Of OcSort: whether objects between trackLowThresh and trackHighThresh are compared with the tracks that are left.
  bool useByte = false;
};

/// Follows the objects of one video or camera. A value: a copy goes on by itself from where the other was; there is no
/// state outside it. To be used by one thread at a time; a tracker that was moved from can be destroyed and assigned to
/// only.
///
/// Ids are those that Ultralytics' trackers give to the same objects and scores. They begin at 1 and are not used
/// again. An object that begins a track has none until the next image shows it again, but for the first image of a
/// tracker. Classes do not matter. Objects whose box or score is not finite, or whose box has no area, are ignored.
class TRTYOLO_API Tracker {
 public:
  /// @throws std::invalid_argument  a setting is out of its range
  explicit Tracker(const TrackerOption& option = {});
  Tracker(const Tracker& other);
  Tracker(Tracker&& other) noexcept;
  Tracker& operator=(const Tracker& other);
  Tracker& operator=(Tracker&& other) noexcept;
  ~Tracker();

  /// Takes the next image of the source, also if it has no objects. `motion` is how the camera moved since the image
  /// before: it is needed where needsMotion(), and else not looked at.
  /// @return  an id for each object: 1 or more, or kNoTrack
  /// @throws std::invalid_argument  there are not as many scores as boxes, the tracker follows the other kind of box,
  ///     or the motion is needed and missing, or not finite
  std::vector<int> update(const std::vector<Box>& boxes, const std::vector<float>& scores,
                          const std::optional<Motion>& motion = {});
  std::vector<int> update(const std::vector<RotatedBox>& boxes, const std::vector<float>& scores,
                          const std::optional<Motion>& motion = {});  ///< the same
  /// The same. @throws std::invalid_argument  also if the result's task has no boxes: classify, semantic, depth
  std::vector<int> update(const Result& result, const std::optional<Motion>& motion = {});
  /// The same of DetResult, OBBResult, SegResult, PoseResult.
  template <typename TypedResult>
  std::vector<int> update(const TypedResult& result, const std::optional<Motion>& motion = {}) {
    return update(result.boxes, result.scores, motion);
  }

  /// The same, and puts the ids into `trackIds` of the result, of any type.
  template <typename AnyResult>
  void track(AnyResult& result, const std::optional<Motion>& motion = {}) {
    result.trackIds = update(result, motion);
  }

  /// Whether update() must be given the camera's motion: of BotSort, unless gmcMethod is "none".
  bool needsMotion() const;

  /// Forgets everything: what comes next is the first image of a source. Ids begin at 1 again.
  void reset();

  const TrackerOption& option() const;  ///< as it was given

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace trtyolo
