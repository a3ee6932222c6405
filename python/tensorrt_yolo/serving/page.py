"""The page at /, and its files: all from this package, no other host is asked for anything."""

from __future__ import annotations

import pathlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = pathlib.Path(__file__).with_name("page")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def html(content: bytes | str) -> Response:
    """A page, which may use what this service serves, and nothing else."""
    return _file(content, ".html")


def routes() -> list[Route]:
    """The addresses of the page and its files."""

    def route(path: str, file: pathlib.Path) -> Route:
        content = file.read_bytes()

        async def serve(request: Request) -> Response:
            return _file(content, file.suffix)

        return Route(path, serve, methods=["GET"])

    files = [file for file in _FOLDER.iterdir() if file.suffix in _TYPES]
    return [route("/", _FOLDER / "index.html"), *(route(f"/page/{file.name}", file) for file in files)]


def _file(content: bytes | str, suffix: str) -> Response:
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return Response(content, headers=headers, media_type=_TYPES[suffix])
