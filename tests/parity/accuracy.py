"""Accuracy of the program over the validation pictures of data/shapes, beside Ultralytics' own.

    python accuracy.py [--program build/bin/trtyolo] [--task TASK ...] [--candidate predict] [--json FILE]

Ultralytics' validator does the sums for all: its matching, its average precision, its IoU of boxes and masks, its
probabilistic IoU of oriented boxes, its OKS of keypoints. It is run on each model with several kinds of answers, all in
f32 on the CPU with confidence kConfidence (of OBB kObbConfidence, as the validator has it), IoU 0.7, at most 300
objects:

    validator           its own, as `yolo val` has them
    same grid           its own; of segmenters with masks of the network's size (mask_ratio=1) instead of 160 by 160
    program, all        `trtyolo predict --json` in the place of its own answers, with all classes of an anchor (below)
    predict             Ultralytics' predict() in their place
    program             `trtyolo predict --json` in their place

A validator lets one anchor answer with several classes (multi_label), where predict(), and the program with it, takes
the best one. So "program" is judged by "predict", which makes the same promise. To be judged by the validator as well,
the program also runs a copy of the model whose output has each anchor once for each class, with the scores of the other
classes set to zero ("program, all"): its suppression then sees what the validator's sees. What is left between the two
is that the program clips boxes to the picture.

Exit status: 0 if each pair of figures agrees within kTolerance, else 1; 2 if it cannot run.
"""
import argparse
import json
import logging
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from answers import Ultralytics, fromJson, runProgram
from comparison import Found, Setting, Top
from ultralytics import YOLO
from ultralytics.models.yolo.detect import val as detectVal
from ultralytics.models.yolo.obb import OBBValidator
from ultralytics.models.yolo.pose import PoseValidator
from ultralytics.models.yolo.segment import SegmentationValidator
from ultralytics.utils import LOGGER, YAML, ops

kRoot = Path(__file__).resolve().parents[2]
kData = kRoot / "data/shapes"
kTasks = ["detect", "obb", "segment", "pose", "classify"]
kConfidence, kObbConfidence, kIou = 0.001, 0.01, 0.7
kTolerance = 1e-3
kFigures = {"detect": {"boxes": "metrics/mAP50-95(B)"}, "obb": {"boxes": "metrics/mAP50-95(B)"},
            "segment": {"boxes": "metrics/mAP50-95(B)", "masks": "metrics/mAP50-95(M)"},
            "pose": {"boxes": "metrics/mAP50-95(B)", "keypoints": "metrics/mAP50-95(P)"},
            "classify": {"top-1": "metrics/accuracy_top1", "top-5": "metrics/accuracy_top5"}}
kKinds = ["validator", "same grid", "program, all", "predict", "program"]
kValidators = {"detect": detectVal.DetectionValidator, "obb": OBBValidator, "segment": SegmentationValidator,
               "pose": PoseValidator}


def validator(task: str, answers: dict[str, Found] | None, networkMasks: bool):
    """The task's validator; with `answers`, by path, in the place of the network's. Masks on the network's grid need
    networkMasks, and those of answers are such."""

    class Validator(kValidators[task]):
        def init_metrics(self, model):
            super().init_metrics(model)
            if networkMasks and task == "segment":
                self.process = ops.process_mask_native

        def preprocess(self, batch):
            self.batch = super().preprocess(batch)
            return self.batch

        def postprocess(self, preds):
            if answers is None:
                return super().postprocess(preds)
            return [self.asked(i, answers[path]) for i, path in enumerate(self.batch["im_file"])]

        def asked(self, index: int, found: Found) -> dict[str, torch.Tensor]:
            """An answer in pixels of the letterboxed picture, where the validator measures."""
            (gainY, gainX), (padX, padY) = self.batch["ratio_pad"][index]
            scale, pad = np.float32([gainX, gainY]), np.float32([padX, padY])
            points = torch.from_numpy(found.points.reshape(len(found), -1, 2) * scale + pad)
            answer = {"conf": torch.from_numpy(found.scores), "cls": torch.from_numpy(found.classes).float()}
            if task == "obb":
                answer["bboxes"] = fromCorners(points)
            else:
                answer["bboxes"] = points[:, :2].flatten(1)
            if task == "pose":
                confidences = torch.from_numpy(found.confidences.reshape(len(found), points.shape[1] - 2))
                answer["keypoints"] = torch.cat((points[:, 2:], confidences[..., None]), 2)
            if task == "segment":
                shape = tuple(self.batch["img"].shape[2:])
                masks = [found.mask(i) for i in range(len(found))]
                assert all(mask.shape == shape for mask in masks)
                stack = np.stack(masks) if masks else np.zeros((0, *shape), bool)
                answer["masks"] = torch.from_numpy(stack.astype(np.uint8))
            return answer

    return Validator


def fromCorners(corners: torch.Tensor) -> torch.Tensor:
    """Centre, width, height and angle of oriented boxes, from [n, 4, 2] in Ultralytics' order."""
    along, across = corners[:, 0] - corners[:, 3], corners[:, 0] - corners[:, 1]
    return torch.cat((corners.mean(1), along.norm(dim=1)[:, None], across.norm(dim=1)[:, None],
                      torch.atan2(along[:, 1], along[:, 0])[:, None]), 1)


def namesOf(task: str) -> dict[int, str]:
    """Those of the task's classes."""
    net = YOLO(str(kData / f"{task}.onnx"), task=task)
    return net.predict(np.zeros((64, 64, 3), np.uint8), verbose=False, device="cpu")[0].names


def layOut(task: str, folder: Path) -> tuple[Path, list[Path]]:
    """The task's pictures and labels as the validator wants them, and the paths of the pictures there. Copies: it
    writes files of its own beside them."""
    source = kData if task == "detect" else kData / task
    if task == "classify":
        for split in ("train", "val"):  # it insists on both
            shutil.copytree(source / "images", folder / split)
        return folder, sorted((folder / "val").rglob("*.jpg"))
    for name in ("images", "labels"):
        shutil.copytree(source / name, folder / name)
    description = {"path": str(folder), "train": "images", "val": "images", "names": namesOf(task)}
    if task == "pose":
        points = (source / "labels").glob("*.txt")
        values = next(len(line.split()) for file in points for line in file.read_text().splitlines())
        description["kpt_shape"] = [(values - 5) // 3, 3]
    YAML.save(folder / "data.yaml", description)
    return folder / "data.yaml", sorted((folder / "images").glob("*.jpg"))


def figuresOf(metrics: dict, task: str) -> dict[str, float]:
    return {name: float(metrics[key]) for name, key in kFigures[task].items()}


def topFigures(answers: dict[Path, Top], names: dict[int, str]) -> dict[str, float]:
    """Shares of the pictures whose folder is the name of the best class, and of one of the five best."""
    right = [[names[int(c)] == path.parent.name for c in top.classes] for path, top in answers.items()]
    return {"top-1": float(np.mean([r[0] for r in right])), "top-5": float(np.mean([any(r[:5]) for r in right]))}


def programAnswers(program: Path, model: Path, task: str, pictures: list[Path], setting: Setting,
                   options: tuple[str, ...] = ()) -> dict[Path, Found] | dict[Path, Top]:
    """What the program finds in each picture."""
    command = [program, "predict", model, *pictures, "--json", "-", "--quiet", *options]
    if task != "classify":
        command += ["--conf", setting.conf, "--iou", setting.iou, "--max-det", setting.maxDet]
    command += ["--no-retina-masks"] if task == "segment" else []
    images = runProgram(command)["images"]
    given = {Path(image["source"]): fromJson(image, task) for image in images}
    if list(given) != pictures:
        raise RuntimeError("the program answers for other pictures than asked for")
    return given


def settingOf(task: str) -> Setting:
    return Setting(kObbConfidence if task == "obb" else kConfidence, kIou, networkMasks=True)


def validation(task: str, data: Path, scratch: Path) -> dict:
    """What Ultralytics' val() is told."""
    setting = settingOf(task)
    return dict(data=str(data), imgsz=224 if task == "classify" else 640, batch=1, device="cpu", plots=False,
                verbose=False, conf=setting.conf, iou=setting.iou, max_det=setting.maxDet,
                project=str(scratch), name="runs", exist_ok=True)


def oneClassAnAnchor(model: Path, target: Path, classes: int) -> None:
    """Writes a copy of the model whose output [1, 4 + classes + extra, anchors] has each anchor once for each class."""
    network = onnx.load(str(model))
    graph, output = network.graph, network.graph.output[0]
    rows, anchors = (dimension.dim_value for dimension in output.type.tensor_type.shape.dim[1:])
    for node in graph.node:
        node.output[:] = ["best" if name == output.name else name for name in node.output]
        node.input[:] = ["best" if name == output.name else name for name in node.input]
    for c in range(classes):
        keep = np.ones((1, rows, 1), np.float32)
        keep[0, 4 : 4 + classes] = 0
        keep[0, 4 + c] = 1
        graph.initializer.append(onnx.numpy_helper.from_array(keep, f"keep{c}"))
        graph.node.append(onnx.helper.make_node("Mul", ["best", f"keep{c}"], [f"class{c}"]))
    graph.node.append(onnx.helper.make_node("Concat", [f"class{c}" for c in range(classes)], [output.name], axis=2))
    output.type.tensor_type.shape.dim[2].dim_value = classes * anchors
    onnx.save(network, str(target))


def measure(task: str, arguments: argparse.Namespace) -> tuple[dict[str, dict[str, float]], int]:
    """Figures by answerer, and how many pictures."""
    model = kData / f"{task}.onnx"
    setting = settingOf(task)
    with tempfile.TemporaryDirectory() as scratch:
        data, pictures = layOut(task, Path(scratch))
        net = YOLO(str(model), task=task)
        common = validation(task, data, Path(scratch))

        def candidate(file: Path):
            if arguments.candidate == "predict":
                return dict(zip(pictures, Ultralytics(file).predict(pictures, setting)))
            return programAnswers(arguments.program, file, task, pictures, setting)

        reference = Ultralytics(model)
        names = reference.net.names
        asked = dict(zip(pictures, reference.predict(pictures, setting)))
        if task == "classify":
            return {"validator": figuresOf(net.val(**common).results_dict, task), "predict": topFigures(asked, names),
                    "program": topFigures(candidate(model), names)}, len(pictures)

        def validated(answers=None, grid=True) -> dict[str, float]:
            extra = dict(mask_ratio=1, overlap_mask=False) if grid and task == "segment" else {}
            answers = answers and {str(path): found for path, found in answers.items()}
            return figuresOf(net.val(validator=validator(task, answers, grid), **common, **extra).results_dict, task)

        figures = {"validator": validated(grid=False)}
        figures["same grid"] = validated() if task == "segment" else figures["validator"]
        figures["predict"], figures["program"] = validated(asked), validated(candidate(model))
        several = model
        if len(names) > 1:
            several = Path(scratch) / model.name
            oneClassAnAnchor(model, several, len(names))
        figures["program, all"] = validated(candidate(several))
        return figures, len(pictures)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, default=kRoot / "build/bin/trtyolo")
    parser.add_argument("--task", choices=kTasks, action="append", help="only this task; may be repeated")
    parser.add_argument("--candidate", choices=["program", "predict"], default="program",
                        help="predict: Ultralytics' predict() in the program's place as well")
    parser.add_argument("--json", type=Path, help="writes the figures there too")
    arguments = parser.parse_args()
    LOGGER.setLevel(logging.ERROR)
    if arguments.candidate == "program" and not arguments.program.is_file():
        print(f"{arguments.program} is not there: build it (scripts/build), or name it with --program", file=sys.stderr)
        return 2
    failed, everything = False, {}
    print(f"| task | figure | pictures | {' | '.join(kKinds)} | judged |")
    print(f"|---|---|---|{'---|' * len(kKinds)}---|")
    for task in arguments.task or kTasks:
        try:
            figures, pictures = measure(task, arguments)
        except (RuntimeError, KeyError, ValueError) as error:
            print(f"{task}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = True
            continue
        everything[task] = figures
        for name in kFigures[task]:
            pairs = [("validator", "program")] if task == "classify" else [("same grid", "program, all")]
            good = all(abs(figures[a][name] - figures[b][name]) <= kTolerance
                       for a, b in [*pairs, ("predict", "program")])
            failed |= not good
            shown = [f"{figures[kind][name]:.5f}" if kind in figures else "" for kind in kKinds]
            print(f"| {task} | {name} | {pictures} | {' | '.join(shown)} | {'equal' if good else 'DIFFERENT'} |",
                  flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1) + "\n")
    print("\nFAILED" if failed else "\nPASSED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
