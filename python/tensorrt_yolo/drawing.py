"""Results drawn into images."""

from __future__ import annotations

import colorsys
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import fonts
from tensorrt_yolo.formats import Image
from tensorrt_yolo.images import decoded, is_encoded, pil_pixels, pixels_of
from tensorrt_yolo.loaded import is_of
from tensorrt_yolo.results import ClassNames, Result
from tensorrt_yolo.video import VideoFrame

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

_COLOURS = 240  # before they come again: 80 classes of COCO, 365 of Objects365
_GOLDEN_ANGLE, _FIRST_HUE = 137.508, 212  # degrees
_TONES = ((0.85, 0.95), (0.65, 1.0), (0.95, 0.75))  # saturation, value
_BRIGHT = 140  # of 255: black text stands on it
_MOST_CLASSES = 12  # of a semantic segmenter, in the legend
_HALF = 0.5  # least confidence of keypoints that are drawn
_QUALITY = 95  # of JPEG and WebP

# Lines between the 17 points that COCO knows of a person: head, trunk, arms, legs.
_PERSON = (
    *((0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6)),
    *((5, 6), (5, 11), (6, 12), (11, 12)),
    *((5, 7), (7, 9), (6, 8), (8, 10)),
    *((11, 13), (13, 15), (12, 14), (14, 16)),
)
_PERSON_POINTS = 17


def visualize(
    image: Any,
    result: Result,
    labels: Mapping[int, str] | Sequence[str] | None = None,
    *,
    scores: bool = True,
    thickness: int | None = None,
    text_size: int | None = None,
) -> Pixels:
    """A copy of `image` with `result` drawn into it: boxes, masks, keypoints, classes, distances.

    image      the image that the result is of: an array u8 [height, width], [height, width, 1], [height, width, 3] or
               [height, width, 4] with colours as OpenCV has them (BGR), a path or bytes of an image file, a PIL image,
               an Image (NV12 and others) or a VideoFrame. It is not changed
    result     of any task
    labels     names of the classes instead of result.names: a list, a dictionary, or what generate_labels() gave; where
               it has no name, the number of the class is written. In any script for which the machine has a font
    scores     write them, too
    thickness  of lines, in pixels; by default what suits the size of the image
    text_size  pixels; by default what suits the size of the image

    Gives BGR u8 [height, width, 3]. A class has the same colour in every image, the one that the program `trtyolo`
    gives it. Needs Pillow: pip install 'trtyolo[images]'.
    """
    if not isinstance(result, Result):
        raise TypeError(f"visualize: the result of a model was expected, found {type(result).__name__}")
    scene = _scene(image)
    height, width = scene.shape[:2]
    if result.masks is not None and len(result):
        if (result.masks.height, result.masks.width) != (height, width):
            raise ValueError(
                f"visualize: the masks are of {result.masks.width} x {result.masks.height} pixels, the image is of "
                f"{width} x {height}; masks of the image's size come from set_retina_masks(True), the default"
            )
        for thing in result:
            _tint(scene, thing.mask, colour_of(thing.class_id)[::-1])
    for part in (result.semantic, result.depth):
        if part is not None and part.shape != (height, width):
            raise ValueError(
                f"visualize: the result is of an image of {part.shape[1]} x {part.shape[0]} pixels, this one is of "
                f"{width} x {height}"
            )
    if result.semantic is not None:
        for thing, mask in zip(result, result.class_masks()):
            _tint(scene, mask, colour_of(thing.class_id)[::-1])
    nearest, _, farthest = result.depth_range()
    if farthest > 0:
        _heat(scene, result.depth, nearest, farthest)
    side = math.sqrt(height * width)
    pen = _Pen(scene, thickness or max(2, round(side / 400)), text_size or max(12, round(side / 36)))
    for thing in reversed(list(result)):  # the best on top
        colour = colour_of(thing.class_id)[::-1]
        if result.rotated_boxes is not None:
            pen.polygon(thing.box.xyxyxyxy(), colour)
        elif thing.box is not None:
            left, top, right, bottom = thing.box.tolist()
            pen.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour)
        if thing.kpts is not None:
            pen.skeleton(thing.kpts, colour)
    names = result.names if labels is None else ClassNames(labels if isinstance(labels, Mapping) else enumerate(labels))
    below = 0.0  # the classes of a classifier, or of pixels, stand in lines
    for i, thing in enumerate(list(result)[: None if result.semantic is None else _MOST_CLASSES]):
        name = names[thing.class_id]
        if result.track_ids is not None and result.track_ids[i] >= 0:
            name = f"#{result.track_ids[i]} {name}"
        score = f"{thing.score:.2f}" if result.semantic is None else f"{100 * thing.score:.1f} %"
        text = f"{name} {score}" if scores else name
        if thing.box is None:
            below = pen.label(0, below, text, colour_of(thing.class_id)[::-1])
        else:
            left, top = thing.box.xyxyxyxy().min(axis=0) if result.rotated_boxes is not None else thing.box[:2]
            pen.label(left, top - pen.line_height, text, colour_of(thing.class_id)[::-1])
    if farthest > 0:
        pen.scale(nearest, farthest)
    return pen.pixels()


def write_depth(path: str | os.PathLike[str], result: Result) -> float:
    """Writes a PNG of 16-bit grey, the depth in steps of what is given back, in metres; 0 where there is none."""
    from PIL import Image

    farthest = result.depth_range()[2]
    scale = farthest / 65535 if farthest > 0 else 1.0
    valid = (result.depth > 0) & (result.depth <= farthest)
    Image.fromarray(np.where(valid, np.rint(result.depth / scale), 0).astype(np.uint16)).save(path)
    return scale


def write_image(path: str | os.PathLike[str], pixels: Pixels) -> None:
    """Writes BGR u8 [height, width, 3] in the format that the name of the file ends with."""
    from PIL import Image

    Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])).save(path, quality=_QUALITY)


def colour_of(class_id: int) -> Colour:
    """The colour of a class, as visualize() draws it: red, green, blue, 0 to 255."""
    class_id %= _COLOURS
    saturation, value = _TONES[class_id // 8 % len(_TONES)]
    hue = (_FIRST_HUE + class_id * _GOLDEN_ANGLE) % 360 / 360
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def heat_of(share: Any) -> Any:
    """The colour of shares from 0 (far, blue) to 1 (near, red), over green: red, green, blue, 0 to 255, [..., 3]."""
    peaks = np.array([3.0, 2.0, 1.0])
    return np.rint(255 * np.clip(1.5 - np.abs(4 * np.asarray(share)[..., None] - peaks), 0, 1)).astype(np.uint8)


def _scene(image: Any) -> Pixels:
    """A copy of the image, BGR u8 [height, width, 3]."""
    if isinstance(image, (Image, VideoFrame)):
        return image.to_bgr()
    if isinstance(image, (str, os.PathLike)):
        pixels = decoded(image, True, "visualize")
    elif is_encoded(image):
        pixels = pixels_of(image, True, f"visualize: {memoryview(image).nbytes} bytes: ")
    elif is_of("PIL.Image", "Image", image):
        pixels = pil_pixels(image, True, "visualize")
    else:
        pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or not pixels.size:
        raise ValueError(
            "visualize: an image of uint8 [height, width] or [height, width, channels] was expected, found "
            f"{pixels.dtype} {list(pixels.shape)}"
        )
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if pixels.shape[2] not in (1, 3, 4):
        raise ValueError(f"visualize: an image has 1, 3 or 4 channels, found {pixels.shape[2]}")
    return np.array(np.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)), order="C")


def _tint(scene: Pixels, mask: Any, colour: Colour) -> None:
    """Half of the colour onto the pixels of a mask, in time that grows with their number."""
    begins, ends = mask.runs().astype(np.intp).T
    lengths = ends - begins
    pixels = np.arange(lengths.sum()) + np.repeat(ends - lengths.cumsum(), lengths)
    flat = scene.reshape(-1, 3)  # not a copy
    flat[pixels] = (flat[pixels].astype(np.uint16) + np.array(colour, np.uint16) + 1) // 2


def _heat(scene: Pixels, depth: Any, nearest: float, farthest: float) -> None:
    """Half of the distances' colours onto all pixels that have one."""
    valid = (depth >= nearest) & (depth <= farthest)
    share = (farthest - depth[valid]) / max(farthest - nearest, 1e-6)
    steps = heat_of(np.arange(256) / 255)[:, ::-1].astype(np.uint16)
    scene[valid] = (scene[valid] + steps[np.rint(255 * share).astype(np.intp)] + 1) // 2


class _Pen:
    """Draws into an image in whatever order its channels have: colours are given in the same."""

    def __init__(self, scene: Pixels, line: int, text_size: int) -> None:
        try:
            from PIL import Image, ImageDraw
        except ImportError:
            raise ImportError("visualize() needs Pillow: pip install 'trtyolo[images]'") from None
        self._image = Image.fromarray(scene)
        self._draw = ImageDraw.Draw(self._image)
        self._line = line
        self._text_size = text_size
        self._padding = max(2, text_size // 5)
        self.line_height = text_size + 2 * self._padding

    def pixels(self) -> Pixels:
        return np.array(self._image)

    def polygon(self, corners: Any, colour: Colour) -> None:
        points = [(float(x), float(y)) for x, y in corners]
        self._draw.line([*points, *points[:2]], fill=colour, width=self._line, joint="curve")

    def skeleton(self, points: Any, colour: Colour) -> None:
        """Points that are probably visible, and lines between them where they are a person's."""
        seen: list[Any] = [(float(x), float(y)) if conf >= _HALF else None for x, y, conf in points.tolist()]
        for a, b in _PERSON if len(seen) == _PERSON_POINTS else ():
            if seen[a] and seen[b]:
                self._draw.line([seen[a], seen[b]], fill=colour, width=self._line)
        for point in filter(None, seen):
            for radius, ink in ((self._line + 2, (255, 255, 255)), (self._line + 1, colour)):
                x, y = point
                self._draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)

    def scale(self, nearest: float, farthest: float) -> None:
        """The colours of _heat() with both distances, at the right, the farthest above."""
        height, bar = self._image.height // 2, max(2, self._text_size // 2)
        left, top = self._image.width - bar - self._padding, self._padding
        for y, colour in enumerate(heat_of(np.linspace(0, 1, height))[:, ::-1].tolist()):
            self._draw.line([(left, top + y), (left + bar - 1, top + y)], fill=tuple(colour))
        for metres, y, share in ((farthest, top, 0), (nearest, top + height - self.line_height, 1)):
            text, (red, green, blue) = f"{metres:.2f} m", heat_of(share).tolist()
            width = sum(font.getlength(part) for part, font in fonts.parts_of(text, self._text_size))
            self.label(left - width - 3 * self._padding, y, text, (blue, green, red))

    def label(self, left: float, top: float, text: str, colour: Colour) -> float:
        """Text on its colour, moved into the image where it would stand outside; gives where the plate ends below."""
        parts = [(part, font, font.getlength(part)) for part, font in fonts.parts_of(text, self._text_size)]
        width = sum(length for _, _, length in parts) + 2 * self._padding
        x = max(0, min(round(left), round(self._image.width - width)))
        y = max(0, min(round(top), self._image.height - self.line_height))
        self._draw.rectangle([x, y, x + width, y + self.line_height - 1], fill=colour)
        blue, green, red = colour
        ink = (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue > _BRIGHT else (255, 255, 255)
        place, base = float(x + self._padding), y + self._padding + round(0.8 * self._text_size)
        for part, font, length in parts:
            self._draw.text((place, base), part, fill=ink, font=font, anchor="ls")
            place += length
        return y + self.line_height
