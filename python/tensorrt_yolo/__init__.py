"""tensorrt_yolo: YOLO models in Python, one engine and many clones.

    from tensorrt_yolo.infer import InferOption, DetectModel

    option = InferOption(swap_rb=True)          # arrays are BGR, as OpenCV reads them
    model = DetectModel("yolo11n.onnx", option)
    clone = model.clone()                       # same weights, own execution context: one for each thread
    result = clone.predict(cv2.imread("bus.jpg"))
    print(result)                               # result.boxes, .scores, .classes are NumPy arrays

Networks run by OpenVINO on a CPU and by TensorRT on an NVIDIA GPU, as the file and the machine have it. The package is
fit for threads: the interpreter lock is released while a network runs.
"""

import atexit as _atexit
import os as _os

from tensorrt_yolo import _libraries, _openvino

_openvino.open_library()
try:
    from tensorrt_yolo import _core
except ImportError as error:
    if "libopenvino" not in str(error):
        raise
    raise ImportError(_openvino.explanation(error)) from None

_core.set_library_folders(_libraries.folders())

# Nothing of the library may be running while the interpreter is taken down, nor be waited for in a forked child.
_atexit.register(_core.drain)
if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_core.forget_threads)

from tensorrt_yolo.infer import *  # noqa: E402, F403

__version__ = _core.version().split()[-1]
