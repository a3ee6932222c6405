"""The messages of the protocol, from open_inference.binpb (see open_inference.proto).

They are made in a pool of descriptors of their own, not by a generated module: other packages (tritonclient, kserve)
bring messages of the same names, and a process has room for one of each in the common pool. Besides, a generated module
runs with some releases of protobuf only; the compiled description is read by all.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "inference.GRPCInferenceService"

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(
    pathlib.Path(__file__).with_name("open_inference.binpb").read_bytes()
).file:
    _pool.Add(_file)


class Method(NamedTuple):
    """A call of the service."""

    name: str
    request: Any
    response: Any


def methods() -> Iterator[Method]:
    """All calls, with the classes of their messages."""
    for method in _pool.FindServiceByName(SERVICE).methods:
        yield Method(method.name, _class_of(method.input_type), _class_of(method.output_type))


def _class_of(described: Any) -> Any:
    return message_factory.GetMessageClass(described)
