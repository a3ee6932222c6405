"""Who answers: Ultralytics' predict() on an ONNX file, and the program trtyolo."""
import hashlib
import json
import os
import subprocess
from pathlib import Path

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from comparison import Found, Raw, Setting, Top  # noqa: E402
from ultralytics import YOLO  # noqa: E402


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


def pack(mask: np.ndarray):
    return np.packbits(mask), mask.shape


def metadataOf(model: Path) -> dict[str, str]:
    """What an ONNX file says of itself."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return dict(session.get_modelmeta().custom_metadata_map)


class Ultralytics:
    """Ultralytics' predict() on an ONNX file, with the raw output of each picture kept beside its result."""

    def __init__(self, model: Path, openvino: bool = False) -> None:
        """With `openvino` OpenVINO runs the network, instead of ONNX Runtime."""
        self.model, self.task = model, metadataOf(model)["task"]
        self.net = YOLO(str(model), task=self.task)
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
        self.raws, self.results = [], []

    def predict(self, pictures: list[Path], setting: Setting) -> list[Found] | list[Top]:
        """Results of each picture; self.raws then holds the Raw of each (of classifiers the probabilities), and
        self.results Ultralytics' own results."""
        self.raws, self.results = [], []
        original = type(self.predictor).postprocess

        def postprocess(preds, img, origs, **kwargs):
            outputs = [output.numpy() for output in (preds if isinstance(preds, (list, tuple)) else [preds])]
            end2end = bool(getattr(self.predictor.model, "end2end", False)) or outputs[0].shape[-1] == 6
            if self.task in ("classify", "semantic", "depth"):
                self.raws.append(outputs[0][0].copy())
            else:
                self.raws.append(Raw(self.task, len(self.net.names), end2end, outputs[0][0].copy(),
                                     outputs[1][0].copy() if self.task == "segment" else None, tuple(img.shape[2:]),
                                     origs[0].shape[:2]))
            return original(self.predictor, preds, img, origs, **kwargs)

        self.predictor.postprocess = postprocess
        for picture in pictures:
            self.results += self.net.predict(
                str(picture), conf=setting.conf, iou=setting.iou, agnostic_nms=setting.agnostic, max_det=setting.maxDet,
                classes=setting.classes(len(self.net.names)), device="cpu", verbose=False,
                retina_masks=not setting.networkMasks)
        if self.task in ("semantic", "depth"):
            return self.results
        return [fromResult(result, self.task) for result in self.results]


def fromResult(result, task: str) -> Found | Top:
    """Ultralytics' result as ours."""
    if task == "classify":
        return Top(np.array(result.probs.top5), result.probs.top5conf.numpy())
    boxes = result.obb if task == "obb" else result.boxes
    points = boxes.xyxyxyxy.flatten(1) if task == "obb" else boxes.xyxy
    found = Found(boxes.cls.numpy().astype(int), boxes.conf.numpy(), points.numpy())
    if task == "pose":
        keypoints = result.keypoints.data.numpy().reshape(len(found), *result.keypoints.data.shape[1:])
        found.points = np.concatenate((found.points, keypoints[..., :2].reshape(len(found), -1)), 1)
        if keypoints.shape[-1] == 3:
            found.confidences = keypoints[..., 2]
    if task == "segment":
        found.masks = [] if result.masks is None else [pack(mask > 0) for mask in result.masks.data.numpy()]
    return found


def cocoMask(size: list[int], counts: str):
    """The mask of COCO's compressed run lengths: bool [height, width], packed."""
    runs, position = [], 0
    while position < len(counts):
        value, shift, more = 0, 0, True
        while more:
            character = ord(counts[position]) - 48
            value |= (character & 0x1F) << shift
            more = bool(character & 0x20)
            position, shift = position + 1, shift + 5
            if not more and character & 0x10:
                value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    if sum(runs) != size[0] * size[1]:
        raise ValueError(f"a mask of {size[1]} x {size[0]} pixels has runs of {sum(runs)}")
    flat = np.repeat(np.arange(len(runs)) % 2, runs)
    return pack(flat.reshape(size[1], size[0]).T.astype(bool))


def fromJson(image: dict, task: str) -> Found | Top:
    """An image of the program's JSON as ours."""
    if task == "classify":
        return Top(np.array([entry["class"] for entry in image["top"]]),
                   np.array([entry["score"] for entry in image["top"]], np.float32))
    objects = image["objects"]
    count = len(objects)
    where = np.array([o["corners" if task == "obb" else "box"] for o in objects], np.float32)
    found = Found(np.array([o["class"] for o in objects], int), np.array([o["score"] for o in objects], np.float32),
                  where.reshape(count, 8 if task == "obb" else 4))
    if task == "pose" and count:
        keypoints = np.array([o["keypoints"] for o in objects], np.float32)
        found.points = np.concatenate((found.points, keypoints[..., :2].reshape(count, -1)), 1)
        found.confidences = keypoints[..., 2] if keypoints.shape[-1] == 3 else None
    if task == "segment":
        found.masks = [cocoMask(o["mask"]["size"], o["mask"]["counts"]) for o in objects]
    return found


def programPredict(program: Path, model: Path, task: str, names: int, pictures: list[Path], setting: Setting,
                   options: list[str]) -> list[Found] | list[Top]:
    """What the program finds in each picture with a model for `task` that has `names` classes."""
    command = [program, "predict", model, *pictures, "--json", "-", "--quiet", "--clones", "2", *options]
    command += [] if task == "classify" else settingOptions(setting, names)
    answer = runProgram(command)
    if answer["task"] != task:
        raise RuntimeError(f"the task is {answer['task']}, not {task}, says: {' '.join(map(str, command))}")
    if [image["source"] for image in answer["images"]] != [str(picture) for picture in pictures]:
        raise RuntimeError(f"other sources than asked for, or in another order, from: {command}")
    return [fromJson(image, answer["task"]) for image in answer["images"]]


def settingOptions(setting: Setting, names: int) -> list:
    options = ["--conf", setting.conf, "--iou", setting.iou, "--max-det", setting.maxDet]
    options += ["--agnostic"] if setting.agnostic else []
    options += ["--no-retina-masks"] if setting.networkMasks else []
    return options + (["--classes", ",".join(map(str, setting.classes(names)))] if setting.filtered else [])


def runProgram(command: list) -> dict:
    """The JSON that the program writes to standard output."""
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode} of {' '.join(command[:3])} ...: {done.stderr.strip()}")
    return json.loads(done.stdout)
