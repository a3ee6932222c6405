"""Images in Ray Data to results: the function predict()."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import ray
from ray.data import Dataset
from ray.data.block import BlockAccessor

from tensorrt_yolo.batch.job import PART_IMAGES, Job, Manifest
from tensorrt_yolo.batch.predicting import PoolSetup, rows_of
from tensorrt_yolo.batch.rows import table_of
from tensorrt_yolo.files import fingerprint, image_files
from tensorrt_yolo.option import InferOption, lasting
from tensorrt_yolo.ray.keyed import Keyed, KeyedParts, forget_duplicates
from tensorrt_yolo.ray.parts import predicted_parts
from tensorrt_yolo.ray.resources import Resources

_COLUMNS = ("image", "bytes", "path")  # of datasets, as Ray's readers call them; the first that is there


def predict(
    data: Dataset | str | os.PathLike[str] | Sequence[str],
    model: str | os.PathLike[str],
    option: InferOption | None = None,
    *,
    column: str | None = None,
    job: str | os.PathLike[str] | None = None,
    key: str = "path",
    contexts: int = 0,
    resources: Resources | None = None,
    part_images: int = PART_IMAGES,
) -> Dataset:
    """What the model finds in images, as a dataset with a row for each, which are made as it is used.

    data       a Dataset; a Parquet file or folder of them; a folder of images, a pattern such as 'photos/**/*.jpg', or
               a list of images' paths
    model      a file that all machines have by this name, the same on each
    option     how it is loaded; on a CPU with as many threads as its pool has cores, unless that says otherwise
    column     of a dataset, where its images are. Text is a path, binary an image file, and what else is an array is an
               image u8 [height, width, 3], RGB unless the option says otherwise. None: "image", "bytes" or "path"
    job        a folder, on storage that all machines share, for finished parts: the same call with the same folder goes
               on with them after a crash. It stays until it is removed
    key        with a job, the column of a dataset whose value is different in every row, by which rows are known
    contexts   runs at the same time in each pool. 0: what keeps its cores or GPU busy
    resources  what each pool takes of the cluster, and how many there are
    part_images  images that a pool is given at a time: a part of the job, which a crash can lose

    The columns are those of the dataset but for the images themselves, or `path`, and behind them `width`, `height`,
    `error` and the task's, as tensorrt_yolo.batch.rows.result_schema() has them. An image that cannot be read has an
    error; what is not an image's fault ends the work with an exception where the dataset is used. Rows of a list or
    folder come in no order, unless the DataContext keeps it.

    Of a model with classes by name use InferOption.set_classes(). Raises ValueError for what does not fit, among it a
    job that was made of other images, with another model or other options.
    """
    setup = PoolSetup(os.fspath(model), option or InferOption(), contexts, fingerprint(model))
    resources = resources or Resources()
    if isinstance(data, (str, os.PathLike)):
        path = os.fsdecode(data)
        data = ray.data.read_parquet(path) if _is_parquet(path) else image_files(path)
    if not isinstance(data, Dataset):
        return _of_paths([os.fsdecode(path) for path in data], setup, resources, job, part_images)
    return _of_dataset(data, setup, resources, column, job, key, part_images)


class ColumnPredictor:
    """An actor of Ray Data's: a pool, for the images in a column, a batch in each thread."""

    def __init__(self, setup: PoolSetup, column: str, keyed: Keyed | None) -> None:
        self._column = column
        self._parts = KeyedParts(keyed) if keyed else None
        self._pool = setup.pool()

    def __call__(self, batch: pa.Table) -> pa.Table:
        if self._parts:
            batch = self._parts.new_rows(batch)
        rows = list(rows_of(self._pool, _images(batch, self._column)))
        kept = [name for name in batch.column_names if name != self._column or _is_text(batch.schema.field(name).type)]
        table = table_of(self._pool.info().task, rows, {name: batch[name] for name in kept})
        if self._parts:
            self._parts.write(table)
        return table


def _of_paths(
    paths: Sequence[str],
    setup: PoolSetup,
    resources: Resources,
    folder: str | os.PathLike[str] | None,
    part_images: int,
) -> Dataset:
    manifest = Manifest.of(paths, setup.digest, setup.option, part_images)
    job = Job.open(os.fspath(folder), manifest) if folder is not None else None
    if job:
        part_images = job.manifest.part_images
        job.close()  # parts have names of their own: who else is at it writes the same
    parts = [range(begin, min(begin + part_images, len(paths))) for begin in range(0, len(paths), part_images)]
    return predicted_parts(parts, paths, setup, resources, job, give_rows=True)


def _of_dataset(
    dataset: Dataset,
    setup: PoolSetup,
    resources: Resources,
    column: str | None,
    folder: str | os.PathLike[str] | None,
    key: str,
    part_images: int,
) -> Dataset:
    names = dataset.schema().names
    column = column or next((name for name in _COLUMNS if name in names), "")
    if column not in names:
        raise ValueError(f"predict: a column of images is to be named; the dataset has {', '.join(names)}")
    clash = {"width", "height", "error", "objects", "top", "semantic", "depth"} & set(names) - {column}
    if clash:
        listed = ", ".join(sorted(clash))
        raise ValueError(f"predict: results have columns of the same names as the dataset: drop {listed}")
    resources = resources.filled(reading=True)
    keyed: Keyed | None = None
    before: list[str] = []
    if folder is not None:
        keyed, before = _keyed(os.fspath(folder), key, names, column, setup, part_images)
    predicted = dataset.map_batches(
        ColumnPredictor,
        batch_size=part_images,
        batch_format="pyarrow",
        fn_constructor_args=(resources.setup(setup), column, keyed),
        **resources.arguments(reading=True),
    )
    if not before:
        return predicted
    # Without a core of its own, it cannot be kept waiting by pools that have them all.
    return ray.data.read_parquet(before, ray_remote_args={"num_cpus": 0}).union(predicted)


def _keyed(
    folder: str, key: str, names: Sequence[str], column: str, setup: PoolSetup, part_images: int
) -> tuple[Keyed, list[str]]:
    """How rows are known that are done, and the files that they are in."""
    if key not in names:
        raise ValueError(f"predict: with a job a column must tell rows apart: name it by key=; found no '{key}'")
    manifest = Manifest(f"rows by {key}, images in {column}", -1, setup.digest, lasting(setup.option), part_images)
    with Job.open(folder, manifest) as job:
        files, digests = forget_duplicates(folder, key)
        return Keyed(os.path.realpath(folder), job.identity, key, ray.put(digests)), files


def _images(batch: pa.Table, column: str) -> Sequence[Any]:
    kind = batch.schema.field(column).type
    if _is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [b"" if value is None else value for value in batch[column].to_pylist()]
    if not len(batch):
        return []
    return list(BlockAccessor.for_block(batch.select([column])).to_numpy(column))


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_parquet(path: str) -> bool:
    if os.path.isdir(path):
        return any(name.endswith(".parquet") for name in os.listdir(path))
    return path.endswith(".parquet") or "://" in path
