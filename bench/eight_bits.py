"""Eight bits against f32 on this CPU: images a second and accuracy, in one run, beside OpenVINO's benchmark_app.

    python bench/eight_bits.py --data FOLDER --json -          # some minutes a task on two cores
    python bench/eight_bits.py --data FOLDER --task detect --model yolo11n.onnx

FOLDER has a folder for each task, with a data.yaml (classify: train/ and val/): its train pictures are calibrated
with, and its val pictures measured on. Models are those of data/shapes unless --model names one.

Each is quantized (in out/eight-bits). Then `trtyolo bench` measures the f32 model and the quantized one in turns, on
one image, each with as many clones as there are cores, and benchmark_app the quantized one: its rate is of the whole
network alone, the program's "predict" of all that predict() does. Rates are medians of the rounds.

Needs the program (scripts/build), the package with its extra `quantize`, and benchmark_app of the package openvino. Let
nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
from typing import Any

from json_output import write_json

import tensorrt_yolo as ty

ROOT = pathlib.Path(__file__).resolve().parents[1]
TASKS = ("detect", "segment", "pose", "obb", "classify")
JUDGED = {"segment": "mask mAP50-95", "pose": "keypoint mAP50-95", "classify": "top-1"}


def quantized(model: pathlib.Path, data: pathlib.Path, output: pathlib.Path, arguments: argparse.Namespace) -> Any:
    """Quantizes; gives the report."""
    described = data / "data.yaml"
    return ty.quantize(
        model,
        described if described.exists() else data,
        output,
        calibration=arguments.calibration,
        weight_bits=arguments.weight_bits,
        restart=True,
    )


def bench(program: pathlib.Path, model: pathlib.Path, clones: int, seconds: float, source: str) -> dict[str, Any]:
    """Network and predict() of clones, images a second."""
    command = [program, "bench", model, "--kinds", "clones", "--clones", clones, "--seconds", seconds]
    command += ["--source", source, "--quiet", "--json", "-"]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    row = next(row for row in json.loads(done.stdout)["rows"] if row["kind"] == "clones")
    return {"network": row["network_images_per_s"], "predict": row["images_per_s"]}


def benchmark_app(model: pathlib.Path, seconds: float, precision: str) -> float:
    """Images a second of OpenVINO's own benchmark, for throughput."""
    command = [pathlib.Path(sys.executable).parent / "benchmark_app", "-m", model, "-d", "CPU", "-hint", "throughput"]
    command += ["-t", max(1, round(seconds)), "-infer_precision", precision]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    found = re.search(r"Throughput: +([0-9.]+) FPS", done.stdout)
    if not found:
        raise RuntimeError(f"benchmark_app tells no throughput:\n{done.stdout[-500:]}")
    return float(found[1])


def measured(task: str, model: pathlib.Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """A row of the table."""
    folder = ROOT / "out" / "eight-bits"
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"{model.stem}-int8.xml"
    data = arguments.data / task
    report = quantized(model, data, output, arguments)
    name = JUDGED.get(task, "mAP50-95")
    source = str(ROOT / "data" / "shapes" / "images" / "00001.jpg")
    clones = os.cpu_count() or 1
    rounds: list[dict[str, Any]] = []
    for _ in range(arguments.rounds):
        found = {kind: bench(arguments.program, file, clones, arguments.seconds, source)
                 for kind, file in (("f32", model), ("int8", output))}  # fmt: skip
        rounds.append({**found, "app": benchmark_app(output, arguments.seconds, "f32")})

    def rate(kind: str, what: str) -> float:
        return statistics.median(one[kind][what] for one in rounds)

    app = statistics.median(one["app"] for one in rounds)
    row = {
        "task": task,
        "model": model.stem,
        "pictures": report.measured,
        "calibrated": report.calibrated,
        "boxes_f32": report.figures.get("mAP50-95", (0, 0))[0],
        "boxes_int8": report.figures.get("mAP50-95", (0, 0))[1],
        "figure": name,
        "figure_f32": report.figures.get(name, (0, 0))[0],
        "figure_int8": report.figures.get(name, (0, 0))[1],
        "drop": report.drop,
        "float": ", ".join(report.float_layers),
        "agreement": next(iter(report.agreement.values())),
        "network_f32": rate("f32", "network"),
        "network_int8": rate("int8", "network"),
        "predict_f32": rate("f32", "predict"),
        "predict_int8": rate("int8", "predict"),
        "benchmark_app": app,
        "head": ty.inspect(output).head,
        "mb_f32": model.stat().st_size / 1e6,
        "mb_int8": sum(output.with_suffix(suffix).stat().st_size for suffix in (".xml", ".bin")) / 1e6,
    }
    row["times"] = row["predict_int8"] / row["predict_f32"]
    row["of_benchmark_app"] = statistics.median(one["int8"]["predict"] / one["app"] for one in rounds)
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with a folder for each task")
    parser.add_argument("--task", choices=TASKS, action="append", help="only this task; may be repeated")
    parser.add_argument("--model", type=pathlib.Path, help="of the one task, in place of data/shapes/TASK.onnx")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/bin/trtyolo")
    parser.add_argument("--seconds", type=float, default=4, help="of a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calibration", type=int, default=300, help="most pictures")
    parser.add_argument("--weight-bits", type=int, choices=(7, 8), default=8)
    parser.add_argument("--json", metavar="FILE|-", help="the figures as JSON")
    arguments = parser.parse_args()
    rows = []
    for task in arguments.task or TASKS:
        row = measured(task, arguments.model or ROOT / "data" / "shapes" / f"{task}.onnx", arguments)
        rows.append(row)
        print(
            f"{row['model']}: {row['figure']} {row['figure_f32']:.4f} -> {row['figure_int8']:.4f}, predict "
            f"{row['predict_f32']:.1f} -> {row['predict_int8']:.1f} images/s ({row['times']:.2f} x), "
            f"{row['of_benchmark_app']:.3f} of benchmark_app's",
            file=sys.stderr,
        )
    write_json({"instructions": instructions(), "rows": rows}, arguments.json)
    return 0


def instructions() -> list[str]:
    """What this processor has for eight bits and sixteen."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    known = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "avx512_bf16", "amx_bf16")
    return [name for name in known if name in flags]


if __name__ == "__main__":
    sys.exit(main())
