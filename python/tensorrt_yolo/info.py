"""What is known of models and of their work, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of the network."""

    name: str
    """Name in the file."""
    type: str
    """Element type: "f32", "i32", ..."""
    shape: tuple[int, ...]
    """-1 where dynamic."""


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a model; see BaseModel.info() and inspect()."""

    file: str
    """Path as given."""
    file_bytes: int
    """Size of the file, weights of an OpenVINO IR included."""
    task: str
    """"classify", "detect", "obb", "segment" or "pose"."""
    names: dict[int, str]
    """Class names by index; "0", "1", ... where the file has none."""
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    network_width: int
    """Pixels of the network's input (the largest, for dynamic models)."""
    network_height: int
    stride: int
    """Coarsest stride, pixels."""
    batch: int
    """Most images in one run of the network."""
    keypoints: int
    """Points of an object, of pose estimators; else 0."""
    keypoint_dims: int
    """Values of a point: 2 (x, y) or 3 (x, y, confidence); else 0."""
    dynamic_batch: bool
    dynamic_size: bool
    backend: str
    """"openvino" or "tensorrt"."""
    device: str
    """Full name of the processor or GPU."""
    precision: str
    """Arithmetic asked for: "f32", "f16", "bf16" or "auto"."""
    layout: str
    """How the outputs are read, in words."""
    metadata: dict[str, str]
    """Everything that the file says of itself."""


@dataclass(frozen=True)
class Timing:
    """Where the time of predict() goes: medians over calls, in milliseconds of a call; see BaseModel.timing()."""

    calls: int
    """How many were measured."""
    total: float
    """The whole call, without what Python adds."""
    before: float
    """Images into the network's input: letterbox or centre crop."""
    network: float
    """The network; on a GPU everything that it does for the call, which is one piece of work."""
    after: float
    """From the network's outputs to results."""


@dataclass(frozen=True)
class MemoryUse:
    """Memory of an engine and of all models and clones on it together, in bytes; see BaseModel.memory().

    On a GPU that of the device, as it was asked for. On a CPU only the `buffers` of clones that have run are known,
    which are in ordinary memory; what else OpenVINO takes is 0 here.
    """

    engine: int
    """The weights and what the back end keeps with them, once for all clones."""
    contexts: int
    """What the back end keeps for each of the `executors`, without scratch."""
    scratch: int
    """What networks need only while they run: intermediate results, workspace."""
    buffers: int
    """Inputs and outputs; on a GPU also the images on their way, decoding and results."""
    pinned: int
    """Page-locked host memory: images and results on their way."""
    executors: int
    """What calls run on; on a GPU as many as there were calls at once, on a CPU one a clone."""

    @property
    def total(self) -> int:
        """All but `pinned`."""
        return self.engine + self.contexts + self.scratch + self.buffers


@dataclass(frozen=True)
class NetworkSpeed:
    """Speed of the bare network; see BaseModel.measure_network()."""

    seconds: float
    """Wall time from the first start to the last end."""
    latencies: list[float]
    """Milliseconds of each run, in order of completion."""


@dataclass(frozen=True)
class BuildProgress:
    """How far the building of an engine is; see build_engine()."""

    phase: str
    """What TensorRT is doing, in its own words."""
    step: int
    """Of that phase."""
    steps: int
    done: float
    """Of all, 0 to 1; never falls. Phases take very different times."""
