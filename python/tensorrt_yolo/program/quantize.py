"""The command quantize: a model in eight bits, and a report of what that costs."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tensorrt_yolo as ty
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import say

if TYPE_CHECKING:
    from tensorrt_yolo.quantization.job import Progress
    from tensorrt_yolo.quantization.report import QuantizeReport

SUMMARY = "make a model of eight bits, calibrated with pictures, and report what that costs"
EPILOG = """\
--data is Ultralytics' data.yaml, whose train pictures are calibrated with and whose val pictures are measured on, or a
folder or quoted pattern of pictures, of which a third is measured on. Labels are found beside pictures (images/1.jpg,
labels/1.txt); a classifier's pictures are in folders that are called like its classes. Without labels the report says
how far the f32 model and the quantized one agree.

FILE.xml is OpenVINO IR, for CPUs; FILE.onnx has Q/DQ nodes, for TensorRT. --precision fp8 is for GPUs that have it.

Layers that cost too much stay in real numbers: groups of them are tried if more than --max-drop is lost (without it,
0.01 of mAP50-95, 0.005 of top-1, or a twentieth of the objects). With --max-drop, a model that loses more all the same
is not written, and the exit status is 1.

The report is in DIR: report.md, report.json, and worst.jpg, the pictures that the two differ most about. Until all is
done, what was measured is in the folder FILE.job; after Ctrl-C (exit status 130) or SIGTERM (143) the same command goes
on with it. FILE is complete or not there.

Examples:
  tensorrt_yolo quantize yolo11n.onnx --data coco.yaml -o yolo11n-int8.xml --max-drop 0.01
  tensorrt_yolo quantize yolo11n.onnx --data photos -o yolo11n-int8.onnx"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX or OpenVINO IR, in f32")
    words = "pictures: data.yaml, a folder, or a quoted pattern"
    command.add_argument("--data", required=True, metavar="FOLDER|data.yaml", help=words)
    words = "the quantized model, .xml or .onnx (default: the model's name with -int8.xml)"
    command.add_argument("-o", "--output", metavar="FILE", help=words)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add = command.add_argument_group("quantization").add_argument
    add("--precision", dest="kind", choices=("int8", "fp8"), default="int8", help="int8, or fp8 (GPUs, .onnx only)")
    words = "refuse to write what loses more: of mAP50-95 or top-1, or of the objects without labels"
    add("--max-drop", type=shared.share, metavar="0..1", help=words)
    add("--report", metavar="DIR", help="folder for the report (default: FILE's name with -report)")
    words = "most pictures to calibrate with (300)"
    add("--calibration", type=shared.whole(1), default=300, metavar="N", help=words)
    words = "of weights; 7: for processors without VNNI, which add up products of eight bits wrongly (8)"
    add("--weight-bits", type=int, choices=(7, 8), default=8, help=words)
    words = "most time for finding layers that are better left in real numbers; 0: none (600)"
    add("--search", dest="search_seconds", type=shared.whole(0), default=600, metavar="SECONDS", help=words)
    add("--seed", type=shared.whole(0), default=0, metavar="N", help="which pictures are calibrated with (0)")
    add("--restart", action="store_true", help="drop what an earlier command has measured")
    shared.add_model(command, runs=False)


def run(options: argparse.Namespace, signals: Signals) -> int:
    output = options.output or os.path.splitext(options.model)[0] + "-int8.xml"
    from tensorrt_yolo.quantization.job import TooMuchLost

    started = time.monotonic()
    chosen = shared.arguments_of(ty.quantize, options)
    del chosen["output"]
    try:
        with _shown(options.quiet) as progress:
            option = shared.infer_option(options)
            report = ty.quantize(output=output, precision=options.kind, option=option, progress=progress, **chosen)
    except TooMuchLost as refused:
        _summarize(refused.report, options.quiet)
        say(f"tensorrt_yolo: error: {refused}")
        return 1
    _summarize(report, options.quiet)
    if not options.quiet:
        weights = os.path.splitext(output)[0] + ".bin"
        files = (output, weights) if output.endswith(".xml") else (output,)
        megabytes = sum(map(os.path.getsize, files)) / 1e6
        folder = options.report or os.path.splitext(output)[0] + "-report"
        seconds = time.monotonic() - started
        say(f"{output}: {megabytes:.1f} MB, made in {seconds:.0f} s; the report is in {folder}")
    return 0


@contextlib.contextmanager
def _shown(quiet: bool) -> Iterator[Any]:
    """What shows progress: a bar for each phase on a terminal, else a line when one begins."""
    phase = ""
    form = shared.bar(1, "", quiet=quiet, form="{desc} [{elapsed}]")

    def show(now: Progress) -> None:
        nonlocal phase
        if quiet:
            return
        of = f" {now.step}/{now.steps}" if now.steps else ""
        if sys.stderr.isatty():
            form.set_description_str(now.phase + of)
        elif now.phase != phase:
            say(f"{now.phase}{f' ({now.steps})' if now.steps else ''}")
        phase = now.phase

    with form:
        yield show


def _summarize(report: QuantizeReport, quiet: bool) -> None:
    if not quiet:
        print(report.to_markdown(), end="", file=sys.stderr)
