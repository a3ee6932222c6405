"""What models find: NumPy arrays over the memory that the library filled, objects by falling score.

Pixels are counted in the source image, (0, 0) is its upper left corner, x grows to the right and y down. The arrays are
the results' own: writing to one changes the result, and an array keeps its memory alive when the result is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar, overload

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core

Floats = npt.NDArray[np.float32]
S = TypeVar("S", bound="Result")


# ----------------------------------------------------------------------------------------------------------------------
# Parts of results


class ClassNames(dict[int, str]):
    """Names of classes by index. A class without a name has its number for one: names[17] is "17".

    Bytes of a name that are not UTF-8 are lone surrogates, as Python's "surrogateescape" has them; printed results and
    JSON have them in another form.
    """

    def __missing__(self, index: int) -> str:
        return str(index)


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
    """One object's mask, kept as runs of pixels; its image is made when asked for."""

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
        return self._masks.area(self._index)

    @property
    def data(self) -> npt.NDArray[np.uint8]:
        """The pixels row after row, [height * width]: 1 inside the object, 0 outside."""
        return self.to_numpy().reshape(-1)

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """The image u8 [height, width]: 1 inside the object, 0 outside. `.view(bool)` of it costs nothing."""
        return self._masks.pixels(self._index, 1)[0]

    def runs(self) -> npt.NDArray[np.uint32]:
        """Runs of pixels inside the object, [r, 2]: begin and end (one behind the last), numbered row after row.

        Pixel (x, y) is number y * width + x. Runs rise, and a run stays in its row. A copy.
        """
        return self._masks.runs(self._index)

    def coco_counts(self) -> list[int]:
        """COCO's run lengths: down the columns, from left to right, zeros first."""
        return self._masks.coco_counts(self._index)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self.to_numpy(), dtype)

    def __repr__(self) -> str:
        return f"Mask({self.width} x {self.height}, {self.area} pixels inside)"


class Masks(_core.Masks):
    """The masks of a result's objects: `masks[i].to_numpy()` is the image of one, `masks.to_numpy()` that of all.

    `width` and `height` are the pixels of each: those of the source image, or of the network's input if retina masks
    are off. Masks(width, height) has none yet; add(runs) appends one, of runs as Mask.runs() gives them.
    """

    __slots__ = ()

    @overload
    def __getitem__(self, index: int) -> Mask: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mask]: ...
    def __getitem__(self, index: int | slice) -> Mask | list[Mask]:
        if isinstance(index, slice):
            return [Mask(self, i) for i in range(*index.indices(len(self)))]
        return Mask(self, _checked_index(index, len(self)))

    def __iter__(self) -> Iterator[Mask]:
        return iter(self[:])

    def to_numpy(self) -> npt.NDArray[np.uint8]:
        """The images u8 [n, height, width]: 1 inside the object, 0 outside."""
        return self.pixels(0, len(self))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(self.to_numpy(), dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return _masks_of, (self.width, self.height, [mask.runs() for mask in self])

    def __repr__(self) -> str:
        return f"Masks({len(self)} of {self.width} x {self.height})"


def _masks_of(width: int, height: int, every: list[npt.NDArray[np.uint32]]) -> Masks:
    masks = Masks(width, height)
    for runs in every:
        masks.add(runs)
    return masks


def _checked_index(index: int, length: int) -> int:
    place = index + length if index < 0 else index
    if not 0 <= place < length:
        raise IndexError(f"index {index} is out of range: there are {length}")
    return place


class Item(NamedTuple):
    """An object of a result, or one of the best classes of a classifier; what the task does not have is None."""

    class_id: int
    """Index of its class."""
    score: float
    """0 to 1."""
    name: str
    """Of its class."""
    box: Any
    """Boxes [4] or RotatedBoxes [5]."""
    mask: Any
    """Mask."""
    kpts: Any
    """KeyPoints [k, 3]."""


# ----------------------------------------------------------------------------------------------------------------------
# Results


class Result(_core.Result):
    """What a model of any task found in one image. len() and iteration go over its objects (see Item).

    task           "classify", "detect", "obb", "segment", "pose", "semantic" or "depth"
    classes        class index of each object, i32 [n]
    scores         confidence of each object, 0 to 1, f32 [n]; falls
    boxes          where each object is: Boxes, f32 [n, 4]; None of classifiers and oriented detectors
    rotated_boxes  the same of an oriented detector: RotatedBoxes, f32 [n, 5]; otherwise None
    masks          which pixels are each object's: Masks, of a segmenter; otherwise None
    keypoints      points of each object: KeyPoints, f32 [n, k, 3], of a pose estimator; otherwise None
    keypoint_dims  what the network says of a point: 2 (x, y) or 3 (x, y, confidence)
    semantic       class of each pixel, u16 [height, width], of a semantic segmenter; otherwise None. The objects are
                   the classes that any pixel has, the scores their shares of the image. A pixel has its class's index;
                   of a network with one class 1 where that is and 0 elsewhere; and 255 (65535 if there are more classes
                   than 255) where set_classes() left its class out
    pixels         how many pixels each of `classes` has there, u64 [n]; otherwise None
    depth          distance of each pixel in metres, f32 [height, width], of a depth estimator; otherwise None
    track_ids      which object of the images before each is, i32 [n], -1: none, from Tracker; None without one
    names          of all classes of the model, ClassNames: one dictionary for all its results, not to be changed
    image_size     (width, height) of the source image; `orig_shape` is (height, width), as Ultralytics has it
    speed          {"preprocess", "inference", "postprocess"}: milliseconds; of images that shared a run, their share

    As text: to_json() is what to_dict() gives; to_csv(source, frame=0) has a line for each object, with the columns
    that Model.csv_header() names (with times=True and time=SECONDS or None also the column `time`; if there are
    track_ids also `track`); to_txt(scores=False) is Ultralytics' label format, a line for each object, with its score
    behind if wanted, and at last the id of its track. Bytes of names that are not UTF-8 stand in CSV and labels as lone
    surrogates: open files with errors="surrogateescape".
    """

    __slots__ = ()
    _task: ClassVar[str] = ""

    def __init__(
        self,
        classes: npt.ArrayLike,
        scores: npt.ArrayLike,
        boxes: npt.ArrayLike | None = None,
        extra: Any = None,
        *,
        task: str = "",
        keypoint_dims: int = 3,
        names: Mapping[int, str] | None = None,
        image_size: tuple[int, int] = (0, 0),
        speed: Mapping[str, float] | None = None,
    ) -> None:
        """A result that is made of arrays, which are copied. Raises ValueError if they do not fit together.

        boxes  f32 [n, 4], of "obb" [n, 5], of "classify" none
        extra  Masks of "segment", keypoints f32 [n, k, 3] of "pose", class of each pixel u16 [height, width] of
               "semantic", metres f32 [height, width] of "depth"
        task   needed for a Result; the other classes have theirs
        """
        task = task or self._task
        boxes = np.asarray(np.zeros((0, 0)) if boxes is None else boxes, np.float32)
        if task == "obb" and boxes.size:
            boxes = np.concatenate([boxes.view(RotatedBoxes).xyxy(), boxes[:, 4:]], axis=1)
        masks = extra if isinstance(extra, Masks) else None
        kind = "masks" if extra is masks else task if task in ("semantic", "depth") else "points"
        points = extra if kind == "points" else np.zeros((0, 0, 3))
        semantic, depth = (extra if kind == name else np.zeros((0, 0)) for name in ("semantic", "depth"))
        super().__init__(
            task,
            np.ascontiguousarray(classes, np.int32),
            np.ascontiguousarray(scores, np.float32),
            np.ascontiguousarray(boxes),
            masks,
            np.ascontiguousarray(points, np.float32),
            keypoint_dims,
            np.ascontiguousarray(semantic, np.uint16),
            np.ascontiguousarray(depth, np.float32),
            ClassNames(names or {}),
            image_size,
            {"preprocess": 0.0, "inference": 0.0, "postprocess": 0.0, **(speed or {})},
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Plain arrays, which pickle need not copy.
        points = np.zeros((0, 0, 3), np.float32) if self.keypoints is None else self.keypoints.view(np.ndarray)
        semantic = np.zeros((0, 0), np.uint16) if self.semantic is None else self.semantic
        depth = np.zeros((0, 0), np.float32) if self.depth is None else self.depth
        parts = (self.task, self.classes, self.scores, self._boxes(), self.masks, points, self.keypoint_dims)
        values = (type(self), *parts, semantic, depth, self.names, self.image_size, self.speed)
        return _unpickled, values, None if self.track_ids is None else (None, {"track_ids": self.track_ids})

    @property
    def num(self) -> int:
        """Number of objects."""
        return len(self)

    @property
    def orig_shape(self) -> tuple[int, int]:
        """Height and width of the source image."""
        width, height = self.image_size
        return height, width

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = _checked_index(index, len(self))
        class_id = int(self.classes[i])
        boxes = self.boxes if self.rotated_boxes is None else self.rotated_boxes
        box, mask, kpts = (None if part is None else part[i] for part in (boxes, self.masks, self.keypoints))
        return Item(class_id, float(self.scores[i]), self.names[class_id], box, mask, kpts)

    def __iter__(self) -> Iterator[Item]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return type(self).__name__ + self._text().removeprefix("Result")

    def select(self: S, indices: Sequence[int]) -> S:
        """The same result with the objects of these indices only, in their order.

        Of a semantic segmenter the pixels of other classes belong to none then.
        """
        kind, task, classes, scores, boxes, masks, points, dims, semantic, *rest = self.__reduce__()[1]
        kept = np.asarray(indices, np.intp)
        if masks is not None:
            masks = _masks_of(masks.width, masks.height, [masks[i].runs() for i in kept.tolist()])
        if self.semantic is not None:
            single = len(self.names) == 1  # its class is 1 in the map, and nothing 0
            nothing = 0 if single else 255 if len(self.names) <= 255 else 65535
            semantic = np.where(np.isin(semantic, classes[kept] + single), semantic, nothing).astype(np.uint16)
        boxes, points = (part[kept] if len(part) else part for part in (boxes, points))
        result = _unpickled(kind, task, classes[kept], scores[kept], boxes, masks, points, dims, semantic, *rest)
        result.track_ids = None if self.track_ids is None else self.track_ids[kept]
        return result

    def to_dict(self) -> dict[str, Any]:
        """The objects as plain values, under the keys that `trtyolo predict --json` writes.

        {"objects": [{"class", "name", "score", "track" (only if it belongs to one), "box": [left, top, right, bottom],
        "rotated": [centre x, centre y, width, height, theta], "corners": [[x, y] x 4], "keypoints": [[x, y,
        confidence], ...] (without the confidence if the network gives none), "mask": {"size": [height, width],
        "counts": COCO's run-length string}}]}, only those that the task has; of a classifier {"top": [{"class", "name",
        "score"}]}; of a semantic segmenter {"semantic": {"size": [height, width], "classes": {"CLASS": COCO's
        run-length string}}}; of a depth estimator {"depth": {"size": [height, width], "min", "max"}}, metres, as
        depth_range() has them. Numbers that are not finite are None; bytes of a name that are not UTF-8 are U+FFFD.
        """
        return json.loads(self.to_json())

    def to_supervision(self) -> Any:
        """As supervision.Detections, supervision.KeyPoints of a pose estimator, or Classifications of a classifier.

        Names of classes are in data["class_name"]; corners of rotated boxes are in the data, too, and `xyxy` are the
        upright boxes around them; masks are bool [n, height, width]; `tracker_id` are the track_ids, if a tracker gave
        them (of KeyPoints they are in data["tracker_id"]). A semantic segmenter's classes are Detections,
        each with its pixels as a mask and without a confidence. Of a depth estimator ValueError.
        """
        if self.task == "depth":
            raise ValueError("to_supervision: supervision has nothing for depth; result.depth is an array of metres")
        try:
            import supervision.config
        except ImportError:
            raise ImportError(
                "to_supervision() needs the package supervision: pip install 'trtyolo[supervision]'"
            ) from None
        sv = supervision
        classes = self.classes.astype(int)
        if self.task == "classify":
            return sv.Classifications(class_id=classes, confidence=self.scores)
        data: dict[str, Any] = {"class_name": np.array([self.names[i] for i in classes.tolist()], dtype=str)}
        ids = None if self.track_ids is None else self.track_ids.astype(int)
        if self.semantic is not None:
            pixels = self.class_masks().to_numpy().view(np.bool_)
            return sv.Detections(xyxy=sv.mask_to_xyxy(pixels), mask=pixels, class_id=classes, data=data)
        if self.keypoints is not None:
            points = self.keypoints.view(np.ndarray)
            if ids is not None:
                data["tracker_id"] = ids
            about = {"keypoint_confidence": points[..., 2], "detection_confidence": self.scores}
            return sv.KeyPoints(xy=points[..., :2], class_id=classes, data=data, **about)
        if self.rotated_boxes is not None:
            corners = data[sv.config.ORIENTED_BOX_COORDINATES] = self.rotated_boxes.xyxyxyxy()
            boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        else:
            boxes = self.boxes.xyxy()
        masks = None if self.masks is None else self.masks.to_numpy().view(np.bool_)
        about = {"confidence": self.scores, "class_id": classes, "tracker_id": ids}
        return sv.Detections(xyxy=boxes, mask=masks, data=data, **about)

    def class_masks(self) -> Masks:
        """The pixels of each of a semantic segmenter's `classes`, as Masks in their order."""
        return super().class_masks()

    def depth_range(self) -> tuple[float, float, float]:
        """Least, median and largest of a depth estimator's distances, metres; of those that are finite and above 0."""
        return super().depth_range()

    def plot(self, image: Any, **options: Any) -> npt.NDArray[np.uint8]:
        """A copy of `image` with the result drawn into it: see visualize(), which has the options."""
        from tensorrt_yolo.drawing import visualize

        return visualize(image, self, **options)

    def save(self, image: Any, path: str | os.PathLike[str], **options: Any) -> None:
        """Writes what plot() gives to an image file, in the format that its name ends with."""
        from tensorrt_yolo.drawing import write_image

        write_image(path, self.plot(image, **options))


def _unpickled(kind: type[S], *parts: Any) -> S:
    result = kind.__new__(kind)
    _core.Result.__init__(result, *parts)
    return result


class ClsResult(Result):
    """What a classifier says of one image: its best classes, by falling score (see Model.set_top_k)."""

    __slots__ = ()
    _task = "classify"


class DetResult(Result):
    """What a detector found in one image: `boxes` are where each object is."""

    __slots__ = ()
    _task = "detect"


class OBBResult(Result):
    """What an oriented detector found in one image."""

    __slots__ = ()
    _task = "obb"

    @property
    def boxes(self) -> RotatedBoxes:
        """Where each object is, f32 [n, 5]: centre x, centre y, width, height, theta."""
        return self.rotated_boxes


class SegResult(Result):
    """What a segmenter found in one image: `boxes` are where each object is, `masks` which pixels are its."""

    __slots__ = ()
    _task = "segment"


class PoseResult(Result):
    """What a pose estimator found in one image: `boxes` are where each object is, `kpts` its points."""

    __slots__ = ()
    _task = "pose"

    @property
    def kpts(self) -> KeyPoints:
        """Points of each object, f32 [n, k, 3]: x, y, confidence; k is ModelInfo.keypoints."""
        return self.keypoints


class SemanticResult(Result):
    """What a semantic segmenter says of one image: `semantic` is the class of each pixel."""

    __slots__ = ()
    _task = "semantic"


class DepthResult(Result):
    """What a depth estimator says of one image: `depth` is the distance of each pixel."""

    __slots__ = ()
    _task = "depth"


ClassifyRes = ClsResult
DetectRes = DetResult
OBBRes = OBBResult
SegmentRes = SegResult
PoseRes = PoseResult
