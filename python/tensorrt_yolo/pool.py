"""Pools: many callers, one model. Images that arrive while the network runs share its next run."""

from __future__ import annotations

import asyncio
import atexit
import collections
import concurrent.futures
import copy
import os
import weakref
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, TypeVar, overload

from tensorrt_yolo import _core
from tensorrt_yolo.errors import Error
from tensorrt_yolo.images import readable
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.models import (
    BaseModel,
    ClassifyModel,
    DetectModel,
    OBBModel,
    PoseModel,
    SegmentModel,
    info_of,
    load_model,
)
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.results import Result

PoolMetrics = _core.PoolMetrics
PoolTimes = _core.PoolTimes

R = TypeVar("R", bound=Result)
WhenFull = Literal["block", "refuse"]

_POOLS = {
    ClassifyModel: _core.ClassifyPool,
    DetectModel: _core.DetectPool,
    OBBModel: _core.OBBPool,
    SegmentModel: _core.SegmentPool,
    PoseModel: _core.PosePool,
}


class PoolFuture(concurrent.futures.Future, Generic[R]):
    """Stands for the result of an image that a pool was given; see Pool.submit().

    It is a concurrent.futures.Future, so concurrent.futures.wait() and as_completed() take it, and it can be awaited:
    `result = await pool.submit(image)`. result() raises InferenceError or DeviceError if the run failed, DeadlineError,
    concurrent.futures.CancelledError or ClosedError if the image was not run.
    """

    _ticket: Any = None

    def cancel(self) -> bool:
        """Takes the image out of the queue. False, and without effect, if its run has begun or it is done.

        A run cannot be stopped, and reads the pixels until it ends.
        """
        if self.cancelled():
            return True
        if self._ticket is None or not self._ticket.cancel():
            return False
        return super().cancel()

    def __await__(self) -> Generator[Any, None, R]:
        return asyncio.wrap_future(self).__await__()

    def _end(self, kind: type[R], parts: tuple[Any, ...] | None, error: BaseException | None) -> None:
        """Called by the pool, once."""
        self._ticket = None
        if isinstance(error, concurrent.futures.CancelledError):
            super().cancel()
            self.set_running_or_notify_cancel()
        elif self.set_running_or_notify_cancel():
            if error is not None or parts is None:
                self.set_exception(error)
            else:
                self.set_result(kind(*parts))


class Pool(Generic[R]):
    """A queue in front of several contexts of one model, for callers in any number of threads and coroutines.

    An image that finds the pool idle is run at once. While runs are at work, images wait until a run is full, or the
    oldest has waited `longest_wait`, or no run is at work any more: a pool adds no waiting when it is idle, and fills
    its runs when it is not. Images share a run if they have the same network size. If a run fails, its images are run
    again one by one, so that an image fails by itself only.

    Results are those of the model with the thresholds that it has when the pool is made. The pool shares the model's
    engine (weights are in memory once), and needs the model itself no longer.

    Threads: everything may be called from any thread at any time; the interpreter lock is released while images wait
    and run. Processes: a pool cannot be sent to another process, its model can. What is left of a pool when the
    interpreter ends is closed, and images that wait then are dropped.
    """

    def __init__(
        self,
        model: BaseModel[R] | str | os.PathLike[str],
        option: InferOption | None = None,
        *,
        for_one: BaseModel[R] | None = None,
        contexts: int = 0,
        largest_batch: int = 0,
        longest_wait: float = 0.002,
        queue_length: int = 0,
        when_full: WhenFull = "block",
    ) -> None:
        """Of `model`, or of the model in a file, which is loaded with `option`.

        for_one: a model of the same network and options whose engine runs an image that is alone, because the pool is
            idle: made for the lowest latency, where `model` is for the most images a second. On a CPU that is one with
            one stream beside one with several. The price is the memory of both.
        contexts: runs at the same time. 0: what keeps the machine busy; on a CPU the model's streams, on a GPU 2
            for images in its memory and 4 for images in host memory.
        largest_batch: most images in one run. 0: the model's batch(), which InferOption.set_batch() sets.
        longest_wait: seconds that an image may wait for others to share its run with while other runs are at work.
        queue_length: most images that wait. 0: four runs for each context, but at least 64.
        when_full: what happens to an image that finds the queue full: "block", its caller waits; "refuse", it gets
            QueueFullError.

        A model that is loaded here gets as many streams on a CPU as suit the machine, unless `option` says how many.
        Raises ValueError for what makes no sense for this model, and ModelError if the file cannot be loaded.
        """
        if isinstance(model, BaseModel):
            if option is not None:
                raise TypeError("Pool: option is for a file; this model is loaded already")
        else:
            model = _load(model, option)
        if _ending:
            raise Error("Pool: the interpreter is about to end")
        kind = next((each for each in type(model).__mro__ if each in _POOLS), None)
        if kind is None:
            raise TypeError(f"Pool: there is no pool for a {type(model).__name__}")
        if for_one is not None and not isinstance(for_one, kind):
            raise TypeError(f"Pool: for_one must be a {kind.__name__}, as the model is; found {type(for_one).__name__}")
        one = for_one._core if for_one is not None else None
        self._core = _POOLS[kind](model._core, one, contexts, largest_batch, longest_wait, queue_length, when_full)
        self._result_class: type[R] = model._result_class
        self._bgr = model._bgr
        _pools.add(self)

    # --- predicting

    @overload
    def predict(self, images: list[Any] | tuple[Any, ...]) -> list[R]: ...
    @overload
    def predict(self, images: Any) -> R: ...
    def predict(self, images: Any) -> R | list[R]:
        """What the network finds in one image; for a list or tuple of images a list of results, in their order.

        Images are those of BaseModel.predict(). Those of a list enter the queue a few at a time, so that other callers'
        images come in between; if one fails, those that were not run yet are cancelled, and its error is raised.

        Raises QueueFullError if the queue is full and the pool is to refuse, and ClosedError if it is closed.
        """
        if isinstance(images, (list, tuple)):
            readables = [readable(image, self._bgr) for image in images]
            return [self._result_class(*parts) for parts in self._core.predict_all(readables)]
        return self._result_class(*self._core.predict(readable(images, self._bgr)))

    def submit(self, image: Any, *, timeout: float | None = None, when_full: WhenFull | None = None) -> PoolFuture[R]:
        """Puts an image into the queue and returns a future: at once, or, if the queue is full, as `when_full` says.

        The pixels of an array are read where they are: they must not change until the future is done. The pool keeps
        the array alive. An array whose pixels are not side by side is copied before submit() returns.

        timeout: seconds in which the image's run must begin; otherwise it is not run (DeadlineError).
        when_full: instead of the pool's. In a coroutine a pool that blocks would hold up the event loop: take "refuse"
            there, or `await asyncio.to_thread(pool.submit, image)`.

        Raises QueueFullError, or ClosedError if the pool is closed. Callbacks of the future are called by a thread of
        the pool, one at a time.
        """
        return self._submit(readable(image, self._bgr), timeout, when_full)

    def _submit(self, pixels: Any, timeout: float | None, when_full: str | None) -> PoolFuture[R]:
        future: PoolFuture[R] = PoolFuture()
        kind = self._result_class
        ticket = self._core.submit(pixels, timeout, when_full, lambda parts, error: future._end(kind, parts, error))
        if not future.done():
            future._ticket = ticket
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
        flight: collections.deque[PoolFuture[R]] = collections.deque()

        def land() -> R | Exception:
            try:
                return flight.popleft().result()
            except Exception as error:
                if return_errors:
                    return error
                raise

        most = self._core.in_flight
        try:
            for image in images:
                try:
                    future = self._submit(readable(image, self._bgr), None, "block")
                except Exception as error:  # of this image, when it is its turn
                    future = PoolFuture()
                    future.set_exception(error)
                flight.append(future)
                while flight and (len(flight) >= most or flight[0].done()):
                    yield land()
            while flight:
                yield land()
        finally:
            for future in flight:
                future.cancel()

    # --- what it is and does

    @property
    def contexts(self) -> int:
        """Runs at the same time."""
        return self._core.contexts

    @property
    def largest_batch(self) -> int:
        """Most images in one run."""
        return self._core.largest_batch

    @property
    def queue_length(self) -> int:
        """Most images that wait."""
        return self._core.queue_length

    def info(self) -> ModelInfo:
        """What is known of the model."""
        return info_of(self._core.info())

    def metrics(self) -> _core.PoolMetrics:
        """What the pool has done and is doing; any time, also when it is closed. See also prometheus()."""
        return self._core.metrics()

    # --- its end

    def close(self, drain: bool = True) -> None:
        """Accepts no more images, and returns when all that it has are done. Twice is no mistake.

        drain: images that wait are run; otherwise they get ClosedError. Runs that have begun are finished either way.
        """
        self._core.close(drain)

    def __enter__(self) -> Pool[R]:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self.close(drain=kind is None)

    def __reduce__(self) -> Any:
        raise TypeError("a Pool has threads and cannot be pickled or copied; its model can")

    def __repr__(self) -> str:
        return (
            f"Pool({self._result_class.__name__}, contexts={self.contexts}, largest_batch={self.largest_batch}, "
            f"queue_length={self.queue_length})"
        )


def prometheus(pools: Mapping[str, Pool[Any] | _core.PoolMetrics]) -> str:
    """Metrics of pools in Prometheus' text format, version 0.0.4; each by the name given here, as the label "pool".

    The names of the metrics begin with "trtyolo_pool_". To be served with the content type
    "text/plain; version=0.0.4; charset=utf-8".
    """
    return _core.prometheus({name: one.metrics() if isinstance(one, Pool) else one for name, one in pools.items()})


def _load(file: str | os.PathLike[str], option: InferOption | None) -> BaseModel[Any]:
    kept = copy.copy(option) if option is not None else InferOption()
    if "streams" not in kept._values:
        kept.set_streams(0)
    return load_model(file, kept)


_ending = False
_pools: weakref.WeakSet[Pool[Any]] = weakref.WeakSet()


def _close_all() -> None:
    """Callbacks need the interpreter: none may come when it ends."""
    global _ending
    _ending = True
    for pool in list(_pools):
        pool.close(drain=False)


atexit.register(_close_all)
