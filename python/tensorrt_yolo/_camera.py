"""How a camera moved from one image to the next: CameraMotion of the C++ component media, by the OpenCV of Python.

As with the codecs of images, the extension module has no OpenCV of its own; the numbers are those of camera_motion.cpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.images import readable
from tensorrt_yolo.video import VideoFrame

_SHRINK = 2  # what is looked at has sides of one such part
_CORNERS = {"maxCorners": 400, "qualityLevel": 0.01, "minDistance": 0, "blockSize": 3}
_LEAST_CORNERS = 5
_STILL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class CameraMotion:
    """What is known of the frame before: nothing of the first. It is not changed."""

    __slots__ = ("_corners", "_grey")

    def __init__(self, grey: npt.NDArray[np.uint8] | None = None, corners: Any = None) -> None:
        self._grey, self._corners = grey, corners

    def next(self, image: Any) -> tuple[CameraMotion, tuple[float, ...]]:
        """What is known of the next frame, and the motion to it: the rows of a matrix of 2 by 3."""
        try:
            import cv2
        except ImportError:
            raise ImportError(
                "Tracker: gmc_method='sparseOptFlow' needs OpenCV (pip install 'trtyolo[images]'); for a camera "
                "that stands still set it to 'none'"
            ) from None
        grey = _shrunken_grey(image, cv2)
        corners = None if grey is None else cv2.goodFeaturesToTrack(grey, **_CORNERS)
        return CameraMotion(grey, corners), self._motion_to(grey, cv2)

    def _motion_to(self, grey: npt.NDArray[np.uint8] | None, cv2: Any) -> tuple[float, ...]:
        if grey is None or self._grey is None or self._corners is None or grey.shape != self._grey.shape:
            return _STILL
        moved, found, _ = cv2.calcOpticalFlowPyrLK(self._grey, grey, self._corners, None)
        found = found.ravel() == 1
        if found.sum() < _LEAST_CORNERS:
            return _STILL
        affine, _ = cv2.estimateAffinePartial2D(self._corners[found], moved[found])
        if affine is None:
            return _STILL
        affine[:, 2] *= _SHRINK
        return tuple(affine.ravel().tolist())


def _shrunken_grey(image: Any, cv2: Any) -> npt.NDArray[np.uint8] | None:
    if isinstance(image, VideoFrame):
        pixels = image.to_bgr()
    else:
        held = readable(image, True)
        if isinstance(held, _core.EncodedImage):
            pixels = _core.decode(held, True)
        elif isinstance(held, np.ndarray) and held.dtype == np.uint8 and held.ndim == 3 and held.shape[2] == 3:
            pixels = np.ascontiguousarray(held)
        else:
            pixels = _core.bgr_of(held, True)
    height, width = (side // _SHRINK for side in pixels.shape[:2])
    return cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (width, height)) if height and width else None
