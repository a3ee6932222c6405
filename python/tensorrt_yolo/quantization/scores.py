"""How good a model is, by labels: COCO's average precision (faster-coco-eval), and shares of right classes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from tensorrt_yolo.quantization.agreement import runs_of
from tensorrt_yolo.quantization.labels import Truth
from tensorrt_yolo.results import Result

MOST_OBJECTS = 300  # of a picture
_POSE_AREA = 0.53  # of a box: what COCO counts as a person's area, and Ultralytics as any pose's

#: Figures by task: the first kind is what a drop is judged by.
JUDGED = {
    "detect": ("mAP50-95",),
    "obb": ("mAP50-95",),
    "segment": ("mAP50-95", "mask mAP50-95"),
    "pose": ("mAP50-95", "keypoint mAP50-95"),
    "classify": ("top-1",),
}


def figures_of(task: str, results: Sequence[Result], truths: Sequence[Truth]) -> dict[str, float]:
    """The figures of a task, 0 to 1, by name. Results are of low thresholds: precision is looked at for every score."""
    if task == "classify":
        right = [[int(c) == truth.classes[0] for c in result.classes] for result, truth in zip(results, truths)]
        shares = {"top-1": [any(r[:1]) for r in right], "top-5": [any(r[:5]) for r in right]}
        return {name: float(np.mean(values)) for name, values in shares.items()}
    data = _Data(task, results, truths)
    # Rotated boxes are compared by their pixels.
    kinds = {
        "obb": {"segm": ""},
        "segment": {"bbox": "", "segm": "mask "},
        "pose": {"bbox": "", "keypoints": "keypoint "},
    }
    found: dict[str, float] = {}
    for kind, prefix in kinds.get(task, {"bbox": ""}).items():
        for name, value in data.precision(kind).items():
            found[prefix + name] = value
    return found


class _Data:
    """Results and truths as COCO has them."""

    def __init__(self, task: str, results: Sequence[Result], truths: Sequence[Truth]) -> None:
        self.points = 0
        self.images: list[dict[str, Any]] = []
        self.truths: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []
        for number, (result, truth) in enumerate(zip(results, truths), 1):
            width, height = result.image_size
            self.images.append({"id": number, "width": width, "height": height})
            self._add_truths(task, number, truth, np.asarray([width, height], np.float32))
            self._add_results(task, number, result)
        classes = {one["category_id"] for one in (*self.truths, *self.results)}
        self.categories = [{"id": class_id, "name": str(class_id)} for class_id in sorted(classes)]

    def _add_truths(self, task: str, image: int, truth: Truth, sides: Any) -> None:
        for index, class_id in enumerate(truth.classes):
            low, high = truth.boxes[index, :2] * sides, truth.boxes[index, 2:] * sides
            width, height = (high - low).tolist()
            one: dict[str, Any] = {
                "id": len(self.truths) + 1,
                "image_id": image,
                "category_id": class_id,
                "bbox": [*low.tolist(), width, height],
                "area": width * height,
                "iscrowd": 0,
            }
            if task in ("segment", "obb"):
                one["segmentation"] = [(truth.outlines[index] * sides).reshape(-1).tolist()]
            if task == "pose" and truth.keypoints is not None:
                points = truth.keypoints[index] * np.asarray([*sides, 1], np.float32)
                self.points = len(points)
                one["keypoints"] = points.reshape(-1).tolist()
                one["num_keypoints"] = int((points[:, 2] > 0).sum())
                one["area"] = width * height * _POSE_AREA
            self.truths.append(one)

    def _add_results(self, task: str, image: int, result: Result) -> None:
        pixels = runs_of(result) if task in ("segment", "obb") and len(result) else None
        for index in range(len(result)):
            one: dict[str, Any] = {
                "image_id": image,
                "category_id": int(result.classes[index]),
                "score": float(result.scores[index]),
            }
            if result.boxes is not None:
                left, top, right, bottom = result.boxes[index].tolist()
                one["bbox"] = [left, top, right - left, bottom - top]
            if pixels is not None:
                one["segmentation"] = pixels[index]
            if result.keypoints is not None:
                one["keypoints"] = result.keypoints[index].view(np.ndarray).reshape(-1).tolist()
            self.results.append(one)

    def precision(self, kind: str) -> dict[str, float]:
        """COCO's average precision over IoU 0.5 to 0.95, and at 0.5."""
        if not self.results or not self.truths:
            return {"mAP50-95": 0.0, "mAP50": 0.0}
        from faster_coco_eval import COCO, COCOeval_faster

        with contextlib.redirect_stdout(io.StringIO()):
            truths = COCO({"images": self.images, "annotations": self.truths, "categories": self.categories})
            results = [
                {key: value for key, value in one.items() if not (kind == "bbox" and key == "segmentation")}
                for one in self.results
            ]
            found = truths.loadRes(results)
            evaluation = COCOeval_faster(truths, found, kind, print_function=lambda *_: None)
            evaluation.params.maxDets = [1, 10, MOST_OBJECTS]
            if kind == "keypoints":
                evaluation.params.kpt_oks_sigmas = np.full(self.points, 1 / self.points)  # as Ultralytics, of any pose
                evaluation.params.maxDets = [MOST_OBJECTS]
            evaluation.evaluate()
            evaluation.accumulate()
        precision = np.asarray(evaluation.eval["precision"]).reshape(evaluation.eval["counts"])[:, :, :, 0, -1]
        return {"mAP50-95": _mean(precision), "mAP50": _mean(precision[:1])}


def _mean(precision: Any) -> float:
    """Over the classes that there are."""
    known = precision[precision > -1]
    return float(known.mean()) if known.size else 0.0
