"""The command bench."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import json
import multiprocessing
import os
import platform
import sys
import threading
import time
from multiprocessing.synchronize import Barrier
from typing import Any

import numpy as np

import tensorrt_yolo as ty
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.progress import bar

SUMMARY = "memory and images a second: the bare network, one model, clones, separate models, processes, a pool"
EPILOG = """\
Each row is measured in a process of its own; threads call predict(), one for each model or clone, or N of one pool with
one image a call. "processes" are N of them with a model each, and their memory is that of all. "ratio" holds images a
second against those of the bare network with as many requests (of a pool: as it has contexts; of processes: one each),
measured in turns in the same processes. A picture on the GPU is a tensor of torch, which must be installed then.

Example: tensorrt_yolo bench yolo11n.onnx --clones 1,2,4,8 --json bench.json"""

_KINDS = ("network", "model", "clones", "separate", "pool", "processes")
_MEMORIES = ("host", "gpu")
_SIZE = (1080, 1920)
_SLICES = 4  # in which the bare network and predict() take turns
_WARM_UP = 3  # calls


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    command.add_argument(
        "--clones",
        type=shared.numbers(1),
        default=[1, 2, 4, 8],
        metavar="N,...",
        help="how many; also how many separate models, callers of a pool, and processes",
    )
    command.add_argument(
        "--kinds",
        type=_kinds,
        default=list(_KINDS),
        metavar="KIND,...",
        help=f"rows to measure: {','.join(_KINDS)} (all)",
    )
    command.add_argument(
        "--images",
        type=_memories,
        metavar="host,gpu",
        help="where the picture is (host; of a model on a GPU: both, if torch is there)",
    )
    command.add_argument("--source", metavar="FILE", help="picture to predict (default: 1920 x 1080, drawn)")
    command.add_argument("--seconds", type=_seconds, default=5.0, metavar="S", help="for each row (5)")
    command.add_argument("--json", metavar="FILE|-", help="the results as JSON; - is standard output")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    shared.add_objects(command)
    shared.add_model(command)


def run(options: argparse.Namespace) -> int:
    option = shared.infer_option(options)
    info = ty.inspect(options.model, option)
    picture = _picture(options.source)
    memories = _memories_of(options.images, info)
    plan = [
        (kind, n, memory)
        for memory in memories
        for kind in _KINDS
        if kind in options.kinds and (kind != "network" or memory == memories[0])
        for n in _counts(kind, options.clones)
    ]
    gpu = options.device if isinstance(options.device, int) else 0
    rows = []
    context = multiprocessing.get_context("spawn")
    with bar(len(plan), "measuring", quiet=options.quiet, unit="row") as progress:
        for kind, n, memory in plan:
            processes = n if kind == "processes" else 1
            together = context.Barrier(processes)
            with context.Pool(processes, _set_together, (together,)) as pool:
                job = _Job(options.model, option, options.streams, gpu, options.seconds, picture, kind, n, memory)
                rows.append(_row(pool.map(_measure, [job] * processes, chunksize=1)))
            progress.update()
    if not options.quiet:
        print(_table(rows), file=sys.stderr if options.json == "-" else sys.stdout)
    if options.json:
        said = json.dumps(_as_dict(options.model, info, picture, rows), indent=2, ensure_ascii=False) + "\n"
        if options.json == "-":
            sys.stdout.write(said)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(said)
    return 0


def _counts(kind: str, clones: list[int]) -> list[int]:
    return [1] if kind == "model" else [n for n in clones if n > 1 or kind in ("network", "pool")]


def _memories_of(said: list[str] | None, info: ty.ModelInfo) -> list[str]:
    """Where the picture is to be, one after the other."""
    on_gpu = info.backend == "tensorrt"
    if said is None:
        return list(_MEMORIES) if on_gpu and importlib.util.find_spec("torch") else ["host"]
    if "gpu" in said and not on_gpu:
        raise ValueError("--images gpu: the model runs on the CPU, which cannot read a GPU's memory")
    if "gpu" in said and not importlib.util.find_spec("torch"):
        raise ValueError("--images gpu needs torch, which is not installed")
    return said


_together: Barrier | None = None  # of the processes of a row


def _set_together(barrier: Barrier) -> None:
    global _together
    _together = barrier


@dataclasses.dataclass(frozen=True)
class _Job:
    """What a row measures."""

    file: str
    option: ty.InferOption
    streams: int | None
    gpu: int  # its number
    seconds: float
    picture: np.ndarray
    kind: str
    n: int
    memory: str


def _measure(job: _Job) -> dict[str, Any]:
    """A row, or one process's part of it: see _row()."""
    try:
        return _measured(job)
    except BaseException:
        _together.abort()  # so that no other waits
        raise


def _measured(job: _Job) -> dict[str, Any]:
    kind, n, option = job.kind, job.n, job.option
    own = 1 if kind == "processes" else n  # at work in this process
    if job.streams is None:
        option.set_streams(0 if kind == "pool" else min(own, os.cpu_count() or 1))
    image: Any = job.picture
    if job.memory == "gpu":
        import torch

        image = torch.from_numpy(job.picture).to(f"cuda:{job.gpu}")
        option.enable_cuda_memory()
    models = [ty.load_model(job.file, option)]
    for _ in range(n - 1 if kind in ("clones", "separate") else 0):
        models.append(models[0].clone() if kind == "clones" else ty.load_model(job.file, option))
    batch = models[0].batch()
    pool = ty.Pool(models[0]) if kind == "pool" else None
    callers = [pool] * n if pool else models
    requests = pool.contexts if pool else own
    images = [image] * (1 if pool else batch)
    row: dict[str, Any] = {"kind": kind, "n": n, "batch": batch, "memory": job.memory}
    network: list[float] = []
    latencies: list[float] = []
    rates: list[float] = []
    if kind != "network":
        for caller in callers:
            for _ in range(_WARM_UP):
                caller.predict(images)
    for _ in range(_SLICES):
        _together.wait()
        speed = models[0].measure_network(requests, job.seconds / _SLICES)
        network.append(len(speed.latencies) * batch / speed.seconds)
        if kind == "network":
            latencies += speed.latencies
            continue
        _together.wait()
        calls, took = _call(callers, images, job.seconds / _SLICES)
        latencies += calls
        rates.append(len(calls) * len(images) / took)
    row.update(network=network, latencies=latencies, rates=rates)
    if pool:
        metrics = pool.metrics()
        row["contexts"] = pool.contexts
        row["mean_batch"] = metrics.mean_batch
        row["wait_ms"], row["wait_p99_ms"] = metrics.wait.median, metrics.wait.p99
    row["rss_mb"], row["pss_mb"] = _memory()
    engines = models if kind == "separate" else models[:1]
    on_gpu = models[0].info().backend == "tensorrt"
    row["gpu_mb"] = sum(model.memory().total for model in engines) / 1e6 if on_gpu else 0
    _together.wait()  # nobody goes while another reads its share of memory
    return row


def _row(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The row that processes have measured together; `network` and `rates` are images a second in each slice."""
    row = dict(parts[0])
    network, rates = (np.sum([part[name] for part in parts], axis=0) for name in ("network", "rates"))
    latencies = [value for part in parts for value in part["latencies"]]
    for name in ("network", "rates", "latencies"):
        del row[name]
    row["images_per_s"] = float(np.median(rates if rates.size else network))
    row["p50_ms"], row["p99_ms"] = (float(value) for value in np.percentile(latencies, [50, 99]))
    row["ratio"] = float(np.median(rates / network)) if rates.size else 1.0
    for name in ("rss_mb", "pss_mb", "gpu_mb"):
        row[name] = sum(part[name] for part in parts)
    return row


def _call(
    callers: list[ty.BaseModel] | list[ty.Pool], images: list[np.ndarray], seconds: float
) -> tuple[list[float], float]:
    """Milliseconds of every call, all callers at once, and how long it took in all."""
    latencies: list[float] = []
    errors: list[BaseException] = []
    ready = threading.Barrier(len(callers) + 1)

    def work(caller: ty.BaseModel | ty.Pool) -> None:
        own = []
        try:
            ready.wait()
            end = time.perf_counter() + seconds
            begin = time.perf_counter()
            while begin < end:
                caller.predict(images)
                now = time.perf_counter()
                own.append((now - begin) * 1e3)
                begin = now
        except BaseException as error:
            errors.append(error)
        latencies.extend(own)

    threads = [threading.Thread(target=work, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return latencies, time.perf_counter() - began


def _memory() -> tuple[float, float]:
    """Resident and proportional memory of this process, MB; 0 where the system does not say."""
    found = {}
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                if name in ("Rss", "Pss"):
                    found[name] = int(rest.split()[0]) * 1024 / 1e6
    except OSError:
        return 0, 0
    return found.get("Rss", 0), found.get("Pss", 0)


def _picture(file: str | None) -> np.ndarray:
    if file is None:
        y, x = np.mgrid[: _SIZE[0], : _SIZE[1]]
        return np.stack([x // 4 % 256, y // 4 % 256, (x // 64 + y // 64) % 2 * 255], axis=-1).astype(np.uint8)
    import cv2

    data = np.fromfile(file, np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if pixels is None:
        raise ValueError(f"'{file}' is not a picture that OpenCV can read")
    return pixels


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{'kind':<10}{'image':<6}{'n':>4}{'batch':>7}{'images/s':>10}{'ratio':>7}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'RSS MB':>9}{'PSS MB':>9}{'GPU MB':>9}"
    ]
    for row in rows:
        lines.append(
            f"{row['kind']:<10}{row['memory']:<6}{row['n']:>4}{row['batch']:>7}{row['images_per_s']:>10.1f}"
            f"{row['ratio']:>7.3f}{row['p50_ms']:>9.2f}{row['p99_ms']:>9.2f}{row['rss_mb']:>9.0f}{row['pss_mb']:>9.0f}"
            f"{row['gpu_mb']:>9.0f}"
        )
    return "\n".join(lines)


def _as_dict(file: str, info: ty.ModelInfo, picture: np.ndarray, rows: list[dict[str, Any]]) -> dict[str, Any]:
    machine = {
        "cpu": info.device if info.backend == "openvino" else platform.processor(),
        "cores": os.cpu_count(),
        "gpu": info.device if info.backend == "tensorrt" else "",
        "versions": {"trtyolo": ty.version(), "python": platform.python_version(), **ty.backends()},
    }
    height, width = picture.shape[:2]
    return {"model": file, "precision": info.precision, "image": [width, height], "machine": machine, "rows": rows}


def _some_of(known: tuple[str, ...], text: str) -> list[str]:
    words = text.split(",")
    for word in words:
        if word not in known:
            raise argparse.ArgumentTypeError(f"some of {','.join(known)} were expected, found {text!r}")
    return words


def _kinds(text: str) -> list[str]:
    return _some_of(_KINDS, text)


def _memories(text: str) -> list[str]:
    return _some_of(_MEMORIES, text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0.01 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"0.01 to 86400 seconds were expected, found {text!r}")
    return value
