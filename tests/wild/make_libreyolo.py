"""LibreYOLO's detectors, exported by LibreYOLO; expected is what its own ONNX and OpenVINO backends find.

LibreYOLO is under the MIT license, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
import importlib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from lively import Enlivener, detr, kDense, kQueries, kSure
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, write

kObjects = ((0.03, 0.4), (0.001, 0.98))  # objectness, which class scores are yet multiplied with


def rfdetr(lively: Enlivener) -> None:
    for group in range(len(lively.layers(r".*enc_out_class_embed\.\d+"))):
        lively.scores(rf".*enc_out_class_embed\.{group}", kQueries)
        lively.values(rf".*enc_out_bbox_embed\.{group}\.layers\.2", 0.5)
        if group == 0:
            break  # the others are for training
    lively.values(r"(model\.)?(model\.)?bbox_embed\.layers\.2", 0.3)
    lively.scores(r"(model\.)?(model\.)?class_embed", kQueries)


def yolox(lively: Enlivener) -> None:
    lively.scores(r"head\.cls_preds\.\d", kSure)
    lively.scores(r"head\.obj_preds\.\d", kObjects)
    lively.values(r"head\.reg_preds\.\d", 0.6, 0.8)


def distances(boxes: str, classes: str, bins: int):
    def draw(lively: Enlivener) -> None:
        lively.scores(classes, kDense)
        lively.bins(boxes, bins)

    return draw


def rtmdet(lively: Enlivener) -> None:
    lively.scores(r"head\.rtm_cls\.\d", kDense)
    lively.values(r"head\.rtm_reg\.\d", 0.7, 3.0)


def picodet(lively: Enlivener) -> None:
    for level in range(4):
        pattern = rf"head\.gfl_cls\.{level}"
        lively.values(pattern, 1.0, rows=slice(80, None))
    lively.scores(r"head\.gfl_cls\.\d", kDense, rows=slice(0, 80))


def yolo7(lively: Enlivener) -> None:
    lively.anchors(r"layers\.105\.heads\.\d\.head_conv", kObjects)


# By family: size, side of the input, how the heads are drawn.
kFamilies = {
    "rtdetr": ("r18", 320, detr),
    "rtdetrv2": ("r18", 320, detr),
    "rtdetrv4": ("s", 320, detr),
    "dfine": ("n", 320, detr),
    "deim": ("n", 320, detr),
    "deimv2": ("atto", 320, detr),
    "ec": ("s", 320, detr),
    "tinyformer": ("s", 320, detr),
    "rfdetr": ("n", 384, rfdetr),
    "lwdetr": ("t", 320, rfdetr),
    "yolox": ("n", 320, yolox),
    "yolonas": ("s", 320, distances(r"heads\.head\d\.reg_pred", r"heads\.head\d\.cls_pred", 17)),
    "yolo9": ("t", 320, distances(r"head\.cv2\.\d\.2", r"head\.cv3\.\d\.2", 16)),
    "yolo9_e2e": ("t", 320, distances(r"head\.one2one_cv2\.\d\.2", r"head\.one2one_cv3\.\d\.2", 16)),
    "ppyoloe": ("s", 320, distances(r"head\.pred_reg\.\d", r"head\.pred_cls\.\d", 17)),
    "picodet": ("s", 320, picodet),
    "rtmdet": ("t", 320, rtmdet),
    "yolo7": ("b", 320, yolo7),
}
# Those that are exported as OpenVINO IR, too; its weights are f16.
kOpenvino = ["dfine", "yolonas", "yolo9"]
# Those whose pictures are less ImageNet's mean, over its deviation.
kNormalised = ["ec", "tinyformer", "rfdetr", "lwdetr", "ppyoloe", "picodet", "rtmdet"]


def build(family: str, size: str, side: int):
    """A model that takes pictures of `side` by `side`, as if that were its size, with random weights."""
    module = importlib.import_module(f"libreyolo.models.{family}.model")
    (kind,) = (
        value for value in vars(module).values() if isinstance(value, type) and getattr(value, "FAMILY", "") == family
    )
    kind.INPUT_SIZES = {**kind.INPUT_SIZES, size: side}
    kind.TASK_INPUT_SIZES = {"detect": kind.INPUT_SIZES}
    return kind(None, size=size, device="cpu", _scratch_init=True)


def expected(backend) -> list[list[dict]]:
    """What LibreYOLO's own backend finds."""
    images = []
    for picture in kPictures:
        result = backend.predict(str(picture), conf=kConf, iou=kIou, max_det=kMaxDet)
        result = result[0] if isinstance(result, list) else result
        images.append(found(result.boxes.xyxy.numpy(), result.boxes.conf.numpy(), result.boxes.cls.numpy()))
    return images


def lively(family: str):
    """A model of random weights that finds something, and the side of its input."""
    size, side, draw = kFamilies[family]
    torch.manual_seed(1)
    model = build(family, size, side)
    network = model.model
    pictures = calibration(side, 1.0 if family == "yolox" else 255.0)
    if family in kNormalised:
        mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
        pictures = (pictures - mean[:, None, None]) / deviation[:, None, None]
    batch = torch.from_numpy(pictures)
    enlivener = Enlivener(network, lambda: network(batch))
    enlivener.norms()
    draw(enlivener)
    return model, side


def tell(folder: Path, file: Path, side: int, kind: str, backend) -> None:
    about = {
        "repository": "LibreYOLO",
        "package": "libreyolo",
        "version": version("libreyolo"),
        "license": "MIT",
        "exporter": f"export(format='{kind}', imgsz={side})",
        "reference": f"{type(backend).__module__}.{type(backend).__name__}",
    }
    write(folder, [file], about, expected(backend))


def make_onnx(family: str, folder: Path) -> None:
    from libreyolo.backends.onnx import OnnxBackend

    model, side = lively(family)
    file = folder / f"{folder.name}.onnx"
    model.export(format="onnx", output_path=str(file), imgsz=side, dynamic=False, simplify=False)
    tell(folder, file, side, "onnx", OnnxBackend(str(file), device="cpu"))


def make_openvino(family: str, folder: Path) -> None:
    from libreyolo.backends.openvino import OpenVINOBackend

    model, side = lively(family)
    ir = Path(model.export(format="openvino", output_path=str(folder / "openvino"), imgsz=side, simplify=False))
    ir = ir if ir.is_dir() else ir.parent
    tell(folder, next(ir.glob("*.xml")), side, "openvino", OpenVINOBackend(ir, device="cpu"))


if __name__ == "__main__":
    models = {f"libreyolo-{family}": functools.partial(make_onnx, family) for family in kFamilies}
    models.update({f"libreyolo-{family}-openvino": functools.partial(make_openvino, family) for family in kOpenvino})
    make(models)
