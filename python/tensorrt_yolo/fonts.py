"""Text of any script in images: fonts of this machine, one after the other until each character is found."""

from __future__ import annotations

import subprocess
import warnings
from functools import lru_cache
from itertools import groupby
from typing import Any

# Where there is no fontconfig: what Windows, macOS and Linux have in their folders of fonts, where Pillow looks.
_USUAL = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "segoeui.ttf", "Arial.ttf"),
    *("NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "msyh.ttc", "msgothic.ttc"),
    *("malgun.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf"),
)
_NO_CHARACTER = "\U0010ffff"  # which no font has


def parts_of(text: str, size: int) -> list[tuple[str, Any]]:
    """The text in parts, each with the font, of `size` pixels, that has its characters."""
    text = text.encode("utf-8", "replace").decode()  # bytes that are no text, as question marks
    text = " ".join(text.split())  # a label has one line
    return [("".join(part), _opened(name, size)) for name, part in groupby(text, _font_with)]


@lru_cache(maxsize=None)
def _names() -> tuple[tuple[str, int], ...]:
    """File and number of fonts, the first choice first; "" is the one that Pillow brings."""
    command = ["fc-match", "--sort", "--format=%{file}\t%{index}\n", "sans"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.splitlines()
        found = [(file, int(index)) for file, index in (line.split("\t") for line in lines)]
    except (OSError, ValueError, subprocess.SubprocessError):
        found = []
    return (*found, *((name, 0) for name in _USUAL), ("", 0))


@lru_cache(maxsize=256)
def _opened(name: tuple[str, int], size: int) -> Any:
    """The font; None if it is not there, or cannot be drawn in this size."""
    from PIL import ImageFont

    try:
        return ImageFont.truetype(name[0], size, name[1]) if name[0] else ImageFont.load_default(size)
    except OSError:
        return None


@lru_cache(maxsize=None)
def _font_with(character: str) -> tuple[str, int]:
    """The first font that has the character; if none has, the last, which draws a box for it, and that is said once."""
    for name in _names():
        font = _opened(name, 32)
        if font and (character == " " or _drawn(font, character) != _drawn(font, _NO_CHARACTER)):
            return name
    _say_missing()
    return _names()[-1]


@lru_cache(maxsize=1)
def _say_missing() -> None:
    warnings.warn(
        "no font of this machine has some of the characters in the names of classes, so boxes are drawn for them; "
        "install one that has, such as Debian's fonts-noto-cjk for Chinese, Japanese and Korean",
        stacklevel=3,
    )


def _drawn(font: Any, character: str) -> tuple[Any, bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)
