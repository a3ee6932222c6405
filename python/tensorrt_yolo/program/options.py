"""Options that commands share."""

from __future__ import annotations

import argparse
import re

import tensorrt_yolo as ty

_LAYOUTS = {"auto": "auto", "scores": "class_scores", "objectness": "objectness", "end2end": "end_to_end"}
_MOST = 1024  # clones, streams, threads


def add_model(command: argparse.ArgumentParser) -> None:
    """How the model is loaded."""
    group = command.add_argument_group("model")
    group.add_argument(
        "--imgsz",
        type=size,
        metavar="N|HxW",
        help="network input, 640 or 480x640 (height x width); dynamic models only",
    )
    group.add_argument("--batch", type=whole(1), metavar="N", help="images per call of the network (default: 1)")
    group.add_argument(
        "--half", action="store_true", help="compute in 16 bits, where the processor or GPU is faster with them"
    )
    group.add_argument(
        "--task", choices=ty.MODELS, metavar="TASK", help=f"of a model that does not say: {', '.join(ty.MODELS)}"
    )
    group.add_argument("--labels", metavar="FILE", help="names of the classes, one a line, in place of the model's")
    group.add_argument(
        "--layout",
        choices=_LAYOUTS,
        default="auto",
        metavar="NAME",
        help="of an output that the file does not tell: auto, scores (YOLOv8 and later), objectness (YOLOv5, YOLOv7, "
        "YOLOX) or end2end (YOLOv10, YOLO26)",
    )
    group.add_argument(
        "--backend",
        choices=("auto", "openvino", "tensorrt"),
        default="auto",
        metavar="NAME",
        help="openvino (CPU), tensorrt (GPU), or auto (default): TensorRT where a GPU can be used",
    )
    group.add_argument(
        "--device",
        type=_device,
        metavar="cpu|N",
        help="cpu, or the number of a GPU (default: GPU 0 where it can be used, else cpu)",
    )
    group.add_argument(
        "--streams", type=whole(0, _MOST), metavar="N", help="predictions side by side on a CPU; 0: what suits it"
    )
    group.add_argument("--threads", type=whole(1, _MOST), metavar="N", help="threads on a CPU (default: one a core)")


def add_objects(command: argparse.ArgumentParser) -> None:
    """What counts as found."""
    group = command.add_argument_group("objects")
    group.add_argument("--conf", type=_share, default=0.25, metavar="0..1", help="objects must score more (0.25)")
    group.add_argument(
        "--iou",
        type=_share,
        default=0.7,
        metavar="0..1",
        help="of two boxes that overlap more the lower score is dropped (0.7)",
    )
    group.add_argument("--max-det", type=whole(1), default=300, metavar="N", help="most objects in an image (300)")
    group.add_argument("--classes", type=numbers(0), metavar="N,N", help="keep these classes only, by number: 0,2")
    group.add_argument("--agnostic", action="store_true", help="boxes of different classes drop each other too")
    group.add_argument("--topk", type=whole(1), default=5, metavar="N", help="classify: classes that are given (5)")
    group.add_argument(
        "--no-retina-masks", action="store_true", help="segment: masks of the size of the network's input"
    )


def infer_option(options: argparse.Namespace) -> ty.InferOption:
    """The option that the arguments of add_model(), and add_objects() if there, ask for. Arrays are BGR."""
    option = ty.InferOption(swap_rb=True, backend=options.backend, layout=_LAYOUTS[options.layout])
    if options.device == "cpu":
        if options.backend == "tensorrt":
            raise ValueError("--backend tensorrt needs a GPU, and --device says cpu")
        option.set_backend("openvino")
    elif options.device is not None:
        if options.backend == "openvino":
            raise ValueError(f"--backend openvino runs on the CPU, and --device says GPU {options.device}")
        option.set_backend("tensorrt").set_device_id(options.device)
    if options.task:
        option.set_task(options.task)
    if options.labels:
        option.set_names(ty.generate_labels(options.labels))
    if options.imgsz:
        option.set_network_size(options.imgsz[1], options.imgsz[0])
    if options.half:
        option.set_precision("auto")
    for value, setter in (
        (options.batch, option.set_batch),
        (options.streams, option.set_streams),
        (options.threads, option.set_threads),
    ):
        if value is not None:
            setter(value)
    if "conf" in options:
        option.set_confidence(options.conf).set_iou(options.iou).set_max_detections(options.max_det)
        option.set_agnostic(options.agnostic).set_top_k(options.topk).set_retina_masks(not options.no_retina_masks)
        if options.classes:
            option.set_classes(options.classes)
    return option


def whole(least: int, most: int | None = None):
    """Reads a whole number in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or int(text) < least or (most is not None and int(text) > most):
            limit = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise argparse.ArgumentTypeError(f"a whole number {limit} was expected, found {text!r}")
        return int(text)

    return read


def numbers(least: int):
    """Reads whole numbers with commas between them."""
    one = whole(least)
    return lambda text: [one(part) for part in text.split(",")]


def size(text: str) -> tuple[int, int]:
    """Reads 640 or 480x640: height and width."""
    found = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"640 or 480x640 (height x width) was expected, found {text!r}")
    return int(found[1]), int(found[2] or found[1])


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"a number from 0 to 1 was expected, found {text!r}")
    return value


def _device(text: str) -> str | int:
    if text == "cpu":
        return text
    try:
        return whole(0)(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"cpu or the number of a GPU was expected, found {text!r}") from None
