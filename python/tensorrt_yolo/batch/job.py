"""The folder of a job: finished parts, and a manifest that says what they are parts of.

A part is a Parquet file that is complete or not there. So a job that was ended at any point, by whatever, has lost what
was not yet in a part, and goes on with that: no image is left out, and none is there twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tensorrt_yolo.batch.rows import Counts
from tensorrt_yolo.option import InferOption, lasting
from tensorrt_yolo.program.folder_lock import LOCK, FolderLock
from tensorrt_yolo.program.writing import write_whole

PART_IMAGES = 256
"""Images of a part, unless another number is asked for."""
_MANIFEST = "manifest.json"
_VERSION = 1
_METADATA = b"trtyolo.job"
_PART = re.compile(r"([0-9]{12})-([0-9]{12})\.parquet")
_JOINED_BYTES = 64 << 20  # of a row group of the joined file, before it is compressed


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a job's parts are made of. Two with the same values can go on with each other's parts."""

    inputs: str
    """Digest of the images' names in their order, or what else tells the inputs."""
    count: int
    """Images; -1 if that is not known before they are read."""
    model: str
    """Digest of the model's file."""
    options: dict[str, Any]
    """Of the model, without those that change its speed only."""
    part_images: int = PART_IMAGES
    """Images of a part. A job keeps the number that it began with."""

    @classmethod
    def of(cls, inputs: Sequence[str], model: str, option: InferOption, part_images: int = PART_IMAGES) -> Manifest:
        """Of images by their paths and a model file's fingerprint()."""
        digest = hashlib.sha256()
        for path in inputs:
            digest.update(os.fsencode(path) + b"\0")
        return cls(digest.hexdigest(), len(inputs), model, lasting(option), part_images)

    def difference(self, other: Manifest) -> str:
        """How `other`, of now, differs from this one, of then; empty if it does not."""
        if self.model != other.model:
            return "it was made with another model file"
        for name in sorted({*self.options, *other.options}):
            then, now = (one.options.get(name, "not given") for one in (self, other))
            if then != now:
                return f"it was made with other options ({name} was {_brief(then)} and is {_brief(now)})"
        if self.count != other.count:
            return f"it was made for other images (there were {self.count}, there are {other.count})"
        if self.inputs != other.inputs:
            return "it was made for other images (as many, by other names)"
        return ""

    def to_json(self) -> str:
        """As text."""
        return json.dumps({"version": _VERSION, **dataclasses.asdict(self)}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Manifest:
        """From to_json(). Raises ValueError, which names `where` it was found, for what this release does not know."""
        try:
            values = json.loads(text)
            version = values.pop("version")
            values.pop("id", None)
            if version == _VERSION:
                return cls(**values)
        except (KeyError, TypeError, AttributeError, ValueError):
            version = "none that can be read"
        raise ValueError(f"{where}: a job of version {_VERSION} was expected, found {version}")


def write_table(file: str, table: pa.Table) -> None:
    """Writes a Parquet file that is complete or not there."""

    def write(path: str) -> None:
        with open(path, "wb") as stream:
            pq.write_table(table, stream, compression="zstd")
            os.fsync(stream.fileno())

    write_whole(file, write)


class Parts:
    """The parts of a job by the images that they are of. Any process that sees the folder, any thread."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def file(self, images: range) -> str:
        """Where the part of these images is, or will be."""
        return os.path.join(self.folder, f"{images.start:012}-{images.stop:012}.parquet")

    def write(self, images: range, table: pa.Table) -> None:
        """Writes a part. Raises ValueError if it has not a row for each image."""
        if len(table) != len(images):
            raise ValueError(f"a part of {len(images)} images must have as many rows, found {len(table)}")
        write_table(self.file(images), table)

    def read(self, images: range) -> pa.Table | None:
        """A part; None if there is none yet."""
        try:
            with open(self.file(images), "rb") as stream:
                return pq.read_table(stream)
        except FileNotFoundError:
            return None

    def errors(self, images: range) -> list[tuple[str, str]]:
        """Path and error of each image of a part that has no result. Raises OSError if there is no such part."""
        with open(self.file(images), "rb") as stream:
            table = pq.read_table(stream, columns=["path", "error"])
        return [(row["path"], row["error"]) for row in table.to_pylist() if row["error"] is not None]

    def finished(self) -> list[range]:
        """Of which images there are parts, in their order."""
        matches = filter(None, map(_PART.fullmatch, os.listdir(self.folder)))
        return sorted((range(int(found[1]), int(found[2])) for found in matches), key=lambda images: images.start)

    def missing(self, count: int, part_images: int) -> list[range]:
        """Of which of `count` images there are none, cut at multiples of `part_images`."""
        found, end = [], 0
        for images in [*self.finished(), range(count, count)]:
            found += list(_cut(end, images.start, part_images))
            end = max(end, images.stop)
        return found


class Job:
    """The job in a folder, for one process at a time; others may write parts. See open()."""

    def __init__(self, folder: str, manifest: Manifest, identity: str, lock: FolderLock) -> None:
        self.parts = Parts(folder)
        self.manifest = manifest
        self.identity = identity
        """In the manifest: other machines tell by it that they see the same folder."""
        self._lock = lock

    @classmethod
    def open(cls, folder: str, manifest: Manifest, *, restart: bool = False) -> Job:
        """Begins the job, or goes on with it.

        restart: whatever is in the folder goes.
        Raises ValueError if the folder's job is of other inputs, of another model or other options, and BlockingIOError
        if another process is at it.
        """
        lock = FolderLock(folder)
        try:
            if restart:
                _clear(folder)
            found, identity = _read_manifest(folder) or _write_manifest(folder, manifest)
            different = found.difference(manifest)
            if different:
                raise ValueError(
                    f"the job in '{folder}' cannot go on: {different}. Begin anew (--restart), or write elsewhere"
                )
            _remove(folder, lambda name: name.startswith(".tensorrt_yolo."))  # parts that were never finished
        except BaseException:
            lock.close()
            raise
        return cls(folder, found, identity, lock)

    def missing(self) -> list[range]:
        """Images that are in no part yet, a part's at a time."""
        return self.parts.missing(self.manifest.count, self.manifest.part_images)

    def join(self, file: str) -> Counts:
        """Writes all parts, in the order of the images, into one file, and removes the folder.

        A few row groups are in memory at a time. Raises ValueError if parts are missing.
        """
        missing = self.missing()
        finished = self.parts.finished()
        if missing or sum(map(len, finished)) != self.manifest.count:
            raise ValueError(f"the job in '{self.parts.folder}' is not complete: its parts do not fit together")
        counts = Counts()

        def write(path: str) -> None:
            with open(path, "wb") as stream:
                self._write_joined(stream, finished, counts)
                stream.flush()
                os.fsync(stream.fileno())

        write_whole(os.path.realpath(file), write)
        self.remove()
        return counts

    def _write_joined(self, stream: Any, finished: Sequence[range], counts: Counts) -> None:
        writer: pq.ParquetWriter | None = None
        waiting: list[pa.Table] = []
        size = 0
        for index, images in enumerate(finished):
            table = self.parts.read(images)
            assert table is not None
            counts.add(table)
            waiting.append(table)
            size += table.nbytes
            if index + 1 == len(finished) or size >= _JOINED_BYTES:
                joined = pa.concat_tables(waiting)
                waiting, size = [], 0
                if writer is None:
                    about = {_METADATA: self.manifest.to_json().encode()}
                    writer = pq.ParquetWriter(stream, joined.schema.with_metadata(about), compression="zstd")
                writer.write_table(joined.replace_schema_metadata(writer.schema.metadata))
        if writer is not None:
            writer.close()

    def remove(self) -> None:
        """Removes the folder, and with it the job."""
        shutil.rmtree(self.parts.folder)
        self.close()

    def close(self) -> None:
        """Lets other processes have the folder. Twice is no mistake."""
        self._lock.close()

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def joined_manifest(file: str) -> Manifest | None:
    """Of what job a file is the end; None if there is no such file. Raises ValueError if it is of none."""
    try:
        with open(file, "rb") as stream:
            metadata = pq.read_schema(stream).metadata or {}
    except FileNotFoundError:
        return None
    except pa.ArrowInvalid:
        metadata = {}
    if _METADATA not in metadata:
        raise ValueError(
            f"'{file}' is there already, and is no result of this command; name another file, or remove it"
        )
    return Manifest.from_json(metadata[_METADATA], f"'{file}'")


def counts_of(file: str) -> Counts:
    """Counts what a joined file has, a row group at a time."""
    counts = Counts()
    with pq.ParquetFile(file) as opened:
        for group in range(opened.num_row_groups):
            counts.add(opened.read_row_group(group))
    return counts


def check_folder(folder: str, identity: str) -> None:
    """Raises FileNotFoundError if this machine does not see the job of this identity there."""
    try:
        with open(os.path.join(folder, _MANIFEST), encoding="utf-8") as file:
            found = json.load(file).get("id")
    except FileNotFoundError:
        found = None
    if found != identity:
        raise FileNotFoundError(
            f"the job folder '{folder}' is not there on every machine: it must be on storage that all of them share"
        )


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _cut(begin: int, end: int, step: int) -> Iterator[range]:
    while begin < end:
        stop = min(end, (begin // step + 1) * step)
        yield range(begin, stop)
        begin = stop


def _read_manifest(folder: str) -> tuple[Manifest, str] | None:
    file = os.path.join(folder, _MANIFEST)
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        if any(name != LOCK and not name.startswith(".tensorrt_yolo.") for name in os.listdir(folder)):
            raise ValueError(f"'{folder}' is not the folder of a job: name another one") from None
        return None
    return Manifest.from_json(text, f"'{file}'"), json.loads(text).get("id", "")


def _write_manifest(folder: str, manifest: Manifest) -> tuple[Manifest, str]:
    identity = secrets.token_hex(16)

    def write(path: str) -> None:
        with open(path, "w", encoding="utf-8") as stream:
            json.dump({**json.loads(manifest.to_json()), "id": identity}, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())

    write_whole(os.path.join(folder, _MANIFEST), write)
    return manifest, identity


def _clear(folder: str) -> None:
    if _read_manifest(folder):
        _remove(folder, lambda name: name.endswith(".parquet") or name == _MANIFEST)


def _remove(folder: str, wanted: Any) -> None:
    for name in filter(wanted, os.listdir(folder)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))
