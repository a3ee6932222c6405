"""Makes small ONNX files with the heads that an exporter wrote.

    python make_heads.py --out DIR yolo11n.onnx yolo11n-dynamic.onnx ...

What leads to the last convolutions is left out of each file: instead of it each of them gets a few channels that one
convolution makes of the image, and random weights. All that stands behind them stays as it was. make_models.py exports
networks of all families.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, shape_inference

kFeatures = 2  # channels that each last convolution reads


def isLast(node: onnx.NodeProto, constants: dict) -> bool:
    """Not the one that takes the mean of a distribution, whose weights count from 0 up."""
    if node.op_type != "Conv":
        return False
    weights = constants[node.input[1]]
    return not (weights.shape[0] == 1 and np.array_equal(weights.ravel(), np.arange(weights.size)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="exported networks")
    parser.add_argument("--out", required=True, type=Path, help="folder for the small ones")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for file in options.files:
        small = headOf(onnx.load(file))
        onnx.save(small, options.out / file.name)
        print(f"{file.name}: {len(small.graph.node)} nodes, {small.ByteSize()} bytes")


def headOf(model: onnx.ModelProto) -> onnx.ModelProto:
    graph = model.graph
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    producers = {output: node for node in graph.node for output in node.output}
    image = graph.input[0].name
    sides = sidesOf(model)
    random = np.random.default_rng(3)
    nodes, made, kept, features = [], set(), set(), {}

    def constant(name: str, values: np.ndarray) -> str:
        if name not in made:
            made.add(name)
            kept.add(name)
            constants[name] = values.astype(np.float32)
        return name

    def feature(stride: int) -> str:
        """A few channels of the image on the grid of this stride."""
        if stride not in features:
            weights = random.standard_normal((kFeatures, 3, stride, stride)) * 6 / np.sqrt(3 * stride * stride)
            name = f"feature{stride}"
            inputs = [image, constant(name + "_weights", weights)]
            nodes.append(
                helper.make_node("Conv", inputs, [name], kernel_shape=[stride, stride], strides=[stride, stride])
            )
            features[stride] = name
        return features[stride]

    def take(value: str) -> None:
        """Writes what gives this value, back to the last convolutions."""
        if not value or value in made or value == image:
            return
        if value in constants:
            kept.add(value)
            return
        made.add(value)
        node = producers[value]
        if isLast(node, constants):
            channels = constants[node.input[1]].shape[0]
            name = value + "_small"
            weights = random.standard_normal((channels, kFeatures, 1, 1)) * 1.5
            inputs = [feature(sides[value]), constant(name + "_weights", weights)]
            if len(node.input) > 2:
                inputs.append(constant(name + "_bias", random.standard_normal(channels) * 0.5))
            nodes.append(helper.make_node("Conv", inputs, [value], kernel_shape=[1, 1]))
            return
        if node.op_type == "Shape" and node.input[0] in sides:  # whoever asks, does so for the grid
            nodes.append(helper.make_node("Shape", [feature(sides[node.input[0]])], list(node.output)))
            return
        for one in node.input:
            take(one)
        made.update(node.output)
        nodes.append(node)

    for output in graph.output:
        take(output.name)
    small = onnx.ModelProto()
    small.CopyFrom(model)
    del small.graph.node[:], small.graph.initializer[:], small.graph.value_info[:]
    small.graph.node.extend(nodes)
    small.graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in sorted(kept))
    onnx.checker.check_model(small)
    return small


def sidesOf(model: onnx.ModelProto) -> dict[str, int]:
    """The stride of each value that lies on a grid."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    dims = fixed.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, (1, 3, 640, 640)):
        if dim.WhichOneof("value") != "dim_value":
            dim.dim_value = size
    size = dims[2].dim_value
    del fixed.graph.value_info[:]
    for output in fixed.graph.output:
        output.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(fixed, data_prop=True)
    found = {}
    for value in [*inferred.graph.value_info, *inferred.graph.output]:
        shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if len(shape) == 4 and shape[2] > 0 and shape[2] == shape[3] and size % shape[2] == 0:
            found[value.name] = size // shape[2]
    return found


if __name__ == "__main__":
    main()
