"""RF-DETR by rfdetr, exported by its model.export(); expected is what its model.predict() finds.

rfdetr is under the Apache License 2.0, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from lively import Enlivener, kQueries
from maker import calibration, found, kConf, kPictures, make, pixels, write
from rfdetr import RFDETRNano

kSide = 384


@functools.lru_cache(maxsize=None)
def lively_model(classes: int) -> RFDETRNano:
    torch.manual_seed(1)
    model = RFDETRNano(pretrain_weights=None, device="cpu", num_classes=classes)
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    batch = torch.from_numpy((calibration(kSide) - mean[:, None, None]) / std[:, None, None])
    network = model.model.model
    lively = Enlivener(network, lambda: network(batch))
    lively.norms()
    lively.scores(r"transformer\.enc_out_class_embed\.0", kQueries)  # the others are for training
    lively.values(r"transformer\.enc_out_bbox_embed\.0\.layers\.2", 0.5)
    lively.values(r"bbox_embed\.layers\.2", 0.3)
    lively.scores(r"class_embed", kQueries)
    return model


def make_one(classes: int, formats: list[str], folder: Path) -> None:
    model = lively_model(classes)
    images = []
    for picture in kPictures:
        objects = model.predict(pixels(picture), threshold=kConf)
        images.append(found(objects.xyxy, objects.confidence, objects.class_id))
    files = []
    for kind in formats:
        with tempfile.TemporaryDirectory() as scratch:
            model.export(output_dir=scratch, format=kind, verbose=False)
            suffix = ".onnx" if kind == "onnx" else ".xml"
            (made,) = sorted(Path(scratch).rglob(f"*{suffix}"))
            for part in made.parent.glob(made.stem + ".*"):
                shutil.move(part, folder / (folder.name + part.suffix))
            files.append(folder / (folder.name + suffix))
    about = {
        "repository": "RF-DETR",
        "package": "rfdetr",
        "version": version("rfdetr"),
        "license": "Apache-2.0",
        "exporter": "RFDETRNano.export()",
        "reference": "RFDETRNano.predict()",
    }
    write(folder, files, about, images, {".xml": ["--imgsz", str(kSide)]})  # the IR tells no size


if __name__ == "__main__":
    make(
        {
            "rfdetr-coco": functools.partial(make_one, 90, ["onnx", "openvino"]),
            "rfdetr-three-classes": functools.partial(make_one, 3, ["onnx"]),
        }
    )
