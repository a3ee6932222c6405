"""What a benchmark has measured, as JSON."""

from __future__ import annotations

import json
import pathlib
from typing import Any


def write_json(found: dict[str, Any], where: str | None) -> None:
    """Into a file, or to standard output for "-"; nowhere if that was not asked for."""
    if not where:
        return
    text = json.dumps(found, indent=1) + "\n"
    if where == "-":
        print(text, end="")
    else:
        pathlib.Path(where).write_text(text)
