"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


def bar(total: float | None, what: str, *, quiet: bool, unit: str = "", form: str | None = None) -> Any:
    """A bar that appears when the work takes more than a second; `total` is None where nobody knows."""
    hidden = quiet or not sys.stderr.isatty()
    return tqdm(
        total=total, desc=what, unit=unit, delay=1, leave=False, disable=hidden, file=sys.stderr, bar_format=form
    )
