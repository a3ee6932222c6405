"""The command predict: a loop over images and frames, through a pool; their results' own text forms are written."""

from __future__ import annotations

import argparse
import collections
import contextlib
import errno
import itertools
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import tensorrt_yolo as ty
from tensorrt_yolo.drawing import write_depth
from tensorrt_yolo.files import files_of, is_image
from tensorrt_yolo.program import options as shared
from tensorrt_yolo.program.names import OutputNames, image_suffix
from tensorrt_yolo.program.reading import Item, Reader, is_readable, is_video
from tensorrt_yolo.program.urls import is_url
from tensorrt_yolo.program.video import Video
from tensorrt_yolo.program.writing import new_file_beside

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

A source that cannot be read, or an image that cannot be saved, is named, the others go on, and the exit status is 1.
Ctrl-C finishes what is under way and writes what there is; a second one ends at once.

Cameras, streams, many sources at once and a window are what the C++ program `trtyolo predict` has besides.

Examples:
  tensorrt_yolo predict yolo11n.onnx bus.jpg --save out
  tensorrt_yolo predict yolo11n.onnx street.mp4 'photos/*.jpg' --clones 4 --save out --json results.json"""

# What other files will meet as well: a full or broken disk.
_OF_ALL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="ONNX, OpenVINO IR or TensorRT engine")
    words = "images, videos, folders of them, quoted patterns, URLs of images"
    command.add_argument("sources", metavar="SOURCE", nargs="+", help=words)
    words = "clones that work side by side (default: as many as help)"
    command.add_argument("--clones", type=shared.whole(1, 1024), metavar="N", help=words)
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


def run(options: argparse.Namespace) -> int:
    files = [file for source in options.sources for file in _files_of(source)]
    option = shared.infer_option(options)
    if options.streams is None:  # cores are shared out among the clones
        option.set_streams(options.clones or int(len(files) == 1 and is_image(files[0])))
    model: ty.Model[ty.Result] = ty.Model(options.model, option)
    if options.kept:
        try:
            model.set_classes(shared.classes_of(options.kept, model.info().names))
        except ValueError as error:
            print(f"tensorrt_yolo: error: {error}\nSee tensorrt_yolo predict --help", file=sys.stderr)
            return 2
    if options.save_txt and model.info().task in ("semantic", "depth"):
        raise ValueError(f"--save-txt: Ultralytics' label format has nothing for the task {model.info().task}")
    summary = _Summary(model.info().task)
    images = unread = unsaved = 0
    stopped = threading.Event()

    def interrupt(*_: object) -> None:
        if stopped.is_set():
            os._exit(130)
        stopped.set()

    with contextlib.ExitStack() as ends:
        ends.callback(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, interrupt))
        reader = Reader(OutputNames(options.save, files), quiet=options.quiet)
        saved = _Images(options.save) if options.save else None
        outputs = list(_outputs(options, model, ends, times=any(map(is_video, files))))
        pool = ends.enter_context(ty.Pool(model, contexts=options.clones or 0))
        total = len(files) if all(map(is_image, files)) else None
        progress = ends.enter_context(shared.bar(total, "predicting", quiet=options.quiet, unit="image"))
        started = time.monotonic()
        read = itertools.chain.from_iterable(map(reader.items, files))
        items, given = itertools.tee(itertools.takewhile(lambda _: not stopped.is_set(), read))
        for item, result in zip(items, pool.map((item.pixels for item in given), return_errors=True)):
            problem = ""
            if item.error:
                unread += 1
            elif isinstance(result, Exception):
                raise result
            else:
                images += 1
                summary.add(result)
                problem = saved.add(item, result) if saved else ""
                unsaved += bool(problem)
            if item.error or problem:
                print(f"tensorrt_yolo: error: {item.source}: {item.error or problem}", file=sys.stderr)
            for add in outputs:
                add(item, result, problem)
            progress.update()
        if saved:
            saved.close()
        seconds = time.monotonic() - started
    if not options.quiet:
        print(f"{images} image{'s' * (images != 1)}: {summary.text(images)}", file=sys.stderr)
        if unread:
            print(f"{unread} source{'s' * (unread != 1)} could not be read", file=sys.stderr)
        if unsaved:
            print(f"{unsaved} image{'s' * (unsaved != 1)} could not be saved", file=sys.stderr)
        if images:
            rate = f"{images / seconds:.1f} images/s with {pool.contexts} clone{'s' * (pool.contexts != 1)}"
            print(f"{rate}; {pool.metrics().latency.median:.1f} ms an image", file=sys.stderr)
    return 130 if stopped.is_set() else 1 if unread or unsaved else 0


class _Summary:
    """What was found in all images."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._counts: collections.Counter[str] = collections.Counter()
        self._shares: collections.Counter[str] = collections.Counter()
        self._depths: list[float] = []

    def add(self, result: ty.Result) -> None:
        self._counts.update(thing.name for thing in ([result[0]] if self._task == "classify" else result))
        for thing in result if self._task == "semantic" else ():
            self._shares[thing.name] += thing.score  # type: ignore[assignment]  # a counter of parts
        if self._task == "depth":
            least, _, most = result.depth_range()
            self._depths = [min([least, *self._depths]), max([most, *self._depths])]

    def text(self, images: int) -> str:
        if self._task == "depth" and self._depths:
            return f"{self._depths[0]:.2f} to {self._depths[1]:.2f} m"
        if self._task == "semantic":
            shares = self._shares.most_common(10)
            return ", ".join(f"{name} {100 * share / images:.1f} %" for name, share in shares) or "nothing"
        return ", ".join(f"{count} {name}" for name, count in self._counts.most_common(10)) or "nothing"


# ----------------------------------------------------------------------------------------------------------------------
# Outputs: functions that are given every item and its result, in order


def _outputs(
    options: argparse.Namespace, model: ty.Model[Any], ends: contextlib.ExitStack, *, times: bool
) -> Iterator[Callable[[Item, Any, str], object]]:
    if options.json:
        info, between = model.info(), itertools.chain(["\n"], itertools.repeat(",\n"))
        file = ends.enter_context(_output_file(options.json, "\n]}\n"))
        file.write(_json(model=info.file, task=info.task, names=info.names)[:-1] + ',"images":[')
        yield lambda item, result, problem: file.write(next(between) + _described(item, result, problem))
    if options.csv:
        table = ends.enter_context(_output_file(options.csv))
        table.write(model.csv_header(times))

        def add_rows(item: Item, result: Any, problem: str) -> None:
            if not item.error:
                second = None if item.time is None else round(item.time, 6)
                table.write(result.to_csv(item.source, item.frame, times, second))

        yield add_rows
    if options.save_txt:
        os.makedirs(options.save_txt, exist_ok=True)
        yield (
            lambda item, result, problem: (
                None if item.error else _save_labels(options.save_txt, item, result.to_txt(options.save_conf))
            )
        )


@contextlib.contextmanager
def _temporary(name: str, suffix: str = "") -> Iterator[str]:
    """A new file to write to until it is complete."""
    part = new_file_beside(name, suffix)
    try:
        yield part
        os.replace(part, name)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise


@contextlib.contextmanager
def _output_file(name: str, end: str = "") -> Iterator[TextIO]:
    """A text file that is there as a whole or not at all; - is standard output."""
    if name == "-":
        yield sys.stdout
        sys.stdout.write(end)
        sys.stdout.flush()
        return
    with _temporary(name) as part, open(part, "w", encoding="utf-8", newline="", errors="replace") as file:
        yield file
        file.write(end)


def _files_of(source: str) -> list[str]:
    return [source] if is_url(source) and not os.path.exists(source) else files_of(source, is_readable) or [source]


def _json(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _described(item: Item, result: Any, problem: str) -> str:
    values: dict[str, Any] = {"source": item.source}
    if item.error or problem:
        values["error"] = item.error or problem
    if item.error:
        return _json(**values)
    values["frame"] = item.frame
    if item.time is not None:
        values["time"] = round(item.time, 6)
    values["width"], values["height"] = result.image_size
    described = result.to_json()
    if item.depth_file:  # into the object "depth"
        described = f"{described[:-2]},{_json(file=os.path.basename(item.depth_file), scale=item.depth_scale)[1:]}}}"
    return f"{_json(**values)[:-1]},{described[1:]}"


def _save_labels(folder: str, item: Item, lines: str) -> None:
    """A file for each image, in Ultralytics' format; none for an image in which nothing was found."""
    name = os.path.join(folder, item.file_name + ".txt")
    if lines:
        with _output_file(name) as file:
            file.write(lines)
    elif os.path.exists(name):
        os.unlink(name)  # one of an earlier run would tell of objects that are not there


class _Images:
    """Annotated images, and videos as .mp4."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self._folder = folder
        self._name = ""
        self._video: Video | None = None

    def add(self, item: Item, result: Any) -> str:
        """Gives what went wrong, if that is a matter of this image alone."""
        file = os.path.join(
            self._folder, item.name + ".mp4" if item.video else item.file_name + image_suffix(item.suffix)
        )
        shown = os.fsencode(file).decode(errors="replace")
        try:
            if not item.video:
                if result.depth is not None:
                    depth_file = os.path.join(self._folder, item.file_name + "-depth.png")
                    item.depth_scale = write_depth(depth_file, result)
                    item.depth_file = depth_file
                with _temporary(file, os.path.splitext(file)[1]) as part:
                    result.save(item.pixels, part)
            elif item.frame == 0:
                self.close()
                self._video = Video(file, item.rate, result.plot(item.pixels))
            elif self._video:
                self._video.add(result.plot(item.pixels), item.time or 0.0)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _OF_ALL:
                raise
            return f"'{shown}' cannot be written: {error}"
        return ""

    def close(self) -> None:
        if self._video:
            self._video.close()
        self._video = None
