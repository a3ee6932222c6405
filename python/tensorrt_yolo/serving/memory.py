"""Memory that requests hold together: bodies, and results that have a value for each pixel."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from tensorrt_yolo.results import Result
from tensorrt_yolo.serving.refusals import Refusal

_KEY = "trtyolo.lease"


class Memory:
    """So many bytes, for all requests together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0
        """Now."""

    def lease(self) -> Lease:
        """What one request takes of it, nothing so far."""
        return Lease(self)

    @property
    def is_full(self) -> bool:
        """Whether requests hold more than they may."""
        return self.taken > self._most


class Lease:
    """What a request holds, until its answer is sent."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def take(self, size: int) -> None:
        """Takes so many bytes more. Raises Refusal if all requests together hold too many then."""
        self._memory.taken += size
        self._taken += size
        if self._memory.is_full:
            raise Refusal(503, "The service holds as many bytes of requests as it may; try again later.", retry_after=1)

    def end(self) -> None:
        """Gives all back."""
        self._memory.taken -= self._taken
        self._taken = 0


def lend(scope: Scope, lease: Lease) -> None:
    """Gives a request of HTTP its lease."""
    scope[_KEY] = lease


def lease_of(request: Request) -> Lease:
    """The lease of a request of HTTP."""
    lease: Lease = request.scope[_KEY]
    return lease


def map_bytes(result: Result) -> int:
    """What a result holds for the pixels of its picture; others take next to nothing."""
    return sum(part.nbytes for part in (result.semantic, result.depth) if part is not None)
