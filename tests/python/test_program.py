"""python -m tensorrt_yolo: the commands, held against the results of the API and of the C++ program where it is built.

Environment: TRTYOLO_APP, the C++ program (default: build/bin/trtyolo of this checkout; without it those tests are
skipped).
"""

import csv
import functools
import http.server
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import pytest
from conftest import DATA, SHAPES, model_file, needs_videos, no_videos

import tensorrt_yolo as ty
from tensorrt_yolo.program import main

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
    if no_videos:
        pytest.skip(no_videos)
    file = tmp_path_factory.mktemp("video") / "walk.mp4"
    height, width = cv2.imread(str(FRAMES[0])).shape[:2]
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"mp4v"), 5, (width, height))
    for frame in FRAMES:
        writer.write(cv2.imread(str(frame)))
    writer.release()
    return file


def by_both_programs(tmp_path, *arguments):
    if not APP.exists():
        pytest.skip(f"{APP} is not built")
    file = tmp_path / "expected.json"
    subprocess.run([APP, "predict", *arguments, "--json", file, "--quiet"], check=True)
    return predict(tmp_path, *arguments), json.loads(file.read_text())


@pytest.mark.parametrize("task", TASKS)
def test_json_is_that_of_the_program(task, tmp_path):
    found, expected = by_both_programs(tmp_path, model_file(task), *PICTURES)
    assert sum(len(image.get("objects", image.get("top"))) for image in found["images"]) > 3
    assert found == expected


def test_colours_and_their_scale_are_those_of_the_program(tmp_path):
    model = pathlib.Path(__file__).parents[1] / "app" / "models" / "colours.onnx"
    for arguments in ([], ["--bgr", "--scale", "255"]):
        found, expected = by_both_programs(tmp_path, model, PICTURES[0], *arguments)
        assert found == expected and found["images"][0]["top"][0]["score"] > 0


@needs_videos
def test_frames_are_those_of_the_program(tmp_path):
    sources = [INPUTS / "vfr.mkv", INPUTS / "cut.mp4", INPUTS / "vfr.mp4"]
    found, expected = by_both_programs(tmp_path, model_file("detect"), *sources, "--conf", "0.001")
    assert found == expected
    assert [image["frame"] for image in found["images"]].count(14) == 3
    assert any(image["objects"] for image in found["images"])


def test_json_says_what_the_model_finds(tmp_path):
    found = predict(tmp_path, model_file("detect"), PICTURES[0], "--conf", "0.4", "--classes", "0,4", "--clones", 1)
    with ty.DetectModel(model_file("detect"), ty.InferOption(confidence=0.4, classes=[0, 4])) as model:
        result = model.predict(PICTURES[0])
        expected = result.to_dict()["objects"]
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
    assert f"{broken}: not an image" in done.stderr
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


INPUTS = pathlib.Path(__file__).parents[1] / "app" / "inputs"


def test_an_image_that_cannot_be_saved_does_not_end_the_run(tmp_path):
    for name, width in (("a.jpg", 32), ("b.jpg", 65600), ("c.pgm", 32)):
        cv2.imwrite(str(tmp_path / "x.png"), np.zeros((2, width), np.uint8))
        (tmp_path / "x.png").rename(tmp_path / name)
    sources = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.pgm")]
    out = tmp_path / "out"
    found = predict(tmp_path, model_file("detect"), *sources, "--save", out, "--save-txt", out, status=1)
    assert ["error" in image for image in found["images"]] == [False, True, False]
    assert all("objects" in image for image in found["images"])
    assert sorted(file.name for file in out.iterdir() if file.suffix != ".txt") == ["a.jpg", "c.png"]


def test_pages_and_frames(tmp_path):
    sources = [INPUTS / name for name in ("two.tif", "two.gif", "two.png", "two.webp", "one.gif")]
    found = predict(tmp_path, model_file("detect"), *sources, "--save", tmp_path / "out")["images"]
    assert [image["frame"] for image in found] == [0, 1] * 4 + [0]
    assert [image.get("time") for image in found] == [None, None, *[0, 0.5] * 3, None]
    names = ["one.png", "two-2.mp4", "two-3.mp4", "two-4.mp4", "two_1.tif", "two_2.tif"]
    assert sorted(os.listdir(tmp_path / "out")) == names


def test_images_and_labels_of_a_source_have_one_name(tmp_path, nameless):
    sources = []
    for name in ("1/a.png", "1/a.bmp", "2/a.png"):
        sources.append(tmp_path / name)
        sources[-1].parent.mkdir(exist_ok=True)
        cv2.imwrite(str(sources[-1]), np.zeros((8, 8, 3), np.uint8))
    predict(tmp_path, nameless, *sources, "--save", tmp_path / "im", "--save-txt", tmp_path / "lb")
    assert sorted(os.listdir(tmp_path / "im")) == ["a.png", "a_2.bmp", "a_3.png"]
    assert sorted(os.listdir(tmp_path / "lb")) == ["a.txt", "a_2.txt", "a_3.txt"]


@needs_videos
def test_times_of_frames(tmp_path):
    times = [i / 10 for i in range(11)] + [2, 3, 4, 5]
    for name in ("vfr.mkv", "vfr.mp4"):
        out = tmp_path / name
        done = run("predict", model_file("detect"), INPUTS / name, "--save", out, "--csv", "-", "--conf", "0.001")
        assert "warning" not in done.stderr
        rows = list(csv.DictReader(done.stdout.splitlines()))
        assert {float(row["time"]) for row in rows} <= set(times)
        found = predict(tmp_path, model_file("detect"), INPUTS / name)["images"]
        assert [image["time"] for image in found] == pytest.approx(times, abs=0.001)
        saved = cv2.VideoCapture(str(out / "vfr.mp4"))
        seconds = saved.get(cv2.CAP_PROP_FRAME_COUNT) / saved.get(cv2.CAP_PROP_FPS)
        assert seconds == pytest.approx(5.1, abs=0.15)
    done = run("predict", model_file("detect"), INPUTS / "cut.mp4")
    assert "the file says that it has 100 frames, and only 28 can be read" in done.stderr


def test_classes_by_name(tmp_path, nameless):
    labels = _write(tmp_path / "l.txt", "\n".join([*"abc", "fire, hydrant", *"efghijklmnopq", "traffic light"]))

    def kept(words):
        found = predict(tmp_path, nameless, PICTURES[0], "--classes", words, "--labels", labels)
        return [thing["class"] for thing in found["images"][0]["objects"]]

    assert kept("traffic light") == [17] and kept("Fire, hydrant, 17") == [17, 3]
    done = run("predict", nameless, PICTURES[0], "--classes", "trafic light", "--labels", labels, status=2)
    assert "did you mean 'traffic light'?" in done.stderr


def test_urls(tmp_path):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=str(INPUTS))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{server.server_address[1]}"
        sources = [f"http://{host}/exif6.jpg", f"http://us3r:s3cret@{host}/none.jpg?token=s3cret"]
        done = run("predict", model_file("detect"), *sources, "--json", "-", "--save", tmp_path, status=1)
        server.shutdown()
    first, second = json.loads(done.stdout)["images"]
    assert (first["source"], first["width"], first["height"]) == (sources[0], 48, 64)
    assert (tmp_path / "exif6.jpg").exists()
    assert second["source"] == f"http://***@{host}/none.jpg?token=***" and "404" in second["error"]
    assert "s3cret" not in done.stdout + done.stderr and "us3r" not in done.stdout + done.stderr


def test_names_that_the_file_system_allows(tmp_path, nameless):
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["-dash", "new\nline", "50%d", "a[1]", "12:30", "n" * 251, os.fsdecode(b"\xff\xfe")]
    cv2.imwrite(str(tmp_path / "x.png"), np.zeros((8, 8, 3), np.uint8))
    for name in names:
        shutil.copy(tmp_path / "x.png", folder / f"{name}.png")
    out = tmp_path / "out"
    found = predict(tmp_path, nameless, folder, "--save", out, "--save-txt", out, "--csv", tmp_path / "x.csv")
    assert len(found["images"]) == len(names)
    stems = [os.path.splitext(name)[0] for name in os.listdir(out)]
    assert len(stems) == 2 * len(names) and len(set(stems)) == len(names)


def interrupt_when(ready, command, number, **streams):
    """Starts a command, sends it a signal when it handles signals and is `ready`, and gives its status, messages, and
    the time to its end."""
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True, **streams)
    deadline = time.monotonic() + 60

    def listens():
        lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
        (caught,) = (int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
        return caught >> (signal.SIGTERM - 1) & 1

    while not (listens() and ready()) and time.monotonic() < deadline:
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(number)
    try:
        said = process.communicate(timeout=30)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said, time.monotonic() - began


STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
PROGRAM = [sys.executable, "-m", "tensorrt_yolo", "predict"]


def parts(folder):
    return list(folder.glob(".tensorrt_yolo*"))


@pytest.mark.parametrize("number", STATUS)
def test_signals_write_what_there_is(tmp_path, number):
    file = tmp_path / "found.json"
    sources = [str(frame) for frame in FRAMES] * 200
    status, said, _ = interrupt_when(
        lambda: any(part.stat().st_size > 1000 for part in parts(tmp_path)),
        [*PROGRAM, PEOPLE, *sources, "--json", file, "-q"],
        number,
    )
    assert status == STATUS[number], said
    images = json.loads(file.read_text())["images"]
    assert 0 < len(images) < len(sources)
    assert [image["source"] for image in images] == sources[: len(images)]
    assert not parts(tmp_path)


@pytest.mark.parametrize("number", STATUS)
def test_signals_end_what_waits(tmp_path, nameless, number):
    pipe, output = tmp_path / "pipe.png", tmp_path / "out.json"
    os.mkfifo(pipe)
    os.mkfifo(output)
    cv2.imwrite(str(tmp_path / "x.png"), np.zeros((8, 8, 3), np.uint8))
    # For a picture that does not come, and for a reader of the results.
    status, said, seconds = interrupt_when(
        lambda: parts(tmp_path) and not time.sleep(0.5),
        [*PROGRAM, nameless, pipe, "--json", tmp_path / "r.json"],
        number,
    )
    assert status == STATUS[number] and seconds < 20 and not parts(tmp_path), said
    assert json.loads((tmp_path / "r.json").read_text())["images"] == []
    status, said, seconds = interrupt_when(
        lambda: not time.sleep(3), [*PROGRAM, nameless, tmp_path / "x.png", "--json", output], number
    )
    assert status == STATUS[number] and seconds < 20, said
    # Where nobody reads: the pipe is full.
    sources = [tmp_path / "x.png"] * 3000
    status, said, seconds = interrupt_when(
        lambda: parts(tmp_path) and not time.sleep(3),
        [*PROGRAM, nameless, *sources, "--json", "-", "--csv", tmp_path / "r.csv", "-q"],
        number,
        stdout=subprocess.PIPE,
    )
    assert status == STATUS[number] and seconds < 20 and not parts(tmp_path), said


@needs_videos
@pytest.mark.parametrize("number", STATUS)
def test_signals_end_a_video_that_waits(tmp_path, nameless, number):
    pipe, report = tmp_path / "pipe.avi", tmp_path / "r.json"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for i in range(40):
        writer.write(np.full((48, 64, 3), 5 * i, np.uint8))
    writer.release()
    data = clip.read_bytes()
    assert len(data) < 60000  # a pipe takes so much
    os.write(keeper, data[: len(data) * 9 // 10])
    status, said, seconds = interrupt_when(
        lambda: any(part.stat().st_size > 1000 for part in parts(tmp_path)),
        [*PROGRAM, nameless, pipe, "--json", report, "-q"],
        number,
    )
    os.close(keeper)
    assert status == STATUS[number] and seconds < 20 and not parts(tmp_path), said
    assert json.loads(report.read_text())["images"]


def test_one_failure_costs_one_item(tmp_path, nameless):
    cv2.imwrite(str(tmp_path / "wide.png"), np.zeros((2, 66000, 3), np.uint8))
    bad = (tmp_path / "wide.png").rename(tmp_path / "wide.jpg")
    good = []
    for name in ("a", "b", "c"):
        good.append(tmp_path / f"{name}.png")
        cv2.imwrite(str(good[-1]), np.zeros((8, 8, 3), np.uint8))
    out, labels = tmp_path / "out", tmp_path / "labels"
    victim = _write(tmp_path / "victim", "mine")
    for folder, suffix in ((out, "png"), (labels, "txt")):
        folder.mkdir()
        (folder / f"a.{suffix}").symlink_to(victim)
    (labels / "b.txt").mkdir()
    for clones in (1, 3):
        found = predict(
            tmp_path, nameless, good[0], bad, *good[1:], "--clones", clones, "--save", out, "--save-txt", labels,
            "--csv", tmp_path / "x.csv", status=1,
        )  # fmt: skip
        assert ["error" in image for image in found["images"]] == [False, True, True, False]
        assert [len(image["objects"]) for image in found["images"]] == [2] * 4
        assert sorted(os.listdir(out)) == ["a.png", "b.png", "c.png"]
        assert sorted(os.listdir(labels)) == ["a.txt", "b.txt", "c.txt", "wide.txt"]
        assert victim.read_text() == "mine"
        with open(tmp_path / "x.csv", newline="") as file:
            assert len(list(csv.DictReader(file))) == 8


@needs_videos
def test_a_full_disk_costs_what_does_not_fit(tmp_path, nameless):
    import resource

    full = tmp_path / "full"  # not the machine's, which a program that fails here would replace
    try:
        os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
        os.close(os.open(full, os.O_WRONLY))
    except OSError:
        pytest.skip("devices cannot be made here")

    clip, picture = tmp_path / "clip.avi", tmp_path / "x.png"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    noise = np.random.default_rng(1)
    for _ in range(30):
        writer.write(noise.integers(0, 255, (240, 320, 3), np.uint8))
    writer.release()
    cv2.imwrite(str(picture), np.zeros((64, 64, 3), np.uint8))
    limit = (200_000, 200_000)
    out, report = tmp_path / "out", tmp_path / "r.json"
    done = subprocess.run(
        [*PROGRAM, nameless, clip, picture, "--save", out, "--json", report, "--csv", full],
        capture_output=True, text=True, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert [len(image["objects"]) for image in json.loads(report.read_text())["images"]] == [2] * 31
    assert os.listdir(out) == ["x.png"]
    assert "clip.mp4' cannot be written" in done.stderr and f"'{full}' cannot be written" in done.stderr
    assert full.is_char_device()


@needs_videos
def test_frames_have_a_budget(tmp_path, nameless):
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter_fourcc(*"MJPG"), 10, (1280, 960))
    for _ in range(5):
        writer.write(np.zeros((960, 1280, 3), np.uint8))
    writer.release()
    found = predict(tmp_path, nameless, clip, "--pixel-memory", 4, "--save", tmp_path / "out")
    assert [len(image["objects"]) for image in found["images"]] == [2] * 5
    found = predict(tmp_path, nameless, clip, "--pixel-memory", 3, status=1)
    assert len(found["images"]) == 1
    assert found["images"][0]["error"].startswith("a frame of 1280 x 960") and "3 MB" in found["images"][0]["error"]
    assert "(--pixel-memory)" in found["images"][0]["error"]


def test_pixels_have_a_budget(tmp_path, nameless):
    cv2.imwrite(str(tmp_path / "large.png"), np.zeros((3000, 3000, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((64, 64, 3), np.uint8))
    sources = [tmp_path / "small.png", tmp_path / "large.png"] * 3
    found = predict(tmp_path, nameless, *sources, "--pixel-memory", 30, "--clones", 3)
    assert [len(image["objects"]) for image in found["images"]] == [2] * 6
    found = predict(tmp_path, nameless, *sources, "--pixel-memory", 20, status=1)
    assert ["error" in image for image in found["images"]] == [False, True] * 3
    assert "(--pixel-memory)" in found["images"][1]["error"]


def test_what_is_no_text_or_steers_a_terminal(tmp_path, nameless):
    names = ["\x1b[31m", "line\nof its own", "\u202eexe", os.fsdecode(b"\xff\x9b")]
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        (folder / f"{name}.png").write_bytes(b"no picture")
    cv2.imwrite(str(folder / f"{names[0]}.jpg"), np.zeros((8, 8, 3), np.uint8))
    labels = _write(tmp_path / "labels.txt", "\n".join(["\x1b]0;x\x07"] * 18))
    file = tmp_path / "r.json"
    for form in ("--json", "--csv"):
        command = [*PROGRAM, nameless, folder, "--labels", labels, form, "-"]
        done = subprocess.run(list(map(str, command)), capture_output=True, timeout=120)
        assert done.returncode == 1, done.stderr
        messages, _ = done.stderr.decode(), file.write_bytes(done.stdout)
        assert not any(steers in messages for steers in ("\x1b", "\x07", "\u202e", "\x9b")), messages
        assert "\\x1b[31m" in messages and "\\u202e" in messages and "line\\nof" in messages
        done.stdout.decode()  # UTF-8
    done = subprocess.run(
        [*map(str, PROGRAM), str(nameless), "x", "--\x1b[31m" + names[-1]], capture_output=True, timeout=60
    )
    assert done.returncode == 2 and b"\x1b" not in done.stderr and b"\\x1b[31m" in done.stderr
    said = run("info", nameless, "--labels", labels).stdout
    assert "\x1b" not in said and "\\x1b]0;x\\x07" in said


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
        (("bench", "m.onnx"), "invalid choice"),
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


def test_classes_without_names(nameless, tmp_path):
    found = predict(
        tmp_path, nameless, PICTURES[0], "--save", tmp_path, "--save-txt", tmp_path, "--csv", tmp_path / "c"
    )
    assert found["names"] == {} and [thing["name"] for thing in found["images"][0]["objects"]] == ["17", "3"]
    assert (tmp_path / "c").read_text().splitlines()[1].split(",")[2:4] == ["17", "17"]
    assert run("predict", nameless, PICTURES[0]).stderr.startswith("1 image: 1 17, 1 3\n")


def test_without_ffmpeg_videos_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tensorrt_yolo.video._loaded", None)
    monkeypatch.setitem(sys.modules, "tensorrt_yolo._video", None)
    monkeypatch.delattr("tensorrt_yolo._video", raising=False)
    report = tmp_path / "r.json"
    arguments = ["predict", PEOPLE, DATA / "people" / "street.mp4", FRAMES[0], "--json", report, "--quiet"]
    assert main(list(map(str, arguments))) == 1
    street, picture = json.loads(report.read_text())["images"]
    assert street["error"].startswith("VideoReader: this package was built without FFmpeg")
    assert picture["objects"] and street["error"] in capsys.readouterr().err


def test_help_says_what_the_other_program_does():
    assert "bench" in run("--help").stdout
    assert all(word in run("predict", "--help").stdout for word in ("trtyolo predict", "streams", "many sources"))


def test_the_script_is_installed():
    done = subprocess.run([pathlib.Path(sys.executable).parent / "tensorrt_yolo", "--version"], capture_output=True)
    assert done.stdout.decode().startswith(ty.version())
