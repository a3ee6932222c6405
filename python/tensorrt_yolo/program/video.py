"""Annotated frames as videos."""

from __future__ import annotations

import os
from typing import Any

from tensorrt_yolo.program.writing import Part

_HIGHEST_RATE = 240
_DEFAULT_RATE = 25
_LONGEST_GAP = 3600  # seconds; a longer one is a wrong time stamp


class Video:
    """An .mp4 of a constant rate that is as long as its source: a frame is repeated until the next one's time has come.

    The rate is known when the second frame is: that of the source, or more if these two are closer to each other.
    """

    def __init__(self, file: str, rate: float, first: Any) -> None:
        self._file = file
        self._part = Part(file, ".part.mp4")
        self._rate = rate if 0 < rate <= _HIGHEST_RATE else _DEFAULT_RATE
        self._size: tuple[int, int] = first.shape[1::-1]
        self._last = first
        self._frames = 0
        try:
            self._open()
        except BaseException:
            self._part.discard()
            raise

    def add(self, frame: Any, time: float) -> None:
        if self._frames == 0 and time > 0 and 1.02 * self._rate < (needed := min(1 / time, _HIGHEST_RATE)):
            self._rate = needed
            self._open()
        due = max(self._frames + 1, round(time * self._rate))
        for _ in range(min(due - self._frames, round(_LONGEST_GAP * self._rate))):
            self._write()
        self._last = self._sized(frame)

    def close(self) -> None:
        """Completes the file. Raises OSError or ValueError, and leaves nothing then."""
        import cv2

        try:
            self._write()
            self._writer.release()
            # OpenCV does not say that a frame could not be written.
            readable = round(
                cv2.VideoCapture(os.path.abspath(self._part.path), cv2.CAP_ANY).get(cv2.CAP_PROP_FRAME_COUNT)
            )
            if readable != self._frames:
                raise ValueError(f"of {self._frames} frames {readable} can be read back; is the disk full?")
            self._part.put_in_place()
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        self._writer.release()
        self._part.discard()

    def _open(self) -> None:
        import cv2

        width, height = self._size
        self._writer = cv2.VideoWriter(self._part.path, cv2.VideoWriter.fourcc(*"mp4v"), self._rate, self._size)
        if not self._writer.isOpened():
            raise ValueError(f"OpenCV cannot make an MP4 video of {width} x {height} pixels")

    def _sized(self, frame: Any) -> Any:
        """The frame in the size of the first: a source may change it, a video cannot."""
        import cv2

        if frame.shape[1::-1] == self._size:
            return frame
        return cv2.resize(frame, self._size, interpolation=cv2.INTER_AREA)

    def _write(self) -> None:
        """The last frame, once more."""
        self._writer.write(self._last)
        self._frames += 1
