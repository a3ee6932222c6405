"""Lines and zones: who crossed a line, and who is in a part of the image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.results import Result

Point = tuple[float, float]  # x, y in pixels

_CORNERS = ("TOP_LEFT", "TOP_RIGHT", "BOTTOM_LEFT", "BOTTOM_RIGHT")


def _names(anchors: Iterable[object]) -> list[str]:
    """Of anchors as supervision.Position or as its names."""
    return [str(getattr(anchor, "value", anchor)).upper() for anchor in anchors]


def _point(point: Sequence[float]) -> Point:
    x, y = point
    return float(x), float(y)


class Line(_core.Line):
    """Counts the tracks of one video or camera that cross a line: line.update(result) for each image, in its order.

    in_count, out_count: how many crossed so far: to the left side, for one who looks at the image, from start to end,
        and to the right side.
    in_count_per_class, out_count_per_class: the same by class.

    A track is on a side while all its anchors are, and between the perpendiculars through the line's ends. On the same
    tracks the counts are those of supervision's LineZone; objects without a track (-1) do not count. Lines share
    nothing. One is to be used by one thread at a time.
    """

    __slots__ = ()

    def __init__(
        self,
        start: Sequence[float],
        end: Sequence[float],
        *,
        triggering_anchors: Iterable[object] = _CORNERS,
        minimum_crossing_threshold: int = 1,
        track_buffer: int = 0,
    ) -> None:
        """Points are (x, y) in pixels; names and defaults are those of LineZone, but for track_buffer.

        triggering_anchors: points of a box that must all be on a side: names of supervision.Position, or these.
        minimum_crossing_threshold: in how many images in sequence an object must be seen on the other side.
        track_buffer: after how many images in sequence without a track its side is forgotten; 0: after
            minimum_crossing_threshold + 1, as LineZone does.

        Raises ValueError for a line of one point, points that are not finite, and settings out of their range.
        """
        super().__init__(
            _point(start), _point(end), _names(triggering_anchors), minimum_crossing_threshold, track_buffer
        )

    def update(self, result: Result) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Takes the result of the next image, with track_ids; says which objects crossed "in", and which "out".

        Raises ValueError if the result has no track_ids, or no boxes.
        """
        return super().update(result)

    def reset(self) -> None:
        """Forgets all tracks and counts."""
        super().reset()


class Zone(_core.Zone):
    """Tells which objects of an image are in a polygon: zone.update(result). It needs no tracks.

    current_count: how many objects of the last image are in it.
    current_count_per_class: the same by class.
    """

    __slots__ = ()

    def __init__(
        self,
        polygon: Iterable[Sequence[float]],
        *,
        triggering_anchors: Iterable[object] = ("BOTTOM_CENTER",),
        require_all_anchors: bool = True,
    ) -> None:
        """Corners are (x, y) in pixels, in either direction; names and defaults are those of PolygonZone.

        triggering_anchors: points of a box that must be inside: names of supervision.Position, or these.
        require_all_anchors: all of them, or any.

        Raises ValueError for fewer than three corners, corners that are not finite, and sides that cross or touch.
        """
        super().__init__([_point(corner) for corner in polygon], _names(triggering_anchors), require_all_anchors)

    def update(self, result: Result) -> npt.NDArray[np.bool_]:
        """Takes the result of an image; says which objects are inside.

        Raises ValueError if the result has no boxes.
        """
        return super().update(result)

    def contains(self, x: float, y: float) -> bool:
        """Whether a point is inside, or on a side."""
        return super().contains(x, y)
