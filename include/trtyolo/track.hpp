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
///   TrackTrack Shim et al., "Focusing on Tracks for Online Multi-Object Tracking", CVPR 2025: BotSort's filter, which
///              trusts objects by their scores, and the camera's motion; compares tracks with objects of high and low
///              scores at once, by overlap, height, score and the directions in which the corners move; the best pairs
///              first. Begins no track where there is one already. Without appearance
enum class TrackerKind { ByteTrack, BotSort, OcSort, TrackTrack };

/// "bytetrack", "botsort", "ocsort" or "tracktrack", as in the files of settings of Ultralytics.
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

/// How a tracker works: names, meanings and defaults are those of Ultralytics' bytetrack.yaml, botsort.yaml,
/// ocsort.yaml and tracktrack.yaml. Checked by the tracker's constructor.
struct TRTYOLO_API TrackerOption {
  TrackerKind kind = TrackerKind::ByteTrack;  ///< how objects are followed
  /// Objects of at least this score are compared with all tracks, 0 to 1. nullopt: 0.25, of TrackTrack 0.6.
  std::optional<float> trackHighThresh;
  /// Objects between this score and trackHighThresh are compared with the tracks that are left and were in the image
  /// before, of TrackTrack with all but new ones; those of lower scores are ignored. 0 to trackHighThresh. Detectors
  /// give no objects below their threshold (Model::setConfidence): lower that to this one. nullopt: 0.1, of TrackTrack
  /// 0.25.
  std::optional<float> trackLowThresh;
  /// Objects of at least trackHighThresh and this score (of TrackTrack: above it) that belong to no track begin one, 0
  /// to 1. nullopt: 0.25, of TrackTrack 0.7.
  std::optional<float> newTrackThresh;
  /// For how many images a track is kept whose object is not seen, at least 0.
  int trackBuffer = 30;
  /// The largest distance at which an object belongs to a track, 0 to 1: 1 minus the overlap (intersection over union;
  /// of rotated boxes Ultralytics' probabilistic one), which fuseScore multiplies with the score. Of TrackTrack the
  /// largest cost, in the first round. nullopt: 0.8, of TrackTrack 0.7.
  std::optional<float> matchThresh;
  /// Whether an object's overlap with a track is multiplied with its score. Not of TrackTrack.
  bool fuseScore = true;
  /// Of BotSort and TrackTrack: how the camera's motion is found. "sparseOptFlow": by CameraMotion, and each update()
  /// is to be given what it finds; "none": not at all, for cameras that stand still. Others ("orb", "sift", "ecc") are
  /// refused.
  std::string gmcMethod = "sparseOptFlow";
  /// Of BotSort and TrackTrack: whether appearance is compared, too. Only false so far.
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
  /// Of TrackTrack: the largest cost at which an object of high score belongs to a track that was not in the image
  /// before, once the others have theirs, 0 to 1. 0: they are compared with all others only. Above matchThresh it finds
  /// more of those again that were hidden for long.
  float lostMatchThr = 0;
  /// Of TrackTrack: what the parts of a cost count, 0 to 10. This and reidWeight together are the weight of 1 minus the
  /// overlap times that of the ranges of height, as appearance is not compared.
  float iouWeight = 0.5F;
  float reidWeight = 0.5F;    ///< that of appearance, see iouWeight
  float confWeight = 0.1F;    ///< of the difference between the score and that which the track's last two would lead to
  float angleWeight = 0.05F;  ///< of the angle to the directions in which the corners moved, times the score
  /// Of TrackTrack: what is added to the cost of objects below trackHighThresh, 0 to 1.
  float penaltyP = 0.2F;
  /// Of TrackTrack: what is added to the cost of objects that the model's NMS removed, 0 to 1. A result has none of
  /// these: not used.
  float penaltyQ = 0.4F;
  /// Of TrackTrack: by how much matchThresh falls from round to round, 0 to 1.
  float reduceStep = 0.05F;
  /// Of TrackTrack: an object that overlaps a track, or one of higher score, by more than this begins none, 0 to 1.
  float taiThr = 0.55F;
  /// Of TrackTrack: in how many images on end an object is to be seen before it has an id, but for those of the first
  /// image, and before its track is kept while it is hidden, at least 1.
  int minTrackLen = 3;
};

/// Follows the objects of one video or camera. A value: a copy goes on by itself from where the other was; there is no
/// state outside it. To be used by one thread at a time; a tracker that was moved from can be destroyed and assigned to
/// only.
///
/// Ids are those that Ultralytics' trackers give to the same objects and scores. They begin at 1 and are not used
/// again. An object that begins a track has none until the next image shows it again (of TrackTrack: until minTrackLen
/// images on end have shown it), but for the first image of a tracker. Classes do not matter. Objects whose box or
/// score is not finite, or whose box has no area, are ignored.
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

  /// Whether update() must be given the camera's motion: of BotSort and TrackTrack, unless gmcMethod is "none".
  bool needsMotion() const;

  /// Forgets everything: what comes next is the first image of a source. Ids begin at 1 again.
  void reset();

  const TrackerOption& option() const;  ///< as it was given

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace trtyolo
