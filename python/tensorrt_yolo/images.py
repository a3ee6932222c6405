"""What predict() takes, brought to what the extension module takes: the buffer protocol, or memory of a GPU."""

from __future__ import annotations

import importlib.util
import io
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core, _cuda
from tensorrt_yolo.formats import Image
from tensorrt_yolo.loaded import is_of
from tensorrt_yolo.video import VideoFrame

_KINDS = (
    "a path, a NumPy array, a PIL image, a tensor, bytes of an image file, or anything with the buffer protocol, "
    "__array_interface__, __cuda_array_interface__ or __dlpack__, an Image, or a VideoFrame"
)
#: Most bytes of the pixels of an encoded image, three for each; 0: a quarter of the memory that is left. It is read
#: once, when the first model is loaded.
max_pixel_bytes = 0

_ON_CPU = (1, 3)  # DLPack's devices: ordinary memory, also page-locked
_ON_CUDA = (2, 13)  # of a GPU, also managed


def readable(image: Any, bgr: bool) -> Any:
    """`image` as an object that _core's models read without a copy, where that can be.

    `bgr` says in which order the model takes the channels of arrays; images whose order is known are brought to it.
    """
    if isinstance(image, VideoFrame):
        image = image.image
    if isinstance(image, np.ndarray):
        return _array(image)
    if isinstance(image, _core.EncodedImage):  # with words of its own
        return image
    if isinstance(image, (str, os.PathLike)):
        return _core.EncodedImage(read_bytes(image), f"predict: '{os.fsdecode(image)}': ", "")
    if is_encoded(image):
        hint = "; pixels need a shape, as in numpy.frombuffer(data, numpy.uint8).reshape(height, width, 3)"
        return _core.EncodedImage(_contiguous(image), f"predict: {memoryview(image).nbytes} bytes: ", hint)
    if isinstance(image, Image):
        planes = [readable(plane, bgr) for plane in image._planes]
        return _core.FormatImage(image.format, planes, image.width, image.height, *image._values)
    if is_of("torch", "Tensor", image):
        return _tensor(image, sys.modules["torch"])
    if is_of("PIL.Image", "Image", image):
        return pil_pixels(image, bgr)
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


def is_encoded(image: Any) -> bool:
    """Whether readable() takes it for an image file, or bytes of one."""
    return isinstance(image, (str, os.PathLike, bytes, bytearray)) or (
        isinstance(image, memoryview) and image.ndim == 1
    )


def all_readable(images: Sequence[Any], bgr: bool) -> list[Any]:
    """readable() of each; an error names the position of its image."""
    found = []
    for index, image in enumerate(images):
        try:
            found.append(readable(image, bgr))
        except (TypeError, ValueError) as error:
            raise type(error)(f"images[{index}]: {error}") from error
    encoded = [isinstance(image, _core.EncodedImage) for image in found]
    if any(encoded) and not all(encoded):
        for index, image in enumerate(found):
            if encoded[index]:
                try:
                    found[index] = _core.decode(image, bgr)
                except ValueError as error:
                    raise type(error)(f"images[{index}]: {error}") from error
    return found


def _contiguous(data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    return bytes(data) if isinstance(data, memoryview) and not data.contiguous else data


def _array(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if isinstance(image, np.ma.MaskedArray):
        raise TypeError(
            "predict: a masked array was given, and an image has no mask; fill it, as in image.filled(0), or give "
            "image.data"
        )
    if isinstance(image, np.matrix):
        raise TypeError("predict: a numpy.matrix was given; make it an array, as in numpy.asarray(image)")
    return image.view(np.ndarray)


def decoded(path: str | os.PathLike[str], bgr: bool, what: str = "predict") -> npt.NDArray[np.uint8]:
    """An image file, turned as its EXIF says; `what` begins the messages of errors."""
    return pixels_of(read_bytes(path), bgr, f"{what}: '{os.fsdecode(path)}': ")


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def pixels_of(data: bytes | bytearray | memoryview, bgr: bool, what: str, hint: str = "") -> npt.NDArray[np.uint8]:
    """The image that encoded bytes hold, 8 bits a channel (of 16 the upper ones).

    Raises DecodeError; `what` begins its text, and `hint` ends it where the bytes are no image.
    """
    return _core.decode(_core.EncodedImage(_contiguous(data), what, hint), bgr)


def nvimagecodec() -> str:
    """The folder of nvImageCodec's wheel, or nothing: it is looked for elsewhere then."""
    try:
        found = importlib.util.find_spec("nvidia.nvimgcodec")
    except (ImportError, ValueError):
        return ""
    return "" if found is None or not found.origin else os.path.dirname(found.origin)


def codec_name() -> str:
    """What decode_by_cpu() decodes by, and its version in parentheses."""
    try:
        import cv2
    except ImportError:
        try:
            import PIL
        except ImportError:
            return "OpenCV (none)"
        return f"Pillow ({PIL.__version__})"
    return f"OpenCV ({cv2.__version__})"


def decode_by_cpu(data: memoryview, bgr: bool, divisor: int = 1) -> npt.NDArray[np.uint8]:
    """The codec of the CPU: called by _core's decoder, by any thread, between its own checks of the bytes.

    divisor: 1, or of JPEG files 2, 4 or 8, which their sides are divided by, rounded up.

    Raises ValueError, whose text is the reason alone.
    """
    try:
        import cv2
    except ImportError:
        return _decode_by_pil(data, bgr, divisor)
    mode = "IMREAD_COLOR" if divisor == 1 else f"IMREAD_REDUCED_COLOR_{divisor}"
    try:
        found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, mode))
    except cv2.error as error:
        raise ValueError(f"OpenCV cannot decode the image: {error.err or error}") from error
    if found is None:
        raise ValueError("not an image that OpenCV can read, or damaged")
    return found if bgr else cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def _decode_by_pil(data: memoryview, bgr: bool, divisor: int) -> npt.NDArray[np.uint8]:
    try:
        import PIL.Image
        import PIL.ImageOps
    except ImportError:
        raise ImportError(
            "predict: to read an image file OpenCV or Pillow is needed; install one of them "
            "(pip install 'trtyolo[images]'), or give the image as an array"
        ) from None
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            if divisor > 1:  # the largest of Pillow's that leaves as many pixels
                image.draft(None, (image.width // divisor, image.height // divisor))
            upright = PIL.ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # the upper 8 bits of 16
                values = np.asarray(upright).astype(np.int64) >> 8
                return values.clip(0, 255).astype(np.uint8)
            return np.ascontiguousarray(pil_pixels(upright, bgr))
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
        raise ValueError(f"not an image that Pillow can read, or damaged: {error}") from error


def pil_pixels(image: Any, bgr: bool, what: str = "predict") -> npt.NDArray[np.uint8]:
    """The pixels of a PIL image as it is; `what` begins the message of the ValueError for deep ones."""
    if image.mode == "F" or image.mode.startswith("I"):
        raise ValueError(
            f"{what}: a PIL image must have 8 bits a channel, found the mode '{image.mode}'; "
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
    # Scattered pixels are copied on the GPU, on the same stream; an image whose pixels lie side by side is not.
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
    strides = described.get("strides") or tuple(math.prod(shape[i:]) for i in range(1, len(shape) + 1))
    device = _cuda.device_of(pointer)
    stream = described.get("stream")
    if stream is not None:
        _cuda.wait_for(stream, device)
    return _core.DeviceImage(pointer, shape, tuple(strides), device, image)


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
