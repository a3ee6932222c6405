"""Draws what `trtyolo bench --json` (or `python -m tensorrt_yolo bench --json`) has measured.

    trtyolo bench yolo11n.onnx --json bench.json
    python bench/plot.py bench.json                              # bench.svg
    python bench/plot.py cpu.json gpu.json -o both.png           # a row of pictures for each report

Images a second, the time of a call (its median, and up to its 99th percentile in a lighter shade) and memory, by how
many clones, models, requests or callers were at work. Needs matplotlib.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter  # noqa: E402

plt.rcParams["svg.fonttype"] = "none"  # texts stay texts

# Told apart without colours, too.
STYLES = {
    "network": {"color": "#777777", "marker": "x", "linestyle": ":", "label": "network alone"},
    "model": {"color": "#222222", "marker": "D", "linestyle": "", "label": "one model"},
    "clones": {"color": "#1f6fb4", "marker": "o", "linestyle": "-", "label": "clones"},
    "separate": {"color": "#cc661f", "marker": "s", "linestyle": "--", "label": "separate models"},
    "processes": {"color": "#8a4fae", "marker": "v", "linestyle": (0, (1, 1)), "label": "processes"},
    "pool": {"color": "#2c8c4a", "marker": "^", "linestyle": "-.", "label": "callers of a pool"},
}


def series(report: dict[str, Any], kind: str, memory: str, key: str) -> tuple[list[int], list[float]]:
    """Numbers and values of the rows of one kind with the picture in one memory, but for those that failed."""
    rows = [row for row in report["rows"] if (row["kind"], row.get("memory", "host")) == (kind, memory)]
    points = sorted((row["n"], row[key]) for row in rows if key in row)
    return [n for n, _ in points], [value for _, value in points]


def draw(axes: Axes, report: dict[str, Any], key: str, title: str, up_to: str | None = None) -> None:
    counts: set[int] = set()
    for kind, usual in STYLES.items():
        for memory in ("host", "gpu"):
            n, values = series(report, kind, memory, key)
            if not n:
                continue
            style = dict(usual)
            if memory == "gpu":  # hollow
                style.update(markerfacecolor="white", label=f"{usual['label']}, image on the GPU")
            counts.update(n)
            axes.plot(n, values, markersize=5, **style)
            if up_to is not None:
                shade = series(report, kind, memory, up_to)[1]
                axes.fill_between(n, values, shade, color=style["color"], alpha=0.12, linewidth=0)
    axes.set_title(title, fontsize=10)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted(counts)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def describe(report: dict[str, Any]) -> str:
    """The model, and the machine."""
    machine = report["machine"]
    used = ((name, version) for name, version in machine["versions"].items() if "not usable" not in version)
    versions = ", ".join(f"{name} {version}" for name, version in used)
    width, height = report["image"]
    device = f"{machine['gpu']}; " if machine.get("gpu") else ""
    model = f"{pathlib.Path(report['model']).name} ({report['precision']}), a picture of {width} x {height}"
    return f"{model}\n{device}{machine['cpu']}, {machine['cores']} cores; {versions}"


def plot(reports: list[dict[str, Any]], file: pathlib.Path) -> None:
    figure = plt.figure(figsize=(11, 3.6 * len(reports)), layout="constrained")
    rows = figure.subfigures(len(reports), 1, squeeze=False)[:, 0]
    for part, report in zip(rows, reports):
        part.suptitle(describe(report), fontsize=9)
        speed, latency, memory = part.subplots(1, 3)
        on_gpu = any(row.get("gpu_mb") for row in report["rows"])
        draw(speed, report, "images_per_s", "images a second")
        draw(latency, report, "p50_ms", "milliseconds of a call (median to p99)", "p99_ms")
        draw(
            memory,
            report,
            "gpu_mb" if on_gpu else "pss_mb",
            f"memory {'of the GPU' if on_gpu else 'of the process'}, MB",
        )
        latency.set_xlabel("at work at the same time")
        speed.legend(fontsize=8, frameon=False)
    figure.savefig(file, dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=pathlib.Path, metavar="REPORT.json")
    parser.add_argument(
        "-o", "--output", type=pathlib.Path, help="SVG, PNG or PDF (default: the first report's name, .svg)"
    )
    arguments = parser.parse_args()
    output = arguments.output or arguments.reports[0].with_suffix(".svg")
    reports = []
    for file in arguments.reports:
        try:
            reports.append(json.loads(file.read_text(encoding="utf-8")))
            _ = reports[-1]["rows"], reports[-1]["machine"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            parser.error(f"{file} is no report of bench --json: {error}")
    plot(reports, output)
    print(output)


if __name__ == "__main__":
    main()
