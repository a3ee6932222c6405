"""The command build."""

from __future__ import annotations

import argparse
import os
import re
import time

import tensorrt_yolo as ty
from tensorrt_yolo.program import options as shared, self_test
from tensorrt_yolo.program.reading import reason_of
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import say

SUMMARY = "build a TensorRT engine from an ONNX model, on a GPU and for it"
EPILOG = """\
Takes from seconds to many minutes. An engine runs with the version of TensorRT and on the kind of GPU that it was built
with. Ctrl-C ends the building as soon as TensorRT comes to it, and leaves the file as it was. The engine gets a
self-test: small images, and what the f32 model finds in them on the CPU.

Examples:
  tensorrt_yolo build yolo11n.onnx --fp16
  tensorrt_yolo build yolo11n-dynamic.onnx -o yolo11n.engine --batch 1:8:16 --imgsz 320:640"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="model file: ONNX (.onnx)")
    command.add_argument("-o", "--output", metavar="FILE", help="the engine (default: the model's name with .engine)")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add = command.add_argument_group("engine").add_argument
    words = "compute in f16 up to the last layers with weights; boxes and scores stay f32"
    add("--fp16", "--half", dest="precision", action="store_const", const="f16", default="f32", help=words)
    words = "images in a run, of dynamic models: at most N, and tuned for N; or fewest, tuned for, and most (1)"
    add("--batch", type=_batches, default=(1, 0, 1), metavar="N|MIN:OPT:MAX", help=words)
    words = "network input of dynamic models: 640 or 480x640 (height x width), or smallest:largest, as 320:640"
    add("--imgsz", type=_sizes, default=((0, 0), (0, 0)), metavar="SIZE|MIN:MAX", help=words)
    words = "most scratch memory that a layer may take"
    add("--workspace", type=shared.whole(1), default=0, metavar="MiB", help=words)
    words = "0 (quickly built) to 5 (faster engines are searched for longest); 3"
    add("--opt-level", dest="optimization_level", type=shared.whole(0, 5), default=3, metavar="N", help=words)
    words = "how much of the network is built: cut (up to its last convolutions), whole, or auto: cut where it can be"
    add("--head", choices=("auto", "whole", "cut"), default="auto", help=words)
    add("--timing-cache", default="", metavar="FILE", help="file of timings, read and written")
    add("--device", dest="device_id", type=shared.whole(0), default=0, metavar="N", help="number of the GPU (0)")
    add = command.add_argument_group("self-test").add_argument
    words = "images of what the model is for, of which three go into the engine's self-test (built-in drawings)"
    add("--self-test-images", metavar="FOLDER", help=words)
    add("--no-self-test", action="store_true", help="put no self-test into the engine")


def run(options: argparse.Namespace, signals: Signals) -> int:
    output = options.output or os.path.splitext(options.model)[0] + ".engine"
    if options.no_self_test and options.self_test_images:
        raise ValueError("--self-test-images and --no-self-test contradict each other")
    min_batch, opt_batch, max_batch = options.batch
    min_size, size = options.imgsz
    started = time.monotonic()
    with shared.bar(1, "building", quiet=options.quiet, form="{desc}: {percentage:3.0f} % [{elapsed}]") as progress:

        def report(now: ty.BuildProgress) -> None:
            progress.update(now.done - progress.n)

        ty.build_engine(
            options.model,
            output,
            min_batch=min_batch,
            opt_batch=opt_batch,
            max_batch=max_batch,
            size=size,
            min_size=min_size,
            workspace_bytes=options.workspace << 20,
            progress=report,
            **shared.arguments_of(ty.build_engine, options),
        )
    if options.no_self_test:
        ty.remove_self_test(output)  # the model's own, which came along
    else:
        _test(options, output)
    if not options.quiet:
        megabytes = os.path.getsize(output) / 1e6
        say(f"{output}: {megabytes:.1f} MB, built in {time.monotonic() - started:.1f} s")
    return 0


def _test(options: argparse.Namespace, engine: str) -> None:
    """Puts the self-test into the engine. What stands in the way is a warning: the engine is built."""
    on_cpu = "openvino" in ty.backends()
    if not on_cpu and options.precision != "f32":
        say(f"{engine}: no self-test: the f32 model is run by OpenVINO, which this package does not have")
        return
    option = ty.InferOption(backend="tensorrt", device_id=options.device_id)
    try:
        self_test.make(engine, options.model if on_cpu else None, options.self_test_images, option)
    except (ty.Error, OSError, ValueError, ImportError) as error:
        say(f"{engine}: no self-test: {reason_of(error)}")


def _batches(text: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,6})(?::(\d{1,6}):(\d{1,6}))?", text)
    parts = tuple(int(part) for part in found.groups() if part) if found else ()
    if len(parts) == 1 and parts[0] >= 1:
        return 1, 0, parts[0]
    if len(parts) == 3 and 1 <= parts[0] <= parts[1] <= parts[2]:
        return parts[0], parts[1], parts[2]
    raise argparse.ArgumentTypeError(f"8 or 1:4:8, rising numbers from 1, was expected, found {text!r}")


def _sizes(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    smallest, colon, largest = text.partition(":")
    return (shared.size(smallest), shared.size(largest)) if colon else ((0, 0), shared.size(smallest))
