"""What the library says while it works, as messages of Python's logger "tensorrt_yolo"."""

from __future__ import annotations

import atexit
import logging
import os
import threading

from tensorrt_yolo import _core

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


def start() -> None:
    """Called by the extension module when the library is first used.

    Messages come from any thread, with locks of the library held, so none may wait for the interpreter: they go through
    a pipe to a thread of their own.
    """
    source, pipe = os.pipe()
    os.set_blocking(pipe, False)  # what nobody reads is lost
    reader = threading.Thread(target=_read, args=(source,), name="tensorrt_yolo log", daemon=True)

    process = os.getpid()

    def end() -> None:
        if os.getpid() == process:  # a forked child has no reader
            _core.log_to(-1)
            os.close(pipe)
            reader.join(1)

    try:
        reader.start()
    except RuntimeError:
        return  # the interpreter is about to end
    atexit.register(end)
    _core.log_to(pipe)


def _read(source: int) -> None:
    """Hands over all messages: the number of a level, text in UTF-8 and a zero byte each."""
    logger = logging.getLogger("tensorrt_yolo")
    with open(source, "rb") as pipe:
        rest = b""
        while part := os.read(pipe.fileno(), 1 << 16):
            *messages, rest = (rest + part).split(b"\0")
            for message in messages:
                logger.log(_LEVELS[int(message[:1])], "%s", message[1:].decode(errors="replace"))
