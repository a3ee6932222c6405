"""Images through a pool to rows."""

from __future__ import annotations

import collections
import dataclasses
import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from tensorrt_yolo.batch.rows import Row, failed_row, row_of
from tensorrt_yolo.errors import ClosedError, DeviceError
from tensorrt_yolo.files import fingerprint
from tensorrt_yolo.models import Model
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.pool import Pool
from tensorrt_yolo.results import Result

#: These are not the image's fault: as a row's error they would have the job finished without results.
_OF_THE_MACHINE = (ClosedError, DeviceError, MemoryError, ImportError)
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


@dataclasses.dataclass(frozen=True)
class PoolSetup:
    """How a pool is made, here or on another machine, which must have the model's file by the same name."""

    file: str
    option: InferOption
    contexts: int = 0
    """Runs at the same time. 0: what keeps the machine busy."""
    digest: str = ""
    """What fingerprint() of the file must be; "": it is not looked at."""
    devices: Sequence[int] | Literal["all"] | None = None
    """As Pool has them."""

    def pool(self) -> Pool[Result]:
        """Loads the model. Raises what Pool raises, and ValueError if the file is not the one that was meant."""
        if self.digest and fingerprint(self.file) != self.digest:
            raise ValueError(f"the model file '{self.file}' is not the same on every machine, or was changed since")
        values = self.option.values()
        model: Model[Result] = Model(self.file, InferOption(**{"streams": self.contexts, **values}))
        return Pool(model, contexts=self.contexts, devices=self.devices)


def rows_of(pool: Pool[Result], images: Iterable[Any]) -> Iterator[Row]:
    """The row of each image, in their order: paths, bytes of image files, or arrays.

    Images are taken as they are needed. One that cannot be read has a row with an error; what is not an image's fault,
    such as a GPU that failed, is raised.
    """
    taken: collections.deque[Any] = collections.deque()  # those in flight, the oldest first, for the words of errors

    def noted() -> Iterator[Any]:
        for image in images:
            taken.append(image if isinstance(image, (str, bytes)) else None)
            yield image

    for outcome in pool.map(noted(), return_errors=True):
        image = taken.popleft()
        if isinstance(outcome, Exception) and _is_of_the_machine(outcome):
            raise outcome
        yield failed_row(_reason(image, outcome)) if isinstance(outcome, Exception) else row_of(outcome)


def shown(path: str) -> str:
    """A path as text in UTF-8: other bytes of names are replaced."""
    return os.fsencode(path).decode(errors="replace")


def _is_of_the_machine(error: Exception) -> bool:
    return isinstance(error, _OF_THE_MACHINE) or (isinstance(error, OSError) and error.errno in _NO_MORE_FILES)


def _reason(image: str | bytes | None, error: Exception) -> str:
    """What is wrong with an image, without its name."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    name = f"{len(image)} bytes" if isinstance(image, bytes) else f"'{image}'"
    return str(error).removeprefix(f"predict: {name}: ").removeprefix("predict: ") or type(error).__name__
