"""Thresholds of a request: those that can be applied to a result exactly as the network's own would have been."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensorrt_yolo.class_words import classes_of
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.results import Result
from tensorrt_yolo.serving.refusals import Refusal

_LONGEST = 4096  # characters of a parameter
_OF_OBJECTS = ("conf", "iou", "max_det", "classes")
_BY_TASK: dict[str, tuple[str, ...]] = {"classify": ("topk",), "semantic": ("classes",), "depth": ()}


@dataclass(frozen=True)
class Thresholds:
    """With which the pool of a model runs; requests may ask for a part of what it finds, not for more."""

    conf: float
    iou: float
    max_det: int
    topk: int
    agnostic: bool

    @staticmethod
    def of(option: InferOption) -> Thresholds:
        """Those that a model has which is loaded with this option."""
        values = option.values()
        return Thresholds(
            conf=values.get("confidence", 0.25),
            iou=values.get("iou", 0.7),
            max_det=values.get("max_detections", 300),
            topk=values.get("top_k", 5),
            agnostic=values.get("agnostic", False),
        )

    def offered(self, task: str) -> dict[str, float | int]:
        """Those that requests may give for models of this task, with what they are by default."""
        values = {name: getattr(self, name, None) for name in parameters_of(task)}
        return {name: value for name, value in values.items() if value is not None}


def parameters_of(task: str) -> tuple[str, ...]:
    """The thresholds that have an effect on models of this task."""
    return _BY_TASK.get(task, _OF_OBJECTS)


@dataclass(frozen=True)
class Selection:
    """Which objects of a result a request wants."""

    conf: float | None = None
    classes: frozenset[int] | None = None
    most: int | None = None

    def of(self, result: Result) -> Result:
        """The result with these objects only."""
        kept = np.ones(len(result), bool)
        if self.conf is not None:
            kept &= result.scores > np.float32(self.conf)
        if self.classes is not None:
            kept &= np.isin(result.classes, list(self.classes))
        indices = np.flatnonzero(kept)[: self.most]
        return result if len(indices) == len(result) else result.select(indices.tolist())


def selection_of(given: Mapping[str, Any], runs_with: Thresholds, model: ModelInfo) -> Selection:
    """What parameters ask for: of a URL, where they are text, or of JSON and gRPC, where they may be numbers.

    Raises Refusal for what is no parameter, and for what the pool does not look for.
    """
    known = parameters_of(model.task)
    for name in given:
        if name not in known:
            expected = f"it takes {', '.join(known)} and deadline" if known else "it takes deadline only"
            raise Refusal(400, f"{name[:40]!r} is no parameter of a model of the task {model.task}; {expected}.")
    conf = _number(given, "conf", 0, 1)
    if conf is not None and conf < runs_with.conf:
        raise Refusal(400, f"conf must be at least {runs_with.conf:g}, which the service runs this model with.")
    iou = _number(given, "iou", 0, 1)
    if iou is not None and not math.isclose(iou, runs_with.iou, rel_tol=1e-6):
        why = "boxes that suppressed each other are gone before a request can choose"
        raise Refusal(400, f"iou is {runs_with.iou:g} for all requests to this model ({why}); leave it out.")
    return Selection(conf, _classes(given, runs_with, model), _most(given, runs_with))


def seconds_of(given: Any, most: float) -> float:
    """A deadline in seconds; at most `most`, which is what it is by default."""
    seconds = _number({"deadline": given}, "deadline", 0, math.inf)
    return most if seconds is None else min(seconds, most)


def _most(given: Mapping[str, Any], runs_with: Thresholds) -> int | None:
    name = "topk" if "topk" in given else "max_det"
    value = _number(given, name, 1, getattr(runs_with, name))
    if value is not None and value != int(value):
        raise Refusal(400, f"{name} must be a whole number, found {value:g}.")
    return None if value is None else int(value)


def _classes(given: Mapping[str, Any], runs_with: Thresholds, model: ModelInfo) -> frozenset[int] | None:
    value = given.get("classes")
    if value is None:
        return None
    words = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(words) > _LONGEST or sum(len(str(word)) for word in words) > _LONGEST:
        raise Refusal(400, f"classes may have {_LONGEST} characters; this has more.")
    if runs_with.agnostic and model.task != "semantic":
        why = "boxes of other classes may have suppressed some of theirs"
        raise Refusal(400, f"This model runs with --agnostic, so classes cannot be chosen afterwards: {why}.")
    try:
        found = classes_of([str(word) for word in words], model.names, "classes")
    except ValueError as error:
        raise Refusal(400, f"{error}.") from None
    missing = [index for index in found if model.names and index not in model.names]
    if missing:
        raise Refusal(400, f"classes: the model has no class {missing[0]}; it has {len(model.names)}.")
    return frozenset(found) if found else None


def _number(given: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        limit = f"from {least:g} to {most:g}" if most < math.inf else f"of at least {least:g}"
        raise Refusal(400, f"{name} must be a number {limit}, found {str(value)[:40]!r}.")
    return number
