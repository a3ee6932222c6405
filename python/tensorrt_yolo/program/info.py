"""The command info."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.program import options as shared, self_test
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import say

SUMMARY = "say what a model is: task, classes, inputs, outputs, how it is decoded"
EPILOG = """\
Examples:
  tensorrt_yolo info yolo11n.onnx
  tensorrt_yolo info yolo11n.engine --check"""

_KEYS = (
    *("model", "bytes", "task", "names", "inputs", "outputs", "network", "stride", "batch", "dynamic_size"),
    *("dynamic_batch", "precision", "backend", "device", "layout", "head", "family", "evidence", "self_test"),
    "metadata",
)
_POSE_KEYS = ("keypoints", "keypoint_dims")


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    command.add_argument("--json", action="store_true", help="as one JSON object")
    words = "also run the file's self-test, and end with 1 if it fails, or if there is none"
    command.add_argument("--check", action="store_true", help=words)
    shared.add_model(command)


def run(options: argparse.Namespace, signals: Signals) -> int:
    option = shared.infer_option(options)
    found = ty.inspect(options.model, option)
    check = ty.check_self_test(options.model, option) if options.check else None
    status = 0 if check is None or check.verdict == "passed" else 1
    if options.json:
        checked = {} if check is None else {"check": self_test.as_dict(check)}
        text = json.dumps(_as_dict(found) | checked, indent=2, ensure_ascii=False) + "\n"
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        return status
    sizes = "dynamic" if found.dynamic_size else "fixed"
    names = " ".join(f"{index} {name}" for index, name in list(found.names.items())[:8])
    rows = [
        ("model", f"{found.file} ({found.file_bytes / 1e6:.1f} MB)"),
        ("task", found.task),
        ("classes", f"{len(found.names)}: {names}{' ...' if len(found.names) > 8 else ''}"),
    ]
    if found.keypoints:
        values = "x, y and a score" if found.keypoint_dims == 3 else "x and y"
        rows.append(("keypoints", f"{found.keypoints} an object, of {values}"))
    rows += [("input", _port(port)) for port in found.inputs]
    rows += [("output", _port(port)) for port in found.outputs]
    rows += [
        ("image size", f"{found.network_width} x {found.network_height} ({sizes})"),
        ("batch", f"{found.batch} ({'dynamic' if found.dynamic_batch else 'fixed'})"),
        ("family", f"{found.family} ({found.evidence})"),
        ("decoding", found.layout),
        ("head", found.head),
        ("precision", found.precision),
        ("backend", f"{found.backend} {ty.backends().get(found.backend, '')}".strip()),
        ("device", found.device),
    ]
    rows += [("self-test", found.self_test)] if found.self_test else []
    rows += [("metadata", f"{key} = {value}") for key, value in sorted(found.metadata.items())]
    last = ""
    for title, text in rows:
        say(f"{title if title != last else '':<13}{text}", sys.stdout)
        last = title
    if check is not None:
        self_test.show(check)
    return status


def _port(port: ty.TensorInfo) -> str:
    return f"{port.name} {port.type} [{', '.join(map(str, port.shape))}]"


def _as_dict(found: ty.ModelInfo) -> dict[str, Any]:
    own = {"model": found.file, "bytes": found.file_bytes, "network": [found.network_width, found.network_height]}
    values = dataclasses.asdict(found) | own
    return {key: values[key] for key in (*_KEYS, *(_POSE_KEYS if found.keypoints else ()))}
