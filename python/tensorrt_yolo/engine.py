"""Building TensorRT engines."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Callable

from tensorrt_yolo import _core
from tensorrt_yolo.errors import Error
from tensorrt_yolo.files import path_bytes
from tensorrt_yolo.info import BuildProgress
from tensorrt_yolo.option import HeadMode, Precision


def build_engine(
    onnx: str | os.PathLike[str],
    engine: str | os.PathLike[str],
    *,
    precision: Precision = "f32",
    device_id: int = 0,
    min_batch: int = 1,
    opt_batch: int = 0,
    max_batch: int = 1,
    size: tuple[int, int] = (0, 0),
    min_size: tuple[int, int] = (0, 0),
    head: HeadMode = "auto",
    optimization_level: int = 3,
    workspace_bytes: int = 0,
    timing_cache: str | os.PathLike[str] = "",
    progress: Callable[[BuildProgress], object] | None = None,
) -> None:
    """Builds `engine`, a TensorRT plan behind the metadata of `onnx`. Takes from seconds to many minutes.

    The file is written beside `engine` and renamed, so that it is whole or what it was before. Ctrl-C ends the
    building.

    precision           "f32" without TF32, "f16", "bf16", or "auto", which is "f16"; TensorRT 11 builds what the graph
                        has
    device_id           GPU that it is built on, and for
    min_batch           fewest images in one run; models with a dynamic batch only, otherwise 1
    opt_batch           images in a run that it is tuned for; 0: `max_batch`
    max_batch           most images in one run
    size                (width, height) of the network input of models with dynamic sizes, the largest; 0: the model's
    min_size            the smallest; 0: only the one size
    head                how much of the network is built, as InferOption.set_head()
    optimization_level  0 (quickly built) to 5 (tried longest)
    workspace_bytes     most scratch memory a layer may take; 0: what the GPU has
    timing_cache        file of timings to read and to write: later builds are quicker
    progress            called from time to time, from another thread; False, or an exception, ends the building

    Raises ValueError for an option that makes no sense, ModelError if the model cannot be read or built as asked,
    DeviceError if this machine has no GPU or no TensorRT that can be used, and Error if `progress` ended it.
    """
    stopped = threading.Event()
    raised: list[BaseException] = []

    def report(phase: str, step: int, steps: int, done: float) -> bool:
        if stopped.is_set():
            return False
        try:
            return progress is None or progress(BuildProgress(phase, step, steps, done)) is not False
        except BaseException as error:
            raised.append(error)
            return False

    # In a thread of its own, so that Ctrl-C, which Python gives to the main thread, is not kept waiting.
    with concurrent.futures.ThreadPoolExecutor(1, "build_engine") as builder:
        building = builder.submit(
            _core.build_engine,
            onnx=path_bytes(onnx),
            engine=path_bytes(engine),
            precision=precision,
            device_id=device_id,
            batch=(min_batch, opt_batch, max_batch),
            size=size,
            min_size=min_size,
            head=head,
            optimization_level=optimization_level,
            workspace_bytes=workspace_bytes,
            timing_cache=path_bytes(timing_cache),
            on_progress=report,
        )
        try:
            building.result()
        except Error:
            if raised:
                raise raised[0] from None
            raise
        finally:
            stopped.set()
