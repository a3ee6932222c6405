"""What python -m tensorrt_yolo predict reads, and its files, part by part."""

import time

import cv2
import numpy as np
import pytest

from tensorrt_yolo.program import reading
from tensorrt_yolo.program.names import OutputNames
from tensorrt_yolo.program.video import Video

PAGES = [np.full((40, 50, 3), 20 * i, np.uint8) for i in range(5)]


@pytest.fixture
def calls(monkeypatch):
    """The calls of OpenCV's decoders, by their names."""
    made = []
    for name in ("imdecodemulti", "imdecodeanimation"):
        original = getattr(cv2, name)

        def counting(*arguments, original=original, name=name, **named):
            made.append(name)
            return original(*arguments, **named)

        monkeypatch.setattr(cv2, name, counting)
    return made


def test_pages_are_decoded_one_by_one(calls):
    data = cv2.imencodemulti(".tiff", PAGES)[1].tobytes()
    pages = reading._pages(data)
    assert next(pages)[0, 0, 0] == 0
    assert len(calls) == 1
    assert [page[0, 0, 0] for page in pages] == [20, 40, 60, 80]


def test_frames_of_animations_are_decoded_piece_by_piece(calls):
    animation = cv2.Animation()
    animation.frames = PAGES
    animation.durations = [100] * len(PAGES)
    data = cv2.imencodeanimation(".png", animation)[1].tobytes()
    for most, pieces in ((0, 3), (2 * PAGES[0].nbytes, 3), (1 << 30, 2)):
        calls.clear()
        frames = list(reading._animation(data, most))
        assert [round(seconds, 3) for _, seconds in frames] == [0, 0.1, 0.2, 0.3, 0.4]
        assert [int(pixels[0, 0, 0]) for pixels, _ in frames] == [0, 20, 40, 60, 80]
        assert len(calls) == pieces


def test_naming_takes_time_that_grows_with_the_number_of_sources():
    def seconds(count):
        names = OutputNames(None, [])
        begin = time.process_time()
        for i in range(count):
            names.claim(f"clip{i}", several=True)
            names.claim("same", several=True)
            names.claim("same_1", several=False)
        return time.process_time() - begin

    seconds(100)
    few = min(seconds(1000) for _ in range(3))
    assert seconds(4000) < 10 * max(few, 1e-3)


def test_saved_videos_keep_the_size_of_their_first_frame(tmp_path):
    video = Video(str(tmp_path / "out.mp4"), 10, np.zeros((48, 64, 3), np.uint8))
    video.add(np.full((96, 72, 3), 200, np.uint8), 0.1)
    video.close()
    saved = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    first, second = saved.read()[1], saved.read()[1]
    assert first.shape == second.shape == (48, 64, 3)
    assert first.mean() < 10 and second.mean() == pytest.approx(200, abs=5)
