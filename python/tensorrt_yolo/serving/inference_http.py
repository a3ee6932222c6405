"""The Open Inference Protocol, version 2, by HTTP, with Triton's extensions for binary tensors and the repository."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tensorrt_yolo.serving import infer
from tensorrt_yolo.serving.door import answer, as_json, unless_gone
from tensorrt_yolo.serving.limits import Limits, read_body
from tensorrt_yolo.serving.memory import lease_of
from tensorrt_yolo.serving.models import VERSION
from tensorrt_yolo.serving.refusals import Refusal
from tensorrt_yolo.serving.service import Service
from tensorrt_yolo.serving.tensors import Tensor

_LENGTH = "Inference-Header-Content-Length"
_MOST_LISTED = 1_000_000  # numbers of a tensor in JSON


def routes(service: Service, limits: Limits) -> list[Route]:
    """The addresses of this door."""

    async def live(request: Request) -> Response:
        return answer({"live": True})

    async def ready(request: Request) -> Response:
        return answer({"ready": service.ready}, 200 if service.ready else 400)

    async def server(request: Request) -> Response:
        return answer(infer.server_metadata())

    async def model_ready(request: Request) -> Response:
        find(request)
        return answer({"name": request.path_params["name"], "ready": service.ready}, 200 if service.ready else 400)

    async def model(request: Request) -> Response:
        return answer(infer.model_metadata(find(request)))

    async def run(request: Request) -> Response:
        served = find(request)
        asked, names = _request_of(request, await read_body(request, limits), limits)
        done = await unless_gone(request, infer.run(service, limits, served, asked, lease_of(request)))
        return _response(done, names)

    async def index(request: Request) -> Response:
        only_ready = _object(await read_body(request, limits) or b"{}").get("ready") is True
        return answer(infer.repository_index(service, only_ready=only_ready))

    def change(act: Callable[[str], Any]) -> Callable[[Request], Any]:
        async def changed(request: Request) -> Response:
            body = _object(await read_body(request, limits) or b"{}")
            infer.check_repository_parameters(_parameters(body))
            await act(request.path_params["name"])
            return answer({})

        return changed

    def find(request: Request) -> Any:
        return service.models.find(request.path_params["name"], request.path_params.get("version", ""))

    found = [
        Route("/v2", server, methods=["GET"]),
        Route("/v2/health/live", live, methods=["GET"]),
        Route("/v2/health/ready", ready, methods=["GET"]),
        Route("/v2/repository/index", index, methods=["POST"]),
        Route("/v2/repository/models/{name}/load", change(service.models.load), methods=["POST"]),
        Route("/v2/repository/models/{name}/unload", change(service.models.unload), methods=["POST"]),
    ]
    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        found += [
            Route(path, model, methods=["GET"]),
            Route(f"{path}/ready", model_ready, methods=["GET"]),
            Route(f"{path}/infer", run, methods=["POST"]),
        ]
    return found


def _object(text: bytes | memoryview) -> dict[str, Any]:
    try:
        value = json.loads(bytes(text))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"The body is no JSON: {str(error)[:100]}.") from None
    if not isinstance(value, dict):
        raise Refusal(400, f"A JSON object was expected; found {type(value).__name__}.")
    return value


def _request_of(request: Request, body: bytes, limits: Limits) -> tuple[infer.Request, dict[str, bool]]:
    """What is asked for, and which outputs are wanted in binary, by name; "": those that are not named."""
    length = request.headers.get(_LENGTH)
    end = len(body)
    if length is not None:
        if not length.isdecimal() or len(length) > 12 or int(length) > end:
            raise Refusal(400, f"{_LENGTH} must be at most the body's {end} bytes, found {length[:20]!r}.")
        end = int(length)
    view = memoryview(body)
    head, binary = _object(view[:end]), view[end:]
    tensors = _objects(head, "inputs")
    if len(tensors) != 1:
        raise Refusal(400, f"One input was expected; found {len(tensors)}.")
    described = tensors[0]
    own = _parameters(described)
    size = own.get("binary_data_size")
    if (size if size is not None else 0) != len(binary):
        raise Refusal(400, f"binary_data_size must be the {len(binary)} bytes behind the JSON, found {size!r}.")
    shape = described.get("shape")
    if not isinstance(shape, list) or not all(isinstance(one, int) for one in shape):
        raise Refusal(400, "The input's shape must be a list of whole numbers.")
    tensor = infer.Input(str(described.get("name")), str(described.get("datatype")), shape)
    if size is not None:
        pictures = infer.raw_pictures(tensor, binary, limits)
    else:
        pictures = infer.base64_pictures(tensor, described.get("data"), limits)
    parameters = dict(_parameters(head))
    wanted = {"": parameters.pop("binary_data_output", False) is True}
    outputs = _objects(head, "outputs") if "outputs" in head else []
    for one in outputs:
        mine = _parameters(one)
        if "classification" in mine:
            raise Refusal(400, "The parameter 'classification' of outputs is not offered; ask for classes and scores.")
        wanted[str(one.get("name"))] = mine.get("binary_data", wanted[""]) is True
    names = [str(one.get("name")) for one in outputs]
    return infer.Request(str(head.get("id", "")), pictures, names, parameters), wanted


def _objects(of: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = of.get(key)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refusal(400, f"{key!r} must be a list of objects.")
    return value


def _parameters(of: Mapping[str, Any]) -> Mapping[str, Any]:
    value = of.get("parameters", {})
    if not isinstance(value, dict):
        raise Refusal(400, "'parameters' must be an object.")
    return value


def _response(done: infer.Response, binary: Mapping[str, bool]) -> Response:
    described: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for tensor in done.outputs:
        one: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if binary.get(tensor.name, binary[""]):
            parts.append(tensor.raw())
            one["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            one["data"] = _listed(tensor)
        described.append(one)
    head: dict[str, Any] = {"model_name": done.model, "model_version": VERSION, "outputs": described}
    if done.id:
        head["id"] = done.id
    text = as_json(head).encode()
    if not parts:
        return Response(text, media_type="application/json")
    headers = {_LENGTH: str(len(text))}
    return Response(b"".join([text, *parts]), media_type="application/octet-stream", headers=headers)


def _listed(tensor: Tensor) -> Sequence[Any]:
    values = tensor.values
    if not isinstance(values, list) and values.size > _MOST_LISTED:
        raise Refusal(400, f"The output {tensor.name!r} has {values.size} numbers: ask for it with binary_data.")
    return tensor.listed()
