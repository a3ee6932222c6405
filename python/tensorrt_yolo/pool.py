"""Pools: many callers, one model. Images that arrive while the network runs share its next run."""

from __future__ import annotations

import asyncio
import atexit
import collections
import concurrent.futures
import contextlib
import copy
import os
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar, overload

import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.crops import boxes_of, one_readable
from tensorrt_yolo.errors import Error
from tensorrt_yolo.images import all_readable, is_encoded, readable
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.models import Model
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.results import Result
from tensorrt_yolo.slices import SliceOption

DecodeCounts = _core.DecodeCounts
PoolDeviceMetrics = _core.PoolDeviceMetrics
PoolMetrics = _core.PoolMetrics
PoolTimes = _core.PoolTimes

R = TypeVar("R", bound=Result)
QueueFullPolicy = Literal["block", "reject"]


class PoolFuture(concurrent.futures.Future[R], Generic[R]):
    """Stands for the result of an image that a pool was given; see Pool.submit().

    It is a concurrent.futures.Future, so concurrent.futures.wait() and as_completed() take it, and it can be awaited:
    `result = await pool.submit(image)`. result() raises InferenceError or DeviceError if the run failed, DeadlineError,
    concurrent.futures.CancelledError or ClosedError if the image was not run.
    """

    _unqueue: Callable[[], bool] | None = None  # until the image is done; the pool may take it away at any time

    def cancel(self) -> bool:
        """Takes the image out of the queue. False, and without effect, if its run has begun or it is done.

        A run cannot be stopped, and reads the pixels until it ends.
        """
        if self.cancelled():
            return True
        unqueue = self._unqueue
        return unqueue is not None and unqueue() and super().cancel()

    def __await__(self) -> Generator[Any, None, R]:
        return asyncio.wrap_future(self).__await__()

    def _begin(self, unqueue: Callable[[], bool]) -> None:
        self._unqueue = unqueue
        if self.done():  # before it could be taken out
            self._unqueue = None

    def _end(self, result: R | None, error: BaseException | None) -> None:
        """Called by the pool once, and if that raises, once more with the error: the future must be done then."""
        try:
            if super().done() and not super().cancelled():
                return
            if isinstance(error, concurrent.futures.CancelledError):
                super().cancel()
            if super().running() or self.set_running_or_notify_cancel():
                if result is None:
                    self.set_exception(error)
                else:
                    self.set_result(result)
        finally:
            self._unqueue = None


class Pool(Generic[R]):
    """A queue in front of several contexts of one model, for callers in any number of threads and coroutines.

    An image that finds the pool idle is run at once. While runs are at work, images wait until a run is full, or the
    oldest has waited `max_queue_delay`, or no run is at work any more: a pool adds no waiting when it is idle, and
    fills its runs when it is not. Images share a run if they have the same network size. If a run fails, its images are
    run again one by one, so that an image fails by itself only.

    On several GPUs (`devices`) images in host memory and encoded ones go where least is at work, and images in the
    memory of a GPU are run by that GPU. A GPU that fails for good is left out, and its images are run by the others,
    but for those in its own memory.

    Results are those of the model with the thresholds that it has when the pool is made. The pool shares the model's
    engine (weights are in memory once), and needs the model itself no longer.

    Threads: everything may be called from any thread at any time; the interpreter lock is released while images wait
    and run. Processes: a pool cannot be sent to another process, its model can. What is left of a pool when the
    interpreter ends is closed, and images that wait then are dropped.
    """

    def __init__(
        self,
        model: Model[R] | str | os.PathLike[str],
        option: InferOption | None = None,
        *,
        low_latency_model: Model[R] | None = None,
        contexts: int = 0,
        max_batch_size: int = 0,
        max_queue_delay: float = 0.002,
        queue_length: int = 0,
        queue_full_policy: QueueFullPolicy = "block",
        devices: Sequence[int] | Literal["all"] | None = None,
    ) -> None:
        """Of `model`, or of the model in a file, which is loaded with `option` as Model(file, option).

        low_latency_model: a model of the same network and options whose engine runs an image that is alone, because the
            pool is idle: made for the lowest latency, where `model` is for the most images a second. On a CPU that is
            one with one stream beside one with several. The price is the memory of both.
        contexts: runs at the same time, on each device. 0: what keeps the machine busy; on a CPU the model's streams,
            on a GPU 2 for images in its memory and 4 for images in host memory.
        max_batch_size: most images in one run. 0: the model's batch(), which InferOption.set_batch() sets.
        max_queue_delay: seconds that an image may wait for others to share its run with while other runs are at work.
        queue_length: most images that wait. 0: four runs for each context of each device, but at least 64.
        queue_full_policy: what happens to an image that finds the queue full: "block", its caller waits; "reject", it
            gets QueueFullError.
        devices: GPUs that images are run on, by their numbers, or "all"; each gets an engine and contexts of its own.
            None: the GPU of the model alone. "all" of a model on the CPU is the CPU.

        A model that is loaded here gets as many streams on a CPU as suit the machine, unless `option` says how many.
        Raises ValueError for what makes no sense for this model, and ModelError if the file cannot be loaded.
        """
        if not isinstance(model, Model):
            kept = copy.copy(option) if option is not None else InferOption()
            if devices is not None and devices != "all" and len(devices) > 0 and devices[0] >= 0:
                kept.set_device_id(devices[0])
            model = Model(model, kept if "streams" in kept._values else kept.set_streams(0))
        elif option is not None:
            raise TypeError("Pool: option is for a file; this model is loaded already")
        if _ending:
            raise Error("Pool: the interpreter is about to end")
        if low_latency_model is not None and low_latency_model.info().task != model.info().task:
            raise ValueError(
                f"Pool: low_latency_model must be for the task '{model.info().task}', as the model is; found "
                f"'{low_latency_model.info().task}'"
            )
        alone = low_latency_model and low_latency_model._core
        self._core = _core.Pool(
            model._core,
            alone,
            contexts,
            max_batch_size,
            max_queue_delay,
            queue_length,
            queue_full_policy,
            None if devices is None or devices == "all" else list(devices),
            devices == "all",
        )
        self._bgr = model._bgr
        _pools.add(self)
        if _ending:  # since then: _close_all() may not have seen it
            self._core.close("drop")

    # --- predicting

    @overload
    def predict(self, images: list[Any] | tuple[Any, ...], *, slices: SliceOption | None = None) -> list[R]: ...
    @overload
    def predict(self, images: Any, *, slices: SliceOption | None = None) -> R: ...
    def predict(self, images: Any, *, slices: SliceOption | None = None) -> R | list[R]:
        """What the network finds in one image; for a list or tuple of images a list of results, in their order.

        Images are those of Model.predict(). Those of a list enter the queue a few at a time, so that other callers'
        images come in between; if one fails, those that were not run yet are cancelled, and its error is raised.

        slices: as of Model.predict(). Each slice is an image of its own in the queue, so all contexts work on them. In
            a coroutine: `await asyncio.to_thread(pool.predict, image, slices=slices)`.

        Raises QueueFullError if the queue is full and the pool rejects images then, and ClosedError if it is closed.
        """
        if isinstance(images, (list, tuple)):
            return self._core.predict(all_readable(images, self._bgr), slices)
        return self._core.predict([readable(images, self._bgr)], slices)[0]

    def predict_crops(self, image: Any, found: Result | npt.ArrayLike, margin: float = 0.0) -> list[R]:
        """What the network says of each object that another model found in an image: Model.predict_crops().

        Regions enter the queue as the images of predict() do, and share runs with those of other callers.
        """
        return self._core.predict_crops(one_readable(image, self._bgr), boxes_of(found), margin)

    def submit(
        self, image: Any, *, timeout: float | None = None, queue_full_policy: QueueFullPolicy | None = None
    ) -> PoolFuture[R]:
        """Puts an image into the queue and returns a future: at once, or, if the queue is full, as the policy says.

        The pixels of an array are read where they are: they must not change until the future is done. The pool keeps
        the array alive. An array whose pixels are not side by side is copied before submit() returns. Bytes of an image
        file, and the file of a path, which is read at once, are decoded by threads of the pool while earlier images
        run; what is wrong with them is the error of this future (DecodeError).

        timeout: seconds in which the image's run must begin; otherwise it is not run (DeadlineError).
        queue_full_policy: instead of the pool's. In a coroutine a pool that blocks would hold up the event loop: take
            "reject" there, or `await asyncio.to_thread(pool.submit, image)`.

        Raises QueueFullError, or ClosedError if the pool is closed. Callbacks of the future are called by a thread of
        the pool, one at a time.
        """
        future: PoolFuture[R] = PoolFuture()
        future._begin(self._core.submit(readable(image, self._bgr), timeout, queue_full_policy, future._end))
        return future

    @overload
    def map(self, images: Iterable[Any]) -> Iterator[R]: ...
    @overload
    def map(self, images: Iterable[Any], *, return_errors: bool) -> Iterator[R | Exception]: ...
    def map(self, images: Iterable[Any], *, return_errors: bool = False) -> Iterator[R | Exception]:
        """Runs images, taken one by one as they are needed, and gives the results in their order.

        As many are in the pool at a time as keep it busy; a full queue is always waited for. The first error is raised
        where its result would be, or, with `return_errors`, stands there instead of it, and the rest goes on. When the
        iterator is left early, images of it that wait are cancelled.
        """
        in_flight: collections.deque[PoolFuture[R]] = collections.deque()

        def pop_front() -> R | Exception:
            try:
                return in_flight.popleft().result()
            except Exception as error:
                if return_errors:
                    return error
                raise

        try:
            for image in images:
                try:
                    future = self.submit(image, queue_full_policy="block")
                except Exception as error:  # of this image, when it is its turn
                    future = PoolFuture()
                    future.set_exception(error)
                in_flight.append(future)
                most = self._core.in_flight(is_encoded(image))
                while in_flight and (len(in_flight) >= most or in_flight[0].done()):
                    yield pop_front()
            while in_flight:
                yield pop_front()
        finally:
            for future in in_flight:
                future.cancel()

    # --- what it is and does

    @property
    def contexts(self) -> int:
        """Runs at the same time, on all devices together."""
        return self._core.contexts

    @property
    def devices(self) -> list[int]:
        """The GPUs that it runs on; empty on a CPU."""
        return self._core.devices

    @property
    def max_batch_size(self) -> int:
        """Most images in one run."""
        return self._core.max_batch_size

    @property
    def queue_length(self) -> int:
        """Most images that wait."""
        return self._core.queue_length

    def info(self) -> ModelInfo:
        """What is known of the model."""
        return self._core.info()

    def metrics(self) -> PoolMetrics:
        """What the pool has done and is doing; any time, also when it is closed. See also prometheus()."""
        return self._core.metrics()

    # --- its end

    def close(self, mode: Literal["drain", "drop"] = "drain") -> None:
        """Accepts no more images, and returns when all that it has are done. Twice is no mistake.

        mode: "drain", images that wait are run; "drop", they get ClosedError. Runs that have begun are finished either
            way.
        """
        self._core.close(mode)

    def __enter__(self) -> Pool[R]:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self.close("drain" if kind is None else "drop")

    def __reduce__(self) -> Any:
        raise TypeError("a Pool has threads and cannot be pickled or copied; its model can")

    def __repr__(self) -> str:
        return (
            f"Pool({self.info().task!r}, contexts={self.contexts}, max_batch_size={self.max_batch_size}, "
            f"queue_length={self.queue_length})"
        )


def prometheus(pools: Mapping[str, Pool[Any] | PoolMetrics]) -> str:
    """Metrics of pools in Prometheus' text format, version 0.0.4; each by the name given here, as the label "pool".

    Bytes of a name that are not UTF-8 are U+FFFD there.
    The names of the metrics begin with "trtyolo_pool_". To be served with the content type
    "text/plain; version=0.0.4; charset=utf-8".
    """
    return _core.prometheus({name: one.metrics() if isinstance(one, Pool) else one for name, one in pools.items()})


_ending = False
_pools: weakref.WeakSet[Pool[Any]] = weakref.WeakSet()


def _close_all() -> None:
    """Callbacks need the interpreter: none may come when it ends."""
    global _ending
    _ending = True
    pools: list[Pool[Any]] | None = None
    while pools is None:
        with contextlib.suppress(RuntimeError):  # another thread has just made one
            pools = list(_pools)
    for pool in pools:
        with contextlib.suppress(Exception):
            pool.close("drop")


atexit.register(_close_all)
