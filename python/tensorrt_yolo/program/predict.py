"""The command predict: a loop over images and frames, through a pool; their results' own text forms are written."""

from __future__ import annotations

import argparse
import collections
import itertools
import os
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.class_words import classes_of
from tensorrt_yolo.files import files_of, is_image
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.memory import PixelBudget
from tensorrt_yolo.program.names import OutputNames
from tensorrt_yolo.program.outputs import ImageFiles, ResultFiles
from tensorrt_yolo.program.reading import Item, Reader, is_readable, is_video, reason_of
from tensorrt_yolo.program.signals import Signals, leave
from tensorrt_yolo.program.terminal import one_line, say
from tensorrt_yolo.program.urls import is_url

SUMMARY = "run a model over images, folders and videos"
EPILOG = """\
Sources: a URL of http or https is an image, which is fetched once. In patterns, ** stands for folders in folders:
'photos/**/*.jpg'. Each page of a TIFF file and each frame of a GIF, animated PNG, WebP or AVIF is an image of its own.
Of pixels of 16 bits the upper 8 are taken. A JPEG file that is cut off is an error. Users and passwords in URLs appear
in no message and no file.

Columns of --csv: source, frame, time (seconds; only if a source is a video), class, name, score, and by task
  detect    left, top, right, bottom
  segment   left, top, right, bottom, area (pixels of the mask)
  pose      left, top, right, bottom, and kpt0_x, kpt0_y, kpt0_score, ...
  obb       cx, cy, width, height, theta (radians, clockwise)
  classify  rank (1 is the best class)
  semantic  pixels, share (of the image's) in place of the score, a line for each class
  depth     source, frame, min, median, max (metres), a line for each image

Files of one source have one name: the labels of DIR/NAME.jpg are in NAME.txt, those of a video's frames in NAME_1.txt,
NAME_2.txt and so on. A second source of the same name becomes NAME_2, behind a video NAME-2.
--json has the time of frames as "time". Saved videos have a constant rate; frames are repeated to keep the time.

A source that cannot be read, or a file that cannot be written, is named, the others go on, and the exit status is 1.
Ctrl-C and SIGTERM finish what is under way and write what there is; before there is anything, and the second time, they
end at once. The exit status is then 130 or 143.

Cameras, streams, many sources at once and a window are what the C++ program `trtyolo predict` has besides.

Examples:
  tensorrt_yolo predict yolo11n.onnx bus.jpg --save out
  tensorrt_yolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    words = "images, videos, folders of them, quoted patterns, URLs of images"
    command.add_argument("sources", metavar="SOURCE", nargs="+", help=words)
    words = "clones that work side by side (default: as many as help)"
    command.add_argument("--clones", type=shared.whole(1, 1024), metavar="N", help=words)
    words = "most memory for the pixels that are read at a time (default: a quarter of what is left)"
    command.add_argument("--pixel-memory", type=shared.whole(1, 1 << 24), default=0, metavar="MiB", help=words)
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    add = command.add_argument_group("results").add_argument
    words = "folder for annotated images and videos (.mp4), and depth of images (16-bit .png)"
    add("--save", metavar="DIR", help=words)
    add("--json", metavar="FILE|-", help="results as JSON; - is standard output")
    add("--csv", metavar="FILE|-", help="results as CSV, a line for each object; - is standard output")
    add("--save-txt", metavar="DIR", help="folder for a label file of each image (Ultralytics' format)")
    add("--save-conf", action="store_true", help="the score, too, in these")
    shared.add_objects(command)
    shared.add_model(command)


def run(options: argparse.Namespace, signals: Signals) -> int:
    files = [file for source in options.sources for file in _files_of(source)]
    option = shared.infer_option(options)
    if options.streams is None:  # cores are shared out among the clones
        option.set_streams(options.clones or int(len(files) == 1 and is_image(files[0])))
    model: ty.Model[ty.Result] = ty.Model(options.model, option)
    if options.kept:
        try:
            model.set_classes(classes_of(options.kept, model.info().names))
        except ValueError as error:
            say(f"tensorrt_yolo: error: {error}\nSee tensorrt_yolo predict --help")
            return 2
    if options.save_txt and model.info().task in ("semantic", "depth"):
        raise ValueError(f"--save-txt: Ultralytics' label format has nothing for the task {model.info().task}")
    summary = _Summary(model.info().task)
    images = unread = unsaved = 0
    budget = PixelBudget(options.pixel_memory << 20)
    reader = Reader(OutputNames(options.save, files), budget, gpu=_gpu_of(options, model), quiet=options.quiet)
    saved = ImageFiles(options.save) if options.save else None
    results = ResultFiles(options, model, times=any(map(is_video, files)))
    pool = ty.Pool(model, contexts=options.clones or 0)
    total = len(files) if all(map(is_image, files)) else None
    signals.finish_first()
    with shared.bar(total, "predicting", quiet=options.quiet, unit="image") as progress:
        started = time.monotonic()
        items = summary.timed(itertools.chain.from_iterable(map(reader.items, files)))
        for item, result in _predicted(items, pool, budget, signals, drawn=saved is not None):
            if not item.error:
                images += 1
                summary.add(item, result)
                problem = saved.add(item, result) if saved else ""
                item.save_error = problem
            results.add(item, result)
            unread += bool(item.error)
            unsaved += bool(item.save_error and not item.error)
            if item.error or item.save_error:
                say(f"tensorrt_yolo: error: {one_line(item.source)}: {item.error or item.save_error}")
            if results.lost and not saved:
                break
            progress.update()
        seconds = time.monotonic() - started
    video_problem = saved.close() if saved else ""
    if video_problem:
        say(f"tensorrt_yolo: error: {video_problem}")
    results.close()
    if not options.quiet and not (results.reader_gone and results.lost):
        for line in summary.lines():
            say(line)
        if unread:
            say(f"{unread} source{'s' * (unread != 1)} could not be read")
        if unsaved:
            say(f"{unsaved} image{'s' * (unsaved != 1)} could not be saved")
        if images:
            clones = f"{pool.contexts} clone{'s' * (pool.contexts != 1)}"
            count = f"{images} image{'s' * (images != 1)}"
            say(f"{count} in {seconds:.2f} s: {images / seconds:.1f} images/s with {clones}")
            say(summary.times(saved.draw_seconds if saved else 0.0, saved.write_seconds if saved else 0.0))
    failed = unread or unsaved or video_problem or (saved and saved.failed) or results.failed
    status = 141 if results.reader_gone else 1 if failed else 0
    if signals.stopped.is_set() or results.lost:
        leave(signals.status or status)  # the reading thread may wait for a pipe
    pool.close()
    return status


def _predicted(
    items: Iterator[Item], pool: ty.Pool[ty.Result], budget: PixelBudget, signals: Signals, *, drawn: bool
) -> Iterator[tuple[Item, Any]]:
    """The items in their order, and the result of each that has no error. A thread reads ahead."""
    found: queue.SimpleQueue[tuple[Item, ty.PoolFuture[ty.Result] | None] | None] = queue.SimpleQueue()
    places = threading.Semaphore(2 * pool.contexts * pool.max_batch_size + 2)

    def read() -> None:
        for item in items:
            if signals.stopped.is_set():
                break
            places.acquire()
            future = None
            if not item.error:
                try:
                    width, height = item.size
                    needed = item.pixel_bytes(drawn=drawn)
                    budget.take(needed, f"an image of {width} x {height} pixels")
                    item.taken = needed
                    future = pool.submit(item.pixels, queue_full_policy="block")
                except Exception as error:
                    item.error = reason_of(error)
            found.put((item, future))
        found.put(None)

    threading.Thread(target=read, daemon=True).start()
    waits = 0
    while waits < 3:  # after a signal
        try:
            entry = found.get(timeout=0.1)
        except queue.Empty:
            waits += signals.stopped.is_set()
            continue
        if entry is None:
            return
        item, future = entry
        result = None
        if future is not None:
            try:
                result = future.result()
            except Exception as error:
                item.error = reason_of(error)
        yield item, result
        signals.progress()
        item.pixels = None
        budget.give_back(item.taken)
        places.release()


def _files_of(source: str) -> list[str]:
    return [source] if is_url(source) and not os.path.exists(source) else files_of(source, is_readable) or [source]


def _gpu_of(options: argparse.Namespace, model: ty.Model[ty.Result]) -> int | None:
    """The GPU that the model is on; None: the CPU."""
    if model.info().backend != "tensorrt":
        return None
    return options.device if isinstance(options.device, int) else 0


class _Tallies:
    """What was found in some images."""

    def __init__(self) -> None:
        self.images = 0
        self._counts: collections.Counter[str] = collections.Counter()
        self._shares: dict[str, float] = collections.defaultdict(float)
        self._depths: list[float] = []

    def add(self, task: str, result: Any) -> None:
        self.images += 1
        self._counts.update(thing.name for thing in ([result[0]] if task == "classify" else result))
        for thing in result if task == "semantic" else ():
            self._shares[thing.name] += thing.score
        if task == "depth":
            least, _, most = result.depth_range()
            self._depths = [min([least, *self._depths]), max([most, *self._depths])]

    def text(self, task: str) -> str:
        if task == "depth" and self._depths:
            return f"{self._depths[0]:.2f} to {self._depths[1]:.2f} m"
        if task == "semantic":
            shares = sorted(self._shares.items(), key=lambda pair: -pair[1])[:10]
            return ", ".join(f"{name} {100 * share / self.images:.1f} %" for name, share in shares) or "nothing"
        return ", ".join(f"{count} {name}" for name, count in self._counts.most_common(10)) or "nothing"


class _Summary:
    """What was found in all images, and how long it took, in the words of the C++ program."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._images, self._videos = _Tallies(), collections.defaultdict[str, _Tallies](_Tallies)
        self._read_seconds = 0.0
        self._calls: collections.deque[float] = collections.deque(maxlen=65536)  # milliseconds

    def timed(self, items: Iterator[Item]) -> Iterator[Item]:
        """The items, as they are read."""
        while True:
            started = time.monotonic()
            item = next(items, None)
            self._read_seconds += time.monotonic() - started
            if item is None:
                return
            yield item

    def add(self, item: Item, result: Any) -> None:
        (self._videos[item.source] if item.video else self._images).add(self._task, result)
        self._calls.append(sum(result.speed.values()))

    def lines(self) -> Iterator[str]:
        if self._images.images or not self._videos:
            count = self._images.images
            yield f"{count} image{'s' * (count != 1)}: {self._images.text(self._task)}"
        for source, found in self._videos.items():
            yield f"{one_line(source)}: {found.images} frame{'s' * (found.images != 1)}: {found.text(self._task)}"

    def times(self, draw_seconds: float, write_seconds: float) -> str:
        """Of the parts of the work, in milliseconds for each image."""
        calls = sorted(self._calls)
        median, p99 = calls[len(calls) // 2], calls[min(len(calls) - 1, len(calls) * 99 // 100)]
        images = self._images.images + sum(found.images for found in self._videos.values())
        read, draw, write = (1e3 * part / images for part in (self._read_seconds, draw_seconds, write_seconds))
        return (
            f"read {read:.1f} ms an image; predict {median:.1f} ms a call (p99 {p99:.1f}); "
            f"draw {draw:.1f} and write {write:.1f} ms an image"
        )
