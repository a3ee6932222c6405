"""The parts of a job, filled by pools on many machines; what the command `batch --ray` and predict() share."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import ray
from ray.data import Dataset

from tensorrt_yolo.batch.job import Job, Parts, check_folder
from tensorrt_yolo.batch.predicting import PoolSetup, rows_of, shown
from tensorrt_yolo.batch.rows import table_of
from tensorrt_yolo.errors import Error
from tensorrt_yolo.ray.cluster import reason_of
from tensorrt_yolo.ray.resources import Resources

_MOST_BLOCKS = 4096


class PartPredictor:
    """An actor of Ray Data's: a pool, for images by path, a part in each thread.

    Ray may give it a part again after a machine was lost. Then the part is there already, or is written once more with
    the same name.
    """

    def __init__(self, setup: PoolSetup, base: str, folder: str, identity: str, give_rows: bool) -> None:
        """base: the folder that paths are relative to.
        folder: of the job, whose manifest must be the one of this identity; "": there is none.
        give_rows: whether the tables are given on; otherwise which parts are done.
        """
        if folder:
            check_folder(folder, identity)
        self._parts = Parts(folder) if folder else None
        self._base = base
        self._pool = setup.pool()
        self._give_rows = give_rows

    def __call__(self, batch: pa.Table) -> Iterator[pa.Table]:
        for unit in batch.to_pylist():
            table = self._part(range(unit["begin"], unit["end"]), [os.fsdecode(path) for path in unit["paths"]])
            yield table if self._give_rows else pa.table({"begin": [unit["begin"]], "end": [unit["end"]]})

    def _part(self, images: range, paths: Sequence[str]) -> pa.Table:
        found = self._parts.read(images) if self._parts else None
        if found is not None:
            return found
        rows = list(rows_of(self._pool, (os.path.join(self._base, path) for path in paths)))
        table = table_of(self._pool.info().task, rows, {"path": [shown(path) for path in paths]})
        if self._parts:
            self._parts.write(images, table)
        return table


def predicted_parts(
    parts: Sequence[range],
    paths: Sequence[str],
    setup: PoolSetup,
    resources: Resources,
    job: Job | None,
    *,
    give_rows: bool,
) -> Dataset:
    """A dataset of the rows of these parts, or of which parts are done. `paths` are those of all images."""
    units = [_unit(images, paths) for images in parts]
    resources = resources.filled(reading=False)
    dataset = ray.data.from_items(units, override_num_blocks=max(1, min(len(units), _MOST_BLOCKS)))
    return dataset.map_batches(
        PartPredictor,
        batch_size=1,
        batch_format="pyarrow",
        fn_constructor_args=(
            resources.setup(setup),
            os.getcwd(),
            os.path.realpath(job.parts.folder) if job else "",
            job.identity if job else "",
            give_rows,
        ),
        **resources.arguments(reading=False),
    )


def filled(
    job: Job,
    missing: Sequence[range],
    paths: Sequence[str],
    setup: PoolSetup,
    resources: Resources,
    stopped: threading.Event,
) -> Iterator[range]:
    """Has the missing parts of a job written, and gives each when it is done, until `stopped` is set.

    Raises Error for what went wrong on another machine.
    """
    dataset = predicted_parts(missing, paths, setup, resources, job, give_rows=False)
    rows = dataset.iter_rows()
    try:
        for row in rows:
            yield range(row["begin"], row["end"])
            if stopped.is_set():
                return
    except ray.exceptions.RayError as error:
        raise Error(reason_of(error)) from None


def _unit(images: range, paths: Sequence[str]) -> dict[str, Any]:
    # As bytes: names of files need not be text, and columns of text must be.
    named = [os.fsencode(path) for path in paths[images.start : images.stop]]
    return {"begin": images.start, "end": images.stop, "paths": named}
