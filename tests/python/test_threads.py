"""Threads, processes, Ctrl-C, the end of the interpreter, and memory."""

import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from conftest import DATA, memory_growth, model_file, picture, run_python, same, slow

import tensorrt_yolo as ty

BGR = ty.InferOption(swap_rb=True)


@pytest.mark.parametrize("streams", [1, 0])
def test_clones_in_threads_give_the_same(streams):
    model = ty.SegmentModel(model_file("segment"), ty.InferOption(swap_rb=True, streams=streams))
    images = [picture("segment", i) for i in range(6)]
    expected = [model.predict(image) for image in images]

    def work(clone):
        return all(same(clone.predict(image), wanted) for _ in range(3) for image, wanted in zip(images, expected))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, [model.clone() for _ in range(4)]))


def test_other_threads_run_during_predict():
    model = ty.DetectModel(model_file("detect"), BGR)
    images = [picture()] * 30
    model.predict(images[:2])
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(time.monotonic())

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin = time.monotonic()
    model.predict(images)
    end = time.monotonic()
    done.set()
    ticker.join()
    during = [t for t in ticks if begin < t < end]
    assert end - begin > 0.1 and len(during) >= 20, (end - begin, len(during))


def test_a_model_is_for_one_thread_at_a_time():
    model = ty.DetectModel(model_file("detect"), BGR)
    expected = model.predict(picture())
    results, busy = [], []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.predict, [picture()] * 20)
        while not first.done():
            try:
                results.append(model.predict(picture()))
            except ty.BusyError as error:
                busy.append(error)
        try:
            results += first.result()
        except ty.BusyError as error:  # it came second
            busy.append(error)
    assert busy and "clone()" in str(busy[0])
    assert results and all(same(result, expected) for result in results)
    assert same(model.predict(picture()), expected)


def test_closing_lets_a_prediction_finish():
    model = ty.DetectModel(model_file("detect"), BGR)
    expected = model.predict(picture())
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        found = pool.submit(model.predict, [picture()] * 10)
        time.sleep(0.05)
        model.close()
        assert all(same(result, expected) for result in found.result())
    with pytest.raises(ty.Error):
        model.predict(picture())


def test_clones_made_and_dropped_by_many_threads():
    model = ty.DetectModel(model_file("detect-dynamic"))
    image = np.zeros((64, 64, 3), np.uint8)

    def work(_):
        for _ in range(5):
            clone = model.clone().clone()
            clone.predict(image)
            clone.set_confidence(0.5)
            clone.info()
        return True

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(6)))


def predict_elsewhere(model, index):
    return os.getpid(), model.predict(picture("detect", index))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes(method):
    model = ty.DetectModel(model_file("detect"), BGR)
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        found = list(pool.map(predict_elsewhere, [model] * 4, range(4)))
    assert all(pid != os.getpid() for pid, _ in found)
    for index, (_, result) in enumerate(found):
        assert same(result, model.predict(picture("detect", index)))


FORK = """
    import os, sys, gc
    import numpy as np
    import tensorrt_yolo as ty

    file = sys.argv[1] + "/shapes/detect.onnx"
    image = np.zeros((480, 640, 3), np.uint8)
    {before}
    child = os.fork()
    if child == 0:
        {inside}
        sys.stdout.flush()
        os._exit(7)
    status = os.waitpid(child, 0)[1]
    print("child ended with", os.waitstatus_to_exitcode(status))
    {after}
"""


@pytest.mark.parametrize(
    "inside",
    [
        "model.predict(image)",
        "model.clone()",
        "model.info()",
        "clone.predict([image])",
        "ty.DetectModel(file)",
        "ty.inspect(file)",
    ],
)
def test_a_forked_child_is_told(inside):
    attempt = f"""try:
            {inside}
        except ty.Error as error:
            print("refused:", error)
        del model, clone
        gc.collect()"""
    before = "model = ty.DetectModel(file)\n    model.predict(image)\n    clone = model.clone()"
    done = run_python(FORK.format(before=before, inside=attempt, after="print(model.predict(image).num)"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and lines[1:] == ["child ended with 7", "0"], done.stdout
    assert lines[0].startswith("refused:") and "spawn" in lines[0]


def test_a_fork_before_the_first_model_is_fine():
    done = run_python(FORK.format(before="", inside="print(ty.DetectModel(file).predict(image).num)", after=""))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["0", "child ended with 7"]


def test_a_child_forked_amid_predictions_can_end():
    before = """import threading, time
    model = ty.DetectModel(file)
    def work(clone):
        while True:
            clone.predict(image)
    for _ in range(3):
        threading.Thread(target=work, args=(model.clone(),), daemon=True).start()
    time.sleep(0.3)"""
    done = run_python(FORK.format(before=before, inside="sys.exit(7)", after=""), timeout=60)
    assert (done.returncode, done.stdout.splitlines()) == (0, ["child ended with 7"]), done.stderr


EXIT = """
    import sys, threading, time
    import numpy as np
    import tensorrt_yolo as ty

    model = ty.SegmentModel(sys.argv[1] + "/shapes/segment.onnx")
    image = np.zeros((480, 640, 3), np.uint8)
    clones = [model.clone() for _ in range(4)]
    results = [clone.predict(image) for clone in clones]
    def work(clone):
        while True:
            clone.predict(image).masks.to_numpy()
    for clone in clones:
        threading.Thread(target=work, args=(clone,), daemon=True).start()
    time.sleep(0.3)
    print("leaving", flush=True)
    {last}
"""


@pytest.mark.parametrize("last, status", [("", 0), ("sys.exit(5)", 5), ("raise KeyError('last')", 1)])
def test_the_interpreter_ends_amid_predictions(last, status):
    for _ in range(1 if last else 3):
        done = run_python(EXIT.format(last=last), timeout=60)
        assert (done.returncode, done.stdout) == (status, "leaving\n"), done.stderr
        assert "leaked" not in done.stderr and "Fatal" not in done.stderr


@pytest.mark.parametrize("where", ["main thread", "pool"])
def test_ctrl_c(where):
    code = """
        import concurrent.futures, sys
        import numpy as np
        import tensorrt_yolo as ty

        model = ty.DetectModel(sys.argv[1] + "/shapes/detect.onnx")
        image = np.zeros((480, 640, 3), np.uint8)
        stop = False
        def work(clone):
            while not stop:
                clone.predict(image)
        model.predict(image)
        print("running", flush=True)
        try:
            if sys.argv[2] == "pool":
                with concurrent.futures.ThreadPoolExecutor(3) as pool:
                    try:
                        list(pool.map(work, [model.clone() for _ in range(3)]))
                    finally:
                        stop = True
            work(model)
        except KeyboardInterrupt:
            print("interrupted; still fine:", model.predict(image).num, flush=True)
            raise
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(DATA), where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n", process.stderr.read()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert out == "interrupted; still fine: 0\n", errors
    assert process.returncode == -signal.SIGINT and "KeyboardInterrupt" in errors


@pytest.mark.parametrize("calls", [3000, pytest.param(100_000, marks=slow)])
def test_memory_stays_flat(tiny_segmenter, calls):
    work = """
        model = ty.SegmentModel(model, option)
        views = [images[0], images[1][..., ::-1], images[2][::2]]

        def work(calls):
            for i in range(calls):
                result = model.predict(views[i % 3])
                assert result.num == 3
                assert all(mask.to_numpy().any() for mask in result.masks) and result.masks.to_numpy().shape[0] == 3
                assert result.boxes.left.size == 3 and result[0].mask.runs().size
                assert model.predict(views[:2])[1].num == 3
    """
    assert memory_growth(tiny_segmenter, work, calls) < 2 << 20
