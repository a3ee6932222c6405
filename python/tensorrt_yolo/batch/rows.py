"""The table that a batch writes: a row for each image, with the values of Result.to_dict() as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tensorrt_yolo.results import Result

Row = dict[str, Any]

_FLOATS = pa.list_(pa.float32())
_POINTS = pa.list_(_FLOATS)
_SIZE = pa.list_(pa.int32())
_CLASS = [("class", pa.int32()), ("name", pa.string()), ("score", pa.float32())]
_RUNS = pa.struct([("size", _SIZE), ("counts", pa.string())])
_CLASS_RUNS = pa.list_(pa.struct([("class", pa.int32()), ("counts", pa.string())]))


def _objects(*more: tuple[str, pa.DataType]) -> pa.DataType:
    return pa.list_(pa.struct([*_CLASS, *more]))


#: The column of each task: its name, and its type.
_COLUMNS: dict[str, tuple[str, pa.DataType]] = {
    "classify": ("top", _objects()),
    "detect": ("objects", _objects(("box", _FLOATS))),
    "obb": ("objects", _objects(("rotated", _FLOATS), ("corners", _POINTS))),
    "segment": ("objects", _objects(("box", _FLOATS), ("mask", _RUNS))),
    "pose": ("objects", _objects(("box", _FLOATS), ("keypoints", _POINTS))),
    "semantic": ("semantic", pa.struct([("size", _SIZE), ("classes", _CLASS_RUNS)])),
    "depth": ("depth", pa.struct([("size", _SIZE), ("min", pa.float32()), ("max", pa.float32())])),
}


def result_schema(task: str) -> pa.Schema:
    """The columns that a result has, without the image's path.

    width, height  of the image, pixels; null if it could not be read
    error          why there is no result; null if there is one
    objects        of detect, obb, segment and pose: a list with a struct for each object, by falling score: class,
                   name, score, and by task box, rotated, corners, keypoints, mask, as Result.to_dict() has them
    top            of classify: a list with class, name and score
    semantic       size (height, width), and classes: a list of class and counts (COCO's run-length string)
    depth          size (height, width), min and max in metres; the distances themselves are not kept
    """
    column, kind = _COLUMNS[task]
    sizes = [("width", pa.int32()), ("height", pa.int32()), ("error", pa.string())]
    return pa.schema([*sizes, (column, kind)])


def schema_of(task: str) -> pa.Schema:
    """The columns of a batch: `path`, then those of result_schema()."""
    return pa.schema([("path", pa.string()), *result_schema(task)])


def row_of(result: Result) -> Row:
    """The values of a result's columns."""
    width, height = result.image_size
    described = result.to_dict()
    if semantic := described.get("semantic"):
        found = semantic["classes"].items()
        semantic["classes"] = [{"class": int(index), "counts": counts} for index, counts in found]
    return {"width": width, "height": height, "error": None, **described}


def failed_row(error: str) -> Row:
    """The values of an image that has no result."""
    return {"error": error.encode(errors="replace").decode()}


def table_of(task: str, rows: Sequence[Row], about: Mapping[str, Any]) -> pa.Table:
    """The rows as a table; `about` is what is known of the images besides, as columns that come before theirs."""
    schema = result_schema(task)
    columns = {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in schema}
    return pa.table({**about, **columns})


class Counts:
    """What was found in tables, for a summary."""

    def __init__(self) -> None:
        self.images = 0
        """With a result."""
        self.failed = 0
        """Images without one."""
        self._things: dict[str, int] = {}

    def add(self, table: pa.Table) -> None:
        """Counts a table's rows and what is in them."""
        failed = len(table) - table["error"].null_count
        self.failed += failed
        self.images += len(table) - failed
        for name in _names(table):
            self._things[name] = self._things.get(name, 0) + 1

    def text(self) -> str:
        """The ten most frequent classes; empty of tasks that count nothing."""
        most = sorted(self._things.items(), key=lambda item: -item[1])[:10]
        return ", ".join(f"{count} {name}" for name, count in most)


def _names(table: pa.Table) -> Iterator[str]:
    if "top" in table.column_names:
        yield from (top[0]["name"] for top in table["top"].to_pylist() if top)
    elif "objects" in table.column_names:
        flat = table["objects"].combine_chunks().flatten()
        yield from flat.field("name").to_pylist()
