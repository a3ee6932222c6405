"""Compares the program's detections with Ultralytics' predict() on the same files, picture by picture.

    python run_parity.py [--program build/bin/trtyolo] [--models DIR] [--only TEXT] [--extra MODEL=REFERENCE.onnx ...]
    python run_parity.py --candidate openvino    the comparison itself: Ultralytics with OpenVINO in the program's place
    python run_parity.py --self-test              the comparison itself: does it notice what it has to notice?

The reference is Ultralytics' predict() from picture file to boxes, in f32 on the CPU with ONNX Runtime. Only the run of
the network is remembered between settings (its input is the same), everything else is done afresh for each setting.

An object has a counterpart if class, score (kScoreTolerance) and box (kBoxTolerance) agree. An object without one is a
mismatch, unless rounding alone could have decided it; that is looked up in the reference's own raw output, and each
such object is printed with its reason ("undecided"):
    threshold   its score lies within kScoreNoise of the confidence threshold
    class       its anchor's two best classes are within kScoreNoise of each other
    overlap     its IoU with a box that would suppress it is, within kBoxNoise and kIouNoise, the IoU threshold itself
    order       it and a box that overlaps it score the same within kScoreNoise: either may suppress the other
    follows     the counterpart list kept or dropped an undecided object that suppresses it
    cut         it was pushed over, or pulled within, the largest number of objects by undecided ones
Exit status: 0 if there is no mismatch and at most kMostUndecided undecided objects a row, else 1; 2 if it cannot run.
"""
import argparse
import hashlib
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

kRoot = Path(__file__).resolve().parents[2]
os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")

import cv2  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from ultralytics import YOLO  # noqa: E402
from ultralytics.utils import LOGGER, ops  # noqa: E402

kBoxTolerance, kScoreTolerance = 0.5, 1e-3
# What rounding can move a score, an IoU, and an edge of a box (network pixels) by, between two f32 runtimes.
kScoreNoise, kIouNoise, kBoxNoise = 1e-4, 1e-4, 0.02
kMostUndecided = 5
kClassOffset = 7680  # pixels between the classes in Ultralytics' NMS


@dataclass
class Setting:
    conf: float
    iou: float
    agnostic: bool = False
    filtered: bool = False  # only some classes
    maxDet: int = 300

    def __str__(self) -> str:
        text = f"conf {self.conf:g}, iou {self.iou:g}"
        text += f", max {self.maxDet}" if self.maxDet != 300 else ""
        return text + (", agnostic" if self.agnostic else "") + (", some classes" if self.filtered else "")

    def classes(self, count: int) -> list[int] | None:
        """Every third class, if classes are filtered."""
        return list(range(0, count, 3)) if self.filtered else None


kSettings = [
    Setting(0.25, 0.7),
    Setting(0.05, 0.7),
    Setting(0.05, 0.45),
    Setting(0.25, 0.45, agnostic=True),
    Setting(0.05, 0.7, filtered=True),
    Setting(0.05, 0.7, agnostic=True, maxDet=20),
    Setting(0.05, 0.7, maxDet=5000),
]


@dataclass
class Found:
    """The objects of one picture, by falling score."""

    classes: np.ndarray  # i64 [n]
    scores: np.ndarray  # f32 [n]
    boxes: np.ndarray  # f32 [n, 4]: left, top, right, bottom in pixels of the picture

    def __len__(self) -> int:
        return len(self.classes)

    def without(self, index: int) -> "Found":
        return Found(*(np.delete(a, index, 0) for a in (self.classes, self.scores, self.boxes)))


@dataclass
class Comparison:
    boxDifference: float = 0.0
    scoreDifference: float = 0.0
    mismatches: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)


# ----------------------------------------------------------------------------------------------------------------------
# Comparison


def pairUp(reference: Found, ours: Found) -> list[tuple[int, int]]:
    """Pairs (index in reference, index in ours) of counterparts, closest first, none used twice."""
    if not len(reference) or not len(ours):
        return []
    box = np.abs(reference.boxes[:, None] - ours.boxes[None]).max(2)
    score = np.abs(reference.scores[:, None] - ours.scores[None])
    same = reference.classes[:, None] == ours.classes[None]
    rows, columns = np.nonzero(same & (box <= kBoxTolerance) & (score <= kScoreTolerance))
    cost = box[rows, columns] / kBoxTolerance + score[rows, columns] / kScoreTolerance
    usedRows, usedColumns, pairs = set(), set(), []
    for k in np.argsort(cost, kind="stable"):
        row, column = int(rows[k]), int(columns[k])
        if row not in usedRows and column not in usedColumns:
            usedRows.add(row)
            usedColumns.add(column)
            pairs.append((row, column))
    return pairs


class Candidates:
    """The anchors of one picture that pass the threshold or nearly do, from the reference's raw output."""

    def __init__(self, raw: np.ndarray, networkShape, pictureShape, setting: Setting) -> None:
        """`raw` f32 [4 + classes, anchors]; shapes are (height, width)."""
        scores = raw[4:]
        order = np.argsort(scores, 0)
        best = scores.max(0)
        keep = np.flatnonzero(best > setting.conf - kScoreNoise)
        self.scores, self.classes = best[keep], order[-1, keep]
        if len(scores) > 1:
            self.second, self.secondClass = scores[order[-2, keep], keep], order[-2, keep]
        else:
            self.second, self.secondClass = np.full(len(keep), -1.0), np.full(len(keep), -1)
        boxes = ops.xywh2xyxy(torch.from_numpy(np.ascontiguousarray(raw[:4, keep].T)))
        offset = torch.from_numpy(self.classes * (0.0 if setting.agnostic else kClassOffset)).float()[:, None]
        self.low, self.high = ((boxes + noise + offset).double().numpy() for noise in (-kBoxNoise, kBoxNoise))
        self.boxes = ops.scale_boxes(networkShape, boxes.clone(), pictureShape).numpy()

    def anchorOf(self, found: Found, index: int) -> int | None:
        """The candidate that object `index` of `found` came from, or None if there is none."""
        closest = np.abs(self.boxes - found.boxes[index]).max(1) / kBoxTolerance
        closest = np.maximum(closest, np.abs(self.scores - found.scores[index]) / kScoreTolerance)
        same = (self.classes == found.classes[index]) | (
            (self.secondClass == found.classes[index]) & (self.scores - self.second <= kScoreNoise)
        )
        closest[~same] = np.inf
        return int(closest.argmin()) if len(closest) and closest.min() <= 1 else None

    def overlap(self, a: int, b: int) -> tuple[float, float]:
        """Smallest and largest IoU of two candidates, for boxes that are kBoxNoise off before they are rounded."""
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


def explain(reference: Found, ours: Found, missing: list[int], extra: list[int], candidates: Candidates,
            setting: Setting) -> tuple[dict, dict]:
    """Reasons why missing objects of the reference and extra objects of ours were undecided, by their index."""
    anchors = [[candidates.anchorOf(found, i) for i in range(len(found))] for found in (reference, ours)]
    lists, odd, reasons = (reference, ours), (missing, extra), ({}, {})
    for side in (0, 1):  # what each object can be excused with by itself
        otherAnchors = {a for a in anchors[1 - side] if a is not None}
        for index in odd[side]:
            anchor = anchors[side][index]
            if abs(float(lists[side].scores[index]) - setting.conf) <= kScoreNoise:
                reasons[side][index] = "threshold"
            elif anchor is None:
                continue
            elif candidates.scores[anchor] - candidates.second[anchor] <= kScoreNoise:
                reasons[side][index] = "class"
            else:
                for other in otherAnchors - {anchor}:
                    if not setting.agnostic and candidates.classes[other] != candidates.classes[anchor]:
                        continue
                    ahead = candidates.scores[other] - candidates.scores[anchor]
                    smallest, largest = candidates.overlap(anchor, other)
                    if ahead < -kScoreNoise or largest + kIouNoise < setting.iou:
                        continue
                    if smallest - kIouNoise <= setting.iou:
                        reasons[side][index] = "overlap"
                    elif abs(ahead) <= kScoreNoise:
                        reasons[side][index] = "order"
    changed = True
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
    room = [len(reasons[0]), len(reasons[1])]
    for side in (0, 1):
        full = len(lists[side]) == setting.maxDet or len(lists[1 - side]) == setting.maxDet
        for index in odd[side]:
            if index in reasons[side] or not full:
                continue
            last = lists[1 - side].scores[-1] if len(lists[1 - side]) else 1.0
            tie = len(lists[1 - side]) == setting.maxDet and abs(lists[side].scores[index] - last) <= kScoreNoise
            if tie or (index >= setting.maxDet - room[1 - side] and anchors[side][index] is not None):
                reasons[side][index] = "cut"
    return reasons


def compare(reference: Found, ours: Found, setting: Setting, candidates) -> Comparison:
    """`candidates` is called only if there is something to explain."""
    result = Comparison()
    if np.any(np.diff(ours.scores) > 0):
        result.mismatches.append("objects are not by falling score")
    if len(ours) > setting.maxDet:
        result.mismatches.append(f"{len(ours)} objects, more than {setting.maxDet}")
    pairs = pairUp(reference, ours)
    for row, column in pairs:
        box = float(np.abs(reference.boxes[row] - ours.boxes[column]).max())
        score = float(abs(reference.scores[row] - ours.scores[column]))
        result.boxDifference = max(result.boxDifference, box)
        result.scoreDifference = max(result.scoreDifference, score)
    missing = sorted(set(range(len(reference))) - {row for row, _ in pairs})
    extra = sorted(set(range(len(ours))) - {column for _, column in pairs})
    if missing or extra:
        reasons = explain(reference, ours, missing, extra, candidates(), setting)
        sides = ((reference, missing, reasons[0], "missing"), (ours, extra, reasons[1], "extra"))
        for found, indices, reason, name in sides:
            for i in indices:
                text = f"{name} #{i} of {len(found)}: class {found.classes[i]}, score {found.scores[i]:.6f}, box "
                text += str([round(float(v), 3) for v in found.boxes[i]])
                (result.undecided if i in reason else result.mismatches).append(f"{reason.get(i, 'mismatch')}: {text}")
    return result


# ----------------------------------------------------------------------------------------------------------------------
# Who answers


def remembered(run):
    """`run` of ONNX Runtime's session, run once for each input."""
    known = {}

    def answer(outputNames, feeds):
        (data,) = feeds.values()
        key = (data.shape, hashlib.sha256(np.ascontiguousarray(data)).digest())
        if key not in known:
            known[key] = [np.array(output) for output in run(outputNames, feeds)]
        return [output.copy() for output in known[key]]

    return answer


class Ultralytics:
    """Ultralytics' predict() on an ONNX file, with the raw output of each picture kept beside its result."""

    def __init__(self, model: Path, openvino: bool = False) -> None:
        self.net = YOLO(str(model), task="detect")
        self.net.predict(np.full((64, 64, 3), 114, np.uint8), device="cpu", verbose=False)  # makes the predictor
        self.predictor = self.net.predictor
        backend = self.predictor.model.backend
        assert backend.format == "onnx" and not backend.fp16
        if openvino:
            import openvino as ov

            compiled = ov.Core().compile_model(str(model), "CPU", {"INFERENCE_PRECISION_HINT": ov.Type.f32})
            backend.session.run = remembered(lambda names, feeds: compiled(feeds).values())
        else:
            backend.session.run = remembered(backend.session.run)
        self.raws = []

    def predict(self, pictures: list[Path], setting: Setting) -> list[Found]:
        """Results of each picture; self.raws then holds (raw output, network shape, picture shape) of each."""
        self.raws = []

        original = type(self.predictor).postprocess

        def postprocess(preds, img, origs, **kwargs):
            raw = preds[0] if isinstance(preds, (list, tuple)) else preds
            self.raws.append((raw[0].numpy().copy(), img.shape[2:], origs[0].shape[:2]))
            return original(self.predictor, preds, img, origs, **kwargs)

        self.predictor.postprocess = postprocess
        found = []
        for picture in pictures:
            result = self.net.predict(
                str(picture), conf=setting.conf, iou=setting.iou, agnostic_nms=setting.agnostic, max_det=setting.maxDet,
                classes=setting.classes(len(self.net.names)), device="cpu", verbose=False)[0]
            boxes = result.boxes
            found.append(Found(boxes.cls.numpy().astype(int), boxes.conf.numpy(), boxes.xyxy.numpy()))
        return found


def programPredict(program: Path, model: Path, names: int, pictures: list[Path], setting: Setting,
                   options: list[str]) -> list[Found]:
    """What the program finds in each picture."""
    command = [program, "predict", model, *pictures, "--json", "-", "--quiet", "--clones", "2"]
    command += ["--conf", setting.conf, "--iou", setting.iou, "--max-det", setting.maxDet]
    command += ["--agnostic"] if setting.agnostic else []
    command += ["--classes", ",".join(map(str, setting.classes(names)))] if setting.filtered else []
    command = [str(word) for word in command + options]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode} of: {' '.join(command)}\n{done.stderr.strip()}")
    images = json.loads(done.stdout)["images"]
    if [image["source"] for image in images] != [str(picture) for picture in pictures]:
        raise RuntimeError(f"other sources than asked for, or in another order, from: {' '.join(command)}")
    return [
        Found(np.array([o["class"] for o in image["objects"]], int),
              np.array([o["score"] for o in image["objects"]], np.float32),
              np.array([o["box"] for o in image["objects"]], np.float32).reshape(-1, 4))
        for image in images
    ]


# ----------------------------------------------------------------------------------------------------------------------
# What is asked


@dataclass
class Case:
    model: Path  # for the program
    reference: Path  # ONNX with the same weights, for Ultralytics
    options: list[str] = field(default_factory=list)  # of the program
    shapes: bool = True  # whether pictures of shapes make sense to it: elsewhere all its scores may be 1, in any order

    def __str__(self) -> str:
        return " ".join([self.model.parent.name + "/" + self.model.name, *self.options])


def makePictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures of a street and pictures of shapes, as they are; to the former belong pictures of odd sizes (.png)."""
    frames = sorted((kRoot / "data/people/frames").glob("*.jpg"))
    shapes = sorted((kRoot / "data/shapes/images").glob("*.jpg"))
    if not frames or not shapes:
        raise RuntimeError("no pictures in data/people/frames or data/shapes/images")
    folder.mkdir(parents=True, exist_ok=True)
    street = cv2.imread(str(frames[0]))
    made = {
        "1x1": street[100:101, 100:101],
        "3x2": cv2.resize(street, (3, 2), interpolation=cv2.INTER_AREA),
        "37x911": cv2.resize(street, (37, 911)),
        "3000x200": cv2.resize(street, (3000, 200)),
        "640x640": cv2.resize(street, (640, 640)),
        "641x639": cv2.resize(street, (641, 639)),
        "1280x720": cv2.resize(street, (1280, 720)),
        "1920x1080": cv2.resize(street, (1920, 1080), interpolation=cv2.INTER_CUBIC),
        "gray": cv2.cvtColor(street, cv2.COLOR_BGR2GRAY),
    }
    files = []
    for name, picture in made.items():
        files.append(folder / f"{name}.png")
        cv2.imwrite(str(files[-1]), picture)
    return frames[::2] + files, shapes[::3]


def makeCases(models: Path, extras: list[str]) -> list[Case]:
    """The cases; models that are not there yet are made."""
    data = kRoot / "data"
    wanted = [
        (["yolov8n", "yolo11n", "yolo12n", "--openvino"], "yolo12n_openvino_model"),
        (["yolo11n", "--dynamic", "--openvino"], "yolo11n-dynamic_openvino_model"),
        (["yolo11n", "--batch", "2"], "yolo11n-b2.onnx"),
    ]
    for arguments, last in wanted:
        if not (models / last).exists():
            script = Path(__file__).with_name("make_models.py")
            print(f"making models: {' '.join(arguments)}", file=sys.stderr)
            subprocess.run([sys.executable, script, *arguments, "--out", models], check=True, stdout=sys.stderr)
    cases = [Case(models / f"{name}.onnx", models / f"{name}.onnx") for name in ("yolov8n", "yolo11n", "yolo12n")]
    cases += [Case(models / f"{name}_openvino_model/{name}.xml", models / f"{name}.onnx")
              for name in ("yolov8n", "yolo11n", "yolo12n", "yolo11n-dynamic")]
    dynamic = models / "yolo11n-dynamic.onnx"
    cases += [Case(dynamic, dynamic), Case(dynamic, dynamic, ["--batch", "3"])]
    cases += [Case(models / "yolo11n-b2.onnx", models / "yolo11n-b2.onnx")]
    for name in ("shapes/detect.onnx", "shapes/detect-dynamic.onnx", "people/people.onnx"):
        cases.append(Case(data / name, data / name, shapes=name.startswith("shapes")))
    for extra in extras:
        model, _, reference = extra.partition("=")
        cases.append(Case(Path(model), Path(reference or model)))
    return cases


def selfTest(models: Path, pictures: list[Path]) -> int:
    """Does compare() accept what is equal, notice each kind of difference, and excuse only what it should?"""
    failures = 0

    def check(name: str, result: Comparison, mismatches: bool, reasons: list[str]) -> None:
        nonlocal failures
        given = [text.split(":")[0] for text in result.undecided]
        good = bool(result.mismatches) == mismatches and given == reasons
        failures += not good
        print(f"{'ok    ' if good else 'FAILED'} {name}: {len(result.mismatches)} mismatches, undecided: {given}")

    # A real picture, and its result changed.
    setting = Setting(0.25, 0.7)
    reference = Ultralytics(models / "yolo11n.onnx")
    found = reference.predict(pictures[:1], setting)[0]
    clear = found.scores > setting.conf + 2 * kScoreNoise
    found = Found(found.classes[clear], found.scores[clear], found.boxes[clear])
    candidates = Candidates(*reference.raws[0], setting)
    middle = len(found) // 2

    def changed(classes=0, score=0.0, box=0.0) -> Found:
        copy = Found(found.classes.copy(), found.scores.copy(), found.boxes.copy())
        copy.classes[middle] += classes
        copy.scores[middle] += score
        copy.boxes[middle, 2] += box
        order = np.argsort(-copy.scores, kind="stable")
        return Found(copy.classes[order], copy.scores[order], copy.boxes[order])

    twice = Found(*(np.insert(a, middle, a[middle], 0) for a in (found.classes, found.scores, found.boxes)))
    backwards = Found(found.classes[::-1], found.scores[::-1], found.boxes[::-1])
    empty = Found(found.classes[:0], found.scores[:0], found.boxes[:0])
    for name, ours, mismatches in (
        ("the same", found, False), ("box 0.4 px off", changed(box=0.4), False),
        ("score 0.0009 off", changed(score=-0.0009), False), ("box 0.6 px off", changed(box=0.6), True),
        ("score 0.0011 off", changed(score=-0.0011), True), ("another class", changed(classes=1), True),
        ("one object missing", found.without(middle), True), ("the last object missing", found.without(-1), True),
        ("an object twice", twice, True), ("in reverse order", backwards, True), ("no object", empty, True),
    ):
        check(name, compare(found, ours, setting, lambda: candidates), mismatches, [])

    # Made up: two boxes, each of one of two classes, 100 px wide and high, the second `shift` px to the right. The
    # reference keeps both, the other side only the first.
    def pair(shift: float, scores, setting: Setting, classes=(0, 0), second=0.0, swap=False) -> Comparison:
        raw = np.full((6, 2), second, np.float32)
        raw[:4] = np.array([[300, 300 + shift], [300, 300], [100, 100], [100, 100]])
        raw[[4 + c for c in classes], [0, 1]] = scores
        boxes = np.array([[250 + x, 250, 350 + x, 350] for x in (0, shift)], np.float32)
        both = Found(np.array(classes), np.array(scores, np.float32), boxes)
        one = both.without(1)
        sides = (one, both) if swap else (both, one)
        return compare(*sides, setting, lambda: Candidates(raw, (640, 640), (640, 640), setting))

    touching = 100 * (1 - 0.7) / (1 + 0.7)  # shift that gives an IoU of 0.7
    agnostic = Setting(0.25, 0.7, agnostic=True)
    full = Setting(0.25, 0.7, maxDet=1)
    for name, result, mismatches, reasons in (
        ("IoU at the threshold", pair(touching, (0.9, 0.8), setting), False, ["overlap"]),
        ("IoU at the threshold, extra", pair(touching, (0.9, 0.8), setting, swap=True), False, ["overlap"]),
        ("IoU below the threshold", pair(touching + 0.2, (0.9, 0.8), setting), True, []),
        ("IoU above the threshold", pair(touching - 0.2, (0.9, 0.8), setting), True, []),
        ("IoU at the threshold, two classes", pair(touching, (0.9, 0.8), setting, (0, 1)), True, []),
        ("the same, agnostic", pair(touching, (0.9, 0.8), agnostic, (0, 1)), False, ["overlap"]),
        ("equal scores, large overlap", pair(5, (0.8, 0.8), setting), False, ["order"]),
        ("score at the threshold", pair(200, (0.8, 0.25005), setting), False, ["threshold"]),
        ("score above the threshold", pair(200, (0.8, 0.2502), setting), True, []),
        ("two best classes equal", pair(200, (0.8, 0.5), setting, second=0.49995), False, ["class"]),
        ("more than may be kept", pair(200, (0.8, 0.5), full, swap=True), True, ["cut"]),
    ):
        check(name, result, mismatches, reasons)
    print("FAILED" if failures else "PASSED")
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=kRoot / "build/bin/trtyolo")
    parser.add_argument("--models", type=Path, default=kRoot / "build/parity/models", help="made if not there")
    parser.add_argument("--work", type=Path, default=kRoot / "build/parity", help="folder for pictures")
    parser.add_argument("--only", default="", help="only models whose path has this text")
    parser.add_argument("--extra", action="append", default=[], metavar="MODEL[=REFERENCE.onnx]")
    parser.add_argument("--candidate", choices=["program", "openvino"], default="program")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    LOGGER.setLevel(logging.ERROR)
    try:
        street, shapes = makePictures(arguments.work / "pictures")
        cases = [case for case in makeCases(arguments.models, arguments.extra) if arguments.only in str(case)]
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.self_test:
        return selfTest(arguments.models, street)
    if not cases:
        print(f"no model's path has \"{arguments.only}\"", file=sys.stderr)
        return 2
    if arguments.candidate == "program" and not arguments.program.is_file():
        print(f"{arguments.program} is not there: build it (scripts/build), or name it with --program", file=sys.stderr)
        return 2

    references, standIns, failed, totals = {}, {}, False, {}
    print("| model | setting | pictures | objects | most in one | box, px | score | undecided | mismatches |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in cases:
        if case.reference not in references:
            references[case.reference] = Ultralytics(case.reference)
        reference = references[case.reference]
        pictures = street + (shapes if case.shapes else [])
        for setting in kSettings:
            wanted = reference.predict(pictures, setting)
            if arguments.candidate == "openvino":
                if case.reference not in standIns:
                    standIns[case.reference] = Ultralytics(case.reference, openvino=True)
                given = standIns[case.reference].predict(pictures, setting)
            else:
                try:
                    given = programPredict(arguments.program, case.model, len(reference.net.names), pictures, setting,
                                           case.options)
                except (RuntimeError, KeyError, ValueError) as error:
                    print(f"| {case} | {setting} | failed: see below |")
                    print(f"  {type(error).__name__}: {error}", file=sys.stderr)
                    failed = True
                    continue
            results = [compare(a, b, setting, lambda i=i: Candidates(*reference.raws[i], setting))
                       for i, (a, b) in enumerate(zip(wanted, given, strict=True))]
            undecided = sum(len(r.undecided) for r in results)
            mismatches = sum(len(r.mismatches) for r in results)
            failed |= mismatches > 0 or undecided > kMostUndecided
            objects, box = sum(map(len, wanted)), max(r.boxDifference for r in results)
            score = max(r.scoreDifference for r in results)
            print(f"| {case} | {setting} | {len(pictures)} | {objects} | {max(map(len, wanted))} | "
                  f"{box:.1e} | {score:.1e} | {undecided} | {mismatches} |", flush=True)
            total = totals.setdefault(str(case), [0, 0, 0, 0.0, 0.0, 0, 0])
            total[:] = [total[0] + 1, total[1] + len(pictures), total[2] + objects, max(total[3], box),
                        max(total[4], score), total[5] + undecided, total[6] + mismatches]
            for picture, result in zip(pictures, results):
                for line in result.mismatches + result.undecided:
                    print(f"  {picture.name}: {line}", file=sys.stderr)
    print("\n| model | settings | pictures in all | objects in all | box, px | score | undecided | mismatches |")
    print("|---|---|---|---|---|---|---|---|")
    for name, total in totals.items():
        print("| {} | {} | {} | {} | {:.1e} | {:.1e} | {} | {} |".format(name, *total))
    print("\nFAILED" if failed else "\nPASSED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
