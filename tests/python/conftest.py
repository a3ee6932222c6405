"""What the tests of the Python package share: data, pictures, a tiny network, and programs in processes of their own.

They test the installed package (scripts/python-test installs a wheel into an environment of its own).
Environment: TRTYOLO_DATA, the folder that holds people/ and shapes/ (default: data/ of this checkout); TRTYOLO_SLOW=1
for the tests that take minutes.
"""

import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import cv2
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

DATA = pathlib.Path(os.environ.get("TRTYOLO_DATA", pathlib.Path(__file__).parents[2] / "data"))
SHAPES = DATA / "shapes"
TASKS = ("classify", "detect", "obb", "segment", "pose")  # that have a trained network; the others have test_maps.py

# Started in the background by a shell without job control, processes ignore Ctrl-C, and those that they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

no_videos = "" if importlib.util.find_spec("tensorrt_yolo._video") else "the package was built without FFmpeg"
needs_videos = pytest.mark.skipif(bool(no_videos), reason=no_videos)
slow = pytest.mark.skipif(os.environ.get("TRTYOLO_SLOW") != "1", reason="takes minutes; TRTYOLO_SLOW=1 runs it")


def model_file(task):
    return SHAPES / f"{task}.onnx"


def references(task):
    """(picture file, what Ultralytics says of it) of every picture of a task."""
    folder = SHAPES if task == "detect" else SHAPES / task
    return [(folder / image["source"], image) for image in json.loads((folder / "golden.json").read_text())["images"]]


def picture(task="detect", index=0):
    """A picture of a task, BGR."""
    return cv2.imread(str(references(task)[index][0]))


def same(a, b):
    """Whether two results are equal to the bit."""
    return type(a) is type(b) and repr(a) == repr(b) and a.to_dict() == b.to_dict()


# Arrays that show themselves in one way only.


class OnlyArrayInterface:
    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


class OnlyDlpack:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def run_python(code, timeout=120, **arguments):
    """Runs `code` in a process of its own, with DATA's path in sys.argv[1]."""
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code), str(DATA)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **arguments)


GROWTH = """
import gc, os
import numpy as np
import tensorrt_yolo as ty

option = ty.InferOption(task="segment", names=["a", "b"], threads=1)
images = [np.full((120, 160, 3), value, np.uint8) for value in (10, 90, 200)]

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

{work}
work({warm})
gc.collect()
before = resident()
work({calls})
gc.collect()
print(resident() - before)
"""


def memory_growth(model, work, calls):
    """By how many bytes a process grows, of which nothing is known but this, while the function work(calls) runs in it.

    `work` is its code, which knows `model` (a file), `option` and `images`.
    """
    work = f"model = {str(model)!r}\n" + textwrap.dedent(work)
    done = run_python(GROWTH.format(work=work, warm=1500, calls=calls), timeout=120 + calls / 10)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def write_tiny_segmenter(folder):
    """A network of 64 x 64 pixels that finds the same three masks in every picture, as OpenVINO IR."""
    boxes = np.zeros((1, 4 + 2 + 32, 8), np.float32)
    for i, (x, y, side) in enumerate([(16, 16, 20), (44, 20, 24), (30, 48, 28)]):
        boxes[0, :4, i] = x, y, side, side
        boxes[0, 4 + i % 2, i] = 0.9 - 0.1 * i
        boxes[0, 6 + i, i] = 1
    prototypes = np.zeros((1, 32, 16, 16), np.float32)
    y, x = np.mgrid[:16, :16]
    for i, (cx, cy) in enumerate([(4, 4), (11, 5), (7.5, 12)]):
        prototypes[0, i] = 6 - (x - cx) ** 2 - (y - cy) ** 2
    image = ops.parameter([1, 3, 64, 64], np.float32, name="images")
    nothing = ops.multiply(ops.reduce_mean(image, [0, 1, 2, 3]), np.float32(0))
    outputs = [ops.result(ops.add(ops.constant(values), nothing)) for values in (boxes, prototypes)]
    for i, output in enumerate(outputs):
        output.output(0).set_names({f"output{i}"})
    file = folder / "tiny.xml"
    ov.save_model(ov.Model(outputs, [image]), file, compress_to_fp16=False)
    return file


def write_nameless_detector(folder):
    """An end-to-end network that finds the same two objects in every picture, and names no class, as OpenVINO IR."""
    objects = np.array([[[8, 8, 40, 40, 0.9, 17], [20, 24, 60, 60, 0.8, 3], *[[0] * 6] * 6]], np.float32)
    image = ops.parameter([1, 3, 64, 64], np.float32, name="images")
    nothing = ops.multiply(ops.reduce_mean(image, [0, 1, 2, 3]), np.float32(0))
    output = ops.result(ops.add(ops.constant(objects), nothing))
    output.output(0).set_names({"output0"})
    file = folder / "nameless.xml"
    ov.save_model(ov.Model([output], [image]), file, compress_to_fp16=False)
    return file


@pytest.fixture(scope="session")
def nameless(tmp_path_factory):
    return write_nameless_detector(tmp_path_factory.mktemp("nameless"))


@pytest.fixture(scope="session")
def tiny_segmenter(tmp_path_factory):
    return write_tiny_segmenter(tmp_path_factory.mktemp("tiny"))
