"""What predict() takes, brought to what the extension module takes: the buffer protocol, or memory of a GPU."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from tensorrt_yolo import _core, _cuda

_KINDS = (
    "a path, a NumPy array, a PIL image, a tensor, or anything with the buffer protocol, __array_interface__, "
    "__cuda_array_interface__ or __dlpack__"
)
_ON_CPU = (1, 3)  # DLPack's devices: ordinary memory, also page-locked
_ON_CUDA = (2, 13)  # of a GPU, also managed


def readable(image: Any, bgr: bool) -> Any:
    """`image` as an object that _core's models read without a copy, where that can be.

    `bgr` says in which order the model takes the channels of arrays; pictures whose order is known are brought to it.
    """
    if type(image) is np.ndarray:
        return image
    if isinstance(image, (str, os.PathLike)):
        return _decoded(image, bgr)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(image, torch.Tensor):
        return _tensor(image, torch)
    pil = sys.modules.get("PIL.Image")
    if pil is not None and isinstance(image, pil.Image):
        return _pil_pixels(image, bgr)
    if hasattr(image, "__cuda_array_interface__"):
        return _cuda_array(image)
    if hasattr(image, "__dlpack__") and hasattr(image, "__dlpack_device__"):
        return _dlpack(image)
    if hasattr(image, "__array_interface__"):
        return np.asarray(image)
    try:
        return memoryview(image)
    except TypeError:
        raise TypeError(f"predict: an image must be {_KINDS}; found {type(image).__name__}") from None


def _decoded(path: str | os.PathLike[str], bgr: bool) -> np.ndarray:
    """A picture file, turned as its EXIF says."""
    try:
        import cv2
    except ImportError:
        return _decoded_by_pil(path, bgr)
    data = np.fromfile(path, np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if pixels is None:
        raise ValueError(f"predict: '{os.fspath(path)}' is not a picture that OpenCV can read")
    return pixels if bgr else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _decoded_by_pil(path: str | os.PathLike[str], bgr: bool) -> np.ndarray:
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise ImportError(
            f"predict: to read '{os.fspath(path)}' OpenCV or Pillow is needed; install one of them "
            "(pip install opencv-python-headless), or give the picture as an array"
        ) from None
    try:
        with Image.open(path) as image:
            return _pil_pixels(ImageOps.exif_transpose(image), bgr)
    except UnidentifiedImageError:
        raise ValueError(f"predict: '{os.fspath(path)}' is not a picture that Pillow can read") from None


def _pil_pixels(image: Any, bgr: bool) -> np.ndarray:
    if image.mode == "F" or image.mode.startswith("I"):
        raise ValueError(
            f"predict: a PIL image must have 8 bits a channel, found the mode '{image.mode}'; "
            "scale it to 0 to 255 yourself"
        )
    if image.mode == "L":
        return np.asarray(image)
    pixels = np.asarray(image.convert("RGB"))
    return pixels[..., ::-1] if bgr else pixels


def _wrong_type(found: str) -> TypeError:
    return TypeError(f"predict: an image must have values of the type uint8 (0 to 255), found {found}")


def _tensor(tensor: Any, torch: Any) -> Any:
    if tensor.dtype != torch.uint8:
        raise _wrong_type(str(tensor.dtype))
    if tensor.layout != torch.strided:
        raise TypeError(f"predict: a tensor must be dense, found the layout {tensor.layout}")
    if tensor.device.type == "cpu":
        return tensor.numpy()
    if tensor.device.type != "cuda":
        raise TypeError(f"predict: a tensor must be in ordinary memory or on a CUDA GPU, found '{tensor.device}'")
    if not tensor.numel():
        raise ValueError(f"predict: an image must have pixels, found the shape {tuple(tensor.shape)}")
    # Scattered pixels are copied on the GPU, on the same stream; a picture whose pixels lie side by side is not.
    channels = tensor.shape[2] if tensor.dim() == 3 else 1
    strides = tensor.stride()
    packed = tensor.dim() not in (2, 3) or (
        strides[1] == channels and strides[0] >= tensor.shape[1] * channels and (channels == 1 or strides[2] == 1)
    )
    if not packed:
        with torch.cuda.device(tensor.device):
            tensor = tensor.contiguous()
    torch.cuda.current_stream(tensor.device).synchronize()
    device = tensor.device.index
    return _core.DeviceImage(tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), device, tensor)


def _cuda_array(image: Any) -> _core.DeviceImage:
    described = image.__cuda_array_interface__
    if described["typestr"] != "|u1":
        raise _wrong_type(f"the typestr '{described['typestr']}'")
    if described.get("mask") is not None:
        raise TypeError("predict: an array with a mask was given; an image has none")
    shape = tuple(described["shape"])
    pointer = described["data"][0]
    if 0 in shape or not pointer:
        raise ValueError(f"predict: an image must have pixels, found the shape {shape}")
    strides = described.get("strides") or _contiguous_strides(shape)
    device = _cuda.device_of(pointer)
    stream = described.get("stream")
    if stream is not None:
        _cuda.wait_for(stream, device)
    return _core.DeviceImage(pointer, shape, tuple(strides), device, image)


def _contiguous_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = []
    step = 1
    for side in reversed(shape):
        strides.append(step)
        step *= side
    return tuple(reversed(strides))


def _dlpack(image: Any) -> Any:
    kind, device = image.__dlpack_device__()
    if kind in _ON_CPU:
        try:
            return np.from_dlpack(image)
        except (BufferError, RuntimeError, TypeError) as error:
            raise TypeError(f"predict: {type(image).__name__} could not be read by DLPack: {error}") from error
    if kind not in _ON_CUDA:
        raise TypeError(
            f"predict: an image must be in ordinary memory or on a CUDA GPU, found DLPack's device type {int(kind)}"
        )
    # The producer orders its work before the default stream, which is then waited for.
    capsule = image.__dlpack__(stream=_cuda.DEFAULT_STREAM)
    _cuda.wait_for(_cuda.DEFAULT_STREAM, device)
    return _core.DeviceImage.from_dlpack(capsule)
