"""Many machines against one: images a second of `batch` on a cluster of Ray's, and in one process with the same cores.

    python bench/many_machines.py                                # two machines with a core each, some minutes
    python bench/many_machines.py --images 100000 --rounds 1     # a long one
    python bench/many_machines.py --lose 1                       # besides: a third machine is lost in the middle
    python bench/many_machines.py --images 100000 --rounds 0 --lose 1 tiny.onnx    # only that

The cluster is on this machine: a head without cores, and --machines with --cores each, all processes of Ray's. `batch`
here and `batch --ray` take turns in --rounds over the same folder of JPEG files of 64 x 64 pixels; all processes are
bound to as many cores as the machines have together. The rate is that between a run's first part and its last, so that
nothing of starting is in it; `whole` is all images over all seconds of the command. The ratio is the median of the
rounds' ratios, and its limit is 1: Ray's own processes and the driver take of the same cores. What each takes is told
in seconds of processor time for a thousand images, too. Every run is checked: each image has one row, and the tables
are equal.

Needs tensorrt_yolo with the extra `ray`, OpenCV, and Linux. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from json_output import write_json
from processes import processor_seconds, taken_between

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray keeps to the loopback then; read when it is imported
from ray.cluster_utils import Cluster

from tensorrt_yolo.batch import Parts
from tensorrt_yolo.program.options import whole

ROOT = pathlib.Path(__file__).parents[1]
KINDS = 100  # different images
STORE = {"object_store_memory": 200 << 20}  # of each machine; what goes through it is small
_LOOK = 0.05  # seconds between two looks at the parts


@dataclass
class Run:
    """One run of `batch`."""

    rate: float
    """Images a second, between the first part and the last."""
    whole: float
    """Images a second, with all that the command does."""
    processor: dict[str, float]
    """Seconds of processor time for a thousand images, between the first part and the last: of the "pools", the
    "driver" and "Ray"."""
    table: pa.Table


def kind_of(command: str) -> str:
    """Whose process it is, by its command line."""
    if command.startswith("ray::"):
        return "pools"
    return "driver" if " -m tensorrt_yolo batch " in command else "Ray"


def write_images(folder: pathlib.Path, count: int) -> None:
    random = np.random.default_rng(5)
    pixels = random.integers(0, 255, (KINDS, 64, 64, 3), np.uint8)
    files = [cv2.imencode(".jpg", one)[1].tobytes() for one in pixels]
    folder.mkdir()
    for i in range(count):
        (folder / f"{i}.jpg").write_bytes(files[i % KINDS])


def run(
    options: argparse.Namespace, folder: pathlib.Path, *more: str, halfway: Callable[[], object] | None = None
) -> Run:
    """`batch` over the folder; `halfway` is called when half of it is done."""
    out = folder.parent / "out.parquet"
    command = [sys.executable, "-m", "tensorrt_yolo", "batch", str(folder), options.model, "--out", str(out)]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--part", str(options.part), "--restart", "--quiet", *more])
    seen: list[tuple[float, int]] = []  # when so many images were done
    processor: dict[str, float] = {}
    at_first: dict[int, float] = {}
    while process.poll() is None:
        done = _done(f"{out}.job")
        if done and (not seen or done > seen[-1][1]):
            seen.append((time.perf_counter(), done))
            now = processor_seconds(os.getpid())
            at_first = at_first or now
            processor = taken_between(at_first, now, kind_of)
        if halfway and done > options.images // 2:
            halfway()
            halfway = None
        time.sleep(_LOOK)
    seconds = time.perf_counter() - began
    if process.returncode != 0:
        raise SystemExit(f"batch ended with {process.returncode}")
    if len(seen) < 3:
        raise SystemExit("too few parts were seen to tell a rate: take more --images")
    table = pq.read_table(out)
    wanted = [str(folder / f"{i}.jpg") for i in range(options.images)]
    if table["path"].to_pylist() != wanted or table["error"].null_count != options.images:
        raise SystemExit("images are missing, there twice, or have errors")
    (first, before), (last, after) = seen[0], seen[-1]
    images = after - before
    processor = {kind: 1000 * seconds / images for kind, seconds in processor.items()}
    return Run(images / (last - first), options.images / seconds, processor, table)


def _done(folder: str) -> int:
    try:
        return sum(map(len, Parts(folder).finished()))
    except FileNotFoundError:  # not begun, or joined
        return 0


def measure(options: argparse.Namespace, folder: pathlib.Path, cluster: Cluster) -> dict[str, Any]:
    here = ["--threads", str(options.machines * options.cores)]
    there = ["--ray", cluster.address, "--cpus", str(options.cores)]
    rounds = []
    for number in range(options.rounds):
        pair = run(options, folder, *here), run(options, folder, *there)
        if not pair[0].table.equals(pair[1].table):
            raise SystemExit("the tables are not equal")
        rounds.append(pair)
        print(f"round {number + 1}: {pair[0].rate:.1f} and {pair[1].rate:.1f} images/s", file=sys.stderr)
    for _ in range(options.lose):
        lost = cluster.add_node(num_cpus=options.cores, **STORE)
        found = run(options, folder, *there, halfway=lambda: cluster.remove_node(lost, allow_graceful=False))
        if rounds and not found.table.equals(rounds[0][0].table):
            raise SystemExit("the table is another after a machine was lost")
        print(f"a machine was lost: every image once, {found.whole:.1f} images/s", file=sys.stderr)
    about = {
        "model": os.path.basename(options.model),
        "images": options.images,
        "machines": options.machines,
        "cores": options.cores,
        "part": options.part,
        "rounds": options.rounds,
    }
    return {**about, **_figures(rounds)} if rounds else about


def _figures(rounds: list[tuple[Run, Run]]) -> dict[str, Any]:
    def here_of(run: Run) -> float:
        return run.processor["driver"]  # what Ray takes meanwhile is not its

    ray = {kind: _median(there.processor.get(kind, 0.0) for _, there in rounds) for kind in ("pools", "driver", "Ray")}
    return {
        "here_images_per_s": _median(here.rate for here, _ in rounds),
        "ray_images_per_s": _median(there.rate for _, there in rounds),
        "ratio": _median(there.rate / here.rate for here, there in rounds),
        "whole_ratio": _median(there.whole / here.whole for here, there in rounds),
        "here_processor_s": _median(here_of(here) for here, _ in rounds),
        "ray_processor_s": ray,
        "processor_ratio": _median(here_of(here) / sum(there.processor.values()) for here, there in rounds),
    }


def _median(values: Any) -> float:
    return round(statistics.median(values), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = str(ROOT / "data" / "shapes" / "detect.onnx")
    parser.add_argument("model", nargs="?", default=default, help="a model file (data/shapes/detect.onnx)")
    parser.add_argument("--images", type=whole(64, 10_000_000), default=2000, metavar="N", help="of a run (2000)")
    parser.add_argument("--machines", type=whole(1, 64), default=2, metavar="N", help="of the cluster (2)")
    parser.add_argument("--cores", type=whole(1, 256), default=1, metavar="N", help="of each (1)")
    parser.add_argument("--rounds", type=whole(0, 1000), default=3, metavar="N", help="of both (3)")
    parser.add_argument("--part", type=whole(1, 1 << 20), default=64, metavar="N", help="images of a part (64)")
    parser.add_argument("--lose", type=whole(0, 100), default=0, metavar="N", help="runs that lose a machine (0)")
    parser.add_argument("--json", metavar="FILE|-", help="the figures as JSON")
    options = parser.parse_args()
    # Of this process and those that it starts.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.machines * options.cores])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **STORE})
    try:
        for _ in range(options.machines):
            cluster.add_node(num_cpus=options.cores, **STORE)
        with tempfile.TemporaryDirectory() as folder:
            images = pathlib.Path(folder) / "images"
            write_images(images, options.images)
            found = measure(options, images, cluster)
    finally:
        cluster.shutdown()
    if options.rounds:
        taken = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in found["ray_processor_s"].items())
        print(
            f"one process {found['here_images_per_s']:.1f} images/s, "
            f"{options.machines} machines {found['ray_images_per_s']:.1f} images/s: "
            f"ratio {found['ratio']:.3f}, with starting {found['whole_ratio']:.3f}\n"
            f"processor time of 1000 images: one process {found['here_processor_s']:.2f} s, machines {taken} s: "
            f"ratio {found['processor_ratio']:.3f}",
            file=sys.stderr,
        )
    write_json(found, options.json)


if __name__ == "__main__":
    main()
