"""The command serve: models behind HTTP and gRPC."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tensorrt_yolo import images
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.signals import Signals
from tensorrt_yolo.program.terminal import say

if TYPE_CHECKING:
    from tensorrt_yolo.serving import Service
    from tensorrt_yolo.serving.access import Access

SUMMARY = "serve models by HTTP and gRPC: picture files in, objects out"
EPILOG = """\
Addresses:
  /                    a page to try pictures with
  /docs                what can be asked for; /openapi.json
  POST /predict/NAME   a picture file, or a form of several: objects as JSON, as `predict --json` writes them
  /v2/...              the Open Inference Protocol, by gRPC too: clients of Triton and KServe work unchanged
  /metrics             for Prometheus
The service listens on the loopback only, unless --host names another address; then it must have a token. Requests bring
it as "Authorization: Bearer TOKEN". There is no TLS: beyond a network that you trust, put a proxy with TLS before it.

SIGTERM and Ctrl-C end it: what has come is answered first (exit status 0). The second time they end it at once.

Examples:
  tensorrt_yolo serve yolo11n.onnx
  curl --data-binary @bus.jpg 'http://127.0.0.1:8000/predict/yolo11n?conf=0.5'
  tensorrt_yolo serve yolo11n.onnx=people yolo11n-seg.onnx --host 0.0.0.0 --token-file token.txt --folder models"""

_PATIENCE = 0.5  # seconds between two signs of life while requests are answered for the last time


def add_arguments(command: argparse.ArgumentParser) -> None:
    words = "ONNX, OpenVINO IR or TensorRT engine, and its name in addresses (default: the file's)"
    command.add_argument("models", metavar="MODEL[=NAME]", nargs="*", help=words)
    words = "folder of models that clients may load and unload by the protocol's repository calls"
    command.add_argument("--folder", metavar="DIR", help=words)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add = command.add_argument_group("addresses").add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen on (127.0.0.1)")
    add("--port", type=shared.whole(0, 65535), default=8000, metavar="N", help="of HTTP (8000); 0: one that is free")
    words = "of gRPC (8001); 0: one that is free"
    add("--grpc-port", type=shared.whole(0, 65535), default=8001, metavar="N", help=words)
    add("--no-grpc", action="store_true", help="HTTP only")
    words = "file with the token that requests must bring, on its first line"
    add("--token-file", metavar="FILE", help=words)
    add("--no-token", action="store_true", help="let everybody in who reaches --host")
    add = command.add_argument_group("limits").add_argument
    add("--max-body", type=shared.whole(1, 2047), default=32, metavar="MiB", help="most bytes of a request (32)")
    words = "most bytes that all requests hold: bodies, and results with a value for each pixel (1024)"
    add("--request-memory", type=shared.whole(1, 1 << 24), default=1024, metavar="MiB", help=words)
    words = "most pixels of a picture, in millions (100)"
    add("--max-pixels", type=shared.whole(1, 1 << 20), default=100, metavar="MP", help=words)
    words = "most seconds that a picture may wait for its run to begin (30)"
    add("--deadline", type=_seconds, default=30.0, metavar="SECONDS", help=words)
    words = "most seconds that a request's body may take to arrive (60)"
    add("--body-seconds", type=_seconds, default=60.0, metavar="SECONDS", help=words)
    words = "most connections at a time (4096)"
    add("--connections", type=shared.whole(1, 1 << 20), default=4096, metavar="N", help=words)
    words = "most seconds that answering takes after the signal to end (30)"
    add("--drain", type=_seconds, default=30.0, metavar="SECONDS", help=words)
    add = command.add_argument_group("pool of each model").add_argument
    words = "runs at the same time, on each device (default: what keeps the machine busy)"
    add("--contexts", type=shared.whole(1, 1024), default=0, metavar="N", help=words)
    shared.add_devices(add)
    words = "most pictures that wait; more get the status 503 (default: four runs for each context, at least 64)"
    add("--queue", dest="queue_length", type=shared.whole(1, 1 << 20), default=0, metavar="N", help=words)
    shared.add_objects(command)
    shared.add_model(command)


def run(options: argparse.Namespace, signals: Signals) -> int:
    try:
        from tensorrt_yolo.serving import Service
        from tensorrt_yolo.serving.access import Access, is_loopback, token_in
    except ImportError as error:
        if not error.name or error.name.startswith("tensorrt_yolo"):
            raise
        missing = f"serve needs the package {error.name!r}, which is not installed"
        raise ImportError(f"{missing}: pip install 'trtyolo[serve]'") from None
    loopback = is_loopback(options.host)
    token = token_in(options.token_file) if options.token_file else ""
    wrong = _wrong_usage(options, open_to_all=not loopback and not token and not options.no_token)
    if wrong:
        say(f"tensorrt_yolo: error: {wrong}\nSee tensorrt_yolo serve --help")
        return 2
    if not options.quiet:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        logging.getLogger("tensorrt_yolo.serving").setLevel(logging.INFO)
    images.max_pixel_bytes = options.max_pixels * 3_000_000
    service = Service(
        _files(options.models),
        shared.infer_option(options),
        folder=options.folder,
        classes=options.kept,
        memory_bytes=options.request_memory << 20,
        contexts=options.contexts,
        devices=options.devices,
        queue_length=options.queue_length,
    )
    asyncio.run(_serve(options, signals, service, Access(token, only_loopback=loopback and not token)))
    return 0


def _wrong_usage(options: argparse.Namespace, *, open_to_all: bool) -> str:
    if not options.models and not options.folder:
        return "serve needs a model or a --folder of them"
    if open_to_all:
        return (
            f"--host {options.host} can be reached from other machines: give a --token-file, or say --no-token to let "
            "everybody in"
        )
    return ""


def _files(words: Sequence[str]) -> dict[str, str]:
    """Model files by their names, of words FILE and FILE=NAME."""
    from tensorrt_yolo.serving.models import model_name

    files: dict[str, str] = {}
    for word in words:
        file, equals, name = word.rpartition("=")
        if not equals or os.path.exists(word):
            file, name = word, model_name(word)
        if name in files:
            raise ValueError(f"two models are called {name!r}; give one another name, as in FILE=NAME")
        files[name] = file
    return files


async def _serve(options: argparse.Namespace, signals: Signals, service: Service, access: Access) -> None:
    from tensorrt_yolo.serving.limits import MEGABYTE, Limits
    from tensorrt_yolo.serving.server import Addresses, serve

    limits = Limits(
        body_bytes=options.max_body * MEGABYTE,
        deadline=options.deadline,
        body_seconds=options.body_seconds,
        connections=options.connections,
    )
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def wait_for_signal() -> None:
        signals.stopped.wait()
        loop.call_soon_threadsafe(stop.set)

    async def show_life() -> None:
        await stop.wait()
        if not options.quiet:
            say("ending: what has come is answered first")
        while True:
            signals.progress()
            await asyncio.sleep(_PATIENCE)

    def started(port: int, grpc_port: int | None) -> None:
        host = f"[{options.host}]" if ":" in options.host else options.host
        names = ", ".join(served.name for served in service.models) or "none yet"
        by_grpc = f", gRPC at {host}:{grpc_port}" if grpc_port is not None else ""
        if not options.quiet:
            say(f"serving {names} at http://{host}:{port}/{by_grpc}", sys.stdout)
            sys.stdout.flush()

    signals.finish_first()
    threading.Thread(target=wait_for_signal, daemon=True).start()
    life = asyncio.ensure_future(show_life())
    addresses = Addresses(options.host, options.port, None if options.no_grpc else options.grpc_port)
    await serve(service, addresses, limits, access, stop=stop, drain_seconds=options.drain, started=started)
    await asyncio.to_thread(service.close)
    life.cancel()


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(f"seconds, a number above 0, were expected, found {text!r}")
    return value
