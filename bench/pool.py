"""Pools against one model, against clones, and against OpenVINO's own benchmark: images a second by number of callers.

    python bench/pool.py yolo11n.onnx
    python bench/pool.py yolo11n.onnx --callers 1,2,4,8 --seconds 1.5 --rounds 7

model         one model with all cores for each image (one stream), called by one thread
clones        as many clones as callers, of a model with as many streams as suit the machine
pool          a pool of such a model
pool, two     the same with an engine with one stream for images that are alone: Pool(model, for_one=...)
benchmark_app the network alone, as OpenVINO measures it (CPU only; --no-benchmark-app leaves it out)

Each caller calls predict() with a picture of 1920 x 1080 pixels, again and again. All take turns in short slices;
figures are medians over the rounds, and what they are "of the best" is the median of the rounds' ratios to the faster
one of model and clones in the same round; the same for benchmark_app. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

import tensorrt_yolo as ty

FRAME = pathlib.Path(__file__).parents[1] / "data" / "people" / "frames" / "0600.jpg"
SIZE = 1920, 1080

Call = Callable[[np.ndarray], Any]


def rate(calls: list[Call], picture: np.ndarray, seconds: float) -> float:
    """Images a second of threads that make one of the calls each."""
    counts = [0] * len(calls)
    begin = time.perf_counter()

    def work(number: int) -> None:
        while time.perf_counter() < begin + seconds:
            calls[number](picture)
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - begin)


def benchmark_app(model: str, seconds: float) -> float:
    """What OpenVINO's program says of the network alone, frames a second."""
    program = pathlib.Path(sys.executable).with_name("benchmark_app")
    words = [program, "-m", model, "-d", "CPU", "-hint", "throughput", "-infer_precision", "f32"]
    words += ["-t", str(max(1, round(seconds)))]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return float(re.search(r"Throughput: +([0-9.]+) FPS", said).group(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a detector")
    parser.add_argument("--callers", default="1,2,4,8", metavar="N,...")
    parser.add_argument("--seconds", type=float, default=1.5, help="of a slice (%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    parser.add_argument("--no-benchmark-app", action="store_true")
    arguments = parser.parse_args()
    callers = [int(number) for number in arguments.callers.split(",")]

    picture = cv2.resize(cv2.imread(str(FRAME)), SIZE, interpolation=cv2.INTER_CUBIC)
    one = ty.DetectModel(arguments.model, ty.InferOption(swap_rb=True, streams=1))
    many = ty.DetectModel(arguments.model, ty.InferOption(swap_rb=True, streams=0))
    clones = [many.clone() for _ in range(max(callers))]
    pools = {"pool": ty.Pool(many), "pool, two": ty.Pool(many, for_one=one)}
    cases: dict[tuple[str, int], list[Call]] = {("model", 1): [one.predict]}
    for n in callers:
        cases["clones", n] = [clone.predict for clone in clones[:n]]
        for name, pool in pools.items():
            cases[name, n] = [pool.predict] * n
    info = one.info()
    for calls in cases.values():  # warms up
        rate(calls, picture, 0.2)
    rates: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
    alone = []
    for turn in range(arguments.rounds):
        for case in sorted(cases, reverse=turn % 2 == 1):
            rates[case].append(rate(cases[case], picture, arguments.seconds))
        if info.backend == "openvino" and not arguments.no_benchmark_app:
            alone.append(benchmark_app(arguments.model, 2 * arguments.seconds))

    print(f"{info.file} ({info.precision}) on {info.device}, {pools['pool'].contexts} contexts")
    print(f"{'callers':<16}" + "".join(f"{n:>22}" for n in callers))
    print(f"{'model':<16}{statistics.median(rates['model', 1]):>22.1f}")
    for name in ("clones", *pools):
        cells = []
        for n in callers:
            best = [max(a, b) for a, b in zip(rates["model", 1], rates["clones", n])]
            share = statistics.median(own / other for own, other in zip(rates[name, n], best))
            cells.append(f"{statistics.median(rates[name, n]):.1f} ({share:.3f} of best)")
        print(f"{name:<16}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    if alone:
        print(f"{'benchmark_app':<16}{statistics.median(alone):>22.1f}")
        for name in pools:
            most = callers[-1]
            share = statistics.median(own / other for own, other in zip(rates[name, most], alone))
            print(f"{name} of {most} callers: {share:.3f} of benchmark_app")


if __name__ == "__main__":
    main()
