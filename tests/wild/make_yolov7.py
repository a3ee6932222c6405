"""YOLOv7 by yolov7-wky-package, exported by its export.py; expected is its own letterbox and suppression.

The package is WongKinYiu's repository, under the GPL-3.0, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
import sys
from importlib.metadata import version
from pathlib import Path

import cfg
import numpy as np
import onnxruntime
import torch
from lively import Enlivener
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, pixels, write
from models.yolo import Model
from python_scripts import export
from utils.datasets import letterbox
from utils.general import non_max_suppression, scale_coords

kSide = 320
kObjects = ((0.008, 0.4), (0.0004, 0.98))


def lively_model(classes: int) -> torch.nn.Module:
    torch.manual_seed(1)
    model = Model(str(Path(cfg.__file__).parent / "deploy/yolov7-tiny.yaml"), ch=3, nc=classes)
    model.names = [f"kind{number}" for number in range(classes)]
    batch = torch.from_numpy(calibration(kSide))
    lively = Enlivener(model, lambda: model(batch))
    lively.norms()
    lively.anchors(r"model\.77\.m\.\d", kObjects)
    return model


def run_export(weights: Path, words: list[str]) -> Path:
    sys.argv = ["export.py", "--weights", str(weights), "--img-size", str(kSide), str(kSide), *words]
    export.main()
    for other in (".torchscript.pt", ".torchscript.ptl"):
        weights.with_suffix(other).unlink(missing_ok=True)
    return weights.with_suffix(".onnx")


def expected(file: Path, most: int, multi_label: bool) -> list[list[dict]]:
    """Of a file with the whole grid. (detect.py lets the letterbox be as small as the picture allows.)"""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    images = []
    for picture in kPictures:
        image = np.ascontiguousarray(pixels(picture)[..., ::-1])
        fed = letterbox(image, (kSide, kSide), auto=False)[0][..., ::-1].transpose(2, 0, 1)
        (output,) = session.run(None, {"images": fed[None].astype(np.float32) / 255})
        (objects,) = non_max_suppression(torch.from_numpy(output), kConf, kIou, multi_label=multi_label)
        objects = objects[:most]
        boxes = scale_coords((kSide, kSide), objects[:, :4], image.shape)
        images.append(found(boxes, objects[:, 4], objects[:, 5]))
    return images


def make_one(classes: int, words: list[str], most: int, multi_label: bool, folder: Path) -> None:
    weights, reference = folder / f"{folder.name}.pt", folder / "grid.pt"
    for path in (weights, reference):
        torch.save({"model": lively_model(classes), "ema": None}, path)
    grid = run_export(reference, ["--grid"])
    images = expected(grid, most, multi_label)
    file = run_export(weights, ["--grid", *words])
    for path in (weights, reference, grid):
        path.unlink()
    about = {
        "repository": "YOLOv7",
        "package": "yolov7-wky-package",
        "version": version("yolov7-wky-package"),
        "license": "GPL-3.0",
        "exporter": " ".join(["export.py --grid", *words]),
        "reference": "letterbox, non_max_suppression" + (", multi_label" if multi_label else ""),
        "max_det": most,
    }
    write(folder, [file], about, images)


if __name__ == "__main__":
    make(
        {
            "yolov7-grid": functools.partial(make_one, 80, [], kMaxDet, False),
            "yolov7-one-class": functools.partial(make_one, 1, [], kMaxDet, False),
            "yolov7-end2end": functools.partial(make_one, 80, ["--end2end", "--max-wh", "640"], 100, False),
            "yolov7-end2end-one-class": functools.partial(make_one, 1, ["--end2end", "--max-wh", "640"], 100, False),
            "yolov7-end2end-plugin": functools.partial(make_one, 80, ["--end2end"], 100, False),
        }
    )
