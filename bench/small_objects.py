"""Objects of 12 pixels in an image of 12,000 x 8,000: what the program finds of them with slices and without.

    python bench/small_objects.py --json -                    # a few minutes on two cores
    python bench/small_objects.py --slice 320 --picture found.jpg

The image is made of those of data/shapes, which detect.onnx was not trained with: each is made so small that its
objects are 12 pixels in the median, and put at random places of a grey background. An object is found if a box of its
class overlaps it by an intersection over union of at least 0.5; each box finds one. Recall is of objects whose longer
side has 8 to 16 pixels, precision of all boxes. `peak_mb` is the most memory that the program took, the image included.

Needs the program (scripts/build), NumPy and OpenCV. Let nothing else run meanwhile: it measures the time.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from json_output import write_json

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHAPES = ROOT / "data/shapes"
WIDTH, HEIGHT = 12_000, 8_000
SIDE = 12  # pixels of an object, in the median of each image
SMALL = (8, 16)  # pixels of the longer side of objects that recall is of
CELL = 200  # pixels; each small image lies in one of these
# Runs a command, prints its seconds and kilobytes. A process by itself, which is small: a child begins with the peak of
# its parent.
WATCH = """
import resource, subprocess, sys, time
start = time.monotonic()
status = subprocess.run(sys.argv[1:]).returncode
print(time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
SHOWN = (480, 360)  # pixels of the part that the picture shows

Floats = npt.NDArray[np.float64]


@dataclass
class Scene:
    """An image, and what is where in it: rows of left, top, right, bottom, and classes."""

    image: npt.NDArray[np.uint8]
    boxes: Floats
    classes: npt.NDArray[np.int64]

    @property
    def small(self) -> npt.NDArray[np.bool_]:
        sides = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        return (sides >= SMALL[0]) & (sides <= SMALL[1])


def small_images() -> list[tuple[npt.NDArray[np.uint8], Floats, Floats]]:
    """Each image of data/shapes with small objects, their boxes and classes."""
    found = []
    for file in sorted((SHAPES / "labels").glob("*.txt")):
        rows = np.array([line.split() for line in file.read_text().splitlines()], np.float64).reshape(-1, 5)
        if len(rows) == 0:
            continue
        image = cv2.imread(str(SHAPES / "images" / f"{file.stem}.jpg"))
        height, width = image.shape[:2]
        sides = np.maximum(rows[:, 3] * width, rows[:, 4] * height)
        scale = min(SIDE / float(np.median(sides)), 0.9 * CELL / max(width, height))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        centres = rows[:, 1:3] * (small.shape[1], small.shape[0])
        halves = rows[:, 3:5] * (small.shape[1], small.shape[0]) / 2
        found.append((small, np.hstack([centres - halves, centres + halves]), rows[:, 0]))
    return found


def scene_of(count: int) -> Scene:
    random = np.random.default_rng(12)
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    images = small_images()
    boxes, classes = [], []
    cells = random.permutation((WIDTH // CELL) * (HEIGHT // CELL))[:count]
    for number, cell in enumerate(cells):
        small, its_boxes, its_classes = images[number % len(images)]
        free = (CELL - small.shape[1], CELL - small.shape[0])
        x, y = random.integers(0, free) + np.array([cell % (WIDTH // CELL), cell // (WIDTH // CELL)]) * CELL
        image[y : y + small.shape[0], x : x + small.shape[1]] = small
        boxes.append(its_boxes + np.array([x, y, x, y]))
        classes.append(its_classes)
    return Scene(image, np.concatenate(boxes), np.concatenate(classes).astype(np.int64))


def overlaps(box: Floats, others: Floats) -> Floats:
    """Intersections over unions."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    common = sides.clip(min=0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(common / ((box[2:] - box[:2]).prod() + areas - common))


def matches(scene: Scene, objects: list[dict[str, Any]]) -> tuple[npt.NDArray[np.bool_], int]:
    """Which objects of the scene were found, and how many boxes have found one."""
    seen = np.zeros(len(scene.boxes), bool)
    order = np.argsort(scene.boxes[:, 0])
    lefts = scene.boxes[order, 0]
    widest = float((scene.boxes[:, 2] - scene.boxes[:, 0]).max())
    hits = 0
    for each in objects:  # by falling score
        box = np.array(each["box"])
        near = order[np.searchsorted(lefts, box[0] - widest) : np.searchsorted(lefts, box[2])]
        near = near[(scene.classes[near] == each["class"]) & ~seen[near]]
        if len(near) == 0:
            continue
        shares = overlaps(box, scene.boxes[near])
        best = int(shares.argmax())
        if shares[best] >= 0.5:
            seen[near[best]] = True
            hits += 1
    return seen, hits


def run(program: pathlib.Path, model: pathlib.Path, file: pathlib.Path, options: list[str]) -> dict[str, Any]:
    """What the program finds, how long it took, and the most memory that it had."""
    with tempfile.TemporaryDirectory() as folder:
        results = pathlib.Path(folder) / "results.json"
        command = [program, "predict", model, file, "--json", results, "--quiet", *options]
        watched = [sys.executable, "-c", WATCH, *map(str, command)]
        done = subprocess.run(watched, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"the program ended with {done.returncode}")
        seconds, kilobytes = map(float, done.stdout.split())
        objects = json.loads(results.read_text())["images"][0]["objects"]
    return {"objects": objects, "seconds": seconds, "peak_mb": kilobytes / 1024}


def drawn(scene: Scene, objects: list[dict[str, Any]], left: int, top: int) -> npt.NDArray[np.uint8]:
    """A part of the scene with the boxes in it, twice as large."""
    part = scene.image[top : top + SHOWN[1], left : left + SHOWN[0]]
    part = cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    for each in objects:
        box = np.rint((np.array(each["box"]) - (left, top, left, top)) * 2).astype(int)
        cv2.rectangle(part, box[:2].tolist(), box[2:].tolist(), (0, 0, 230), 2)
    return part


def draw(scene: Scene, found: list[list[dict[str, Any]]], file: pathlib.Path) -> None:
    """Where most objects are: on the left what was found without slices, on the right with them."""
    centres = (scene.boxes[:, :2] + scene.boxes[:, 2:]) / 2
    counts, columns, rows = np.histogram2d(
        centres[:, 0], centres[:, 1], [range(0, WIDTH + 1, SHOWN[0]), range(0, HEIGHT + 1, SHOWN[1])]
    )
    column, row = np.unravel_index(int(counts.argmax()), counts.shape)
    parts = [drawn(scene, objects, int(columns[column]), int(rows[row])) for objects in found]
    gap = np.full((parts[0].shape[0], 8, 3), 255, np.uint8)
    cv2.imwrite(str(file), np.hstack([parts[0], gap, parts[1]]), [cv2.IMWRITE_JPEG_QUALITY, 75])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/bin/trtyolo")
    parser.add_argument("--model", type=pathlib.Path, default=SHAPES / "detect.onnx")
    parser.add_argument("--slice", type=int, default=256, help="pixels of a slice's side (default: %(default)s)")
    parser.add_argument("--overlap", type=float, default=0.2, help="of slices (default: %(default)s)")
    parser.add_argument("--images", type=int, default=600, help="small images in the large one (default: %(default)s)")
    parser.add_argument("--picture", type=pathlib.Path, metavar="FILE", help="draw a part of it")
    parser.add_argument("--json", metavar="FILE|-", help="write the figures")
    arguments = parser.parse_args()
    scene = scene_of(arguments.images)
    rows, found = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "scene.png"
        cv2.imwrite(str(file), scene.image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        slices = ["--slice", str(arguments.slice), "--overlap", str(arguments.overlap)]
        for kind, options in (("whole", []), ("slices", slices)):
            result = run(arguments.program, arguments.model, file, options)
            objects = result.pop("objects")
            seen, hits = matches(scene, objects)
            small = scene.small
            row = {
                "kind": kind,
                "objects": len(objects),
                "recall": float(seen[small].mean()),
                "precision": hits / len(objects) if objects else 1.0,
                **result,
            }
            print(
                "{kind}: {objects} objects, recall {recall:.3f}, precision {precision:.3f}, {seconds:.1f} s, "
                "{peak_mb:.0f} MB".format(**row),
                file=sys.stderr,
            )
            rows.append(row)
            found.append(objects)
    if arguments.picture:
        draw(scene, found, arguments.picture)
    if arguments.json:
        settings = {"image": [WIDTH, HEIGHT], "slice": arguments.slice, "overlap": arguments.overlap}
        counts = {"truth": len(scene.boxes), "small": int(scene.small.sum())}
        cores = len(os.sched_getaffinity(0))
        measured = {"machine": {"cores": cores}, "model": arguments.model.name, "settings": settings, **counts}
        write_json({**measured, "rows": rows}, arguments.json)


if __name__ == "__main__":
    main()
