"""Tracking: which object of an image is which of the images before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo._camera import CameraMotion
from tensorrt_yolo.results import Result


class Tracker(_core.Tracker):
    """Follows the objects of one video or camera: tracker.update(result, image) for each image, in its order.

    Ids begin at 1 and are those that Ultralytics' trackers give to the same objects and scores. An object that begins a
    track has none (-1) until the next image shows it again (of "tracktrack": until min_track_len images on end have
    shown it), but for the first image of a tracker. Classes do not matter; objects whose box or score is not finite, or
    whose box has no area, are ignored. Trackers share nothing. One is to be used by one thread at a time.
    """

    __slots__ = ("_camera",)

    def __init__(
        self,
        kind: str = "bytetrack",
        *,
        track_high_thresh: float | None = None,
        track_low_thresh: float | None = None,
        new_track_thresh: float | None = None,
        track_buffer: int = 30,
        match_thresh: float | None = None,
        fuse_score: bool = True,
        gmc_method: str = "sparseOptFlow",
        with_reid: bool = False,
        proximity_thresh: float = 0.5,
        appearance_thresh: float = 0.8,
        delta_t: int = 3,
        inertia: float = 0.2,
        use_byte: bool = False,
        lost_match_thr: float = 0.0,
        iou_weight: float = 0.5,
        reid_weight: float = 0.5,
        conf_weight: float = 0.1,
        angle_weight: float = 0.05,
        penalty_p: float = 0.2,
        penalty_q: float = 0.4,
        reduce_step: float = 0.05,
        tai_thr: float = 0.55,
        min_track_len: int = 3,
    ) -> None:
        """Settings and defaults are those of Ultralytics' bytetrack.yaml, botsort.yaml, ocsort.yaml, tracktrack.yaml.

        kind               "bytetrack", "botsort" (follows the camera's motion; without appearance), "ocsort" (prefers
                           objects in a track's direction, and corrects tracks that are found again) or "tracktrack"
                           (overlap, height, score and the directions of the corners in one cost, the best pairs first;
                           follows the camera's motion; without appearance)
        track_high_thresh  objects of at least this score are compared with all tracks. 0.25, of "tracktrack" 0.6
        track_low_thresh   those between this and track_high_thresh with the tracks that are left and were in the image
                           before, of "tracktrack" with all but new ones; lower ones are ignored. Let the model find
                           them: set_confidence(0.1). 0.1, of "tracktrack" 0.25
        new_track_thresh   objects of at least this score (of "tracktrack": above it) that belong to no track begin one.
                           0.25, of "tracktrack" 0.7
        track_buffer       for how many images a track is kept whose object is not seen
        match_thresh       the largest distance at which an object belongs to a track: 1 minus their overlap; of
                           "tracktrack" the largest cost, in the first round. 0.8, of "tracktrack" 0.7
        fuse_score         whether the overlap is multiplied with the score; not of "tracktrack"
        gmc_method         of "botsort" and "tracktrack", how the camera's motion is found: "sparseOptFlow", by sparse
                           optical flow, for which update() needs the images and OpenCV (the package
                           opencv-python-headless); "none": not at all, for cameras that stand still
        with_reid          False, nothing else yet; proximity_thresh and appearance_thresh belong to it
        delta_t            of "ocsort": over how many images a track's direction is measured
        inertia            of "ocsort": what is added to the distance of an object in the opposite direction
        use_byte           of "ocsort": whether objects between both thresholds are compared with tracks that are left
        lost_match_thr     of "tracktrack": the largest cost at which an object of high score belongs to a track that
                           was not in the image before, once the others have theirs; 0: no such second try
        iou_weight         of "tracktrack", as are all that follow: this and reid_weight together are the weight of the
        reid_weight        overlap in the cost, as appearance is not compared
        conf_weight        the weight of the difference from the score that a track's last two would lead to
        angle_weight       the weight of the angle to the directions in which a track's corners moved
        penalty_p          what is added to the cost of objects below track_high_thresh
        penalty_q          of objects that the model's NMS removed: results have none of these, so it is not used
        reduce_step        by how much match_thresh falls from round to round
        tai_thr            an object that overlaps a track, or one of higher score, by more than this begins none
        min_track_len      in how many images on end an object is to be seen before it has an id, and before its track
                           is kept while it is hidden

        Raises ValueError for a setting that is out of its range.
        """
        super().__init__(
            kind,
            track_high_thresh,
            track_low_thresh,
            new_track_thresh,
            track_buffer,
            match_thresh,
            fuse_score,
            gmc_method,
            with_reid,
            proximity_thresh,
            appearance_thresh,
            delta_t,
            inertia,
            use_byte,
            lost_match_thr,
            iou_weight,
            reid_weight,
            conf_weight,
            angle_weight,
            penalty_p,
            penalty_q,
            reduce_step,
            tai_thr,
            min_track_len,
        )
        self._camera = CameraMotion()

    def update(self, result: Result, image: Any = None) -> npt.NDArray[np.int32]:
        """Takes the result of the next image, and sets its track_ids, which it also returns: i32 [n], -1 for none.

        image: what predict() was given, in ordinary memory, or a VideoFrame; arrays in OpenCV's order, BGR (in the
        other one grey is a little different, and so may the motion be). Only "botsort" and "tracktrack" with gmc_method
        "sparseOptFlow" look at it, and need it.

        Raises ValueError if the result's task has no boxes, the tracker follows the other kind of boxes, or it needs
        the image and has none; ImportError if it needs OpenCV.
        """
        if image is None or not self.needs_motion:
            return super().update(result, None)
        camera, motion = self._camera.next(image)
        ids = super().update(result, motion)
        self._camera = camera
        return ids

    def reset(self) -> None:
        """Forgets everything: what comes next is the first image of a source. Ids begin at 1 again."""
        super().reset()
        self._camera = CameraMotion()
