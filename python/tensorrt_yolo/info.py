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
    """What is known of a model; see Model.info() and inspect().

    Bytes that are not UTF-8 are lone surrogates in `file`, as Python's "surrogateescape" has them, and U+FFFD in what
    the file itself says.
    """

    file: str
    """Path as given."""
    file_bytes: int
    """Size of the file, weights of an OpenVINO IR included."""
    task: str
    """"classify", "detect", "obb", "segment", "pose", "semantic" or "depth"."""
    names: dict[int, str]
    """ClassNames: what names[17] gives is "17" where there is no name."""
    inputs: tuple[TensorInfo, ...]
    """Of the network, in its order."""
    outputs: tuple[TensorInfo, ...]
    """Of the network, in its order."""
    network_width: int
    """Pixels of the network's input (the largest, for dynamic models)."""
    network_height: int
    """Pixels, likewise."""
    stride: int
    """Coarsest stride, pixels."""
    batch: int
    """Most images in one run of the network."""
    keypoints: int
    """Points of an object, of pose estimators; else 0."""
    keypoint_dims: int
    """Values of a point: 2 (x, y) or 3 (x, y, confidence); else 0."""
    dynamic_batch: bool
    """Whether runs may have fewer images."""
    dynamic_size: bool
    """Whether height and width may vary."""
    backend: str
    """"openvino" or "tensorrt"."""
    device: str
    """Full name of the processor or GPU."""
    precision: str
    """Arithmetic asked for: "f32", "f16", "bf16" or "auto"."""
    layout: str
    """How the outputs are read, in words."""
    head: str
    """How much of the network runs, in words: "cut ..." or "whole: " and why; see InferOption.set_head()."""
    family: str
    """Whose conventions are followed: "ultralytics", "yolox", ...; see InferOption.set_family()."""
    evidence: str
    """What told the family, in words: metadata is sure, names are likely, shapes alone a guess."""
    metadata: dict[str, str]
    """Everything that the file says of itself, but for its self-test."""
    self_test: str
    """How many images its self-test has, and where it was made, in words; empty if it has none."""


@dataclass(frozen=True)
class Timing:
    """Where the time of predict() goes: medians over calls, in milliseconds of a call; see Model.timing()."""

    calls: int
    """How many were measured."""
    total: float
    """The whole call, without what Python adds."""
    preprocess: float
    """Images into the network's input: letterbox or centre crop."""
    inference: float
    """The network; on a GPU everything that it does for the call, which is one piece of work."""
    postprocess: float
    """From the network's outputs to results."""


@dataclass(frozen=True)
class MemoryUse:
    """Memory of an engine and of all models and clones on it together, in bytes; see Model.memory().

    On a GPU that of the device, as it was asked for. On a CPU only the `buffers` of clones that have run are known,
    which are in ordinary memory; what else OpenVINO takes is 0 here.
    """

    engine: int
    """The weights and what the backend keeps with them, once for all clones."""
    contexts: int
    """What the backend keeps for each of the `executors`, without scratch."""
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
    """Speed of the bare network; see Model.measure_network()."""

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
    """How many the phase has."""
    done: float
    """Of all, 0 to 1; never falls. Phases take very different times."""
