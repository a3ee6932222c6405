"""The command predict."""

from __future__ import annotations

import argparse
import collections
import os
import signal
import statistics
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program import writers
from tensorrt_yolo.program.progress import bar
from tensorrt_yolo.program.sources import Item, Source, expand, items, read_picture

SUMMARY = "run a model over pictures, folders, videos, cameras or streams"
EPILOG = """\
Columns of --csv: source, frame, class, name, score, and by task
  detect    left, top, right, bottom
  segment   left, top, right, bottom, area (pixels of the mask)
  pose      left, top, right, bottom, and kpt0_x, kpt0_y, kpt0_score, ...
  obb       cx, cy, width, height, theta (radians, clockwise)
  classify  rank (1 is the best class)

A source that cannot be read is named, the others go on, and the exit status is 1.
Ctrl-C finishes what is under way and writes what there is; a second one ends at once.

Examples:
  tensorrt_yolo predict yolo11n.onnx bus.jpg --save out
  tensorrt_yolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json
  tensorrt_yolo predict yolo11n.onnx rtsp://camera.local/main --show --classes 0,2"""

_MOST_CLONES = 1024
_AHEAD = 2  # batches that wait for each clone
_WINDOW = "tensorrt_yolo"
_QUIT = {ord("q"), ord("Q"), 27}


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    command.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        help="pictures, videos, folders of them, quoted patterns, numbers of cameras, URLs of streams",
    )
    command.add_argument(
        "--clones",
        type=shared.whole(1, _MOST_CLONES),
        metavar="N",
        help="clones that work side by side, a thread each (default: as many as help)",
    )
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    group = command.add_argument_group("results")
    group.add_argument("--save", metavar="DIR", help="folder for annotated pictures and videos (.mp4)")
    group.add_argument(
        "--show", action="store_true", help="show them in a window; q ends, any key goes to the next picture"
    )
    group.add_argument("--json", metavar="FILE|-", help="results as JSON; - is standard output")
    group.add_argument("--csv", metavar="FILE|-", help="results as CSV, a line for each object; - is standard output")
    group.add_argument("--save-txt", metavar="DIR", help="folder for a label file of each image (Ultralytics' format)")
    group.add_argument("--save-conf", action="store_true", help="the score, too, in these")
    shared.add_objects(command)
    shared.add_model(command)


def run(options: argparse.Namespace) -> int:
    sources = expand(options.sources)
    models = _load(options, sources)
    info = models[0].info()
    outputs = _writers(options, info, sources)
    work = _Work(models, options, outputs, _total(sources))
    try:
        work.run(sources)
    except BaseException:
        for output in outputs:
            output.drop()
        raise
    for output in outputs:
        output.finish()
    if not options.quiet:
        print(work.summary(), file=sys.stderr)
    return 130 if work.stopped.is_set() and not work.quit else 1 if work.unread else 0


def _load(options: argparse.Namespace, sources: list[Source]) -> list[ty.BaseModel]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    one = len(sources) == 1 and sources[0].kind == "picture"
    count = options.clones or (1 if one else min(cores, 8))
    option = shared.infer_option(options)
    if options.streams is None:
        option.set_streams(min(count, cores))  # cores are shared out among the clones
    first = ty.load_model(options.model, option)
    return [first, *(first.clone() for _ in range(count - 1))]


def _writers(options: argparse.Namespace, info: ty.ModelInfo, sources: list[Source]) -> list[Any]:
    outputs: list[Any] = []
    if options.json:
        outputs.append(writers.JsonWriter(options.json, info))
    if options.csv:
        outputs.append(writers.CsvWriter(options.csv, info))
    if options.save_txt:
        outputs.append(writers.LabelWriter(options.save_txt, options.save_conf, info))
    if options.save:
        outputs.append(writers.PictureWriter(options.save, info, sources))
    return outputs


def _total(sources: list[Source]) -> int | None:
    return len(sources) if all(source.kind in ("picture", "missing") for source in sources) else None


class _Work:
    """Items go through the clones in batches, side by side, and come out in order."""

    def __init__(
        self, models: list[ty.BaseModel], options: argparse.Namespace, outputs: list[Any], total: int | None
    ) -> None:
        self._models = models
        self._idle = collections.deque(models)
        self._batch = models[0].batch()
        self._options = options
        self._outputs = outputs
        self._total = total
        self._names = models[0].info().names
        self._counts: collections.Counter[str] = collections.Counter()
        self._images = 0
        self._calls: list[float] = []
        self._seconds = 0.0
        self.unread = 0
        self.quit = False
        self.stopped = threading.Event()

    def run(self, sources: list[Source]) -> None:
        before = signal.signal(signal.SIGINT, self._interrupt)
        started = time.monotonic()
        try:
            with (
                ThreadPoolExecutor(len(self._models)) as pool,
                bar(self._total, "predicting", quiet=self._options.quiet, unit="image") as progress,
            ):
                self._feed(sources, pool, progress)
        finally:
            signal.signal(signal.SIGINT, before)
            self._seconds = time.monotonic() - started

    def _interrupt(self, *_: object) -> None:
        if self.stopped.is_set():
            os._exit(130)
        self.stopped.set()

    def _feed(self, sources: list[Source], pool: ThreadPoolExecutor, progress: Any) -> None:
        waiting: collections.deque[Future[list[Item]]] = collections.deque()

        def take() -> None:
            for item in waiting.popleft().result():
                self._take(item)
                progress.update()

        batch: list[Item] = []
        for item in items(sources):
            if self.stopped.is_set():
                break
            live = item.source.kind in ("camera", "stream")
            batch.append(item)
            if len(batch) == self._batch or live:
                waiting.append(pool.submit(self._predict, batch))
                batch = []
            while len(waiting) > (len(self._models) if live else _AHEAD * len(self._models)):
                take()
        if batch and not self.stopped.is_set():
            waiting.append(pool.submit(self._predict, batch))
        while waiting:
            take()

    def _predict(self, batch: list[Item]) -> list[Item]:
        for item in batch:
            if item.pixels is None and not item.error:
                read_picture(item)
        good = [item for item in batch if not item.error]
        if good:
            model = self._idle.pop()  # there are as many as threads
            try:
                started = time.perf_counter()
                for item, result in zip(good, model.predict([item.pixels for item in good])):
                    item.result = result
                self._calls.append(time.perf_counter() - started)
            finally:
                self._idle.append(model)
        return batch

    def _take(self, item: Item) -> None:
        if item.error:
            self.unread += 1
            print(f"tensorrt_yolo: error: {item.source.name}: {item.error}", file=sys.stderr)
        else:
            self._images += 1
            best = item.result.classes[:1] if isinstance(item.result, ty.ClsResult) else item.result.classes
            self._counts.update(self._names[class_id] for class_id in best.tolist())
        for output in self._outputs:
            output.add(item)
        if self._options.show and not item.error and not self.quit:
            self._show(item)

    def _show(self, item: Item) -> None:
        import cv2

        cv2.imshow(_WINDOW, ty.visualize(item.pixels, item.result, self._names))
        if cv2.waitKey(0 if item.source.kind == "picture" else 1) & 0xFF in _QUIT:
            self.quit = True
            self.stopped.set()

    def summary(self) -> str:
        """What was found, and how quickly."""
        found = ", ".join(f"{count} {name}" for name, count in self._counts.most_common(10)) or "nothing"
        lines = [f"{self._images} image{'s' * (self._images != 1)}: {found}"]
        if self.unread:
            lines.append(f"{self.unread} source{'s' * (self.unread != 1)} could not be read")
        if self._images and self._seconds > 0:
            clones = len(self._models)
            lines.append(
                f"{self._images / self._seconds:.1f} images/s with {clones} clone{'s' * (clones != 1)}; predict "
                f"{statistics.median(self._calls) * 1e3:.1f} ms a call"
            )
        return "\n".join(lines)
