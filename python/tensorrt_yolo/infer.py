"""Everything that running models takes; also importable from tensorrt_yolo itself."""

from tensorrt_yolo.drawing import visualize
from tensorrt_yolo.engine import build_engine
from tensorrt_yolo.errors import BusyError, DeviceError, Error, InferenceError, ModelError
from tensorrt_yolo.files import generate_labels, image_batches
from tensorrt_yolo.info import BuildProgress, MemoryUse, ModelInfo, NetworkSpeed, TensorInfo, Timing
from tensorrt_yolo.models import (
    BaseModel,
    ClassifyModel,
    DetectModel,
    OBBModel,
    PoseModel,
    SegmentModel,
    backends,
    inspect,
    version,
)
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.results import (
    Boxes,
    ClassifyRes,
    ClsResult,
    DetectRes,
    DetResult,
    KeyPoints,
    Mask,
    Masks,
    OBBRes,
    OBBResult,
    PoseRes,
    PoseResult,
    RotatedBoxes,
    SegmentRes,
    SegResult,
)

__all__ = [
    "BaseModel",
    "Boxes",
    "BuildProgress",
    "BusyError",
    "ClassifyModel",
    "ClassifyRes",
    "ClsResult",
    "DetResult",
    "DetectModel",
    "DetectRes",
    "DeviceError",
    "Error",
    "InferOption",
    "InferenceError",
    "KeyPoints",
    "Mask",
    "Masks",
    "MemoryUse",
    "ModelError",
    "ModelInfo",
    "NetworkSpeed",
    "OBBModel",
    "OBBRes",
    "OBBResult",
    "PoseModel",
    "PoseRes",
    "PoseResult",
    "RotatedBoxes",
    "SegResult",
    "SegmentModel",
    "SegmentRes",
    "TensorInfo",
    "Timing",
    "backends",
    "build_engine",
    "generate_labels",
    "image_batches",
    "inspect",
    "version",
    "visualize",
]
