"""Files that are written beside what they will replace."""

from __future__ import annotations

import os
import secrets


def new_file_beside(name: str, suffix: str = "") -> str:
    """The name of an empty file in the folder of `name`, which ends with `suffix` and which nobody had before: another
    process may be at the same `name`, or have planted a link. It is short, as `name` may be as long as names can be.
    """
    while True:
        part = os.path.join(os.path.dirname(name), f".tensorrt_yolo.{secrets.token_hex(8)}{suffix}")
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666))
        except FileExistsError:
            continue
        except OSError as error:
            error.filename = name  # not the name that the user did not give
            raise
        return part
