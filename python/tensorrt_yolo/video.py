"""Videos, cameras and streams, read by FFmpeg: frames that predict() takes as the decoder made them."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Mapping
from types import ModuleType, TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.errors import VideoError
from tensorrt_yolo.formats import Image, _DeviceRows, _Rows


class VideoFrame:
    """A frame of a video: what predict() and pools take, with its place in the video.

    It keeps its pixels, and may be kept as long as one likes, also longer than its reader.
    """

    __slots__ = ("bgr", "corrupt", "gpu", "image", "mirrored", "number", "rotation", "time")

    image: Image | npt.NDArray[np.uint8]
    """As the decoder made it: NV12, I420, YUYV or grey of 16 bits; else an array (height, width[, 3])."""
    gpu: int | None
    """Whose memory the pixels are in; None: ordinary memory."""
    time: float
    """Seconds from the first frame, by the video's time stamps; rises from frame to frame."""
    number: int
    """From 0; frames that were skipped count, damaged ones that are not given do not."""
    rotation: int
    """By how many degrees clockwise it would have to be turned; 0 unless the reader's `upright` is off."""
    mirrored: bool
    """Whether it would then have to be mirrored left to right."""
    corrupt: bool
    """Damaged; with `keep_corrupt` only."""
    bgr: bool
    """Order of the channels of `image`, if it is an array of three: as the reader's `bgr`."""

    def __init__(self) -> None:
        raise TypeError("VideoFrame: made by VideoReader")

    @property
    def width(self) -> int:
        """Pixels."""
        return self.image.width if isinstance(self.image, Image) else int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return self.image.height if isinstance(self.image, Image) else int(self.image.shape[0])

    @property
    def planes(self) -> list[Any]:
        """The planes of `image` in memory: read-only arrays u8 (rows, bytes), or what has __cuda_array_interface__."""
        return list(self.image._planes) if isinstance(self.image, Image) else [self.image]

    def to_bgr(self) -> npt.NDArray[np.uint8]:
        """The pixels, to be drawn on, saved or shown: an array of its own u8 (height, width, 3), as OpenCV has images.

        They are converted as models convert them, by the frame's matrix and range, each sample of chroma for all pixels
        that it covers. A frame in a GPU's memory is copied from there first. It is not turned (`rotation`).
        """
        from tensorrt_yolo.images import readable  # which takes frames itself

        return _core.bgr_of(readable(self, self.bgr), self.bgr)

    def __repr__(self) -> str:
        kind = self.image.format if isinstance(self.image, Image) else "array"
        return f"VideoFrame({self.number}, {self.time:.3f} s, {kind}, {self.width} x {self.height})"


class VideoReader:
    """Reads the frames of a file, a URL (RTSP, HTTP and others), a device ("/dev/video0") or a pipe ("-").

        for frame in VideoReader("street.mp4"):
            result = model.predict(frame)

    What cannot be decoded is passed over and counted. For one thread at a time, but for interrupt() and close(); other
    Python threads run while it waits and decodes.

    gpu: decode on this GPU (NVDEC), for models on it; see `why_no_gpu`. threads: of a decoder
    on the CPU, 0: one a core. open_timeout, read_timeout: seconds of silence, 0: for ever. upright: turn frames that
    are to be turned. bgr: order of the channels of frames that are neither YUV nor grey. keep_corrupt: give damaged
    frames too. max_pixel_bytes: most bytes of a frame's pixels, three for each; 0: a quarter of the memory left.
    format: FFmpeg's name of a container or a kind of device. options: more of FFmpeg's options.

    Raises VideoError, VideoTimeoutError; ValueError for arguments that make no sense.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        *,
        gpu: int | None = None,
        threads: int = 0,
        open_timeout: float = 15,
        read_timeout: float = 15,
        rtsp_over_tcp: bool = True,
        upright: bool = True,
        bgr: bool = False,
        keep_corrupt: bool = False,
        max_pixel_bytes: int = 0,
        format: str = "",
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._reader = _module().Reader(
            os.fsencode(source),
            gpu=gpu,
            threads=threads,
            open_timeout=open_timeout,
            read_timeout=read_timeout,
            rtsp_over_tcp=rtsp_over_tcp,
            upright=upright,
            bgr=bgr,
            keep_corrupt=keep_corrupt,
            max_pixel_bytes=max_pixel_bytes,
            format=format,
            ffmpeg_options=list((options or {}).items()),
        )

    def read(self) -> VideoFrame | None:
        """The next frame; None at the end. What it raises ends the video: later calls raise the same."""
        found = self._reader.read()
        return None if found is None else _frame(*found)

    def skip(self) -> bool:
        """Passes over the next frame; False at the end."""
        return bool(self._reader.skip())

    def __iter__(self) -> Iterator[VideoFrame]:
        return self

    def __next__(self) -> VideoFrame:
        frame = self.read()
        if frame is None:
            raise StopIteration
        return frame

    def interrupt(self) -> None:
        """Ends a read() at work, and all later ones, with VideoInterruptedError."""
        self._reader.interrupt()

    def close(self) -> None:
        """Ends a read() at work, and lets the source go. Frames stay as they are."""
        self._reader.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def width(self) -> int:
        """Of frames, as the source says; 0 if it does not know."""
        return int(self._reader.width)

    @property
    def height(self) -> int:
        """Of frames, as the source says; 0 if it does not know."""
        return int(self._reader.height)

    @property
    def fps(self) -> float:
        """Frames a second, on average; 0 if the source does not know."""
        return float(self._reader.fps)

    @property
    def frames(self) -> int:
        """In all, as far as the source says; 0 if it does not know."""
        return int(self._reader.frames)

    @property
    def duration(self) -> float:
        """Seconds; 0 if the source does not know."""
        return float(self._reader.duration)

    @property
    def codec(self) -> str:
        """FFmpeg's name of it: "h264"."""
        return str(self._reader.codec)

    @property
    def gpu(self) -> int | None:
        """The GPU that frames are decoded on; None: the CPU. Known for sure when the first frame was read."""
        found = self._reader.gpu
        return None if found is None else int(found)

    @property
    def why_no_gpu(self) -> str:
        """Why frames are decoded on the CPU although a GPU was asked for; else empty."""
        return str(self._reader.why_no_gpu)

    @property
    def counts(self) -> dict[str, int]:
        """Frames so far: given, decoded on the "gpu" or the "cpu"; "skipped"; "corrupt", which were not given."""
        return dict(self._reader.counts)


_loaded: ModuleType | None = None


def _module() -> Any:
    """The extension module, which needs FFmpeg's libraries, loaded when the first video is opened."""
    global _loaded
    if _loaded is None:
        try:
            from tensorrt_yolo import _video
        except ImportError as error:
            raise VideoError(
                "VideoReader: this package was built without FFmpeg, or FFmpeg's libraries with which it was built are "
                f"not there: {error}"
            ) from None
        atexit.register(_video.drain)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_video.forget_threads)
        _loaded = _video
    return _loaded


def _frame(
    kind: str,
    planes: list[Any],
    width: int,
    height: int,
    channels: int,
    matrix: str,
    range: str,
    gpu: int | None,
    *rest: Any,
) -> VideoFrame:
    frame = object.__new__(VideoFrame)
    if gpu is not None:
        planes = [
            _DeviceRows({"version": 3}, pointer, (rows, size), pitch, owner)
            for pointer, rows, size, pitch, owner in planes
        ]
    frame.gpu = gpu
    frame.time, frame.number, frame.rotation, frame.mirrored, frame.corrupt, frame.bgr = rest
    if kind:
        values = (matrix, range, 0, 65535)
        frame.image = Image._made(kind, [_Rows(plane) for plane in planes], width, height, *values)
    else:
        (plane,) = planes
        strides = (plane.strides[0], channels, 1)
        frame.image = np.lib.stride_tricks.as_strided(plane, (height, width, channels), strides, writeable=False)
        frame.image = frame.image[:, :, 0] if channels == 1 else frame.image
    return frame
