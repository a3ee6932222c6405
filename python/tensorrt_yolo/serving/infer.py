"""The calls of the Open Inference Protocol, apart from how they are transported."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorrt_yolo import _core
from tensorrt_yolo.serving import tensors
from tensorrt_yolo.serving.limits import Limits
from tensorrt_yolo.serving.memory import Lease
from tensorrt_yolo.serving.models import VERSION, Served
from tensorrt_yolo.serving.refusals import Refusal
from tensorrt_yolo.serving.selection import seconds_of, selection_of
from tensorrt_yolo.serving.service import Picture, Service
from tensorrt_yolo.serving.tensors import Tensor

EXTENSIONS = ["binary_tensor_data", "model_repository"]
_ONE_OF = "priority", "sequence_id", "sequence_start", "sequence_end"  # which the protocol's clients may send


@dataclass(frozen=True)
class Input:
    """The tensor of a request, as it describes it."""

    name: str
    datatype: str
    shape: Sequence[int]


@dataclass(frozen=True)
class Request:
    """A call of infer."""

    id: str
    pictures: Sequence[Picture]
    outputs: Sequence[str]
    """Names; none: all."""
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Response:
    """The answer to a call of infer."""

    id: str
    model: str
    outputs: Sequence[Tensor]


def server_metadata() -> dict[str, Any]:
    """What the service is."""
    name, version = _core.version().split()
    return {"name": name, "version": version, "extensions": EXTENSIONS}


def model_metadata(served: Served) -> dict[str, Any]:
    """What a model is."""
    return {
        "name": served.name,
        "versions": [VERSION],
        "platform": f"trtyolo_{served.info.backend}",
        "inputs": [dataclasses.asdict(port) for port in tensors.inputs()],
        "outputs": [dataclasses.asdict(port) for port in tensors.outputs(served.info)],
    }


def raw_pictures(tensor: Input, raw: bytes | memoryview, limits: Limits) -> list[Picture]:
    """Those of an input in binary."""
    count = tensors.picture_count(tensor.name, tensor.datatype, tensor.shape, limits.pictures)
    return list(tensors.elements(raw, count))


def listed_pictures(tensor: Input, data: Sequence[bytes], limits: Limits) -> list[Picture]:
    """Those of an input whose elements stand by themselves."""
    count = tensors.picture_count(tensor.name, tensor.datatype, tensor.shape, limits.pictures)
    if len(data) != count:
        raise Refusal(400, f"The input has {len(data)} elements of BYTES; its shape says {count}.")
    return list(data)


def base64_pictures(tensor: Input, data: Any, limits: Limits) -> list[Picture]:
    """Those of an input in JSON, which has no bytes: text in base64."""
    count = tensors.picture_count(tensor.name, tensor.datatype, tensor.shape, limits.pictures)
    flat = data
    for _ in tensor.shape[1:]:  # lists in lists, as the shape is, or flat
        if isinstance(flat, list) and all(isinstance(one, list) for one in flat):
            flat = [inner for one in flat for inner in one]
    if not isinstance(flat, list) or len(flat) != count:
        raise Refusal(400, f"The input's data must be a list of {count} elements, as its shape says.")
    try:
        return [base64.b64decode(one, validate=True) for one in flat]
    except (TypeError, ValueError, binascii.Error):
        raise Refusal(400, "A picture in JSON must be text in base64; or send it as a binary tensor.") from None


async def run(service: Service, limits: Limits, served: Served, asked: Request, lease: Lease) -> Response:
    """Runs the pictures. The first that fails fails the call: tensors have no place for errors."""
    ports = tensors.chosen(served.info, asked.outputs)
    given = {name: value for name, value in asked.parameters.items() if name not in _ONE_OF or value}
    deadline = given.pop("deadline", None)
    microseconds = given.pop("timeout", None)  # the protocol's own name
    if deadline is None and microseconds:
        deadline = seconds_of(microseconds, float("inf")) / 1e6
    seconds = seconds_of(deadline, limits.deadline)
    selection = selection_of(given, served.thresholds, served.info)
    results = []
    for found in await service.run(served, asked.pictures, seconds, lease):
        if isinstance(found, Refusal):
            raise found
        results.append(found)

    def outputs() -> list[Tensor]:
        chosen = [selection.of(result) for result in results]
        return [tensors.tensor(port, served.info, chosen) for port in ports]

    return Response(asked.id, served.name, await service.render(served, outputs))


def repository_index(service: Service, *, only_ready: bool) -> list[dict[str, str]]:
    """What models there are, and in which state."""
    entries = [entry for entry in service.models.index() if entry.state == "READY" or not only_ready]
    return [{"name": entry.name, "version": VERSION, "state": entry.state, "reason": entry.reason} for entry in entries]


def check_repository_parameters(parameters: Mapping[str, Any]) -> None:
    """Raises Refusal: files and configurations of clients are never loaded."""
    others = [name for name in parameters if name != "unload_dependents"]
    if others:
        raise Refusal(400, f"Models are loaded as they are in the folder; the parameter {others[0][:40]!r} is refused.")
