"""The service as an ASGI application, for any server of such; server.py runs it with uvicorn."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tensorrt_yolo.serving import inference_http, metrics, openapi, page, predicting
from tensorrt_yolo.serving.access import Access, AccessControl
from tensorrt_yolo.serving.door import refused
from tensorrt_yolo.serving.limits import Limits
from tensorrt_yolo.serving.memory import lend
from tensorrt_yolo.serving.metrics import Requests
from tensorrt_yolo.serving.refusals import Refusal
from tensorrt_yolo.serving.service import Service

_PART = 256 << 10  # bytes of an answer that are handed over at a time
_CLIENT_GONE = 499  # nobody reads it; for the metrics


def make_application(
    service: Service,
    limits: Limits | None = None,
    access: Access | None = None,
    requests: Requests | None = None,
) -> ASGIApp:
    """The application over this service. It does not close it.

    access: without one anybody may ask who reaches the server.
    requests: where requests are counted, to share it with another door.
    """
    limits = limits or Limits()
    requests = requests or Requests()
    routes = [
        *page.routes(),
        *openapi.routes(),
        *predicting.routes(service, limits),
        *inference_http.routes(service, limits),
        *metrics.routes(service, requests),
    ]
    handlers = {Refusal: _refused, HTTPException: _not_found, ClientDisconnect: _gone, Exception: _failed}
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False
    return _Outermost(AccessControl(application, access or Access()), service, requests)


class _Outermost:
    """Gives requests their leases, counts them, and closes connections when the service is to end."""

    def __init__(self, application: ASGIApp, service: Service, requests: Requests) -> None:
        self._application, self._service, self._requests = application, service, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.add("http", str(message["status"]))
                headers = [*message.get("headers", []), (b"x-content-type-options", b"nosniff")]
                if not self._service.ready:
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            for part in _parts_of(message):
                await send(part)

        if scope["type"] != "http":
            return
        lease = self._service.memory.lease()
        lend(scope, lease)
        try:
            await self._application(scope, receive, counted)
        finally:
            lease.end()


def _parts_of(message: Message) -> Iterator[Message]:
    """A long body in parts, which are sent as the client reads: so its memory is held for as long as the lease."""
    body = message.get("body", b"")
    for at in range(0, len(body) - _PART, _PART):
        yield {**message, "body": body[at : at + _PART], "more_body": True}
    yield {**message, "body": body[(len(body) - 1) // _PART * _PART :]} if len(body) > _PART else message


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.url.path[:200]}"
    sentence = f"There is nothing at {where}." if error.status_code == 404 else f"{where}: {error.detail}."
    response = refused(Refusal(error.status_code, sentence))
    response.headers.update(error.headers or {})
    return response


async def _gone(request: Request, error: Exception) -> Response:
    return refused(Refusal(_CLIENT_GONE, "The client has gone."))


async def _failed(request: Request, error: Exception) -> Response:
    return refused(Refusal(500, "The service failed; its log has the reason."))
