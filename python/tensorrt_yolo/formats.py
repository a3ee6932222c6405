"""Images in the pixel formats of decoders and cameras: YUV, and grey of 16 bits."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.loaded import is_of

_MATRICES = ("bt601", "bt709")
_RANGES = ("limited", "full")
_ON_CPU = (1, 3)  # DLPack's devices: ordinary memory, also page-locked


class Image:
    """An image that predict() takes beside arrays: read where it lies and converted where pixels are read, no sooner.

    Made by `nv12()`, `i420()`, `yuyv()` and `gray16()`, of arrays in ordinary memory or, for models on a GPU, in that
    GPU's: NumPy arrays, PyTorch's tensors, and whatever else has the buffer protocol,
    __array_interface__, DLPack (ordinary memory) or __cuda_array_interface__. Arrays whose rows are not pieced together
    of neighbouring values are copied now; all others must not change before predict() has returned.

    YUV becomes RGB (for the network: in whichever order it takes colours; enable_swap_rb() plays no part). `matrix` is
    "bt601" (video of up to 576 lines, mostly) or "bt709" (HD video), `range` is "limited" (video) or "full" (JPEG files
    and cameras that say so); decoders know both. With the defaults, results are those of the image that
    cv2.cvtColor() makes, to the bit. Each sample of chroma counts for all pixels that it covers.
    """

    __slots__ = ("_planes", "_values", "format", "height", "width")

    format: str
    """"nv12", "i420", "yuyv" or "gray16"."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    _planes: list[Any]
    _values: tuple[Any, ...]

    def __init__(self) -> None:
        raise TypeError("Image: made by Image.nv12(), Image.i420(), Image.yuyv() and Image.gray16()")

    @classmethod
    def nv12(cls, frame: Any, *, matrix: str = "bt601", range: str = "limited") -> Image:
        """A frame as hardware decodes it: a plane of Y, and one of pairs U, V with half as many rows and columns.

        frame: both in one array u8 (height * 3 / 2, width) of even sides, or a pair of arrays u8, (height, width) and
        ((height + 1) // 2, width, made even), or of pairs ((height + 1) // 2, (width + 1) // 2, 2).
        """
        what = "Image.nv12"
        if isinstance(frame, (list, tuple)):
            luma, chroma = _all_rows(what, frame, 2)
        else:
            luma, chroma = _split(what, _Rows.of(what, frame), 1)
        return cls._yuv(what, luma, [chroma], 2, matrix, range)

    @classmethod
    def i420(cls, frame: Any, *, matrix: str = "bt601", range: str = "limited") -> Image:
        """A frame as most software decodes it (yuv420p): planes of Y, of U and of V, these with half rows and columns.

        frame: all in one array u8 (height * 3 / 2, width) of even sides, U and V behind Y without gaps, or three arrays
        u8, (height, width) and twice ((height + 1) // 2, (width + 1) // 2).
        """
        what = "Image.i420"
        if isinstance(frame, (list, tuple)):
            luma, *chroma = _all_rows(what, frame, 3)
        else:
            luma, *chroma = _split(what, _Rows.of(what, frame), 2)
        return cls._yuv(what, luma, chroma, 1, matrix, range)

    @classmethod
    def yuyv(cls, frame: Any, *, matrix: str = "bt601", range: str = "limited") -> Image:
        """A frame as many USB cameras give it (YUY2): Y, U, Y, V for each two pixels.

        frame: an array u8 (height, width, 2) or (height, 2 * width). The width is even.
        """
        what = "Image.yuyv"
        rows = _Rows.of(what, frame)
        height, size = rows.shape
        if size % 4 != 0 or not size:
            raise ValueError(f"{what}: each two pixels have 4 bytes; found rows of {size} bytes")
        return cls._made("yuyv", [rows], size // 2, height, *_checked(what, matrix, range), 0, 65535)

    @classmethod
    def gray16(cls, frame: Any, low: int = 0, high: int = 65535) -> Image:
        """An image of 16 bits, as thermal cameras give it: an array u16 (height, width).

        `low` and what is below becomes 0, `high` and what is above 255, and what is between is mapped linearly and
        rounded to the nearest, halves up. Say where the camera's values lie; it uses a part of the 16 bits.
        """
        what = "Image.gray16"
        rows = _Rows.of(what, frame, 2)
        if not 0 <= low < high <= 65535:
            raise ValueError(f"{what}: low < high are needed, from 0 to 65535, found {low} to {high}")
        height, size = rows.shape
        return cls._made("gray16", [rows], size // 2, height, "bt601", "limited", int(low), int(high))

    def to_bgr(self) -> npt.NDArray[np.uint8]:
        """The pixels, to be drawn on, saved or shown: an array of its own u8 (height, width, 3).

        They are converted as models convert them; grey of 16 bits by its window. An image in a GPU's memory is copied
        from there first.
        """
        from tensorrt_yolo.images import readable  # which takes images of this class itself

        return _core.bgr_of(readable(self, True), True)

    def __repr__(self) -> str:
        return f"Image({self.format}, {self.width} x {self.height})"

    @classmethod
    def _yuv(cls, what: str, luma: _Rows, chroma: list[_Rows], samples: int, matrix: str, range: str) -> Image:
        height, width = luma.shape
        wanted = ((height + 1) // 2, (width + 1) // 2 * samples)
        for plane in chroma:
            if plane.shape != wanted:
                raise ValueError(
                    f"{what}: with a plane of Y of {height} rows of {width} bytes, one of chroma must have {wanted[0]} "
                    f"rows of {wanted[1]} bytes, found {plane.shape[0]} of {plane.shape[1]}"
                )
        return cls._made(what[6:], [luma, *chroma], width, height, *_checked(what, matrix, range), 0, 65535)

    @classmethod
    def _made(cls, kind: str, planes: list[_Rows], width: int, height: int, *values: Any) -> Image:
        if width < 1 or height < 1:
            raise ValueError(f"Image.{kind}: an image must have pixels, found {width} x {height}")
        image = object.__new__(cls)
        image.format, image.width, image.height = kind, width, height
        image._planes = [plane.array for plane in planes]
        image._values = values
        return image


def _checked(what: str, matrix: str, range: str) -> tuple[str, str]:
    for name, value, known in (("matrix", matrix, _MATRICES), ("range", range, _RANGES)):
        if value not in known:
            raise ValueError(f'{what}: {name} is "{known[0]}" or "{known[1]}", found {value!r}')
    return matrix, range


class _DeviceRows:
    """Rows of bytes in the memory of a GPU; `owner` keeps them."""

    def __init__(self, described: dict[str, Any], pointer: int, shape: tuple[int, int], stride: int, owner: Any):
        self.__cuda_array_interface__ = {
            **described,
            "typestr": "|u1",
            "data": (pointer, True),
            "shape": shape,
            "strides": (stride, 1),
        }
        self.shape = shape
        self.owner = owner

    def rows(self, first: int, count: int) -> _DeviceRows:
        stride = self.__cuda_array_interface__["strides"][0]
        return self._at(first * stride, (count, self.shape[1]), stride)

    def reshaped(self, first: int, rows: int, size: int) -> _DeviceRows:
        return self._at(first, (rows, size), size)

    def gapless(self) -> bool:
        return bool(self.__cuda_array_interface__["strides"][0] == self.shape[1])

    def _at(self, offset: int, shape: tuple[int, int], stride: int) -> _DeviceRows:
        described = self.__cuda_array_interface__
        return _DeviceRows(described, described["data"][0] + offset, shape, stride, self.owner)


class _Rows:
    """Rows of bytes: a NumPy array or a tensor u8 of two dimensions, or _DeviceRows."""

    def __init__(self, array: Any):
        self.array = array
        self.shape: tuple[int, int] = tuple(array.shape)

    @classmethod
    def of(cls, what: str, array: Any, size: int = 1) -> _Rows:
        """`array` of values of `size` bytes, all dimensions but the first taken together."""
        if is_of("torch", "Tensor", array):
            if array.device.type == "cuda":
                return cls(_of_tensor(what, array, sys.modules["torch"], size))
            array = array.numpy()
        if not isinstance(array, np.ndarray) and hasattr(array, "__cuda_array_interface__"):
            return cls(_of_cuda_array(what, array, size))
        return cls(_of_host(what, array, size))

    def rows(self, first: int, count: int) -> _Rows:
        if isinstance(self.array, _DeviceRows):
            return _Rows(self.array.rows(first, count))
        return _Rows(self.array[first : first + count])

    def gapless(self, what: str) -> _Rows:
        """The same without gaps between the rows."""
        if not isinstance(self.array, _DeviceRows):
            return _Rows(self.array.reshape(-1).reshape(self.shape))
        if not self.array.gapless():
            raise ValueError(f"{what}: an array on a GPU that holds all planes must have no gaps between its rows")
        return self

    def reshaped(self, first: int, rows: int, size: int) -> _Rows:
        """Rows of another length, from byte `first` on; gapless() only."""
        if isinstance(self.array, _DeviceRows):
            return _Rows(self.array.reshaped(first, rows, size))
        return _Rows(self.array.reshape(-1)[first : first + rows * size].reshape(rows, size))


def _all_rows(what: str, frame: list[Any] | tuple[Any, ...], count: int) -> list[_Rows]:
    if len(frame) != count:
        raise ValueError(f"{what}: {count} planes are needed, or one array, found {len(frame)}")
    return [_Rows.of(what, plane) for plane in frame]


def _split(what: str, frame: _Rows, planes: int) -> list[_Rows]:
    """Y and chroma, of one array of 4:2:0 that holds all of it; `planes` of chroma."""
    lines, width = frame.shape
    if lines % 3 != 0 or width % 2 != 0:
        raise ValueError(
            f"{what}: one array has the shape (height * 3 / 2, width) with even height and width, found "
            f"({lines}, {width}); give odd sides and aligned heights plane by plane"
        )
    height = lines // 3 * 2
    if planes == 1:
        return [frame.rows(0, height), frame.rows(height, height // 2)]
    frame = frame.gapless(what)
    size = height // 2 * (width // 2)
    chroma = [frame.reshaped(height * width + i * size, height // 2, width // 2) for i in (0, 1)]
    return [frame.rows(0, height), *chroma]


def _wrong_type(what: str, size: int, found: str) -> TypeError:
    return TypeError(f"{what}: values of the type uint{8 * size} are needed, found {found}")


def _wrong_shape(what: str, shape: tuple[int, ...]) -> ValueError:
    return ValueError(f"{what}: an array of rows is needed, of two dimensions or three, found the shape {shape}")


def _of_host(what: str, array: Any, size: int) -> np.ndarray[Any, Any]:
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{what}: a masked array was given, and an image has no mask; fill it, as in frame.filled(0)")
    if hasattr(array, "__dlpack__") and not isinstance(array, np.ndarray):
        if array.__dlpack_device__()[0] not in _ON_CPU:
            raise TypeError(
                f"{what}: an array on a GPU must be a PyTorch tensor or have __cuda_array_interface__, found "
                f"{type(array).__name__}"
            )
        array = np.from_dlpack(array)
    values = np.asarray(array)
    if values.dtype.kind != "u" or values.dtype.itemsize != size:
        raise _wrong_type(what, size, str(values.dtype))
    if values.ndim not in (2, 3):
        raise _wrong_shape(what, values.shape)
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    values = values.reshape(values.shape[0], math.prod(values.shape[1:]))
    if values.shape[1] > 1 and values.strides[1] != size or values.shape[0] > 1 and values.strides[0] < 0:
        values = np.ascontiguousarray(values)
    return values.view(np.uint8)


def _of_tensor(what: str, tensor: Any, torch: Any, size: int) -> Any:
    if str(tensor.dtype) != f"torch.uint{8 * size}":
        raise _wrong_type(what, size, str(tensor.dtype))
    if tensor.dim() not in (2, 3):
        raise _wrong_shape(what, tuple(tensor.shape))
    rows = tensor.reshape(tensor.shape[0], math.prod(tensor.shape[1:]))
    return (rows if rows.stride(1) == 1 else rows.contiguous()).view(torch.uint8)


def _of_cuda_array(what: str, array: Any, size: int) -> _DeviceRows:
    described = array.__cuda_array_interface__
    if described["typestr"] != ("|u1" if size == 1 else "<u2"):
        raise _wrong_type(what, size, f"the typestr '{described['typestr']}'")
    if described.get("mask") is not None:
        raise TypeError(f"{what}: an array with a mask was given; an image has none")
    shape = tuple(described["shape"])
    if len(shape) not in (2, 3):
        raise _wrong_shape(what, shape)
    side_by_side = tuple(math.prod(shape[i:]) * size for i in range(1, len(shape) + 1))
    strides = tuple(described.get("strides") or side_by_side)
    if strides[1:] != side_by_side[1:] or strides[0] < 0:
        raise ValueError(f"{what}: an array on a GPU must have the values of a row side by side; copy it first")
    return _DeviceRows(described, described["data"][0], (shape[0], side_by_side[0]), strides[0], array)
