"""Results as files: JSON, CSV, label files, annotated pictures and videos.

A writer gets every item, in order, and is finished at the end; its file is there as a whole or not at all, except what
goes to standard output.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import numpy as np

import tensorrt_yolo as ty
from tensorrt_yolo.program.sources import Item, Source


class OutputFile:
    """A text file under another name until it is whole; `-` is standard output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._part = f"{name}.part{os.getpid()}"
        self.file: TextIO = sys.stdout if name == "-" else open(self._part, "w", encoding="utf-8", newline="")

    def finish(self) -> None:
        self.file.flush()
        if self._name != "-":
            self.file.close()
            os.replace(self._part, self._name)

    def drop(self) -> None:
        if self._name != "-":
            self.file.close()
            os.unlink(self._part)


class JsonWriter:
    """One object; see `trtyolo predict --json`."""

    def __init__(self, name: str, model: ty.ModelInfo) -> None:
        self._names = model.names
        self._output = OutputFile(name)
        head = {"model": model.file, "task": model.task, "names": {str(i): text for i, text in model.names.items()}}
        self._output.file.write(_json(head)[:-1] + ',"images":[')
        self._between = "\n"

    def add(self, item: Item) -> None:
        if item.error:
            said: dict[str, Any] = {"source": item.source.name, "error": item.error}
        else:
            height, width = item.pixels.shape[:2]
            said = {"source": item.source.name, "frame": item.frame, "width": width, "height": height}
            said |= item.result.to_dict(self._names)
        self._output.file.write(self._between + _json(said))
        self._between = ",\n"

    def finish(self) -> None:
        self._output.file.write("\n]}\n")
        self._output.finish()

    def drop(self) -> None:
        self._output.drop()


class CsvWriter:
    """A line for each object."""

    def __init__(self, name: str, model: ty.ModelInfo) -> None:
        self._model = model
        self._output = OutputFile(name)
        self._csv = csv.writer(self._output.file, lineterminator="\n")
        columns = {
            "classify": ["rank"],
            "obb": ["cx", "cy", "width", "height", "theta"],
            "segment": ["left", "top", "right", "bottom", "area"],
        }.get(model.task, ["left", "top", "right", "bottom"])
        for i in range(model.keypoints):
            columns += [f"kpt{i}_{part}" for part in ("x", "y", "score")[: model.keypoint_dims]]
        self._csv.writerow(["source", "frame", "class", "name", "score", *columns])

    def add(self, item: Item) -> None:
        if item.error:
            return
        result = item.result
        for i, (class_id, score) in enumerate(zip(result.classes.tolist(), result.scores)):
            row = [item.source.name, item.frame, class_id, self._model.names[class_id], shortest(score)]
            self._csv.writerow(row + self._values(result, i))

    def _values(self, result: ty.BaseModel, i: int) -> list[Any]:
        if isinstance(result, ty.ClsResult):
            return [i + 1]
        values: list[Any] = [shortest(value) for value in np.asarray(result.boxes[i])]
        if isinstance(result, ty.SegResult):
            values.append(result.masks[i].area)
        if isinstance(result, ty.PoseResult):
            points = np.asarray(result.kpts[i])[:, : self._model.keypoint_dims]
            values += [shortest(value) for value in points.reshape(-1)]
        return values

    def finish(self) -> None:
        self._output.finish()

    def drop(self) -> None:
        self._output.drop()


class LabelWriter:
    """A file for each image, in Ultralytics' format; none for an image in which nothing was found."""

    def __init__(self, folder: str, scores: bool, model: ty.ModelInfo) -> None:
        self._names = OutputNames(folder, ())
        self._scores = scores
        self._model = model

    def add(self, item: Item) -> None:
        if item.error:
            return
        stem = item.source.stem if item.source.kind == "picture" else f"{item.source.stem}_{item.frame}"
        file = self._names.claim(stem, ".txt")
        lines = io.StringIO()
        result = item.result
        for i, (class_id, score) in enumerate(zip(result.classes.tolist(), result.scores)):
            if isinstance(result, ty.ClsResult):
                lines.write(f"{score:.6g} {self._model.names[class_id]}\n")
                continue
            values = [f"{value:.6g}" for value in self._place(result, i, item.pixels.shape)]
            if values:
                lines.write(" ".join([str(class_id), *values, *([f"{score:.6g}"] if self._scores else [])]) + "\n")
        if lines.tell():
            with open(file, "w", encoding="utf-8") as out:
                out.write(lines.getvalue())

    def _place(self, result: Any, i: int, shape: tuple[int, ...]) -> list[float]:
        """Where object `i` is, in shares of the image's size; empty if it is nowhere."""
        size = np.array([shape[1], shape[0]], np.float64)
        if isinstance(result, ty.SegResult):
            return (_outline(result.masks[i].to_numpy()) / size).reshape(-1).tolist()
        if isinstance(result, ty.OBBResult):
            return (result.boxes[i].xyxyxyxy() / size).reshape(-1).tolist()
        corners = result.boxes[i].xyxy().astype(np.float64).reshape(2, 2)
        values = ((corners[0] + corners[1]) / 2 / size).tolist() + ((corners[1] - corners[0]) / size).tolist()
        if isinstance(result, ty.PoseResult):
            for x, y, conf in np.asarray(result.kpts[i]).tolist():
                values += [x / size[0], y / size[1]] + ([conf] if self._model.keypoint_dims == 3 else [])
        return values

    def finish(self) -> None:
        pass

    drop = finish


class PictureWriter:
    """Annotated pictures, and videos as .mp4."""

    def __init__(self, folder: str, model: ty.ModelInfo, sources: Sequence[Source]) -> None:
        self._names = OutputNames(folder, sources)
        self._labels = model.names
        self._video: Any = None
        self._of: Source | None = None

    def add(self, item: Item) -> None:
        import cv2

        if item.error:
            return
        drawn = ty.visualize(item.pixels, item.result, self._labels)
        if item.source.kind == "picture":
            self.finish()
            extension = os.path.splitext(item.source.name)[1]
            extension = extension if extension and cv2.haveImageWriter("x" + extension) else ".jpg"
            self._write_picture(self._names.claim(item.source.stem, extension), extension, drawn)
            return
        if item.source is not self._of:
            self.finish()
            file = self._names.claim(item.source.stem, ".mp4")
            height, width = drawn.shape[:2]
            self._video = cv2.VideoWriter(file, cv2.VideoWriter_fourcc(*"mp4v"), item.rate, (width, height))
            if not self._video.isOpened():
                raise OSError(f"'{file}': the video cannot be written")
            self._of = item.source
        self._video.write(drawn)

    @staticmethod
    def _write_picture(file: str, extension: str, drawn: np.ndarray) -> None:
        import cv2

        done, data = cv2.imencode(extension, drawn)
        if not done:
            raise OSError(f"'{file}': OpenCV cannot write such a picture")
        data.tofile(file)

    def finish(self) -> None:
        if self._video is not None:
            self._video.release()
        self._video = self._of = None

    drop = finish


class OutputNames:
    """Names of files in a folder, none twice, and none of a source."""

    def __init__(self, folder: str, sources: Sequence[Source]) -> None:
        os.makedirs(folder, exist_ok=True)
        self._folder = folder
        whole = os.path.realpath(folder)
        files = (os.path.realpath(source.name) for source in sources if source.kind in ("picture", "video"))
        self._taken = {os.path.basename(file) for file in files if os.path.dirname(file) == whole}

    def claim(self, stem: str, extension: str) -> str:
        name = stem + extension
        number = 2
        while name in self._taken:
            name = f"{stem}_{number}{extension}"
            number += 1
        self._taken.add(name)
        return os.path.join(self._folder, name)


def shortest(value: Any) -> str:
    """The fewest digits that stand for the float."""
    return np.format_float_positional(np.float32(value), unique=True, trim="-")


def _json(value: Any) -> str:
    return json.dumps(_rounded(value), ensure_ascii=False, separators=(",", ":"))


def _rounded(value: Any) -> Any:
    """The same with every float in the fewest digits that stand for it in 32 bits."""
    if isinstance(value, float):
        return float(shortest(value))
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return value


def _outline(mask: np.ndarray) -> np.ndarray:
    """The corners of a mask's outlines [n, 2], pieces joined to one, holes left out."""
    import cv2

    pieces, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    points = [piece.reshape(-1, 2) for piece in pieces if len(piece) > 2]
    return np.concatenate(points).astype(np.float64) if points else np.zeros((0, 2))
