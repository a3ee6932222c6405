"""examples/multi_thread_process.py: threads and processes give what one model gives, in order, none left out."""

import json
import pathlib
import signal
import subprocess
import sys
import time

import cv2
import pytest
from conftest import DATA, SHAPES, model_file

import tensorrt_yolo as ty

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "multi_thread_process.py"
PEOPLE = DATA / "people" / "people.onnx"
FRAMES = DATA / "people" / "frames"


def run(tmp_path, *arguments, status=0):
    file = tmp_path / "found.json"
    command = [sys.executable, EXAMPLE, *map(str, arguments), "--json", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == status, done.stderr
    return json.loads(file.read_text()), done.stderr


@pytest.mark.parametrize("mode, workers", [("threads", 1), ("threads", 3), ("processes", 2)])
def test_gives_what_one_model_gives(mode, workers, tmp_path):
    found, _ = run(tmp_path, PEOPLE, FRAMES, "--mode", mode, "--workers", workers)
    files = [file for batch in ty.image_batches(FRAMES, 1) for file in batch]
    assert [image["source"] for image in found["images"]] == files
    with ty.DetectModel(PEOPLE, ty.InferOption(swap_rb=True)) as model:
        for image in found["images"]:
            expected = model.predict(image["source"]).to_dict(model.info().names)
            assert len(image["objects"]) == len(expected["objects"])
            for thing, same in zip(image["objects"], expected["objects"]):
                assert thing["class"] == same["class"]
                assert thing["score"] == pytest.approx(same["score"], abs=1e-4)
                assert thing["box"] == pytest.approx(same["box"], abs=0.05)


def test_masks_come_from_processes_too(tmp_path):
    pattern = SHAPES / "segment" / "images" / "*.jpg"
    if not list(pattern.parent.glob(pattern.name)):
        pattern = SHAPES / "images" / "0000*.jpg"
    threads, _ = run(tmp_path, model_file("segment"), pattern, "--workers", 2)
    processes, _ = run(tmp_path, model_file("segment"), pattern, "--workers", 2, "--mode", "processes")
    assert threads == processes
    assert any("mask" in thing for image in threads["images"] for thing in image["objects"])


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_a_broken_picture_fails_alone(mode, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in (1, 3):
        cv2.imwrite(str(folder / f"{i}.png"), cv2.imread(str(FRAMES / "0600.jpg")))
    (folder / "2.png").write_bytes(b"no picture")
    found, said = run(tmp_path, PEOPLE, folder, "--mode", mode, "--workers", 4, status=1)
    assert ["error" in image for image in found["images"]] == [False, True, False]
    assert "2.png" in said


def test_a_video_with_pictures_drawn(tmp_path):
    found, _ = run(tmp_path, PEOPLE, DATA / "people" / "street.mp4", "--workers", 2, "--save", tmp_path / "out")
    assert [image["frame"] for image in found["images"]] == list(range(195))
    assert len(list((tmp_path / "out").iterdir())) == 195


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_ctrl_c_ends_cleanly(mode, tmp_path):
    file = tmp_path / "found.json"
    command = [sys.executable, EXAMPLE, PEOPLE, DATA / "people" / "street.mp4", "--mode", mode, "--workers", "1"]
    process = subprocess.Popen([*map(str, command), "--json", str(file)], stderr=subprocess.PIPE, text=True)
    time.sleep(6 if mode == "processes" else 3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert process.returncode == 130, said
    images = json.loads(file.read_text())["images"]
    assert [image["frame"] for image in images] == list(range(len(images)))
    assert "Traceback" not in said and "leaked" not in said


def test_wrong_usage(tmp_path):
    for arguments, status in ((["--workers", "0"], 2), ([], 1)):
        command = [sys.executable, EXAMPLE, PEOPLE, tmp_path / "missing", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == status and "Traceback" not in done.stderr, done.stderr
