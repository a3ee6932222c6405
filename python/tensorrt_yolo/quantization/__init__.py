"""Quantizing models to eight bits, and what that costs: quantize().

`python -m tensorrt_yolo quantize` runs it. It needs the packages of the extra `quantize`: pip install
'trtyolo[quantize]'.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from tensorrt_yolo.option import InferOption

if TYPE_CHECKING:
    from tensorrt_yolo.quantization.job import Progress
    from tensorrt_yolo.quantization.report import QuantizeReport


def quantize(
    model: str | os.PathLike[str],
    data: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    precision: Literal["int8", "fp8"] = "int8",
    max_drop: float | None = None,
    report: str | os.PathLike[str] | None = None,
    calibration: int = 300,
    weight_bits: Literal[7, 8] = 8,
    search_seconds: float = 600,
    seed: int = 0,
    restart: bool = False,
    option: InferOption | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> QuantizeReport:
    """Quantizes a model after training, by NNCF, and reports what that costs. Takes minutes.

    The decoding behind the last layers stays in real numbers. So do other layers if more than the goal is lost without:
    groups of layers are tried one after the other, and as many are left in real numbers as it takes. The goal is
    max_drop, or 0.01 (of a classifier's top-1 0.005; without labels a twentieth of the objects).

    The same arguments give the same network, and so the same figures, on the same machine with the same packages.
    Files are complete or not there: what is not finished is in the folder OUTPUT.job. There is also what was measured;
    a call that was ended goes on with that when it is made again. Calibration is done again.

    model          .onnx or .xml (OpenVINO IR), in f32
    data           pictures to calibrate with and to measure on: Ultralytics' data.yaml, whose `train` is calibrated
                   with and whose `val` is measured on; or a folder or a pattern of pictures, of which a third is
                   measured on. Labels in Ultralytics' layout are found beside them: images/1.jpg, labels/1.txt; of a
                   classifier the folder of a picture is called like its class
    output         .xml: OpenVINO IR for CPUs, weights in the .bin beside it; .onnx: ONNX with Q/DQ, symmetric and
                   signed, for TensorRT, of an .onnx only
    precision      "int8"; "fp8" is for GPUs that have it, and .onnx only
    max_drop       most that may be lost: of mAP50-95 (boxes, masks, keypoints) or top-1, 0 to 1; without labels of the
                   share of objects that the f32 model and the quantized one agree about
    report         folder for the report (report.json, report.md, worst.jpg); None: the output's name with -report
    calibration    most pictures to calibrate with
    weight_bits    7: for processors without VNNI, which add up products of eight bits wrongly
    search_seconds most time for finding layers that are better left in real numbers; 0: none are looked for
    seed           which pictures are calibrated with
    restart        what an earlier call has left is not used
    option         with which the model is loaded (task, names, size and so on); arrays play no part
    progress       called from time to time

    Raises TooMuchLost, an Error with the report, if more than max_drop is lost; nothing is written then but the report.
    ModelError if the model cannot be read, or is quantized already; FileNotFoundError if there are no pictures;
    ValueError for pictures of which none can be read, for labels that do not fit the model, and for arguments that make
    no sense; BlockingIOError while another process makes the same output; ImportError if a package of the extra is
    missing.
    """
    from tensorrt_yolo.quantization.checks import checked

    settings = checked(
        model, data, output, precision, max_drop, report, calibration, weight_bits, search_seconds, seed, restart
    )
    from tensorrt_yolo.quantization.job import Job

    kept = copy.copy(option) if option is not None else InferOption()
    return Job(settings, kept, progress or (lambda _: None)).run()
