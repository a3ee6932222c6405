"""How much memory decoded pixels may take, as in the C++ program."""

from __future__ import annotations

import threading

from tensorrt_yolo import _core


class PixelBudget:
    """Bytes of all pixels that are read and not yet written. Any thread."""

    def __init__(self, total: int = 0) -> None:
        """total: 0 is a quarter of what is left, as decoders, drawing and encoders take up to three times as much."""
        self.total = total or _core.memory_left() // 4
        self._taken = 0
        self._changed = threading.Condition()

    def require(self, count: int, what: str) -> None:
        """Raises ValueError if `what` needs more bytes than there are."""
        if count > self.total:
            mega, most = count // 10**6, self.total // 10**6
            raise ValueError(f"{what} takes {mega} MB, and all pictures at a time may take {most} MB (--pixel-memory)")

    def take(self, count: int, what: str) -> None:
        """Waits until there is room. Raises ValueError if there never will be."""
        self.require(count, what)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + count <= self.total)
            self._taken += count

    def give_back(self, count: int) -> None:
        with self._changed:
            self._taken -= count
            self._changed.notify_all()
