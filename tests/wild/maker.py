"""What the makers share: the pictures, the calibration batch, and the file that says what the repository itself finds.

Runs in every repository's own environment: Python 3.9 on, NumPy and Pillow.
"""

from __future__ import annotations

import argparse
import json
import shutil
import traceback
from pathlib import Path
from typing import Callable

import numpy as np
from PIL import Image

kRoot = Path(__file__).resolve().parents[2]
# Wide, tall and in between; each is larger than the networks' inputs.
kPictures = [
    kRoot / "data/people/frames/0600.jpg",
    kRoot / "data/shapes/images/00008.jpg",
    kRoot / "data/shapes/images/00002.jpg",
]
kConf, kIou, kMaxDet = 0.25, 0.45, 300


def pixels(path: Path) -> np.ndarray:
    """u8 [height, width, 3], RGB."""
    return np.asarray(Image.open(path).convert("RGB"))


def calibration(size: int | tuple[int, int], scale: float = 255.0, bgr: bool = False) -> np.ndarray:
    """Some pictures, stretched: f32 [pictures, 3, height, width], values up to 255 / `scale`."""
    height, width = (size, size) if isinstance(size, int) else size
    files = sorted((kRoot / "data/people/frames").glob("*.jpg"))[::7]
    files += sorted((kRoot / "data/shapes/images").glob("*.jpg"))[2:20:8]
    batch = [np.asarray(Image.open(file).convert("RGB").resize((width, height))) for file in files]
    values = np.stack(batch).transpose(0, 3, 1, 2).astype(np.float32) / scale
    return np.ascontiguousarray(values[:, ::-1] if bgr else values)


def found(boxes, scores, classes) -> list[dict]:
    """Objects as expected.json has them, by falling score."""
    objects = [
        {"box": [round(float(value), 4) for value in box], "score": round(float(score), 6), "class": int(kind)}
        for box, score, kind in zip(boxes, scores, classes)
    ]
    return sorted(objects, key=lambda one: -one["score"])


def top(probabilities: np.ndarray, count: int = 5) -> list[dict]:
    """The best classes."""
    best = np.argsort(-probabilities, kind="stable")[:count]
    return [{"class": int(kind), "score": round(float(probabilities[kind]), 6)} for kind in best]


def write(folder: Path, files: list[Path], about: dict, images: list[list[dict]], options: dict | None = None) -> None:
    """Writes expected.json beside the model's files.

    `images` are what was found in each of kPictures; `options`, by a file's ending, is what the program has to be told.
    """
    key = "top" if about.get("task") == "classify" else "objects"
    content = {
        "task": "detect",
        "conf": kConf,
        "iou": kIou,
        "max_det": kMaxDet,
        **about,
        "files": {str(file.relative_to(folder)): (options or {}).get(file.suffix, []) for file in files},
        "images": [
            {"source": str(picture.relative_to(kRoot)), "size": Image.open(picture).size, key: objects}
            for picture, objects in zip(kPictures, images)
        ],
    }
    (folder / "expected.json").write_text(json.dumps(content, indent=1) + "\n")
    print(f"{folder.name}: {[len(objects) for objects in images]}", flush=True)


def make(models: dict[str, Callable[[Path], None]]) -> None:
    """The makers' command line: makes models, each into a folder of its name, unless they are there.

    One that cannot be made leaves a folder with failed.txt, so that it is not forgotten.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--remake", action="store_true", help="also those that are there")
    parser.add_argument("names", nargs="*", help="only models whose name has one of these")
    arguments = parser.parse_args()
    for name, maker in models.items():
        if arguments.names and not any(part in name for part in arguments.names):
            continue
        folder = arguments.out.resolve() / name
        if (folder / "expected.json").exists() and not arguments.remake:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            maker(folder)
        except Exception as problem:
            sentence = f"{type(problem).__name__}: {problem}".splitlines()[0]
            (folder / "failed.txt").write_text(sentence + "\n")
            print(f"{name}: not made: {sentence}\n{traceback.format_exc()}", flush=True)
