"""The tool that quantizes, NNCF: OpenVINO IR, and ONNX with Q/DQ of INT8 or FP8."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorrt_yolo.errors import ModelError
from tensorrt_yolo.info import ModelInfo
from tensorrt_yolo.quantization.graph import Graph

Inputs = Callable[[], Iterator[npt.NDArray[np.float32]]]
KEY = "trtyolo_quantized"
"""Of a file's metadata: what was done to it, as JSON."""
_OPSETS = {"int8": 13, "fp8": 21}  # of ONNX: the first with scales for each channel, and the first that NNCF has FP8 in


class Network:
    """A network in real numbers, of which quantized copies are made."""

    def __init__(self, file: str, info: ModelInfo) -> None:
        self.file = file
        self.info = info

    graph: Graph

    def quantized(self, inputs: Inputs, count: int, ignored: Sequence[str], bits: int) -> Any:
        """A copy with eight bits but in the operations whose names are given. `bits`: of weights, 8 or 7."""
        raise NotImplementedError

    def write(self, network: Any, stem: str, about: dict[str, Any]) -> list[str]:
        """Writes a quantized copy to files beside each other that begin with `stem`; gives their extensions, the one
        that the model is known by last."""
        raise NotImplementedError


class OpenVinoNetwork(Network):
    """For OpenVINO IR."""

    def __init__(self, file: str, info: ModelInfo) -> None:
        super().__init__(file, info)
        import openvino

        # Of ONNX it makes the operations that NNCF looks for, as Swish of Sigmoid and Multiply.
        onnx = file.endswith(".onnx")
        self._model = openvino.convert_model(file) if onnx else openvino.Core().read_model(file)
        kinds = {operation.get_type_name() for operation in self._model.get_ops()}
        _refuse_quantized(file, kinds & {"FakeQuantize", "FakeConvert"})
        _name_alike(self._model)
        _check_input(file, info)
        self.graph = Graph.of_openvino(self._model)

    def quantized(self, inputs: Inputs, count: int, ignored: Sequence[str], bits: int) -> Any:
        with quiet_nncf() as nncf:
            overflow = nncf.OverflowFix.ENABLE if bits == 7 else nncf.OverflowFix.DISABLE
            return nncf.quantize(
                self._model,
                nncf.Dataset(_Again(inputs)),
                preset=nncf.QuantizationPreset.MIXED,
                subset_size=count,
                ignored_scope=nncf.IgnoredScope(names=list(ignored), validate=False),
                advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=overflow),
            )

    def write(self, network: Any, stem: str, about: dict[str, Any]) -> list[str]:
        import openvino

        for key, value in {**self.info.metadata, KEY: _text_of(about)}.items():
            network.set_rt_info(value, ["framework", key])
        _name_alike(network)
        openvino.serialize(network, stem + ".xml", stem + ".bin")
        return [".bin", ".xml"]


class OnnxNetwork(Network):
    """For ONNX with Q/DQ, symmetric and signed, as TensorRT takes them."""

    def __init__(self, file: str, info: ModelInfo, precision: str) -> None:
        super().__init__(file, info)
        import onnx

        self._precision = precision
        self._model = _plain(onnx.load(file), _OPSETS[precision])
        _refuse_quantized(file, {node.op_type for node in self._model.graph.node} & {"QuantizeLinear", "QLinearConv"})
        _check_input(file, info)
        self.graph = Graph.of_onnx(self._model)

    def quantized(self, inputs: Inputs, count: int, ignored: Sequence[str], bits: int) -> Any:
        name = self._model.graph.input[0].name
        with quiet_nncf() as nncf:
            common: dict[str, Any] = {
                "calibration_dataset": nncf.Dataset(_Again(inputs), lambda values: {name: values}),
                "subset_size": count,
                "ignored_scope": nncf.IgnoredScope(names=list(ignored), validate=False),
            }
            if self._precision == "fp8":
                return nncf.quantize(self._model, mode=nncf.QuantizationMode.FP8_E4M3, **common)
            symmetric = nncf.common.quantization.structs.QuantizationScheme.SYMMETRIC
            kind = nncf.quantization.advanced_parameters.QuantizationParameters
            parameters = nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE if bits == 7 else nncf.OverflowFix.DISABLE,
                activations_quantization_params=kind(mode=symmetric, per_channel=False),
                weights_quantization_params=kind(mode=symmetric, per_channel=True),
            )
            preset = nncf.QuantizationPreset.PERFORMANCE
            found = nncf.quantize(self._model, preset=preset, advanced_parameters=parameters, **common)
        _make_signed(found)
        return found

    def write(self, network: Any, stem: str, about: dict[str, Any]) -> list[str]:
        import onnx

        for entry in list(network.metadata_props):
            if entry.key == KEY:
                network.metadata_props.remove(entry)
        network.metadata_props.add(key=KEY, value=_text_of(about))
        onnx.save(network, stem + ".onnx")
        return [".onnx"]


class _Again:
    """What can be gone through again and again."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        return self._inputs()


@contextlib.contextmanager
def quiet_nncf() -> Iterator[Any]:
    """NNCF, which keeps its messages and bars to itself meanwhile, and tells nobody of its use."""
    os.environ.setdefault("NNCF_CI", "1")  # it would send statistics of its use to its makers
    logging.getLogger("nncf").setLevel(logging.ERROR)
    import nncf
    import nncf.quantization.advanced_parameters
    import rich

    nncf.set_log_level(logging.ERROR)
    console = rich.get_console()
    before = console.quiet
    console.quiet = True
    try:
        yield nncf
    finally:
        console.quiet = before


def versions_of(*packages: str) -> dict[str, str]:
    """Of those that are installed."""
    import importlib.metadata

    found = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _name_alike(model: Any) -> None:
    """Names operations that OpenVINO has numbered, by its count in this process, by their places."""
    for place, operation in enumerate(model.get_ordered_ops()):
        kind = operation.get_type_name()
        was = "[A-Z][A-Za-z0-9]*" if kind == "Constant" else kind  # constants may be named after what they were made of
        if re.fullmatch(rf"{was}[_/][0-9]+", operation.get_friendly_name()):
            operation.set_friendly_name(f"{kind}/{place}")


def _text_of(about: dict[str, Any]) -> str:
    return json.dumps(about, sort_keys=True)


def _refuse_quantized(file: str, found: set[str]) -> None:
    if found:
        raise ModelError(f"'{file}': it is quantized already ({', '.join(sorted(found))}); give the f32 model")


def _check_input(file: str, info: ModelInfo) -> None:
    shape, kind = info.inputs[0].shape, info.inputs[0].type
    if kind != "f32" or len(shape) != 4 or shape[1] not in (1, 3):
        raise ModelError(
            f"'{file}': an input f32 [batch, 3, height, width] was expected, found {kind} {list(shape)}; export the "
            "model in f32"
        )


def _make_signed(model: Any) -> None:
    """Gives values that are never below 0 signed bytes, too, which are all that TensorRT computes with."""
    import onnx

    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    changed: set[str] = set()
    for node in model.graph.node:
        if node.op_type not in ("QuantizeLinear", "DequantizeLinear") or len(node.input) < 3:
            continue
        scale, zero = node.input[1:]
        values = onnx.numpy_helper.to_array(stored[zero])
        if values.dtype != np.uint8 or zero in changed:
            continue
        if values.any():
            raise ModelError(f"'{node.name}': NNCF has quantized it with a zero point, which TensorRT does not take")
        wider = (onnx.numpy_helper.to_array(stored[scale]) * (255 / 127)).astype(np.float32)
        stored[scale].CopyFrom(onnx.numpy_helper.from_array(wider, scale))
        stored[zero].CopyFrom(onnx.numpy_helper.from_array(values.astype(np.int8), zero))
        changed.add(zero)


def _drop_unused(model: Any) -> None:
    """Takes constants that nothing reads out of an ONNX file."""
    used = {name for node in model.graph.node for name in node.input} | {one.name for one in model.graph.output}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)


def _plain(model: Any, opset: int) -> Any:
    """The model with weights as they are computed with, a name for each node, and of this opset at least."""
    import onnx

    if next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0) < opset:
        import onnx.version_converter

        model = onnx.version_converter.convert_version(model, opset)
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
        if node.op_type == "Cast" and node.input[0] in stored and node.attribute[0].i == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(stored[node.input[0]]).astype(np.float32)
            tensor = onnx.numpy_helper.from_array(values, node.output[0])
            model.graph.initializer.append(tensor)
            stored[tensor.name] = tensor
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    _drop_unused(model)
    return model
