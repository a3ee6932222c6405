"""What the program prints: the one place where text goes to the terminal."""

from __future__ import annotations

import re
import sys
from typing import TextIO

# Controls of 7 and of 8 bits, but for the line end and the tab; those that turn the direction of what follows; and
# bytes that are no text, as Python has them in names of files.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with what would steer a terminal, and bytes that are no text, written out (\\x1b, \\u202e): names of
    files and of classes, and what others say in errors, are anybody's."""
    return _STEERING.sub(_written_out, text)


def one_line(name: str) -> str:
    """A name as printable() has it, without line ends, which would begin a message of their own."""
    return printable(name).replace("\n", "\\n")


def say(text: str, file: TextIO | None = None) -> None:
    """Prints a line, to standard error unless told otherwise."""
    print(printable(text), file=sys.stderr if file is None else file)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
