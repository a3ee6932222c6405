"""The service: pools of models behind HTTP and gRPC; `python -m tensorrt_yolo serve` runs it.

    from tensorrt_yolo.serving import Service, make_application

    service = Service({"yolo11n": "yolo11n.onnx"})
    application = make_application(service)     # ASGI, for any server

It needs the packages of the extra `serve`: pip install 'trtyolo[serve]'.
"""

from tensorrt_yolo.serving.application import make_application
from tensorrt_yolo.serving.limits import Limits
from tensorrt_yolo.serving.service import Service

__all__ = ["Limits", "Service", "make_application"]
