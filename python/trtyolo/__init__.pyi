from tensorrt_yolo import *  # noqa: F403
from tensorrt_yolo import __version__ as __version__
