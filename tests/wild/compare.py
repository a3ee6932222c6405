"""Compares what the program finds in the makers' files with what each repository itself finds; prints a table.

    python compare.py --models DIR --program build/bin/trtyolo [TEXT...]    only models whose names have such a text

Objects are paired by class and by how near their boxes are. "same": all are paired, within kPixels and kScore;
objects that score within kScore of the threshold may be in one list only. Needs Python's standard library alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

kRoot = Path(__file__).resolve().parents[2]
kPixels, kScore = 0.5, 0.005
kOverlap, kNear = 0.5, 2.0  # a pair overlaps by that at least, or else has all edges within so many pixels
kHeader = ["model", "of", "exported by", "file", "objects", "paired", "px", "score", "verdict"]


@dataclass
class Compared:
    """Of all pictures of one file."""

    wanted: int = 0
    paired: int = 0
    extra: int = 0
    near: int = 0  # in one list only, but so near the threshold that either is right
    pixels: float = 0.0
    score: float = 0.0

    def same(self) -> bool:
        unpaired = self.wanted - self.paired + self.extra
        return unpaired <= self.near and self.pixels <= kPixels and self.score <= kScore


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


def inside(objects: list[dict], size: list[int]) -> list[dict]:
    """With boxes cut at the edges of the picture, beyond which some repositories let them reach."""
    limits = [*size, *size]
    return [{**one, "box": [min(max(edge, 0), limit) for edge, limit in zip(one["box"], limits)]} for one in objects]


def compare_objects(wanted: list[dict], given: list[dict], conf: float, result: Compared) -> None:
    candidates = []
    for row, one in enumerate(wanted):
        for column, other in enumerate(given):
            pixels = max(abs(a - b) for a, b in zip(one["box"], other["box"]))
            score = abs(one["score"] - other["score"])
            if one["class"] != other["class"]:
                continue
            if pixels <= kNear or overlap(one["box"], other["box"]) >= kOverlap:
                candidates.append((pixels + 100 * score, pixels, score, row, column))
    rows, columns = set(range(len(wanted))), set(range(len(given)))
    for _, pixels, score, row, column in sorted(candidates):
        if row in rows and column in columns:
            rows.remove(row)
            columns.remove(column)
            result.pixels, result.score = max(result.pixels, pixels), max(result.score, score)
    result.wanted += len(wanted)
    result.paired += len(wanted) - len(rows)
    result.extra += len(columns)
    alone = [wanted[row] for row in rows] + [given[column] for column in columns]
    result.near += sum(one["score"] - conf <= kScore for one in alone)


def compare_top(wanted: list[dict], given: list[dict], result: Compared) -> None:
    scores = {one["class"]: one["score"] for one in given}
    result.wanted += len(wanted)
    for one in wanted:
        if one["class"] in scores:
            result.paired += 1
            result.score = max(result.score, abs(one["score"] - scores[one["class"]]))


def run(program: Path, model: Path, expected: dict, options: list[str]) -> dict:
    """The program's JSON; raises RuntimeError with its sentence where it refuses."""
    pictures = [str(kRoot / image["source"]) for image in expected["images"]]
    command = [str(program), "predict", str(model), *pictures, "--json", "-", "--quiet", *options]
    if expected["task"] != "classify":
        command += ["--conf", str(expected["conf"]), "--iou", str(expected["iou"])]
        command += ["--max-det", str(expected["max_det"])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode < 0:
        raise RuntimeError(f"killed by signal {-done.returncode}")
    if done.returncode != 0:
        raise RuntimeError(" ".join(done.stderr.split()) or f"exit status {done.returncode}")
    return json.loads(done.stdout)


def compare_file(program: Path, folder: Path, file: str, options: list[str], expected: dict) -> list[str]:
    """A row of the table."""
    count = sum(len(image.get("objects", image.get("top", []))) for image in expected["images"])
    kind = " ".join([Path(file).suffix[1:], *options])
    row = [folder.name, f"{expected['package']} {expected['version']}", expected["exporter"], kind]
    try:
        answer = run(program, folder / file, expected, options)
    except RuntimeError as problem:
        return [*row, str(count), "", "", "", f"refused: {problem}"]
    if answer["task"] != expected["task"]:
        return [*row, str(count), "", "", "", f"differs: the task is {answer['task']}, not {expected['task']}"]
    result = Compared()
    for wanted, given in zip(expected["images"], answer["images"]):
        if expected["task"] == "classify":
            compare_top(wanted["top"], given["top"], result)
        else:
            lists = [inside(image["objects"], wanted["size"]) for image in (wanted, given)]
            compare_objects(*lists, expected["conf"], result)
    verdict = "same" if result.same() else "differs"
    if not result.wanted and not result.extra:
        verdict = "nothing: neither finds anything"
    if result.extra:
        verdict += f", {result.extra} more"
    numbers = [str(result.wanted), str(result.paired), f"{result.pixels:.3f}", f"{result.score:.5f}"]
    return [*row, *numbers, verdict]


def rows(program: Path, models: Path, texts: list[str]) -> list[list[str]]:
    table = []
    for folder in sorted(path for path in models.iterdir() if path.is_dir()):
        if texts and not any(text in folder.name for text in texts):
            continue
        if (folder / "failed.txt").exists():
            table.append([folder.name, *[""] * 7, "not made: " + (folder / "failed.txt").read_text().strip()])
        elif (folder / "expected.json").exists():
            expected = json.loads((folder / "expected.json").read_text())
            for file, options in expected["files"].items():
                table.append(compare_file(program, folder, file, options, expected))
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder that the makers wrote to")
    parser.add_argument("--program", type=Path, default=kRoot / "build/bin/trtyolo")
    parser.add_argument("texts", nargs="*", help="only models whose name has one of these")
    arguments = parser.parse_args()
    table = rows(arguments.program, arguments.models, arguments.texts)
    for row in [kHeader, ["---"] * len(kHeader), *table]:
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    same = sum(row[-1].startswith("same") for row in table)
    print(f"\n{same} of {len(table)} files give what their repository finds.")
    return 0 if same == len(table) else 1


if __name__ == "__main__":
    sys.exit(main())
