"""Machines without memory or threads: every call and every future of the package ends, and the next ones are right."""

import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import run_python

TESTS = pathlib.Path(__file__).parents[1]

BEGIN = """
import concurrent.futures, ctypes, gc, os, sys, threading
import numpy as np
import tensorrt_yolo as ty

failing = ctypes.CDLL(os.environ["LD_PRELOAD"])
failing.allocation_has_failed.restype = ctypes.c_bool
failing.fail_allocation.argtypes = [ctypes.c_long]
failing.fail_only_in(b"_core")  # OpenVINO ends the process if a thread of its own gets no memory
model = ty.Model(os.environ["TINY"], ty.InferOption(task="segment", names=["a", "b"], threads=1))
image = np.full((120, 160, 3), 90, np.uint8)
wanted = repr(model.predict(image))
grown = [model.predict(image) for _ in range(500)]  # nanobind ends the process if its tables of objects cannot grow
del grown

def ends(future):  # a future that never ends raises TimeoutError, which is passed on
    try:
        return repr(future.result(timeout=60)) == wanted
    except (MemoryError, ty.Error, RuntimeError) as error:
        return error
"""


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory, tiny_segmenter):
    """The environment of programs whose allocations and threads fail on demand."""
    compiler = shutil.which("c++")
    if not compiler:
        pytest.skip("no C++ compiler")
    library = tmp_path_factory.mktemp("failing") / "libfailing.so"
    sources = [TESTS / "python" / "failing_allocations.cpp", TESTS / "support" / "failures.cpp"]
    command = [compiler, "-std=c++20", "-O1", "-fPIC", "-shared", "-I", TESTS, *sources, "-o", library, "-ldl"]
    subprocess.run(command, check=True)
    return {**os.environ, "LD_PRELOAD": str(library), "TINY": str(tiny_segmenter)}


def test_every_allocation_of_a_call(preloaded):
    done = run_python(
        BEGIN
        + """
failed = 0
for after in range(3000):
    failing.fail_allocation(after)
    try:
        right = repr(model.predict(image)) == wanted
    except (MemoryError, ty.Error) as error:
        right = True
        failed += 1
    reached = failing.allocation_has_failed()
    failing.fail_allocation(-1)
    assert right, after
    if not reached:
        break
assert not reached and failed > 5, (after, failed)
assert repr(model.predict(image)) == wanted
""",
        env=preloaded,
    )
    assert done.returncode == 0, done.stderr


def test_every_allocation_of_futures(preloaded):
    done = run_python(
        BEGIN
        + """
failed = 0
with ty.Pool(model, contexts=2) as pool:
    for after in range(3000):
        called = []
        failing.fail_allocation(after)
        futures = []
        for _ in range(3):
            try:
                futures.append(pool.submit(image))
                futures[-1].add_done_callback(called.append)
            except (MemoryError, ty.Error, RuntimeError):
                failed += 1
        answers = [ends(future) for future in futures]
        reached = failing.allocation_has_failed()
        failing.fail_allocation(-1)
        assert all(answer is True or isinstance(answer, Exception) for answer in answers), (after, answers)
        failed += sum(isinstance(answer, Exception) for answer in answers)
        assert len(called) == len(futures), (after, called)
        if not reached:
            break
    assert not reached and failed > 5, (after, failed)
    assert ends(pool.submit(image)) is True
""",
        env=preloaded,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def test_every_thread_of_a_pool(preloaded):
    done = run_python(
        BEGIN
        + """
failed = 0
for after in range(12):
    failing.fail_threads(after)
    try:
        pool = ty.Pool(model.clone(), contexts=3)
        future = pool.submit(image)
    except (RuntimeError, OSError, MemoryError, ty.Error):
        failed += 1
    else:
        assert ends(future) is True or isinstance(ends(future), Exception)
        pool.close()
    failing.fail_threads(-1)
assert failed > 1
with ty.Pool(model, contexts=3) as pool:
    assert ends(pool.submit(image)) is True
""",
        env=preloaded,
    )
    assert done.returncode == 0, done.stderr
