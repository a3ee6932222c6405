"""Memory for images that a GPU reads where they are."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core


def pinned_empty(shape: int | tuple[int, ...], dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """An uninitialized NumPy array, as numpy.empty() makes one, page-locked where TensorRT can be used.

    predict() then copies nothing: the GPU reads the pixels that it needs from here. Where there is no GPU the memory is
    ordinary. Page-locking takes milliseconds: keep such arrays and fill them again, as in
    `capture.read(frame)` of OpenCV or `frame[:] = other`. The memory goes with the last array that looks at it.

    Raises ValueError for a negative side, MemoryError or DeviceError if there is not so much memory to lock.
    """
    sides = (operator.index(shape),) if not isinstance(shape, (tuple, list)) else tuple(map(operator.index, shape))
    if any(side < 0 for side in sides):
        raise ValueError(f"pinned_empty: sides must be 0 or more, found {sides}")
    kind = np.dtype(dtype)
    if kind.hasobject:
        raise TypeError(f"pinned_empty: {kind} holds Python objects, which cannot be in such memory")
    count = math.prod(sides) * kind.itemsize
    return _core.pinned_memory(max(count, 1))[:count].view(kind).reshape(sides)
