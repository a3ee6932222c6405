"""What processes take of the processor, by Linux's /proc."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable

_TICKS = os.sysconf("SC_CLK_TCK")  # of a second


def processor_seconds(root: int) -> dict[int, float]:
    """Seconds of processor time that each process below this one has taken so far."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(folder.name)] = int(fields[1])
        seconds[int(folder.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
    return {process: taken for process, taken in seconds.items() if _is_below(process, root, parents)}


def taken_between(before: dict[int, float], after: dict[int, float], kind_of: Callable[[str], str]) -> dict[str, float]:
    """What processes that are still there have taken between two calls, by the kind of their command line."""
    found: dict[str, float] = {}
    for process, seconds in after.items():
        kind = kind_of(_command(process))
        found[kind] = found.get(kind, 0.0) + seconds - before.get(process, 0.0)
    return found


def _is_below(process: int, root: int, parents: dict[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == root:
            return True
    return False


def _command(process: int) -> str:
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
