"""Makes detect-nms.onnx: detect.onnx with TensorRT's plugin EfficientNMS_TRT behind it, as exporters add it.

    python add_nms_plugin.py detect.onnx whole.onnx      (needs the package onnx)
    python share_weights.py whole.onnx detect.onnx detect-nms.onnx
"""

import sys

import onnx
from onnx import TensorProto, helper

CLASSES = 6
MOST = 100


def main(source, out):
    model = onnx.load(source)
    graph = model.graph
    raw = graph.output[0].name
    graph.initializer.append(helper.make_tensor("plugin_sides", TensorProto.INT64, [2], [4, CLASSES]))
    graph.node.extend([
        helper.make_node("Transpose", [raw], ["plugin_rows"], perm=[0, 2, 1]),
        helper.make_node("Split", ["plugin_rows", "plugin_sides"], ["plugin_boxes", "plugin_scores"], axis=2),
        helper.make_node(
            "EfficientNMS_TRT", ["plugin_boxes", "plugin_scores"],
            ["num_dets", "det_boxes", "det_scores", "det_classes"], name="nms", domain="TRT", plugin_version="1",
            background_class=-1, box_coding=1, score_activation=0, score_threshold=0.3, iou_threshold=0.6,
            max_output_boxes=MOST, class_agnostic=0),
    ])
    del graph.output[:]
    outputs = (
        ("num_dets", TensorProto.INT32, [1, 1]),
        ("det_boxes", TensorProto.FLOAT, [1, MOST, 4]),
        ("det_scores", TensorProto.FLOAT, [1, MOST]),
        ("det_classes", TensorProto.INT32, [1, MOST]),
    )
    for name, kind, shape in outputs:
        graph.output.append(helper.make_tensor_value_info(name, kind, shape))
    model.opset_import.append(helper.make_opsetid("TRT", 1))
    onnx.save(model, out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
