"""Memory that is page-locked where there is a GPU."""

import gc

import numpy as np
import pytest
from conftest import model_file, picture, same

import tensorrt_yolo as ty


def test_is_an_array_like_any_other():
    for shape, dtype in ((7, np.uint8), ((3, 4), np.float32), ((2, 0, 3), np.uint16), ((), np.int64)):
        array = ty.pinned_empty(shape, dtype)
        assert array.shape == np.empty(shape).shape and array.dtype == dtype and array.flags.writeable
        array[...] = 1
        assert array.sum() == array.size
    view = ty.pinned_empty((40, 30, 3))[10:20]
    gc.collect()
    view[:] = 5
    assert (view == 5).all()


def test_gives_the_same_results():
    model = ty.DetectModel(model_file("detect"), ty.InferOption(swap_rb=True))
    image = picture()
    array = ty.pinned_empty(image.shape)
    array[:] = image
    assert same(model.predict(array), model.predict(image))


def test_what_is_refused():
    with pytest.raises(ValueError, match="sides must be 0 or more"):
        ty.pinned_empty((3, -1))
    with pytest.raises(TypeError, match="Python objects"):
        ty.pinned_empty(3, object)
    with pytest.raises((MemoryError, ty.DeviceError)):
        ty.pinned_empty(1 << 60)
