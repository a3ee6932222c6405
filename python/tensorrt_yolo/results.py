"""What models find: NumPy arrays over the memory that the library filled, objects by falling score.

Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down. The arrays are
the results' own: writing to one changes the result, and an array keeps its memory alive when the result is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core

if TYPE_CHECKING:
    import supervision

Floats = npt.NDArray[np.float32]
Names = Mapping[int, str] | Sequence[str]


# ----------------------------------------------------------------------------------------------------------------------
# Parts of results


class Boxes(np.ndarray):
    """Axis-aligned boxes as an array f32 [n, 4] of left, top, right, bottom, clipped to the image.

    One of them is an array [4] of the same class: `result.boxes[0].left` is a number, `result.boxes.left` all of them.
    """

    left = property(lambda self: self.xyxy()[..., 0], doc="Pixels.")
    top = property(lambda self: self.xyxy()[..., 1], doc="Pixels.")
    right = property(lambda self: self.xyxy()[..., 2], doc="Pixels.")
    bottom = property(lambda self: self.xyxy()[..., 3], doc="Pixels.")

    def xyxy(self) -> Floats:
        """Left, top, right, bottom as a plain array [n, 4] or [4]; not a copy."""
        return self.view(np.ndarray)


class RotatedBoxes(np.ndarray):
    """Boxes turned about their centres, f32 [n, 5]: centre x, centre y, width, height, theta.

    Pixels of the source image, not clipped to it; theta in radians, clockwise as one looks at the image, as the network
    gives it (not brought to a range). One of them is an array [5] of the same class.
    """

    theta = property(lambda self: self.xywhr()[..., 4], doc="Radians.")
    left = property(lambda self: self.xyxy()[..., 0], doc="Of the box before it is turned, pixels.")
    top = property(lambda self: self.xyxy()[..., 1], doc="Of the box before it is turned, pixels.")
    right = property(lambda self: self.xyxy()[..., 2], doc="Of the box before it is turned, pixels.")
    bottom = property(lambda self: self.xyxy()[..., 3], doc="Of the box before it is turned, pixels.")

    def xywhr(self) -> Floats:
        """Centre x, centre y, width, height, theta as a plain array [n, 5] or [5]; not a copy."""
        return self.view(np.ndarray)

    def xyxy(self) -> Floats:
        """Left, top, right, bottom of the boxes before they are turned: [n, 4] or [4]."""
        values = self.xywhr()
        half = values[..., 2:4] / 2
        return np.concatenate([values[..., :2] - half, values[..., :2] + half], axis=-1)

    def xyxyxyxy(self) -> Floats:
        """The corners [n, 4, 2] or [4, 2] in the order of Ultralytics' xyxyxyxy.

        They are centre + u + v, + u - v, - u - v, - u + v, where u is half the width along (cos, sin) of theta and v
        half the height along (-sin, cos).
        """
        values = np.ascontiguousarray(self.xywhr(), np.float32)
        return _core.corners(values.reshape(-1, 5)).reshape(*values.shape[:-1], 4, 2)


class KeyPoints(np.ndarray):
    """Keypoints f32 [n, k, 3]: x and y in pixels of the source image, clipped to it, and confidence 0 to 1.

    Confidence is 1 from networks that do not say. An object's are an array [k, 3], one an array [3], of the same class.
    """

    x = property(lambda self: self.view(np.ndarray)[..., 0], doc="Pixels.")
    y = property(lambda self: self.view(np.ndarray)[..., 1], doc="Pixels.")
    conf = property(lambda self: self.view(np.ndarray)[..., 2], doc="Confidence that it is visible, 0 to 1.")


class Mask:
    """One object's mask, kept as runs of pixels; its picture is made when asked for."""

    __slots__ = ("_index", "_masks")

    def __init__(self, masks: Masks, index: int) -> None:
        self._masks = masks
        self._index = index

    @property
    def width(self) -> int:
        """Pixels."""
        return self._masks.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self._masks.height

    @property
    def area(self) -> int:
        """Pixels inside the object."""
        return self._masks._core.area(self._index)

    @property
    def data(self) -> npt.NDArray[np.uint8]:
        """The pixels row after row, [height * width]: 1 inside the object, 0 outside."""
        return self.to_numpy().reshape(-1)

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """The picture u8 [height, width]: 1 inside the object, 0 outside. `.view(bool)` of it costs nothing."""
        return self._masks._core.pixels(self._index)

    def runs(self) -> npt.NDArray[np.uint32]:
        """Runs of pixels inside the object, [r, 2]: begin and end (one behind the last), numbered row after row.

        Pixel (x, y) is number y * width + x. Runs rise, and a run stays in its row. The memory is the masks' own, and
        cannot be written to.
        """
        return self._masks._core.runs(self._index)

    def coco_counts(self) -> list[int]:
        """COCO's run lengths: down the columns, from left to right, zeros first."""
        return self._masks._core.coco_counts(self._index)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.to_numpy(), dtype)

    def __repr__(self) -> str:
        return f"Mask({self.width} x {self.height}, {self.area} pixels inside)"


class Masks(Sequence[Mask]):
    """The masks of a result's objects: `masks[i].to_numpy()` is the picture of one, `masks.to_numpy()` that of all."""

    __slots__ = ("_core",)

    def __init__(self, core: _core.Masks) -> None:
        self._core = core

    @property
    def width(self) -> int:
        """Pixels of each mask: those of the source image; of the network's input if retina masks are off."""
        return self._core.width

    @property
    def height(self) -> int:
        """Pixels of each mask; see width."""
        return self._core.height

    def __len__(self) -> int:
        return len(self._core)

    @overload
    def __getitem__(self, index: int) -> Mask: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mask]: ...
    def __getitem__(self, index: int | slice) -> Mask | list[Mask]:
        if isinstance(index, slice):
            return [Mask(self, i) for i in range(*index.indices(len(self)))]
        return Mask(self, _checked_index(index, len(self)))

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """The pictures u8 [n, height, width]: 1 inside the object, 0 outside."""
        return self._core.all_pixels()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.to_numpy(), dtype)

    def __repr__(self) -> str:
        return f"Masks({len(self)} of {self.width} x {self.height})"


def _checked_index(index: int, length: int) -> int:
    place = index + length if index < 0 else index
    if not 0 <= place < length:
        raise IndexError(f"index {index} is out of range: there are {length}")
    return place


# ----------------------------------------------------------------------------------------------------------------------
# Objects: what the items of results are


class Class(NamedTuple):
    """A class that a classifier gives."""

    class_id: int
    score: float


class Detection(NamedTuple):
    """An object of a DetResult."""

    class_id: int
    score: float
    box: Boxes


class RotatedDetection(NamedTuple):
    """An object of an OBBResult."""

    class_id: int
    score: float
    box: RotatedBoxes


class Segment(NamedTuple):
    """An object of a SegResult."""

    class_id: int
    score: float
    box: Boxes
    mask: Mask


class Pose(NamedTuple):
    """An object of a PoseResult."""

    class_id: int
    score: float
    box: Boxes
    kpts: KeyPoints


# ----------------------------------------------------------------------------------------------------------------------
# Results


class Result:
    """What results of all tasks share. len() and iteration go over their objects."""

    __slots__ = ("classes", "scores")

    classes: npt.NDArray[np.int32]
    """Class index of each object, i32 [n]; ModelInfo.names has the names."""
    scores: Floats
    """Confidence of each object, 0 to 1, f32 [n]; falls."""

    def __init__(self, classes: npt.ArrayLike, scores: npt.ArrayLike) -> None:
        self.classes = np.asarray(classes, np.int32)
        self.scores = np.asarray(scores, np.float32)

    @property
    def num(self) -> int:
        """Number of objects."""
        return len(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def _head(self) -> str:
        return f"num={self.num}"

    def _text(self, index: int) -> str:
        """What __repr__ adds to the line of an object."""
        return ""

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__}({self._head()})"]
        for i, (class_id, score) in enumerate(zip(self.classes, self.scores)):
            lines.append(f"  class {class_id}, score {score:.2f}{self._text(i)}")
        return "\n".join(lines)

    def _objects(self, names: Names | None) -> list[dict[str, Any]]:
        objects = []
        for class_id, score in zip(self.classes.tolist(), self.scores.tolist()):
            objects.append({"class": class_id, "score": score})
            if names is not None:
                objects[-1] = {"class": class_id, "name": names[class_id], "score": score}
        return objects

    def _data(self, names: Names | None) -> dict[str, Any]:
        """What supervision keeps beside the boxes."""
        return {} if names is None else {"class_name": np.array([names[i] for i in self.classes.tolist()], dtype=str)}


class ClsResult(Result):
    """What a classifier says of one image: its best classes, by falling score (see ClassifyModel.set_top_k)."""

    __slots__ = ()

    def __getitem__(self, index: int) -> Class:
        return Class(int(self.classes[index]), float(self.scores[index]))

    def to_dict(self, names: Names | None = None) -> dict[str, Any]:
        """The classes as plain values that JSON can say, under the keys that `trtyolo predict --json` writes.

        {"top": [{"class", "name" (if `names` are given), "score"}]}
        """
        return {"top": self._objects(names)}

    def to_supervision(self) -> supervision.Classifications:
        """As supervision.Classifications."""
        sv = _supervision()
        return sv.Classifications(class_id=self.classes.astype(int), confidence=self.scores)


class DetResult(Result):
    """What a detector found in one image."""

    __slots__ = ("boxes",)

    boxes: Boxes
    """Where each object is, f32 [n, 4]: left, top, right, bottom."""

    def __init__(self, classes: npt.ArrayLike, scores: npt.ArrayLike, boxes: npt.ArrayLike) -> None:
        super().__init__(classes, scores)
        self.boxes = np.asarray(boxes, np.float32).view(Boxes)

    def __getitem__(self, index: int) -> Detection:
        return Detection(int(self.classes[index]), float(self.scores[index]), self.boxes[index])

    def _text(self, index: int) -> str:
        return f", box [{_numbers(self.boxes[index])}]"

    def to_dict(self, names: Names | None = None) -> dict[str, Any]:
        """The objects as plain values that JSON can say, under the keys that `trtyolo predict --json` writes.

        {"objects": [{"class", "name" (if `names` are given), "score", "box": [left, top, right, bottom]}]}
        """
        objects = self._objects(names)
        for thing, box in zip(objects, self.boxes.tolist()):
            thing["box"] = box
        return {"objects": objects}

    def to_supervision(self, names: Names | None = None) -> supervision.Detections:
        """As supervision.Detections; `names` go to data["class_name"], for labels."""
        sv = _supervision()
        return sv.Detections(
            xyxy=self.boxes.xyxy(),
            confidence=self.scores,
            class_id=self.classes.astype(int),
            data=self._data(names),
        )


class OBBResult(Result):
    """What an oriented detector found in one image."""

    __slots__ = ("boxes",)

    boxes: RotatedBoxes
    """Where each object is, f32 [n, 5]: centre x, centre y, width, height, theta."""

    def __init__(self, classes: npt.ArrayLike, scores: npt.ArrayLike, boxes: npt.ArrayLike) -> None:
        super().__init__(classes, scores)
        self.boxes = np.asarray(boxes, np.float32).view(RotatedBoxes)

    def __getitem__(self, index: int) -> RotatedDetection:
        return RotatedDetection(int(self.classes[index]), float(self.scores[index]), self.boxes[index])

    def _text(self, index: int) -> str:
        x, y, width, height, theta = self.boxes[index].tolist()
        return f", box [centre {x:.2f}, {y:.2f}, size {width:.2f}, {height:.2f}, theta {theta:.2f}]"

    def to_dict(self, names: Names | None = None) -> dict[str, Any]:
        """The objects as plain values that JSON can say, under the keys that `trtyolo predict --json` writes.

        {"objects": [{"class", "name" (if `names` are given), "score", "rotated": [centre x, centre y, width, height,
        theta], "corners": [[x, y] x 4]}]}
        """
        objects = self._objects(names)
        for thing, box, corners in zip(objects, self.boxes.tolist(), self.boxes.xyxyxyxy().tolist()):
            thing["rotated"] = box
            thing["corners"] = corners
        return {"objects": objects}

    def to_supervision(self, names: Names | None = None) -> supervision.Detections:
        """As supervision.Detections: the corners in its data, `xyxy` the upright boxes around them."""
        sv = _supervision()
        corners = self.boxes.xyxyxyxy()
        return sv.Detections(
            xyxy=np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1),
            confidence=self.scores,
            class_id=self.classes.astype(int),
            data={sv.config.ORIENTED_BOX_COORDINATES: corners, **self._data(names)},
        )


class SegResult(DetResult):
    """What a segmenter found in one image."""

    __slots__ = ("masks",)

    masks: Masks
    """Which pixels are each object's, n of them."""

    def __init__(
        self, classes: npt.ArrayLike, scores: npt.ArrayLike, boxes: npt.ArrayLike, masks: Masks | _core.Masks
    ) -> None:
        super().__init__(classes, scores, boxes)
        self.masks = masks if isinstance(masks, Masks) else Masks(masks)

    def __getitem__(self, index: int) -> Segment:  # type: ignore[override]
        return Segment(int(self.classes[index]), float(self.scores[index]), self.boxes[index], self.masks[index])

    def _head(self) -> str:
        return f"num={self.num}, masks of {self.masks.width} x {self.masks.height}"

    def _text(self, index: int) -> str:
        return f"{super()._text(index)}, mask of {self.masks[index].area} pixels"

    def to_dict(self, names: Names | None = None) -> dict[str, Any]:
        """As DetResult.to_dict(), and "mask": {"size": [height, width], "counts": COCO's run-length string}."""
        said = super().to_dict(names)
        for thing, mask in zip(said["objects"], self.masks):
            thing["mask"] = {"size": [mask.height, mask.width], "counts": _coco_string(mask.coco_counts())}
        return said

    def to_supervision(self, names: Names | None = None) -> supervision.Detections:
        """As supervision.Detections, masks as bool [n, height, width]."""
        detections = super().to_supervision(names)
        detections.mask = self.masks.to_numpy().view(np.bool_)
        return detections


class PoseResult(DetResult):
    """What a pose estimator found in one image."""

    __slots__ = ("kpts",)

    kpts: KeyPoints
    """Points of each object, f32 [n, k, 3]: x, y, confidence; k is ModelInfo.keypoints."""

    def __init__(
        self, classes: npt.ArrayLike, scores: npt.ArrayLike, boxes: npt.ArrayLike, kpts: npt.ArrayLike
    ) -> None:
        super().__init__(classes, scores, boxes)
        self.kpts = np.asarray(kpts, np.float32).view(KeyPoints)

    def __getitem__(self, index: int) -> Pose:  # type: ignore[override]
        return Pose(int(self.classes[index]), float(self.scores[index]), self.boxes[index], self.kpts[index])

    def _text(self, index: int) -> str:
        points = " ".join(f"({_numbers(point)})" for point in self.kpts[index])
        return f"{super()._text(index)}, keypoints {points}"

    def to_dict(self, names: Names | None = None) -> dict[str, Any]:
        """As DetResult.to_dict(), and "keypoints": [[x, y, confidence], ...]."""
        said = super().to_dict(names)
        for thing, points in zip(said["objects"], self.kpts.tolist()):
            thing["keypoints"] = points
        return said

    def to_supervision(self, names: Names | None = None) -> supervision.KeyPoints:  # type: ignore[override]
        """As supervision.KeyPoints."""
        sv = _supervision()
        points = self.kpts.view(np.ndarray)
        return sv.KeyPoints(
            xy=points[..., :2],
            keypoint_confidence=points[..., 2],
            detection_confidence=self.scores,
            class_id=self.classes.astype(int),
            data=self._data(names),
        )


ClassifyRes = ClsResult
DetectRes = DetResult
OBBRes = OBBResult
SegmentRes = SegResult
PoseRes = PoseResult


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{value:.2f}" for value in values.tolist())


def _coco_string(counts: Sequence[int]) -> str:
    """COCO's text form of run lengths: differences to the last but one, five bits a letter, lowest first."""
    letters = []
    for i, count in enumerate(counts):
        rest = count - (counts[i - 2] if i > 2 else 0)
        while True:
            bits = rest & 31
            rest >>= 5
            done = rest == (-1 if bits & 16 else 0)
            letters.append(chr((bits if done else bits | 32) + 48))
            if done:
                break
    return "".join(letters)


def _supervision() -> Any:
    try:
        import supervision
        import supervision.config
    except ImportError:
        raise ImportError(
            "to_supervision() needs the package supervision: pip install 'tensorrt_yolo[supervision]'"
        ) from None
    return supervision
