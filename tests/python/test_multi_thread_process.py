"""examples/multi_thread_process.py: threads and processes give what one model gives, in order, whatever happens."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from conftest import DATA, model_file, references

import tensorrt_yolo as ty

PROGRAM = pathlib.Path(__file__).parents[2] / "examples" / "multi_thread_process.py"
MODES = pytest.mark.parametrize("mode", ["threads", "processes"])


def command(*arguments):
    return [sys.executable, "-X", "faulthandler", str(PROGRAM), *map(str, arguments)]


def run(*arguments, timeout=120):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=timeout)


def expected(model, items):
    """What the program must say of [(source, frame, pixels)]: what one model says, one after the other."""
    images = []
    for source, frame, pixels in items:
        height, width = pixels.shape[:2]
        said = {"source": str(source), "frame": frame, "width": width, "height": height}
        images.append(said | model.predict(pixels).to_dict())
    return images


def write_pictures(folder, count, width=40, height=32):
    """Small pictures, all different and in different sizes; gives their files in the order of their numbers."""
    rng = np.random.default_rng(5)
    files = [folder / f"{i}.png" for i in range(count)]
    for i, file in enumerate(files):
        cv2.imwrite(str(file), rng.integers(0, 256, (height + i % 7, width + i % 5, 3), np.uint8))
    return files


def write_video(file, frames, width=160, height=120):
    rng = np.random.default_rng(6)
    video = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 25, (width, height))
    assert video.isOpened()
    for _ in range(frames):
        video.write(np.kron(rng.integers(0, 256, (height // 8, width // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    video.release()


def frames_of(file):
    video = cv2.VideoCapture(str(file))
    number = 0
    while True:
        there, pixels = video.read()
        if not there:
            return
        yield file, number, pixels
        number += 1


def tiny_model(file):
    return ty.SegmentModel(file, ty.InferOption(swap_rb=True, task="segment", names=["a", "b"]))


@pytest.fixture
def tiny(tmp_path_factory):
    """What the file of the tiny network does not say."""
    labels = tmp_path_factory.mktemp("labels") / "labels.txt"
    labels.write_text("a\nb\n")
    return ["--task", "segment", "--labels", labels]


def is_clean(done):
    """No complaint of the interpreter, nor of what watches over shared memory."""
    return not any(word in done.stderr for word in ("Traceback", "leaked", "Exception ignored", "Fatal"))


@MODES
@pytest.mark.parametrize("task", ["classify", "detect", "obb", "segment", "pose"])
def test_same_as_one_model(mode, task, tmp_path):
    pictures = [file for file, _ in references(task)[:4]]
    for file in pictures:
        shutil.copy(file, tmp_path / f"{pictures.index(file)}.jpg")
    done = run(model_file(task), tmp_path, "--mode", mode, "--workers", 2, "--json", tmp_path / "found.json")
    assert done.returncode == 0 and is_clean(done), done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    # The threads that the network runs on share out its sums, so their number is that of the program's workers.
    model = ty.MODELS[task](model_file(task), ty.InferOption(swap_rb=True, threads=1))
    items = [(tmp_path / f"{i}.jpg", 0, cv2.imread(str(file))) for i, file in enumerate(pictures)]
    assert found["images"] == expected(model, items)
    assert found["task"] == task and found["names"] == {str(i): name for i, name in model.info().names.items()}
    assert any(image.get("objects") or image.get("top") for image in found["images"])
    assert not list(tmp_path.glob("*.part"))


@MODES
def test_many_small_pictures(mode, tmp_path, tiny_segmenter, tiny):
    files = write_pictures(tmp_path, 300)
    arguments = [tiny_segmenter, tmp_path, *tiny, "--mode", mode, "--workers", 3, "--json", tmp_path / "found.json"]
    done = run(*arguments)
    assert done.returncode == 0 and is_clean(done), done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    items = [(file, 0, cv2.imread(str(file))) for file in files]
    assert found["images"] == expected(tiny_model(tiny_segmenter), items)
    lines = done.stdout.splitlines()
    assert lines[:-1] == [f"{file}: 3 objects" for file in files] and lines[-1].startswith("300 images, ")


@MODES
def test_video_and_annotated_frames(mode, tmp_path, tiny_segmenter, tiny):
    film = tmp_path / "film.avi"
    write_video(film, 40)
    options = ["--mode", mode, "--workers", 3, "--json", tmp_path / "found.json", "--save", tmp_path / "annotated"]
    done = run(tiny_segmenter, film, *tiny, *options)
    assert done.returncode == 0 and is_clean(done), done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    model = tiny_model(tiny_segmenter)
    assert found["images"] == expected(model, frames_of(film)) and len(found["images"]) == 40
    saved = sorted((tmp_path / "annotated").iterdir())
    assert [file.name for file in saved] == [f"film_{i:06}.jpg" for i in range(40)]
    for file, (_, _, pixels) in zip(saved, frames_of(film)):
        drawn = model.predict(pixels).plot(pixels)
        assert file.read_bytes() == cv2.imencode(".jpg", drawn)[1].tobytes()


@MODES
def test_frames_of_growing_size(mode, tmp_path, tiny_segmenter, tiny):
    """More workers than pictures, and blocks of shared memory that grow: for masks of large pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    files = []
    for i, side in enumerate([16, 3000, 40]):
        files.append(folder / f"{i}.png")
        cv2.imwrite(str(files[-1]), np.full((side, side, 3), 80 * i, np.uint8))
    options = ["--mode", mode, "--workers", 8, "--json", tmp_path / "found.json", "--save", tmp_path / "annotated"]
    done = run(tiny_segmenter, folder, *tiny, *options)
    assert done.returncode == 0 and is_clean(done), done.stderr
    items = [(file, 0, cv2.imread(str(file))) for file in files]
    assert json.loads((tmp_path / "found.json").read_text())["images"] == expected(tiny_model(tiny_segmenter), items)
    assert sorted(file.name for file in (tmp_path / "annotated").iterdir()) == ["0.png", "1.png", "2.png"]
    assert f" 3 {mode}" in done.stdout


@MODES
def test_broken_pictures_are_named_and_the_rest_goes_on(mode, tmp_path, tiny_segmenter, tiny):
    files = write_pictures(tmp_path, 12)
    files[3].write_bytes(files[3].read_bytes()[:40])
    files[4].write_bytes(b"")
    files[11].write_text("no picture")
    done = run(tiny_segmenter, tmp_path, *tiny, "--mode", mode, "--workers", 3, "--json", tmp_path / "found.json")
    assert done.returncode == 1 and is_clean(done), done.stderr
    images = json.loads((tmp_path / "found.json").read_text())["images"]
    assert [image["source"] for image in images] == [str(file) for file in files]
    for i, image in enumerate(images):
        if i in (3, 4, 11):
            assert image == {"source": str(files[i]), "error": "not an image that OpenCV can read"}
        else:
            assert len(image["objects"]) == 3
    assert f"{files[3]}: not an image" in done.stdout and "3 of them" in done.stderr


def test_a_process_that_dies_is_named_and_replaced(tmp_path, tiny_segmenter, tiny):
    film = tmp_path / "film.avi"
    write_video(film, 1500)
    arguments = command(tiny_segmenter, film, *tiny, "--mode", "processes", "--workers", 2, "--json", tmp_path / "j")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        assert first == f"{film}, frame 0: 3 objects\n", process.stderr.read()
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        out, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and "Traceback" not in errors, errors
    images = json.loads((tmp_path / "j").read_text())["images"]
    assert [image["frame"] for image in images] == list(range(1500))
    lost = [image for image in images if "error" in image]
    assert len(lost) == 1, lost
    assert lost[0]["error"] == "the worker process ended (signal SIGKILL) while it had this image"
    assert f"{film}, frame {lost[0]['frame']}: the worker process ended" in out


def workers_of(pid):
    """The child processes that run models."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes()]


@MODES
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(mode, times, tmp_path, tiny_segmenter, tiny):
    """Sent to all processes at once, as a terminal does it."""
    film = tmp_path / "film.avi"
    write_video(film, 6000, 64, 48)
    before = set(os.listdir("/dev/shm"))
    arguments = command(tiny_segmenter, film, *tiny, "--mode", mode, "--workers", 2, "--json", tmp_path / "j")
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout.readline() == f"{film}, frame 0: 3 objects\n", process.stderr.read()
        children = workers_of(process.pid)
        assert len(children) == (2 if mode == "processes" else 0)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors and "leaked" not in errors, errors
    assert time.monotonic() - began < 20
    assert not any(os.path.exists(f"/proc/{child}") for child in children)
    assert not [name for name in set(os.listdir("/dev/shm")) - before if name.startswith("psm_")]
    assert not list(tmp_path.glob("*.part"))
    if times == 1:
        images = json.loads((tmp_path / "j").read_text())["images"]
        assert 0 < len(images) < 6000 and [image["frame"] for image in images] == list(range(len(images)))
        assert all(len(image["objects"]) == 3 for image in images)


@MODES
def test_what_cannot_be_run_is_said_in_a_line(mode, tmp_path):
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes((DATA / "shapes" / "detect.onnx").read_bytes()[:5000])
    for arguments, words in (
        ([damaged, DATA / "shapes" / "images"], "damaged.onnx"),
        ([model_file("detect"), tmp_path / "nothing"], "no such file"),
        ([model_file("detect"), damaged], "neither images nor a video"),
        ([model_file("detect"), DATA / "shapes" / "images", "--save", DATA / "shapes" / "images"], "overwritten"),
    ):
        done = run(*arguments, "--mode", mode, "--workers", 2)
        assert done.returncode == 1 and is_clean(done), done.stderr
        assert done.stderr.startswith("multi_thread_process: ") and words in done.stderr, done.stderr
    assert run(model_file("detect"), tmp_path, "--workers", "0").returncode == 2


def test_help_says_what_to_choose():
    said = run("--help").stdout
    assert all(word in said for word in ("--mode", "threads    ", "processes  ", "interpreter lock", "examples:"))
