"""Pools: what the one model gives, from threads, futures and coroutines, until the end."""

import asyncio
import concurrent.futures
import gc
import pickle
import re
import sys
import textwrap
import threading
import time
import weakref

import numpy as np
import pytest
from conftest import DATA, TASKS, memory_growth, model_file, picture, run_python, same, slow

import tensorrt_yolo as ty

BGR = ty.InferOption(swap_rb=True, streams=2)


@pytest.fixture(scope="module")
def detector():
    return ty.DetectModel(model_file("detect"), BGR)


@pytest.mark.parametrize("task", TASKS)
def test_gives_what_the_model_gives(task):
    model = ty.MODELS[task](model_file(task), BGR)
    images = [picture(task, i) for i in range(4)]
    expected = [model.predict(image) for image in images]
    with ty.Pool(model) as pool:
        model.close()  # the pool needs it no longer
        assert (pool.contexts, pool.max_batch_size, pool.info().task) == (2, pool.info().batch, task)
        assert same(pool.predict(images[0]), expected[0])
        assert all(map(same, pool.predict(images), expected))
        assert all(map(same, pool.map(iter(images * 3)), expected * 3))
        futures = [pool.submit(image) for image in images]
        assert all(same(future.result(), wanted) for future, wanted in zip(futures, expected))
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            assert all(map(same, threads.map(pool.predict, images * 4), expected * 4))
    assert pool.metrics().finished == 1 + 4 + 12 + 4 + 16


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_encoded_images(detector, kind):
    file = DATA / "shapes" / "images" / "00001.jpg"
    data, expected = kind(file.read_bytes()), detector.predict(file)
    with ty.Pool(detector) as pool:
        futures = [pool.submit(data) for _ in range(10)]
        wrong = pool.submit(b"x" * 40)
        futures += [pool.submit(file), pool.submit(str(file))]
        assert all(same(future.result(), expected) for future in futures)
        with pytest.raises(ty.DecodeError, match="predict: 40 bytes: not an image"):
            wrong.result()
        with pytest.raises(FileNotFoundError):
            pool.submit("none.jpg")
        assert same(pool.predict(data), expected)
        assert all(same(found, expected) for found in pool.predict([data, file] * 10))
        with pytest.raises(ValueError, match=r"images\[1\]: predict: 1 bytes: not an image"):
            pool.predict([data, b"x", data])
        found = list(pool.map([data, picture(), b"x"], return_errors=True))
        assert same(found[0], expected) and isinstance(found[2], ty.DecodeError)
        metrics = pool.metrics()
        assert metrics.decode.count > 0 and metrics.undecoded == 0
        decoded = metrics.decoded
        assert decoded.failed == 3 and decoded.refused <= decoded.cpu + decoded.failed
        assert 0 <= decoded.gpu + decoded.cpu - (10 + 2 + 1 + 20 + 1 + 1) <= 1  # the list's last image may be cancelled
        assert f'decoded_total{{pool="p",by="cpu"}} {decoded.cpu}\n' in ty.prometheus({"p": pool})


def test_encoded_images_of_a_pool_that_is_dropped(detector):
    data = (DATA / "shapes" / "images" / "00001.jpg").read_bytes()
    pool = ty.Pool(detector, queue_length=1000)
    futures = [pool.submit(data) for _ in range(300)]
    cancelled = sum(future.cancel() for future in futures[::3])
    pool.close("drop")
    ends = [future.exception() if not future.cancelled() else None for future in futures]
    assert all(end is None or isinstance(end, ty.ClosedError) for end in ends)
    metrics = pool.metrics()
    assert metrics.submitted == 300 == metrics.finished + metrics.cancelled + metrics.dropped
    assert metrics.cancelled == cancelled


def test_of_a_file():
    with ty.Pool(model_file("detect"), ty.InferOption(swap_rb=True)) as pool:
        assert pool.info().task == "detect" and pool.contexts >= 1
        assert pool.predict(picture()).num == ty.DetectModel(model_file("detect"), BGR).predict(picture()).num


def test_of_two_models(detector):
    alone = ty.DetectModel(model_file("detect"), ty.InferOption(swap_rb=True, streams=1))
    expected = detector.predict(picture())
    before = alone.memory().executors
    with ty.Pool(detector, low_latency_model=alone) as pool:
        assert np.allclose(pool.predict(picture()).boxes, expected.boxes, atol=0.01)
        assert alone.memory().executors == before + 1
        assert len(pool.predict([picture()] * 8)) == 8
    with pytest.raises(ValueError, match="low_latency_model must be for the task 'detect'"):
        ty.Pool(detector, low_latency_model=ty.ClassifyModel(model_file("classify")))


def test_all_devices_of_a_model_on_the_cpu():
    with ty.Pool(model_file("detect"), BGR, devices="all") as pool:
        pool.predict(picture())
        assert pool.devices == [] and pool.metrics().rerun == 0


def test_images_share_a_run():
    model = ty.DetectModel(model_file("detect-dynamic"), ty.InferOption(swap_rb=True, batch=4))
    images = [picture(index=i) for i in range(4)]
    expected = [model.predict(image) for image in images]
    with ty.Pool(model, contexts=1, max_queue_delay=5.0) as pool:
        futures = [pool.submit(image) for image in images * 4]
        for future, wanted in zip(futures, expected * 4):
            found = future.result()
            assert np.array_equal(found.classes, wanted.classes)
            np.testing.assert_allclose(found.boxes, wanted.boxes, atol=0.01)
        sizes = pool.metrics().batch_sizes
    assert len(sizes) == 4 and sum(sizes[1:]) >= 1 and sum(n * (i + 1) for i, n in enumerate(sizes)) == 16


def test_coroutines(detector):
    images = [picture(index=i) for i in range(4)]
    expected = [detector.predict(image) for image in images]

    async def one(pool, image):
        return await pool.submit(image, queue_full_policy="reject")

    async def everything(pool):
        return await asyncio.gather(*(one(pool, image) for image in images))

    async def cancelled(pool):
        waiting = [asyncio.ensure_future(one(pool, image)) for image in images * 4]
        await asyncio.sleep(0)
        waiting[-1].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    with ty.Pool(detector, contexts=1) as pool:
        assert all(map(same, asyncio.run(everything(pool)), expected))
        *found, last = asyncio.run(cancelled(pool))
    assert all(map(same, found, expected * 4)) and isinstance(last, asyncio.CancelledError)


class Held:
    """A pool whose only context is busy for a while."""

    def __init__(self, detector, **options):
        self.pool = ty.Pool(detector, contexts=1, **options)
        self.image = picture()

    def __enter__(self):
        self.busy = threading.Thread(target=self.pool.predict, args=([self.image] * 30,))
        self.busy.start()
        while not self.pool.metrics().running:
            time.sleep(0.001)
        return self

    def __exit__(self, *exception):
        self.busy.join()
        self.pool.close()


def test_cancelling(detector):
    with Held(detector) as held:
        while not (future := held.pool.submit(held.image)).cancel():
            pass  # its run had begun
        called = []
        future.add_done_callback(called.append)
        assert future.cancelled() and future.cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            future.result()
        assert concurrent.futures.wait([future], timeout=10).done == {future}
    assert called == [future] and held.pool.metrics().cancelled == 1
    with ty.Pool(detector) as pool:
        done = pool.submit(held.image)
        done.result()
        assert not done.cancel() and not done.cancelled()


class Ended(ty.PoolFuture):
    """Is done as soon as anybody wants to take it out, as if the pool's thread had come in between."""

    unqueue = None

    @property
    def _unqueue(self):
        unqueue = self.unqueue
        if unqueue is not None and not self.done():
            self._end(None, ty.ClosedError("at this very moment"))
        return unqueue

    @_unqueue.setter
    def _unqueue(self, unqueue):
        self.unqueue = unqueue

    def _end(self, result, error):
        if not self.done():  # the pool's own end comes after the one above
            super()._end(result, error)


def test_cancelling_what_ends_at_that_moment(detector, monkeypatch):
    future = Ended()
    future._unqueue = lambda: False  # of an image that is done
    assert not future.cancel() and future.done() and future.unqueue is None

    # And at the end of map().
    monkeypatch.setattr("tensorrt_yolo.pool.PoolFuture", Ended)
    with ty.Pool(detector, contexts=1) as pool:
        results = pool.map([picture()] * 4)
        next(results)
        results.close()


def test_a_future_that_is_done_keeps_nothing_of_the_pool():
    class DoneMeanwhile(ty.PoolFuture):
        def done(self):
            """What it was before the pool's thread came in between."""
            before = super().done()
            if not before:
                self._end(None, ty.ClosedError("at this very moment"))
            return before

    future = DoneMeanwhile()
    future._begin(lambda: False)
    assert future._unqueue is None and isinstance(future.exception(), ty.ClosedError)


@pytest.fixture
def unraisable(monkeypatch):
    """What nobody else would see."""
    seen = []
    monkeypatch.setattr("sys.unraisablehook", lambda found: seen.append(found.exc_type))
    return seen


def awaited(pool):
    async def one():
        return await asyncio.wait_for(asyncio.wrap_future(pool.submit(picture())), 30)

    return asyncio.run(one())


def test_a_result_that_cannot_be_made_ends_its_future(detector, monkeypatch):
    class Boxes(np.ndarray):
        def __array_finalize__(self, array):
            raise MemoryError("injected")

    with ty.Pool(detector) as pool:
        with monkeypatch.context() as broken:
            broken.setattr("tensorrt_yolo.results.Boxes", Boxes)
            futures = [pool.submit(picture()) for _ in range(4)]
            assert concurrent.futures.wait(futures, timeout=30).not_done == set()
            assert [str(future.exception()) for future in futures] == ["injected"] * 4
            with pytest.raises(MemoryError, match="injected"):
                awaited(pool)
            with pytest.raises(MemoryError, match="injected"):
                pool.predict(picture())
            with pytest.raises(MemoryError, match="injected"):
                next(pool.map([picture()]))
        assert pool.submit(picture()).result(30).num


def test_an_error_that_cannot_be_made_ends_its_future(detector, monkeypatch):
    class Failing(ty.Error):
        def __init__(self, text):
            raise MemoryError("no memory for " + text)

    pool = ty.Pool(detector, contexts=1)
    monkeypatch.setattr("tensorrt_yolo.errors.ClosedError", Failing)
    futures = [pool.submit(picture()) for _ in range(32)]
    pool.close("drop")
    assert concurrent.futures.wait(futures, timeout=30).not_done == set()
    assert isinstance(futures[-1].exception(), MemoryError)


@pytest.mark.parametrize("hook", ["_end", "set_result", "set_running_or_notify_cancel"])
def test_a_hook_that_raises_ends_its_future(detector, monkeypatch, unraisable, hook):
    class Raising(ty.PoolFuture):
        calls = 0

    def raising(self, *arguments):
        self.calls += 1
        if self.calls == 1:
            raise RecursionError("injected")
        return getattr(ty.PoolFuture, hook)(self, *arguments)

    setattr(Raising, hook, raising)
    monkeypatch.setattr("tensorrt_yolo.pool.PoolFuture", Raising)
    with ty.Pool(detector) as pool:
        with pytest.raises(RecursionError, match="injected"):
            pool.submit(picture()).result(30)
    assert unraisable == [RecursionError]


def test_callbacks_that_raise(detector, unraisable):
    def leave(future):
        sys.exit(3)

    def fail(future):
        raise ValueError("of a callback")

    with ty.Pool(detector) as pool:
        for callback in (leave, fail):
            future = pool.submit(picture())
            future.add_done_callback(callback)
            assert future.result(30).num
            assert awaited(pool).num
    assert set(unraisable) <= {SystemExit}  # where the future was not done before


def test_deadlines(detector):
    with Held(detector) as held:
        late = held.pool.submit(held.image, timeout=0.0)
        patient = held.pool.submit(held.image, timeout=60)
        with pytest.raises(ty.DeadlineError, match="deadline"):
            late.result()
        assert patient.result().num
        with pytest.raises(ValueError, match="timeout"):
            held.pool.submit(held.image, timeout=float("nan"))


def test_a_full_queue(detector):
    with Held(detector, queue_length=1, queue_full_policy="reject") as held:
        with pytest.raises(ty.QueueFullError, match="queue of 1 "):
            for _ in range(1000):  # an image of the other thread may wait just now, or not
                held.pool.submit(held.image)
        assert held.pool.submit(held.image, queue_full_policy="block").result().num
        assert held.pool.metrics().rejected >= 1
        with pytest.raises(ValueError, match="'wait'"):
            held.pool.submit(held.image, queue_full_policy="wait")


def test_an_image_fails_alone(detector):
    good = picture()
    images = [good, np.zeros((0, 5, 3), np.uint8), good, good.astype(np.float32), "nowhere.jpg", good]
    with ty.Pool(detector) as pool:
        found = list(pool.map(images, return_errors=True))
        assert [type(one) for one in found] == [
            ty.DetResult,
            ValueError,
            ty.DetResult,
            TypeError,
            FileNotFoundError,
            ty.DetResult,
        ]
        with pytest.raises(ValueError, match="empty"):
            list(pool.map(images))
        with pytest.raises(TypeError, match="float32"):
            pool.submit(images[3])
        assert pool.predict(good).num


def test_map_takes_images_as_they_are_needed(detector):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield picture()

    with ty.Pool(detector, contexts=1) as pool:
        results = pool.map(endless())
        for _ in range(5):
            next(results)
        assert len(taken) <= 5 + 2
        results.close()
    metrics = pool.metrics()
    assert metrics.submitted == metrics.finished + metrics.cancelled


@pytest.mark.parametrize("mode", ["drain", "drop"])
def test_closing(detector, mode):
    pool = ty.Pool(detector, contexts=1)
    futures = [pool.submit(picture()) for _ in range(8)]
    with pytest.raises(ValueError, match="'drain' or 'drop', found 'now'"):
        pool.close("now")
    pool.close(mode)
    pool.close()
    assert all(future.done() for future in futures)
    ends = [type(future.exception()) for future in futures]
    assert ends == [type(None)] * 8 if mode == "drain" else ends[-1] is ty.ClosedError
    for call in (pool.predict, pool.submit):
        with pytest.raises(ty.ClosedError, match="closed"):
            call(picture())
    with pytest.raises(ty.ClosedError):
        list(pool.map([picture()]))


def test_arrays_are_kept_until_they_are_read(detector):
    expected = detector.predict(picture())
    with ty.Pool(detector, contexts=1) as pool:
        futures = []
        kept = []
        for _ in range(6):
            array = picture()
            kept.append(weakref.ref(array))
            futures.append(pool.submit(array))
            del array
        assert all(same(future.result(), expected) for future in futures)
    gc.collect()
    assert not any(ref() is not None for ref in kept)


@pytest.mark.parametrize("calls", [3000, pytest.param(100_000, marks=slow)])
def test_memory_stays_flat(tiny_segmenter, calls):
    work = """
        pool = ty.Pool(model, option)

        def work(calls):
            for result in pool.map(images[i % 3] for i in range(calls // 3)):
                assert result.masks.to_numpy().shape[0] == 3
            for i in range(calls // 3):
                assert pool.submit(images[i % 3][::2, ::-1]).result().num == 3
            for i in range(calls // 3):
                assert pool.predict(images[i % 3]).num == 3
    """
    assert memory_growth(tiny_segmenter, work, calls) < 2 << 20


def test_memory_stays_flat_where_images_fail(tiny_segmenter):
    work = """
        pool = ty.Pool(model, option, contexts=1)

        def work(calls):
            for i in range(calls):
                late, waiting = pool.submit(images[0], timeout=0.0), pool.submit(images[1])
                waiting.cancel()
                try:
                    pool.submit(images[0].astype(float))
                except TypeError:
                    pass
                for future in (late, waiting):
                    try:
                        future.result(30)
                    except (ty.DeadlineError, ty.errors.CancelledError):
                        pass
    """
    assert memory_growth(tiny_segmenter, work, 3000) < 2 << 20


def test_callbacks_may_use_the_pool(detector):
    pool = ty.Pool(detector)
    again = []
    ended = threading.Event()

    def more(future):
        again.append(pool.predict(picture()))
        if len(again) < 3:
            pool.submit(picture()).add_done_callback(more)
        else:
            pool.close()
            ended.set()

    pool.submit(picture()).add_done_callback(more)
    assert ended.wait(60) and len(again) == 3


def test_options_that_make_no_sense(detector):
    for options, message in [
        ({"contexts": -1}, "contexts must not be negative"),
        ({"max_batch_size": 2}, "maxBatchSize must be at most 1"),
        ({"max_queue_delay": -1.0}, "maxQueueDelay"),
        ({"max_queue_delay": float("inf")}, "max_queue_delay"),
        ({"queue_full_policy": "wait"}, "'block' or 'reject', found 'wait'"),
        ({"devices": [0]}, "runs on the CPU"),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            ty.Pool(detector, **options)
    with pytest.raises(TypeError, match="loaded already"):
        ty.Pool(detector, BGR)
    with pytest.raises(ty.ModelError):
        ty.Pool("nowhere.onnx")
    with ty.Pool(detector) as pool, pytest.raises(TypeError, match="its model can"):
        pickle.dumps(pool)


def test_metrics(detector):
    with ty.Pool(detector) as pool:
        pool.predict([picture()] * 3)
        metrics = pool.metrics()
        assert (metrics.submitted, metrics.finished, metrics.batch_sizes) == (3, 3, [3])
        assert [(each.gpu, each.images, each.failure) for each in metrics.devices] == [(None, 3, "")]
        assert metrics.latency.count == 3 and 0 < metrics.inference.median <= metrics.latency.max
        text = ty.prometheus({"door": pool, "yard": metrics})
    assert 'trtyolo_pool_done_total{pool="door",outcome="finished"} 3\n' in text
    assert 'trtyolo_pool_submitted_total{pool="yard"} 3\n' in text


START = """
    import asyncio, os, sys, threading, time
    import numpy as np
    import tensorrt_yolo as ty

    image = np.zeros((480, 640, 3), np.uint8)
    pool = ty.Pool(ty.DetectModel(sys.argv[1] + "/shapes/detect.onnx"), contexts=1)
"""


def test_the_interpreter_ends_amid_everything():
    code = """
        def work():
            while True:
                try:
                    pool.submit(image).add_done_callback(lambda future: future.exception())
                    pool.predict(image)
                except ty.ClosedError:
                    time.sleep(0.001)
        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
        print("leaving", flush=True)
    """
    for _ in range(3):
        done = run_python(textwrap.dedent(START) + textwrap.dedent(code), timeout=60)
        assert (done.returncode, done.stdout) == (0, "leaving\n"), done.stderr
        assert "Fatal" not in done.stderr


def test_the_interpreter_ends_while_futures_wait_and_pools_are_made():
    code = """
        futures = [pool.submit(image) for _ in range(8)]
        def wait():
            for future in futures:
                future.exception()
            print("waited", flush=True)
        def make():
            while True:
                try:
                    pools = [ty.Pool(pool_model, contexts=1) for _ in range(3)]
                    [one.submit(image) for one in pools]
                except ty.Error:
                    time.sleep(0.001)
        pool_model = ty.DetectModel(sys.argv[1] + "/shapes/detect.onnx")
        threading.Thread(target=wait).start()
        for _ in range(2):
            threading.Thread(target=make, daemon=True).start()
        time.sleep(0.3)
    """
    for _ in range(3):
        done = run_python(textwrap.dedent(START) + textwrap.dedent(code), timeout=60)
        assert (done.returncode, done.stdout) == (0, "waited\n"), done.stderr
        assert "Fatal" not in done.stderr and "Error" not in done.stderr


def test_a_forked_child_is_told():
    code = """
        future = pool.submit(image)
        child = os.fork()
        if child == 0:
            for attempt in (lambda: pool.predict(image), lambda: pool.submit(image), pool.metrics):
                try:
                    attempt()
                except ty.Error as error:
                    print("spawn" in str(error), flush=True)
            pool.close()
            del pool, future
            sys.exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), future.result().num)
    """
    done = run_python(textwrap.dedent(START) + textwrap.dedent(code), timeout=60)
    assert (done.returncode, done.stdout.split()) == (0, ["True"] * 3 + ["7", "0"]), done.stderr
