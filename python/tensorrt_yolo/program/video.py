"""Annotated frames as videos."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from tensorrt_yolo.program.writing import new_file_beside

_HIGHEST_RATE = 240
_DEFAULT_RATE = 25
_LONGEST_GAP = 3600  # seconds; a longer one is a wrong time stamp


class Video:
    """An .mp4 of a constant rate that is as long as its source: a frame is repeated until the next one's time has come.

    The rate is known when the second frame is: that of the source, or more if these two are closer to each other.
    """

    def __init__(self, file: str, rate: float, first: Any) -> None:
        self._file = file
        self._part = new_file_beside(file, ".part.mp4")
        self._rate = rate if 0 < rate <= _HIGHEST_RATE else _DEFAULT_RATE
        self._last = first
        self._frames = 0
        self._open()

    def add(self, frame: Any, time: float) -> None:
        if self._frames == 0 and time > 0 and 1.02 * self._rate < (needed := min(1 / time, _HIGHEST_RATE)):
            self._rate = needed
            self._open()
        due = max(self._frames + 1, round(time * self._rate))
        for _ in range(min(due - self._frames, round(_LONGEST_GAP * self._rate))):
            self._write()
        self._last = frame

    def close(self) -> None:
        self._write()
        self._writer.release()
        os.replace(self._part, self._file)

    def _open(self) -> None:
        import cv2

        size = self._last.shape[1::-1]
        self._writer = cv2.VideoWriter(self._part, cv2.VideoWriter.fourcc(*"mp4v"), self._rate, size)
        if not self._writer.isOpened():
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._part)
            raise ValueError(f"OpenCV cannot make an MP4 video of {size[0]} x {size[1]} pixels")

    def _write(self) -> None:
        """The last frame, once more."""
        self._writer.write(self._last)
        self._frames += 1
