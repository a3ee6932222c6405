"""YOLOv5's detectors and classifier by the package yolov5, exported by its export.py; expected is its own inference.

yolov5 is under the GPL-3.0, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
from importlib.metadata import version
from pathlib import Path

import torch
import yolov5.export
from lively import Enlivener
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, top, write
from yolov5.models.common import DetectMultiBackend
from yolov5.models.yolo import ClassificationModel, DetectionModel
from yolov5.utils.augmentations import classify_transforms
from yolov5.utils.dataloaders import LoadImages
from yolov5.utils.general import non_max_suppression, scale_boxes

kObjects = ((0.012, 0.4), (0.0004, 0.98))


def save(model: torch.nn.Module, file: Path) -> None:
    """As its training saves a model."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    torch.save({"model": model, "ema": None, "epoch": -1}, file)


def detector(classes: int, side: int) -> torch.nn.Module:
    model = DetectionModel(str(Path(yolov5.export.__file__).parent / "models/yolov5n.yaml"), ch=3, nc=classes)
    model.names = {number: f"kind{number}" for number in range(classes)}
    batch = torch.from_numpy(calibration(side))
    lively = Enlivener(model, lambda: model(batch))
    lively.norms()
    lively.anchors(r"model\.24\.m\.\d", kObjects)
    return model


def classifier(classes: int, side: int) -> torch.nn.Module:
    whole = DetectionModel(str(Path(yolov5.export.__file__).parent / "models/yolov5n.yaml"), ch=3, nc=80)
    model = ClassificationModel(model=whole, nc=classes, cutoff=10)
    model.names = {number: f"kind{number}" for number in range(classes)}
    batch = torch.from_numpy((calibration(side) - 0.45) / 0.225)
    lively = Enlivener(model, lambda: model(batch))
    lively.norms()
    lively.values(r"model\.9\.linear", 1.0)
    return model


def find(file: Path, side: int) -> list[list[dict]]:
    """As detect.py does."""
    model = DetectMultiBackend(str(file))
    images = []
    for picture in kPictures:
        for _, image, original, _, _ in LoadImages(str(picture), img_size=(side, side), auto=False):
            fed = torch.from_numpy(image).float()[None] / 255
            (objects,) = non_max_suppression(model(fed), kConf, kIou, max_det=kMaxDet)
            boxes = scale_boxes(fed.shape[2:], objects[:, :4], original.shape)
            images.append(found(boxes, objects[:, 4], objects[:, 5]))
    return images


def classify(file: Path, side: int) -> list[list[dict]]:
    """As classify/predict.py does."""
    model = DetectMultiBackend(str(file))
    images = []
    for picture in kPictures:
        transforms = classify_transforms(side)
        for _, image, _, _, _ in LoadImages(str(picture), img_size=(side, side), transforms=transforms):
            images.append(top(model(image[None]).softmax(1)[0].numpy()))
    return images


def make_one(task: str, classes: int, side: int, folder: Path) -> None:
    torch.manual_seed(1)
    model = (detector if task == "detect" else classifier)(classes, side)
    weights = folder / f"{folder.name}.pt"
    save(model, weights)
    file = Path(yolov5.export.run(weights=str(weights), imgsz=[side, side], include=["onnx"], opset=17)[-1])
    weights.unlink()
    about = {
        "repository": "YOLOv5",
        "package": "yolov5",
        "version": version("yolov5"),
        "license": "GPL-3.0",
        "exporter": f"export.py --include onnx --imgsz {side}",
        "reference": "detect.py" if task == "detect" else "classify/predict.py",
        "task": task,
    }
    write(folder, [file], about, (find if task == "detect" else classify)(file, side))


if __name__ == "__main__":
    make(
        {
            "yolov5-detect": functools.partial(make_one, "detect", 80, 320),
            "yolov5-one-class": functools.partial(make_one, "detect", 1, 320),
            "yolov5-classify": functools.partial(make_one, "classify", 100, 224),
        }
    )
