"""URLs on the command line: pictures from web servers, and what URLs are called in messages and results."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request

_MOST_BYTES = 256 << 20
_PATIENCE = 15  # seconds
_HIDDEN = "***"
_SECRET = re.compile(r"(?i)([?&][^=&#]*(?:pass|pwd|token|secret|key|auth|signature|credential)[^=&#]*=)[^&#\s'\"]*")


def is_url(text: str) -> bool:
    return "://" in text


def without_passwords(text: str) -> str:
    """`text` with *** in place of the users and passwords of URLs in it, as the C++ program shows them."""

    def hide(found: re.Match[str]) -> str:
        scheme, rest = found[1], found[2]
        end = re.search(r"[/?#]|$", rest)
        authority = rest[: end.start()] if end else rest
        at = authority.rfind("@")
        port = authority.rpartition(":")[2] if ":" in authority else ""
        if at < 0 and port and not port.isdigit() and not rest.startswith("["):
            at = rest.rfind("@")  # a password with a slash in it
        return scheme + (_HIDDEN + rest[at:] if at > 0 else rest)

    return _SECRET.sub(rf"\1{_HIDDEN}", re.sub(r"([A-Za-z0-9+.-]+://)([^\s'\"<>]+)", hide, text))


def fetch(url: str) -> bytes:
    """The picture behind a URL of http or https. Raises ValueError, without the URL in its text."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError("cameras and streams are read by the C++ program, trtyolo predict")
    where = parts.hostname or ""
    where = (f"[{where}]" if ":" in where else where) + (f":{parts.port}" if parts.port else "")
    plain = urllib.parse.urlunsplit((parts.scheme, where, parts.path or "/", parts.query, ""))
    handlers: list[urllib.request.BaseHandler] = []
    if parts.username is not None:
        known = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        user, password = (urllib.parse.unquote(text or "") for text in (parts.username, parts.password))
        known.add_password(None, plain, user, password)
        handlers = [urllib.request.HTTPBasicAuthHandler(known), urllib.request.HTTPDigestAuthHandler(known)]
    try:
        with urllib.request.build_opener(*handlers).open(plain, timeout=_PATIENCE) as answer:
            kind = answer.headers.get_content_type()
            if kind.startswith(("multipart/", "video/", "audio/")):
                raise ValueError("a stream or video, which the C++ program reads from URLs: trtyolo predict")
            data: bytes = answer.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            raise ValueError("the server has no such file (HTTP 404)") from None
        raise ValueError(f"cannot be fetched: HTTP {error.code}") from None
    except OSError as error:
        raise ValueError(f"cannot be fetched: {getattr(error, 'reason', None) or error}") from None
    if len(data) > _MOST_BYTES:
        raise ValueError("what the server sends is larger than 256 MiB")
    if not data:
        raise ValueError("the server sends nothing")
    return data


def path_of(url: str) -> str:
    """The path of a URL, percent signs decoded."""
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path)
