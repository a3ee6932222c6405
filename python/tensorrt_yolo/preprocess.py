"""The network's input as models make it of images, for tools that run the network themselves."""

from __future__ import annotations

import copy
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.crops import one_readable
from tensorrt_yolo.files import path_bytes
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.option import InferOption


class Preprocessor:
    """Makes of images what a model's network is given, equal to the bit to what predict() makes of them on a CPU.

        network_input = Preprocessor("yolo11n.onnx")
        values = network_input("bus.jpg")           # f32 [1, 3, 640, 640]

    For calibrating quantized networks, and for comparing with other programs. Nothing is made ready to run, so it is
    cheap beside a model. Any thread; threads that share one take turns.
    """

    def __init__(self, file: str | os.PathLike[str], option: InferOption | None = None) -> None:
        """For the model in `file`, with the option that a model would be loaded with.

        Raises ModelError if it is missing, empty, damaged, or not a model.
        """
        option = copy.copy(option) if option is not None else InferOption()
        self._bgr = "swap_rb" in option._values
        self._core = _core.Preprocessor(path_bytes(file), option._core)

    def __call__(self, image: Any) -> npt.NDArray[np.float32]:
        """The input for one image, f32 [1, channels, height, width]; an array of its own.

        image: one of those that Model.predict() takes, in ordinary memory. Of a model with dynamic sizes the input is
            as large as the image needs.

        Raises what predict() raises for an image.
        """
        return self._core.write(one_readable(image, self._bgr))

    def info(self) -> ModelInfo:
        """What is known of the model."""
        return self._core.info()
