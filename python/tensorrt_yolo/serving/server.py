"""Runs the service: uvicorn for HTTP and grpcio for gRPC, in one event loop; both end without losing a request."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import resource
import socket
from collections.abc import Callable, Iterator

import uvicorn

from tensorrt_yolo.serving.access import Access
from tensorrt_yolo.serving.application import make_application
from tensorrt_yolo.serving.connections import limited_protocol
from tensorrt_yolo.serving.inference_grpc import make_grpc_server
from tensorrt_yolo.serving.limits import Limits
from tensorrt_yolo.serving.metrics import Requests
from tensorrt_yolo.serving.service import Service

_OTHER_FILES = 256  # that the process opens beside connections
_BACKLOG = 2048


@dataclasses.dataclass(frozen=True)
class Addresses:
    """Where the service listens. Port 0: one that is free."""

    host: str
    port: int
    grpc_port: int | None
    """None: no gRPC."""


class _Server(uvicorn.Server):
    """Leaves signals to the program."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    service: Service,
    addresses: Addresses,
    limits: Limits,
    access: Access,
    *,
    stop: asyncio.Event,
    drain_seconds: float,
    started: Callable[[int, int | None], None],
) -> None:
    """Serves until `stop` is set; then answers what has come, as long as that takes no more than `drain_seconds`.

    started: called with the ports when both listen.
    Raises OSError if an address cannot be had.
    """
    requests = Requests()
    limits = _within_open_files(limits)
    listener = _listener(addresses.host, addresses.port)
    grpc_server = make_grpc_server(service, limits, access, requests)
    grpc_port = None
    try:
        if addresses.grpc_port is not None:
            grpc_port = _bound(grpc_server, addresses.host, addresses.grpc_port)
            await grpc_server.start()
        config = uvicorn.Config(
            make_application(service, limits, access, requests),
            http=limited_protocol(limits),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=round(limits.idle_seconds),
            timeout_graceful_shutdown=max(1, round(drain_seconds)),
        )
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # what clients send is no news
        server = _Server(config)
        running = asyncio.ensure_future(server.serve([listener]))
        while not server.started and not running.done():
            await asyncio.sleep(0.01)
        if not running.done():
            started(listener.getsockname()[1], grpc_port)
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        service.ready = False
        await asyncio.gather(_drained(server, drain_seconds), grpc_server.stop(drain_seconds))
        await running
    finally:
        await grpc_server.stop(None)
        listener.close()


async def _drained(server: _Server, seconds: float) -> None:
    """Ends a server. Connections that are kept open get their next answer first, which tells clients to close them: one
    that is closed while a request is on its way would lose it."""
    loop = asyncio.get_running_loop()
    until = loop.time() + min(seconds, 2.0)
    while server.server_state.connections and loop.time() < until:
        await asyncio.sleep(0.02)
    server.should_exit = True


def _listener(host: str, port: int) -> socket.socket:
    (family, kind, protocol, _, address), *_ = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{host}, port {port}: {error.strerror}") from None
    return listener


def _bound(server: object, host: str, port: int) -> int:
    name = f"[{host}]" if ":" in host else host
    try:
        bound: int = server.add_insecure_port(f"{name}:{port}")  # type: ignore[attr-defined]
    except RuntimeError:
        bound = 0
    if not bound:
        raise OSError(f"{host}, port {port}: gRPC cannot listen there")
    return bound


def _within_open_files(limits: Limits) -> Limits:
    """Lets the process open as many files as it may, and takes fewer connections where that is not enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return dataclasses.replace(limits, connections=max(16, min(limits.connections, soft - _OTHER_FILES)))
    return limits
