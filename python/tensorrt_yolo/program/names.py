"""Names of the files that predict writes."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence

_NUMBERED = re.compile(r"(.*)_[0-9]+", re.DOTALL)
_LONGEST = 255 - 20  # bytes that file systems take, without numbers and the extension
_IN_COLOUR = frozenset(".bmp .dib .jp2 .jpe .jpeg .jpg .png .pnm .ppm .tif .tiff .webp".split())
_WITHOUT_LOSS = frozenset([".apng", ".gif", ".pbm", ".pgm"])  # and not in colour, or not to be written


class OutputNames:
    """Gives each source a name, from which all files that are made of it have theirs, as the C++ program does.

    So the label file of im/NAME.jpg is lb/NAME.txt. No source in the folder of annotated images is written over.
    """

    def __init__(self, folder: str | None, sources: Sequence[str]) -> None:
        self._taken: set[str] = set()
        self._numbered: set[str] = set()  # of taken names NAME_1, NAME_2 and so on: NAME
        self._series: set[str] = set()
        self._numbers: dict[tuple[str, bool], itertools.count[int]] = {}  # that are still to be tried
        if folder is None:
            return
        files = map(os.path.realpath, sources)
        for file in files:
            if os.path.dirname(file) == os.path.realpath(folder):
                self._take(os.path.splitext(os.path.basename(file))[0])

    def claim(self, stem: str, *, several: bool) -> str:
        """`stem`, or if that is taken stem_2, stem_3 and so on (behind a video of that name stem-2).

        several: files are NAME_1, NAME_2 and so on, and none of those is taken.
        """
        whole = _shortened(stem)
        between = "-" if whole in self._series else "_"  # NAME_2 would be the second frame
        name = whole
        if not self._is_free(name, several):
            # Names that were taken stay taken.
            numbers = self._numbers.setdefault((whole + between, several), itertools.count(2))
            name = next(name for number in numbers if self._is_free(name := f"{whole}{between}{number}", several))
        self._take(name)
        if several:
            self._series.add(name)
        return name

    def _take(self, name: str) -> None:
        self._taken.add(name)
        if numbered := _NUMBERED.fullmatch(name):
            self._numbered.add(numbered[1])

    def _is_free(self, name: str, several: bool) -> bool:
        if name in self._taken:
            return False
        numbered = _NUMBERED.fullmatch(name)
        if numbered and numbered[1] in self._series:
            return False
        return not several or name not in self._numbered


def image_suffix(suffix: str) -> str:
    """The extension under which an annotated image is saved: its own if such files hold colour."""
    small = suffix.lower()
    return suffix if small in _IN_COLOUR else ".png" if small in _WITHOUT_LOSS else ".jpg"


def _shortened(name: str) -> str:
    data = os.fsencode(name)
    if len(data) <= _LONGEST:
        return name
    return os.fsdecode(data[:_LONGEST].decode(errors="ignore").encode() if _is_utf8(data) else data[:_LONGEST])


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
