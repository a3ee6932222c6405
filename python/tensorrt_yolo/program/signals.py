"""Ctrl-C and SIGTERM: they end the program at once, or as soon as its results are complete."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time

from tensorrt_yolo.program import writing

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 5  # seconds without progress after the first signal


class Signals:
    """While entered, SIGINT and SIGTERM end the process in whatever call it is, with the status 130 or 143, and remove
    its unfinished files; after finish_first() the first one only sets `stopped`.

    A thread of its own waits for them: Python's handlers run only when calls of other libraries are over. Outside of
    the main thread, where handlers cannot be set, nothing changes.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.status = 0
        """128 and the signal's number, once `stopped` is set."""
        self._finishes = False
        self._alive = time.monotonic()
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Signals:
        if threading.current_thread() is not threading.main_thread():
            return self
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._ends[1].fileno(), warn_on_full_buffer=False)
        self._handlers = [signal.signal(number, lambda *_: None) for number in _SIGNALS]
        threading.Thread(target=self._watch, args=(self._ends[0],), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._ends is None:
            return
        for number, handler in zip(_SIGNALS, self._handlers):
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._ends[1].close()  # the thread ends

    def finish_first(self) -> None:
        """From now on the first signal sets `stopped`, and the process must end soon."""
        self._finishes = True

    def progress(self) -> None:
        """To be called again and again after a signal: who does not for some seconds is held up, and is ended."""
        self._alive = time.monotonic()

    def _watch(self, end: socket.socket) -> None:
        while True:
            end.settimeout(0.5 if self.stopped.is_set() else None)
            try:
                received = end.recv(1)
            except TimeoutError:
                if time.monotonic() - self._alive > _PATIENCE:
                    leave(self.status)
                continue
            if not received:
                end.close()
                return
            if received[0] not in _SIGNALS:
                continue
            if not self._finishes or self.stopped.is_set():
                leave(128 + received[0])
            self.status = 128 + received[0]
            self._alive = time.monotonic()
            self.stopped.set()


def leave(status: int) -> None:
    """Ends the process without waiting for anything; unfinished files go."""
    writing.remove_unfinished()
    os._exit(status)
