"""Slices: small objects in large images."""

from __future__ import annotations

from typing import Any

from tensorrt_yolo import _core


class SliceOption(_core.SliceOption):
    """How predict(image, slices=...) of a model or a pool cuts an image into slices and merges what they find.

    A network sees an image at the size of its input, in which small objects of a large image are gone. Slices are parts
    of the image that are predicted by themselves; what is found in several of them is merged by the rules of SAHI
    (arXiv:2202.06934), whose names and defaults these are. An object of this class does not change.
    """

    __slots__ = ()

    def __init__(
        self,
        width: int = 640,
        height: int | None = None,
        *,
        overlap: float = 0.2,
        standard_prediction: bool = True,
        merge: str = "GREEDYNMM",
        match_metric: str = "IOS",
        match_threshold: float = 0.5,
        class_agnostic: bool = False,
        max_batch: int = 0,
    ) -> None:
        """What slices are, and when objects of several are one.

        width, height: of a slice, in pixels of the image; without `height` it is square.
        overlap: of neighbouring slices, as a share of their width and height: 0 to less than 1.
        standard_prediction: whether the image is predicted as a whole, too, for objects that are larger than a slice.

        merge: what becomes of objects that match one of higher score: "GREEDYNMM", merged into it; "NMM", so are those
            that match one that was merged; "NMS", dropped.

        match_metric: when objects match: the intersection of their boxes over their union, "IOU", or over the smaller
            one, "IOS", which also finds the part of an object that a slice has cut off.

        match_threshold: from which value of it on: above 0, at most 1.
        class_agnostic: whether objects of different classes match.
        max_batch: most slices in one run of a model's network; 0: its batch(). Pools have their own.

        Raises ValueError for a setting that is out of its range.
        """
        super().__init__(
            width,
            width if height is None else height,
            overlap,
            standard_prediction,
            merge,
            match_metric,
            match_threshold,
            class_agnostic,
            max_batch,
        )

    def slices(self, width: int, height: int) -> list[tuple[int, int, int, int]]:
        """The slices of an image of so many pixels: x, y, width, height each, row after row.

        All have the same size, as SAHI has it: the last of a row or a column is moved inward, and overlaps more.
        """
        return super().slices(width, height)

    def _settings(self) -> dict[str, Any]:
        names = ("width", "height", "overlap", "standard_prediction", "merge", "match_metric", "match_threshold")
        return {name: getattr(self, name) for name in (*names, "class_agnostic", "max_batch")}

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self._settings(),)

    def __repr__(self) -> str:
        return f"SliceOption({', '.join(f'{name}={value!r}' for name, value in self._settings().items())})"


def _made(settings: dict[str, Any]) -> SliceOption:
    return SliceOption(**settings)
