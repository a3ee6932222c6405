"""How a model is loaded and run."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from tensorrt_yolo import _core

Task = Literal["classify", "detect", "obb", "segment", "pose"]
Backend = Literal["auto", "openvino", "tensorrt"]
Precision = Literal["f32", "f16", "bf16", "auto"]
Layout = Literal["auto", "class_scores", "objectness", "end_to_end"]

_SWITCHES = ("swap_rb", "cuda_memory", "managed_memory", "performance_report")
_PAIRS = ("normalize_params", "input_dimensions", "network_size")


class InferOption:
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
        border_value: float | None = None,
        normalize_params: tuple[Sequence[float], Sequence[float]] | None = None,
        input_dimensions: tuple[int, int] | None = None,
        device_id: int | None = None,
        cuda_memory: bool = False,
        managed_memory: bool = False,
        backend: Backend | None = None,
        precision: Precision | None = None,
        streams: int | None = None,
        threads: int | None = None,
        task: Task | None = None,
        names: Sequence[str] | None = None,
        layout: Layout | None = None,
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
        verb = "enable" if name in _SWITCHES else "set"
        getattr(self._core, f"{verb}_{name}")(*values)
        kept = tuple(list(v) if isinstance(v, Iterable) and not isinstance(v, str) else v for v in values)
        self._values[name] = True if not kept else kept if name in _PAIRS else kept[0]
        return self

    # --- images

    def enable_swap_rb(self) -> InferOption:
        """Says that NumPy arrays and tensors are BGR, as OpenCV's are; by default they are RGB.

        Networks are trained on RGB, so channels 0 and 2 are swapped on the way in. Of pictures that are given by path
        or as PIL images the order is known: those are read right whatever is said here.
        """
        return self._set("swap_rb")

    def set_border_value(self, value: float) -> InferOption:
        """Letterbox fill, 0 to 255; 114 by default, as Ultralytics trains."""
        return self._set("border_value", value)

    def set_normalize_params(self, mean: Sequence[float], std: Sequence[float]) -> InferOption:
        """Normalisation after the division by 255, for each network channel: (x / 255 - mean) / std.

        Three values each (R, G, B); `std` without zeros. By default mean 0 and std 1.
        """
        return self._set("normalize_params", mean, std)

    def set_input_dimensions(self, width: int, height: int) -> InferOption:
        """Says that every source image will be `width` by `height` pixels; another size is then a ValueError.

        By default any size is taken.
        """
        return self._set("input_dimensions", width, height)

    # --- where and how the network runs

    def set_device_id(self, id: int) -> InferOption:
        """GPU ordinal, 0 by default. OpenVINO, which runs on the CPU here, ignores it."""
        return self._set("device_id", id)

    def enable_cuda_memory(self) -> InferOption:
        """Says that images are in the memory of the model's GPU: CUDA tensors and arrays, which are not copied.

        What was queued on the caller's current stream (PyTorch), or on the stream that the array names, is waited for.
        Refused by a model that runs on the CPU.
        """
        return self._set("cuda_memory")

    def enable_managed_memory(self) -> InferOption:
        """Unified-memory buffers on a GPU; without effect on a CPU."""
        return self._set("managed_memory")

    def set_backend(self, backend: Backend) -> InferOption:
        """What runs the network: "auto" (the default: by the file and the machine), "openvino" or "tensorrt"."""
        return self._set("backend", backend)

    def set_precision(self, precision: Precision) -> InferOption:
        """Arithmetic of the network: "f32" (the default, exact), "f16", "bf16", or "auto": what the back end prefers.

        The shorter ones are faster where the machine has them, and move boxes by up to about half a pixel and scores by
        about 0.02.
        """
        return self._set("precision", precision)

    def set_streams(self, streams: int) -> InferOption:
        """How many predictions the engine runs side by side on a CPU.

        1 (the default) gives every core to one prediction: the lowest latency, and clones queue behind each other. N
        lets N clones run at once on a share of the cores each: the highest throughput with as many clones. 0 chooses
        what suits the machine, and is what to take for "one clone a thread on all cores".
        """
        return self._set("streams", streams)

    def set_threads(self, threads: int) -> InferOption:
        """How many threads the engine may use on a CPU, all its streams together; 0, the default: one a core."""
        return self._set("threads", threads)

    # --- what the file does not say

    def set_task(self, task: Task) -> InferOption:
        """Task of a model whose file does not name it; a file that names another is refused."""
        return self._set("task", task)

    def set_names(self, names: Sequence[str]) -> InferOption:
        """Class names in the order of their indices; a file's own names give way to them. Not empty."""
        return self._set("names", names)

    def set_layout(self, layout: Layout) -> InferOption:
        """How a candidate lies in the output of a network, where neither metadata nor shapes tell; "auto" by default.

        "class_scores": box, a score for each class, extra values (YOLOv8 and later); "objectness": box, objectness, a
        score for each class, extra values (YOLOv5, YOLOv7); "end_to_end": finished objects of box, score, class, extra
        values (YOLOv10, YOLO26).
        """
        return self._set("layout", layout)

    def set_network_size(self, width: int, height: int) -> InferOption:
        """Network input of models with dynamic height and width, in pixels; both multiples of the stride (32).

        By default what the file's metadata says, else 640 by 640.
        """
        return self._set("network_size", width, height)

    def set_rect(self, rect: bool) -> InferOption:
        """For models with dynamic height and width: the smallest multiple-of-stride rectangle that holds an image.

        On by default, as in Ultralytics' predict; off: always the whole network size.
        """
        return self._set("rect", rect)

    def set_batch(self, batch: int) -> InferOption:
        """Most images in one run of the network, for models with a dynamic batch; 1 by default."""
        return self._set("batch", batch)

    # --- first values of the thresholds; a model can change them later

    def set_confidence(self, threshold: float) -> InferOption:
        """See BaseModel.set_confidence."""
        return self._set("confidence", threshold)

    def set_iou(self, threshold: float) -> InferOption:
        """See BaseModel.set_iou."""
        return self._set("iou", threshold)

    def set_max_detections(self, most: int) -> InferOption:
        """See BaseModel.set_max_detections."""
        return self._set("max_detections", most)

    def set_classes(self, classes: Sequence[int]) -> InferOption:
        """See BaseModel.set_classes."""
        return self._set("classes", classes)

    def set_agnostic(self, agnostic: bool) -> InferOption:
        """See BaseModel.set_agnostic."""
        return self._set("agnostic", agnostic)

    def set_top_k(self, classes: int) -> InferOption:
        """See ClassifyModel.set_top_k."""
        return self._set("top_k", classes)

    def set_retina_masks(self, retina: bool) -> InferOption:
        """See SegmentModel.set_retina_masks."""
        return self._set("retina_masks", retina)

    # --- measuring

    def enable_performance_report(self) -> InferOption:
        """Collects timings for BaseModel.performance_report() and timing(). Off by default."""
        return self._set("performance_report")

    # --- what was said

    def values(self) -> dict[str, Any]:
        """What was set, by the names of the constructor's arguments; InferOption(**values) is the same option."""
        return copy.deepcopy(self._values)

    def __copy__(self) -> InferOption:
        return InferOption(**self._values)

    def __deepcopy__(self, memo: object) -> InferOption:
        return InferOption(**self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self._values,)

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, InferOption) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        return f"InferOption({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


def _made(values: dict[str, Any]) -> InferOption:
    return InferOption(**values)
