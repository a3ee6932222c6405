"""The service on many machines: the ASGI application of `serve` as a deployment of Ray Serve's.

A configuration file for `serve run config.yaml`:

    applications:
      - name: yolo
        route_prefix: /
        import_path: tensorrt_yolo.ray.serve:application
        args:
          models: {yolo11n: /mnt/yolo11n.onnx}
          cpus: 4
          replicas: [1, 8]

Each replica is a process with a pool for each model. Every replica's machine must have the model files by these names.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ray import serve
from ray.serve import Application
from starlette.types import ASGIApp, Receive, Scope, Send

from tensorrt_yolo import images
from tensorrt_yolo.option import InferOption
from tensorrt_yolo.serving import Limits, Service, make_application
from tensorrt_yolo.serving.models import checked_name
from tensorrt_yolo.serving.access import Access, token_in


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the arguments of a configuration file can say. Those of `serve` have its meanings and defaults."""

    models: Mapping[str, str]
    """Model files by the names that addresses have."""
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Of InferOption, by the names of its constructor's arguments; "classes" are numbers."""
    token_file: str = ""
    """A file, on every machine, with the token that requests must bring, on its first line."""
    no_token: bool = False
    """Lets everybody in who reaches the proxies. Without it, and without a token, requests must name the loopback."""
    contexts: int = 0
    """Runs at the same time, of each model in each replica. 0: what keeps its cores or GPU busy."""
    queue: int = 0
    """Most pictures that wait in each pool. 0: four runs for each context, at least 64."""
    max_body: int = 32
    """MiB."""
    request_memory: int = 1024
    """MiB, of each replica."""
    max_pixels: int = 100
    """Millions."""
    deadline: float = 30.0
    """Seconds."""
    cpus: int = 1
    """Cores of each replica; its networks take as many threads, unless the options say otherwise."""
    gpus: float = 0.0
    """GPUs of each replica: whole ones, or a part of one, which several replicas then share."""
    replicas: int | Sequence[int] = 1
    """So many, or least and most: their number then follows the requests."""
    requests: int = 64
    """Most requests that a replica has at a time; others wait in the proxies."""
    target_requests: float = 16.0
    """Requests a replica that the number of replicas is steered to."""
    surge: int = 25
    """Replicas, in per cent, that a rolling update has besides: new ones are ready before old ones end. 0, where there
    is no room: old ones end first, and requests wait."""
    drain: float = 30.0
    """Most seconds that a replica, when it is to end, takes to answer what it has."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Raises ValueError for what is no setting, or makes no sense."""
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"there is no setting {unknown[0]!r}; there are {', '.join(known)}")
        if not isinstance(values.get("models"), Mapping) or not values["models"]:
            raise ValueError("models: names and files of models are needed, as in {yolo11n: /mnt/yolo11n.onnx}")
        for name in values["models"]:
            checked_name(str(name))
        settings = cls(**values)
        wrong = set(settings.options) - set(inspect.signature(InferOption).parameters)
        if wrong:
            raise ValueError(f"options: InferOption has no {sorted(wrong)[0]!r}")
        least, most = settings.bounds
        if not 1 <= least <= most:
            found = repr(settings.replicas)
            raise ValueError(f"replicas: a number, or the least and the most, were expected, found {found}")
        return settings

    @property
    def bounds(self) -> tuple[int, int]:
        """Least and most replicas."""
        if isinstance(self.replicas, int):
            return self.replicas, self.replicas
        bounds = [*self.replicas, 0, 0]
        return bounds[0], bounds[1]


def application(settings: Mapping[str, Any]) -> Application:
    """The service as an application of Ray Serve's, for `serve run` and serve.run(), by the values of Settings.

    A replica that is to end, as in a rolling update, answers what it has first. Raises ValueError for wrong settings.
    """
    checked = Settings.of(settings)

    def build() -> ASGIApp:
        return _Replica(checked)

    least, most = checked.bounds
    scaling: dict[str, Any] = {"num_replicas": least}
    if most > least:
        target = {"target_ongoing_requests": checked.target_requests}
        scaling = {"autoscaling_config": {"min_replicas": least, "max_replicas": most, **target}}
    return serve.deployment(
        serve.ingress(build)(),
        name="trtyolo",
        ray_actor_options={"num_cpus": checked.cpus, "num_gpus": checked.gpus},
        max_ongoing_requests=checked.requests,
        max_surge_percent=checked.surge,
        graceful_shutdown_wait_loop_s=1.0,
        graceful_shutdown_timeout_s=checked.drain,
        **scaling,
    ).bind()


class _Replica:
    """The application over a service of its own, which begins with the replica and is closed with it."""

    def __init__(self, settings: Settings) -> None:
        images.max_pixel_bytes = settings.max_pixels * 3_000_000
        option = InferOption(**{"swap_rb": True, "threads": settings.cpus, **settings.options})
        self._service = Service(
            settings.models,
            option,
            memory_bytes=settings.request_memory << 20,
            contexts=settings.contexts,
            queue_length=settings.queue,
        )
        token = token_in(settings.token_file) if settings.token_file else ""
        access = Access(token, only_loopback=not token and not settings.no_token)
        limits = Limits(body_bytes=settings.max_body << 20, deadline=settings.deadline)
        self._application = make_application(self._service, limits, access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._service.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
