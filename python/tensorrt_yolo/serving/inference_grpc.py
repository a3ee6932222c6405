"""The Open Inference Protocol, version 2, by gRPC, with Triton's calls for the repository."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
import grpc.aio

from tensorrt_yolo.serving import infer, messages
from tensorrt_yolo.serving.access import Access
from tensorrt_yolo.serving.limits import Limits
from tensorrt_yolo.serving.metrics import Requests
from tensorrt_yolo.serving.models import VERSION
from tensorrt_yolo.serving.refusals import GRPC_CODES, Refusal, log
from tensorrt_yolo.serving.service import Service

_NO_TOKEN_NEEDED = ("ServerLive", "ServerReady")
_HANDSHAKE_SECONDS = 10
_AGE_SECONDS = 600  # of a connection, then clients make a new one: so messages that are not sent whole end some time
_STREAMS = 1024  # of a connection


def make_grpc_server(service: Service, limits: Limits, access: Access, requests: Requests) -> grpc.aio.Server:
    """A server of this event loop, without an address yet. It does not close the service."""
    options = [
        ("grpc.max_receive_message_length", limits.body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", limits.header_bytes),
        ("grpc.server_handshake_timeout_ms", _HANDSHAKE_SECONDS * 1000),
        ("grpc.max_concurrent_streams", _STREAMS),
        ("grpc.max_connection_age_ms", _AGE_SECONDS * 1000),
        ("grpc.max_connection_age_grace_ms", int(1000 * (limits.deadline + limits.body_seconds))),
        ("grpc.max_connection_idle_ms", int(limits.idle_seconds * 1000)),
        ("grpc.keepalive_time_ms", int(limits.idle_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", int(limits.header_seconds * 1000)),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=limits.connections)
    calls = _Calls(service, limits)
    handlers = {}
    for method in messages.methods():
        handlers[method.name] = grpc.unary_unary_rpc_method_handler(
            _guarded(method, getattr(calls, method.name), access, requests),
            request_deserializer=method.request.FromString,
            response_serializer=method.response.SerializeToString,
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(messages.SERVICE, handlers),))
    return server


def _guarded(
    method: messages.Method, call: Callable[[Any, Any], Awaitable[dict[str, Any]]], access: Access, requests: Requests
) -> Callable[[Any, Any], Awaitable[Any]]:
    """The call, for those that may ask, with errors as gRPC has them."""

    async def handle(request: Any, context: Any) -> Any:
        code = "OK"
        try:
            if method.name not in _NO_TOKEN_NEEDED:
                sent = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
                access.check_token(sent.get("authorization", ""))
            return method.response(**await call(request, context))
        except Refusal as refusal:
            code = GRPC_CODES.get(refusal.status, "INTERNAL")
            sentence, after = refusal.sentence, refusal.retry_after
        except Exception:
            log.exception("%s failed", method.name)
            code, sentence, after = "INTERNAL", "The service failed; its log has the reason.", None
        except BaseException:  # the client has gone
            code = "CANCELLED"
            raise
        finally:
            requests.add("grpc", code)
        trailing = () if after is None else (("retry-after", str(after)),)
        await context.abort(grpc.StatusCode[code], sentence, trailing)

    return handle


class _Calls:
    """The calls of the protocol, by their names in it; each gives the fields of its answer."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service, self._limits = service, limits

    async def ServerLive(self, request: Any, context: Any) -> dict[str, Any]:
        return {"live": True}

    async def ServerReady(self, request: Any, context: Any) -> dict[str, Any]:
        return {"ready": self._service.ready}

    async def ModelReady(self, request: Any, context: Any) -> dict[str, Any]:
        try:
            self._service.models.find(request.name, request.version)
        except Refusal:
            return {"ready": False}
        return {"ready": self._service.ready}

    async def ServerMetadata(self, request: Any, context: Any) -> dict[str, Any]:
        return infer.server_metadata()

    async def ModelMetadata(self, request: Any, context: Any) -> dict[str, Any]:
        return infer.model_metadata(self._service.models.find(request.name, request.version))

    async def ModelInfer(self, request: Any, context: Any) -> dict[str, Any]:
        lease = self._service.memory.lease()
        context.add_done_callback(lambda _: lease.end())  # when the answer is sent
        lease.take(request.ByteSize())
        served = self._service.models.find(request.model_name, request.model_version)
        if len(request.inputs) != 1:
            raise Refusal(400, f"One input was expected; found {len(request.inputs)}.")
        given = request.inputs[0]
        tensor = infer.Input(given.name, given.datatype, list(given.shape))
        if len(request.raw_input_contents) > 1:
            raise Refusal(400, "raw_input_contents must have an element for each input, which is one.")
        if request.raw_input_contents:
            pictures = infer.raw_pictures(tensor, request.raw_input_contents[0], self._limits)
        else:
            pictures = infer.listed_pictures(tensor, given.contents.bytes_contents, self._limits)
        names = [one.name for one in request.outputs]
        asked = infer.Request(request.id, pictures, names, _values(request.parameters))
        done = await infer.run(self._service, self._limits, served, asked, lease)
        return {
            "model_name": done.model,
            "model_version": VERSION,
            "id": done.id,
            "outputs": [{"name": one.name, "datatype": one.datatype, "shape": one.shape} for one in done.outputs],
            "raw_output_contents": [one.raw() for one in done.outputs],
        }

    async def RepositoryIndex(self, request: Any, context: Any) -> dict[str, Any]:
        _check_repository(request.repository_name)
        return {"models": infer.repository_index(self._service, only_ready=request.ready)}

    async def RepositoryModelLoad(self, request: Any, context: Any) -> dict[str, Any]:
        return await self._change(request, self._service.models.load)

    async def RepositoryModelUnload(self, request: Any, context: Any) -> dict[str, Any]:
        return await self._change(request, self._service.models.unload)

    async def _change(self, request: Any, act: Callable[[str], Awaitable[None]]) -> dict[str, Any]:
        _check_repository(request.repository_name)
        infer.check_repository_parameters(request.parameters)
        await act(request.model_name)
        return {}


def _values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {name: value.WhichOneof("parameter_choice") for name, value in parameters.items()}
    return {name: getattr(parameters[name], kind) for name, kind in chosen.items() if kind}


def _check_repository(name: str) -> None:
    if name:
        raise Refusal(404, f"There is one repository here, which has no name; found {name[:40]!r}.")
