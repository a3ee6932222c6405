"""A job's folder, for one process at a time."""

from __future__ import annotations

import fcntl
import os

LOCK = "lock"
"""The name of the file in the folder. It goes with the folder, and means nothing once its process has ended."""


class FolderLock:
    """The folder, made if it is missing, is this process's until close().

    Raises BlockingIOError if another process has it, and OSError. What a process that was killed has left behind keeps
    nobody out.
    """

    def __init__(self, folder: str) -> None:
        self._file = -1
        while self._file < 0:
            os.makedirs(folder, exist_ok=True)
            try:
                file = os.open(os.path.join(folder, LOCK), os.O_RDWR | os.O_CREAT, 0o666)
            except FileNotFoundError:
                continue  # another process has just ended its job, and removed the folder
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(file).st_nlink > 0:  # else removed between the two calls: it keeps nobody out
                    self._file = file
            except BlockingIOError:
                raise BlockingIOError(f"another process is at the job in '{folder}'; wait until it has ended") from None
            finally:
                if self._file < 0:
                    os.close(file)

    def close(self) -> None:
        """Lets other processes have the folder. Twice is no mistake."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
