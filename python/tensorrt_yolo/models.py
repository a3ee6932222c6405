"""Models: of any task, and one class for each task."""

from __future__ import annotations

import copy
import os
from typing import Any, ClassVar, Generic, TypeVar, overload

import numpy.typing as npt

from tensorrt_yolo import _core
from tensorrt_yolo.crops import boxes_of, one_readable
from tensorrt_yolo.files import path_bytes
from tensorrt_yolo.images import all_readable, readable
from tensorrt_yolo.info import MemoryUse, ModelInfo, NetworkSpeed, Timing
from tensorrt_yolo.option import InferOption, PostprocessOptions
from tensorrt_yolo.results import (
    ClsResult,
    DepthResult,
    DetResult,
    OBBResult,
    PoseResult,
    Result,
    SegResult,
    SemanticResult,
)
from tensorrt_yolo.slices import SliceOption

R = TypeVar("R", bound=Result)
M = TypeVar("M", bound="Model[Any]")


class Model(PostprocessOptions, Generic[R]):
    """A network of any task; predict() gives Result. The classes below are for a task each, and give its type.

    A model owns an execution context and a share of the engine (the weights, and all they need). clone() makes another
    context on the same engine; models and clones may be closed or dropped in any order, from any thread.

    Threads: predict() is for one thread at a time, a second one gets BusyError: give each thread its clone(). The
    interpreter lock is released while predict() runs, so clones in threads really run side by side. Everything else may
    be called from any thread at any time.

    Processes: a model is pickled as its file, option and thresholds, and loads the file anew where it arrives, so it
    can be given to processes that were started by 'spawn' or 'forkserver'. A forked child does not have the threads of
    the backend: once its parent has loaded a model, models raise Error there, the parent's and new ones.

    copy.copy() and copy.deepcopy() give a clone.
    """

    _result_class: ClassVar[type[Result]] = Result

    def __init__(self, file: str | os.PathLike[str], option: InferOption | None = None) -> None:
        """Loads `file`: ONNX (.onnx), OpenVINO IR (.xml beside its .bin) or a TensorRT engine (.engine).

        Raises ModelError if it is missing, empty, damaged, of another task, or has outputs that the task does not have.
        """
        if option is not None and not isinstance(option, InferOption):
            raise TypeError(f"{type(self).__name__}: option must be an InferOption, found {type(option).__name__}")
        self._file = os.fsdecode(file)
        self._option = copy.copy(option) if option is not None else InferOption()
        self._later: dict[str, Any] = {}  # options of postprocessing that were set after loading
        values, kind = self._option._values, self._result_class
        self._bgr = "swap_rb" in values
        device_id = values.get("device_id", 0)
        self._core = _core.Model(path_bytes(file), self._option._core, device_id, kind._task, kind)

    def _set(self: M, name: str, *values: Any) -> M:
        getattr(self._core, f"set_{name}")(*values)
        self._later[name] = values
        return self

    # --- predicting

    @overload
    def predict(self, images: list[Any] | tuple[Any, ...], *, slices: SliceOption | None = None) -> list[R]: ...
    @overload
    def predict(self, images: Any, *, slices: SliceOption | None = None) -> R: ...
    def predict(self, images: Any, *, slices: SliceOption | None = None) -> R | list[R]:
        """What the network finds in one image; for a list or tuple of images a list of results, in their order.

        An image is one of these, and a list may mix them:

        - a NumPy array u8 [height, width], [height, width, 1], [height, width, 3] or [height, width, 4] (grey, colour,
          colour and a fourth channel that is ignored), of any strides. Rows may be any distance apart; what has its
          pixels not side by side, such as `image[..., ::-1]`, is copied first. Colours are RGB, or BGR if the option
          says enable_swap_rb();
        - a torch.Tensor, or anything with DLPack, __array_interface__ or the buffer protocol, of the same type and
          shape, in ordinary memory;
        - a path, str or pathlib.Path, or bytes, bytearray or a flat memoryview of an image file (JPEG, PNG, ...):
          decoded by OpenCV, or by Pillow if that is not installed, and turned as EXIF says; of 16 bits a channel the
          upper 8 are taken. For a model on a GPU nvImageCodec decodes JPEG files there, where it is installed (pip
          install 'nvidia-nvimgcodec-cu13[nvjpeg]'). In a list of nothing else the next ones are decoded while the last
          run;
        - a PIL image, as it is, an Image (NV12, I420, YUYV, or grey of 16 bits), and a VideoFrame.
          Colours of these and of paths are always understood, whatever enable_swap_rb() says of arrays;
        - a CUDA tensor, or anything with __cuda_array_interface__ or DLPack on a GPU, for a model on the same GPU. It
          is read where it lies, after what the caller queued on its current stream (PyTorch), or on the stream that
          the array names, is done.

        slices: small objects of large images are found in slices, and large ones in the image as a whole. Slices are
            views into the image, and go through the network as many at a time as one run takes. set_max_detections()
            limits the objects of each slice; all together have no limit. Masks stay runs of pixels, however large the
            image is, until they are asked for as arrays. The images of a list are predicted one after another. Models
            of tasks without objects (classify, semantic, depth) raise ValueError.

        Other types of values raise TypeError; other shapes and empty images ValueError, files that are no image or
        damaged DecodeError, which is a ValueError. Nothing is guessed. Of a list, an error names the image's index; all
        images but encoded ones are checked before the first is run.
        Raises BusyError if another thread is in predict() of this model, and InferenceError if the backend failed.
        """
        if isinstance(images, (list, tuple)):
            return self._core.predict(all_readable(images, self._bgr), slices)
        return self._core.predict([readable(images, self._bgr)], slices)[0]

    def predict_crops(self, image: Any, found: Result | npt.ArrayLike, margin: float = 0.0) -> list[R]:
        """What the network says of each object that another model found in an image, in pixels of that image.

        The objects' regions are cropped, rotated boxes turned upright, and go through the network as its batch allows.
        Boxes, keypoints and masks come back in pixels of the image; a box in a rotated region becomes the upright one
        around it. An object of which nothing is in the image has a result without objects.

        image: one of those that predict() takes; on a GPU it stays there.
        found: the other model's result, or its boxes, f32: [n, 4] (left, top, right, bottom) or [n, 5] (centre x and y,
            width, height, theta).
        margin: how far a region reaches beyond its box on each side, as a share of the box's sides, 0 to 10.

        Raises what predict() raises, and ValueError if the result has no boxes or is of an image of another size, or if
        this model's task says something of each pixel (semantic, depth).
        """
        return self._core.predict_crops(one_readable(image, self._bgr), boxes_of(found), margin)

    def clone(self: M) -> M:
        """A model on the same engine with an execution context and thresholds (copied now) of its own.

        Cheap beside loading: no weights are copied. Any thread, any depth: a clone can be cloned, and outlives its
        parent.
        """
        model = type(self).__new__(type(self))
        model.__dict__.update(self.__dict__, _core=self._core.clone(), _later=dict(self._later))
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
        return self._core.info()

    def csv_header(self, times: bool = False, tracks: bool = False) -> str:
        """The heading of what Result.to_csv() writes for this model, with its line break.

        times   with a column `time`
        tracks  with a column `track`, which results have that a tracker has seen
        """
        return self._core.csv_header(times, tracks)

    # --- measuring

    def performance_report(self) -> tuple[str, str, str]:
        """Throughput (images a second), host latency and device latency (milliseconds an image), as lines of text.

        Of the calls since the model or clone was made (the last 65536 of them), without what Python adds: min, max,
        mean, median, p90, p95, p99. Raises Error if InferOption.enable_performance_report() was not asked for.
        """
        return self._core.performance_report()

    def timing(self) -> Timing:
        """The same calls' parts as numbers. Raises Error as performance_report() does."""
        return self._core.timing()

    def memory(self) -> MemoryUse:
        """What the engine takes, with all models and clones that share it."""
        return self._core.memory()

    def measure_network(self, requests: int, seconds: float) -> NetworkSpeed:
        """Runs the network alone, `requests` runs side by side for about `seconds`, on fixed input of the network size.

        It shows what the backend can do on this machine with this model's settings, to hold predict() against.
        """
        return self._core.measure_network(requests, seconds)

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
        return type(self), (self._file, self._option), dict(self._later)

    def __setstate__(self, later: dict[str, Any]) -> None:
        for name, values in later.items():
            self._set(name, *values)

    def __repr__(self) -> str:
        closed = ", closed" if self._core.is_closed else ""
        return f"{type(self).__name__}({self._file!r}, {self._option!r}{closed})"


class ClassifyModel(Model[ClsResult]):
    """Says what an image shows.

    The image is scaled so that its shorter side fits the network and cropped at its centre, as Ultralytics does it.
    Confidence, IoU and the other thresholds of detectors have no effect.
    """

    _result_class = ClsResult


class DetectModel(Model[DetResult]):
    """Finds objects and their axis-aligned boxes."""

    _result_class = DetResult


class OBBModel(Model[OBBResult]):
    """Finds objects and their rotated boxes."""

    _result_class = OBBResult


class SegmentModel(Model[SegResult]):
    """Finds objects, their boxes and their masks. Objects whose mask has no pixel are left out."""

    _result_class = SegResult


class PoseModel(Model[PoseResult]):
    """Finds objects, their boxes and their keypoints."""

    _result_class = PoseResult


class SemanticModel(Model[SemanticResult]):
    """Says of each pixel of an image which class it belongs to.

    Of the thresholds, set_classes() alone has an effect: pixels of other classes belong to none.
    """

    _result_class = SemanticResult


class DepthModel(Model[DepthResult]):
    """Says of each pixel of an image how far away it is. The image is stretched to the network's input."""

    _result_class = DepthResult


#: The class of each task's models.
MODELS: dict[str, type[Model[Any]]] = {
    kind._result_class._task: kind
    for kind in (ClassifyModel, DetectModel, OBBModel, SegmentModel, PoseModel, SemanticModel, DepthModel)
}


def inspect(file: str | os.PathLike[str], option: InferOption | None = None) -> ModelInfo:
    """Reads a model file and says what it is, of whatever task, without making it ready to run."""
    return _core.inspect(path_bytes(file), (option or InferOption())._core)


def version() -> str:
    """The library's name and version: "trtyolo 0.1.0"."""
    return _core.version()


def backends() -> dict[str, str]:
    """Backends built in, with their versions: {"openvino": "2026.4.1"}."""
    return _core.backends()
