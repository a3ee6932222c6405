// CameraMotion: how a camera moved from one frame to the next, for trackers that follow it. In the component media, by
// OpenCV.
//
//   #include "trtyolo.hpp"
//   #include "trtyolo/camera_motion.hpp"
//   #include "trtyolo/video.hpp"
//
//   trtyolo::TrackerOption option;
//   option.kind = trtyolo::TrackerKind::BotSort;
//   trtyolo::Tracker tracker(option);                            // one of both for each video or camera
//   trtyolo::CameraMotion camera;
//   while (const auto frame = video.read()) {
//     trtyolo::DetResult result = model.predict(frame->image);
//     tracker.track(result, camera.next(*frame));
//   }
#pragma once

#include <memory>

#include "image.hpp"
#include "media_api.hpp"
#include "track.hpp"
#include "video.hpp"

namespace trtyolo {

/// Finds the camera's motion in the frames of one video or camera, as Ultralytics' trackers do with `gmc_method:
/// sparseOptFlow`: corners (Shi and Tomasi) of the frame before, in grey and at half its size, are found again by
/// optical flow (pyramidal Lucas and Kanade), and RANSAC finds the shift, turn and scale that most of them made.
///
/// A value: a copy goes on by itself. To be used by one thread at a time; one that was moved from can be destroyed and
/// assigned to only. It keeps a frame in grey, at half its size. OpenCV may use several threads within a call
/// (cv::setNumThreads()).
class TRTYOLO_MEDIA_API CameraMotion {
 public:
  /// `bgr`: order of the channels of images that have three or four, as InferOption::enableSwapRB() wants it, or RGB.
  /// The other order changes their grey a little, and so may what is found.
  explicit CameraMotion(bool bgr = true);
  CameraMotion(const CameraMotion& other);
  CameraMotion(CameraMotion&& other) noexcept;
  CameraMotion& operator=(const CameraMotion& other);
  CameraMotion& operator=(CameraMotion&& other) noexcept;
  ~CameraMotion();

  /// The motion from the frame before to this one. None (Motion()) of the first frame, of one whose size is another
  /// than that of the frame before, and where fewer than five corners are found again. Any format, in host memory.
  /// @throws std::invalid_argument  the image is not what Image says it must be
  /// @throws Error                  OpenCV failed, for want of memory
  Motion next(const Image& frame);
  /// The same, in the memory of a GPU, too: from there it is copied. The frame says the order of its channels.
  /// @throws DeviceError  also if the GPU failed, or the component was built without GPUs
  Motion next(const VideoFrame& frame);

  /// Forgets the frame before: what comes next is the first of a source.
  void reset();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace trtyolo
