"""How far two models agree about the same pictures, without labels."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.results import Result

CONFIDENCE = 0.25  # of objects that count
_IOUS = (0.5, 0.9)


@dataclasses.dataclass
class Difference:
    """Of one picture."""

    matched: dict[float, int]
    """Pairs of objects of one class, by the IoU that they have at least."""
    objects: tuple[int, int]
    """Of the one and of the other."""
    scores: list[float]
    """How far the scores of pairs are apart."""

    @property
    def badness(self) -> float:
        """0: none."""
        missing = sum(self.objects) - 2 * self.matched[_IOUS[0]]
        return missing + sum(self.scores)


def confident(result: Result) -> Result:
    """What counts of a result of low thresholds."""
    if result.task in ("classify", "semantic", "depth"):
        return result
    return result.select([index for index, score in enumerate(result.scores.tolist()) if score > CONFIDENCE])


def difference_of(one: Result, other: Result) -> Difference:
    """Between two results of one picture, of confident objects."""
    if one.task == "classify":
        same = bool(len(one) and len(other) and one.classes[0] == other.classes[0])
        apart = [abs(float(one.scores[0]) - float(other.scores[0]))] if same else []
        return Difference(dict.fromkeys(_IOUS, int(same)), (1, 1), apart)
    if one.semantic is not None or one.depth is not None:
        share = _same_pixels(one, other)
        return Difference(dict.fromkeys(_IOUS, 0), (0, 0), [1 - share])
    found = {least: _pairs(one, other, least) for least in _IOUS}
    apart = [abs(float(one.scores[i]) - float(other.scores[j])) for i, j in found[_IOUS[0]]]
    return Difference({least: len(pairs) for least, pairs in found.items()}, (len(one), len(other)), apart)


def agreement_of(ones: Sequence[Result], others: Sequence[Result]) -> tuple[dict[str, Any], list[Difference]]:
    """Figures of agreement between two models over all pictures, and the difference of each picture."""
    differences = [difference_of(one, other) for one, other in zip(ones, others)]
    scores = [score for difference in differences for score in difference.scores]
    if ones and (ones[0].semantic is not None or ones[0].depth is not None):
        return {"same pixels": 1 - float(np.mean(scores))}, differences
    objects = sum(sum(difference.objects) for difference in differences)
    figures: dict[str, Any] = {}
    for least in _IOUS:
        pairs = sum(difference.matched[least] for difference in differences)
        figures[f"matched at IoU {least:g}"] = 2 * pairs / objects if objects else 1.0
    if ones and ones[0].task == "classify":
        figures = {"same class": figures[f"matched at IoU {_IOUS[0]:g}"]}
    figures["mean score difference"] = float(np.mean(scores)) if scores else 0.0
    figures["largest score difference"] = max(scores, default=0.0)
    figures["objects by class"] = _counts(ones, others)
    return figures, differences


def share_of(figures: dict[str, Any]) -> float:
    """The share that agreement is judged by, of what agreement_of() gives."""
    return float(next(iter(figures.values())))


def _counts(ones: Sequence[Result], others: Sequence[Result]) -> dict[str, list[int]]:
    """How many objects of each class the one and the other has; of classifiers best classes."""
    counts: list[collections.Counter[str]] = []
    for results in (ones, others):
        counter: collections.Counter[str] = collections.Counter()
        for result in results:
            classes = result.classes[:1] if result.task == "classify" else result.classes
            counter.update(result.names[class_id] for class_id in classes.tolist())
        counts.append(counter)
    return {name: [counts[0][name], counts[1][name]] for name in sorted({*counts[0], *counts[1]})}


def _same_pixels(one: Result, other: Result) -> float:
    """Share of the pixels with the same class, or with a distance that differs by less than a twentieth."""
    if one.semantic is not None:
        return float((one.semantic == other.semantic).mean())
    near = np.abs(one.depth - other.depth) <= 0.05 * np.maximum(one.depth, 1e-6)
    return float(near.mean())


def _pairs(one: Result, other: Result, least: float) -> list[tuple[int, int]]:
    """Pairs of objects of one class, the surest of the one first, each with the best that is left of the other."""
    if not len(one) or not len(other):
        return []
    overlaps = np.where(one.classes[:, None] == other.classes[None, :], _overlaps(one, other), 0)
    pairs = []
    for i in range(len(one)):
        j = int(overlaps[i].argmax())
        if overlaps[i, j] >= least:
            pairs.append((i, j))
            overlaps[:, j] = 0
    return pairs


def _overlaps(one: Result, other: Result) -> npt.NDArray[Any]:
    """Intersection over union of each object of the one with each of the other: of boxes, or of masks' pixels."""
    if one.masks is not None or one.rotated_boxes is not None:
        from faster_coco_eval.core import mask

        return np.asarray(mask.iou(runs_of(one), runs_of(other), [0] * len(other))).reshape(len(one), len(other))
    a, b = one.boxes.xyxy()[:, None], other.boxes.xyxy()[None, :]
    sides = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None)
    common = sides.prod(axis=-1)
    whole = (a[..., 2:] - a[..., :2]).prod(axis=-1) + (b[..., 2:] - b[..., :2]).prod(axis=-1) - common
    return np.asarray(common / np.maximum(whole, 1e-9))


def runs_of(result: Result) -> list[dict[str, Any]]:
    """The pixels of each object, as COCO's run lengths."""
    from faster_coco_eval.core import mask

    if result.masks is not None:
        return [one["mask"] for one in result.to_dict()["objects"]]
    width, height = result.image_size
    corners = [box.xyxyxyxy().reshape(-1).tolist() for box in result.rotated_boxes]
    return list(mask.frPyObjects(corners, height, width))
