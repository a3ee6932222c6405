"""The little of the CUDA driver that arrays of other libraries need: whose memory it is, and waiting for a stream."""

from __future__ import annotations

import ctypes
import functools

from tensorrt_yolo.errors import DeviceError

DEFAULT_STREAM = 1
"""The legacy default stream, as __cuda_array_interface__, DLPack and the driver number it."""

_DEVICE_ORDINAL = 9  # CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL


@functools.cache
def _driver() -> ctypes.CDLL:
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise DeviceError(f"predict: an image on a GPU was given, and there is no NVIDIA driver: {error}") from None
    _check(driver, "cuInit", driver.cuInit(0))
    return driver


def _check(driver: ctypes.CDLL, call: str, status: int) -> None:
    if status:
        text = ctypes.c_char_p()
        driver.cuGetErrorString(status, ctypes.byref(text))
        raise DeviceError(f"predict: {call}: {(text.value or b'unknown error').decode()} ({status})")


@functools.cache
def _primary_context(device: int) -> ctypes.c_void_p:
    driver = _driver()
    context = ctypes.c_void_p()
    _check(driver, "cuDevicePrimaryCtxRetain", driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    return context


def device_of(pointer: int) -> int:
    """The ordinal of the GPU that `pointer` belongs to."""
    driver = _driver()
    device = ctypes.c_int()
    status = driver.cuPointerGetAttribute(ctypes.byref(device), _DEVICE_ORDINAL, ctypes.c_uint64(pointer))
    _check(driver, f"cuPointerGetAttribute(0x{pointer:x})", status)
    return device.value


def wait_for(stream: int, device: int) -> None:
    """Returns when all that was queued on `stream` of the GPU `device` is done. Other threads run meanwhile."""
    driver = _driver()
    _check(driver, "cuCtxPushCurrent", driver.cuCtxPushCurrent_v2(_primary_context(device)))
    try:
        _check(driver, "cuStreamSynchronize", driver.cuStreamSynchronize(ctypes.c_void_p(stream)))
    finally:
        driver.cuCtxPopCurrent_v2(ctypes.byref(ctypes.c_void_p()))
