"""How much memory decoded pixels may take, as in the C++ program."""

from __future__ import annotations

import os
import re
import threading

_NO_LIMIT = 1 << 62


class PixelBudget:
    """Bytes of all pixels that are read and not yet written. Any thread."""

    def __init__(self, total: int = 0) -> None:
        """total: 0 is a quarter of memory_left(), as decoders, drawing and encoders take up to three times as much."""
        self.total = total or memory_left() // 4
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


def memory_left() -> int:
    """Bytes that this process may still take, by the machine, its control group, and its own limits."""
    left = [_number("/proc/meminfo", r"MemAvailable:\s+(\d+)", _NO_LIMIT >> 10) << 10, _left_by_groups()]
    try:
        import resource
    except ImportError:
        return min(left)
    for limit, used in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY:
            left.append(max(most - (_number("/proc/self/status", rf"{used}:\s+(\d+)", 0) << 10), 0))
    return min(left)


def _left_by_groups() -> int:
    """What a control group and those around it leave; files that only are in the cache count as free."""
    left = _NO_LIMIT
    for controllers, path in re.findall(r"(?m)^\d+:([^:\n]*):(.*)$", _text("/proc/self/cgroup")):
        if controllers and "memory" not in controllers.split(","):
            continue
        root = "/sys/fs/cgroup/memory" if controllers else "/sys/fs/cgroup"
        most, now = (
            ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        )
        cached = r"(?m)^total_inactive_file (\d+)" if controllers else r"(?m)^inactive_file (\d+)"
        group = path.strip("/")
        while True:
            folder = os.path.join(root, group)
            limit = _number(os.path.join(folder, most), r"^(\d+)", _NO_LIMIT)
            used = _number(os.path.join(folder, now), r"^(\d+)", 0)
            used -= min(used, _number(os.path.join(folder, "memory.stat"), cached, 0))
            left = min(left, max(limit - used, 0))
            if not group:
                break
            group = os.path.dirname(group)
    return left


def _number(file: str, pattern: str, otherwise: int) -> int:
    found = re.search(pattern, _text(file))
    return int(found[1]) if found else otherwise


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
