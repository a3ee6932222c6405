"""The command self-test, and self-tests as info shows and build makes them."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.files import IMAGE_SUFFIXES
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import say

SUMMARY = "put a self-test into a model file: images and what the f32 model finds in them"
EPILOG = """\
Models run the test when they load the file (--self-test), and info --check runs all of it. build does this by itself.

Examples:
  tensorrt_yolo self-test yolo11n.onnx
  tensorrt_yolo self-test yolo11n-int8.onnx --reference yolo11n.onnx --images photos"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    words = "ONNX, OpenVINO IR or TensorRT engine; it is replaced by one with the test in its metadata"
    command.add_argument("model", metavar="MODEL", help=words)
    words = "the f32 model that it was made from (default: MODEL in f32)"
    command.add_argument("--reference", metavar="FILE", help=words)
    words = "images of what the model is for, of which three are kept, scaled to 112 pixels (default: drawings)"
    command.add_argument("--images", metavar="FOLDER", help=words)
    command.add_argument("--remove", action="store_true", help="take the self-test out of MODEL instead")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    shared.add_model(command)


def run(options: argparse.Namespace, signals: Signals) -> int:
    if options.remove:
        if options.reference or options.images:
            raise ValueError("--remove takes neither --reference nor --images")
        ty.remove_self_test(options.model)
        return 0
    report = make(options.model, options.reference, options.images, shared.infer_option(options))
    if not options.quiet:
        show(report)
    return 0 if report.verdict == "passed" else 1


def make(file: str, reference: str | None, folder: str | None, option: ty.InferOption) -> ty.SelfTestReport:
    """Puts a self-test into a file, with the images of a folder, or with the built-in ones."""
    images: list[str] = []
    if folder is not None:
        names = sorted(os.listdir(folder))
        images = [os.path.join(folder, name) for name in names if os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES]
        if not images:
            raise ValueError(f"'{folder}': a folder with images was expected, found none")
    return ty.add_self_test(file, reference, images=images, option=option)


def show(report: ty.SelfTestReport) -> None:
    """All of a report, on standard output."""
    rows = [("self-test", f"{report.verdict}: {report.message}")]
    for index, image in enumerate(report.images):
        most = report.tolerance
        parts = [f"{name} {value:.4f} (at most {most[name]:.4f})" for name, value in image.difference.items()]
        rows += [
            (f"image {index + 1}", f"expected   {image.expected}"),
            ("", f"found      {image.found}"),
            ("", f"difference {', '.join(parts)}"),
            ("", f"verdict    {'passed' if image.passed else 'failed'}"),
        ]
    if report.images:
        rows += [
            ("made", f"reference  {report.reference}"),
            ("", f"there      {_list(report.there)}"),
            ("", f"here       {_list(report.here)}"),
            ("time", f"{report.seconds:.3f} s"),
        ]
    for title, text in rows:
        say(f"{title:<13}{text}", sys.stdout)


def as_dict(report: ty.SelfTestReport) -> dict[str, Any]:
    """The report with the keys that the C++ program's JSON has."""
    values = dataclasses.asdict(report)
    values["images"] = [
        {"size": [image.height, image.width]}
        | {key: getattr(image, key) for key in ("expected", "found", "difference", "passed")}
        for image in report.images
    ]
    return values


def _list(texts: dict[str, str]) -> str:
    return ", ".join(f"{name} {text}" for name, text in texts.items())
