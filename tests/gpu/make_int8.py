"""Writes a detector in 8 bits for the tests on a GPU: make_int8.py DATA OUT

DATA is the checkout's folder data/. OUT/int8/detect-int8.onnx is shapes/detect.onnx with convolutions between pairs of
QuantizeLinear and DequantizeLinear (activations symmetric, weights symmetric for each channel; the decoding of boxes
stays f32), calibrated on the first pictures of shapes/images. Needs onnx, onnxruntime, NumPy and opencv-python.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

kPictures = 16


def with_plain_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the casts from f16, as which the weights are stored: only constants are quantized as weights."""
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in stored]
    for cast in casts:
        to = next(attribute.i for attribute in cast.attribute if attribute.name == "to")
        values = numpy_helper.to_array(stored[cast.input[0]]).astype(onnx.helper.tensor_dtype_to_np_dtype(to))
        graph.initializer.append(numpy_helper.from_array(values, cast.output[0]))
        graph.node.remove(cast)
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    return model


class Pictures(CalibrationDataReader):
    def __init__(self, paths: list[Path], name: str, height: int, width: int) -> None:
        self.feeds = ({name: prepared(path, height, width)} for path in paths)

    def get_next(self) -> dict | None:
        return next(self.feeds, None)


def prepared(path: Path, height: int, width: int) -> numpy.ndarray:
    picture = cv2.imread(str(path))
    scale = min(width / picture.shape[1], height / picture.shape[0])
    picture = cv2.resize(picture, None, fx=scale, fy=scale)[:height, :width]
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    frame = numpy.full((height, width, 3), 114, numpy.uint8)
    frame[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return numpy.ascontiguousarray(frame[:, :, ::-1].transpose(2, 0, 1)[None]).astype(numpy.float32) / 255


def main(data: Path, out: Path) -> None:
    model = with_plain_weights(onnx.load(data / "shapes" / "detect.onnx"))
    name = model.graph.input[0].name
    height, width = (axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim[2:])
    mean = [node.name for node in model.graph.node if node.op_type == "Conv" and "/dfl/" in node.name]
    paths = sorted((data / "shapes" / "images").glob("*.jpg"))[:kPictures]
    target = out / "int8" / "detect-int8.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        onnx.save(onnx.shape_inference.infer_shapes(model), plain)
        quantize_static(
            plain,
            target,
            Pictures(paths, name, height, width),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=mean,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            # Zero points of 0, and biases as they are: TensorRT knows no others.
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False},
        )
    quantized = onnx.load(target)
    onnx.helper.set_model_props(quantized, {entry.key: entry.value for entry in model.metadata_props})
    onnx.save(quantized, target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
