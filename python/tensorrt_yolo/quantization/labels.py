"""What is really in pictures: label files and data.yaml as Ultralytics has them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.info import ModelInfo

Floats = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Truth:
    """The objects of a picture, in shares of its width and height; of a classifier's picture its class alone."""

    classes: list[int]
    boxes: Floats
    """Left, top, right, bottom: [n, 4]."""
    outlines: list[Floats]
    """Of segment and obb: points [p, 2] of each object."""
    keypoints: Floats | None
    """Of pose: x, y, and how visible (0: not labelled), [n, k, 3]."""


def label_file(picture: str) -> str:
    """Where the labels of a picture are: its folder is called images, and beside it is one that is called labels."""
    folder, name = os.path.split(picture)
    parts = folder.split(os.sep)
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] == "images":
            parts[index] = "labels"
            break
    return os.path.join(os.sep.join(parts), os.path.splitext(name)[0] + ".txt")


def read_labels(file: str, info: ModelInfo) -> Truth:
    """The objects that a label file names; of a file that is missing none, as it is a picture of nothing.

    Raises ValueError, with the file and the line, for what is no label of the model's task or classes.
    """
    classes: list[int] = []
    boxes: list[Sequence[float]] = []
    outlines: list[Floats] = []
    keypoints: list[Floats] = []
    try:
        with open(file, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"'{file}', line {number}: "
                try:
                    class_id, *values = map(float, line.split())
                except ValueError:
                    raise ValueError(f"{where}numbers were expected, found {line.strip()[:60]!r}") from None
                classes.append(_checked_class(class_id, info, where))
                _add_object(values, info, where, boxes, outlines, keypoints)
    except FileNotFoundError:
        pass
    except UnicodeDecodeError:
        raise ValueError(f"'{file}': labels as text were expected") from None
    return Truth(
        classes,
        np.asarray(boxes, np.float32).reshape(-1, 4),
        outlines,
        np.asarray(keypoints, np.float32).reshape(-1, info.keypoints, 3) if info.task == "pose" else None,
    )


def _checked_class(value: float, info: ModelInfo, where: str) -> int:
    if value != int(value) or value < 0 or info.names and value >= len(info.names):
        most = f"0 to {len(info.names) - 1}" if info.names else "whole numbers"
        raise ValueError(f"{where}the class is {value:g}, and the model has the classes {most}")
    return int(value)


def _add_object(
    values: list[float],
    info: ModelInfo,
    where: str,
    boxes: list[Sequence[float]],
    outlines: list[Floats],
    keypoints: list[Floats],
) -> None:
    outlined = info.task in ("segment", "obb") or info.task == "detect" and len(values) > 4
    if outlined:
        if len(values) < 6 or len(values) % 2 or info.task == "obb" and len(values) != 8:
            wanted = "four corners" if info.task == "obb" else "an outline of three points or more"
            raise ValueError(f"{where}{wanted} were expected behind the class, found {len(values)} numbers")
        outline = np.asarray(values, np.float32).reshape(-1, 2)
        boxes.append((*outline.min(axis=0).tolist(), *outline.max(axis=0).tolist()))
        outlines.append(outline)
        return
    points = np.asarray(values[4:], np.float32)
    dims = len(points) // info.keypoints if info.task == "pose" and info.keypoints else 0
    wanted_points = info.keypoints * dims if dims in (2, 3) else 0
    if len(values) < 4 or len(points) != wanted_points:
        wanted = f" and {info.keypoints} points" if info.task == "pose" else ""
        raise ValueError(
            f"{where}a box (centre x, y, width, height){wanted} was expected behind the class, found {len(values)} "
            "numbers"
        )
    x, y, width, height = values[:4]
    boxes.append((x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    if info.task == "pose":
        points = points.reshape(info.keypoints, dims)
        seen = np.full((info.keypoints, 1), 2, np.float32)
        keypoints.append(points if dims == 3 else np.concatenate([points, seen], axis=1))


def read_yaml(file: str) -> dict[str, Any]:
    """A data.yaml. Raises ValueError if it is none."""
    import yaml

    try:
        with open(file, encoding="utf-8") as stream:
            found = yaml.safe_load(stream)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"'{file}': not readable as YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, dict) or not ("train" in found or "val" in found):
        raise ValueError(f"'{file}': a data.yaml was expected, which says where pictures are (train, val)")
    return found
