"""The extension module that reads videos, by FFmpeg's libraries."""

from typing import Any

class Reader:
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    codec: str
    gpu: int | None
    why_no_gpu: str
    counts: dict[str, int]
    def __init__(
        self,
        source: str | bytes,
        *,
        gpu: int | None,
        threads: int,
        open_timeout: float,
        read_timeout: float,
        rtsp_over_tcp: bool,
        upright: bool,
        bgr: bool,
        keep_corrupt: bool,
        max_pixel_bytes: int,
        format: str,
        ffmpeg_options: list[tuple[str, str]],
    ) -> None: ...
    def read(self) -> tuple[Any, ...] | None: ...
    def skip(self) -> bool: ...
    def interrupt(self) -> None: ...
    def close(self) -> None: ...

def without_passwords(text: str) -> str: ...
def drain() -> None: ...
def forget_threads() -> None: ...
