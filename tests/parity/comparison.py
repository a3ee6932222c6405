"""Compares two results of one picture, object by object, and tells what rounding alone could have decided otherwise.

An object has a counterpart if class, score (kScoreTolerance), box or corners, and keypoints (kPixelTolerance) agree;
its mask must then cover the same pixels (kMaskTolerance). An object without one is a mismatch, unless rounding alone
could have decided it; that is looked up in the reference's own raw output, and the object is given with its reason:
    threshold   its score lies within kScoreNoise of the confidence threshold
    class       its anchor's two best classes are within kScoreNoise of each other
    overlap     its IoU with a box that would suppress it is, within kBoxNoise and kIouNoise, the IoU threshold itself
    order       it and a box that overlaps it score the same within kScoreNoise: either may suppress the other
    follows     the counterpart list kept or dropped an undecided object that suppresses it
    cut         it was pushed over, or pulled within, the largest number of objects by undecided ones
    mask        its mask is empty or not (an empty one drops the object) by pixels whose logits are within rounding
and a pair of counterparts whose masks differ by more than kMaskTolerance is undecided, by "mask", if each pixel that
they differ by has a logit within kMaskNoise of zero or lies on the edge of the box within kBoxNoise.
"""
from dataclasses import dataclass, field

import numpy as np
import torch
from ultralytics.utils import ops
from ultralytics.utils.metrics import batch_probiou

kPixelTolerance, kScoreTolerance, kMaskTolerance = 0.5, 1e-3, 0.99
# What rounding can move a score, an IoU, an edge of a box (network pixels) and a mask's logit (as a share of the
# largest terms of its sum) by, between two f32 runtimes.
kScoreNoise, kIouNoise, kBoxNoise, kMaskNoise = 1e-4, 1e-4, 0.02, 1e-4
kClassOffset = 7680  # pixels between the classes in Ultralytics' NMS


@dataclass
class Setting:
    conf: float
    iou: float
    agnostic: bool = False
    filtered: bool = False  # only some classes
    maxDet: int = 300
    networkMasks: bool = False  # masks of the size of the network's input, Ultralytics' retina_masks=False

    def __str__(self) -> str:
        text = f"conf {self.conf:g}, iou {self.iou:g}"
        text += f", max {self.maxDet}" if self.maxDet != 300 else ""
        text += (", agnostic" if self.agnostic else "") + (", some classes" if self.filtered else "")
        return text + (", network masks" if self.networkMasks else "")

    def classes(self, count: int) -> list[int] | None:
        """Every third class, if classes are filtered."""
        return list(range(0, count, 3)) if self.filtered else None


@dataclass
class Found:
    """The objects of one picture, by falling score."""

    classes: np.ndarray  # i64 [n]
    scores: np.ndarray  # f32 [n]
    # f32 [n, coordinates], pixels of the picture: left, top, right, bottom, or the four corners of oriented boxes in
    # Ultralytics' order; behind them x, y of each keypoint
    points: np.ndarray
    confidences: np.ndarray | None = None  # f32 [n, keypoints], if keypoints have them
    masks: list | None = None  # of each object: bool [height, width], as np.packbits gives it, and that shape

    def __len__(self) -> int:
        return len(self.classes)

    def pick(self, indices) -> "Found":
        return Found(self.classes[indices], self.scores[indices], self.points[indices],
                     None if self.confidences is None else self.confidences[indices],
                     None if self.masks is None else [self.masks[i] for i in indices])

    def without(self, index: int) -> "Found":
        return self.pick(np.delete(np.arange(len(self)), index))

    def mask(self, index: int) -> np.ndarray:
        packed, shape = self.masks[index]
        return np.unpackbits(packed, count=shape[0] * shape[1]).reshape(shape).astype(bool)


@dataclass
class Comparison:
    pixels: float = 0.0  # largest difference of a coordinate
    score: float = 0.0  # of a score
    mask: float = 1.0  # smallest IoU of two masks
    mismatches: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


def differences(reference: Found, ours: Found) -> tuple[np.ndarray, np.ndarray]:
    """Of each pair of objects: largest difference of coordinates [n, m], and of scores and keypoints' confidences."""
    pixels = np.abs(reference.points[:, None] - ours.points[None]).max(2)
    score = np.abs(reference.scores[:, None] - ours.scores[None])
    if reference.confidences is not None:
        score = np.maximum(score, np.abs(reference.confidences[:, None] - ours.confidences[None]).max(2))
    return pixels, score


def pairUp(reference: Found, ours: Found) -> list[tuple[int, int]]:
    """Pairs (index in reference, index in ours) of counterparts, closest first, none used twice."""
    if not len(reference) or not len(ours):
        return []
    pixels, score = differences(reference, ours)
    same = reference.classes[:, None] == ours.classes[None]
    rows, columns = np.nonzero(same & (pixels <= kPixelTolerance) & (score <= kScoreTolerance))
    cost = pixels[rows, columns] / kPixelTolerance + score[rows, columns] / kScoreTolerance
    usedRows, usedColumns, pairs = set(), set(), []
    for k in np.argsort(cost, kind="stable"):
        row, column = int(rows[k]), int(columns[k])
        if row not in usedRows and column not in usedColumns:
            usedRows.add(row)
            usedColumns.add(column)
            pairs.append((row, column))
    return pairs


@dataclass
class Raw:
    """What the network gave for one picture, in the reference's own run."""

    task: str
    classes: int  # how many there are
    end2end: bool  # `output` is f32 [objects, 6 + extra], finished; else [4 + classes + extra, anchors]
    output: np.ndarray
    prototypes: np.ndarray | None  # f32 [coefficients, height, width]
    networkShape: tuple[int, int]  # height, width
    pictureShape: tuple[int, int]


class Candidates:
    """The anchors (or finished objects) of one picture that pass the threshold or nearly do."""

    def __init__(self, raw: Raw, setting: Setting) -> None:
        self.raw, self.rotated = raw, raw.task == "obb"
        if raw.end2end:
            rows = raw.output[raw.output[:, 4] > setting.conf - kScoreNoise]
            boxes, self.scores, self.classes = rows[:, :4], rows[:, 4], rows[:, 5].astype(int)
            self.extra = rows[:, 6:]
            self.second, self.secondClass = np.full(len(rows), -1.0), np.full(len(rows), -1)
        else:
            scores = raw.output[4 : 4 + raw.classes]
            order = np.argsort(scores, 0)
            best = scores.max(0)
            keep = np.flatnonzero(best > setting.conf - kScoreNoise)
            boxes, self.extra = raw.output[:4, keep].T, raw.output[4 + raw.classes :, keep].T
            self.scores, self.classes = best[keep], order[-1, keep]
            if raw.classes > 1:
                self.second, self.secondClass = scores[order[-2, keep], keep], order[-2, keep]
            else:
                self.second, self.secondClass = np.full(len(keep), -1.0), np.full(len(keep), -1)
        boxes = torch.from_numpy(np.ascontiguousarray(boxes))
        offset = torch.from_numpy(self.classes * (0.0 if setting.agnostic else kClassOffset)).float()[:, None]
        if self.rotated:
            angles = torch.from_numpy(np.ascontiguousarray(self.extra[:, -1:]))
            self.boxes = torch.cat((boxes[:, :2] + offset, boxes[:, 2:], angles), 1)
            scaled = ops.scale_boxes(raw.networkShape, boxes.clone(), raw.pictureShape, xywh=True)
            self.points = ops.xywhr2xyxyxyxy(torch.cat((scaled, angles), 1)).flatten(1).numpy()
        else:
            boxes = boxes if raw.end2end else ops.xywh2xyxy(boxes)
            self.low, self.high = ((boxes + noise + offset).double().numpy() for noise in (-kBoxNoise, kBoxNoise))
            self.points = ops.scale_boxes(raw.networkShape, boxes.clone(), raw.pictureShape).numpy()

    def anchorOf(self, found: Found, index: int) -> int | None:
        """The candidate that object `index` of `found` came from, or None if there is none."""
        closest = np.abs(self.points - found.points[index, : self.points.shape[1]]).max(1) / kPixelTolerance
        closest = np.maximum(closest, np.abs(self.scores - found.scores[index]) / kScoreTolerance)
        same = (self.classes == found.classes[index]) | (
            (self.secondClass == found.classes[index]) & (self.scores - self.second <= kScoreNoise)
        )
        closest[~same] = np.inf
        return int(closest.argmin()) if len(closest) and closest.min() <= 1 else None

    def overlap(self, a: int, b: int) -> tuple[float, float]:
        """Smallest and largest IoU of two candidates, for boxes that are kBoxNoise off before they are rounded."""
        if self.rotated:
            iou = float(batch_probiou(self.boxes[a : a + 1], self.boxes[b : b + 1]))
            noise = kBoxNoise / max(float(self.boxes[[a, b], 2:4].min()), kBoxNoise)
            return iou - noise, iou + noise

        def extent(first, second):  # width and height of the intersection
            left = np.maximum(first[0][:2], second[0][:2])
            right = np.minimum(first[1][2:], second[1][2:])
            return np.maximum(right - left, 0).prod()

        small = [(self.high[k], self.low[k]) for k in (a, b)]  # left and top moved in, right and bottom moved in
        large = [(self.low[k], self.high[k]) for k in (a, b)]
        areas = [[np.maximum(box[1][2:] - box[0][:2], 0).prod() for box in size] for size in (small, large)]
        least, most = extent(*small), extent(*large)
        smallest = least / max(sum(areas[1]) - least, 1e-9)
        largest = most / max(sum(areas[0]) - most, 1e-9)
        return smallest, largest

    def suppressors(self, others: set[int]) -> set[int]:
        """What may suppress a candidate, where `others` are kept: of oriented boxes those that are dropped as well."""
        return set(range(len(self.scores))) if self.rotated else others

    def masks(self, anchor: int, networkMasks: bool) -> tuple[np.ndarray, np.ndarray]:
        """The pixels that the mask of a candidate surely has, and those that it may have: bool [height, width] each."""
        prototypes = torch.from_numpy(self.raw.prototypes)
        coefficients = torch.from_numpy(self.extra[anchor])
        noise = kMaskNoise * float((coefficients[:, None].abs() * prototypes.flatten(1).abs()).sum(0).max())
        prototypes = torch.cat((prototypes, torch.ones_like(prototypes[:1])))
        result = []
        for sign, edges in ((-1, (self.high, self.low)), (1, (self.low, self.high))):
            box = np.concatenate((edges[0][anchor][:2], edges[1][anchor][2:]))
            box = torch.from_numpy(box - np.round(box[0] / kClassOffset) * kClassOffset).float()[None]
            shifted = torch.cat((coefficients, torch.tensor([sign * noise])))[None]
            if networkMasks:
                mask = ops.process_mask(prototypes, shifted, box, self.raw.networkShape, upsample=True)
            else:
                box = ops.scale_boxes(self.raw.networkShape, box, self.raw.pictureShape)
                mask = ops.process_mask_native(prototypes, shifted, box, self.raw.pictureShape)
            result.append(mask[0].numpy().astype(bool))
        return result[0], result[1]


def explain(reference: Found, ours: Found, missing: list[int], extra: list[int], candidates: Candidates,
            setting: Setting) -> tuple[dict, dict]:
    """Reasons why missing objects of the reference and extra objects of ours were undecided, by their index."""
    anchors = [[candidates.anchorOf(found, i) for i in range(len(found))] for found in (reference, ours)]
    lists, odd, reasons = (reference, ours), (missing, extra), ({}, {})
    suppresses = not candidates.raw.end2end
    for side in (0, 1):  # what each object can be excused with by itself
        otherAnchors = candidates.suppressors({a for a in anchors[1 - side] if a is not None}) if suppresses else set()
        for index in odd[side]:
            anchor = anchors[side][index]
            if abs(float(lists[side].scores[index]) - setting.conf) <= kScoreNoise:
                reasons[side][index] = "threshold"
            elif anchor is None:
                continue
            elif candidates.scores[anchor] - candidates.second[anchor] <= kScoreNoise:
                reasons[side][index] = "class"
            elif lists[side].masks is not None and not candidates.masks(anchor, setting.networkMasks)[0].any():
                reasons[side][index] = "mask"
            else:
                for other in otherAnchors - {anchor}:
                    if not setting.agnostic and candidates.classes[other] != candidates.classes[anchor]:
                        continue
                    ahead = candidates.scores[other] - candidates.scores[anchor]
                    if ahead < -kScoreNoise:
                        continue
                    smallest, largest = candidates.overlap(anchor, other)
                    if largest + kIouNoise < setting.iou:
                        continue
                    if smallest - kIouNoise <= setting.iou:
                        reasons[side][index] = "overlap"
                    elif abs(ahead) <= kScoreNoise:
                        reasons[side][index] = "order"
    changed = suppresses and not candidates.rotated  # a dropped oriented box suppresses all the same
    while changed:  # what follows from those
        changed = False
        for side in (0, 1):
            for index in odd[side]:
                if index in reasons[side] or anchors[side][index] is None:
                    continue
                for other in reasons[1 - side]:
                    otherAnchor = anchors[1 - side][other]
                    if otherAnchor is None:
                        continue
                    if not setting.agnostic and lists[side].classes[index] != lists[1 - side].classes[other]:
                        continue
                    if candidates.scores[otherAnchor] < candidates.scores[anchors[side][index]] - kScoreNoise:
                        continue
                    if candidates.overlap(anchors[side][index], otherAnchor)[1] + kIouNoise >= setting.iou:
                        reasons[side][index] = "follows"
                        changed = True
                        break
    # Only a full list cuts: each undecided object that one list has and the other lacks moves the other's end by one.
    most = min(setting.maxDet, len(candidates.raw.output)) if candidates.raw.end2end else setting.maxDet
    room = [len(reasons[0]), len(reasons[1])]
    for side in (0, 1):
        full = len(lists[side]) == most or len(lists[1 - side]) == most
        for index in odd[side]:
            if index in reasons[side] or not full:
                continue
            last = lists[1 - side].scores[-1] if len(lists[1 - side]) else 1.0
            tie = len(lists[1 - side]) == most and abs(lists[side].scores[index] - last) <= kScoreNoise
            if tie or (index >= most - room[1 - side] and anchors[side][index] is not None):
                reasons[side][index] = "cut"
    return reasons


def compareMasks(reference: Found, ours: Found, pairs: list[tuple[int, int]], candidates, setting: Setting,
                 result: Comparison) -> None:
    for row, column in pairs:
        wanted, given = reference.mask(row), ours.mask(column)
        if wanted.shape != given.shape:
            result.mismatches.append(f"mask of #{row} is {given.shape}, not {wanted.shape} (height, width)")
            continue
        iou = np.count_nonzero(wanted & given) / max(np.count_nonzero(wanted | given), 1)
        result.mask = min(result.mask, iou)
        if iou >= kMaskTolerance:
            continue
        known = candidates()
        anchor = known.anchorOf(reference, row)
        text = f"masks of #{row} of {len(reference)}: {np.count_nonzero(wanted)} and {np.count_nonzero(given)} pixels, "
        text += f"IoU {iou:.4f}"
        if anchor is not None:
            least, most = known.masks(anchor, setting.networkMasks)
            if not np.any((least & ~given) | (given & ~most)):
                result.undecided.append(f"mask: {text}")
                continue
        result.mismatches.append(f"mismatch: {text}")


def compare(reference: Found, ours: Found, setting: Setting, candidates) -> Comparison:
    """`candidates` is called only if there is something to explain."""
    result = Comparison()
    if np.any(np.diff(ours.scores) > 0):
        result.mismatches.append("objects are not by falling score")
    if len(ours) > setting.maxDet:
        result.mismatches.append(f"{len(ours)} objects, more than {setting.maxDet}")
    if reference.points.shape[1] != ours.points.shape[1] and len(reference) and len(ours):
        result.mismatches.append(f"{ours.points.shape[1]} coordinates an object, not {reference.points.shape[1]}")
        return result
    pairs = pairUp(reference, ours)
    if pairs:
        pixels, score = differences(reference, ours)
        rows, columns = zip(*pairs)
        result.pixels, result.score = float(pixels[rows, columns].max()), float(score[rows, columns].max())
    if reference.masks is not None:
        compareMasks(reference, ours, pairs, candidates, setting, result)
    missing = sorted(set(range(len(reference))) - {row for row, _ in pairs})
    extra = sorted(set(range(len(ours))) - {column for _, column in pairs})
    if missing or extra:
        reasons = explain(reference, ours, missing, extra, candidates(), setting)
        sides = ((reference, missing, reasons[0], "missing"), (ours, extra, reasons[1], "extra"))
        for found, indices, reason, name in sides:
            for i in indices:
                text = f"{name} #{i} of {len(found)}: class {found.classes[i]}, score {found.scores[i]:.6f}, at "
                text += str([round(float(v), 3) for v in found.points[i][:8]])
                (result.undecided if i in reason else result.mismatches).append(f"{reason.get(i, 'mismatch')}: {text}")
    return result


@dataclass
class Top:
    """The best classes of one picture."""

    classes: np.ndarray  # i64 [k]
    scores: np.ndarray  # f32 [k], falling

    def __len__(self) -> int:
        return len(self.classes)


def compareTop(reference: Top, ours: Top, probabilities: np.ndarray) -> Comparison:
    """`probabilities` f32 [classes] are the reference's own. Classes that score the same may change places."""
    result = Comparison()
    if len(reference) != len(ours):
        result.mismatches.append(f"{len(ours)} best classes, not {len(reference)}")
        return result
    result.score = float(np.abs(reference.scores - ours.scores).max())
    if result.score > kScoreTolerance:
        result.mismatches.append(f"scores {ours.scores}, not {reference.scores}")
    for place, (wanted, given) in enumerate(zip(reference.classes, ours.classes)):
        if wanted != given:
            near = abs(probabilities[given] - probabilities[wanted]) <= kScoreNoise
            text = f"#{place} is class {given} ({probabilities[given]:.6f}), not {wanted} ({probabilities[wanted]:.6f})"
            (result.undecided if near else result.mismatches).append(("order: " if near else "mismatch: ") + text)
    return result
