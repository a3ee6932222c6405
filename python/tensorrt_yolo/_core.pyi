"""The extension module: what the package's own classes stand on. Any: a class of results.py or info.py."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

class Option:
    """What InferOption says, for the library: its setters, which raise ValueError for what makes no sense."""

    def __init__(self) -> None: ...
    def __getattr__(self, setter: str) -> Callable[..., None]: ...

class DeviceImage:
    """An image u8 (height, width[, channels]) in the memory of a GPU, kept alive by its owner; strides in bytes."""

    def __init__(self, pointer: int, shape: Sequence[int], strides: Sequence[int], device_id: int, owner: Any): ...
    @staticmethod
    def from_dlpack(capsule: object) -> DeviceImage: ...

class FormatImage:
    """An image in another format than interleaved bytes: its planes as rows of bytes, like images of one channel."""

    def __init__(
        self,
        format: str,
        planes: list[Any],
        width: int,
        height: int,
        matrix: str,
        range: str,
        low: int,
        high: int,
    ) -> None: ...

class EncodedImage:
    """The bytes of an image file. `what` begins messages about it, `hint` ends those that say that it is none."""

    def __init__(self, data: bytes | bytearray | memoryview, what: str, hint: str) -> None: ...

def crops(image: Any, found: Any, margin: float) -> list[Any]:
    """Regions around objects: x, y, theta, width, height, pixels u8 (height, width, channels); None of empty ones.

    The pixels of upright regions of arrays are None.
    """

def memory_left() -> int:
    """Bytes that this process may still take, by the machine, its control group, and its own limits."""

def decode(image: EncodedImage, bgr: bool) -> npt.NDArray[np.uint8]:
    """The image's pixels, decoded on the CPU; DecodeError."""

def bgr_of(image: Any, bgr: bool) -> npt.NDArray[np.uint8]:
    """The image as an array of its own: u8 (height, width, 3), BGR. `bgr`: it has its channels in that order."""

class Preprocessor:
    """Makes the network's input of images."""

    def __init__(self, file: bytes, option: Option) -> None: ...
    def info(self) -> Any: ...
    def write(self, image: Any) -> npt.NDArray[np.float32]: ...

class Masks:
    """Masks of one image as runs of pixels."""

    width: int
    height: int
    def __init__(self, width: int, height: int) -> None: ...
    def add(self, runs: npt.NDArray[np.uint32]) -> None: ...
    def __len__(self) -> int: ...
    def pixels(self, first: int, count: int) -> npt.NDArray[np.uint8]: ...
    def runs(self, index: int) -> npt.NDArray[np.uint32]: ...
    def area(self, index: int) -> int: ...
    def coco_counts(self, index: int) -> list[int]: ...

class Result:
    """What a model of any task found in one image. Parts that the task does not have are None."""

    def __init__(self, *parts: Any) -> None: ...
    task: str
    classes: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]
    @property
    def boxes(self) -> Any: ...
    rotated_boxes: Any
    masks: Any
    keypoints: Any
    keypoint_dims: int
    semantic: Any
    pixels: Any
    depth: Any
    track_ids: npt.NDArray[np.int32] | None
    names: dict[int, str]
    image_size: tuple[int, int]
    speed: dict[str, float]
    def __len__(self) -> int: ...
    def class_masks(self) -> Any: ...
    def depth_range(self) -> tuple[float, float, float]: ...
    def _boxes(self) -> npt.NDArray[np.float32]: ...
    def _text(self) -> str: ...
    def to_json(self) -> str: ...
    def to_csv(self, source: str, frame: int = 0, times: bool = False, time: float | None = None) -> str: ...
    def to_txt(self, scores: bool = False) -> str: ...

class Tracker:
    """Follows the objects of one video or camera."""

    needs_motion: bool
    def __init__(self, *settings: Any) -> None: ...
    def update(self, result: Any, motion: Sequence[float] | None) -> npt.NDArray[np.int32]: ...
    def reset(self) -> None: ...

class Line:
    """Counts the tracks of one video or camera that cross a line."""

    def __init__(self, *settings: Any) -> None: ...
    def update(self, result: Any) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]: ...
    @property
    def in_count(self) -> int: ...
    @property
    def out_count(self) -> int: ...
    @property
    def in_count_per_class(self) -> dict[int, int]: ...
    @property
    def out_count_per_class(self) -> dict[int, int]: ...
    def reset(self) -> None: ...

class Zone:
    """Tells which objects of an image are in a polygon."""

    def __init__(self, *settings: Any) -> None: ...
    def update(self, result: Any) -> npt.NDArray[np.bool_]: ...
    def contains(self, x: float, y: float) -> bool: ...
    @property
    def current_count(self) -> int: ...
    @property
    def current_count_per_class(self) -> dict[int, int]: ...

def corners(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]: ...

class SliceOption:
    """How a large image is predicted in slices."""

    width: int
    """Of a slice, pixels."""
    height: int
    """Of a slice, pixels."""
    overlap: float
    """Of neighbours, as a share of their width and height."""
    standard_prediction: bool
    """Whether the image is predicted as a whole, too."""
    merge: str
    """GREEDYNMM, NMM or NMS."""
    match_metric: str
    """IOU or IOS."""
    match_threshold: float
    """From which value of the metric on objects match."""
    class_agnostic: bool
    """Whether objects of different classes match."""
    max_batch: int
    """Most slices in one run of a model's network; 0: its batch()."""
    def __init__(self, *settings: Any) -> None: ...
    def slices(self, width: int, height: int) -> list[tuple[int, int, int, int]]: ...

class Model:
    """A model of `task`, "": of any; predict() gives objects of `result_type`."""

    is_closed: bool
    def __init__(self, file: bytes, option: Option, device_id: int, task: str, result_type: type[Result]) -> None: ...
    def clone(self) -> Model: ...
    def close(self) -> None: ...
    def predict(self, images: list[Any], slices: SliceOption | None) -> list[Any]: ...
    def predict_crops(self, image: Any, found: Any, margin: float) -> list[Any]: ...
    def batch(self) -> int: ...
    def info(self) -> Any: ...
    def csv_header(self, times: bool = False, tracks: bool = False) -> str: ...
    def set_confidence(self, threshold: float) -> None: ...
    def set_iou(self, threshold: float) -> None: ...
    def set_max_detections(self, most: int) -> None: ...
    def set_classes(self, classes: Sequence[int]) -> None: ...
    def set_agnostic(self, agnostic: bool) -> None: ...
    def set_top_k(self, classes: int) -> None: ...
    def set_retina_masks(self, retina: bool) -> None: ...
    def performance_report(self) -> tuple[str, str, str]: ...
    def timing(self) -> Any: ...
    def memory(self) -> Any: ...
    def measure_network(self, requests: int, seconds: float) -> Any: ...

class PoolTimes:
    """Durations since a pool was made, in milliseconds.

    Percentiles are within 2 %, of what lasts less than four minutes.
    """

    count: int
    """How many were measured."""
    sum: float
    """Milliseconds."""
    median: float
    """Milliseconds."""
    p90: float
    """Milliseconds."""
    p95: float
    """Milliseconds."""
    p99: float
    """Milliseconds."""
    max: float
    """Milliseconds."""
    below: list[int]
    """How many lasted less than 0.065536 ms (2**16 ns), how many less than twice, four times, ... as long."""

class DecodeCounts:
    """How many encoded images were decoded, and where: gpu + cpu + failed are all."""

    gpu: int
    """Decoded on a GPU."""
    cpu: int
    """Decoded on the CPU."""
    refused: int
    """Of those on the CPU and those that failed: a GPU did not take them."""
    failed: int
    """Had an error."""

class PoolDeviceMetrics:
    """What one device of a pool has done since the pool was made."""

    gpu: int | None
    """Ordinal of the GPU; None: the CPU."""
    runs: int
    """Runs that gave results."""
    images: int
    """Images of them."""
    running: int
    """Runs at work now."""
    failure: str
    """What it failed with for good; empty: it works. It is left out then, unless it is the pool's last one."""

class PoolMetrics:
    """What a pool has done since it was made, and what it is doing. All images that were accepted are somewhere here:

    submitted = finished + failed + expired + cancelled + dropped + blocked + waiting + running.
    """

    submitted: int
    """Images accepted."""
    finished: int
    """Of them: have a result."""
    failed: int
    """Of them: their run failed, or they could not be decoded."""
    expired: int
    """Of them: DeadlineError."""
    cancelled: int
    """Of them: CancelledError."""
    dropped: int
    """Of them: ClosedError."""
    blocked: int
    """Now before a full queue."""
    waiting: int
    """Now in the queue."""
    undecoded: int
    """Of those: encoded images that are not decoded yet."""
    decoded: DecodeCounts
    """Encoded images that the decoder has worked on, ended meanwhile or not."""
    running: int
    """Now in a run."""
    rejected: int
    """Images not accepted, because the queue was full."""
    longest_queue: int
    """Most that ever waited in the queue."""
    batch_sizes: list[int]
    """Runs by their number of images: [0] of one image, [1] of two, ..."""
    rerun: int
    """Times that an image was run again because its GPU failed."""
    devices: list[PoolDeviceMetrics]
    """In the order of Pool.devices; one entry on a CPU."""
    mean_batch: float
    """Images of a run in the mean, from `batch_sizes`; 0 before the first run."""
    queue_time: PoolTimes
    """Of each image, from the call to the start of its run."""
    decode: PoolTimes
    """Of each call of the decoder."""
    preprocess: PoolTimes
    """Of each run: images into the network's input."""
    inference: PoolTimes
    """Of each run: the network; on a GPU everything that it does for the run."""
    postprocess: PoolTimes
    """Of each run: from the network's outputs to results."""
    latency: PoolTimes
    """Of each image that has a result: from the call to the result."""

class Ticket:
    """Takes the image out of the queue when it is called: whether it could."""

    def __call__(self) -> bool: ...

class Pool:
    """A queue in front of several contexts of one model."""

    contexts: int
    devices: list[int]
    max_batch_size: int
    queue_length: int
    def __init__(self, model: Model, *options: Any) -> None: ...
    def close(self, mode: str) -> None: ...
    def predict(self, images: list[Any], slices: SliceOption | None) -> list[Any]: ...
    def predict_crops(self, image: Any, found: Any, margin: float) -> list[Any]: ...
    def submit(self, *arguments: Any) -> Ticket: ...
    def in_flight(self, encoded: bool) -> int: ...
    def metrics(self) -> PoolMetrics: ...
    def info(self) -> Any: ...

def prometheus(pools: dict[str, PoolMetrics]) -> str: ...
def version() -> str: ...
def backends() -> dict[str, str]: ...
def pinned_memory(bytes: int) -> npt.NDArray[np.uint8]: ...
def inspect(file: bytes, option: Option) -> Any: ...
def build_engine(**arguments: Any) -> None: ...
def add_self_test(file: bytes, reference: bytes, images: list[Any], option: Option) -> Any: ...
def check_self_test(file: bytes, option: Option) -> Any: ...
def remove_self_test(file: bytes) -> None: ...
def set_library_folders(folders: list[str]) -> None:
    """Where TensorRT's libraries are looked for after the loader's paths and TensorRT_ROOT."""

def log_to(pipe: int) -> None:
    """Messages of the library's log go to this file descriptor, to none if it is negative: see log.py."""

def drain() -> None:
    """Waits for the threads that are inside this module; from then on its calls keep the interpreter lock."""

def forget_threads() -> None:
    """To be called in a forked child, where the other threads are gone."""
