"""How a model is loaded and run."""

from __future__ import annotations

import copy
import functools
import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar

from tensorrt_yolo import _core

Task = Literal["classify", "detect", "obb", "segment", "pose", "semantic", "depth"]
Backend = Literal["auto", "openvino", "tensorrt"]
Precision = Literal["f32", "f16", "bf16", "auto"]
S = TypeVar("S", bound="PostprocessOptions")
Layout = Literal["auto", "class_scores", "objectness", "end_to_end"]
LetterboxMode = Literal["auto", "center", "topleft", "stretch"]
HeadMode = Literal["auto", "whole", "cut"]
SelfTestMode = Literal["off", "warn", "refuse"]

_SWITCHES = ("swap_rb", "cuda_memory", "managed_memory", "performance_report")
#: Options that say how fast, not what is found.
_SPEED = frozenset("batch cuda_memory device_id managed_memory performance_report streams threads".split())
_PAIRS = ("normalize_params", "input_dimensions", "network_size")


class PostprocessOptions:
    """Which objects a result has: an InferOption says what a model begins with, a Model can change it later."""

    __slots__ = ()

    def _set(self: S, name: str, *values: Any) -> S:
        raise NotImplementedError

    def set_confidence(self: S, threshold: float) -> S:
        """Objects must score more than this, 0 to 1. Ultralytics' default: 0.25."""
        return self._set("confidence", threshold)

    def set_iou(self: S, threshold: float) -> S:
        """Boxes of one class (unless agnostic) that overlap more suppress each other, 0 to 1. Default: 0.7."""
        return self._set("iou", threshold)

    def set_max_detections(self: S, most: int) -> S:
        """Most objects of an image, at least 1. Ultralytics' default: 300."""
        return self._set("max_detections", most)

    def set_classes(self: S, classes: Sequence[int]) -> S:
        """Keeps only these classes; empty, the default, keeps all. An index that the model does not have is refused."""
        return self._set("classes", list(classes))

    def set_agnostic(self: S, agnostic: bool) -> S:
        """Boxes of different classes suppress each other too. Off by default."""
        return self._set("agnostic", agnostic)

    def set_top_k(self: S, classes: int) -> S:
        """How many classes a classifier gives, at least 1 (no more than there are). Ultralytics' default: 5."""
        return self._set("top_k", classes)

    def set_retina_masks(self: S, retina: bool) -> S:
        """Of segmenters. On (the default): masks of the size of the source image, as with Ultralytics' retina_masks.

        Off: of the size of the network's input, border included, as Ultralytics has it by default.
        """
        return self._set("retina_masks", retina)


class InferOption(PostprocessOptions):
    """Options of a model. A model copies them; changing them afterwards changes nothing.

    They can be given by name, or set one after another; setters return the option, so that they chain:

        InferOption(swap_rb=True, confidence=0.3)
        InferOption().enable_swap_rb().set_confidence(0.3)

    Those that take two values are given as pairs: `input_dimensions=(width, height)`, `network_size=(width, height)`,
    `normalize_params=(mean, std)`. What makes no sense raises ValueError.
    """

    __slots__ = ("_core", "_values")

    def __init__(
        self,
        *,
        swap_rb: bool = False,
        bgr_network: bool | None = None,
        pixel_scale: float | None = None,
        letterbox: LetterboxMode | None = None,
        border_value: float | None = None,
        normalize_params: tuple[Sequence[float], Sequence[float]] | None = None,
        input_dimensions: tuple[int, int] | None = None,
        fast_decode: bool | None = None,
        device_id: int | None = None,
        cuda_memory: bool = False,
        managed_memory: bool = False,
        backend: Backend | None = None,
        precision: Precision | None = None,
        plugin_libraries: Sequence[str | os.PathLike[str]] | None = None,
        streams: int | None = None,
        threads: int | None = None,
        self_test: SelfTestMode | None = None,
        task: Task | None = None,
        names: Sequence[str] | None = None,
        layout: Layout | None = None,
        family: str | None = None,
        head: HeadMode | None = None,
        network_size: tuple[int, int] | None = None,
        rect: bool | None = None,
        batch: int | None = None,
        confidence: float | None = None,
        iou: float | None = None,
        max_detections: int | None = None,
        classes: Sequence[int] | None = None,
        agnostic: bool | None = None,
        top_k: int | None = None,
        retina_masks: bool | None = None,
        performance_report: bool = False,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self"}
        self._core = _core.Option()
        self._values: dict[str, Any] = {}
        for name, value in given.items():
            if name in _SWITCHES:
                if not isinstance(value, bool):
                    raise TypeError(f"InferOption: {name} must be True or False, found {value!r}")
                if value:
                    self._set(name)
            elif value is not None:
                self._set(name, *(value if name in _PAIRS else (value,)))

    def _set(self, name: str, *values: Any) -> InferOption:
        if name == "plugin_libraries" and not isinstance(values[0], str):
            values = ([os.fsdecode(file) for file in values[0]],)
        verb = "enable" if name in _SWITCHES else "set"
        getattr(self._core, f"{verb}_{name}")(*values)
        kept = tuple(list(v) if isinstance(v, Iterable) and not isinstance(v, str) else v for v in values)
        self._values[name] = True if not kept else kept if name in _PAIRS else kept[0]
        return self

    # --- images

    def enable_swap_rb(self) -> InferOption:
        """Says that NumPy arrays and tensors are BGR, as OpenCV's are; by default they are RGB, as networks want it.

        Of images that are given by path or as PIL images the order is known, whatever is said here.
        """
        return self._set("swap_rb")

    def set_bgr_network(self, bgr: bool) -> InferOption:
        """Says that the network takes BGR (YOLOX), whatever images are. By default the family's order, mostly RGB."""
        return self._set("bgr_network", bgr)

    def set_pixel_scale(self, scale: float) -> InferOption:
        """Value of the brightest pixel in the network's input: 1 for most, 255 for YOLOX. By default the family's."""
        return self._set("pixel_scale", scale)

    def set_letterbox(self, mode: LetterboxMode) -> InferOption:
        """Where images lie in the network's input: in its middle, in its upper left corner (YOLOX), or over all of it.

        "auto", the default, is what the family does. Classifiers see a crop of the middle, whatever this says.
        """
        return self._set("letterbox", mode)

    def set_border_value(self, value: float) -> InferOption:
        """Letterbox fill, 0 to 255; by default what the family takes: 114 for most, as Ultralytics trains."""
        return self._set("border_value", value)

    def set_normalize_params(self, mean: Sequence[float], std: Sequence[float]) -> InferOption:
        """Normalisation (x / 255 - mean) / std; three values each (R, G, B), `std` without zeros. Default: 0 and 1."""
        return self._set("normalize_params", mean, std)

    def set_input_dimensions(self, width: int, height: int) -> InferOption:
        """Says that every source image will be `width` by `height` pixels; another size is then a ValueError."""
        return self._set("input_dimensions", width, height)

    def set_fast_decode(self, fast: bool = True) -> InferOption:
        """Decodes JPEG files on the CPU at a half, a quarter or an eighth of their size where the network sees no more.

        That takes a fraction of the time. Results are in pixels of the whole image, but not the same to the last digit.
        Off by default; without effect on arrays, and on files that a GPU decodes.
        """
        return self._set("fast_decode", fast)

    # --- where and how the network runs

    def set_device_id(self, id: int) -> InferOption:
        """GPU ordinal, 0 by default. OpenVINO, which runs on the CPU here, ignores it."""
        return self._set("device_id", id)

    def enable_cuda_memory(self) -> InferOption:
        """Says that images will be in the memory of the model's GPU. Refused by a model that runs on the CPU.

        Arrays and tensors say by themselves where they are, so nothing else depends on it.
        """
        return self._set("cuda_memory")

    def enable_managed_memory(self) -> InferOption:
        """Unified-memory buffers on a GPU; without effect on a CPU."""
        return self._set("managed_memory")

    def set_backend(self, backend: Backend) -> InferOption:
        """What runs the network: "auto" (the default: by the file and the machine), "openvino" or "tensorrt"."""
        return self._set("backend", backend)

    def set_precision(self, precision: Precision) -> InferOption:
        """Arithmetic of the network: "f32" (the default, exact), "f16", "bf16", or "auto": what the backend prefers.

        The shorter ones are faster where the machine has them, and move boxes by up to about half a pixel and scores by
        about 0.02.
        """
        return self._set("precision", precision)

    def set_plugin_libraries(self, files: Sequence[str | os.PathLike[str]]) -> InferOption:
        """Shared libraries with TensorRT plugins that an engine needs, loaded before it; without effect on a CPU.

        They run their own code: load none that you do not trust.
        """
        return self._set("plugin_libraries", files)

    def set_streams(self, streams: int) -> InferOption:
        """How many predictions the engine runs side by side on a CPU.

        1 (the default) gives every core to one prediction: the lowest latency. N lets N clones run at once on a share
        of the cores each: the highest throughput with as many clones. 0 chooses what suits the machine.
        """
        return self._set("streams", streams)

    def set_threads(self, threads: int) -> InferOption:
        """How many threads the engine may use on a CPU, all its streams together; 0, the default: one a core."""
        return self._set("threads", threads)

    def set_self_test(self, mode: SelfTestMode) -> InferOption:
        """What becomes of the self-test that the file holds: "off", "warn" (the default) or "refuse".

        "warn": it is run when the file is loaded, and if it fails, a warning says so with the facts. "refuse": such a
        file raises ModelError. It takes less than 0.2 s or, where one run of the network takes longer, one run, and no
        memory but what the first predict() takes anyway. Files without one load as they are, and clones are not tested
        again. See add_self_test().
        """
        return self._set("self_test", mode)

    # --- what the file does not say

    def set_task(self, task: Task) -> InferOption:
        """Task of a model whose file does not name it; a file that names another is refused."""
        return self._set("task", task)

    def set_names(self, names: Sequence[str]) -> InferOption:
        """Class names in the order of their indices; a file's own names give way to them. Not empty."""
        return self._set("names", names)

    def set_layout(self, layout: Layout) -> InferOption:
        """How a candidate lies in the output of a network, where neither metadata nor shapes tell; "auto" by default.

        "class_scores": box, a score for each class (YOLOv8 and later); "objectness": box, objectness, a score for each
        class (YOLOv5, YOLOv7); "end_to_end": finished objects (YOLOv10, YOLO26); extra values behind.
        """
        return self._set("layout", layout)

    def set_family(self, name: str) -> InferOption:
        """Whose file it is: "ultralytics", "yolov5", "yolov7", "yolox", "rfdetr", ...; docs/models.md has all.

        It tells how pixels go in and how boxes come out where the file does not; other options override what it says.
        """
        return self._set("family", name)

    def set_head(self, mode: HeadMode) -> InferOption:
        """How much of a network runs whose head is recognised in its graph; by default "auto", cut if it can be.

        "whole": as it was exported, with the decoding of all anchors at its end. "cut": up to its last convolutions,
        and the library decodes the few candidates: the same results in less time. An engine is cut when it is built,
        and engines of others run whole; what contradicts that, and a head that is to be cut and not recognised, raise
        ModelError. ModelInfo.head says what became of it.
        """
        return self._set("head", mode)

    def set_network_size(self, width: int, height: int) -> InferOption:
        """Network input of models with dynamic size, pixels, multiples of the stride; default: the file's, else 640."""
        return self._set("network_size", width, height)

    def set_rect(self, rect: bool) -> InferOption:
        """Whether a model with dynamic size takes the smallest rectangle that holds an image (the default), or all."""
        return self._set("rect", rect)

    def set_batch(self, batch: int) -> InferOption:
        """Most images in one run of the network, for models with a dynamic batch; 1 by default."""
        return self._set("batch", batch)

    # --- measuring

    def enable_performance_report(self) -> InferOption:
        """Collects timings for Model.performance_report() and timing(). Off by default."""
        return self._set("performance_report")

    # --- what was said

    def values(self) -> dict[str, Any]:
        """What was set, by the names of the constructor's arguments; InferOption(**values) is the same option."""
        return copy.deepcopy(self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(InferOption, **self._values), ()

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, InferOption) else NotImplemented

    def __repr__(self) -> str:
        return f"InferOption({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


def lasting(option: InferOption) -> dict[str, Any]:
    """The values of an option that change what is found, as JSON has them."""
    values = {name: value for name, value in option.values().items() if name not in _SPEED}
    found: dict[str, Any] = json.loads(json.dumps(values, default=os.fsdecode))
    return found
