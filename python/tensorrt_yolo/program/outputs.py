"""What the command predict writes: JSON, CSV, labels, annotated images and videos."""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import os
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorrt_yolo as ty
from tensorrt_yolo.drawing import write_depth, write_image
from tensorrt_yolo.program.names import image_suffix
from tensorrt_yolo.program.reading import Item, reason_of
from tensorrt_yolo.program.terminal import one_line, say
from tensorrt_yolo.program.video import Video
from tensorrt_yolo.program.writing import OutputFile, write_whole


class _Table:
    """A file to which every item adds its text. It is given up when it cannot be written."""

    def __init__(self, name: str, begin: str, text_of: Callable[[Item, Any], str], end: str = "") -> None:
        self._file: OutputFile | None = OutputFile(name)
        self._text_of, self._end = text_of, end
        self.reader_gone = self.failed = False
        self._write(begin)

    def add(self, item: Item, result: Any) -> None:
        try:
            text = self._text_of(item, result)
        except Exception as error:
            item.error = f"the result cannot be written: {reason_of(error)}"
            text = self._text_of(item, None)
        self._write(text)

    def close(self) -> None:
        self._write(self._end)
        if self._file:
            try:
                self._file.close()
            except OSError as error:
                self._give_up(self._file, error)

    def _write(self, text: str) -> None:
        if self._file:
            try:
                self._file.write(text)
            except OSError as error:
                self._give_up(self._file, error)

    def _give_up(self, file: OutputFile, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            self.reader_gone = True
        else:
            say(f"tensorrt_yolo: error: '{one_line(file.name)}' cannot be written: {error.strerror or error}")
        file.discard()
        self._file, self.failed = None, True


class ResultFiles:
    """JSON, CSV and label files. What goes wrong with one item or one file costs no other."""

    def __init__(self, options: argparse.Namespace, model: ty.Model[Any], *, times: bool) -> None:
        self._labels, self._scores = options.save_txt, options.save_conf
        self._tables: list[_Table] = []
        if options.csv:
            self._tables.append(_Table(options.csv, model.csv_header(times), functools.partial(_rows, times=times)))
        if options.json:  # last, as it tells what went wrong with the others
            info, between = model.info(), itertools.chain(["\n"], itertools.repeat(",\n"))
            begin = _json(model=info.file, task=info.task, names=info.names)[:-1] + ',"images":['

            def text_of(item: Item, result: Any) -> str:
                text = _described(item, result)
                return next(between) + text

            self._tables.append(_Table(options.json, begin, text_of, "\n]}\n"))
        if self._labels:
            os.makedirs(self._labels, exist_ok=True)

    def add(self, item: Item, result: Any) -> None:
        if self._labels and not item.error:
            try:
                _save_labels(self._labels, item, result.to_txt(self._scores))
            except Exception as error:
                name = os.path.join(self._labels, item.file_name + ".txt")
                item.add_save_error(_cannot_write(name, error))
        for table in self._tables:
            table.add(item, result)

    def close(self) -> None:
        for table in self._tables:
            table.close()

    @property
    def failed(self) -> bool:
        return any(table.failed for table in self._tables)

    @property
    def reader_gone(self) -> bool:
        return any(table.reader_gone for table in self._tables)

    @property
    def lost(self) -> bool:
        """Whether files were asked for, and none can be written any more."""
        return bool(self._tables) and not self._labels and all(table.failed for table in self._tables)


def _cannot_write(name: str, error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else reason_of(error)
    return f"'{os.fsencode(name).decode(errors='replace')}' cannot be written: {words}"


def _json(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _rows(item: Item, result: Any, *, times: bool) -> str:
    if item.error:
        return ""
    second = None if item.time is None else round(item.time, 6)
    text: str = result.to_csv(item.source, item.frame, times, second)
    return text


def _described(item: Item, result: Any) -> str:
    values: dict[str, Any] = {"source": item.source}
    if item.error or item.save_error:
        values["error"] = item.error or item.save_error
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
        data = lines.encode("utf-8", "replace")
        write_whole(name, lambda path: pathlib.Path(path).write_bytes(data))
    elif os.path.lexists(name):
        os.unlink(name)  # one of an earlier run would tell of objects that are not there


class ImageFiles:
    """Annotated images, and videos as .mp4."""

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        self._folder = folder
        self._file = ""
        self._video: Video | None = None
        self.failed = False
        """A video could not be written."""
        self.draw_seconds = self.write_seconds = 0.0
        """Of all together."""

    def add(self, item: Item, result: Any) -> str:
        """Gives what went wrong."""
        file = os.path.join(
            self._folder, item.name + ".mp4" if item.video else item.file_name + image_suffix(item.suffix)
        )
        problems = []
        if item.video:
            if item.frame == 0:
                problems.append(self.close())
            problems.append(self._attempt(file, lambda: self._add_frame(file, item, self._drawn(item, result))))
        else:
            suffix = os.path.splitext(file)[1]
            problems.append(self._attempt(file, lambda: self._save_image(file, self._drawn(item, result), suffix)))
            if result.depth is not None:
                depth_file = os.path.join(self._folder, item.file_name + "-depth.png")
                problems.append(self._attempt(depth_file, lambda: self._save_depth(depth_file, item, result)))
        return "; ".join(filter(None, problems))

    def close(self) -> str:
        """Completes the last video; gives what went wrong."""
        video, self._video = self._video, None
        return self._attempt(self._file, video.close) if video else ""

    def _attempt(self, file: str, work: Callable[[], object]) -> str:
        try:
            work()
        except Exception as error:
            if file.endswith(".mp4"):
                self.failed = True
                if self._video:
                    self._video.discard()
                self._video = None
            return _cannot_write(file, error)
        return ""

    def _drawn(self, item: Item, result: Any) -> Any:
        with self._timed("draw_seconds"):
            return result.plot(item.bgr())

    def _save_image(self, file: str, drawn: Any, suffix: str) -> None:
        with self._timed("write_seconds"):
            write_whole(file, lambda path: write_image(path, drawn), suffix)

    @contextlib.contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        setattr(self, part, getattr(self, part) + time.monotonic() - started)

    def _add_frame(self, file: str, item: Item, drawn: Any) -> None:
        if item.frame == 0:
            self._file = file
            self._video = Video(file, item.rate, drawn)
        elif self._video:
            with self._timed("write_seconds"):
                self._video.add(drawn, item.time or 0.0)

    def _save_depth(self, file: str, item: Item, result: Any) -> None:
        scales = []
        write_whole(file, lambda path: scales.append(write_depth(path, result)), ".png")
        item.depth_file, item.depth_scale = file, scales[0]
