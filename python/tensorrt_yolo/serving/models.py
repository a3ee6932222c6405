"""The models of a service: a pool each, by name; those of the folder are loaded and dropped while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tensorrt_yolo.class_words import classes_of
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.models import Model
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.pool import Pool
from tensorrt_yolo.results import Result
from tensorrt_yolo.serving.refusals import Refusal, log
from tensorrt_yolo.serving.selection import Thresholds

VERSION = "1"
"""Of every model: a file has no others."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9])?")
_ENDINGS = (".onnx", ".engine", ".xml")


@dataclass(frozen=True)
class Served:
    """A model that is ready."""

    name: str
    pool: Pool[Result]
    info: ModelInfo
    thresholds: Thresholds


@dataclass(frozen=True)
class Entry:
    """A model in the service's index."""

    name: str
    state: str
    """"READY", "LOADING", "UNLOADING" or "UNAVAILABLE"."""
    reason: str = ""
    """Why it is not ready."""


def model_name(file: str | os.PathLike[str]) -> str:
    """The name that a file's model has, unless it is given another."""
    return pathlib.Path(file).stem


def checked_name(name: str) -> str:
    """The name, if it can stand in addresses. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"a model's name must have 1 to 100 letters, digits, '.', '_' and '-', and begin and end with a letter or "
            f"digit; found {name!r}: give it another, as in FILE=NAME"
        )
    return name


class Models:
    """Models by name. Coroutines are for one event loop; everything else is called before it runs."""

    def __init__(
        self,
        files: Mapping[str, str | os.PathLike[str]],
        option: InferOption,
        folder: str | os.PathLike[str] | None,
        make_pool: Callable[[Model[Result]], Pool[Result]],
        classes: tuple[str, ...] = (),
    ) -> None:
        self._option, self._make_pool, self._classes = option, make_pool, classes
        self._folder = pathlib.Path(folder) if folder is not None else None
        if self._folder is not None and not self._folder.is_dir():
            raise NotADirectoryError(f"the models' folder {str(folder)!r} is none")
        self._served: dict[str, Served] = {}
        self._changing: dict[str, str] = {}  # the state of those that are not served, or not any more
        self._reasons: dict[str, str] = {}
        self._given = frozenset(files)
        for name, file in files.items():
            self._served[checked_name(name)] = self._loaded(name, file)

    def __iter__(self) -> Iterator[Served]:
        return iter(list(self._served.values()))

    def find(self, name: str, version: str = "") -> Served:
        """Raises Refusal if there is none, or none of this version ("": any)."""
        served = self._served.get(name)
        if served is None:
            state = self._changing.get(name)
            if state == "LOADING":
                raise Refusal(503, f"The model {name!r} is being loaded; try again later.", retry_after=1)
            raise Refusal(404, f"There is no model {name[:100]!r} here; there {_listed(list(self._served))}.")
        if version not in ("", VERSION):
            raise Refusal(404, f"The model {name!r} has the version {VERSION} only, found {version[:40]!r}.")
        return served

    def index(self) -> list[Entry]:
        """All models: those that are served, and those of the folder that could be."""
        entries = {name: Entry(name, "UNAVAILABLE", self._reasons.get(name, "not loaded")) for name in self._files()}
        entries |= {name: Entry(name, "READY") for name in self._served}
        entries |= {name: Entry(name, state) for name, state in self._changing.items()}
        return sorted(entries.values(), key=lambda entry: entry.name)

    async def load(self, name: str) -> None:
        """Loads a model of the folder; one that is loaded already is loaded anew, and serves until then."""
        file = self._file_to_change(name)
        with self._change(name, "LOADING"):
            try:
                new = await asyncio.to_thread(self._loaded, name, file)
            except Exception as error:
                log.warning("the model %r cannot be loaded: %s", name, error)
                self._reasons[name] = "it cannot be loaded; the service's log has the reason"
                raise Refusal(400, f"The model {name!r} cannot be loaded; the service's log has the reason.") from error
            self._reasons.pop(name, None)
            old = self._served.get(name)
            self._served[name] = new
            if old is not None:
                await asyncio.to_thread(old.pool.close)
        log.info("the model %r is loaded", name)

    async def unload(self, name: str) -> None:
        """Takes a model of the folder out of service, when its pictures are done."""
        self._file_to_change(name)
        if name not in self._served:
            raise Refusal(400, f"The model {name!r} is not loaded.")
        with self._change(name, "UNLOADING"):
            await asyncio.to_thread(self._served.pop(name).pool.close)
        log.info("the model %r is unloaded", name)

    def close(self) -> None:
        """Runs all pictures that wait, and ends the pools."""
        for served in self._served.values():
            served.pool.close("drain")

    def _loaded(self, name: str, file: str | os.PathLike[str]) -> Served:
        model: Model[Result] = Model(file, self._option)
        if self._classes:
            model.set_classes(classes_of(self._classes, model.info().names))
        pool = self._make_pool(model)
        return Served(name, pool, pool.info(), Thresholds.of(self._option))

    def _files(self) -> dict[str, pathlib.Path]:
        if self._folder is None:
            return {}
        files = sorted(file for file in self._folder.iterdir() if file.suffix in _ENDINGS and file.is_file())
        return {model_name(file): file for file in files if _NAME.fullmatch(model_name(file))}

    def _file_to_change(self, name: str) -> pathlib.Path:
        if self._folder is None:
            raise Refusal(403, "Models cannot be loaded or unloaded: the service was started without a folder of them.")
        if name in self._given:
            raise Refusal(403, f"The model {name!r} was given at the start, and stays.")
        file = self._files().get(name)
        if file is None:
            raise Refusal(404, f"The folder has no model {name[:100]!r}; there {_listed(list(self._files()))}.")
        return file

    @contextlib.contextmanager
    def _change(self, name: str, state: str) -> Iterator[None]:
        if name in self._changing:
            raise Refusal(503, f"The model {name!r} is {self._changing[name].lower()}; try again later.", retry_after=1)
        self._changing[name] = state
        try:
            yield
        finally:
            del self._changing[name]


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, sorted(names)[:5]))
    if len(names) < 2:
        return f"is {shown or 'none'}"
    return f"are {shown}{f' and {len(names) - 5} more' if len(names) > 5 else ''}"
