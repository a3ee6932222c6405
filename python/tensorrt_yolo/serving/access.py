"""Who may ask: a token, and no pages of other sites."""

from __future__ import annotations

import hmac
import ipaddress
import re
import urllib.parse
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tensorrt_yolo.serving.door import refused
from tensorrt_yolo.serving.refusals import Refusal

#: Paths that need no token: what tells that the service lives, and what a browser needs to ask for the token.
_OPEN_PATHS = ("/", "/docs", "/openapi.json", "/v2/health/live", "/v2/health/ready")
_OPEN_FOLDER = "/page/"


@dataclass(frozen=True)
class Access:
    """Who may ask.

    token: that requests must bring as `Authorization: Bearer TOKEN`; "": none is needed.
    only_loopback: requests must name this machine's loopback as their host, so that no other name that is made to
        point there lets the pages of its site in (DNS rebinding).
    """

    token: str = ""
    only_loopback: bool = False

    def check_token(self, authorization: str) -> None:
        """Raises Refusal unless the header, or gRPC's metadata, of this name brings the token."""
        if not self.token:
            return
        scheme, _, given = authorization.partition(" ")
        # In constant time, so that no answer tells how much of a token was right.
        right = hmac.compare_digest(given.strip().encode(errors="replace"), self.token.encode(errors="replace"))
        if scheme.lower() != "bearer" or not right:
            raise Refusal(401, "This service needs a token: send the header 'Authorization: Bearer TOKEN'.")

    def check_site(self, headers: Headers) -> None:
        """Raises Refusal for requests that a page of another site has its browser send."""
        host = headers.get("host", "")
        if self.only_loopback and not is_loopback(_name_of(host)):
            raise Refusal(403, f"The service is on the loopback of its machine only, not at {host[:100]!r}.")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise Refusal(403, f"Pages of other sites ({origin[:100]!r}) may not use this service.")


def is_loopback(host: str) -> bool:
    """Whether an address, or a name of one, can be reached from its own machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def token_in(file: str) -> str:
    """The token that a file has on its first line. Raises OSError, and ValueError for what is none."""
    with open(file, encoding="utf-8") as opened:
        token = opened.readline().strip()
    if not token:
        raise ValueError(f"--token-file {file}: its first line is empty")
    if not re.fullmatch("[!-~]+", token):
        raise ValueError(f"--token-file {file}: a token must have ASCII's letters, digits and signs only")
    return token


class AccessControl:
    """Lets those requests through to an application that may ask."""

    def __init__(self, application: ASGIApp, access: Access) -> None:
        self._application, self._access = application, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        path = scope["path"]
        try:
            self._access.check_site(headers)
            if path not in _OPEN_PATHS and not path.startswith(_OPEN_FOLDER):
                self._access.check_token(headers.get("authorization", ""))
        except Refusal as refusal:
            await refused(refusal)(scope, receive, send)
            return
        await self._application(scope, receive, send)


def _name_of(host: str) -> str:
    """Without the port, and an IPv6 address without its brackets."""
    try:
        return urllib.parse.urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
