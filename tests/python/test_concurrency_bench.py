"""bench/concurrency.py: it measures all that the guide tells, and writes it into both languages."""

import json
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import model_file

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = ROOT / "bench" / "concurrency.py"
GUIDES = ("concurrency.md", "concurrency.zh-CN.md")


def run(*arguments):
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The shortest run."""
    file = tmp_path_factory.mktemp("measured") / "found.json"
    run(model_file("detect"), "--workers", "1,2", "--seconds", "0.05", "--rounds", "2", "--json", file)
    return file


@pytest.fixture
def guide(tmp_path):
    for name in GUIDES:
        shutil.copy(ROOT / "docs" / "guide" / name, tmp_path)
    return tmp_path


def block(file, name):
    return file.read_text(encoding="utf-8").split(f"<!-- {name} -->\n", 1)[1].split(f"<!-- end of {name} -->", 1)[0]


def test_measures_every_part(measured):
    found = json.loads(measured.read_text())
    both = [("threads", 1), ("processes", 1), ("threads", 2), ("processes", 2)]
    assert [(row["way"], row["n"]) for row in found["resources"]] == both
    memory = {(row["way"], row["n"]): row["pss_mb"] for row in found["resources"]}
    assert memory["threads", 1] > 50 and memory["processes", 2] > memory["threads", 2]
    assert all(row["buffers_mb"] > 4 * row["n"] for row in found["resources"])
    compute = {(row["way"], row["n"], row["python"]): row["images_per_s"] for row in found["compute"]}
    assert {(way, n, share) for way, n in both for share in (0, 1, 3)} | {("locked", 2, 0)} == set(compute)
    assert all(rate > 0 for rate in compute.values())
    assert compute["threads", 1, 3] < compute["threads", 1, 0]
    assert [(row["way"], row["n"]) for row in found["waiting"]] == both
    latency = found["settings"]["camera_latency_ms"]
    assert latency >= 50 and all(0 < row["images_per_s"] < row["n"] * 1e3 / latency for row in found["waiting"])
    assert len(found["handover"]) == 5 and all(row["frame_us"] > 0 for row in found["handover"])


def test_writes_both_guides(measured, guide):
    shown = run("--from-json", measured, "--update-docs", "--docs", guide)
    for name in GUIDES:
        for part, lines in (("resources", 4), ("compute", 7), ("waiting", 4), ("handover", 7)):
            rows = block(guide / name, f"cpu {part}").strip().splitlines()
            assert len(rows) == lines and len({row.count("|") for row in rows}) == 1, rows
        assert "detect.onnx" in block(guide / name, "cpu settings")
        assert "concurrency.svg" in (guide / name).read_text(encoding="utf-8")
    assert block(guide / GUIDES[0], "cpu compute").strip() in shown
    xml.etree.ElementTree.parse(guide / "concurrency.svg")
    before = [(guide / name).read_bytes() for name in (*GUIDES, "concurrency.svg")]
    run("--from-json", measured, "--update-docs", "--docs", guide)
    assert [(guide / name).read_bytes() for name in (*GUIDES, "concurrency.svg")] == before


def test_figures_of_a_gpu_stand_by_themselves(measured, guide):
    found = json.loads(measured.read_text()) | {"backend": "tensorrt", "device": "a GPU"}
    found["machine"]["versions"]["tensorrt"] = "10.0"
    for row in found["resources"]:
        row["gpu_mb"] = 100.0 * row["n"]
    file = guide / "gpu.json"
    file.write_text(json.dumps(found))
    before = [block(guide / name, "cpu compute") for name in GUIDES]
    run("--from-json", file, "--update-docs", "--docs", guide)
    assert [block(guide / name, "cpu compute") for name in GUIDES] == before
    for name, words in zip(GUIDES, ("GPU memory", "显存")):
        text = block(guide / name, "gpu")
        assert words in text and "200 MB" in text and "TensorRT 10.0" in text and "concurrency-gpu.svg" in text
    assert (guide / "concurrency-gpu.svg").exists()
