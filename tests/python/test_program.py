"""python -m tensorrt_yolo: the commands, held against the results of the API and of the C++ program where it is built.

Environment: TRTYOLO_APP, the C++ program (default: build/bin/trtyolo of this checkout; without it those tests are
skipped).
"""

import csv
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
from conftest import DATA, SHAPES, model_file

import tensorrt_yolo as ty

APP = pathlib.Path(os.environ.get("TRTYOLO_APP", pathlib.Path(__file__).parents[2] / "build" / "bin" / "trtyolo"))
TASKS = ["classify", "detect", "obb", "segment", "pose"]
PICTURES = [SHAPES / "images" / f"0000{i}.jpg" for i in range(1, 5)]
PEOPLE = DATA / "people" / "people.onnx"
FRAMES = sorted((DATA / "people" / "frames").glob("*.jpg"))


def run(*arguments, status=0, timeout=120):
    command = [sys.executable, "-m", "tensorrt_yolo", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == status, done.stderr
    return done


def predict(tmp_path, *arguments, status=0):
    file = tmp_path / "found.json"
    run("predict", *arguments, "--json", file, "--quiet", status=status)
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    file = tmp_path_factory.mktemp("video") / "walk.mp4"
    height, width = cv2.imread(str(FRAMES[0])).shape[:2]
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"mp4v"), 5, (width, height))
    for frame in FRAMES:
        writer.write(cv2.imread(str(frame)))
    writer.release()
    return file


@pytest.mark.parametrize("task", TASKS)
def test_json_is_that_of_the_program(task, tmp_path):
    if not APP.exists():
        pytest.skip(f"{APP} is not built")
    found = predict(tmp_path, model_file(task), *PICTURES)
    file = tmp_path / "expected.json"
    subprocess.run([APP, "predict", model_file(task), *PICTURES, "--json", file, "--quiet"], check=True)
    expected = json.loads(file.read_text())
    assert sum(len(image.get("objects", image.get("top"))) for image in found["images"]) > 3
    if task == "obb":  # corners are computed from other numbers
        for one, other in zip(found["images"], expected["images"]):
            for thing, same in zip(one["objects"], other["objects"]):
                assert np.allclose(thing.pop("corners"), same.pop("corners"), atol=1e-3)
    assert found == expected


def test_json_says_what_the_model_finds(tmp_path):
    found = predict(tmp_path, model_file("detect"), PICTURES[0], "--conf", "0.4", "--classes", "0,4", "--clones", 1)
    with ty.DetectModel(model_file("detect"), ty.InferOption(confidence=0.4, classes=[0, 4])) as model:
        result = model.predict(PICTURES[0])
        expected = result.to_dict(model.info().names)["objects"]
    objects = found["images"][0]["objects"]
    assert len(objects) == len(expected) > 0
    assert [thing["class"] for thing in objects] == [thing["class"] for thing in expected]
    assert np.array_equal(np.float32([thing["box"] for thing in objects]), result.boxes.xyxy())


def test_order_is_that_of_the_sources_whatever_the_clones_do(tmp_path, video):
    alone = predict(tmp_path, PEOPLE, *FRAMES, video, "--clones", 1)
    names = [image["source"] for image in alone["images"]]
    assert names == [str(frame) for frame in FRAMES] + [str(video)] * len(FRAMES)
    assert [image["frame"] for image in alone["images"][len(FRAMES) :]] == list(range(len(FRAMES)))
    assert predict(tmp_path, PEOPLE, *FRAMES, video, "--clones", 4) == alone


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    empty = tmp_path / "empty"
    empty.mkdir()
    cut = tmp_path / "cut.avi"
    cut.write_bytes((DATA / "people" / "street.mp4").read_bytes()[:100000])
    sources = [broken, PICTURES[0], tmp_path / "missing.jpg", empty, tmp_path / "*.mp4", cut, PICTURES[1]]
    found = predict(tmp_path, model_file("detect"), *sources, status=1)
    assert ["error" in image for image in found["images"]] == [True, False, True, True, True, True, False]
    done = run("predict", model_file("detect"), *sources, status=1)
    assert f"{broken}: not a picture" in done.stderr
    assert "5 sources could not be read" in done.stderr
    # A line each, and nothing of what OpenCV and FFmpeg say of it.
    assert sum("error: " in line for line in done.stderr.splitlines()) == 5
    assert not [line for line in done.stderr.splitlines() if "VIDEOIO" in line or "moov" in line]


def test_csv(tmp_path):
    for task, last in [("classify", "rank"), ("detect", "bottom"), ("segment", "area"), ("obb", "theta")]:
        done = run("predict", model_file(task), *PICTURES, "--csv", "-", "--quiet")
        rows = list(csv.DictReader(done.stdout.splitlines()))
        assert rows and list(rows[0])[:5] == ["source", "frame", "class", "name", "score"] and list(rows[0])[-1] == last
    done = run("predict", model_file("pose"), *PICTURES, "--csv", "-", "--quiet")
    assert done.stdout.splitlines()[0].endswith("kpt3_x,kpt3_y,kpt3_score")


@pytest.mark.parametrize("task", TASKS)
def test_label_files(task, tmp_path):
    found = predict(tmp_path, model_file(task), *PICTURES, "--save-txt", tmp_path / "labels", "--save-conf")
    for image in found["images"]:
        file = tmp_path / "labels" / pathlib.Path(image["source"]).with_suffix(".txt").name
        lines = file.read_text().splitlines() if file.exists() else []
        things = image.get("objects", image.get("top"))
        assert len(lines) == len(things)
        for line, thing in zip(lines, things):
            if task == "classify":
                assert line.split(" ", 1)[1] == thing["name"]
                continue
            values = [float(value) for value in line.split()]
            assert values[0] == thing["class"] and values[-1] == pytest.approx(thing["score"], abs=1e-5)
            if task == "detect":
                left, top, right, bottom = thing["box"]
                shares = np.array([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top])
                shares /= [image["width"], image["height"]] * 2
                assert values[1:5] == pytest.approx(shares.tolist(), abs=1e-5)
            assert all(-0.5 <= value <= 1.5 for value in values[1:-1])


def test_save_writes_pictures_and_videos(tmp_path, video):
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(FRAMES[0], again)
    found = predict(tmp_path, PEOPLE, FRAMES[0], again / FRAMES[0].name, video, "--save", tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["0600.jpg", "0600_2.jpg", "walk.mp4"]
    drawn, plain = cv2.imread(str(tmp_path / "out" / "0600.jpg")), cv2.imread(str(FRAMES[0]))
    assert drawn.shape == plain.shape
    left, top, right, bottom = map(int, found["images"][0]["objects"][0]["box"])
    assert np.abs(drawn[top:bottom, left].astype(int) - plain[top:bottom, left]).mean() > 20
    saved = cv2.VideoCapture(str(tmp_path / "out" / "walk.mp4"))
    count = 0
    while saved.read()[0]:
        count += 1
    assert count == len(FRAMES)


def test_a_source_is_not_written_over(tmp_path):
    shutil.copy(FRAMES[0], tmp_path)
    before = (tmp_path / FRAMES[0].name).read_bytes()
    run("predict", PEOPLE, tmp_path / FRAMES[0].name, "--save", tmp_path, "--quiet")
    assert (tmp_path / FRAMES[0].name).read_bytes() == before
    assert (tmp_path / "0600_2.jpg").exists()


def test_ctrl_c_writes_what_there_is(tmp_path):
    file = tmp_path / "found.json"
    sources = [str(frame) for frame in FRAMES] * 200
    command = [sys.executable, "-m", "tensorrt_yolo", "predict", str(PEOPLE), *sources, "--json", str(file), "-q"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    part = pathlib.Path(f"{file}.part{process.pid}")
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 1000) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    images = json.loads(file.read_text())["images"]
    assert 0 < len(images) < len(sources)
    assert [image["source"] for image in images] == sources[: len(images)]
    assert not part.exists()


def test_info(tmp_path):
    said = json.loads(run("info", model_file("pose"), "--json").stdout)
    assert (said["task"], said["keypoints"], said["network"]) == ("pose", 4, [640, 640])
    if APP.exists():
        for arguments in ((), ("--json",)):
            expected = subprocess.run([APP, "info", model_file("pose"), *arguments], capture_output=True, text=True)
            assert run("info", model_file("pose"), *arguments).stdout == expected.stdout
    assert "1 person" in run("info", PEOPLE, "--labels", _write(tmp_path / "l.txt", "a\nperson\n")).stdout


def _write(file, text):
    file.write_text(text)
    return file


def test_bench(tmp_path):
    file = tmp_path / "bench.json"
    done = run("bench", PEOPLE, "--seconds", "0.2", "--clones", "1,2", "--json", file)
    said = json.loads(file.read_text())
    rows = {(row["kind"], row["n"]) for row in said["rows"]}
    counted = {("network", 1), ("network", 2), ("clones", 2), ("separate", 2), ("pool", 1), ("pool", 2)}
    assert rows == {("model", 1), ("processes", 2)} | counted
    for row in said["rows"]:
        assert row["images_per_s"] > 0 and row["p99_ms"] >= row["p50_ms"] > 0 and row["rss_mb"] > 50
        assert f"{row['images_per_s']:.1f}" in done.stdout
        assert (row.get("mean_batch") == 1) == (row["kind"] == "pool")
        assert row["memory"] == "host"
    assert said["machine"]["versions"]["openvino"]
    picture = tmp_path / "bench.svg"
    drawn = [sys.executable, pathlib.Path(__file__).parents[2] / "bench" / "plot.py", file]
    assert subprocess.run(drawn, capture_output=True, text=True, check=True).stdout == f"{picture}\n"
    text = picture.read_text()
    for words in (
        "images a second",
        "people.onnx (f32)",
        "network alone",
        "callers of a pool",
        "separate models",
        "processes",
    ):
        assert words in text
    file.write_text("{}")
    assert subprocess.run(drawn, capture_output=True, text=True, check=False).returncode == 2


def test_build_without_a_gpu_says_so(tmp_path):
    if "not usable" not in ty.backends().get("tensorrt", "not usable"):
        pytest.skip("there is a GPU")
    done = run("build", model_file("detect"), "-o", tmp_path / "x.engine", status=1)
    assert "TensorRT" in done.stderr and not (tmp_path / "x.engine").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((), "COMMAND"),
        (("predict", "m.onnx"), "SOURCE"),
        (("predict", "m.onnx", "x", "--conf", "2"), "0 to 1"),
        (("predict", "m.onnx", "x", "--clones", "0"), "at least 1|from 1"),
        (("predict", "m.onnx", "x", "--device", "gpu"), "cpu or the number"),
        (("predict", "m.onnx", "x", "--imgsz", "big"), "480x640"),
        (("build", "m.onnx", "--batch", "4:2:8"), "rising"),
        (("bench", "m.onnx", "--kinds", "fast"), "expected"),
        (("bench", "m.onnx", "--images", "tape"), "expected"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, words):
    import re

    assert re.search(words, run(*arguments, status=2).stderr)


def test_failures_end_with_1(tmp_path):
    assert "missing.onnx" in run("predict", tmp_path / "missing.onnx", PICTURES[0], status=1).stderr
    wrong = _write(tmp_path / "wrong.onnx", "no model")
    assert "wrong.onnx" in run("info", wrong, status=1).stderr
    unwritable = tmp_path / "none" / "found.json"
    assert "none" in run("predict", PEOPLE, FRAMES[0], "--json", unwritable, status=1).stderr


def test_the_script_is_installed():
    done = subprocess.run([pathlib.Path(sys.executable).parent / "tensorrt_yolo", "--version"], capture_output=True)
    assert done.stdout.decode().startswith(ty.version())
