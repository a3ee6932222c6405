"""The command `batch` in a process of its own, and folders of small pictures for it."""

import collections
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pyarrow.parquet as pq

NOT_AN_IMAGE = 7  # of a folder that write_pictures() has made, the picture that is damaged


def write_pictures(folder, count):
    """So many JPEG files of 64 x 64 pixels, of which one is damaged; 40 files' bytes again and again."""
    folder.mkdir()
    random = np.random.default_rng(7)
    pixels = random.integers(0, 255, (min(count, 40), 64, 64, 3), np.uint8)
    files = [cv2.imencode(".jpg", one)[1].tobytes() for one in pixels]
    for i in range(count):
        (folder / f"{i}.jpg").write_bytes(b"no image" if i == NOT_AN_IMAGE else files[i % len(files)])
    return folder


def start_batch(*arguments, **environment):
    command = [sys.executable, "-X", "faulthandler", "-m", "tensorrt_yolo", "batch", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def run_batch(*arguments, timeout=600, **environment):
    """Gives the exit status and what was said."""
    process = start_batch(*arguments, **environment)
    with contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        _, said = process.communicate(timeout=timeout)
    return process.returncode, said


def wait_for_parts(process, out, least, seconds=300):
    """Waits until the job has so many parts, and is not at its end; gives their names."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        parts = list(pathlib.Path(f"{out}.job").glob("*-*.parquet"))
        if len(parts) >= least:
            assert process.poll() is None, process.communicate()
            return {part.name for part in parts}
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.005)
    raise AssertionError("there are no parts")


def end(process, number=signal.SIGKILL):
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


def check_rows(out, folder, count):
    """Each picture has one row, in the order of the names, and only the damaged one has an error. Gives the table."""
    table = pq.read_table(out)
    paths = table["path"].to_pylist()
    twice = [path for path, times in collections.Counter(paths).items() if times > 1]
    assert not twice and paths == [str(folder / f"{i}.jpg") for i in range(count)]
    failed = [i for i, error in enumerate(table["error"].to_pylist()) if error is not None]
    assert failed == [NOT_AN_IMAGE]
    found = [len(objects or []) for objects in table["objects"].to_pylist()]
    assert found == [0 if i == NOT_AN_IMAGE else 2 for i in range(count)]
    return table
