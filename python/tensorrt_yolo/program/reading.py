"""What predict reads: from the words of the command line to images and frames."""

from __future__ import annotations

import glob
import itertools
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tensorrt_yolo.errors import VideoError
from tensorrt_yolo.files import is_image
from tensorrt_yolo.images import pixels_of
from tensorrt_yolo.program.memory import PixelBudget
from tensorrt_yolo.program.names import OutputNames
from tensorrt_yolo.program.terminal import one_line, say
from tensorrt_yolo.program.urls import fetch, is_url, path_of, without_passwords
from tensorrt_yolo.video import VideoFrame, VideoReader

_VIDEOS = frozenset(".3gp .asf .avi .flv .gif .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ts .webm .wmv".split())
_DEFAULT_RATE = 25
_MOST_BYTES = 256 << 20
_MOST_FRAMES = 1024  # at once


@dataclass
class Item:
    """An image or a frame, or why it could not be read."""

    source: str
    """For messages and results: no password of a URL, nothing that is not UTF-8."""
    pixels: Any = None
    """A VideoFrame, or an array in BGR."""
    error: str = ""
    save_error: str = ""
    """Why files of it are missing; the result stands."""
    taken: int = 0
    """Bytes of the budget of pixels that it has."""
    frame: int = 0
    """How many frames or pages came before."""
    time: float | None = None
    """Of a frame: seconds from the first one."""
    rate: float = 0
    """Frames a second of the video; 0 if not known."""
    video: bool = False
    """A frame of what is saved as a video, not an image."""
    several: bool = False
    """One of several of its source: files of its own are numbered."""
    name: str = ""
    """Of files that are made of the source, without folder and extension."""
    suffix: str = ""
    """The extension of the source's name."""
    depth_file: str = ""
    """Of an image's depth, if that was saved."""
    depth_scale: float = 0
    """Metres for each step of its values."""

    def add_save_error(self, problem: str) -> None:
        self.save_error = "; ".join(filter(None, (self.save_error, problem)))

    def bgr(self) -> Any:
        """The pixels to be drawn on."""
        return self.pixels.to_bgr() if isinstance(self.pixels, VideoFrame) else self.pixels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        if isinstance(self.pixels, VideoFrame):
            return self.pixels.width, self.pixels.height
        return self.pixels.shape[1], self.pixels.shape[0]

    def pixel_bytes(self, *, drawn: bool) -> int:
        """What the pixels take, and may take as BGR if they are `drawn`."""
        planes = self.pixels.planes if isinstance(self.pixels, VideoFrame) else [self.pixels]
        taken = sum(math.prod(plane.shape) for plane in planes)
        return max(taken, 3 * math.prod(self.size)) if drawn else taken

    @property
    def file_name(self) -> str:
        """Of a file that is made of this item alone, without folder and extension."""
        return f"{self.name}_{self.frame + 1}" if self.several else self.name


class Reader:
    """Reads the sources, one after the other."""

    def __init__(self, names: OutputNames, budget: PixelBudget, *, gpu: int | None, quiet: bool) -> None:
        """No image or frame that is larger than `budget` is decoded. Videos are decoded on this GPU."""
        self._names = names
        self._gpu = gpu
        self._budget = budget
        os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(budget.total // 3)  # read when OpenCV is loaded
        self._quiet = quiet

    def items(self, file: str) -> Iterator[Item]:
        """The image, the pages, the frames, or why there are none."""
        shown = without_passwords(file) if is_url(file) else os.fsencode(file).decode(errors="replace")
        path = path_of(file) if is_url(file) and not os.path.exists(file) else file
        stem, suffix = os.path.splitext(os.path.basename(path))
        item = Item(shown, suffix=suffix)
        try:
            for one in self._read(item, file):
                item.name = one.name = item.name or self._names.claim(stem or "image", several=one.several)
                yield one
        except OSError as error:
            yield replace(item, error=error.strerror or str(error))
        except Exception as error:  # of this source
            yield replace(item, error=self._reason(error))

    def _reason(self, error: Exception) -> str:
        if "CV_IO_MAX_IMAGE_PIXELS" in str(error):
            most = self._budget.total // 10**6
            return f"the image takes more than the {most} MB that all pictures at a time may take (--pixel-memory)"
        return reason_of(error)

    def _read(self, item: Item, file: str) -> Iterator[Item]:
        if is_url(file) and not os.path.exists(file) and not file.startswith("file://"):
            yield from self._images(item, fetch(file))
            return
        if file.startswith("file://") and not os.path.exists(file):
            file = path_of(file)
        if is_video(file) and not file.lower().endswith(".gif") and os.access(file, os.R_OK):
            yield from self._frames(item, file)
        elif os.path.isdir(file) or (glob.has_magic(file) and not os.path.exists(file)):
            yield replace(item, error="there is no image or video")
        else:
            yield from self._images(item, _bytes_of(file, max(self._budget.total, _MOST_BYTES)))

    def _images(self, item: Item, data: bytes) -> Iterator[Item]:
        """The image, the pages of a TIFF file, or the frames of an animation."""
        if not data:
            raise ValueError("the file is empty")
        several = several_of(data)
        if several == "frames":
            frames = _animation(data, self._budget.total // 4)
            if frames is None:
                self._warn(item, "only the first of its frames is read")
            elif len(first := list(itertools.islice(frames, 2))) > 1:
                rate = 1 / first[1][1] if first[1][1] > 0 else _DEFAULT_RATE
                for number, (pixels, time) in enumerate(itertools.chain(first, frames)):
                    yield replace(item, pixels=pixels, frame=number, time=time, rate=rate, video=True, several=True)
                return
        if several == "pages":
            pages = _pages(data)
            if len(begin := list(itertools.islice(pages, 2))) > 1:
                for number, pixels in enumerate(itertools.chain(begin, pages)):
                    yield replace(item, pixels=pixels, frame=number, several=True)
                return
        yield replace(item, pixels=pixels_of(data, True, ""))

    def _frames(self, item: Item, file: str) -> Iterator[Item]:
        # A name is no more than that: FFmpeg takes 12:30.mp4 for a URL, and - for standard input.
        place = file if os.path.isabs(file) else os.path.join(".", file)
        count, time = 0, 0.0
        try:
            # Pipes may be slow.
            options: dict[str, Any] = {"gpu": self._gpu, "open_timeout": 0, "read_timeout": 0, "bgr": True}
            with VideoReader(place, max_pixel_bytes=self._budget.total, **options) as video:
                for frame in video:
                    if count == 0 and video.why_no_gpu:
                        self._warn(item, f"decoded on the CPU: {video.why_no_gpu}")
                    count, time = count + 1, frame.time
                    yield replace(
                        item, pixels=frame, frame=count - 1, time=time, rate=video.fps, video=True, several=True
                    )
                self._warn_of_losses(item, video, count, time)
        except VideoError as error:
            yield replace(item, error=_reason_of_video(error, place), frame=count)

    def _warn_of_losses(self, item: Item, video: VideoReader, count: int, time: float) -> None:
        """Says what a video lacks of which so many frames were read, up to this time."""
        if damaged := video.counts["corrupt"]:
            self._warn(item, f"{damaged} damaged parts of it were left out")
        # Headers may be off by a few frames; where frames do not come at a constant rate, their number is a guess.
        nearly = video.frames - video.frames // 50 - 2
        if count < nearly and time * video.fps < nearly:
            self._warn(item, f"the file says that it has {video.frames} frames, and only {count} can be read")

    def _warn(self, item: Item, what: str) -> None:
        if not self._quiet:
            say(f"tensorrt_yolo: warning: {one_line(item.source)}: {what}")


def reason_of(error: Exception) -> str:
    """What went wrong, in words."""
    return "there is not enough memory for it" if isinstance(error, MemoryError) else str(error) or type(error).__name__


def _reason_of_video(error: VideoError, place: str) -> str:
    """What VideoReader says of the source, without its name and in the program's words."""
    text = str(error).removeprefix(without_passwords(place) + ": ")
    return text.replace("VideoOption::maxPixelBytes", "--pixel-memory")


def _bytes_of(file: str, most: int) -> bytes:
    """Of a file, a pipe or a device; ValueError if there are more than `most`."""
    with open(file, "rb") as stream:
        data = stream.read(_MOST_BYTES)
        while more := stream.read(_MOST_BYTES):
            data += more
            if len(data) > most:
                raise ValueError(f"it is larger than {most >> 20} MiB, which is the most")
    return data


def is_video(file: str) -> bool:
    """Whether the name ends as videos' names do."""
    return os.path.splitext(file)[1].lower() in _VIDEOS


def is_readable(file: str) -> bool:
    return is_image(file) or is_video(file)


def several_of(data: bytes) -> str:
    """What a file of this kind may have several of, "frames" or "pages"; else nothing."""
    if data.startswith(b"GIF8"):
        return "frames"
    if data.startswith(b"\x89PNG\r\n\x1a\n") and b"acTL" in data[: max(data.find(b"IDAT"), 0)]:
        return "frames"
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) > 20 and data[20] & 2:
        return "frames"
    if data[4:12] == b"ftypavis":
        return "frames"
    return "pages" if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") else ""


def _animation(data: bytes, most: int) -> Iterator[tuple[Any, float]] | None:
    """Frames, and the time of each, at most about `most` bytes of them at once (but two); nothing if this OpenCV does
    not read animations."""
    try:
        import cv2
    except ImportError:
        return None
    if not hasattr(cv2, "imdecodeanimation"):
        return None
    encoded = np.frombuffer(data, np.uint8)

    def frames() -> Iterator[tuple[Any, float]]:
        start, count, time = 0, 2, 0.0
        while True:
            try:
                well, found = cv2.imdecodeanimation(encoded, start, count)
            except cv2.error:
                return
            if not well:
                return
            for pixels, duration in zip(found.frames, found.durations):
                yield np.ascontiguousarray(pixels[..., :3]), time
                time += max(int(duration), 1) / 1000
            if len(found.frames) < count:
                return
            start, count = start + count, max(2, min(most // max(found.frames[0].nbytes, 1), _MOST_FRAMES))

    return frames()


def _pages(data: bytes) -> Iterator[Any]:
    """One after the other, so that only one is in memory."""
    try:
        import cv2
    except ImportError:
        return
    encoded = np.frombuffer(data, np.uint8)
    for page in itertools.count():
        try:
            pixels = cv2.imdecodemulti(encoded, cv2.IMREAD_COLOR, range=(page, page + 1))[1]
        except cv2.error:
            return
        if not pixels:
            return
        yield pixels[0]
