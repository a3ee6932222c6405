"""Files that are complete or not there."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Callable

_unfinished: set[str] = set()


class Part:
    """An empty file beside `name`, to be written to until it is complete; its own name, `path`, ends with `suffix`.

    Nobody had it before: another process may be at the same `name`, or have planted a link. It is short, as `name` may
    be as long as names can be. Raises OSError, with `name` as the file's.
    """

    def __init__(self, name: str, suffix: str = "") -> None:
        self.name = name
        while True:
            self.path = os.path.join(os.path.dirname(name), f".tensorrt_yolo.{secrets.token_hex(8)}{suffix}")
            _unfinished.add(self.path)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
                os.close(os.open(self.path, flags, 0o666))
            except OSError as error:
                _unfinished.discard(self.path)
                if isinstance(error, FileExistsError):
                    continue
                error.filename = name  # not the name that the user did not give
                raise
            return

    def put_in_place(self) -> None:
        """Gives the file its name, in the place of what has it: another file, a link, a pipe."""
        try:
            os.replace(self.path, self.name)
        except OSError as error:
            error.filename, error.filename2 = self.name, None
            raise
        _unfinished.discard(self.path)

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        _unfinished.discard(self.path)


def remove_unfinished() -> None:
    """Removes the parts that are not in their place yet."""
    for path in list(_unfinished):
        with contextlib.suppress(OSError):
            os.unlink(path)


def write_whole(name: str, write: Callable[[str], object], suffix: str = "") -> None:
    """Calls `write` with the path of a new file, which then replaces `name`."""
    part = Part(name, suffix)
    try:
        write(part.path)
        part.put_in_place()
    except BaseException:
        part.discard()
        raise


class OutputFile:
    """A file of text in UTF-8 that the user has named. It has its name when close() has been called.

    A link is followed. "-" is standard output; that, devices and pipes are written to directly. What is not text in
    Unicode is written as "?". Raises OSError.
    """

    def __init__(self, name: str) -> None:
        self.name = "standard output" if name == "-" else name
        path = os.path.realpath(name)
        self._part: Part | None = None
        if name == "-":
            self._descriptor = sys.stdout.fileno()
        elif os.path.exists(path) and not os.path.isfile(path):
            self._descriptor = os.open(path, os.O_WRONLY)
        else:
            self._part = Part(path)
            self._descriptor = os.open(self._part.path, os.O_WRONLY)

    def write(self, text: str) -> None:
        data = memoryview(text.encode("utf-8", "replace"))
        while data:
            data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        if self._part:
            os.close(self._descriptor)
            self._part.put_in_place()

    def discard(self) -> None:
        if self._part:
            self._part.discard()
