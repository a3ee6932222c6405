"""bench/concurrency.py, which measures all that the guide tells in both languages; and bench/plot.py.

What the C++ program measures is left out where that is not built: build/bin/trtyolo-bench.
"""

import argparse
import functools
import importlib.util
import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import pytest
import tensorrt_yolo as ty
from conftest import model_file, slow

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = ROOT / "build" / "bin" / "trtyolo-bench"
PLOT = (sys.executable, ROOT / "bench" / "plot.py")
GUIDES = ("concurrency.md", "concurrency.zh-CN.md")

sys.path.insert(0, str(ROOT / "bench"))
import concurrency  # noqa: E402


def run(*arguments):
    command = [sys.executable, str(ROOT / "bench" / "concurrency.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The shortest run."""
    file = tmp_path_factory.mktemp("measured") / "found.json"
    parts = concurrency.PARTS if PROGRAM.exists() else ("compute", "waiting", "handover")
    shortest = ("--workers", 1, 2, "--seconds", "0.05", "--rounds", "2", "--parts", *parts)
    run(model_file("detect"), *shortest, "--program", PROGRAM, "--json", file)
    return file


@slow
def test_measures_every_part(measured):
    found = json.loads(measured.read_text())
    both = [("threads", 1), ("processes", 1), ("threads", 2), ("processes", 2)]
    if PROGRAM.exists():
        assert [(row["way"], row["n"]) for row in found["resources"]] == both
        memory = {(row["way"], row["n"]): row["pss_mb"] for row in found["resources"]}
        assert memory["threads", 1] > 50 and memory["processes", 2] > memory["threads", 2]
        assert all(row["ready_s"] > 0 for row in found["resources"])
        assert [row["n"] for row in found["binding"]] == [1, 2]
        assert all(row["share"] == pytest.approx(row["python"] / row["cpp"]) for row in found["binding"])
    compute = {(row["way"], row["n"], row["python"]): row["images_per_s"] for row in found["compute"]}
    assert {(way, n, share) for way, n in both for share in (0, 1, 3)} | {("locked", 2, 0)} == set(compute)
    assert all(rate > 0 for rate in compute.values())
    assert compute["threads", 1, 3] < compute["threads", 1, 0]
    assert [(row["way"], row["n"]) for row in found["waiting"]] == both
    latency = found["settings"]["camera_latency_ms"]
    assert latency >= 50 and all(0 < row["images_per_s"] < row["n"] * 1e3 / latency for row in found["waiting"])
    assert len(found["handover"]) == 5 and all(row["frame_us"] > 0 < row["percent"] for row in found["handover"])


@slow
def test_has_every_figure_of_the_guides(measured):
    spec = importlib.util.spec_from_file_location("figures", ROOT / "scripts" / "lib" / "figures.py")
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    found = json.loads(measured.read_text())
    if not PROGRAM.exists():
        keys = dict.fromkeys(("ready_s", "rss_mb", "pss_mb", "gpu_mb", "pss_ratio", "gpu_ratio"), 1.0)
        found["resources"] = [{"way": way, "n": n} | keys for n in (1, 2) for way in ("threads", "processes")]
    for part in ("resources", "compute", "waiting"):  # the guides show 4 and 8 workers, too
        found[part] += [row | {"n": n} for row in found[part] if row["n"] == 2 for n in (4, 8)]
    for name in GUIDES:
        text = (ROOT / "docs" / "guide" / name).read_text(encoding="utf-8")
        templates = [region[2] for region in figures.REGION.findall(text) if region[1] == "concurrency"]
        filled = [figures.filled(template, "concurrency", {"concurrency": found}) for template in templates]
        assert len(filled) == 5 and "detect.onnx" in filled[0]
        assert all("{" not in one for one in filled)


@slow
def test_shows_and_draws(measured, tmp_path):
    shown = run("--from-json", measured)
    count = len(json.loads(measured.read_text()).keys() & set(concurrency.PARTS))
    assert [part.split()[0] for part in shown.split("\n\n")].count("way") == count - PROGRAM.exists()
    assert json.loads(run("--from-json", measured, "--json", "-")) == json.loads(measured.read_text())
    subprocess.run([*PLOT, measured, "-o", tmp_path / "plot.svg"], check=True)
    xml.etree.ElementTree.parse(tmp_path / "plot.svg")
    words = ("predict() + as much Python", "threads behind one lock", "processes", "handing over", "thread: queue")
    assert all(word in (tmp_path / "plot.svg").read_text() for word in words)


def test_a_worker_that_fails_is_told(tmp_path):
    options = argparse.Namespace(model=str(tmp_path / "no.onnx"), backend="auto", device=0, workers=[2])
    make = functools.partial(concurrency.load, options, 1)
    for workers in concurrency.WAYS.values():
        end, worker = concurrency.start(workers, concurrency.serve, make, None)
        with pytest.raises(ty.ModelError, match="no.onnx"):
            concurrency.hear(end)
        worker.join(30)
        assert not worker.is_alive()


def test_draws_a_report(tmp_path):
    file = tmp_path / "bench.json"
    rows = [
        {"kind": kind, "n": n, "memory": memory, "images_per_s": 9.0, "p50_ms": 1.0, "p99_ms": 2.0, "pss_mb": 5.0}
        for kind in ("network", "model", "clones", "separate", "processes", "pool")
        for n, memory in ((1, "host"), (2, "host"), (2, "device"))
    ]
    rows.append({"kind": "separate", "n": 4, "memory": "host", "error": "no memory"})
    machine = {"cpu": "a CPU", "cores": 2, "gpu": None, "versions": {"trtyolo": "0.1.0", "tensorrt": "not usable: ..."}}
    report = {"model": "a/people.onnx", "precision": "f32", "image": [1920, 1080], "machine": machine, "rows": rows}
    file.write_text(json.dumps(report))
    picture = tmp_path / "bench.svg"
    drawn = [*PLOT, file]
    assert subprocess.run(drawn, capture_output=True, text=True, check=True).stdout == f"{picture}\n"
    text = picture.read_text()
    words = ("images a second", "people.onnx (f32)", "trtyolo 0.1.0", "network alone", "callers of a pool", "processes")
    for word in (*words, "separate models, image on the GPU"):
        assert word in text
    assert "not usable" not in text
    file.write_text("{}")
    assert subprocess.run(drawn, capture_output=True, text=True, check=False).returncode == 2
