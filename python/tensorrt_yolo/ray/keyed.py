"""Parts of a job whose images come in no known order: rows are known by the value of a column."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import ray

from tensorrt_yolo.batch.job import check_folder, write_table

_DIGEST = 16  # bytes; two of a billion rows share one with a probability of 10^-21
_Digests = npt.NDArray[np.bytes_]


@dataclasses.dataclass(frozen=True)
class Keyed:
    """Where parts are, and which rows are done."""

    folder: str
    identity: str
    """Of the job."""
    key: str
    """The column that tells rows apart."""
    done: Any
    """A reference of Ray's to the sorted digests of the keys that are done."""


class KeyedParts:
    """The parts, for an actor."""

    def __init__(self, keyed: Keyed) -> None:
        check_folder(keyed.folder, keyed.identity)
        self._keyed = keyed
        self._done: _Digests = ray.get(keyed.done)

    def new_rows(self, table: pa.Table) -> pa.Table:
        """Those that are not done. Raises ValueError if two of them have one key."""
        digests = _digests(table[self._keyed.key])
        if len(np.unique(digests)) < len(digests):
            raise ValueError(f"the column '{self._keyed.key}' has a value twice: rows cannot be told apart by it")
        if not len(self._done) or not len(digests):
            return table
        places = np.minimum(np.searchsorted(self._done, digests), len(self._done) - 1)
        return table.filter(pa.array(self._done[places] != digests))

    def write(self, table: pa.Table) -> None:
        """Writes a part. The same rows have the same name: if Ray runs them again, the part is replaced."""
        if len(table):
            name = hashlib.sha256(b"".join(_digests(table[self._keyed.key]).tolist())).hexdigest()[:32]
            write_table(os.path.join(self._keyed.folder, f"{name}.parquet"), table)


def forget_duplicates(folder: str, key: str) -> tuple[list[str], _Digests]:
    """The files of all parts, and the sorted digests of their keys. A row that two parts have is taken out of one.

    That can be if a machine was lost after it had written a part, and Ray ran its rows again in other company.
    """
    files: list[str] = []
    known: set[bytes] = set()
    for name in sorted(name for name in os.listdir(folder) if name.endswith(".parquet")):
        file = os.path.join(folder, name)
        with open(file, "rb") as stream:
            digests = _digests(pq.read_table(stream, columns=[key])[key]).tolist()
        new = [digest not in known for digest in digests]
        known.update(digests)
        if not all(new):
            _keep(file, new)
        if any(new):
            files.append(file)
    return files, np.sort(np.array(list(known), f"S{_DIGEST}"))


def _keep(file: str, rows: list[bool]) -> None:
    if any(rows):
        with open(file, "rb") as stream:
            table = pq.read_table(stream)
        write_table(file, table.filter(pa.array(rows)))
    else:
        os.unlink(file)


def _digests(keys: pa.ChunkedArray) -> _Digests:
    texts = (repr(key).encode(errors="replace") for key in keys.to_pylist())
    return np.array([hashlib.blake2b(text, digest_size=_DIGEST).digest() for text in texts], f"S{_DIGEST}")
