"""Videos: frames that predict() takes, times, ends, silence, interruption."""

import os
import pathlib
import signal
import threading
import time

import cv2
import numpy as np
import pytest
from conftest import DATA, needs_videos, run_python, same

import tensorrt_yolo as ty

STREET = DATA / "people" / "street.mp4"
INPUTS = pathlib.Path(__file__).parents[1] / "app" / "inputs"

pytestmark = needs_videos


@pytest.fixture(scope="module")
def model():
    return ty.DetectModel(DATA / "people" / "people.onnx")


def test_frames_have_their_place_and_keep_their_pixels():
    with ty.VideoReader(STREET) as video:
        assert (video.width, video.height, video.frames) == (768, 576, 195)
        assert video.fps == pytest.approx(10)
        assert video.duration == pytest.approx(19.5)
        assert (video.codec, video.gpu, video.why_no_gpu) == ("mpeg4", None, "")
        frames = list(video)
        assert video.counts == {"gpu": 0, "cpu": 195, "skipped": 0, "corrupt": 0}
    assert [frame.number for frame in frames] == list(range(195))
    assert frames[7].time == pytest.approx(0.7)
    assert repr(frames[7]) == "VideoFrame(7, 0.700 s, i420, 768 x 576)"
    assert (frames[7].rotation, frames[7].mirrored, frames[7].corrupt, frames[7].gpu) == (0, False, False, None)
    y, u, v = frames[7].planes
    assert (y.shape, u.shape, v.shape) == ((576, 768), (288, 384), (288, 384))
    again = ty.VideoReader(STREET)
    for _ in range(7):
        assert again.skip()
    assert all(np.array_equal(a, b) for a, b in zip(again.read().planes, frames[7].planes, strict=True))
    with pytest.raises(ValueError):
        y[0] = 0


def test_predict_takes_frames(model):
    video = ty.VideoReader(STREET)
    frames = [video.read() for _ in range(3)]
    bgr = ty.DetectModel(DATA / "people" / "people.onnx", ty.InferOption(swap_rb=True))
    for frame, result in zip(frames, model.predict(frames), strict=True):
        i420 = np.concatenate([plane.reshape(-1) for plane in frame.planes]).reshape(864, 768)
        assert same(result, bgr.predict(cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420)))
        assert len(result) > 0
    with ty.Pool(model) as pool:
        video = ty.VideoReader(STREET)
        futures = [pool.submit(video.read()) for _ in range(5)]
        assert same(futures[2].result(), model.predict(frames[2]))


def test_frames_that_are_no_yuv_are_arrays():
    rgb = ty.VideoReader(INPUTS / "one.gif").read()
    bgr = ty.VideoReader(INPUTS / "one.gif", bgr=True).read()
    assert isinstance(rgb.image, np.ndarray)
    assert rgb.image.shape == (rgb.height, rgb.width, 3)
    assert np.array_equal(rgb.image, bgr.image[:, :, ::-1])
    assert rgb.planes[0] is rgb.image


def test_bgr_is_what_opencv_makes_of_yuv():
    frame = ty.VideoReader(STREET).read()
    i420 = np.concatenate([plane.reshape(-1) for plane in frame.planes]).reshape(864, 768)
    found = frame.to_bgr()
    assert found.dtype == np.uint8
    assert np.array_equal(found, cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420))
    found[:] = 0  # it is an array of its own
    assert frame.planes[0].any()


@pytest.mark.parametrize("bgr", [False, True])
def test_bgr_of_other_frames(bgr):
    frame = ty.VideoReader(INPUTS / "one.gif", bgr=bgr).read()
    assert frame.bgr == bgr
    assert np.array_equal(frame.to_bgr(), frame.image if bgr else frame.image[:, :, ::-1])
    frame.image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert np.array_equal(frame.to_bgr(), np.dstack([frame.image] * 3))
    frame.image = ty.Image.gray16(np.uint16([[0, 65535, 5000]]), 0, 10000)
    assert frame.to_bgr().tolist() == [[[0] * 3, [255] * 3, [128] * 3]]


# As src/image/pixel_conversion.hpp derives them from the standards: black, and the weights of luma, of V in red, of U
# and of V in green, and of U in blue.
WEIGHTS = {
    ("bt601", "full"): (0, 1, 1.402, -0.344136286, -0.714136286, 1.772),
    ("bt709", "limited"): (16, 1.164383562, 1.792741071, -0.213248614, -0.532909329, 2.112401786),
    ("bt709", "full"): (0, 1, 1.5748, -0.187324273, -0.468124273, 1.8556),
}


@pytest.mark.parametrize("matrix, values", WEIGHTS)
def test_bgr_follows_matrix_and_range_with_odd_sides(matrix, values):
    noise = np.random.default_rng(7)
    y, uv = noise.integers(0, 256, (19, 35), np.uint8), noise.integers(0, 256, (10, 18, 2), np.uint8)
    frame = ty.VideoReader(STREET).read()
    frame.image = ty.Image.nv12([y, uv], matrix=matrix, range=values)
    black, *weights = WEIGHTS[matrix, values]
    luma, red_v, green_u, green_v, blue_u = (round(weight * (1 << 20)) for weight in weights)
    bright = np.maximum(y.astype(np.int64) - black, 0) * luma
    u, v = (uv.repeat(2, axis=0).repeat(2, axis=1)[:19, :35].astype(np.int64) - 128).transpose(2, 0, 1)
    sums = np.dstack([bright + u * blue_u, bright + u * green_u + v * green_v, bright + v * red_v])
    assert np.array_equal(frame.to_bgr(), np.clip((sums + (1 << 19)) >> 20, 0, 255))


def test_errors_are_of_the_package(tmp_path):
    with pytest.raises(ty.VideoError, match="no such file"):
        ty.VideoReader(tmp_path / "missing.mp4")
    with pytest.raises(ValueError, match="threads may not be negative, found -1"):
        ty.VideoReader(STREET, threads=-1)
    with pytest.raises(ValueError, match="no_such_option"):
        ty.VideoReader(STREET, options={"no_such_option": "1"})
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    pathlib.Path(name).write_bytes(b"")
    with pytest.raises(ty.VideoError) as raised:
        ty.VideoReader(name)
    assert str(raised.value) == name + ": the file is empty"
    video = ty.VideoReader(STREET)
    video.close()
    video.close()
    with pytest.raises(ValueError, match="closed"):
        video.read()
    with pytest.raises(TypeError):
        ty.VideoFrame()


def silent(tmp_path):
    """A pipe that has given most of a video, and what keeps it open."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for i in range(40):
        writer.write(np.full((48, 64, 3), 5 * i, np.uint8))
    writer.release()
    data = (tmp_path / "a.avi").read_bytes()
    assert len(data) < 60000  # a pipe takes so much
    os.write(keeper, data[: len(data) * 9 // 10])
    return pipe, keeper


def test_silence_is_a_timeout(tmp_path):
    pipe, keeper = silent(tmp_path)
    begin = time.monotonic()
    count = 0
    with pytest.raises(TimeoutError), ty.VideoReader(pipe, open_timeout=3, read_timeout=0.3) as video:
        for _ in video:
            count += 1
    assert time.monotonic() - begin < 3
    assert count > 0
    os.close(keeper)


@pytest.mark.parametrize("how", ["interrupt", "close"])
def test_another_thread_ends_it(tmp_path, how):
    pipe, keeper = silent(tmp_path)
    raised = []

    def read():
        try:
            video = ty.VideoReader(pipe, open_timeout=5, read_timeout=0)
            opened.append(video)
            list(video)
        except ty.VideoError as error:
            raised.append(error)

    opened = []
    thread = threading.Thread(target=read)
    thread.start()
    deadline = time.monotonic() + 10
    while not opened and not raised and time.monotonic() < deadline:
        time.sleep(0.01)  # other threads run while it waits
    if opened:
        time.sleep(0.2)
        getattr(opened[0], how)()
    thread.join(10)
    assert not thread.is_alive()
    assert opened
    assert isinstance(raised[0], ty.VideoInterruptedError)
    os.close(keeper)


def test_ctrl_c_ends_waiting(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run_python(
        f"""
        import os, signal, threading, tensorrt_yolo as ty
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            ty.VideoReader({str(pipe)!r}, open_timeout=0)
        except KeyboardInterrupt:
            print("interrupted")
        """,
        timeout=30,
    )
    assert done.stdout == "interrupted\n", done.stderr


def test_the_interpreter_ends_while_a_thread_waits(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run_python(
        f"""
        import threading, time, tensorrt_yolo as ty
        threading.Thread(target=ty.VideoReader, args=({str(pipe)!r},), kwargs=dict(open_timeout=0), daemon=True).start()
        time.sleep(0.5)
        print("end")
        """,
        timeout=30,
    )
    assert (done.stdout, done.returncode) == ("end\n", 0), done.stderr
    assert done.returncode != -signal.SIGSEGV
