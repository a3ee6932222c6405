"""The work of quantize(): calibrate, measure, leave in real numbers what hurts, report."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import tensorrt_yolo as ty
from tensorrt_yolo.errors import Error
from tensorrt_yolo.files import fingerprint
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.option import InferOption, lasting
from tensorrt_yolo.preprocess import Preprocessor
from tensorrt_yolo.program.folder_lock import LOCK, FolderLock
from tensorrt_yolo.program.writing import write_whole
from tensorrt_yolo.quantization import agreement, scores
from tensorrt_yolo.quantization.graph import Group
from tensorrt_yolo.quantization.labels import Truth
from tensorrt_yolo.quantization.pictures import find_pictures, readable_ones
from tensorrt_yolo.quantization.report import GroupFigures, QuantizeReport, worst_differences
from tensorrt_yolo.quantization.tools import Network, OnnxNetwork, OpenVinoNetwork, versions_of
from tensorrt_yolo.results import Result

_LOW, _LOW_OBB = 0.001, 0.01  # scores from which average precision looks at objects, as Ultralytics' validator
_GOALS = {"classify": 0.005}  # what may be lost without a search for the layers that hurt
_GOAL, _GOAL_UNLABELLED = 0.01, 0.05
_SPEED_SECONDS = 2.0
_SELF_TEST_PICTURES = 32  # that the self-test is chosen of
_STATE = "state.json"
_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far quantize() is."""

    phase: str
    """What is being done."""
    step: int
    """Of that phase: pictures, or groups of layers."""
    steps: int
    """How many the phase has; 0: not known."""


Report = Callable[[Progress], object]


class TooMuchLost(Error):
    """The quantized model loses more than it may, and was not written. `report` has the figures."""

    def __init__(self, message: str, report: QuantizeReport) -> None:
        super().__init__(message)
        self.report = report


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is asked for."""

    model: str
    data: str
    output: str
    precision: str
    max_drop: float | None
    report: str
    calibration: int
    weight_bits: int
    search_seconds: float
    seed: int
    restart: bool

    def lasting(self) -> dict[str, Any]:
        """Those that the figures of a trial depend on."""
        names = ("precision", "calibration", "weight_bits", "seed")
        return {name: getattr(self, name) for name in names}


@dataclasses.dataclass
class _Trial:
    """What was measured of a quantized model."""

    figures: dict[str, float]
    agreement: dict[str, Any]
    drop: float


@dataclasses.dataclass
class _Candidate:
    """A quantized model, and what it finds."""

    key: str
    """Of the groups that are left in real numbers."""
    network: Any
    trial: _Trial
    results: list[Result]
    differences: list[agreement.Difference]


class Job:
    """One quantization. All that is not finished is in the folder OUTPUT.job, and is gone with it in the end."""

    def __init__(self, settings: Settings, option: InferOption, report: Report) -> None:
        self._settings = settings
        self._option = option
        self._report = report
        self._folder = os.path.realpath(settings.output) + ".job"
        self._notes: list[str] = []
        self._last: _Candidate | None = None

    def run(self) -> QuantizeReport:
        settings = self._settings
        info = ty.inspect(settings.model, self._on_cpu())
        network = self._network(info)
        self._pictures = find_pictures(settings.data, info, settings.calibration, settings.seed)
        self._notes += self._pictures.notes
        self._pictures.calibration = readable_ones(self._pictures.calibration, self._settings.data, self._notes.append)
        self._reference = self._results(settings.model, "predicting in f32", self._pictures.measured, errors=True)
        self._figures = self._figures_of(self._reference)
        self._confident = [agreement.confident(result) for result in self._reference]
        self._inputs = Preprocessor(settings.model, self._on_cpu())
        self._check_folder()
        with FolderLock(self._folder):
            self._take_up()
            inner, _ = network.graph.end()
            always = sorted(inner)
            first = self._trial(network, always, [])
            groups, chosen = self._choose(network, always, first)
            return self._finish(network, info, always, chosen, groups)

    # --- what it begins with

    def _on_cpu(self, **more: Any) -> InferOption:
        return InferOption(**{**self._option.values(), "backend": "openvino", "precision": "f32", **more})

    def _network(self, info: ModelInfo) -> Network:
        onnx = self._settings.output.endswith(".onnx")
        if onnx and not self._settings.model.endswith(".onnx"):
            raise ValueError(f"'{self._settings.output}': ONNX is made of ONNX, and the model is '{info.file}'")
        if onnx:
            return OnnxNetwork(self._settings.model, info, self._settings.precision)
        return OpenVinoNetwork(self._settings.model, info)

    def _check_folder(self) -> None:
        names = os.listdir(self._folder) if os.path.isdir(self._folder) else []
        ours = all(name == LOCK or name.startswith(".tensorrt_yolo.") for name in names)
        if _STATE not in names and not ours:
            raise ValueError(f"'{self._folder}' is not the folder of a quantization: name another output")

    def _take_up(self) -> None:
        """What an earlier process of the same job has measured."""
        about = {
            "version": _VERSION,
            "model": fingerprint(self._settings.model),
            "pictures": self._digest(),
            "settings": self._settings.lasting(),
            "option": lasting(self._option),
            "versions": self._versions(),
        }
        self._manifest = json.loads(json.dumps(about))
        self._measured: dict[str, Any] = {}
        state = os.path.join(self._folder, _STATE)
        if os.path.exists(state) and not self._settings.restart:
            try:
                with open(state, encoding="utf-8") as file:
                    found = json.load(file)
                if found["manifest"] == self._manifest:
                    self._measured = found["measured"]
            except (ValueError, KeyError, TypeError):
                pass  # of a process that was killed, or of another release
        self._keep()

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for picture in (*self._pictures.calibration, "", *self._pictures.measured):
            digest.update(os.fsencode(picture) + b"\0")
        for truth in self._pictures.truths or ():
            for part in (truth.classes, truth.boxes, *truth.outlines, truth.keypoints):
                digest.update(b"" if part is None else np.asarray(part, np.float32).tobytes())
        return digest.hexdigest()

    def _keep(self) -> None:
        text = json.dumps({"manifest": self._manifest, "measured": self._measured})

        def write(path: str) -> None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

        write_whole(os.path.join(self._folder, _STATE), write)

    def _versions(self) -> dict[str, str]:
        return {"tensorrt_yolo": ty.__version__, **versions_of("nncf", "openvino", "onnx", "faster-coco-eval")}

    # --- what it measures

    def _results(self, model: str, phase: str, pictures: Sequence[str], errors: bool = False) -> list[Result]:
        """What a model finds in the pictures. With `errors`, those that cannot be read are taken out of all lists."""
        info = ty.inspect(model, self._on_cpu())
        low = _LOW_OBB if info.task == "obb" else _LOW
        confidence = low if self._pictures.truths is not None else agreement.CONFIDENCE
        option = self._on_cpu(confidence=confidence, max_detections=scores.MOST_OBJECTS, iou=0.7, streams=0)
        found: list[Result] = []
        lost: set[int] = set()
        loaded: ty.Model[Result] = ty.Model(model, option)
        with ty.Pool(loaded) as pool:
            for index, outcome in enumerate(pool.map(pictures, return_errors=True)):
                self._report(Progress(phase, index + 1, len(pictures)))
                if not isinstance(outcome, Exception):
                    found.append(outcome)
                elif errors and isinstance(outcome, (ValueError, OSError)):
                    self._notes.append(f"left out: {str(outcome).removeprefix('predict: ')}")
                    lost.add(index)
                else:
                    raise outcome
        if not found:
            raise ValueError(f"'{self._settings.data}': none of {len(pictures)} pictures can be read")
        if lost:
            kept = [index for index in range(len(pictures)) if index not in lost]
            self._pictures.measured = [pictures[index] for index in kept]
            truths = self._pictures.truths
            self._pictures.truths = [truths[index] for index in kept] if truths is not None else None
        return found

    def _figures_of(self, results: Sequence[Result]) -> dict[str, float]:
        truths: list[Truth] | None = self._pictures.truths
        return {} if truths is None else scores.figures_of(results[0].task, results, truths)

    def _quantize(self, network: Network, phase: str, ignored: Sequence[str], groups: Sequence[Group]) -> Any:
        pictures = self._pictures.calibration
        names = {*ignored, *(name for group in groups for name in group.nodes)}

        def inputs() -> Iterator[Any]:
            for step, picture in enumerate(pictures, 1):
                self._report(Progress(phase, step, len(pictures)))
                yield self._inputs(picture)

        return network.quantized(inputs, len(pictures), sorted(names), self._settings.weight_bits)

    def _trial(self, network: Network, ignored: Sequence[str], groups: Sequence[Group]) -> _Trial:
        """What a candidate costs; what was measured before is not measured again."""
        key = _key_of(groups)
        if key not in self._measured:
            self._measured[key] = dataclasses.asdict(self._candidate(network, ignored, groups).trial)
            self._keep()
        return _Trial(**self._measured[key])

    def _candidate(self, network: Network, ignored: Sequence[str], groups: Sequence[Group]) -> _Candidate:
        """Quantizes and measures, unless that was done last."""
        key = _key_of(groups)
        if self._last is None or self._last.key != key:
            about = f" with {key} in f32" if key else ""
            quantized = self._quantize(network, f"calibrating{about}", ignored, groups)
            stem = os.path.join(self._folder, "candidate")
            file = stem + network.write(quantized, stem, {})[-1]
            results = self._results(file, f"predicting in eight bits{about}", self._pictures.measured)
            others = [agreement.confident(result) for result in results]
            agreed, differences = agreement.agreement_of(self._confident, others)
            trial = self._judged(results, agreed)
            self._last = _Candidate(key, quantized, trial, others, differences)
        return self._last

    def _judged(self, results: Sequence[Result], agreed: dict[str, Any]) -> _Trial:
        figures = self._figures_of(results)
        if figures:
            drop = max(self._figures[name] - figures[name] for name in scores.JUDGED[results[0].task])
        else:
            drop = 1 - agreement.share_of(agreed)
        return _Trial(figures, agreed, drop)

    # --- what it decides

    def _goal(self) -> float:
        if self._settings.max_drop is not None:
            return self._settings.max_drop
        task = self._reference[0].task
        return _GOALS.get(task, _GOAL) if self._pictures.truths is not None else _GOAL_UNLABELLED

    def _choose(self, network: Network, always: Sequence[str], first: _Trial) -> tuple[list[GroupFigures], list[Group]]:
        """Which groups are left in real numbers so that no more than the goal is lost: none, or those that hurt most,
        as many as it takes. If nothing is enough, those with which the least is lost."""
        goal = self._goal()
        if first.drop <= goal or self._settings.search_seconds <= 0:
            return [], []
        deadline = time.monotonic() + self._settings.search_seconds
        groups = network.graph.groups()
        trials: list[tuple[_Trial, Group]] = []
        for step, group in enumerate(groups):
            self._report(Progress("looking for the layers that hurt", step, len(groups)))
            if time.monotonic() > deadline:
                self._notes.append(
                    f"{len(groups) - step} of {len(groups)} groups of layers were not looked at for want of time"
                )
                break
            trials.append((self._trial(network, always, [group]), group))
        trials.sort(key=lambda one: (one[0].drop, len(one[1].layers)))
        figures = [
            GroupFigures(group.title, list(group.layers), trial.drop, first.drop - trial.drop)
            for trial, group in trials
        ]
        best: list[Group] = []
        least = first.drop
        for count in range(1, (len(trials) + 1) // 2 + 1):
            chosen = [group for _, group in trials[:count]]
            drop = trials[0][0].drop if count == 1 else self._trial(network, always, chosen).drop
            if drop < least:
                best, least = chosen, drop
            if drop <= goal or time.monotonic() > deadline:
                break
        return figures, best

    # --- how it ends

    def _finish(
        self,
        network: Network,
        info: ModelInfo,
        always: Sequence[str],
        chosen: list[Group],
        groups: list[GroupFigures],
    ) -> QuantizeReport:
        settings = self._settings
        best = self._candidate(network, always, chosen)
        trial = best.trial
        about = {
            "precision": settings.precision,
            "float": [group.title for group in chosen],
            "drop": round(trial.drop, 4),
            "pictures": len(self._pictures.calibration),
            "settings": settings.lasting(),
            "versions": self._versions(),
        }
        stem = os.path.join(self._folder, "finished")
        extensions = network.write(best.network, stem, about)
        file = stem + extensions[-1]
        report = QuantizeReport(
            model=settings.model,
            output=settings.output,
            task=info.task,
            precision=settings.precision,
            calibrated=len(self._pictures.calibration),
            measured=len(self._pictures.measured),
            labels=self._pictures.truths is not None,
            figures={name: (value, trial.figures[name]) for name, value in self._figures.items()},
            agreement=trial.agreement,
            drop=trial.drop,
            float_layers=[group.title for group in chosen],
            groups=groups,
            speed=self._speed(file),
            versions=self._versions(),
            settings={**settings.lasting(), "max_drop": settings.max_drop, "head": info.head},
            notes=self._notes,
        )
        try:
            measured = self._pictures.measured
            worst = worst_differences(measured, self._confident, best.results, best.differences)
        except ImportError as error:
            worst = None
            self._notes.append(f"no picture of the worst differences: {error}")
        refused = settings.max_drop is not None and trial.drop > settings.max_drop
        if refused:
            report.output = ""
        else:
            self._add_self_test(file)
        report.write(settings.report, worst)
        if refused:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise TooMuchLost(_refusal(report, settings), report)
        self._put_in_place(stem, extensions)
        return report

    def _add_self_test(self, file: str) -> None:
        """The file gets a self-test of pictures that it was measured on."""
        images = self._pictures.measured[:_SELF_TEST_PICTURES]
        try:
            ty.add_self_test(file, reference=self._settings.model, images=images, option=self._on_cpu())
        except ty.ModelError as error:
            self._notes.append(f"no self-test: {error}")

    def _speed(self, file: str) -> dict[str, float]:
        """Images a second of the bare networks, side by side on all cores."""
        found = {}
        for name, model in (("f32", self._settings.model), (self._settings.precision, file)):
            self._report(Progress(f"measuring the speed of {name}", 0, 0))
            loaded: ty.Model[Result] = ty.Model(model, self._on_cpu(streams=0))
            with ty.Pool(loaded) as pool:
                contexts = pool.contexts
            speed = loaded.measure_network(contexts, _SPEED_SECONDS)
            found[name] = len(speed.latencies) * loaded.batch() / speed.seconds
        return found

    def _put_in_place(self, stem: str, extensions: Sequence[str]) -> None:
        """The file by which the model is known comes last, and a former one goes first: what is there is whole."""
        target = os.path.splitext(os.path.realpath(self._settings.output))[0]
        if len(extensions) > 1 and os.path.exists(target + extensions[-1]):
            os.unlink(target + extensions[-1])
        for extension in extensions:
            os.replace(stem + extension, target + extension)
        shutil.rmtree(self._folder, ignore_errors=True)


def _key_of(groups: Sequence[Group]) -> str:
    return " + ".join(group.title for group in groups)


def _refusal(report: QuantizeReport, settings: Settings) -> str:
    what = "of the figures" if report.labels else "of the objects"
    text = (
        f"'{settings.output}' is not written: in {settings.precision.upper()} the model loses {report.drop:.4f} "
        f"{what}, more than {settings.max_drop:g}"
    )
    hurting = [group for group in report.groups if group.gained > 0][:3]
    if hurting:
        layers = "; ".join(f"{group.title} ({group.gained:.4f})" for group in hurting)
        text += f". What hurts most, and how much less is lost with it in real numbers: {layers}"
    elif report.groups:
        text += ". No group of layers alone makes it better"
    return f"{text}. The report is in '{settings.report}'"
