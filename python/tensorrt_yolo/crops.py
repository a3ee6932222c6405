"""Crops: the objects that a model found, as images."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.images import readable
from tensorrt_yolo.results import Result


class Crop(NamedTuple):
    """A region of an image: its pixels, and where they are."""

    #: u8 [height, width, channels], or [height, width] where the image is such an array. Of an upright region of an
    #: array a view of it; of a rotated one without a fourth channel, which models do not read.
    pixels: npt.NDArray[np.uint8]
    #: Where the upper left corner lies in the image.
    x: float
    y: float
    #: Of a rotated region: radians, clockwise as one looks at the image. Pixel (i, j) of the region, counted from the
    #: corner, lies at x + i * cos(theta) - j * sin(theta), y + i * sin(theta) + j * cos(theta).
    theta: float


def crop(image: Any, found: Result | npt.ArrayLike, margin: float = 0.0) -> list[Crop | None]:
    """The regions of an image that a result's boxes are around, one for each; None for a box outside of it.

    Also for boxes without an area or with numbers that are not finite. Regions of upright boxes are all pixels that the
    box touches, clipped to the image. Those of rotated boxes are turned upright, the box's width to the right along
    theta; what of them lies outside the image is grey (114). Models are best given the image itself, by
    predict_crops(), which copies nothing.

    image: one of those that Model.predict() takes, in ordinary memory. Files and images that are not arrays become RGB;
        NV12, I420 and YUYV begin at even pixels.
    found: a result, or boxes, f32: [n, 4] (left, top, right, bottom) or [n, 5] (centre x and y, width, height, theta).
    margin: how far a region reaches beyond its box on each side, as a share of the box's sides, 0 to 10.

    Raises ValueError if the result's task has no boxes or it is of an image of another size, or the image is on a GPU;
    TypeError if `found` is neither a result nor boxes.
    """
    source = one_readable(image, False)
    if isinstance(source, _core.DeviceImage):
        raise ValueError(
            "crop: the image is in the memory of a GPU; predict_crops() of a model there reads it, or copy it first, "
            "as in image.cpu()"
        )
    array = None if isinstance(source, _core.FormatImage) else np.asarray(source)
    regions: list[Crop | None] = []
    for region in _core.crops(source, boxes_of(found), margin):
        if region is None:
            regions.append(None)
            continue
        x, y, theta, width, height, pixels = region
        if pixels is None and array is not None:
            pixels = array[int(y) : int(y) + height, int(x) : int(x) + width]
        elif array is not None:
            pixels = pixels[..., 0] if array.ndim == 2 else pixels[..., :3]
        regions.append(Crop(pixels, x, y, theta))
    return regions


def one_readable(image: Any, bgr: bool) -> Any:
    """readable() of an image whose pixels are needed before a model sees them."""
    found = readable(image, bgr)
    return _core.decode(found, bgr) if isinstance(found, _core.EncodedImage) else found


def boxes_of(found: Result | npt.ArrayLike) -> Any:
    """What _core takes for the objects of an image."""
    if isinstance(found, Result):
        return found
    try:
        return np.ascontiguousarray(found, np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(f"a result or boxes [n, 4] or [n, 5] were expected, found {found!r:.100}") from error
