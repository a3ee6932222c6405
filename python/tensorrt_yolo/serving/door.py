"""What the doors of HTTP share: answers in JSON, and work that ends when its client goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tensorrt_yolo.serving.refusals import Refusal

T = TypeVar("T")


def as_json(value: Any) -> str:
    """Compact; what is no text (bytes of names) is replaced."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def answer(value: Any, status: int = 200) -> Response:
    """A response in JSON."""
    return Response(as_json(value), status, media_type="application/json")


def refused(refusal: Refusal) -> Response:
    """{"error": the sentence}, as the protocol has it."""
    response = answer({"error": refusal.sentence}, refusal.status)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="trtyolo"'
    return response


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, after the request's body was read. Cancels it if the client has gone (ClientDisconnect)."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        gone.cancel()
        task.cancel()
