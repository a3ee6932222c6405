"""Threads with clones against processes with models: memory, speed, and what it costs to hand pictures over.

    python bench/concurrency.py yolo11n.onnx --json concurrency.json
    python bench/concurrency.py yolo11n.onnx --update-docs      # the tables and the plot of docs/guide/concurrency*.md

Every figure is measured with real work: predict() of a JPEG of 1920 x 1080 pixels; Python code that computes; a server
on this machine that answers as late as a camera does. Takes some minutes; let nothing else run meanwhile. Needs
tensorrt_yolo with OpenCV, and matplotlib for the plot.
"""

from __future__ import annotations

import argparse
import http.client
import http.server
import json
import multiprocessing
import os
import pathlib
import platform
import queue
import statistics
import sys
import threading
import time
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import cv2
import numpy as np

import tensorrt_yolo as ty

GUIDE = pathlib.Path(__file__).parents[1] / "docs" / "guide"
SIZE = 1920, 1080
LATENCY = 0.1  # seconds that the server takes to answer
PYTHON_LOOPS = 2_000_000  # of an empty loop: what Python code around a predict() may take
HANDED = 200  # pictures, for what handing over costs
WARM_UP = 2
TASKS = ("predict", "both", "python", "fetch")


# ----------------------------------------------------------------------------------------------------------------------
# Workers: `processes` of them with `threads` each. One process with n threads shares an engine, n processes have one
# each.


def work(
    file: str,
    option: ty.InferOption,
    threads: int,
    task: str,
    picture: bytes,
    port: int,
    seconds: float,
    meet: Any,
    out: Any,
) -> None:
    """A process: its threads do `task` for so long."""
    models = [ty.DetectModel(file, option)]
    models += [models[0].clone() for _ in range(threads - 1)]
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    for model in models:
        for _ in range(WARM_UP):
            model.predict(pixels)
    counts = [0] * threads
    gate = threading.Barrier(threads + 1)

    def run(i: int) -> None:
        gate.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            once(models[i], task, pixels, port)
            counts[i] += 1

    running = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for thread in running:
        thread.start()
    meet.wait()
    gate.wait()
    began = time.perf_counter()
    for thread in running:
        thread.join()
    took = time.perf_counter() - began
    meet.wait()  # all are there while memory is counted
    memory = models[0].memory()
    gpu = memory.total / 1e6 if models[0].info().backend == "tensorrt" else 0.0
    out.put((sum(counts) / took, resident(), gpu))
    meet.wait()


def once(model: ty.DetectModel, task: str, pixels: np.ndarray, port: int) -> None:
    if task == "fetch":
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        data = np.frombuffer(connection.getresponse().read(), np.uint8)
        connection.close()
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if task != "python":
        model.predict(pixels)
    if task in ("python", "both"):
        for _ in range(PYTHON_LOOPS):
            pass


def resident() -> float:
    """This process' memory, what it shares with others counted in part, MB."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def measure(options: argparse.Namespace, picture: bytes, port: int, mode: str, n: int, task: str) -> dict[str, Any]:
    """A row: n threads, or n processes, at a task."""
    cores = os.cpu_count() or 1
    processes, threads = (1, n) if mode == "threads" else (n, 1)
    option = ty.InferOption(swap_rb=True, backend=options.backend, device_id=options.device)
    option.set_streams(min(threads, cores)).set_threads(max(1, cores // processes))
    context = multiprocessing.get_context("spawn")
    meet, out = context.Barrier(processes + 1), context.Queue()
    began = time.perf_counter()
    arguments = (options.model, option, threads, task, picture, port, options.seconds, meet, out)
    running = [context.Process(target=work, args=arguments) for _ in range(processes)]
    for process in running:
        process.start()
    meet.wait()
    start = time.perf_counter() - began
    meet.wait()
    found = [out.get() for _ in running]
    meet.wait()
    for process in running:
        process.join()
    rate, memory, gpu = (sum(column) for column in zip(*found))
    return {"mode": mode, "n": n, "task": task, "images_per_s": rate, "pss_mb": memory, "gpu_mb": gpu, "start_s": start}


class Camera(http.server.BaseHTTPRequestHandler):
    """Answers every request with the picture, late."""

    picture = b""

    def do_GET(self) -> None:
        time.sleep(LATENCY)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.picture)))
        self.end_headers()
        self.wfile.write(self.picture)

    def log_message(self, *_: object) -> None:
        pass


# ----------------------------------------------------------------------------------------------------------------------
# Handing over: to a worker and, for its answer, back


def hand_over(pixels: np.ndarray) -> dict[str, float]:
    """Microseconds until a picture has been handed to another thread or process and an answer has come back."""
    context = multiprocessing.get_context("spawn")
    found = {}
    to, back = queue.SimpleQueue(), queue.SimpleQueue()
    thread = threading.Thread(target=answer, args=(to, back))
    thread.start()
    found["thread"] = trips(lambda: to.put(pixels), back)
    to.put(None)
    thread.join()
    to, back = context.Queue(), context.Queue()
    process = context.Process(target=answer, args=(to, back))
    process.start()
    found["process, pickled"] = trips(lambda: to.put(pixels), back)
    found["process, shared memory"] = share(pixels, to, back)
    to.put(None)
    process.join()
    return found


def share(pixels: np.ndarray, to: Any, back: Any) -> float:
    memory = SharedMemory(create=True, size=pixels.nbytes)

    def put() -> None:
        np.ndarray(pixels.shape, np.uint8, memory.buf)[:] = pixels
        to.put((memory.name, pixels.shape))

    try:
        return trips(put, back)
    finally:
        memory.close()
        memory.unlink()


def answer(to: Any, back: Any) -> None:
    """Looks at each picture, and answers."""
    known: dict[str, SharedMemory] = {}
    while (task := to.get()) is not None:
        if isinstance(task, tuple):
            name, shape = task
            if name not in known:
                known[name] = SharedMemory(name)
            task = np.ndarray(shape, np.uint8, known[name].buf)
        back.put(int(task[0, 0, 0]))
        del task
    for memory in known.values():
        memory.close()


def trips(put: Any, back: Any) -> float:
    times = []
    for _ in range(HANDED):
        began = time.perf_counter()
        put()
        back.get()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


# ----------------------------------------------------------------------------------------------------------------------
# What comes out


def run(options: argparse.Namespace) -> dict[str, Any]:
    random = np.random.default_rng(1)
    small = random.integers(0, 256, (SIZE[1] // 40, SIZE[0] // 40, 3), np.uint8)
    pixels = cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC)
    picture = cv2.imencode(".jpg", pixels)[1].tobytes()
    Camera.picture = picture
    rows = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for task in TASKS:
            for n in options.workers:
                for mode in ("threads", "processes"):
                    rows.append(measure(options, picture, server.server_address[1], mode, n, task))
                    print(json.dumps(rows[-1]), file=sys.stderr)
        server.shutdown()
    info = ty.inspect(options.model, ty.InferOption(backend=options.backend, device_id=options.device))
    return {
        "model": options.model,
        "device": info.device,
        "cores": os.cpu_count(),
        "versions": {"trtyolo": ty.version(), "python": platform.python_version(), **ty.backends()},
        "rows": rows,
        "hand_over_us": hand_over(pixels),
    }


WORDS = {
    "": {
        "memory": ("", "memory, MB", "until ready, s"),
        "tasks": dict(zip(TASKS, ("predict only", "predict + Python", "Python only", "fetch + predict"))),
        "modes": {"threads": "{} threads, a clone each", "processes": "{} processes, a model each"},
        "one": "1 thread",
        "rate": "images/s",
        "hand": ("to", "microseconds, there and back"),
        "ways": {},
    },
    ".zh-CN": {
        "memory": ("", "内存，MB", "就绪用时，秒"),
        "tasks": dict(zip(TASKS, ("仅推理", "推理 + Python", "仅 Python", "取图 + 推理"))),
        "modes": {"threads": "{} 个线程，各用一个克隆", "processes": "{} 个进程，各用一个模型"},
        "one": "1 个线程",
        "rate": "张/秒",
        "hand": ("传给", "往返微秒数"),
        "ways": {"thread": "线程", "process, pickled": "进程（序列化）", "process, shared memory": "进程（共享内存）"},
    },
}


def tables(found: dict[str, Any], words: dict[str, Any]) -> dict[str, str]:
    """The tables of the guide, by the names that stand in its comments."""
    rows = {(row["mode"], row["n"], row["task"]): row for row in found["rows"]}
    ways = [key for key in dict.fromkeys((row["n"], row["mode"]) for row in found["rows"]) if key != (1, "processes")]

    def title(n: int, mode: str) -> str:
        return words["one"] if n == 1 else words["modes"][mode].format(n)

    memory = [words["memory"]] + [
        (title(n, mode), f"{rows[mode, n, 'predict']['pss_mb']:.0f}", f"{rows[mode, n, 'predict']['start_s']:.1f}")
        for n, mode in ways
    ]
    speed = [(words["rate"], *words["tasks"].values())] + [
        (title(n, mode), *(f"{rows[mode, n, task]['images_per_s']:.1f}" for task in TASKS)) for n, mode in ways
    ]
    hand = [words["hand"]] + [(words["ways"].get(k, k), f"{v:.0f}") for k, v in found["hand_over_us"].items()]
    return {"memory": markdown(memory), "speed": markdown(speed), "hand-over": markdown(hand)}


def markdown(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def update_docs(found: dict[str, Any]) -> None:
    for language, words in WORDS.items():
        file = GUIDE / f"concurrency{language}.md"
        text = file.read_text(encoding="utf-8")
        for name, table in tables(found, words).items():
            begin, end = f"<!-- {name} -->\n", "\n<!-- end -->"
            head, rest = text.split(begin, 1)
            text = head + begin + table + end + rest.split(end, 1)[1]
        file.write_text(text, encoding="utf-8")
    plot(found, GUIDE / "concurrency.svg")


def plot(found: dict[str, Any], file: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "trtyolo"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(TASKS) + 1, figsize=(14, 3), layout="constrained")
    panels = [("memory, MB", "predict", "pss_mb")]
    panels += [(f"{text}, images/s", task, "images_per_s") for task, text in WORDS[""]["tasks"].items()]
    for axis, (title, task, value) in zip(axes, panels):
        for mode, style in (("threads", "o-"), ("processes", "s--")):
            points = [(row["n"], row[value]) for row in found["rows"] if (row["mode"], row["task"]) == (mode, task)]
            axis.plot(*zip(*points), style, label=mode)
        axis.set(title=title, xlabel="workers", xscale="log", ylim=(0, None))
        axis.set_xticks([row["n"] for row in found["rows"]], [str(row["n"]) for row in found["rows"]])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a detector: ONNX, OpenVINO IR or TensorRT engine")
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=4, help="for each row (4)")
    parser.add_argument("--backend", choices=("auto", "openvino", "tensorrt"), default="auto")
    parser.add_argument("--device", type=int, default=0, help="number of the GPU (0)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--from-json", metavar="FILE", help="take the figures from there instead of measuring")
    parser.add_argument("--update-docs", action="store_true", help="write tables and plot of docs/guide/")
    options = parser.parse_args()
    found = json.loads(pathlib.Path(options.from_json).read_text()) if options.from_json else run(options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(found, indent=1) + "\n")
    if options.update_docs:
        update_docs(found)
    for table in tables(found, WORDS[""]).values():
        print(table, end="\n\n")


if __name__ == "__main__":
    main()
