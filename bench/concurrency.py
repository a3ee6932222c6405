"""Threads with clones against processes with models: every figure of docs/guide/concurrency*.md.

    python bench/concurrency.py                                     # the detector of data/people, some minutes
    python bench/concurrency.py yolo11n.engine --json gpu.json      # on a GPU; bench/plot.py gpu.json draws it

The figures of the guide: scripts/figures --record concurrency 'python bench/concurrency.py yolo11n.onnx --json -'.

resources  memory of n threads with a clone each, and of n processes with a model each, and how long until all are
           ready: as the program `trtyolo bench` measures it
binding    what Python costs: images a second of n threads, held against the bare network's, beside what
           `trtyolo bench` says of clones in C++
compute    images a second, with no Python code beside predict(), with as much as predict() takes, and with three times
           as much
waiting    images a second from cameras: a server on this machine that answers over a socket, late
handover   what it takes to give a frame of 1920 x 1080 and a result to another thread or process

Ways take turns in short slices, so that a slow moment of the machine meets all of them; figures are medians over the
slices, and a ratio is the median of the ratios within a round. Let nothing else run meanwhile. On a CPU each worker has
one core, so that one is not helped by the cores of the others.

Needs tensorrt_yolo with OpenCV and the program trtyolo or trtyolo-bench.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import multiprocessing.dummy
import os
import pathlib
import pickle
import platform
import queue
import shutil
import statistics
import subprocess
import sys
import threading
import time
import timeit
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

import tensorrt_yolo as ty
from tensorrt_yolo.images import decoded
from tensorrt_yolo.program.options import whole

ROOT = pathlib.Path(__file__).parents[1]
CORES = len(os.sched_getaffinity(0))
SIZE = 1920, 1080
PARTS = ("resources", "binding", "compute", "waiting", "handover")
SPAWN = multiprocessing.get_context("spawn")
WAYS = {"threads": multiprocessing.dummy, "processes": SPAWN}  # with the same interface
LOCKED = "locked"  # threads that hold LOCK during predict(), as they do with a binding that keeps the interpreter's
LOCK = threading.Lock()
PYTHON = (0, 1, 3)  # Python code beside predict(), in times of predict()
LEAST_LATENCY, LATENCY = 0.05, 4  # of the cameras: seconds, and in times of predict()
WARM_UP = 3  # calls of a worker before it counts
HANDED = 100  # frames and results, each way


# ----------------------------------------------------------------------------------------------------------------------
# Models and images


def load(options: argparse.Namespace, workers: int) -> ty.Model:
    """For so many workers that share it, with a core for each as far as there are."""
    most = min(workers, CORES)
    values = {"swap_rb": True, "backend": options.backend, "device_id": options.device}
    return ty.Model(options.model, ty.InferOption(**values, streams=most, threads=most))


def image() -> np.ndarray:
    """A frame of the street in data/people, BGR u8 [1080, 1920, 3]."""
    pixels = decoded(ROOT / "data" / "people" / "frames" / "0600.jpg", bgr=True)
    return cv2.resize(pixels, SIZE, interpolation=cv2.INTER_CUBIC)


def python_code(loops: int) -> float:
    """Pure Python, which holds the interpreter lock."""
    total = 0.0
    for i in range(loops):
        total += i * 0.5
    return total


# ----------------------------------------------------------------------------------------------------------------------
# Workers: threads of this process, or processes; both do the same and are told the same


def start(workers: Any, target: Callable[..., None], *arguments: Any) -> tuple[Any, Any]:
    """The end of a pipe whose other end `target` has as its first argument, and the running worker."""
    here, there = workers.Pipe()
    worker = workers.Process(target=target, args=(there, *arguments))
    worker.daemon = True
    worker.start()
    there.close()
    return here, worker


def hear(end: Any) -> Any:
    """The next thing that a worker says; what it failed with is raised."""
    said = end.recv()
    if isinstance(said, BaseException):
        raise said
    return said


def serve(end: Any, make: Callable[[], ty.Model], pixels: np.ndarray) -> None:
    """Does slices of work until it is told None; answers each with images a second, or with what failed."""
    try:
        model = make()
        for _ in range(WARM_UP):
            model.predict(pixels)
        end.send("ready")
        for job in iter(end.recv, None):
            end.send(work(model, pixels, **job))
    except Exception as error:
        end.send(error)


def work(
    model: ty.Model, pixels: np.ndarray, begin: float, seconds: float, loops: int, locked: bool, cameras: str
) -> float:
    """Images a second of one worker."""
    lock = LOCK if locked else contextlib.nullcontext()
    with Client(cameras) if cameras else contextlib.nullcontext() as camera:
        time.sleep(max(0.0, begin - time.monotonic()))
        began = time.monotonic()
        count = 0
        while count == 0 or time.monotonic() < began + seconds:
            image = fetch(camera) if camera else pixels
            with lock:
                model.predict(image)
            python_code(loops)
            count += 1
        return count / (time.monotonic() - began)


class Team:
    """Workers of one way, all ready; any number of them may be at work."""

    def __init__(self, way: str, options: argparse.Namespace, pixels: np.ndarray) -> None:
        workers = max(options.workers)
        self.model = load(options, workers) if way == "threads" else None
        make = self.model.clone if self.model else functools.partial(load, options, 1)
        self._workers = [start(WAYS[way], serve, make, pixels) for _ in range(workers)]
        for end, _ in self._workers:
            hear(end)

    def run(self, n: int, seconds: float, loops: int = 0, locked: bool = False, cameras: str = "") -> float:
        """Images a second of n workers side by side, in about so many seconds."""
        begin = time.monotonic() + 0.02
        for end, _ in self._workers[:n]:
            end.send({"begin": begin, "seconds": seconds, "loops": loops, "locked": locked, "cameras": cameras})
        return sum(hear(end) for end, _ in self._workers[:n])

    def close(self) -> None:
        for end, worker in self._workers:
            with contextlib.suppress(OSError):  # it may have died
                end.send(None)
            worker.join()


def rounds(
    what: str, count: int, plan: list[tuple[Any, ...]], measure: Callable[..., float]
) -> dict[tuple[Any, ...], list[float]]:
    """Measures every entry of the plan once in each round, in an order that turns."""
    rates: dict[tuple[Any, ...], list[float]] = {entry: [] for entry in plan}
    starts = [i * len(plan) // count for i in range(count)]
    for entry in tqdm([entry for start in starts for entry in plan[start:] + plan[:start]], what, disable=None):
        rates[entry].append(measure(*entry))
    return rates


def speed(rates: list[float], single: list[float]) -> dict[str, float]:
    """Images a second, and how many times the rate of a single thread in the same round."""
    ratio = statistics.median(rate / one for rate, one in zip(rates, single))
    return {"images_per_s": statistics.median(rates), "ratio": ratio}


# ----------------------------------------------------------------------------------------------------------------------
# By the program in C++


def bench(options: argparse.Namespace, *arguments: Any) -> dict[tuple[str, int], dict[str, Any]]:
    """Rows of `trtyolo bench`, by kind and number."""
    words = [options.program, *([] if os.path.basename(options.program).startswith("trtyolo-bench") else ["bench"])]
    words += [options.model, "--backend", options.backend, "--images", "host", "--json", "-", "--quiet", *arguments]
    if options.device:
        words += ["--device", options.device]
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))} ended with status {done.returncode}")
    return {(row["kind"], row["n"]): row for row in json.loads(done.stdout)["rows"]}


def resources(options: argparse.Namespace) -> list[dict[str, Any]]:
    counts = ",".join(map(str, options.workers))
    measured = bench(options, "--kinds", "model,clones,processes", "--clones", counts, "--seconds", 0.1)
    rows = []
    for n in options.workers:
        for way, kind in zip(WAYS, ("clones", "processes")):
            row = {"gpu_driver_mb": 0, "gpu_cuda_mb": 0} | measured["model" if n == 1 else kind, n]
            found = {key: row[key] for key in ("ready_s", "rss_mb", "pss_mb")}
            found["gpu_mb"] = row["gpu_driver_mb"] + row["gpu_cuda_mb"]
            if way == "processes":
                found |= {
                    f"{key}_ratio": found[f"{key}_mb"] / max(rows[-1][f"{key}_mb"], 1e-9) for key in ("pss", "gpu")
                }
            rows.append({"way": way, "n": n} | found)
    return rows


def binding(team: dict[str, Team], options: argparse.Namespace) -> list[dict[str, Any]]:
    most = max(options.workers)
    seconds = options.rounds * options.seconds
    arguments = ("--clones", most, "--engine-streams", min(most, CORES), "--seconds", seconds)
    measured = bench(options, "--kinds", "model,clones", *arguments)
    rows = []
    for n in dict.fromkeys((1, most)):
        ratios = []
        for _ in tqdm(range(options.rounds), f"binding, {n}", disable=None):
            network = team["threads"].model.measure_network(n, options.seconds)
            rate = len(network.latencies) * team["threads"].model.batch() / network.seconds
            ratios.append(team["threads"].run(n, options.seconds) / rate)
        python, cpp = statistics.median(ratios), measured["model" if n == 1 else "clones", n]["ratio"]
        rows.append({"n": n, "python": python, "cpp": cpp, "share": python / cpp})
    return rows


# ----------------------------------------------------------------------------------------------------------------------
# Compute-bound: predict() and Python code


def compute(team: dict[str, Team], options: argparse.Namespace, loops: int) -> list[dict[str, Any]]:
    """`loops` of python_code() take as long as predict()."""
    counts = [n for n in options.workers if n <= 2 * CORES]
    ways = (*WAYS, LOCKED)
    plan = [(way, n, share) for share in PYTHON for n in counts for way in ways if way != LOCKED or (n > 1 > share)]

    def measure(way: str, n: int, share: int) -> float:
        worker = team["threads" if way == LOCKED else way]
        return worker.run(n, options.seconds, loops * share, locked=way == LOCKED)

    rates = rounds("compute", options.rounds, plan, measure)
    return [
        {"way": way, "n": n, "python": share} | speed(rates[way, n, share], rates["threads", counts[0], share])
        for way, n, share in plan
    ]


def seconds_of(call: Callable[[], Any], times: int) -> float:
    """Of a call, the median."""
    return statistics.median(timeit.repeat(call, number=1, repeat=times))


# ----------------------------------------------------------------------------------------------------------------------
# I/O-bound: cameras


def serve_images(end: Any, jpeg: bytes, latency: float) -> None:
    """A process that answers each message with the image, late."""

    def answer(connection: Connection) -> None:
        with connection, contextlib.suppress(EOFError):
            while connection.recv_bytes():
                time.sleep(latency)
                connection.send_bytes(jpeg)

    def accept() -> None:
        while True:
            threading.Thread(target=answer, args=(listener.accept(),), daemon=True).start()

    with Listener(backlog=256) as listener:
        threading.Thread(target=accept, daemon=True).start()
        end.send(listener.address)
        end.recv()


def fetch(camera: Connection) -> np.ndarray:
    camera.send_bytes(b"?")
    return cv2.imdecode(np.frombuffer(camera.recv_bytes(), np.uint8), cv2.IMREAD_COLOR)


def waiting(team: dict[str, Team], options: argparse.Namespace, jpeg: bytes, latency: float) -> list[dict[str, Any]]:
    plan = [(way, n) for n in options.workers for way in WAYS]
    end, server = start(SPAWN, serve_images, jpeg, latency)
    cameras = end.recv()
    seconds = max(options.seconds, 4 * latency)
    rates = rounds("waiting", options.rounds, plan, lambda way, n: team[way].run(n, seconds, cameras=cameras))
    end.send(None)
    server.join()
    single = rates["threads", options.workers[0]]
    return [{"way": way, "n": n} | speed(rates[way, n], single) for way, n in plan]


# ----------------------------------------------------------------------------------------------------------------------
# Handing over


def look(end: Any, queues: Any, block: str) -> None:
    """Takes what is handed over, looks at it, and answers with a number; until it is told None."""
    memory = SharedMemory(block)
    for way in iter(end.recv, None):
        if way == "queue":
            value = queues.get()
        elif way == "pipe":
            value = end.recv()
        else:
            kind, size, shape = end.recv()
            value = np.ndarray(shape, np.uint8, memory.buf) if kind == "frame" else pickle.loads(memory.buf[:size])
        seen = value[-1, -1, -1] if isinstance(value, np.ndarray) else value.scores.sum()
        del value
        end.send(float(seen))
    memory.close()


def handover(pixels: np.ndarray, result: ty.DetResult, predict_ms: float) -> list[dict[str, Any]]:
    """Microseconds from handing over until the other has looked at it and this one knows."""
    memory = SharedMemory(create=True, size=pixels.nbytes)
    queues, references = SPAWN.Queue(), queue.SimpleQueue()
    threads = start(multiprocessing.dummy, look, references, memory.name)
    processes = start(SPAWN, look, queues, memory.name)
    thread, process = threads[0], processes[0]

    def copy(value: Any) -> tuple[str, int, tuple[int, ...]]:
        if isinstance(value, np.ndarray):
            np.ndarray(value.shape, np.uint8, memory.buf)[:] = value
            return "frame", value.nbytes, value.shape
        data = pickle.dumps(value, protocol=5)
        memory.buf[: len(data)] = data
        return "result", len(data), ()

    def microseconds(end: Any, put: Callable[[Any], Any], value: Any) -> float:
        def once() -> None:
            put(value)
            end.recv()

        seconds_of(once, WARM_UP)
        return seconds_of(once, HANDED) * 1e6

    place = ("frame", pixels.nbytes, pixels.shape)
    ways: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "thread_queue": (thread, lambda value: (thread.send("queue"), references.put(value))),
        "process_queue": (process, lambda value: (process.send("queue"), queues.put(value))),
        "process_pipe": (process, lambda value: (process.send("pipe"), process.send(value))),
        "process_copy": (process, lambda value: (process.send("memory"), process.send(copy(value)))),
        "process_there": (process, lambda _: (process.send("memory"), process.send(place))),
    }
    rows = []
    for way, (end, put) in ways.items():
        frame_us = microseconds(end, put, pixels)
        result_us = microseconds(end, put, result) if way != "process_there" else None
        percent = (frame_us + (result_us or 0)) / (predict_ms * 1e3) * 100
        rows.append({"way": way, "frame_us": frame_us, "result_us": result_us, "percent": percent})
    for end, worker in (threads, processes):
        end.send(None)
        worker.join()
    memory.close()
    memory.unlink()
    return rows


# ----------------------------------------------------------------------------------------------------------------------
# All of it


def run(options: argparse.Namespace) -> dict[str, Any]:
    pixels = image()
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    load_before = os.getloadavg()[0]
    if load_before > 0.5:
        print(f"something else is at work on this machine (load average {load_before:.1f})", file=sys.stderr)
    # What one worker takes sets how much Python code and how late a camera is worth comparing with.
    with load(options, 1) as model:
        info = model.info()
        result = model.predict(pixels)
        seconds = seconds_of(lambda: model.predict(pixels), 20)
    loops = round(100_000 * seconds / seconds_of(lambda: python_code(100_000), 20))
    latency = max(LEAST_LATENCY, LATENCY * seconds)
    found: dict[str, Any] = {
        "model": os.path.basename(options.model),
        "task": info.task,
        "precision": info.precision,
        "backend": info.backend,
        "device": info.device,
        "machine": {
            "cores": CORES,
            "load_before": round(load_before, 2),
            "versions": {"trtyolo": ty.__version__, "python": platform.python_version(), **ty.backends()},
        },
        "settings": {
            "image": list(SIZE),
            "seconds": options.seconds,
            "rounds": options.rounds,
            "predict_ms": seconds * 1e3,
            "python_loops": loops,
            "camera_latency_ms": latency * 1e3,
            "camera_bytes": len(jpeg),
            "frame_bytes": pixels.nbytes,
            "result_objects": len(result),
        },
    }
    if "resources" in options.parts:
        found["resources"] = resources(options)
    with contextlib.ExitStack() as ends:
        team = {way: ends.enter_context(contextlib.closing(Team(way, options, pixels))) for way in WAYS}
        if "binding" in options.parts:
            found["binding"] = binding(team, options)
        if "compute" in options.parts:
            found["compute"] = compute(team, options, loops)
        if "waiting" in options.parts:
            found["waiting"] = waiting(team, options, jpeg, latency)
    if "handover" in options.parts:
        found["handover"] = handover(pixels, result, found["settings"]["predict_ms"])
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """The rows in columns, under the names of their keys."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    lines = [keys]
    for row in rows:
        values = (row.get(key) for key in keys)
        lines.append(["" if v is None else f"{v:.4g}" if isinstance(v, float) else str(v) for v in values])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ROOT / "data" / "people" / "people.onnx"
    parser.add_argument("model", nargs="?", default=str(default), help="ONNX, OpenVINO IR or TensorRT engine")
    words = "how many (1 2 4 8)"
    parser.add_argument("--workers", type=whole(1), nargs="+", default=[1, 2, 4, 8], metavar="N", help=words)
    parser.add_argument("--parts", choices=PARTS, nargs="+", default=PARTS, help="what to measure (all)")
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S", help="of a slice (1.5)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="slices of each figure (5)")
    parser.add_argument("--backend", choices=("auto", "openvino", "tensorrt"), default="auto", help="(auto)")
    parser.add_argument("--device", type=int, default=0, metavar="N", help="number of the GPU (0)")
    usual = shutil.which("trtyolo") or str(ROOT / "build" / "bin" / "trtyolo")
    parser.add_argument("--program", default=usual, metavar="FILE", help="trtyolo or trtyolo-bench (%(default)s)")
    parser.add_argument("--json", metavar="FILE|-", help="write the figures there; - is standard output")
    parser.add_argument("--from-json", type=pathlib.Path, metavar="FILE", help="show the figures from there")
    options = parser.parse_args()
    options.workers = sorted({1, *options.workers})
    found = json.loads(options.from_json.read_text(encoding="utf-8")) if options.from_json else run(options)
    text = json.dumps(found, indent=1) + "\n"
    if options.json not in (None, "-"):
        pathlib.Path(options.json).write_text(text, encoding="utf-8")
    print(text if options.json == "-" else "\n\n".join(table(found[part]) for part in PARTS if part in found))


if __name__ == "__main__":
    main()
