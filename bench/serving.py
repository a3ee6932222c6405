"""The service against the pool behind it: pictures a second by HTTP and in one process, from the same bytes.

    python bench/serving.py                                  # the detector of data/people, a minute or two
    python bench/serving.py yolo11n.engine --rounds 9        # on a GPU
    python bench/serving.py --half-open 1000                 # besides: with so many half-open connections

A pool in this process and `python -m tensorrt_yolo serve` in another, with the same model, take turns in rounds of
--images pictures, of which --clients are always under way: by HTTP on as many connections that are kept open. The
pictures are JPEG files of 1920 x 1080 pixels, frames of the footage at quality 90. The ratio is the median of the
rounds' ratios, and its limit is 1; the clients, which are in this process, share the cores with the service. Latency is
from the sending of a picture to its whole answer. `cpu_ms` is the processor time for a picture, all cores together: of
the pool in this process, or of the service, and `clients_cpu_ms` that of its clients. Requests are bounded in number,
and go to the loopback only.

Needs tensorrt_yolo with the extra `serve`, and OpenCV. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
from json_output import write_json

import tensorrt_yolo as ty
from tensorrt_yolo.program.options import whole

ROOT = pathlib.Path(__file__).parents[1]
SIZE = 1920, 1080
QUALITY = 90
KINDS = 8  # different pictures


@dataclass
class Times:
    """One round."""

    rate: float
    """Pictures a second."""
    latencies: list[float]
    """Seconds."""
    cpu: list[float]
    """Seconds of processor time for a picture, of each process."""


async def round_of(images: int, clients: int, send: Callable[[int, int], Awaitable[None]], *processes: int) -> Times:
    """`images` pictures by `clients` clients, each of which sends its next when it has its answer."""
    latencies: list[float] = []
    numbers = iter(range(images))

    async def client(index: int) -> None:
        for number in numbers:
            began = time.perf_counter()
            await send(index, number)
            latencies.append(time.perf_counter() - began)

    cpu = [-processor_time(process) for process in processes]
    began = time.perf_counter()
    await asyncio.gather(*(client(index) for index in range(clients)))
    seconds = time.perf_counter() - began
    cpu = [(before + processor_time(process)) / images for before, process in zip(cpu, processes)]
    return Times(len(latencies) / seconds, latencies, cpu)


class Connections:
    """Connections to the service that are kept open."""

    def __init__(self, port: int, model: str, pictures: list[bytes]) -> None:
        head = f"POST /predict/{model} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\n"
        self._requests = [f"{head}Content-Length: {len(picture)}\r\n\r\n".encode() + picture for picture in pictures]
        self._port = port
        self._open: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def send(self, index: int, number: int) -> None:
        if index not in self._open:
            self._open[index] = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._open[index]
        writer.write(self._requests[number % len(self._requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"the service answered {head[:15]!r}: {body[:200]!r}")


def pictures() -> list[bytes]:
    files = sorted((ROOT / "data" / "people" / "frames").glob("*.jpg"))[:KINDS]
    found = []
    for file in files:
        image = cv2.resize(cv2.imread(str(file)), SIZE, interpolation=cv2.INTER_CUBIC)
        found.append(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
    return found


def started(model: str, queue: int) -> tuple[subprocess.Popen[str], int]:
    """The service, and its port."""
    command = [sys.executable, "-m", "tensorrt_yolo", "serve", f"{model}=model", "--port", "0", "--no-grpc"]
    process = subprocess.Popen([*command, "--queue", str(queue)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r":(\d+)/", line)
    if not found:
        raise SystemExit("the service did not start")
    return process, int(found[1])


def resident(pid: int) -> float:
    """MB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor_time(pid: int) -> float:
    """Seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def half_open(port: int, count: int) -> Iterator[socket.socket]:
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"POST /predict/model HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
        yield connection


async def measure(options: argparse.Namespace, pool: ty.Pool[Any], process: subprocess.Popen[str], port: int) -> Any:
    data = pictures()
    connections = Connections(port, "model", data)

    async def inside(index: int, number: int) -> None:
        await pool.submit(data[number % len(data)], queue_full_policy="reject")

    rounds: list[tuple[Times, Times]] = []
    slowed: list[Times] = []
    memory: list[float] = []
    for number in range(options.rounds + 1):
        here = await round_of(options.images, options.clients, inside, os.getpid())
        there = await round_of(options.images, options.clients, connections.send, process.pid, os.getpid())
        memory.append(resident(process.pid))
        if number:  # the first warms up
            rounds.append((here, there))
        if number and options.half_open:
            opened = list(half_open(port, options.half_open))
            slowed.append(await round_of(options.images, options.clients, connections.send, process.pid, os.getpid()))
            for one in opened:
                one.close()
    return table(options, pool, rounds, slowed, memory, data)


def table(
    options: argparse.Namespace,
    pool: ty.Pool[Any],
    rounds: list[tuple[Times, Times]],
    slowed: list[Times],
    memory: list[float],
    data: list[bytes],
) -> dict[str, Any]:
    def row(kind: str, times: list[Times]) -> dict[str, Any]:
        latencies = sorted(1000 * one for each in times for one in each.latencies)
        percentile = [latencies[min(len(latencies) - 1, int(share * len(latencies)))] for share in (0.5, 0.99)]
        rate = statistics.median(each.rate for each in times)
        cpu = [1000 * statistics.median(values) for values in zip(*(each.cpu for each in times))]
        named = dict(zip(("cpu_ms", "clients_cpu_ms"), cpu))
        return {"kind": kind, "images_per_s": rate, "p50_ms": percentile[0], "p99_ms": percentile[1], **named}

    rows = [row("pool", [here for here, _ in rounds]), row("http", [there for _, there in rounds])]
    rows[1]["ratio"] = statistics.median(there.rate / here.rate for here, there in rounds)
    if slowed:
        rows.append(row(f"http, {options.half_open} half open", slowed))
        rows[2]["ratio_to_http"] = statistics.median(slow.rate / there.rate for (_, there), slow in zip(rounds, slowed))
    return {
        "model": os.path.basename(options.model),
        "image": [*SIZE],
        "image_bytes": round(statistics.mean(map(len, data))),
        "clients": options.clients,
        "images": options.images,
        "rounds": options.rounds,
        "contexts": pool.contexts,
        "device": pool.info().device,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "service_mb": [round(memory[0], 1), round(memory[-1], 1)],
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = str(ROOT / "data" / "people" / "people.onnx")
    parser.add_argument("model", nargs="?", default=default, help="a model file (data/people/people.onnx)")
    parser.add_argument("--clients", type=whole(1, 512), default=64, metavar="N", help="at the same time (64)")
    parser.add_argument("--images", type=whole(1, 100_000), default=256, metavar="N", help="of a round (256)")
    parser.add_argument("--rounds", type=whole(1, 10_000), default=5, metavar="N", help="after one that warms up (5)")
    parser.add_argument("--half-open", type=whole(0, 4000), default=0, metavar="N", help="connections besides (0)")
    parser.add_argument("--json", metavar="FILE|-", help="the figures as JSON")
    options = parser.parse_args()
    queue = 2 * options.clients
    process, port = started(options.model, queue)
    try:
        with ty.Pool(options.model, queue_length=queue) as pool:
            found = asyncio.run(measure(options, pool, process, port))
    finally:
        process.terminate()
        process.wait()
    for row in found["rows"]:
        ratio = row.get("ratio", row.get("ratio_to_http", 1.0))
        print(
            f"{row['kind']:24} {row['images_per_s']:8.1f} images/s  ratio {ratio:.3f}  "
            f"p50 {row['p50_ms']:7.1f} ms  p99 {row['p99_ms']:7.1f} ms  "
            f"processor {row['cpu_ms']:.1f} + {row.get('clients_cpu_ms', 0):.1f} ms an image",
            file=sys.stderr,
        )
    print(f"memory of the service: {found['service_mb'][0]} MB, then {found['service_mb'][1]} MB", file=sys.stderr)
    write_json(found, options.json)


if __name__ == "__main__":
    main()
