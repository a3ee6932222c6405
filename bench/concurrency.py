"""Threads with clones against processes with models: every figure of docs/guide/concurrency*.md.

    python bench/concurrency.py                                     # the detector of data/people, some minutes
    python bench/concurrency.py yolo11n.engine --json gpu.json      # on a GPU
    python bench/concurrency.py --from-json gpu.json --update-docs  # tables and plot of the guide, in both languages

resources  memory of n threads with a clone each, and of n processes with a model each, and how long until all are ready
compute    images a second, with no Python code beside predict(), with as much as predict() takes, and with three times
           as much
waiting    images a second from cameras: a server on this machine that answers over a socket, late
handover   what it takes to give a frame of 1920 x 1080 and a result to another thread or process

Ways take turns in short slices, so that a slow moment of the machine meets all of them; figures are medians over the
slices, and a ratio is the median of the ratios within a round. Let nothing else run meanwhile. On a CPU each worker has
one core, so that one is not helped by the cores of the others.

Needs tensorrt_yolo with OpenCV, for the plot matplotlib; Linux, whose /proc tells a process's memory.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import ctypes
import json
import multiprocessing
import os
import pathlib
import pickle
import platform
import queue
import socket
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import cv2
import numpy as np

import tensorrt_yolo as ty

ROOT = pathlib.Path(__file__).parents[1]
SIZE = 1920, 1080
PARTS = ("resources", "compute", "waiting", "handover")
WAYS = ("threads", "processes")
LOCKED = "locked"  # threads that hold one lock during predict(), as they do with a binding that keeps the interpreter's
PYTHON = (0, 1, 3)  # Python code beside predict(), in times of predict()
LEAST_LATENCY, LATENCY = 0.05, 4  # of the cameras: seconds, and in times of predict()
WARM_UP = 3  # calls of a worker before it counts
TOGETHER = 10  # calls of a worker, all at once, before memory is looked at
HANDED = 100  # frames and results, each way
MEMORY_ROUNDS = 3
SPAWN = multiprocessing.get_context("spawn")


# ----------------------------------------------------------------------------------------------------------------------
# Models and pictures


class Load:
    """Loads the model, in whatever process."""

    def __init__(self, file: str, values: dict[str, Any]) -> None:
        self.file = file
        self._values = values
        self._model = ty.MODELS[ty.inspect(file, ty.InferOption(**values)).task]

    def __call__(self, workers: int) -> ty.BaseModel:
        """For so many workers that share it, with a core for each as far as there are."""
        most = min(workers, cores())
        return self._model(self.file, ty.InferOption(**self._values, streams=most, threads=most))


def cores() -> int:
    return len(os.sched_getaffinity(0))


def picture() -> np.ndarray:
    """A frame of the street in data/people, BGR u8 [1080, 1920, 3]."""
    pixels = cv2.imread(str(ROOT / "data" / "people" / "frames" / "0600.jpg"))
    if pixels is None:
        raise FileNotFoundError(f"'{ROOT / 'data' / 'people' / 'frames' / '0600.jpg'}' is not there")
    return cv2.resize(pixels, SIZE, interpolation=cv2.INTER_CUBIC)


def python_code(loops: int) -> float:
    """Pure Python, which holds the interpreter lock."""
    total = 0.0
    for i in range(loops):
        total += i * 0.5
    return total


# ----------------------------------------------------------------------------------------------------------------------
# Workers: threads of this process, or processes; both do the same and are told the same


class Channel:
    """Two queues with the methods of a pipe's end, for threads."""

    def __init__(self, into: queue.SimpleQueue, out: queue.SimpleQueue) -> None:
        self.send, self.recv = out.put, into.get


def channel() -> tuple[Channel, Channel]:
    one, other = queue.SimpleQueue(), queue.SimpleQueue()
    return Channel(one, other), Channel(other, one)


def in_thread(target: Callable[..., None], *arguments: Any) -> tuple[Any, threading.Thread]:
    """A running thread, and the end of its channel."""
    here, there = channel()
    thread = threading.Thread(target=target, args=(there, *arguments), daemon=True)
    thread.start()
    return here, thread


def in_process(target: Callable[..., None], *arguments: Any) -> tuple[Any, Any]:
    """A running process, and the end of its pipe."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    there.close()
    return here, process


def serve_model(end: Any, load: Load, pixels: np.ndarray) -> None:
    """A worker process."""
    serve(end, load(1), pixels, threading.Lock())


def serve(end: Any, model: ty.BaseModel, pixels: np.ndarray, lock: threading.Lock) -> None:
    """Does slices of work until it is told None; answers each with images a second."""
    for _ in range(WARM_UP):
        model.predict(pixels)
    end.send("ready")
    camera = None
    while (job := end.recv()) is not None:
        if job["port"] and camera is None:
            camera = socket.create_connection(("127.0.0.1", job["port"]))
        time.sleep(max(0.0, job["begin"] - time.monotonic()))
        began = time.monotonic()
        count = 0
        while count == 0 or time.monotonic() < began + job["seconds"]:
            image = fetch(camera) if job["port"] else pixels
            with lock if job["locked"] else contextlib.nullcontext():
                model.predict(image)
            python_code(job["loops"])
            count += 1
        end.send(count / (time.monotonic() - began))
    if camera:
        camera.close()


class Team:
    """Workers of one way, all ready; any number of them may be at work."""

    def __init__(self, way: str, load: Load, workers: int, pixels: np.ndarray) -> None:
        if way == "threads":
            model, lock = load(workers), threading.Lock()
            self._workers = [in_thread(serve, model.clone(), pixels, lock) for _ in range(workers)]
        else:
            self._workers = [in_process(serve_model, load, pixels) for _ in range(workers)]
        for end, _ in self._workers:
            end.recv()

    def run(self, n: int, seconds: float, loops: int = 0, locked: bool = False, port: int = 0) -> float:
        """Images a second of n workers side by side, in about so many seconds."""
        job = {"seconds": seconds, "loops": loops, "locked": locked, "port": port, "begin": time.monotonic() + 0.02}
        for end, _ in self._workers[:n]:
            end.send(job)
        return sum(end.recv() for end, _ in self._workers[:n])

    def close(self) -> None:
        for end, _ in self._workers:
            end.send(None)
        for _, worker in self._workers:
            worker.join()


@contextlib.contextmanager
def teams(load: Load, workers: int, pixels: np.ndarray) -> Iterator[dict[str, Team]]:
    with contextlib.ExitStack() as ends:
        yield {way: ends.enter_context(contextlib.closing(Team(way, load, workers, pixels))) for way in WAYS}


def rounds(
    count: int, plan: list[tuple[Any, ...]], measure: Callable[..., float], bar: Progress
) -> dict[tuple[Any, ...], list[float]]:
    """Measures every entry of the plan once in each round, in an order that turns."""
    rates: dict[tuple[Any, ...], list[float]] = {entry: [] for entry in plan}
    for i in range(count):
        start = i * len(plan) // count
        for entry in plan[start:] + plan[:start]:
            rates[entry].append(measure(*entry))
            bar.step()
    return rates


def speed(rates: list[float], single: list[float]) -> dict[str, float]:
    """Images a second, and how many times the rate of a single thread in the same round."""
    ratio = statistics.median(rate / one for rate, one in zip(rates, single))
    return {"images_per_s": statistics.median(rates), "ratio": ratio}


class Progress:
    """One line on standard error that says how far things are."""

    def __init__(self) -> None:
        self._part, self._steps, self._done = "", 1, 0
        self._shown = sys.stderr.isatty()

    def begin(self, part: str, steps: int) -> None:
        self._part, self._steps, self._done = part, steps, 0
        if not self._shown:
            print(f"{part} ...", file=sys.stderr)

    def step(self) -> None:
        self._done += 1
        if self._shown:
            end = "\n" if self._done == self._steps else ""
            print(f"\r{self._part}: {self._done} of {self._steps}  ", end=end, file=sys.stderr, flush=True)


# ----------------------------------------------------------------------------------------------------------------------
# Resources


def hold(end: Any, load: Load, workers: int, pixels: np.ndarray) -> None:
    """A process whose memory is looked at: a model, or clones in threads, that have all worked at once."""
    model = load(workers)
    models = [model] if workers == 1 else [model.clone() for _ in range(workers)]
    gate = threading.Barrier(workers)

    def work(one: ty.BaseModel) -> None:
        one.predict(pixels)
        gate.wait()
        for _ in range(TOGETHER):
            one.predict(pixels)

    threads = [threading.Thread(target=work, args=(one,)) for one in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end.send(asdict(model.memory()))
    end.recv()


def resources(load: Load, options: argparse.Namespace, pixels: np.ndarray, bar: Progress) -> list[dict[str, Any]]:
    plan = [(way, n) for n in options.workers for way in WAYS]
    bar.begin("resources", MEMORY_ROUNDS * len(plan))
    gpu = Gpu(options.device) if ty.inspect(load.file, options.option).backend == "tensorrt" else None
    found = collections.defaultdict(list)
    for _ in range(MEMORY_ROUNDS):
        for way, n in plan:
            found[way, n].append(held(load, pixels, way, n, gpu))
            bar.step()
    rows = []
    for way, n in plan:
        keys = found[way, n][0]
        rows.append({"way": way, "n": n} | {key: statistics.median(one[key] for one in found[way, n]) for key in keys})
    return rows


def held(load: Load, pixels: np.ndarray, way: str, n: int, gpu: Gpu | None) -> dict[str, float]:
    """One measurement: megabytes of 1,000,000 bytes, of all processes together."""
    before = gpu.used() if gpu else 0
    began = time.monotonic()
    shares = [n] if way == "threads" else [1] * n
    running = [in_process(hold, load, share, pixels) for share in shares]
    counted = [end.recv() for end, _ in running]
    row = {"ready_s": time.monotonic() - began}
    for name in ("Rss", "Pss"):
        row[f"{name.lower()}_mb"] = sum(memory_of(process.pid, name) for _, process in running) / 1e6
    row["gpu_mb"] = (gpu.used() - before) / 1e6 if gpu else 0
    for key in ("engine", "contexts", "scratch", "buffers", "pinned"):
        row[f"{key}_mb"] = sum(memory[key] for memory in counted) / 1e6
    for end, process in running:
        end.send(None)
        process.join()
    return row


def memory_of(pid: int, name: str) -> int:
    """Bytes: "Rss", what of the process is in memory; "Pss", the same with what others share counted in part."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


class Gpu:
    """What NVIDIA's driver says of a GPU. Unlike CUDA it takes no memory there for that."""

    class _Memory(ctypes.Structure):
        _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]

    def __init__(self, index: int) -> None:
        self._nvml = ctypes.CDLL("libnvidia-ml.so.1")
        self._handle = ctypes.c_void_p()
        self._check(self._nvml.nvmlInit_v2())
        self._check(self._nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(self._handle)))

    def used(self) -> int:
        memory = self._Memory()
        self._check(self._nvml.nvmlDeviceGetMemoryInfo(self._handle, ctypes.byref(memory)))
        return memory.used

    @staticmethod
    def _check(status: int) -> None:
        if status:
            raise RuntimeError(f"NVIDIA's management library answered with status {status}")


# ----------------------------------------------------------------------------------------------------------------------
# Compute-bound: predict() and Python code


def compute(team: dict[str, Team], options: argparse.Namespace, loops: int, bar: Progress) -> list[dict[str, Any]]:
    """`loops` of python_code() take as long as predict()."""
    counts = [n for n in options.workers if n <= 2 * cores()]
    ways = (*WAYS, LOCKED)
    plan = [(way, n, share) for share in PYTHON for n in counts for way in ways if way != LOCKED or (n > 1 > share)]
    bar.begin("compute", options.rounds * len(plan))

    def measure(way: str, n: int, share: int) -> float:
        worker = team["threads" if way == LOCKED else way]
        return worker.run(n, options.seconds, loops * share, locked=way == LOCKED)

    rates = rounds(options.rounds, plan, measure, bar)
    return [
        {"way": way, "n": n, "python": share} | speed(rates[way, n, share], rates["threads", counts[0], share])
        for way, n, share in plan
    ]


def seconds_of(call: Callable[[], Any], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.monotonic()
        call()
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


# ----------------------------------------------------------------------------------------------------------------------
# I/O-bound: cameras


def serve_pictures(end: Any, jpeg: bytes, latency: float) -> None:
    """A process that answers each byte that it is sent with the picture, late."""

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(1):
                time.sleep(latency)
                connection.sendall(struct.pack("<I", len(jpeg)) + jpeg)

    def accept(server: socket.socket) -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    server = socket.create_server(("127.0.0.1", 0), backlog=256)
    threading.Thread(target=accept, args=(server,), daemon=True).start()
    end.send(server.getsockname()[1])
    end.recv()


def fetch(camera: socket.socket) -> np.ndarray:
    camera.sendall(b"?")
    (size,) = struct.unpack("<I", receive(camera, 4))
    return cv2.imdecode(np.frombuffer(receive(camera, size), np.uint8), cv2.IMREAD_COLOR)


def receive(camera: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        count = camera.recv_into(view)
        if not count:
            raise ConnectionError("the camera has gone")
        view = view[count:]
    return data


def waiting(
    team: dict[str, Team], options: argparse.Namespace, jpeg: bytes, latency: float, bar: Progress
) -> list[dict[str, Any]]:
    plan = [(way, n) for n in options.workers for way in WAYS]
    bar.begin("waiting", options.rounds * len(plan))
    end, server = in_process(serve_pictures, jpeg, latency)
    port = end.recv()
    seconds = max(options.seconds, 4 * latency)
    rates = rounds(options.rounds, plan, lambda way, n: team[way].run(n, seconds, port=port), bar)
    end.send(None)
    server.join()
    single = rates["threads", options.workers[0]]
    return [{"way": way, "n": n} | speed(rates[way, n], single) for way, n in plan]


# ----------------------------------------------------------------------------------------------------------------------
# Handing over


def look(end: Any, queues: Any, block: str) -> None:
    """Takes what is handed over, looks at it, and answers with a byte; until it is told None."""
    memory = SharedMemory(block) if block else None
    while (way := end.recv()) is not None:
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
    if memory:
        memory.close()


def handover(pixels: np.ndarray, result: ty.DetResult, predict_ms: float, bar: Progress) -> list[dict[str, Any]]:
    """Microseconds from handing over until the other has looked at it and this one knows."""
    memory = SharedMemory(create=True, size=pixels.nbytes)
    queues = SPAWN.Queue()
    references: queue.SimpleQueue = queue.SimpleQueue()
    rows = []

    def copy(value: Any) -> tuple[str, int, tuple[int, ...]]:
        if isinstance(value, np.ndarray):
            np.ndarray(value.shape, np.uint8, memory.buf)[:] = value
            return "frame", value.nbytes, value.shape
        data = pickle.dumps(value, protocol=5)
        memory.buf[: len(data)] = data
        return "result", len(data), ()

    def measure(way: str, put: Callable[[Any], None], end: Any, frames: bool = True, results: bool = True) -> None:
        row: dict[str, Any] = {"way": way, "frame_us": None, "result_us": None}
        for key, value, wanted in (("frame_us", pixels, frames), ("result_us", result, results)):
            if wanted:

                def once(value: Any = value) -> None:
                    put(value)
                    end.recv()

                seconds_of(once, WARM_UP)
                row[key] = seconds_of(once, HANDED) * 1e6
        row["share"] = sum(row[key] or 0 for key in ("frame_us", "result_us")) / (predict_ms * 1e3)
        rows.append(row)
        bar.step()

    bar.begin("handover", 5)
    thread_end, thread = in_thread(look, references, "")
    process_end, process = in_process(look, queues, memory.name)
    measure("thread: queue", lambda value: (thread_end.send("queue"), references.put(value)), thread_end)
    measure("process: queue", lambda value: (process_end.send("queue"), queues.put(value)), process_end)
    measure("process: pipe", lambda value: (process_end.send("pipe"), process_end.send(value)), process_end)
    measure("process: copy", lambda value: (process_end.send("memory"), process_end.send(copy(value))), process_end)
    place = copy(pixels)
    measure(
        "process: there", lambda _: (process_end.send("memory"), process_end.send(place)), process_end, results=False
    )
    for end, worker in ((thread_end, thread), (process_end, process)):
        end.send(None)
        worker.join()
    memory.close()
    memory.unlink()
    return rows


# ----------------------------------------------------------------------------------------------------------------------
# All of it


def run(options: argparse.Namespace) -> dict[str, Any]:
    bar = Progress()
    values = {"swap_rb": True, "backend": options.backend, "device_id": options.device}
    options.option = ty.InferOption(**values)
    load = Load(options.model, values)
    info = ty.inspect(options.model, options.option)
    pixels = picture()
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    load_before = os.getloadavg()[0]
    if load_before > 0.5:
        print(f"something else is at work on this machine (load average {load_before:.1f})", file=sys.stderr)
    found: dict[str, Any] = {
        "model": os.path.basename(options.model),
        "task": info.task,
        "precision": info.precision,
        "backend": info.backend,
        "device": info.device,
        "machine": {
            "cores": cores(),
            "load_before": round(load_before, 2),
            "versions": {"trtyolo": ty.__version__, "python": platform.python_version(), **ty.backends()},
        },
    }
    if "resources" in options.parts:
        found["resources"] = resources(load, options, pixels, bar)
    with teams(load, max(options.workers), pixels) as team:
        # What one worker takes sets how much Python code and how late a camera is worth comparing with.
        with load(1) as model:
            result = model.predict(pixels)
            seconds = seconds_of(lambda: model.predict(pixels), 20)
        loops = round(100_000 * seconds / seconds_of(lambda: python_code(100_000), 20))
        latency = max(LEAST_LATENCY, LATENCY * seconds)
        found["settings"] = {
            "image": list(SIZE),
            "seconds": options.seconds,
            "rounds": options.rounds,
            "predict_ms": seconds * 1e3,
            "python_loops": loops,
            "camera_latency_ms": latency * 1e3,
            "camera_bytes": len(jpeg),
            "frame_bytes": pixels.nbytes,
            "result_objects": len(result),
        }
        if "compute" in options.parts:
            found["compute"] = compute(team, options, loops, bar)
        if "waiting" in options.parts:
            found["waiting"] = waiting(team, options, jpeg, latency, bar)
    if "handover" in options.parts:
        found["handover"] = handover(pixels, result, found["settings"]["predict_ms"], bar)
    return found


# ----------------------------------------------------------------------------------------------------------------------
# Tables and the plot


WORDS: dict[str, dict[str, Any]] = {
    "": {
        "settings": "{model} ({precision}), {device}, {cores} cores, {backend}, Python {python}; one `predict()` of a "
        "{width} x {height} picture takes {predict:.1f} ms {alone}.",
        "alone": {"openvino": "on one core", "tensorrt": "by itself"},
        "backends": {"openvino": "OpenVINO {}", "tensorrt": "TensorRT {}"},
        "captions": {
            "resources": "**Resources**: memory of all processes together, and seconds until all workers are ready.",
            "compute": "**Compute-bound**: images a second, and how many times that of one thread.",
            "waiting": "**I/O-bound**: images a second from cameras that answer after {latency:.0f} ms, and how many "
            "times that of one thread.",
            "handover": "**Communication**: microseconds to hand something over, and what a frame and a result take "
            "together, in shares of one `predict()`.",
        },
        "workers": "workers",
        "ways": {"threads": "{} threads", "processes": "{} processes", LOCKED: "{} threads behind one lock"},
        "one": {"threads": "1 thread", "processes": "1 process"},
        "resources": ("memory, threads", "processes", "ratio", "ready, threads", "processes"),
        "gpu": ("GPU memory, threads", "processes", "ratio"),
        "units": ("MB", "s"),
        "python": ("`predict()` alone", "+ as much Python", "+ three times as much"),
        "waiting": ("threads", "processes"),
        "handover": ("", "frame", "result", "share"),
        "handovers": {
            "thread: queue": "thread: `queue`, by reference",
            "process: queue": "process: `multiprocessing.Queue`",
            "process: pipe": "process: `multiprocessing.Pipe`",
            "process: copy": "process: copied into shared memory",
            "process: there": "process: written into shared memory by whoever made it",
        },
        "on_gpu": "### Measured on a GPU",
        "plot": "![Memory, images a second and cost of handing over, by number of workers]({})",
    },
    ".zh-CN": {
        "settings": "{model}（{precision}），{device}，{cores} 核，{backend}，Python {python}；"
        "对一张 {width} x {height} 的图片执行一次 `predict()`，{alone}需要 {predict:.1f} 毫秒。",
        "alone": {"openvino": "单核", "tensorrt": "单独运行时"},
        "backends": {"openvino": "OpenVINO {}", "tensorrt": "TensorRT {}"},
        "captions": {
            "resources": "**资源**：所有进程的内存总和，以及全部工作者就绪所需的秒数。",
            "compute": "**计算密集**：每秒图片数，以及相对单线程的倍数。",
            "waiting": "**I/O 密集**：摄像头在 {latency:.0f} 毫秒后应答时的每秒图片数，以及相对单线程的倍数。",
            "handover": "**通信**：交接一次所需的微秒数，以及一帧加一个结果合计相当于一次 `predict()` 的几分之几。",
        },
        "workers": "工作者数",
        "ways": {"threads": "{} 个线程", "processes": "{} 个进程", LOCKED: "{} 个线程，共用一把锁"},
        "one": {"threads": "1 个线程", "processes": "1 个进程"},
        "resources": ("内存：线程", "进程", "倍数", "就绪：线程", "进程"),
        "gpu": ("显存：线程", "进程", "倍数"),
        "units": ("MB", "秒"),
        "python": ("仅 `predict()`", "+ 同样时长的 Python", "+ 三倍时长的 Python"),
        "waiting": ("线程", "进程"),
        "handover": ("", "一帧", "一个结果", "占比"),
        "handovers": {
            "thread: queue": "线程：`queue`，传引用",
            "process: queue": "进程：`multiprocessing.Queue`",
            "process: pipe": "进程：`multiprocessing.Pipe`",
            "process: copy": "进程：复制到共享内存",
            "process: there": "进程：由生产者直接写入共享内存",
        },
        "on_gpu": "### GPU 上的实测",
        "plot": "![不同工作者数量下的内存、每秒图片数与交接代价]({})",
    },
}


def tables(found: dict[str, Any], words: dict[str, Any]) -> dict[str, str]:
    """Markdown of each part that was measured, and of the settings, by name."""
    written = {"settings": settings_line(found, words)}
    for part, table in (("resources", memory_table), ("compute", compute_table), ("waiting", waiting_table)):
        if part in found:
            written[part] = markdown(table(found, words))
    if "handover" in found:
        rows = [words["handover"]]
        for row in found["handover"]:
            cells = ["" if row[key] is None else f"{row[key]:.0f}" for key in ("frame_us", "result_us")]
            rows.append((words["handovers"][row["way"]], *cells, f"{100 * row['share']:.2g} %"))
        written["handover"] = markdown(rows)
    return written


def settings_line(found: dict[str, Any], words: dict[str, Any]) -> str:
    versions = found["machine"]["versions"]
    backend = found["backend"]
    return words["settings"].format(
        model=found["model"],
        precision=found["precision"],
        device=found["device"],
        cores=found["machine"]["cores"],
        backend=words["backends"][backend].format(versions[backend]),
        python=versions["python"],
        width=found["settings"]["image"][0],
        height=found["settings"]["image"][1],
        predict=found["settings"]["predict_ms"],
        alone=words["alone"][backend],
    )


def memory_table(found: dict[str, Any], words: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = {(row["way"], row["n"]): row for row in found["resources"]}
    on_gpu = found["backend"] == "tensorrt"
    megabytes, seconds = words["units"]
    table = [(words["workers"], *words["resources"], *(words["gpu"] if on_gpu else ()))]
    for n in dict.fromkeys(row["n"] for row in found["resources"]):
        threads, processes = rows["threads", n], rows["processes", n]
        cells = [str(n)]
        for key in ("pss_mb", "ready_s", "gpu_mb")[: 3 if on_gpu else 2]:
            pair = threads[key], processes[key]
            cells += [f"{value:.1f} {seconds}" if key == "ready_s" else f"{value:.0f} {megabytes}" for value in pair]
            if key != "ready_s":
                cells.append(f"{pair[1] / max(pair[0], 1e-9):.2f}")
        table.append(tuple(cells))
    return table


def compute_table(found: dict[str, Any], words: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = {(row["way"], row["n"], row["python"]): row for row in found["compute"]}
    table = [("", *words["python"])]
    for n in dict.fromkeys(row["n"] for row in found["compute"]):
        for way in (*WAYS, LOCKED):
            if (way, n, 0) in rows:
                cells = [rate(rows[way, n, share]) if (way, n, share) in rows else "" for share in PYTHON]
                table.append(((words["one"] if n == 1 else words["ways"])[way].format(n), *cells))
    return table


def waiting_table(found: dict[str, Any], words: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = {(row["way"], row["n"]): row for row in found["waiting"]}
    counts = dict.fromkeys(row["n"] for row in found["waiting"])
    return [(words["workers"], *words["waiting"])] + [(str(n), *(rate(rows[way, n]) for way in WAYS)) for n in counts]


def rate(row: dict[str, float]) -> str:
    return f"{row['images_per_s']:.{1 if row['images_per_s'] < 100 else 0}f} ({row['ratio']:.2f}×)"


def markdown(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def update_docs(found: dict[str, Any], folder: pathlib.Path) -> None:
    """Fills what stands between `<!-- NAME -->` and `<!-- end of NAME -->` in the guide."""
    on_gpu = found["backend"] == "tensorrt"
    image = "concurrency-gpu.svg" if on_gpu else "concurrency.svg"
    for language, words in WORDS.items():
        parts = tables(found, words)
        blocks = {f"cpu {part}": text for part, text in parts.items()}
        if on_gpu:  # one block for all of it
            latency = found["settings"]["camera_latency_ms"]
            captioned = [
                f"{words['captions'][part].format(latency=latency)}\n\n{parts[part]}" for part in PARTS if part in parts
            ]
            plotted = words["plot"].format(image)
            blocks = {"gpu": "\n\n".join([words["on_gpu"], parts["settings"], *captioned, plotted])}
        file = folder / f"concurrency{language}.md"
        text = file.read_text(encoding="utf-8")
        for name, block in blocks.items():
            begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
            if begin not in text or end not in text:
                raise ValueError(f"'{file}': the comments {begin.strip()} and {end} were expected")
            head, rest = text.split(begin, 1)
            text = head + begin + "\n" + block + "\n\n" + end + rest.split(end, 1)[1]
        file.write_text(text, encoding="utf-8")
    plot(found, folder / image)


def plot(found: dict[str, Any], file: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "trtyolo", "font.size": 9, "axes.titlesize": 10})
    from matplotlib import pyplot

    styles = {"threads": ("o-", "#1f6fb4"), "processes": ("s--", "#d1661c"), LOCKED: ("^:", "#7a7a7a")}
    on_gpu = found["backend"] == "tensorrt"
    memory = ("GPU memory, MB", "gpu_mb") if on_gpu else ("memory, MB", "pss_mb")
    panels = [(memory[0], memory[1], found.get("resources", []))]
    for share, title in zip(PYTHON, ("predict()", "predict() + as much Python", "predict() + 3 x Python")):
        rows = [row for row in found.get("compute", []) if row["python"] == share]
        panels.append((f"{title}, images/s", "images_per_s", rows))
    panels.append(("waiting for cameras, images/s", "images_per_s", found.get("waiting", [])))
    figure, axes = pyplot.subplots(2, 3, figsize=(10.5, 5.6), layout="constrained")
    for axis, (title, key, rows) in zip(axes.flat, panels):
        for way, (style, colour) in styles.items():
            points = [(row["n"], row[key]) for row in rows if row["way"] == way]
            if points:
                label = "threads behind one lock" if way == LOCKED else way
                axis.plot(*zip(*points), style, color=colour, label=label, markersize=5)
        counts = sorted({row["n"] for row in rows})
        highest = max((row[key] for row in rows), default=1)
        axis.set(title=title, xlabel="workers", ylim=(0, 1.1 * highest or 1), xscale="log")
        axis.set_xticks(counts, [str(n) for n in counts])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
        if rows and (axis in (axes.flat[0], axes.flat[1])):
            axis.legend(frameon=False)
    bars(axes.flat[5], found.get("handover", []))
    figure.savefig(file, metadata={"Date": None}, facecolor="white")
    pyplot.close(figure)


def bars(axis: Any, rows: list[dict[str, Any]]) -> None:
    """What handing over takes, on a logarithmic scale."""
    names = {"copy": "shared memory,\ncopied", "there": "shared memory,\nin place"}
    for i, row in enumerate(rows):
        for key, colour, shift in (("frame_us", "#1f6fb4", -0.2), ("result_us", "#9cc4e4", 0.2)):
            if row[key] is not None:
                axis.barh(i + shift, row[key], 0.38, color=colour, label=None if i else key.split("_")[0])
    axis.set(title="handing over, microseconds", xscale="log")
    texts = [row["way"] if row["way"].startswith("thread") else row["way"].split(": ")[1] for row in rows]
    axis.set_yticks(range(len(rows)), [names.get(text, text) for text in texts])
    axis.invert_yaxis()
    axis.grid(alpha=0.3, axis="x")
    axis.spines[["top", "right"]].set_visible(False)
    if rows:
        axis.legend(frameon=False)


# ----------------------------------------------------------------------------------------------------------------------


def numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"whole numbers with commas between them were expected, found {text!r}")
    return sorted({int(part) for part in parts} | {1})


def some_of(text: str) -> list[str]:
    parts = text.split(",")
    if not set(parts) <= set(PARTS):
        raise argparse.ArgumentTypeError(f"some of {','.join(PARTS)} were expected, found {text!r}")
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ROOT / "data" / "people" / "people.onnx"
    parser.add_argument("model", nargs="?", default=str(default), help="ONNX, OpenVINO IR or TensorRT engine")
    parser.add_argument("--workers", type=numbers, default=[1, 2, 4, 8], metavar="N,...", help="how many (1,2,4,8)")
    parser.add_argument("--parts", type=some_of, default=list(PARTS), metavar="PART,...", help="what to measure (all)")
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S", help="of a slice (1.5)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="slices of each figure (5)")
    parser.add_argument("--backend", choices=("auto", "openvino", "tensorrt"), default="auto", help="(auto)")
    parser.add_argument("--device", type=int, default=0, metavar="N", help="number of the GPU (0)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--from-json", metavar="FILE", help="take the figures from there instead of measuring")
    parser.add_argument("--update-docs", action="store_true", help="write them into the guide, and its plot")
    parser.add_argument(
        "--docs", type=pathlib.Path, default=ROOT / "docs" / "guide", metavar="DIR", help="of the guide"
    )
    options = parser.parse_args()
    if options.from_json:
        found = json.loads(pathlib.Path(options.from_json).read_text(encoding="utf-8"))
    else:
        found = run(options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.update_docs:
        update_docs(found, options.docs)
    print("\n\n".join(tables(found, WORDS[""]).values()))


if __name__ == "__main__":
    main()
