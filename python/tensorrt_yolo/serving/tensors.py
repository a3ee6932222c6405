"""Results as tensors, and what the protocol says of them: the same by HTTP and by gRPC."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.results import Result
from tensorrt_yolo.serving.refusals import Refusal

INPUT = "image"
"""The name of the one input: picture files, BYTES."""

_TYPES = {"FP32": np.float32, "INT32": np.int32}


@dataclass(frozen=True)
class Port:
    """An input or output of a model, as the protocol describes it; -1: any number."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """An output. Its values are an array, or of BYTES a list."""

    name: str
    datatype: str
    values: npt.NDArray[Any] | list[bytes]

    @property
    def shape(self) -> list[int]:
        """Sizes of the dimensions."""
        return [len(self.values)] if isinstance(self.values, list) else list(self.values.shape)

    def raw(self) -> bytes:
        """As the protocol has it in binary: little-endian, row after row; of BYTES each behind its length."""
        if isinstance(self.values, list):
            return b"".join(part for value in self.values for part in (struct.pack("<I", len(value)), value))
        return self.values.tobytes()

    def listed(self) -> list[Any]:
        """As it stands in JSON: flat."""
        if isinstance(self.values, list):
            return [value.decode(errors="replace") for value in self.values]
        flat = self.values.reshape(-1)
        if flat.dtype == np.float32 and not np.isfinite(flat).all():
            return [value if np.isfinite(value) else None for value in flat.tolist()]
        return flat.tolist()


# What a task has, by output: how it looks, and its values of one picture. All pictures' stand one behind the other;
# the outputs `counts` and `sizes` tell them apart.
_Part = Callable[[Result], Any]
_Parts = dict[str, tuple[str, tuple[int, ...], _Part]]
_OBJECTS: _Parts = {
    "classes": ("INT32", (-1,), lambda result: result.classes),
    "names": ("BYTES", (-1,), lambda result: [_bytes_of(result.names[i]) for i in result.classes.tolist()]),
    "scores": ("FP32", (-1,), lambda result: result.scores),
}
_BOXES: _Parts = {
    "boxes": ("FP32", (-1, 4), lambda result: result.boxes.xyxy()),
}
_MASKS: _Parts = {"masks": ("BYTES", (-1,), lambda result: _masks(result))}
_BY_TASK: dict[str, _Parts] = {
    "classify": {},
    "detect": _BOXES,
    "obb": {
        "rotated_boxes": ("FP32", (-1, 5), lambda result: result.rotated_boxes.xywhr()),
        "corners": ("FP32", (-1, 4, 2), lambda result: result.rotated_boxes.xyxyxyxy()),
    },
    "segment": _BOXES | _MASKS,
    "pose": _BOXES | {"keypoints": ("FP32", (-1, -1, 3), lambda result: result.keypoints.view(np.ndarray))},
    "semantic": _MASKS,
}
_DEPTH: _Parts = {"depth": ("FP32", (-1,), lambda result: result.depth.reshape(-1))}


def inputs() -> list[Port]:
    """What every model takes."""
    return [Port(INPUT, "BYTES", (-1,))]


def outputs(model: ModelInfo) -> list[Port]:
    """What a model gives."""
    ports = [Port("sizes", "INT32", (-1, 2)), Port("counts", "INT32", (-1,))]
    for name, (datatype, shape, _) in _parts(model.task).items():
        points = name == "keypoints" and (-1, model.keypoints, 3)
        ports.append(Port(name, datatype, points or shape))
    return ports


def chosen(model: ModelInfo, names: Sequence[str]) -> list[Port]:
    """The outputs of these names; all if there are none. Raises Refusal for a name that the model does not have."""
    by_name = {port.name: port for port in outputs(model)}
    for name in names:
        if name not in by_name:
            raise Refusal(400, f"The model has no output {name[:40]!r}; it has {', '.join(by_name)}.")
    return [by_name[name] for name in names] if names else list(by_name.values())


def tensor(port: Port, model: ModelInfo, results: Sequence[Result]) -> Tensor:
    """An output for these pictures."""
    if port.name == "sizes":  # height and width, as shapes of arrays have them
        values: Any = np.array([result.orig_shape for result in results], np.int32).reshape(-1, 2)
    elif port.name == "counts":
        values = np.array([len(result) for result in results], np.int32)
    else:
        part = _parts(model.task)[port.name][2]
        each = [part(result) for result in results]
        if port.datatype == "BYTES":
            values = [value for one in each for value in one]
        else:
            values = np.concatenate([np.asarray(one, _TYPES[port.datatype]) for one in each])
    return Tensor(port.name, port.datatype, values)


def elements(raw: bytes | memoryview, count: int) -> list[memoryview]:
    """The BYTES of a tensor in binary. Raises Refusal if they are not `count`."""
    view = memoryview(raw)
    found: list[memoryview] = []
    at = 0
    while at + 4 <= len(view) and len(found) < count:
        size = int.from_bytes(view[at : at + 4], "little")
        at += 4 + size
        if at > len(view):
            break
        found.append(view[at - size : at])
    if at != len(view) or len(found) != count:
        raise Refusal(
            400, f"The input has {len(view)} bytes, which are not {count} elements of BYTES, each behind its length."
        )
    return found


def picture_count(name: str, datatype: str, shape: Sequence[int], most: int) -> int:
    """How many pictures an input holds that is described so. Raises Refusal if it is not the input that models take."""
    if name != INPUT or datatype != "BYTES":
        raise Refusal(
            400, f"The one input is {INPUT!r}, of BYTES (picture files); found {name[:40]!r} of {datatype[:40]}."
        )
    count = 1
    for size in shape:
        count *= size if size > 0 else 0
    if not shape or not 0 < count <= most:
        raise Refusal(400, f"The input must hold from 1 to {most} pictures; found the shape {list(shape)[:8]}.")
    return count


def _parts(task: str) -> _Parts:
    return _DEPTH if task == "depth" else _OBJECTS | _BY_TASK[task]


def _masks(result: Result) -> list[bytes]:
    """COCO's run-length objects, as JSON."""
    found = result.to_dict()
    if result.semantic is not None:
        size, classes = found["semantic"]["size"], found["semantic"]["classes"]
        masks = [{"size": size, "counts": classes[str(i)]} for i in result.classes.tolist()]
    else:
        masks = [one["mask"] for one in found["objects"]]
    return [json.dumps(mask, separators=(",", ":")).encode() for mask in masks]


def _bytes_of(name: str) -> bytes:
    return name.encode(errors="surrogateescape")
