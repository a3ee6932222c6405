"""What all doors of the service share: its models, and how pictures go through their pools."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import tensorrt_yolo as ty
from tensorrt_yolo import _core
from tensorrt_yolo.errors import CancelledError
from tensorrt_yolo.serving.memory import Lease, Memory, map_bytes
from tensorrt_yolo.serving.models import Models, Served
from tensorrt_yolo.serving.refusals import Refusal, refusal_of

Picture = bytes | memoryview
T = TypeVar("T")
_WITH_PIXELS = ("segment", "semantic", "depth")


class Service:
    """Models by name, each behind one pool, which all callers of all doors share.

    Coroutines are for one event loop; make and close it outside of them.
    """

    def __init__(
        self,
        files: Mapping[str, str | os.PathLike[str]],
        option: ty.InferOption | None = None,
        *,
        folder: str | os.PathLike[str] | None = None,
        classes: Sequence[str] = (),
        memory_bytes: int = 1 << 30,
        **pool_options: Any,
    ) -> None:
        """files: model files by the names that addresses have.
        option: how all models are loaded; on a CPU with as many streams as suit it, unless it says how many.
        folder: of models that the repository calls of the protocol may load and unload. None: they are refused.
        classes: words for the classes that all models keep; none: all.
        memory_bytes: most that all requests together may hold, of bodies, and of results with a value for each pixel.
        pool_options: those of Pool, for each.

        Raises what Model and Pool raise.
        """
        values = option.values() if option is not None else {}
        kept = ty.InferOption(**{"streams": 0, **values})
        self.models = Models(files, kept, folder, lambda model: ty.Pool(model, **pool_options), tuple(classes))
        self.memory = Memory(memory_bytes)
        self.ready = True
        """Whether it wants requests; False from the beginning of its end."""

    async def run(
        self, served: Served, pictures: Sequence[Picture], seconds: float, lease: Lease
    ) -> list[ty.Result | Refusal]:
        """The result of each picture, or why it has none. The lease pays for what the results hold.

        Those of one request enter the queue as there is room, so that many do not take all of it. If the caller is
        cancelled, those that wait are, too.
        """
        until = time.monotonic() + seconds
        futures: list[asyncio.Future[ty.Result]] = []
        try:
            for picture in pictures:
                future = await _submitted(served, picture, until, futures)
                futures.append(asyncio.ensure_future(_paid(future, lease)))
            await asyncio.wait(futures)
        finally:
            for future in futures:
                if not future.cancel() and not future.cancelled():
                    future.exception()  # looked at: else asyncio complains, where the caller was cancelled
        return [_outcome(future) for future in futures]

    async def render(self, served: Served, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` makes of results: in a thread of its own where a value for each pixel makes that long."""
        if served.info.task in _WITH_PIXELS:
            return await asyncio.to_thread(work, *arguments)
        return work(*arguments)

    def close(self) -> None:
        """Runs all pictures that wait, and ends the pools."""
        self.ready = False
        self.models.close()


async def _paid(future: asyncio.Future[ty.Result], lease: Lease) -> ty.Result:
    result = await future
    lease.take(map_bytes(result))
    return result


async def _submitted(
    served: Served, picture: Picture, until: float, before: Sequence[asyncio.Future[ty.Result]]
) -> asyncio.Future[ty.Result]:
    encoded = _core.EncodedImage(picture, "", "")
    while True:
        try:
            left = max(until - time.monotonic(), 0.0)
            return asyncio.wrap_future(served.pool.submit(encoded, timeout=left, queue_full_policy="reject"))
        except ty.QueueFullError as error:
            own = [future for future in before if not future.done()]
            if own:
                await asyncio.wait(own, return_when=asyncio.FIRST_COMPLETED)
                continue
            reason: Exception = error
        except Exception as error:
            reason = error
        failed: asyncio.Future[ty.Result] = asyncio.get_running_loop().create_future()
        failed.set_exception(reason)
        return failed


def _outcome(future: asyncio.Future[ty.Result]) -> ty.Result | Refusal:
    if future.cancelled():
        return refusal_of(CancelledError())
    error = future.exception()
    return future.result() if error is None else refusal_of(error)
