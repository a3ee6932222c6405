"""What pictures and videos the arguments of a command name, and reading them one after the other."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tensorrt_yolo.files import is_picture, natural

_VIDEOS = frozenset(".3gp .asf .avi .flv .gif .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split())
_NETWORK_TIMEOUT = 15_000  # milliseconds


@dataclass
class Source:
    """A picture, a video, a camera or a stream."""

    name: str
    """As given, or as found in a folder."""
    kind: str
    """"picture", "video", "camera", "stream" or "missing"."""
    frames: int | None = 1
    """As far as the file knows; None where nobody does."""

    @property
    def stem(self) -> str:
        """For names of output files."""
        if self.kind == "camera":
            return f"camera{self.name}"
        if self.kind == "stream":
            place = self.name.split("://", 1)[1]
            host, slash, rest = place.partition("/")
            return re.sub(r"[^0-9A-Za-z]", "_", host.rpartition("@")[2] + slash + rest)[:100]  # without a password
        return os.path.splitext(os.path.basename(self.name))[0]


@dataclass
class Item:
    """A picture or a frame, or why it could not be read."""

    source: Source
    frame: int = 0
    pixels: np.ndarray | None = None
    """BGR. None: a picture that the worker is to read."""
    error: str = ""
    result: Any = None
    rate: float = field(default=0, repr=False)
    """Frames a second of the video."""


def expand(arguments: Sequence[str]) -> list[Source]:
    """The sources that arguments mean; folders and patterns in natural order."""
    return [source for argument in arguments for source in _of(argument)]


def _of(argument: str) -> list[Source]:
    if re.fullmatch(r"\d{1,3}", argument) and not os.path.exists(argument):
        return [Source(argument, "camera", None)]
    if "://" in argument:
        return [Source(argument, "stream", None)]
    if os.path.isdir(argument):
        names = sorted(os.listdir(argument), key=natural)
        found = [os.path.join(argument, name) for name in names if is_picture(name) or _is_video(name)]
        return [_file(file) for file in found] or [Source(argument, "missing")]
    if os.path.exists(argument) or not glob.has_magic(argument):
        return [_file(argument)]
    found = sorted((file for file in glob.glob(argument, recursive=True) if os.path.isfile(file)), key=natural)
    return [_file(file) for file in found] or [Source(argument, "missing")]


def _is_video(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _VIDEOS


def _file(file: str) -> Source:
    if is_picture(file) or not os.path.isfile(file):
        return Source(file, "picture")
    if not _is_video(file):
        import cv2

        if cv2.haveImageReader(file):
            return Source(file, "picture")
    return Source(file, "video", None)


def items(sources: Sequence[Source]) -> Iterator[Item]:
    """Every picture and frame. Pictures are left to be read by whoever works on them: see read_picture()."""
    for source in sources:
        if source.kind == "missing":
            problem = "no picture or video in it" if os.path.isdir(source.name) else "no file has a name like that"
            yield Item(source, error=problem)
        elif source.kind == "picture":
            yield Item(source)
        else:
            yield from _frames(source)


def read_picture(item: Item) -> None:
    """Fills `pixels`, or `error`."""
    import cv2

    try:
        data = np.fromfile(item.source.name, np.uint8)
    except OSError as error:
        item.error = error.strerror or str(error)
        return
    item.pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if item.pixels is None:
        item.error = "not a picture that OpenCV can read"


def _frames(source: Source) -> Iterator[Item]:
    import cv2

    if source.kind == "video" and not os.access(source.name, os.R_OK):
        yield Item(source, error="the file cannot be read")
        return
    if source.kind == "camera":
        video = cv2.VideoCapture(int(source.name))
    else:
        # GStreamer's back end waits without end for a damaged file.
        backend = cv2.CAP_FFMPEG if cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG) else cv2.CAP_ANY
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _NETWORK_TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _NETWORK_TIMEOUT]
        video = cv2.VideoCapture(source.name, backend, limits if source.kind == "stream" else [])
    try:
        if not video.isOpened():
            yield Item(source, error="it cannot be opened, or is in a format that OpenCV does not know")
            return
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        source.frames = count if source.kind == "video" and count > 0 else None
        rate = video.get(cv2.CAP_PROP_FPS)
        number = 0
        while True:
            there, pixels = video.read()
            if not there:
                break
            yield Item(source, number, pixels, rate=rate if 0 < rate < 1000 else 25)
            number += 1
        if number == 0:
            yield Item(source, error="there is no frame in it")
    finally:
        video.release()
