"""Draws what `trtyolo bench --json` and bench/concurrency.py have measured.

    trtyolo bench yolo11n.onnx --json bench.json
    python bench/plot.py bench.json                              # bench.svg
    python bench/plot.py cpu.json gpu.json -o both.png           # each report below the last

Images a second, the time of a call (its median, and up to its 99th percentile in a lighter shade) and memory, by how
many clones, models, requests, callers, threads or processes were at work; and what handing over takes. Needs
matplotlib.
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

plt.rcParams.update(
    {
        "svg.hashsalt": "trtyolo",
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "lines.markersize": 5,
    }
)

# Told apart without colours, too.
STYLES = {
    "network": {"color": "#777777", "marker": "x", "linestyle": ":", "label": "network alone"},
    "model": {"color": "#222222", "marker": "D", "linestyle": "", "label": "one model"},
    "clones": {"color": "#1f6fb4", "marker": "o", "linestyle": "-", "label": "clones"},
    "threads": {"color": "#1f6fb4", "marker": "o", "linestyle": "-", "label": "threads"},
    "separate": {"color": "#cc661f", "marker": "s", "linestyle": "--", "label": "separate models"},
    "processes": {"color": "#8a4fae", "marker": "v", "linestyle": (0, (1, 1)), "label": "processes"},
    "pool": {"color": "#2c8c4a", "marker": "^", "linestyle": "-.", "label": "callers of a pool"},
    "locked": {"color": "#777777", "marker": "^", "linestyle": ":", "label": "threads behind one lock"},
}
HANDOVERS = {
    "thread_queue": "thread: queue",
    "process_queue": "queue",
    "process_pipe": "pipe",
    "process_copy": "shared memory,\ncopied",
    "process_there": "shared memory,\nin place",
}


def curves(axes: Axes, title: str, rows: list[dict[str, Any]], key: str, up_to: str = "") -> None:
    """`key` of the rows, but for those that failed, by their `n`: a line for each kind or way."""
    rows = [row for row in rows if key in row]
    for kind, usual in STYLES.items():
        for memory in ("host", "pinned", "device"):
            own = [row for row in rows if (row.get("kind") or row["way"], row.get("memory", "host")) == (kind, memory)]
            if not own:
                continue
            style = dict(usual)
            if memory == "pinned":  # half hollow
                style.update(fillstyle="left", label=f"{usual['label']}, image in page-locked memory")
            if memory == "device":  # hollow
                style.update(markerfacecolor="white", label=f"{usual['label']}, image on the GPU")
            n, values, shade = zip(*sorted((row["n"], row[key], row.get(up_to)) for row in own))
            axes.plot(n, values, **style)
            if up_to:
                axes.fill_between(n, values, shade, color=style["color"], alpha=0.12, linewidth=0)
    counts = sorted({row["n"] for row in rows})
    axes.set(title=title, xlabel="at work at the same time", xscale="log")
    axes.set_xticks(counts, [str(n) for n in counts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)


def bars(axes: Axes, title: str, rows: list[dict[str, Any]]) -> None:
    """What handing over takes, on a logarithmic scale."""
    for key, colour, shift in (("frame_us", "#1f6fb4", -0.2), ("result_us", "#9cc4e4", 0.2)):
        measured = [(i + shift, row[key]) for i, row in enumerate(rows) if row[key] is not None]
        axes.barh(*zip(*measured), 0.38, color=colour, label=key.split("_")[0])
    axes.set(title=title, xscale="log")
    axes.set_yticks(range(len(rows)), [HANDOVERS[row["way"]] for row in rows])
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.legend()


def describe(report: dict[str, Any]) -> str:
    """The model, and the machine."""
    machine = report["machine"]
    used = ((name, version) for name, version in machine["versions"].items() if "not usable" not in version)
    versions = ", ".join(f"{name} {version}" for name, version in used)
    width, height = report["image"]
    device = f"{machine['gpu']}; " if machine.get("gpu") else ""
    model = f"{pathlib.Path(report['model']).name} ({report['precision']}), an image of {width} x {height}"
    return f"{model}\n{device}{machine['cpu']}, {machine['cores']} cores; {versions}"


def draw_bench(figure: Any, report: dict[str, Any]) -> None:
    figure.suptitle(describe(report), fontsize=9)
    speed, latency, memory = figure.subplots(1, 3)
    rows = report["rows"]
    on_gpu = any(row.get("gpu_mb") for row in rows)
    curves(speed, "images a second", rows, "images_per_s")
    curves(latency, "milliseconds of a call (median to p99)", rows, "p50_ms", "p99_ms")
    curves(memory, f"memory of the {'GPU' if on_gpu else 'process'}, MB", rows, "gpu_mb" if on_gpu else "pss_mb")
    speed.legend(fontsize=8)


def draw_concurrency(figure: Any, report: dict[str, Any]) -> None:
    """Those parts that were measured."""
    memory, *compute, waiting, handover = figure.subplots(2, 3).flat
    on_gpu = report["backend"] == "tensorrt"
    resources = report.get("resources", [])
    curves(memory, "GPU memory, MB" if on_gpu else "memory, MB", resources, "gpu_mb" if on_gpu else "pss_mb")
    for share, axes, title in zip((0, 1, 3), compute, ("", " + as much Python", " + 3 x Python")):
        rows = [row for row in report.get("compute", []) if row["python"] == share]
        curves(axes, f"predict(){title}, images/s", rows, "images_per_s")
    curves(waiting, "waiting for cameras, images/s", report.get("waiting", []), "images_per_s")
    for axes in (memory, compute[0]):
        if axes.lines:
            axes.legend()
    if "handover" in report:
        bars(handover, "handing over, microseconds", report["handover"])


def plot(reports: list[dict[str, Any]], file: pathlib.Path) -> None:
    rows = [1 if "rows" in report else 2 for report in reports]
    figure = plt.figure(figsize=(11, 3.2 * sum(rows)), layout="constrained")
    parts = figure.subfigures(len(reports), 1, squeeze=False, height_ratios=rows)[:, 0]
    for part, report in zip(parts, reports):
        (draw_bench if "rows" in report else draw_concurrency)(part, report)
    figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=pathlib.Path, metavar="REPORT.json")
    words = "SVG, PNG or PDF (default: the first report's name, .svg)"
    parser.add_argument("-o", "--output", type=pathlib.Path, help=words)
    arguments = parser.parse_args()
    output = arguments.output or arguments.reports[0].with_suffix(".svg")
    reports = []
    for file in arguments.reports:
        try:
            reports.append(json.loads(file.read_text(encoding="utf-8")))
            _ = reports[-1]["model"], reports[-1]["machine"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            parser.error(f"{file} is no report of bench --json or concurrency.py: {error}")
    plot(reports, output)
    print(output)


if __name__ == "__main__":
    main()
