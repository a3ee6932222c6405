"""What of a network may compute in eight bits: its graph, as OpenVINO or ONNX has it, and groups of its layers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

_CONVOLUTIONS = frozenset(
    "Convolution GroupConvolution ConvolutionBackpropData GroupConvolutionBackpropData Conv ConvTranspose".split()
)
_PRODUCTS = frozenset(["MatMul", "Gemm"])
_MODULE = re.compile(r"/model\.([0-9]+)/")  # of the names that Ultralytics' exports have
_MOST_BLOCKS = 8


@dataclasses.dataclass
class Node:
    """An operation."""

    name: str
    type: str
    inputs: list[str]
    """Nodes that its values come from, in their order; "" for a value that no node makes."""
    weights: tuple[int, ...] | None = None
    """Sides of what it multiplies with, if that is constant; -1 where they are not known."""
    fixed: bool = False
    """Whether it depends on constants alone."""

    @property
    def weighted(self) -> bool:
        """Whether it is a layer that has weights."""
        return self.weights is not None and self.type in _CONVOLUTIONS | _PRODUCTS


@dataclasses.dataclass(frozen=True)
class Group:
    """Layers that compute in eight bits together, or not."""

    title: str
    """For people."""
    nodes: tuple[str, ...]
    """Names of operations."""
    layers: tuple[str, ...]
    """Those of them that have weights, or are products of two values."""


class Graph:
    """The operations of a network by name, each behind those that it reads."""

    def __init__(self, nodes: Iterable[Node], outputs: Iterable[str]) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.outputs = list(outputs)

    @classmethod
    def of_openvino(cls, model: Any) -> Graph:
        """Of an openvino.Model."""
        nodes: dict[str, Node] = {}
        for operation in model.get_ordered_ops():
            inputs = [value.get_node() for value in operation.input_values()]
            names = [one.get_friendly_name() for one in inputs]
            kind = operation.get_type_name()
            node = Node(operation.get_friendly_name(), kind, names)
            node.fixed = kind == "Constant" or bool(names) and all(nodes[name].fixed for name in names)
            if kind in _CONVOLUTIONS | _PRODUCTS and nodes[names[1]].fixed:
                shape = operation.input(1).get_partial_shape()
                node.weights = tuple(side.get_length() if side.is_static else -1 for side in shape)
            nodes[node.name] = node
        return cls(nodes.values(), [result.get_friendly_name() for result in model.get_results()])

    @classmethod
    def of_onnx(cls, model: Any) -> Graph:
        """Of an onnx.ModelProto whose nodes have names."""
        shapes = {one.name: tuple(one.dims) for one in model.graph.initializer}
        makers: dict[str, str] = {}
        nodes: dict[str, Node] = {}

        def is_fixed(value: str) -> bool:
            return value in shapes or value in makers and nodes[makers[value]].fixed

        for operation in model.graph.node:
            node = Node(operation.name, operation.op_type, [makers.get(value, "") for value in operation.input])
            given = [value for value in operation.input if value]
            node.fixed = operation.op_type == "Constant" or bool(given) and all(map(is_fixed, given))
            if operation.op_type in _CONVOLUTIONS | _PRODUCTS and is_fixed(operation.input[1]):
                node.weights = shapes.get(operation.input[1], (-1,))
            nodes[node.name] = node
            makers.update(dict.fromkeys(operation.output, operation.name))
        ends = (makers[output.name] for output in model.graph.output if output.name in makers)
        return cls(nodes.values(), ends)

    def end(self) -> tuple[set[str], list[str]]:
        """The operations behind the last layers with weights, which decode what those give; and those layers."""
        inner: set[str] = set()
        last: list[str] = []
        seen: set[str] = set()
        waiting = self.outputs[::-1]
        while waiting:
            name = waiting.pop()
            if not name or name in seen or self.nodes[name].fixed:
                continue
            seen.add(name)
            node = self.nodes[name]
            layer = self._layer_of(node)
            if layer is not None:
                last.append(layer.name)
            else:
                inner.add(name)
                waiting.extend(node.inputs[::-1])
        return inner, sorted(set(last), key=list(self.nodes).index)

    def groups(self) -> list[Group]:
        """What may be left in real numbers, beside the end: the layers in groups that suffer together."""
        inner, last = self.end()
        free = [node for node in self.nodes.values() if not node.fixed and node.name not in inner]
        layers = [node.name for node in free if node.weighted]
        attention = [node.name for node in free if node.type in _PRODUCTS and not node.weighted]
        softmax = [node.name for node in free if node.type in ("Softmax", "SoftMax")]
        found = []
        rest = [name for name in layers if name not in last]
        if rest:
            found.append(Group("the first convolution", (rest[0],), (rest[0],)))
        if last:
            found.append(Group("the last convolutions", tuple(last), tuple(last)))
        if attention:
            found.append(Group("attention", (*attention, *softmax), tuple(attention)))
        found += _blocks(rest[1:])
        return found

    def _layer_of(self, node: Node) -> Node | None:
        """The layer whose values a node gives, by itself or as the addition of its bias; None if it is none."""
        if node.type == "Add" and any(name and self.nodes[name].fixed for name in node.inputs):
            moved = [self.nodes[name] for name in node.inputs if name and not self.nodes[name].fixed]
            node = moved[0] if len(moved) == 1 else node
        return node if node.weighted and not self._takes_mean(node) else None

    def _takes_mean(self, node: Node) -> bool:
        """Whether it takes the mean of a distribution, which is a part of the decoding of boxes."""
        weights = node.weights or ()
        if len(weights) != 4 or (weights[0], *weights[2:]) != (1, 1, 1):
            return False
        source = self.nodes.get(node.inputs[0])
        if source is not None and source.type == "Transpose":
            source = self.nodes.get(source.inputs[0])
        return source is not None and source.type in ("Softmax", "SoftMax")


def _blocks(layers: list[str]) -> list[Group]:
    """Layers in the order of the network, in at most _MOST_BLOCKS groups: whole modules, where their names tell."""
    modules: list[list[str]] = []
    numbers: list[str] = []
    for name in layers:
        match = _MODULE.search(name)
        number = match[1] if match else ""
        if modules and number and numbers[-1] == number:
            modules[-1].append(name)
        else:
            modules.append([name])
            numbers.append(number)
    wanted = -(-len(layers) // _MOST_BLOCKS) if layers else 1
    found: list[Group] = []
    block: list[str] = []
    first = 0
    for index, module in enumerate(modules):
        block += module
        if len(block) >= wanted or index + 1 == len(modules):
            named = [number for number in numbers[first : index + 1] if number]
            about = f"model.{named[0]} to model.{named[-1]}" if named else f"{block[0]} to {block[-1]}"
            if named and named[0] == named[-1]:
                about = f"model.{named[0]}"
            found.append(Group(f"{len(block)} layers, {about}", tuple(block), tuple(block)))
            block, first = [], index + 1
    return found
