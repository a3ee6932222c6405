"""GET /openapi.json: what the service offers, in OpenAPI's form; GET /docs: the same as a plain page."""

from __future__ import annotations

import html
import json
import pathlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tensorrt_yolo import _core
from tensorrt_yolo.serving import page
from tensorrt_yolo.serving.door import answer

_FILE = pathlib.Path(__file__).with_name("openapi.json")


def document() -> dict[str, Any]:
    """The description."""
    described: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    described["info"]["version"] = _core.version().split()[-1]
    return described


def routes() -> list[Route]:
    """The addresses of both."""
    described = document()
    text = _page(described)

    async def openapi(request: Request) -> Response:
        return answer(described)

    async def docs(request: Request) -> Response:
        return page.html(text)

    return [Route("/openapi.json", openapi, methods=["GET"]), Route("/docs", docs, methods=["GET"])]


def _page(described: dict[str, Any]) -> str:
    info = described["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>trtyolo: requests</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<link rel="stylesheet" href="page/page.css"></head><body class="docs"><main>',
        f"<h1>{_text(info['title'])} {_text(info['version'])}</h1><p>{_text(info['description'])}</p>",
        '<p><a href="openapi.json">openapi.json</a> · <a href="./">the page</a></p>',
    ]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(described, path, method, operation))
    return "".join([*parts, "</main></body></html>"])


def _operation(described: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [_row(_resolved(described, one)) for one in operation.get("parameters", [])]
    for kind in operation.get("requestBody", {}).get("content", {}):
        rows.append(f"<tr><th>body</th><td>{_text(kind)}</td></tr>")
    for status, response in operation["responses"].items():
        rows.append(f"<tr><th>{_text(status)}</th><td>{_text(_resolved(described, response)['description'])}</td></tr>")
    more = _text(operation.get("description", ""))
    return (
        f"<section><h2><code>{_text(method.upper())} {_text(path)}</code></h2>"
        f"<p>{_text(operation['summary'])}. {more}</p><table>{''.join(rows)}</table></section>"
    )


def _row(parameter: dict[str, Any]) -> str:
    return (
        f"<tr><th><code>{_text(parameter['name'])}</code></th>"
        f"<td>in the {_text(parameter['in'])}: {_text(parameter['description'])}</td></tr>"
    )


def _resolved(described: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    reference = one.get("$ref")
    if reference is None:
        return one
    found: Any = described
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    resolved: dict[str, Any] = found
    return resolved


def _text(value: str) -> str:
    return html.escape(value)
