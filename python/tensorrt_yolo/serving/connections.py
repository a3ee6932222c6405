"""HTTP connections with limits: those that are slow, half open or too many cost nobody else anything.

A class of uvicorn's with timers: one runs whenever the client is to send or to read something.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tensorrt_yolo.serving.door import as_json
from tensorrt_yolo.serving.limits import Limits

_GRACE = 5.0  # seconds by which the body's timer is later than the application's, which can answer


class LimitedProtocol(HttpToolsProtocol):
    """One connection; see limited_protocol()."""

    _limits = Limits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._head_bytes = 0

    # --- the connection

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(503, "The service has as many connections as it may; try again later.")
        else:
            self._await_client(self._limits.header_seconds)

    def connection_lost(self, error: Exception | None) -> None:
        self._await_nothing()
        self._await_no_reader()
        super().connection_lost(error)

    # --- what the client sends

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        was_idle = not (self._in_head or self._in_body)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.header_bytes:
                self._refuse(431, f"The head of a request may have {self._limits.header_bytes} bytes.")
            elif was_idle:
                self._await_client(self._limits.header_seconds)
        elif was_idle and not self._in_body and (self.cycle is None or self.cycle.response_complete):
            self._await_client(self._limits.header_seconds)  # line ends before a request

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body = False, True
        self._await_client(self._limits.body_seconds + _GRACE)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._await_nothing()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "This is no request of HTTP/1.1 that can be understood.")

    # --- what the client reads

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._writing is None:  # for the whole answer, as slow as bodies may arrive
            share = self.cycle.expected_content_length / self._limits.body_bytes if self.cycle else 0
            self._writing = self.loop.call_later(self._limits.body_seconds * (1 + share), self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.cycle is None or self.cycle.response_complete:
            self._await_no_reader()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.flow.write_paused:
            self._await_no_reader()

    # --- timers

    def _await_client(self, seconds: float) -> None:
        self._await_nothing()
        self._reading = self.loop.call_later(seconds, self._too_slow)

    def _await_nothing(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _await_no_reader(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _too_slow(self) -> None:
        self._reading = None
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            self._refuse(408, f"The head of the request did not arrive within {self._limits.header_seconds:g} seconds.")
        else:
            self.transport.abort()

    def _refuse(self, status: int, sentence: str) -> None:
        text = as_json({"error": sentence}).encode()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(text)
        self.transport.write(STATUS_LINE[status] + head + text)
        self.transport.close()


def limited_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """The class, with these limits, as uvicorn takes it."""
    return type("LimitedProtocol", (LimitedProtocol,), {"_limits": limits})
