"""examples/encoded.py and video.py: what they print. multi_thread_process.py has a file of its own."""

import pathlib
import re
import subprocess
import sys

import pytest
from conftest import DATA, SHAPES

import tensorrt_yolo as ty

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
PEOPLE = DATA / "people" / "people.onnx"


def run(example, *arguments):
    command = [sys.executable, EXAMPLES / example, *arguments]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)


def test_encoded_names_what_is_damaged_and_goes_on(tmp_path):
    good, damaged = DATA / "people" / "frames" / "0600.jpg", tmp_path / "damaged.jpg"
    damaged.write_bytes(good.read_bytes()[:5000])
    done = run("encoded.py", PEOPLE, good, damaged, good)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == lines[2] == f"{good}: 6 objects"
    assert lines[1].startswith(f"{damaged}: ") and "objects" not in lines[1]
    assert re.fullmatch(r"[02] decoded on a GPU, [02] on the CPU, 1 damaged", lines[3]), lines[3]
    assert run("encoded.py", PEOPLE, good).returncode == 0


def test_video_gives_every_frame_with_its_time():
    video = pathlib.Path(__file__).parents[1] / "app" / "inputs" / "vfr.mp4"
    try:
        ty.VideoReader(video)
    except ty.VideoError as error:
        pytest.skip(str(error))
    done = run("video.py", SHAPES / "detect.onnx", video)
    assert done.returncode == 0, done.stderr
    *frames, last = done.stdout.splitlines()
    times = [i / 10 for i in range(10)] + [1, 2, 3, 4, 5]
    assert [line.split(":")[0] for line in frames] == [f"frame {i} at {time:g} s" for i, time in enumerate(times)]
    assert all(re.search(r": [1-9]\d* objects$", line) for line in frames), frames
    assert re.fullmatch(r"(0|15) frames decoded on a GPU, (0|15) on the CPU, 0 damaged", last), last


def test_a_video_that_is_not_there_is_an_error(tmp_path):
    done = run("video.py", PEOPLE, tmp_path / "none.mp4")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("video: ") and "none.mp4" in done.stderr
