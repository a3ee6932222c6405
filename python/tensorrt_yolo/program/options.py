"""What commands share: options, and the progress bar."""

from __future__ import annotations

import argparse
import inspect
import math
import re
import sys
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

import tensorrt_yolo as ty

_LAYOUTS: Any = {"auto": "auto", "scores": "class_scores", "objectness": "objectness", "end2end": "end_to_end"}
_MOST = 1024  # streams, threads, clones


def bar(total: float | None, what: str, *, quiet: bool, unit: str = "", form: str | None = None) -> Any:
    """A progress bar on standard error, if that is a terminal, when the work takes more than a second."""
    hidden = quiet or not sys.stderr.isatty()
    return tqdm(total=total, desc=what, unit=unit, delay=1, leave=False, disable=hidden, bar_format=form)


def add_model(command: argparse.ArgumentParser, *, runs: bool = True) -> None:
    """How the model is loaded; without `runs` how its file is read, and nothing of how it runs."""
    add = command.add_argument_group("model").add_argument
    words = "network input, 640 or 480x640 (height x width); dynamic models only"
    add("--imgsz", dest="network_size", type=size, metavar="N|HxW", help=words)
    if runs:
        add("--batch", type=whole(1), metavar="N", help="images per call of the network (default: 1)")
        words = "compute in 16 bits, where the processor or GPU is faster with them"
        add("--half", dest="precision", action="store_const", const="auto", help=words)
    add("--task", choices=ty.MODELS, metavar="TASK", help=f"of a model that does not say: {', '.join(ty.MODELS)}")
    add("--labels", metavar="FILE", help="names of the classes, one a line, in place of the model's")
    layouts = "auto, scores (YOLOv8 and later), objectness (YOLOv5, YOLOv7, YOLOX) or end2end (YOLOv10, YOLO26)"
    words = f"of an output that the file does not tell: {layouts}"
    add("--layout", choices=_LAYOUTS, default="auto", metavar="NAME", help=words)
    words = "whose file it is, where the file does not tell: ultralytics, yolov5, yolov7, yolox, yolonas, rfdetr, ..."
    add("--family", metavar="NAME", help=words)
    words = "the network takes colours as BGR (YOLOX), not RGB"
    add("--bgr", dest="bgr_network", action="store_const", const=True, help=words)
    words = "value of the brightest pixel in the network's input: 1, or 255 (YOLOX) (default: the family's)"
    add("--scale", dest="pixel_scale", type=_positive, metavar="N", help=words)
    words = "where images lie in the network's input: center, topleft (YOLOX), stretch (DETR), auto (the family's)"
    add("--letterbox", choices=("auto", "center", "topleft", "stretch"), default="auto", metavar="NAME", help=words)
    if not runs:
        return
    words = "how much of the network runs: cut (up to its last convolutions), whole, or auto: cut where it can be"
    add("--head", choices=("auto", "whole", "cut"), default="auto", metavar="NAME", help=words)
    words = "what becomes of a file that holds a self-test and fails it: warn (default), refuse, or off: it is not run"
    add("--self-test", choices=("off", "warn", "refuse"), default="warn", metavar="NAME", help=words)
    words = "openvino (CPU), tensorrt (GPU), or auto (default): TensorRT where a GPU can be used"
    add("--backend", choices=("auto", "openvino", "tensorrt"), default="auto", metavar="NAME", help=words)
    words = "cpu, or the number of a GPU (default: GPU 0 where it can be used, else cpu)"
    add("--device", type=_device, metavar="cpu|N", help=words)
    words = "GPU: a library with plugins of TensorRT that the engine needs; can be given again"
    add("--plugins", dest="plugin_libraries", action="append", metavar="FILE", help=words)
    add("--streams", type=whole(0, _MOST), metavar="N", help="predictions side by side on a CPU; 0: what suits it")
    add("--threads", type=whole(1, _MOST), metavar="N", help="threads on a CPU (default: one a core)")


def add_objects(command: argparse.ArgumentParser) -> None:
    """What counts as found."""
    add = command.add_argument_group("objects").add_argument
    words = "objects must score more (0.25)"
    add("--conf", dest="confidence", type=share, default=0.25, metavar="0..1", help=words)
    words = "of two boxes that overlap more the lower score is dropped (0.7)"
    add("--iou", type=share, default=0.7, metavar="0..1", help=words)
    words = "most objects in an image (300)"
    add("--max-det", dest="max_detections", type=whole(1), default=300, metavar="N", help=words)
    words = "keep these classes only, by number or name: 0,2 or 'car,traffic light'"
    add("--classes", dest="kept", type=_classes, default=[], action="append", metavar="N|NAME,...", help=words)
    add("--agnostic", action="store_const", const=True, help="boxes of different classes drop each other too")
    add("--topk", dest="top_k", type=whole(1), default=5, metavar="N", help="classify: classes that are given (5)")
    words = "segment: masks of the size of the network's input"
    add("--no-retina-masks", dest="retina_masks", action="store_false", help=words)


def add_devices(add: Callable[..., Any]) -> None:
    """Several GPUs, of a command that has a pool."""
    words = "GPUs among which images are spread, in the place of --device: 0,1, or all"
    add("--devices", type=_devices, metavar="N,...|all", help=words)


def infer_option(options: argparse.Namespace) -> ty.InferOption:
    """The option that the arguments of add_model(), and add_objects() if there, ask for. Arrays are BGR."""
    values = arguments_of(ty.InferOption, options)
    values["swap_rb"] = True
    values["layout"] = _LAYOUTS[options.layout]
    if options.labels:
        values["names"] = ty.generate_labels(options.labels)
    device = getattr(options, "device", None)
    if device is not None:
        wanted = "openvino" if device == "cpu" else "tensorrt"
        if options.backend not in ("auto", wanted):
            raise ValueError(f"--device {device} asks for {wanted}, and --backend says {options.backend}")
        values["backend"] = wanted
        values["device_id"] = device if wanted == "tensorrt" else None
    devices = getattr(options, "devices", None)
    if devices is not None and device is not None:
        raise ValueError("--device names one GPU, and --devices several: give one of them")
    if devices and devices != "all":
        values["device_id"] = devices[0]
    return ty.InferOption(**values)


def arguments_of(function: Callable[..., Any], options: argparse.Namespace) -> dict[str, Any]:
    """Those options that have the names of the function's arguments."""
    known = inspect.signature(function).parameters
    return {name: value for name, value in vars(options).items() if name in known}


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or int(text) < least or (most is not None and int(text) > most):
            limit = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise argparse.ArgumentTypeError(f"a whole number {limit} was expected, found {text!r}")
        return int(text)

    return read


def _classes(text: str) -> str:
    if not text.strip(", "):
        raise argparse.ArgumentTypeError(f"classes were expected, found {text!r}")
    return text


def size(text: str) -> tuple[int, int]:
    """Reads 640 or 480x640, height and width; gives width and height."""
    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"640 or 480x640 (height x width) was expected, found {text!r}")
    return int(found[2] or found[1]), int(found[1])


def share(text: str) -> float:
    """Reads a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 was expected, found {text!r}")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"a number above 0 was expected, found {text!r}")
    return value


def _devices(text: str) -> str | list[int]:
    if text == "all":
        return text
    if not re.fullmatch(r"\d{1,4}(,\d{1,4})*", text):
        raise argparse.ArgumentTypeError(f"numbers of GPUs (0,1) or all were expected, found {text!r}")
    return [int(number) for number in text.split(",")]


def _device(text: str) -> str | int:
    if text == "cpu":
        return text
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"cpu or the number of a GPU was expected, found {text!r}")
    return int(text)
