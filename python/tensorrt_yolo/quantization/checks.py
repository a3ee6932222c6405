"""What quantize() is asked for, before anything is done."""

from __future__ import annotations

import importlib.util
import math
import os
from typing import Any

from tensorrt_yolo.quantization.job import Settings

_NEEDED = {"nncf": "nncf", "yaml": "pyyaml", "faster_coco_eval": "faster-coco-eval", "PIL": "pillow"}


def checked(
    model: Any,
    data: Any,
    output: Any,
    precision: str,
    max_drop: float | None,
    report: Any,
    calibration: int,
    weight_bits: int,
    search_seconds: float,
    seed: int,
    restart: bool,
) -> Settings:
    """The settings. Raises ValueError for what makes no sense, ImportError if a package is missing."""
    target = os.fsdecode(output)
    stem, extension = os.path.splitext(target)
    if extension not in (".xml", ".onnx"):
        raise ValueError(f"'{target}': a name that ends with .xml (OpenVINO IR) or .onnx was expected")
    if precision not in ("int8", "fp8"):
        raise ValueError(f'quantize: the precision is "int8" or "fp8", found {precision!r}')
    if precision == "fp8" and extension != ".onnx":
        raise ValueError(f"'{target}': FP8 is for GPUs, by ONNX: give a name that ends with .onnx")
    if max_drop is not None and not 0 <= max_drop <= 1:
        raise ValueError(f"quantize: the most that may be lost is from 0 to 1, found {max_drop}")
    if calibration < 1:
        raise ValueError(f"quantize: at least one picture is needed to calibrate with, found {calibration}")
    if weight_bits not in (7, 8):
        raise ValueError(f"quantize: weights have 7 or 8 bits, found {weight_bits}")
    if not 0 <= search_seconds < math.inf:
        raise ValueError(f"quantize: seconds of at least 0 were expected for the search, found {search_seconds}")
    source = os.fsdecode(model)
    if os.path.realpath(source) == os.path.realpath(target):
        raise ValueError(f"'{target}': the quantized model must have another name than the model")
    folder = os.path.dirname(os.path.realpath(target))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"'{folder}': no such folder to write to")
    _require(extension)
    return Settings(
        source,
        os.fsdecode(data),
        target,
        precision,
        max_drop,
        os.fsdecode(report) if report is not None else stem + "-report",
        calibration,
        weight_bits,
        search_seconds,
        seed,
        restart,
    )


def _require(extension: str) -> None:
    needed = {**_NEEDED, **({"onnx": "onnx", "onnxruntime": "onnxruntime"} if extension == ".onnx" else {})}
    for module, package in needed.items():
        if importlib.util.find_spec(module) is None:
            words = f"quantize needs the package {package!r}, which is not installed"
            raise ImportError(f"{words}: pip install 'trtyolo[quantize]'", name=module)
