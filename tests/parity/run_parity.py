"""Compares the program's results with Ultralytics' predict() on the same files, picture by picture.

    python run_parity.py [--program build/bin/trtyolo] [--models DIR] [--only TEXT] [--extra MODEL=REFERENCE.onnx ...]
    python run_parity.py --candidate openvino    the comparison itself: Ultralytics with OpenVINO in the program's place
    python run_parity.py --self-test              the comparison itself: does it notice what it has to notice?

The reference is Ultralytics' predict() from picture file to result, in f32 on the CPU with ONNX Runtime. Only the run
of the network is remembered between settings (its input is the same), everything else is done afresh for each setting.
What has to agree, and what rounding may decide, stands at the top of comparison.py. Undecided objects are printed with
their reasons.

Exit status: 0 if there is no mismatch and at most kMostUndecided undecided objects a row, else 1; 2 if it cannot run.
"""
import argparse
import logging
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from answers import Ultralytics, pack, programPredict
from comparison import Candidates, Comparison, Found, Raw, Setting, Top, compare, compareTop, kScoreNoise
from make_models import fileName
from maps import compareMaps
from ultralytics.utils import LOGGER

kRoot = Path(__file__).resolve().parents[2]
kMostUndecided = 5

kSettings = [
    Setting(0.25, 0.7),
    Setting(0.05, 0.7),
    Setting(0.05, 0.45),
    Setting(0.25, 0.45, agnostic=True),
    Setting(0.05, 0.7, filtered=True),
    Setting(0.05, 0.7, agnostic=True, maxDet=20),
    Setting(0.05, 0.7, maxDet=5000),
]
kFamilySettings = [Setting(0.05, 0.7), Setting(0.25, 0.45), Setting(0.1, 0.6, agnostic=True, filtered=True, maxDet=50)]
kNetworkMasks = Setting(0.25, 0.7, networkMasks=True)

# Every graph that Ultralytics can make of these families, in two sizes: arguments of make_models.py.
kFamilySize = ["--imgsz", "320"]
kFamilies = [
    (["yolov3-tiny", "yolov3"], kFamilySize),
    ([f"yolov{family}{size}" for family in (5, 6, 8, 10) for size in "ns"], kFamilySize),
    (["yolov9t", "yolov9s", "yolov9c-seg"], kFamilySize),
    ([f"yolo{family}{size}" for family in (11, 12, 26) for size in "ns"], kFamilySize),
    ([f"yolo{family}{size}-{task}" for family in ("v8", "11", "12", "26") for size in "ns"
      for task in ("seg", "pose", "obb")], kFamilySize),
    ([f"yolo{family}{size}-cls" for family in ("v8", "11", "12", "26") for size in "ns"], []),
    (["yolov10n", "yolov10s"] + [f"yolo26{size}{task}" for size in "ns" for task in ("", "-seg", "-pose", "-obb")],
     [*kFamilySize, "--end2end"]),
    (["yolo11n", "yolo11n-seg", "yolo11n-pose", "yolo11n-obb"], [*kFamilySize, "--nms"]),
    (["yolo11n-pose"], [*kFamilySize, "--keypoints", "5x2"]),
    (["yolo26n-pose"], [*kFamilySize, "--keypoints", "5x2", "--end2end"]),
    (["yolov5n-p6", "yolov8n-p2", "yolov8n-p6", "yolov8s-worldv2"], kFamilySize),
]


# ----------------------------------------------------------------------------------------------------------------------
# What is asked


@dataclass
class Case:
    model: Path  # for the program
    reference: Path  # ONNX with the same weights, for Ultralytics
    pictures: list[Path]
    settings: list[Setting]
    options: list[str] = field(default_factory=list)  # of the program
    recipe: list[str] = field(default_factory=list)  # arguments of make_models.py, of files that can be made

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
    return frames[::2] + files, shapes[::6]


def detectorCases(models: Path, street: list[Path], shapes: list[Path]) -> list[Case]:
    """Detectors at full size, with every setting: as ONNX and OpenVINO IR, with fixed and dynamic sizes."""
    both, cases = street + shapes, []
    for name in ("yolov8n", "yolo11n", "yolo12n"):
        recipe, file = [name, "--openvino"], models / f"{name}.onnx"
        cases.append(Case(file, file, both, kSettings, recipe=recipe))
        cases.append(Case(models / f"{name}_openvino_model/{name}.xml", file, both, kSettings, recipe=recipe))
    recipe, file = ["yolo11n", "--dynamic", "--openvino"], models / "yolo11n-dynamic.onnx"
    cases.append(Case(file, file, both, kSettings, recipe=recipe))
    cases.append(Case(file, file, both, kSettings, ["--batch", "3"], recipe))
    cases.append(Case(models / "yolo11n-dynamic_openvino_model/yolo11n-dynamic.xml", file, both, kSettings,
                      recipe=recipe))
    file = models / "yolo11n-b2.onnx"
    cases.append(Case(file, file, both, kSettings, recipe=["yolo11n", "--batch", "2"]))
    return cases


def trainedCases(street: list[Path], shapes: list[Path]) -> list[Case]:
    """The models of data/, on the kind of pictures that they know."""
    data, cases = kRoot / "data", []
    for name in ("shapes/detect.onnx", "shapes/detect-dynamic.onnx"):
        cases.append(Case(data / name, data / name, street + shapes, kSettings))
    cases.append(Case(data / "people/people.onnx", data / "people/people.onnx", street, kSettings))
    for task in ("obb", "pose", "segment"):
        file = data / f"shapes/{task}.onnx"
        pictures = sorted((data / f"shapes/{task}/images").glob("*.jpg"))[::3] + street[-4:]
        settings = kSettings + ([kNetworkMasks] if task == "segment" else [])
        cases.append(Case(file, file, pictures, settings))
    file = data / "shapes/classify.onnx"
    cases.append(Case(file, file, sorted((data / "shapes/classify/images").rglob("*.jpg")) + street, kSettings[:1]))
    return cases


def familyCases(models: Path, street: list[Path], shapes: list[Path]) -> list[Case]:
    """All families and tasks at a low threshold, on a few pictures."""
    frames = [picture for picture in street if picture.suffix == ".jpg"]
    few = [frames[1], frames[-2], shapes[1], shapes[-2], next(p for p in street if p.name == "641x639.png")]
    many = few + frames[2:5] + sorted((kRoot / "data/shapes/classify/images").rglob("*.jpg"))[::12]
    cases = []
    for names, options in kFamilies:
        for name in names:
            given = dict(zip(options, options[1:]))
            file = models / (fileName(name, int(given.get("--imgsz", 0)) or None, end2end="--end2end" in options,
                                      nms="--nms" in options, keypoints=given.get("--keypoints", "")) + ".onnx")
            classifies = name.endswith("-cls")
            settings = kFamilySettings[:1] if classifies else kFamilySettings
            settings = settings + ([kNetworkMasks] if name.endswith("-seg") else [])
            cases.append(Case(file, file, many if classifies else few, settings, recipe=[name, *options]))
    return cases


def makeModels(cases: list[Case], models: Path) -> None:
    """Makes the models that are not there yet."""
    recipes = {}
    for case in cases:
        if case.recipe and not (case.model.exists() and case.reference.exists()):
            name, *options = case.recipe
            recipes.setdefault(tuple(options), {})[name] = None
    for options, names in recipes.items():
        print(f"making models: {' '.join([*names, *options])}", file=sys.stderr)
        script = Path(__file__).with_name("make_models.py")
        subprocess.run([sys.executable, script, *names, *options, "--out", models], check=True, stdout=sys.stderr)


def selfTest(shapes: list[Path]) -> int:
    """Do compare() and compareTop() accept what is equal, notice each kind of difference, and excuse only what they
    should?"""
    failures = 0

    def check(name: str, result: Comparison, mismatches: bool, reasons: list[str]) -> None:
        nonlocal failures
        given = [text.split(":")[0] for text in result.undecided]
        good = bool(result.mismatches) == mismatches and given == reasons
        failures += not good
        print(f"{'ok    ' if good else 'FAILED'} {name}: {len(result.mismatches)} mismatches, undecided: {given}")

    # Real pictures, and their results changed: a model of each task.
    setting = Setting(0.25, 0.7)
    for task in ("detect", "obb", "segment", "pose"):
        reference = Ultralytics(kRoot / f"data/shapes/{task}.onnx")
        picture = shapes[1] if task == "detect" else kRoot / f"data/shapes/{task}/images/{shapes[1].name}"
        found = reference.predict([picture], setting)[0]
        found = found.pick(np.flatnonzero(found.scores > setting.conf + 2 * kScoreNoise))
        candidates = Candidates(reference.raws[0], setting)
        middle = len(found) // 2

        def changed(classes=0, score=0.0, point=0.0, at=2, confidence=0.0, mask=0) -> Found:
            copy = found.pick(np.arange(len(found)))
            copy.classes[middle] += classes
            copy.scores[middle] += score
            copy.points[middle, at] += point
            if confidence:
                copy.confidences[middle, -1] += confidence
            if mask:  # so many pixels outside the object's box
                pixels = copy.mask(middle)
                free = np.flatnonzero(~pixels)
                pixels.flat[free[:mask]] = True
                copy.masks[middle] = pack(pixels)
            return copy.pick(np.argsort(-copy.scores, kind="stable"))

        order = np.arange(len(found))
        cases = [
            ("the same", found, False), ("box 0.4 px off", changed(point=0.4), False),
            ("score 0.0009 off", changed(score=-0.0009), False), ("box 0.6 px off", changed(point=0.6), True),
            ("score 0.0011 off", changed(score=-0.0011), True), ("another class", changed(classes=1), True),
            ("one object missing", found.without(middle), True), ("the last object missing", found.without(-1), True),
            ("an object twice", found.pick(np.insert(order, middle, middle)), True),
            ("in reverse order", found.pick(order[::-1]), True), ("no object", found.pick(order[:0]), True),
        ]
        if task == "obb":
            other = changed()
            other.points[middle] = np.roll(other.points[middle], 2)
            cases.append(("corners in another order", other, True))
        if task == "pose":
            cases += [("keypoint 0.4 px off", changed(point=0.4, at=-1), False),
                      ("keypoint 0.6 px off", changed(point=0.6, at=-1), True),
                      ("keypoint's confidence 0.002 off", changed(confidence=0.002), True)]
        if task == "segment":
            area = np.count_nonzero(found.mask(middle))
            small = changed()
            small.masks[middle] = pack(small.mask(middle)[:-1])
            cases += [("mask 0.5 % larger", changed(mask=area // 200), False),
                      ("mask 2 % larger", changed(mask=area // 50), True), ("mask of another size", small, True)]
        for name, ours, mismatches in cases:
            check(f"{task}: {name}", compare(found, ours, setting, lambda: candidates), mismatches, [])

    # Made up: two boxes, each of one of two classes, 100 px wide and high, the second `shift` px to the right. The
    # reference keeps both, the other side only the first.
    def pair(shift: float, scores, setting: Setting, classes=(0, 0), second=0.0, swap=False, task="detect",
             end2end=False) -> Comparison:
        raw = np.full((7 if task == "obb" else 6, 2), second, np.float32)
        raw[:4] = np.array([[300, 300 + shift], [300, 300], [100, 100], [100, 100]])
        raw[[4 + c for c in classes], [0, 1]] = scores
        left = np.array([[250 + x, 250, 350 + x, 350] for x in (0, shift)], np.float32)
        points = left
        if task == "obb":
            raw[6] = 0.0
            points = left[:, [2, 3, 2, 1, 0, 1, 0, 3]]
        if end2end:
            raw = np.concatenate((left, np.array([scores, classes]).T), 1).astype(np.float32)
        both = Found(np.array(classes), np.array(scores, np.float32), points)
        sides = (both.without(1), both) if swap else (both, both.without(1))
        known = Raw(task, 2, end2end, raw, None, (640, 640), (640, 640))
        return compare(*sides, setting, lambda: Candidates(known, setting))

    touching = 100 * (1 - 0.7) / (1 + 0.7)  # shift that gives an IoU of 0.7
    agnostic = Setting(0.25, 0.7, agnostic=True)
    full = Setting(0.25, 0.7, maxDet=1)
    # Two boxes of equal size and angle have the probabilistic IoU 1 - sqrt(1 - exp(-shift^2 / (8 variance))), where a
    # side of 100 has the variance 100^2 / 12.
    rotated = (-8 * 100**2 / 12 * np.log(1 - (1 - 0.7) ** 2)) ** 0.5
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
        ("obb: IoU at the threshold", pair(rotated, (0.9, 0.8), setting, task="obb"), False, ["overlap"]),
        ("obb: IoU below the threshold", pair(rotated + 0.2, (0.9, 0.8), setting, task="obb"), True, []),
        ("obb: IoU above the threshold", pair(rotated - 0.2, (0.9, 0.8), setting, task="obb"), True, []),
        ("end to end: IoU at the threshold", pair(touching, (0.9, 0.8), setting, end2end=True), True, []),
        ("end to end: score at the threshold", pair(200, (0.8, 0.25005), setting, end2end=True), False, ["threshold"]),
    ):
        check(name, result, mismatches, reasons)

    # Made up: a mask that is half inside by a hair.
    prototypes = np.full((2, 160, 160), 1.0, np.float32)
    output = np.array([[300, 300, 100, 100, 0.8, 1.0, -1.0]], np.float32).T

    def maskOf(difference: float) -> Comparison:
        prototypes[1, :, 75:] = 1 + difference  # the right half is outside, by `difference`
        prototypes[1, :, :75] = 0.5
        raw = Raw("segment", 1, False, output, prototypes, (640, 640), (640, 640))
        pixels = np.zeros((2, 640, 640), bool)
        pixels[0, 250:350, 250:298], pixels[1, 250:350, 250:350] = True, True
        sides = [Found(np.zeros(1, int), output[4], np.array([[250, 250, 350, 350]], np.float32),
                       masks=[pack(mask)]) for mask in pixels]
        return compare(*sides, setting, lambda: Candidates(raw, setting))

    check("segment: pixels with logits of nearly zero", maskOf(1e-5), False, ["mask"])
    check("segment: pixels with logits of not nearly zero", maskOf(1e-2), True, [])

    probabilities = np.array([0.1, 0.5, 0.20004, 0.2], np.float32)
    best = Top(np.array([1, 2, 3]), probabilities[[1, 2, 3]])
    for name, classes, scores, mismatches, reasons in (
        ("the same", [1, 2, 3], 0.0, False, []), ("scores 0.002 off", [1, 2, 3], 0.002, True, []),
        ("equal classes in another order", [1, 3, 2], 0.0, False, ["order", "order"]),
        ("other classes in another order", [2, 1, 3], 0.0, True, []), ("too few", [1, 2], 0.0, True, []),
    ):
        ours = Top(np.array(classes), probabilities[[1, 2, 3]][: len(classes)] + np.float32(scores))
        check(f"classify: {name}", compareTop(best, ours, probabilities), mismatches, reasons)
    print("FAILED" if failures else "PASSED")
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=kRoot / "build/bin/trtyolo")
    parser.add_argument("--models", type=Path, default=kRoot / "build/parity/models", help="made if not there")
    parser.add_argument("--work", type=Path, default=kRoot / "build/parity", help="folder for pictures")
    parser.add_argument("--set", choices=["all", "detectors", "trained", "families", "maps"], default="all",
                        help="detectors at full size, the trained models of data/, all families and tasks, semantic "
                             "segmentation and depth, or all")
    parser.add_argument("--only", default="", help="only models whose path has this text")
    parser.add_argument("--extra", action="append", default=[], metavar="MODEL[=REFERENCE.onnx]")
    parser.add_argument("--candidate", choices=["program", "openvino"], default="program")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    LOGGER.setLevel(logging.ERROR)
    try:
        street, shapes = makePictures(arguments.work / "pictures")
        sets = {
            "detectors": lambda: detectorCases(arguments.models, street, shapes),
            "trained": lambda: trainedCases(street, shapes),
            "families": lambda: familyCases(arguments.models, street, shapes),
        }
        if arguments.set == "maps":
            return 0 if compareMaps(arguments.program, arguments.models, street + shapes, arguments.only) else 1
        cases = [case for name, make in sets.items() if arguments.set in ("all", name) for case in make()]
        for extra in arguments.extra:
            model, _, reference = extra.partition("=")
            cases.append(Case(Path(model), Path(reference or model), street + shapes, kSettings))
        cases = [case for case in cases if arguments.only in str(case)]
        if arguments.self_test:
            return selfTest(shapes)
        if not cases:
            print(f"no model's path has \"{arguments.only}\"", file=sys.stderr)
            return 2
        if arguments.candidate == "program" and not arguments.program.is_file():
            print(f"{arguments.program} is not there: build it (scripts/build), or name it with --program",
                  file=sys.stderr)
            return 2
        makeModels(cases, arguments.models)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    status = compareAll(cases, arguments)
    if arguments.set == "all" and arguments.candidate == "program" and not arguments.extra:
        status |= 0 if compareMaps(arguments.program, arguments.models, street + shapes, arguments.only) else 1
    return status


def compareAll(cases: list[Case], arguments: argparse.Namespace) -> int:
    failed, totals = False, {}
    reference, standIn = None, None  # of one model at a time: they remember much
    print("| model | setting | pictures | objects | most in one | pixels | score | mask IoU | undecided | mismatches |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for case in sorted(cases, key=lambda case: case.reference):
        if reference is None or reference.model != case.reference:
            reference, standIn = Ultralytics(case.reference), None
        for setting in case.settings:
            wanted = reference.predict(case.pictures, setting)
            if arguments.candidate == "openvino":
                standIn = standIn or Ultralytics(case.reference, openvino=True)
                given = standIn.predict(case.pictures, setting)
            else:
                try:
                    given = programPredict(arguments.program, case.model, reference.task, len(reference.net.names),
                                           case.pictures, setting, case.options)
                except (RuntimeError, KeyError, ValueError) as error:
                    print(f"| {case} | {setting} | failed: see the message |", flush=True)
                    print(f"  {case}: {type(error).__name__}: {error}", file=sys.stderr)
                    failed = True
                    break
            results = []
            for a, b, raw in zip(wanted, given, reference.raws, strict=True):
                if reference.task == "classify":
                    results.append(compareTop(a, b, raw))
                else:
                    results.append(compare(a, b, setting, lambda raw=raw: Candidates(raw, setting)))
            undecided = sum(len(r.undecided) for r in results)
            mismatches = sum(len(r.mismatches) for r in results)
            failed |= mismatches > 0 or undecided > kMostUndecided
            objects = sum(map(len, wanted))
            pixels, score = (max(getattr(r, name) for r in results) for name in ("pixels", "score"))
            mask = min(r.mask for r in results) if reference.task == "segment" else None
            print(f"| {case} | {setting} | {len(case.pictures)} | {objects} | {max(map(len, wanted))} | {pixels:.1e} | "
                  f"{score:.1e} | {shown(mask)} | {undecided} | {mismatches} |", flush=True)
            total = totals.setdefault(str(case), [reference.task, 0, 0, 0, 0.0, 0.0, mask, 0, 0])
            total[1:] = [total[1] + 1, total[2] + len(case.pictures), total[3] + objects, max(total[4], pixels),
                         max(total[5], score), mask if mask is None else min(total[6], mask), total[7] + undecided,
                         total[8] + mismatches]
            for picture, result in zip(case.pictures, results):
                for line in result.mismatches + result.undecided:
                    print(f"  {case}: {picture.name}: {line}", file=sys.stderr)
    print("\n| model | task | settings | pictures in all | objects in all | pixels | score | mask IoU | undecided | "
          "mismatches |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, (task, settings, pictures, objects, pixels, score, mask, undecided, mismatches) in totals.items():
        print(f"| {name} | {task} | {settings} | {pictures} | {objects} | {pixels:.1e} | {score:.1e} | {shown(mask)} | "
              f"{undecided} | {mismatches} |")
    print("\nFAILED" if failed else "\nPASSED")
    return 1 if failed else 0


def shown(mask: float | None) -> str:
    return "" if mask is None else f"{np.floor(mask * 1e4) / 1e4:.4f}"


if __name__ == "__main__":
    sys.exit(main())
