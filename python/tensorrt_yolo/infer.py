"""Everything that running models takes; also importable from tensorrt_yolo itself."""

from tensorrt_yolo.crops import Crop as Crop, crop as crop
from tensorrt_yolo.drawing import visualize as visualize
from tensorrt_yolo.engine import build_engine as build_engine
from tensorrt_yolo.errors import (
    BusyError as BusyError,
    ClosedError as ClosedError,
    DeadlineError as DeadlineError,
    DecodeError as DecodeError,
    DeviceError as DeviceError,
    Error as Error,
    InferenceError as InferenceError,
    ModelError as ModelError,
    QueueFullError as QueueFullError,
    VideoError as VideoError,
    VideoInterruptedError as VideoInterruptedError,
    VideoTimeoutError as VideoTimeoutError,
)
from tensorrt_yolo.files import generate_labels as generate_labels, image_batches as image_batches
from tensorrt_yolo.formats import Image as Image
from tensorrt_yolo.info import (
    BuildProgress as BuildProgress,
    MemoryUse as MemoryUse,
    ModelInfo as ModelInfo,
    NetworkSpeed as NetworkSpeed,
    TensorInfo as TensorInfo,
    Timing as Timing,
)
from tensorrt_yolo.memory import pinned_empty as pinned_empty
from tensorrt_yolo.models import (
    MODELS as MODELS,
    ClassifyModel as ClassifyModel,
    DepthModel as DepthModel,
    DetectModel as DetectModel,
    Model as Model,
    OBBModel as OBBModel,
    PoseModel as PoseModel,
    SegmentModel as SegmentModel,
    SemanticModel as SemanticModel,
    backends as backends,
    inspect as inspect,
    version as version,
)
from tensorrt_yolo.option import InferOption as InferOption, PostprocessOptions as PostprocessOptions
from tensorrt_yolo.pool import (
    DecodeCounts as DecodeCounts,
    Pool as Pool,
    PoolFuture as PoolFuture,
    PoolMetrics as PoolMetrics,
    PoolTimes as PoolTimes,
    prometheus as prometheus,
)
from tensorrt_yolo.preprocess import Preprocessor as Preprocessor
from tensorrt_yolo.quantization import quantize as quantize
from tensorrt_yolo.results import (
    Boxes as Boxes,
    ClassifyRes as ClassifyRes,
    ClassNames as ClassNames,
    ClsResult as ClsResult,
    DepthResult as DepthResult,
    DetectRes as DetectRes,
    DetResult as DetResult,
    Item as Item,
    KeyPoints as KeyPoints,
    Mask as Mask,
    Masks as Masks,
    OBBRes as OBBRes,
    OBBResult as OBBResult,
    PoseRes as PoseRes,
    PoseResult as PoseResult,
    Result as Result,
    RotatedBoxes as RotatedBoxes,
    SegmentRes as SegmentRes,
    SegResult as SegResult,
    SemanticResult as SemanticResult,
)
from tensorrt_yolo.self_test import (
    SelfTestImage as SelfTestImage,
    SelfTestReport as SelfTestReport,
    add_self_test as add_self_test,
    check_self_test as check_self_test,
    remove_self_test as remove_self_test,
)
from tensorrt_yolo.slices import SliceOption as SliceOption
from tensorrt_yolo.track import Tracker as Tracker
from tensorrt_yolo.video import VideoFrame as VideoFrame, VideoReader as VideoReader
from tensorrt_yolo.zones import Line as Line, Zone as Zone
