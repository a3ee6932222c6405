"""YOLOv9 by the package yolo9, exported by its export.py; expected is what its detect.py and detect_dual.py find.

The package is WongKinYiu's repository, under the GPL-3.0, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from importlib.metadata import version
from pathlib import Path

import onnxruntime
import torch
from lively import Enlivener, kDense
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, write

package = importlib.util.find_spec("yolo9")
assert package is not None and package.origin is not None
sys.path.insert(0, str(Path(package.origin).parent))  # its `utils`, not those of YOLOv7

import yolo9.export  # noqa: E402
from yolo9.models.yolo import DetectionModel  # noqa: E402
from yolo9.utils.dataloaders import LoadImages  # noqa: E402
from yolo9.utils.general import non_max_suppression, scale_boxes  # noqa: E402

kSide = 320
kPluginMost = 100  # export.py's --topk-all


def lively_model(graph: str) -> torch.nn.Module:
    torch.manual_seed(1)
    model = DetectionModel(str(Path(yolo9.export.__file__).parent / f"models/detect/{graph}.yaml"), ch=3, nc=80)
    batch = torch.from_numpy(calibration(kSide))
    lively = Enlivener(model, lambda: model(batch))
    lively.norms()
    for boxes, classes in (("cv2", "cv3"), ("cv4", "cv5")):  # the second: of heads that have two branches
        try:
            lively.layers(rf"model\.\d+\.{boxes}\.\d\.2")
        except LookupError:
            continue
        lively.scores(rf"model\.\d+\.{classes}\.\d\.2", kDense)
        lively.bins(rf"model\.\d+\.{boxes}\.\d\.2", 16)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def expected(file: Path, most: int, multi_label: bool) -> list[list[dict]]:
    """As detect.py; of two outputs, detect_dual.py takes the second."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    images = []
    for picture in kPictures:
        for _, image, original, _, _ in LoadImages(str(picture), img_size=(kSide, kSide), auto=False):
            fed = torch.from_numpy(image).float()[None] / 255
            outputs = [one for one in session.run(None, {"images": fed.numpy()}) if one.ndim == 3]
            candidates = torch.from_numpy(outputs[-1])
            (objects,) = non_max_suppression(candidates, kConf, kIou, max_det=most, multi_label=multi_label)
            boxes = scale_boxes(fed.shape[2:], objects[:, :4], original.shape)
            images.append(found(boxes, objects[:, 4], objects[:, 5]))
    return images


def make_one(graph: str, include: str, folder: Path) -> None:
    weights = folder / f"{folder.name}.pt"
    torch.save({"model": lively_model(graph), "ema": None, "epoch": -1}, weights)
    how = {"weights": str(weights), "imgsz": (kSide, kSide), "conf_thres": kConf, "iou_thres": kIou}
    raw = Path(str(yolo9.export.run(**how, include=["onnx"])[0]))
    most = kMaxDet if include == "onnx" else kPluginMost
    images = expected(raw, most, multi_label=include != "onnx")  # the plugin lets an anchor have several classes
    files = [raw]
    if include != "onnx":
        raw.unlink()
        files = [Path(str(one)) for one in yolo9.export.run(**how, include=[include])]
    weights.unlink()
    about = {
        "repository": "YOLOv9",
        "package": "yolo9",
        "version": version("yolo9"),
        "license": "GPL-3.0",
        "exporter": f"export.py --include {include} of {graph}",
        "max_det": most,
        "reference": "detect_dual.py" if graph.startswith("yolov9") else "detect.py",
    }
    # That with the plugin takes any size by its words, and works with one.
    options = {} if include == "onnx" else {".onnx": ["--imgsz", str(kSide)]}
    write(folder, files, about, images, options)


if __name__ == "__main__":
    make(
        {
            "yolov9-gelan": functools.partial(make_one, "gelan-t", "onnx"),
            "yolov9-dual": functools.partial(make_one, "yolov9-t", "onnx"),
            "yolov9-gelan-end2end": functools.partial(make_one, "gelan-t", "onnx_end2end"),
        }
    )
