"""The models, one class for each task."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar, overload

from tensorrt_yolo import _core
from tensorrt_yolo.images import readable
from tensorrt_yolo.info import MemoryUse, ModelInfo, NetworkSpeed, TensorInfo, Timing
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.results import ClsResult, DetResult, OBBResult, PoseResult, Result, SegResult

R = TypeVar("R", bound=Result)
M = TypeVar("M", bound="BaseModel[Any]")


class BaseModel(Generic[R]):
    """What models of all tasks share. Not made by itself: see the five classes below.

    A model owns an execution context and a share of the engine (the weights, and all they need). clone() makes another
    context on the same engine; models and clones may be closed or dropped in any order, from any thread.

    Threads: predict() is for one thread at a time, a second one gets BusyError: give each thread its clone(). The
    interpreter lock is released while predict() runs, so clones in threads really run side by side. Everything else may
    be called from any thread at any time.

    Processes: a model is pickled as its file, option and thresholds, and loads the file anew where it arrives, so it
    can be given to processes that were started by 'spawn' or 'forkserver'. A forked child does not have the threads of
    the back end: once its parent has loaded a model, models raise Error there, the parent's and new ones.

    copy.copy() and copy.deepcopy() give a clone.
    """

    _core_class: ClassVar[Any]
    _result_class: ClassVar[Any]

    def __init__(self, file: str | os.PathLike[str], option: InferOption | None = None) -> None:
        """Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).

        Raises ModelError if it is missing, empty, damaged, of another task, or has outputs that the task does not have.
        """
        if not hasattr(self, "_core_class"):
            raise TypeError(f"{type(self).__name__} has no task: take DetectModel or another of its kind")
        if option is not None and not isinstance(option, InferOption):
            raise TypeError(f"{type(self).__name__}: option must be an InferOption, found {type(option).__name__}")
        kept = copy.copy(option) if option is not None else InferOption()
        self._take(self._core_class(os.fsdecode(file), kept._core), os.fsdecode(file), kept, {})

    def _take(self, core: Any, file: str, option: InferOption, thresholds: dict[str, Any]) -> None:
        self._core = core
        self._file = file
        self._option = option
        self._thresholds = thresholds  # what was set after loading, by the names of the setters
        self._bgr = "swap_rb" in option._values

    # --- predicting

    @overload
    def predict(self, images: list[Any] | tuple[Any, ...]) -> list[R]: ...
    @overload
    def predict(self, images: Any) -> R: ...
    def predict(self, images: Any) -> R | list[R]:
        """What the network finds in one image; for a list or tuple of images a list of results, in their order.

        An image is one of these, and a list may mix them:

        - a NumPy array u8 [height, width], [height, width, 1], [height, width, 3] or [height, width, 4] (grey, colour,
          colour and a fourth channel that is ignored), of any strides. Rows may be any distance apart; what has its
          pixels not side by side, such as `image[..., ::-1]`, is copied first. Colours are RGB, or BGR if the option
          says enable_swap_rb();
        - a torch.Tensor, or anything with DLPack, __array_interface__ or the buffer protocol, of the same type and
          shape, in ordinary memory;
        - a path, str or pathlib.Path: read by OpenCV, or by Pillow if that is not installed, and turned as EXIF says;
        - a PIL image, as it is.
          Colours of paths and PIL images are always understood, whatever enable_swap_rb() says of arrays;
        - a CUDA tensor, or anything with __cuda_array_interface__ or DLPack on a GPU, for a model on the same GPU whose
          option says enable_cuda_memory(). It is read where it lies, after what the caller queued on its current stream
          (PyTorch), or on the stream that the array names, is done. Such a model takes no other images.

        Other types of values raise TypeError, other shapes and empty images ValueError; nothing is guessed. All images
        are checked before the first is run. Raises BusyError if another thread is in predict() of this model, and
        InferenceError if the back end failed.
        """
        if isinstance(images, (list, tuple)):
            readables = [readable(image, self._bgr) for image in images]
            return [self._result_class(*parts) for parts in self._core.predict_all(readables)]
        return self._result_class(*self._core.predict(readable(images, self._bgr)))

    def clone(self: M) -> M:
        """A model on the same engine with an execution context and thresholds (copied now) of its own.

        Cheap beside loading: no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its
        parent.
        """
        model = type(self).__new__(type(self))
        model._take(self._core.clone(), self._file, self._option, dict(self._thresholds))
        return model

    def __copy__(self: M) -> M:
        return self.clone()

    def __deepcopy__(self: M, memo: object) -> M:
        return self.clone()

    # --- what it is

    def batch(self) -> int:
        """Most images in one run of the network. predict() takes any number, and runs it as often as needed."""
        return self._core.batch()

    def info(self) -> ModelInfo:
        """What is known of the model."""
        return info_of(self._core.info())

    # --- thresholds

    def _set(self, name: str, value: Any) -> None:
        getattr(self._core, name)(value)
        self._thresholds[name] = value

    def set_confidence(self, threshold: float) -> None:
        """Objects must score more than this, 0 to 1. Ultralytics' default: 0.25."""
        self._set("set_confidence", threshold)

    def set_iou(self, threshold: float) -> None:
        """Boxes of one class (unless agnostic) that overlap more suppress each other, 0 to 1. Default: 0.7."""
        self._set("set_iou", threshold)

    def set_max_detections(self, most: int) -> None:
        """Most objects of an image, at least 1. Ultralytics' default: 300."""
        self._set("set_max_detections", most)

    def set_classes(self, classes: Sequence[int]) -> None:
        """Keeps only these classes; empty, the default, keeps all. An index that the model does not have is refused."""
        self._set("set_classes", list(classes))

    def set_agnostic(self, agnostic: bool) -> None:
        """Boxes of different classes suppress each other too. Off by default."""
        self._set("set_agnostic", agnostic)

    # --- measuring

    def performance_report(self) -> tuple[str, str, str]:
        """Throughput (images a second), host latency and device latency (milliseconds an image), as lines of text.

        Of the calls since the model or clone was made (the last 65536 of them), without what Python adds: min, max,
        mean, median, p90, p95, p99. Raises Error if InferOption.enable_performance_report() was not asked for.
        """
        return self._core.performance_report()

    def timing(self) -> Timing:
        """The same calls' parts as numbers. Raises Error as performance_report() does."""
        return Timing(**self._core.timing())

    def memory(self) -> MemoryUse:
        """What the engine takes, with all models and clones that share it."""
        return MemoryUse(**self._core.memory())

    def measure_network(self, requests: int, seconds: float) -> NetworkSpeed:
        """Runs the network alone, `requests` runs side by side for about `seconds`, on fixed input of the network size.

        It shows what the back end can do on this machine with this model's settings, to hold predict() against.
        """
        return NetworkSpeed(*self._core.measure_network(requests, seconds))

    # --- its end

    def close(self) -> None:
        """Gives everything back now; a predict() that another thread is in is finished first. Twice is no mistake.

        Calls of a closed model raise Error. Its clones go on.
        """
        self._core.close()

    def __enter__(self: M) -> M:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        self._core.batch()  # refuses a closed model
        return _loaded, (type(self), self._file, self._option, dict(self._thresholds))

    def __repr__(self) -> str:
        closed = ", closed" if self._core.is_closed else ""
        return f"{type(self).__name__}({self._file!r}, {self._option!r}{closed})"


def _loaded(kind: type[M], file: str, option: InferOption, thresholds: dict[str, Any]) -> M:
    """A model that was pickled."""
    model = kind.__new__(kind)
    model._take(kind._core_class(file, option._core), file, option, {})
    for name, value in thresholds.items():
        model._set(name, value)
    return model


class ClassifyModel(BaseModel[ClsResult]):
    """Says what an image shows.

    The image is scaled so that its shorter side fits the network and cropped at its centre, as Ultralytics does it.
    Confidence, IoU and the other thresholds of detectors have no effect.
    """

    _core_class = _core.ClassifyModel
    _result_class = ClsResult

    def set_top_k(self, classes: int) -> None:
        """How many classes a result has, at least 1 (no more than the model has are given). Ultralytics' default: 5."""
        self._set("set_top_k", classes)


class DetectModel(BaseModel[DetResult]):
    """Finds objects and their axis-aligned boxes."""

    _core_class = _core.DetectModel
    _result_class = DetResult


class OBBModel(BaseModel[OBBResult]):
    """Finds objects and their rotated boxes."""

    _core_class = _core.OBBModel
    _result_class = OBBResult


class SegmentModel(BaseModel[SegResult]):
    """Finds objects, their boxes and their masks. Objects whose mask has no pixel are left out."""

    _core_class = _core.SegmentModel
    _result_class = SegResult

    def set_retina_masks(self, retina: bool) -> None:
        """On (the default): masks of the size of the source image, as with Ultralytics' retina_masks.

        Off: of the size of the network's input, border included, as Ultralytics has it by default.
        """
        self._set("set_retina_masks", retina)


class PoseModel(BaseModel[PoseResult]):
    """Finds objects, their boxes and their keypoints."""

    _core_class = _core.PoseModel
    _result_class = PoseResult


def info_of(said: dict[str, Any]) -> ModelInfo:
    """What the extension module says of a model. Not for users."""
    for ports in ("inputs", "outputs"):
        said[ports] = tuple(TensorInfo(*port) for port in said[ports])
    return ModelInfo(**said)


#: The class of each task's models.
MODELS: dict[str, type[BaseModel[Any]]] = {
    "classify": ClassifyModel,
    "detect": DetectModel,
    "obb": OBBModel,
    "segment": SegmentModel,
    "pose": PoseModel,
}


def load_model(file: str | os.PathLike[str], option: InferOption | None = None) -> BaseModel[Any]:
    """The model of `file`, whatever its task: one of MODELS.

    The file is read once more than by these, beforehand, to find out. Errors are as theirs; ModelError, too, if the
    file does not name its task and `option` does not either.
    """
    return MODELS[inspect(file, option).task](file, option)


def inspect(file: str | os.PathLike[str], option: InferOption | None = None) -> ModelInfo:
    """Reads a model file and says what it is, of whatever task, without making it ready to run."""
    return info_of(_core.inspect(os.fsdecode(file), (option or InferOption())._core))


def version() -> str:
    """The library's name and version: "trtyolo 0.1.0"."""
    return _core.version()


def backends() -> dict[str, str]:
    """Back ends built in, with their versions: {"openvino": "2026.4.1"}."""
    return _core.backends()
