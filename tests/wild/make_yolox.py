"""YOLOX by pixeltable-yolox, exported by its own command; expected is its own transform and suppression.

pixeltable-yolox (Megvii's code) is under the Apache License 2.0, and a tool here: nothing of it is part of trtyolo.
"""

from __future__ import annotations

import functools
import sys
from importlib.metadata import version
from pathlib import Path

import onnxruntime
import torch
from lively import Enlivener, kSure
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, pixels, write
from yolox.cli import export_onnx
from yolox.config import YoloxConfig
from yolox.data import ValTransform
from yolox.models import Yolox
from yolox.utils import postprocess

kSide = 640  # the exporter's
# The file tells nothing of layout and colours.
kTold = ["--layout", "objectness", "--bgr", "--scale", "255"]
kObjects = ((0.01, 0.4), (0.0003, 0.98))


def lively_module(config: YoloxConfig) -> torch.nn.Module:
    torch.manual_seed(1)
    module = config.get_model().eval()
    module.head.decode_in_inference = True
    batch = torch.from_numpy(calibration(kSide, 1.0, bgr=True))
    lively = Enlivener(module, lambda: module(batch))
    lively.norms()
    lively.scores(r"head\.cls_preds\.\d", kSure)
    lively.scores(r"head\.obj_preds\.\d", kObjects)
    lively.values(r"head\.reg_preds\.\d", 0.6, 0.8)
    return module


def export(model: Yolox, file: Path, words: list[str]) -> None:
    """Runs the package's command with a model that it need not fetch."""
    original, sys.argv = Yolox.from_pretrained, ["yolox", "-n", "yolox-nano", "--onnx-name", str(file), *words]
    Yolox.from_pretrained = lambda *_: model
    try:
        export_onnx.main()
    finally:
        Yolox.from_pretrained = original


def expected(file: Path, classes: int) -> list[list[dict]]:
    """Of a file whose boxes are decoded: what YOLOX finds in pictures whose colours are as OpenCV reads them, BGR."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    images = []
    for picture in kPictures:
        image = pixels(picture)[..., ::-1]
        fed, _ = ValTransform(legacy=False)(image, None, (kSide, kSide))
        (output,) = session.run(None, {"images": fed[None]})
        (objects,) = postprocess(torch.from_numpy(output), classes, kConf, kIou)
        objects = torch.zeros(0, 7) if objects is None else objects[:kMaxDet]
        ratio = min(kSide / image.shape[0], kSide / image.shape[1])
        images.append(found(objects[:, :4] / ratio, objects[:, 4] * objects[:, 5], objects[:, 6]))
    return images


def make_one(decoded: bool, folder: Path) -> None:
    config = YoloxConfig.get_named_config("yolox-nano")
    model = Yolox(lively_module(config), None)
    file, reference = folder / f"{folder.name}.onnx", folder / "decoded.onnx"
    export(model, reference, ["--decode-in-inference"])
    images = expected(reference, config.num_classes)
    reference.unlink()
    export(model, file, ["--decode-in-inference"] if decoded else [])
    about = {
        "repository": "YOLOX",
        "package": "pixeltable-yolox",
        "version": version("pixeltable-yolox"),
        "license": "Apache-2.0",
        "exporter": "yolox.cli.export_onnx" + (" --decode-in-inference" if decoded else ""),
        "reference": "yolox.data.ValTransform on BGR, yolox.utils.postprocess",
    }
    write(folder, [file], about, images, {".onnx": kTold})


if __name__ == "__main__":
    make({"yolox-decoded": functools.partial(make_one, True), "yolox-raw": functools.partial(make_one, False)})
