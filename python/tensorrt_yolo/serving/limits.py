"""Limits: what a request may take in bytes, pictures and seconds. All are on by default; see also memory.py."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request

from tensorrt_yolo.serving.memory import lease_of
from tensorrt_yolo.serving.refusals import Refusal

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What requests may take."""

    body_bytes: int = 32 * MEGABYTE
    """Most bytes of a request's body, or of a message of gRPC."""
    pictures: int = 64
    """Most pictures of a request."""
    deadline: float = 30.0
    """Seconds in which the run of a picture must begin; requests may ask for less."""
    header_seconds: float = 10.0
    """In which the head of a request must arrive, from its first byte, or from the connection's beginning."""
    body_seconds: float = 60.0
    """In which the body of a request must arrive. Answers must be read as fast: a longer one may take longer."""
    idle_seconds: float = 75.0
    """How long a connection may stay open between two requests."""
    header_bytes: int = 64 << 10
    """Most bytes of the head of a request."""
    connections: int = 4096
    """Most connections at a time by HTTP, and most calls at a time by gRPC."""


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a request, which its lease pays for. Raises Refusal."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise Refusal(415, f"A body must not be compressed; found the Content-Encoding {encoding[:40]!r}.")
    _check_size(int(request.headers.get("content-length", 0)), limits)
    parts: list[bytes] = []
    size = 0
    async for part in _parts_of(request, limits.body_seconds):
        parts.append(part)
        lease_of(request).take(len(part))
        size += len(part)
        _check_size(size, limits)
    return b"".join(parts)


def _check_size(size: int, limits: Limits) -> None:
    most = limits.body_bytes
    if size > most:
        raise Refusal(413, f"A body may have {most} bytes ({most / MEGABYTE:g} MiB); this one has more.")


async def _parts_of(request: Request, seconds: float) -> AsyncIterator[bytes]:
    until = time.monotonic() + seconds
    more = True
    while more:
        try:
            message = await asyncio.wait_for(request.receive(), until - time.monotonic())
        except asyncio.TimeoutError:
            raise Refusal(408, f"The body did not arrive within {seconds:g} seconds.") from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        yield message.get("body", b"")
