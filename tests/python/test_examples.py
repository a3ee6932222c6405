"""examples/encoded.py and video.py: what they print. multi_thread_process.py has a file of its own."""

import pathlib
import re
import subprocess
import sys

import pytest
from conftest import DATA

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


def test_video_gives_every_frame():
    try:
        ty.VideoReader(DATA / "people" / "street.mp4")
    except ty.VideoError as error:
        pytest.skip(str(error))
    done = run("video.py", PEOPLE, DATA / "people" / "street.mp4")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [f"frame {i} at {i / 10:g} s" for i in range(195)]
    assert sum(int(line.split()[-2]) for line in lines[:-1]) > 195
    assert re.fullmatch(r"(0|195) frames decoded on a GPU, (0|195) on the CPU, 0 damaged", lines[-1]), lines[-1]


def test_a_video_that_is_not_there_is_an_error(tmp_path):
    done = run("video.py", PEOPLE, tmp_path / "none.mp4")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.startswith("video: ") and "none.mp4" in done.stderr
