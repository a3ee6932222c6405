"""Results drawn into pictures, by the annotators of the package supervision."""

from __future__ import annotations

import colorsys
import os
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.results import ClsResult, DetResult, Names, OBBResult, PoseResult, Result, SegResult

_COLOURS = 240  # before they come again: 80 classes of COCO, 365 of Objects365
_GOLDEN_ANGLE, _FIRST_HUE = 137.508, 212  # degrees
_TONES = ((0.85, 0.95), (0.65, 1.0), (0.95, 0.75))  # saturation, value
_BRIGHT = 140  # of 255: black text stands on it
_HALF = 0.5  # least confidence of keypoints that are drawn

# Lines between the 17 points that COCO knows of a person: head, trunk, arms, legs. Counted from 1, as supervision does.
_PERSON = (
    *((1, 2), (1, 3), (2, 3), (2, 4), (3, 5), (4, 6), (5, 7)),
    *((6, 7), (6, 12), (7, 13), (12, 13)),
    *((6, 8), (8, 10), (7, 9), (9, 11)),
    *((12, 14), (14, 16), (13, 15), (15, 17)),
)
_PERSON_POINTS = 17


def visualize(
    image: Any,
    result: Result,
    labels: Names | None = None,
    *,
    scores: bool = True,
    thickness: int | None = None,
    text_scale: float | None = None,
) -> npt.NDArray[np.uint8]:
    """A copy of `image` with `result` drawn into it: boxes, masks, keypoints, classes.

    image       the picture that the result is of: an array u8 [height, width], [height, width, 1], [height, width, 3]
                or [height, width, 4] with colours as OpenCV has them (BGR), or a path. It is not changed
    result      of any task
    labels      names of the classes: a list, a dictionary such as `model.info().names`, or what generate_labels() gave;
                without it, and where it has no name, the number of the class is written
    scores      write them, too
    thickness   of lines, in pixels; by default what suits the size of the picture
    text_scale  OpenCV's; by default what suits the size of the picture

    Gives BGR u8 [height, width, 3]. A class has the same colour in every picture, the one that the program `trtyolo`
    gives it. Needs the package supervision: pip install 'tensorrt_yolo[supervision]'.
    """
    sv = _supervision()
    scene = _scene(image)
    height, width = scene.shape[:2]
    line = thickness or sv.calculate_optimal_line_thickness((width, height))
    scale = text_scale or sv.calculate_optimal_text_scale((width, height))
    if isinstance(result, ClsResult):
        return _draw_classes(sv, scene, result, [_label(result, i, labels, scores) for i in range(len(result))], scale)
    if not isinstance(result, (DetResult, OBBResult)):
        raise TypeError(f"visualize: the result of a model was expected, found {type(result).__name__}")
    if not len(result):
        return scene
    colours, inks = _palettes()
    if isinstance(result, PoseResult):
        detections = DetResult(result.classes, result.scores, result.boxes).to_supervision()
    else:
        detections = result.to_supervision()
    if isinstance(result, SegResult):
        if (result.masks.height, result.masks.width) != (height, width):
            raise ValueError(
                f"visualize: the masks are of {result.masks.width} x {result.masks.height} pixels, the picture is of "
                f"{width} x {height}; masks of the picture's size come from set_retina_masks(True), the default"
            )
        scene = sv.MaskAnnotator(colours).annotate(scene, detections)
    if isinstance(result, OBBResult):
        scene = sv.OrientedBoxAnnotator(colours, line).annotate(scene, detections)
    else:
        scene = sv.BoxAnnotator(colours, line).annotate(scene, detections)
    if isinstance(result, PoseResult):
        _draw_points(sv, scene, result, line)
    annotator = sv.LabelAnnotator(
        colours, text_color=inks, text_scale=scale, text_thickness=max(1, line // 2), text_padding=max(2, line * 2)
    )
    return annotator.annotate(scene, detections, [_label(result, i, labels, scores) for i in range(len(result))])


def colour_of(class_id: int) -> tuple[int, int, int]:
    """The colour of a class, as visualize() draws it: red, green, blue, 0 to 255."""
    class_id %= _COLOURS
    saturation, value = _TONES[class_id // 8 % len(_TONES)]
    hue = (_FIRST_HUE + class_id * _GOLDEN_ANGLE) % 360 / 360
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@lru_cache(maxsize=1)
def _palettes() -> tuple[Any, Any]:
    """The colours of classes, and those of text on them."""
    sv = _supervision()
    colours = [sv.Color(*colour_of(i)) for i in range(_COLOURS)]
    inks = [sv.Color.BLACK if 0.299 * c.r + 0.587 * c.g + 0.114 * c.b > _BRIGHT else sv.Color.WHITE for c in colours]
    return sv.ColorPalette(colours), sv.ColorPalette(inks)


def _scene(image: Any) -> npt.NDArray[np.uint8]:
    """A copy of the picture, BGR u8 [height, width, 3]."""
    import cv2  # supervision brings it

    if isinstance(image, (str, os.PathLike)):
        data = np.fromfile(image, np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if pixels is None:
            raise ValueError(f"visualize: '{os.fspath(image)}' is not a picture that OpenCV can read")
        return pixels
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or not pixels.size:
        raise ValueError(
            "visualize: an image of uint8 [height, width] or [height, width, channels] was expected, found "
            f"{pixels.dtype} {list(pixels.shape)}"
        )
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels == 1:
        return cv2.cvtColor(np.ascontiguousarray(pixels.reshape(pixels.shape[:2])), cv2.COLOR_GRAY2BGR)
    if channels not in (3, 4):
        raise ValueError(f"visualize: an image has 1, 3 or 4 channels, found {channels}")
    return np.array(pixels[..., :3], order="C")


def _label(result: Result, index: int, labels: Names | None, scores: bool) -> str:
    class_id = int(result.classes[index])
    name = str(class_id)
    if isinstance(labels, dict):
        name = labels.get(class_id, name)
    elif labels is not None and class_id < len(labels):
        name = labels[class_id]
    return f"{name} {result.scores[index]:.2f}" if scores else name


def _draw_classes(sv: Any, scene: np.ndarray, result: ClsResult, texts: list[str], scale: float) -> np.ndarray:
    """The best classes as lines in the upper left corner."""
    import cv2

    padding = max(2, round(8 * scale))
    top = 0
    for class_id, text in zip(result.classes.tolist(), texts):
        (width, height), baseline = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        line = height + baseline + 2 * padding
        centre = sv.Point(x=padding + width // 2, y=top + line // 2)
        colours, inks = _palettes()
        scene = sv.draw_text(
            scene,
            text,
            centre,
            text_color=inks.by_idx(class_id),
            text_scale=scale,
            text_padding=padding,
            background_color=colours.by_idx(class_id),
        )
        top += line
    return scene


def _draw_points(sv: Any, scene: np.ndarray, result: PoseResult, line: int) -> None:
    """Points that are probably visible, and lines between them where they are a person's."""
    colours, _ = _palettes()
    edges = _PERSON if result.kpts.shape[1] == _PERSON_POINTS else ()
    for i, class_id in enumerate(result.classes.tolist()):
        points = np.array(result.kpts[i : i + 1], np.float32)
        points[points[..., 2] < _HALF, :2] = 0  # which supervision leaves out
        one = sv.KeyPoints(xy=points[..., :2])
        colour = colours.by_idx(class_id)
        if edges:
            sv.EdgeAnnotator(colour, line, edges).annotate(scene, one)
        sv.VertexAnnotator(sv.Color.WHITE, line + 2).annotate(scene, one)
        sv.VertexAnnotator(colour, line + 1).annotate(scene, one)


def _supervision() -> Any:
    try:
        import supervision
    except ImportError:
        raise ImportError(
            "visualize() needs the package supervision: pip install 'tensorrt_yolo[supervision]'"
        ) from None
    return supervision
