"""GET /metrics: what the pools do, and how requests end, in Prometheus' text format."""

from __future__ import annotations

import collections

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import tensorrt_yolo as ty
from tensorrt_yolo.serving.service import Service

_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NAME = "trtyolo_service_requests_total"


class Requests:
    """Counts requests by door ("http", "grpc") and status."""

    def __init__(self) -> None:
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()

    def add(self, door: str, status: str) -> None:
        """Once a request."""
        self._counts[door, status] += 1

    def prometheus(self) -> str:
        """In Prometheus' text format; both labels have few values, all of them ours."""
        lines = [f"# HELP {_NAME} Requests, by how they ended.", f"# TYPE {_NAME} counter"]
        for (door, status), count in sorted(self._counts.items()):
            lines.append(f'{_NAME}{{door="{door}",status="{status}"}} {count}')
        return "\n".join(lines) + "\n"


def routes(service: Service, requests: Requests) -> list[Route]:
    """The address of this door."""

    async def metrics(request: Request) -> Response:
        text = ty.prometheus({served.name: served.pool for served in service.models}) + requests.prometheus()
        return Response(text, media_type=_TYPE)

    return [Route("/metrics", metrics, methods=["GET"])]
