"""Makes the models of this folder, whose outputs are constants. Files that say nothing of themselves, so that they have
no class names:

    plugin.onnx   the outputs of TensorRT's plugin EfficientNMS_TRT, 3 objects of which 2 count
    topk.onnx     the best classes of a classifier, as TensorRT's plugin gives them
    end2end.onnx  finished objects: box, score, class

And files as exporters of other repositories write them:

    nms_lists.onnx  YOLOv7 and YOLOv6: EfficientNMS_TRT, whose attributes are lists of one
    corners.onnx    LibreYOLO's YOLO9: boxes of candidates are corners
    square.onnx     Ultralytics, 64 x 64 pixels, 80 classes: as many candidates as values
    list.onnx       YOLOv7 with --max-wh: objects of all images in one list
    flat.onnx       super-gradients' list: the score before the class
    rtdetr.onnx     Ultralytics' RT-DETR: boxes are shares of the image
    logits.onnx     YOLOv5's classifiers: no softmax
    dfine.onnx      queries of a DETR, 'pred_logits' and 'pred_boxes'
    dfine_sees.onnx, rfdetr_sees.onnx  queries whose scores are the brightness of sixteenths of the image
    dfine_size.onnx  D-FINE's own exporter: an input for the size of the image
    rfdetr.onnx     RF-DETR, 'dets' and 'labels': as many scores as a box has sides
    rfdetr91.onnx   RF-DETR of COCO: its numbers of classes
    yolov7_one.onnx, yolov5_one.onnx  one class: its score is the objectness; the product with it
    yolox.onnx, yolox_raw.onnx  decoded, and straight from the grids
    heads.onnx      YOLOv9 as it is trained: of two heads the second counts
    family.onnx     names a family that nobody knows

TensorRT's plugins, with what is behind them as trtyolo-export writes it:

    nms_numbers.onnx    EfficientNMS_TRT: attributes are numbers, scores need a sigmoid
    nms_twice.onnx      two of them
    nms_pose.onnx       EfficientIdxNMS_TRT, and keypoints gathered by its indices
    nms_obb.onnx        EfficientRotatedNMS_TRT
    nms_segment.onnx    EfficientIdxNMS_TRT, and masks of regions that ROIAlign_TRT cuts out
    nms_each.onnx, nms_best.onnx  ONNX's own suppression: super-gradients' list, and YOLOv7's with --max-wh
    nms_scaled.onnx     the same as the first, but boxes are halved behind it
    count.onnx          finished objects, and how many reach a threshold of the file's
    plugin_obb.onnx     outputs of the plugin: corners and an angle
    plugin_masks.onnx   outputs of the plugin: each mask lies in its box

And colours.onnx, whose scores are the means of the image's channels, as they come to the network; colours_u8.onnx,
colours_last.onnx and colours_u8_last.onnx likewise, of bytes and with channels last; grey.onnx and grey_u8_last.onnx of
one channel; yolov5_cls.onnx as YOLOv5's
classifiers, with their metadata; eight_bits.onnx and seven_bits.onnx as colours.onnx, quantized; copy_plugin.onnx
through a plugin that a library of its own has (tests/gpu/copy_plugin.cpp). And of any size:

    semantic.onnx  the class of each pixel is its brightest channel: red, green, blue
    logits-semantic.onnx  the same as logits, the channels
    depth.onnx     a metre and, for a white pixel, ten more

    python make.py     (needs the package onnx)
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int32): TensorProto.INT32}


def save(name, size, metadata=(), plugin=None, inputs=(), **outputs):
    """Each output is its value plus 0 times the mean of the image. A `plugin` is nodes that take these, their outputs,
    which are the file's then, and their constants. `inputs` are those beside the image."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nought"], ["zero"]),
    ]
    constants = [numpy_helper.from_array(np.float32(0), "nought")]
    infos = []
    for output, value in outputs.items():
        constants.append(numpy_helper.from_array(value.astype(np.float32), output + "_value"))
        nodes.append(helper.make_node("Add", [output + "_value", "zero"], [output + "_sum"]))
        nodes.append(helper.make_node("Cast", [output + "_sum"], [output], to=TYPES[value.dtype]))
        infos.append(helper.make_tensor_value_info(output, TYPES[value.dtype], value.shape))
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, size, size])
    opsets = [helper.make_opsetid("", 17)]
    if plugin:
        more, infos, values = plugin
        nodes.extend(more)
        constants.extend(numpy_helper.from_array(np.array(value), key) for key, value in values.items())
        opsets.extend(helper.make_opsetid(domain, 1) for domain in {node.domain for node in more} - {""})
    graph = helper.make_graph(nodes, "constant", [image, *inputs], infos, constants)
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, dict(metadata))
    if not plugin:
        onnx.checker.check_model(model)
    onnx.save(model, FOLDER / name)


BOXES = np.array([[[40, 60, 200, 220], [100, 120, 300, 300], [0, 0, 0, 0]]], np.float32)
SCORES, CLASSES = np.array([[0.9, 0.6, 0]], np.float32), np.array([[2, 17, 0]], np.int32)
save(
    "plugin.onnx",
    320,
    num_dets=np.array([[2]], np.int32),
    det_boxes=BOXES,
    det_scores=SCORES,
    det_classes=CLASSES,
)
save("topk.onnx", 224, topk=np.array([[[0.9, 2], [0.05, 17]]], np.float32))
save(
    "end2end.onnx",
    320,
    output0=np.concatenate([BOXES, SCORES[..., None], CLASSES[..., None].astype(np.float32)], axis=2),
)


def candidates(values, count, box, scores):
    """[1, values, count], of which the first has this box and these scores."""
    table = np.zeros((1, values, count), np.float32)
    table[0, : 4 + len(scores), 0] = [*box, *scores]
    return table


tensor = helper.make_tensor_value_info
lists = {"background_class": [-1], "box_coding": [1], "score_activation": [0], "max_output_boxes": [100]}
thresholds = {"iou_threshold": [0.45], "score_threshold": [0.25]}
outputs = {"num_dets": [1, 1], "det_boxes": [1, 100, 4], "det_scores": [1, 100], "det_classes": [1, 100]}
node = helper.make_node(
    "EfficientNMS_TRT", ["boxes", "scores"], [*outputs], domain="TRT", plugin_version="1", **lists, **thresholds
)
types = {"num_dets": TensorProto.INT32, "det_classes": TensorProto.INT32}


def declared(shapes):
    return [tensor(name, types.get(name, TensorProto.FLOAT), shape) for name, shape in shapes.items()]


save(
    "nms_lists.onnx",
    320,
    plugin=([node], declared(outputs), {}),
    boxes=np.array([[[100, 100, 50, 50], [200, 200, 50, 50]]], np.float32),
    scores=np.array([[[0.9, 0.1, 0.2], [0.1, 0.8, 0.1]]], np.float32),
)
named = {"task": "detect", "names": str({i: f"name {i}" for i in range(80)})}
few = {"task": "detect", "names": "{0: 'a', 1: 'b', 2: 'c'}"}
save("corners.onnx", 64, {**few, "model_family": "yolo9"}, output=candidates(7, 84, [10, 20, 40, 50], [0.9]))
save("square.onnx", 64, named, output0=candidates(84, 84, [32, 32, 20, 20], [0.9]))
save("list.onnx", 320, output=np.array([[0, 10, 20, 200, 250, 2, 0.9], [0, 30, 40, 90, 80, 5, 0.8]], np.float32))
shares = np.zeros((1, 300, 6), np.float32)
shares[0, 0] = [0.5, 0.5, 0.2, 0.2, 0.9, 1]
save("rtdetr.onnx", 320, {**named, "head": "RTDETRDecoder", "end2end": "False"}, output0=shares)
save("logits.onnx", 224, output0=np.array([[-3.0, 55.1, 2.5]], np.float32))

flat = np.array([[0, 42, 62, 202, 222, 0.9, 2], [0, 102, 122, 302, 302, 0.6, 5]], np.float32)
save("flat.onnx", 640, graph2_flat_predictions=flat)

# Queries: of the first both classes score, the second lies on the same box, the third is nothing.
queries = np.array([[[0.5, 0.5, 0.5, 0.25], [0.5, 0.5, 0.5, 0.25], [0.1, 0.1, 0.1, 0.1]]], np.float32)
chances = np.array([[[2, 1.5, -5], [-5, -5, 1], [-5, -5, -5]]], np.float32)
save("dfine.onnx", 64, pred_logits=chances, pred_boxes=queries)
save(
    "dfine_size.onnx",
    64,
    inputs=[helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, ["batch", 2])],
    plugin=(
        [
            helper.make_node("Tile", ["orig_target_sizes", "twice"], ["sides"]),
            helper.make_node("Unsqueeze", ["sides", "second"], ["sides_of_all"]),
            helper.make_node("Cast", ["sides_of_all"], ["real_sides"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["shares_sum", "real_sides"], ["boxes"]),
            helper.make_node("Identity", ["chances"], ["scores"]),
            helper.make_node("Cast", ["kinds"], ["labels"], to=TensorProto.INT64),
        ],
        [
            helper.make_tensor_value_info("labels", TensorProto.INT64, [1, 3]),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 3, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 3]),
        ],
        {"twice": [1, 2], "second": [1]},
    ),
    shares=np.array([[[0.1, 0.2, 0.5, 0.6], [0.25, 0.5, 1, 1], [0, 0, 0.1, 0.1]]], np.float32),
    chances=np.array([[0.9, 0.6, 0.1]], np.float32),
    kinds=np.array([[2, 7, 1]], np.float32),
)
save("rfdetr.onnx", 64, dets=queries, labels=np.concatenate([chances, np.full((1, 3, 1), -5, np.float32)], axis=2))
of_coco = np.full((1, 3, 91), -5, np.float32)
of_coco[0, 1, 90] = 2
save("rfdetr91.onnx", 64, dets=queries, labels=of_coco)


def rows(count, *values):
    """[1, count, values], of which the sixth row has these."""
    table = np.zeros((1, count, len(values)), np.float32)
    table[0, 5] = values
    return table


# Networks of 32 x 32 pixels have 21 cells.
save("yolov7_one.onnx", 32, output=rows(63, 16, 16, 8, 12, 0.9, 0.5))
save("yolov5_one.onnx", 32, {"stride": "32", "names": "{0: 'a'}"}, output0=rows(63, 16, 16, 8, 12, 0.9, 0.5))
save("yolox.onnx", 32, output=rows(21, 12, 12, 16, 8, 0.9, 0.1, 0.8, 0.2))
save(
    "yolox_raw.onnx",
    32,
    plugin=(
        [helper.make_node("Transpose", ["grids"], ["output"], perm=[0, 2, 1])],
        declared({"output": [1, 21, 8]}),
        {},
    ),
    grids=rows(21, 0.5, 0.5, np.log(2), 0, 0.9, 0.1, 0.8, 0.2).transpose(0, 2, 1),
)
save(
    "heads.onnx",
    64,
    {"stride": "32", "names": "{0: 'a', 1: 'b', 2: 'c'}"},
    output0=candidates(7, 84, [20, 20, 10, 10], [0.9]),
    output1=candidates(7, 84, [32, 32, 20, 20], [0, 0.8]),
)
save("family.onnx", 64, {**few, "model_family": "yolo99"}, output=candidates(7, 84, [10, 20, 40, 50], [0.9]))

numbers = {"background_class": -1, "max_output_boxes": 100, "iou_threshold": 0.45, "score_threshold": 0.25}
numbers = {**numbers, "class_agnostic": 0, "plugin_version": "1"}
two_boxes = np.array([[[75, 75, 125, 125], [175, 175, 225, 225]]], np.float32)
nms = helper.make_node("EfficientNMS_TRT", ["boxes", "scores"], [*outputs], box_coding=0, score_activation=1, **numbers)
second = helper.make_node("EfficientNMS_TRT", ["boxes", "scores"], ["n", "b", "s", "c"], box_coding=0, **numbers)
sure = np.array([[[2, -3], [-3, 1]]], np.float32)
save("nms_numbers.onnx", 320, plugin=([nms], declared(outputs), {}), boxes=two_boxes, scores=sure)
save("nms_twice.onnx", 320, plugin=([nms, second], declared(outputs), {}), boxes=two_boxes, scores=sure)

# Of four candidates the second is suppressed by the first, and the last scores less than the file's threshold.
four = np.array([[[100, 100, 40, 60], [102, 100, 40, 60], [200, 200, 60, 40], [60, 240, 40, 40]]], np.float32)
their_scores = np.array([[[0.9], [0.7], [0.6], [0.2]]], np.float32)
picked = {**outputs, "det_indices": [1, 100]}
types["det_indices"] = TensorProto.INT32


def picking(values, chosen):
    """The plugin, and what takes the values of the boxes that it picks, as trtyolo-export writes it."""
    return [
        helper.make_node("EfficientIdxNMS_TRT", ["boxes", "scores"], [*picked], box_coding=1, **numbers),
        helper.make_node("Cast", ["det_indices"], ["indices_int64"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["indices_int64", "last"], ["indices_expanded"]),
        helper.make_node("GatherND", [values, "indices_expanded"], [chosen], batch_dims=1),
    ]


save(
    "nms_pose.onnx",
    320,
    plugin=(
        [
            *picking("points", "det_kpts"),
        ],
        declared({**outputs, "det_kpts": [1, 100, 2, 3]}),
        {"last": [-1]},
    ),
    boxes=four,
    scores=their_scores,
    points=np.array(
        [[[[x, y, 0.5], [x + 10, y + 5, 0.75]] for x, y in ((90, 90), (1, 1), (190, 195), (50, 230))]], np.float32
    ),
)
turned = helper.make_node("EfficientRotatedNMS_TRT", ["boxes", "scores"], [*outputs], box_coding=1, **numbers)
angles = np.array([[[0.5], [0.5], [-0.25], [0]]], np.float32)
save(
    "nms_obb.onnx",
    320,
    plugin=([turned], declared({**outputs, "det_boxes": [1, 100, 5]}), {}),
    boxes=np.concatenate([four, angles], axis=2),
    scores=np.concatenate([their_scores / 4, their_scores], axis=2),
)

# Prototypes: the left half, and the upper half.
halves = np.full((1, 2, 16, 16), -1, np.float32)
halves[0, 0, :, :8] = halves[0, 1, :8] = 1
save(
    "nms_segment.onnx",
    64,
    plugin=(
        [
            *picking("weights", "selected"),
            helper.make_node("Reshape", ["det_boxes", "boxes_shape"], ["flat_boxes"]),
            helper.make_node("Reshape", ["selected", "weights_shape"], ["flat_weights"]),
            helper.make_node(
                "ROIAlign_TRT",
                ["prototypes", "flat_boxes", "images_of_boxes"],
                ["regions"],
                output_height=16,
                output_width=16,
                coordinate_transformation_mode=1,
                mode=1,
                sampling_ratio=0,
                spatial_scale=0.25,
            ),
            helper.make_node("Reshape", ["regions", "regions_shape"], ["flat_regions"]),
            helper.make_node("MatMul", ["flat_weights", "flat_regions"], ["products"]),
            helper.make_node("Sigmoid", ["products"], ["shares"]),
            helper.make_node("Reshape", ["shares", "masks_shape"], ["det_masks"]),
        ],
        declared({**outputs, "det_masks": [1, 100, 16, 16]}),
        {
            "last": [-1],
            "boxes_shape": [-1, 4],
            "weights_shape": [-1, 1, 2],
            "images_of_boxes": np.zeros(100, np.int32),
            "regions_shape": [-1, 2, 256],
            "masks_shape": [1, 100, 16, 16],
        },
    ),
    boxes=np.array([[[32, 32, 48, 32], [32, 32, 48, 30], [24, 32, 16, 64]]], np.float32),
    scores=np.array([[[0.9], [0.7], [0.6]]], np.float32),
    weights=np.array([[[3, 0], [5, 5], [0, -2]]], np.float32),
    prototypes=halves,
)


def onnx_suppression(best=False, factor=None):
    """ONNX's own, and a list [objects, 7] of what it picks: of each class, or with boxes that are moved by their best
    one; boxes times `factor`."""
    make = helper.make_node
    nodes = [
        make("ReduceMax", ["scores"], ["best"], axes=[2], keepdims=1),
        make("ArgMax", ["scores"], ["best_class"], axis=2, keepdims=1),
        make("Cast", ["best_class"], ["best_number"], to=TensorProto.FLOAT),
        make("Mul", ["best_number", "side"], ["away"]),
        make("Add", ["boxes", "away"], ["moved"]),
    ]
    nodes = [
        *(nodes if best else []),
        make("Transpose", ["best" if best else "scores"], ["turned"], perm=[0, 2, 1]),
        make("NonMaxSuppression", ["moved" if best else "boxes", "turned", "most", "iou", "least"], ["picked"]),
        make("Gather", ["picked", "places"], ["image_and_box"], axis=1),
        make("GatherND", ["boxes", "image_and_box"], ["given" if factor else "their_boxes"]),
        *([make("Mul", ["given", "factor"], ["their_boxes"])] if factor else []),
        make("GatherND", ["turned", "picked"], ["their_scores"]),
        make("Unsqueeze", ["their_scores", "last"], ["score"]),
        make("GatherND", ["best_class", "image_and_box"], ["class"])
        if best
        else make("Gather", ["picked", "class_place"], ["class"], axis=1),
        make("Cast", ["class"], ["class_number"], to=TensorProto.FLOAT),
        make("Gather", ["picked", "image_place"], ["image"], axis=1),
        make("Cast", ["image"], ["image_number"], to=TensorProto.FLOAT),
    ]
    order = ["class_number", "score"] if best else ["score", "class_number"]
    name = "output" if best else "graph2_flat_predictions"
    nodes.append(make("Concat", ["image_number", "their_boxes", *order], [name], axis=1))
    constants = {"most": [100], "iou": np.float32([0.45]), "least": np.float32([0.25]), "places": [0, 2], "last": [-1]}
    constants |= {"image_place": [0], "class_place": [1], "side": np.float32(320), "factor": np.float32(factor or 1)}
    return nodes, [tensor(name, TensorProto.FLOAT, ["objects", 7])], constants


# Of each class the second is suppressed by the first; the last scores less than the file's threshold.
corners = np.array([[[80, 70, 120, 130], [82, 70, 122, 130], [170, 180, 230, 220], [40, 220, 80, 260]]], np.float32)
two_classes = np.array([[[0.9, 0.3], [0.7, 0.8], [0.6, 0], [0.2, 0]]], np.float32)
save("nms_each.onnx", 640, plugin=onnx_suppression(), boxes=corners, scores=two_classes)
save("nms_scaled.onnx", 640, plugin=onnx_suppression(factor=0.5), boxes=corners, scores=two_classes)
save("nms_best.onnx", 320, plugin=onnx_suppression(best=True), boxes=corners, scores=two_classes)
save(
    "count.onnx",
    320,
    plugin=(
        [
            helper.make_node("Identity", ["boxes"], ["det_boxes"]),
            helper.make_node("Identity", ["scores"], ["det_scores"]),
            helper.make_node("Cast", ["classes"], ["det_classes"], to=TensorProto.INT32),
            helper.make_node("GreaterOrEqual", ["det_scores", "threshold"], ["enough"]),
            helper.make_node("Cast", ["enough"], ["ones"], to=TensorProto.INT32),
            helper.make_node("ReduceSum", ["ones", "last"], ["num_dets"], keepdims=1),
        ],
        declared(
            {key: [1, *([3, *shape[2:]] if len(shape) > 2 or shape[1] > 1 else [1])] for key, shape in outputs.items()}
        ),
        {"last": [-1], "threshold": np.float32(0.5)},
    ),
    boxes=BOXES + np.float32([[[0], [0], [10]]]) * np.float32([0, 0, 1, 1]),
    scores=np.array([[0.9, 0.6, 0.3]], np.float32),
    classes=CLASSES.astype(np.float32),
)
save(
    "plugin_obb.onnx",
    320,
    num_dets=np.array([[1]], np.int32),
    det_boxes=np.array([[[80, 70, 120, 130, 0.5], [0, 0, 0, 0, 0]]], np.float32),
    det_scores=np.array([[0.9, 0]], np.float32),
    det_classes=np.array([[2, 0]], np.int32),
)
half = np.zeros((1, 2, 16, 16), np.float32)
half[0, 0, :, :8] = 1
save(
    "plugin_masks.onnx",
    64,
    num_dets=np.array([[1]], np.int32),
    det_boxes=np.array([[[8, 16, 48, 32], [0, 0, 0, 0]]], np.float32),
    det_scores=np.array([[0.9, 0]], np.float32),
    det_classes=np.array([[2, 0]], np.int32),
    det_masks=half,
)


def save_means(name, shape, kind=TensorProto.FLOAT, axes=(2, 3), metadata=(), behind=(), values=()):
    """The scores are the means of the channels, `behind` which are more nodes, of "means"."""
    output = "means" if behind else "output0"
    nodes = [helper.make_node("ReduceMean", ["pixels"], [output], axes=[*axes], keepdims=0)]
    if kind == TensorProto.FLOAT:
        nodes[0].input[0] = "images"
    else:
        nodes.insert(0, helper.make_node("Cast", ["images"], ["pixels"], to=TensorProto.FLOAT))
    channels = shape[3] if axes[0] == 1 else shape[1]
    graph = helper.make_graph(
        [*nodes, *behind],
        "colours",
        [tensor("images", kind, shape)],
        [tensor("output0", TensorProto.FLOAT, [shape[0], channels])],
        [numpy_helper.from_array(np.float32(value), key) for key, value in dict(values).items()],
    )
    domains = {node.domain for node in behind} | {""}
    opsets = [helper.make_opsetid(domain, 1 if domain else 17) for domain in sorted(domains)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    helper.set_model_props(model, dict(metadata))
    if domains == {""}:
        onnx.checker.check_model(model)
    onnx.save(model, FOLDER / name)


save_means("colours.onnx", [1, 3, 32, 32])
save_means("colours_u8.onnx", [1, 3, 32, 32], TensorProto.UINT8)
save_means("colours_last.onnx", [1, 32, 32, 3], axes=(1, 2))
save_means("colours_u8_last.onnx", [1, 32, 32, 3], TensorProto.UINT8, axes=(1, 2))
save_means("grey.onnx", [1, 1, 32, 32])
save_means("grey_u8_last.onnx", ["batch", "height", "width", 1], TensorProto.UINT8, axes=(1, 2))


def save_seeing(name, logits, boxes, side):
    """Queries of a DETR that see a sixteenth of the image each, so that the filter which scales it shows."""
    nodes = [
        helper.make_node("AveragePool", ["images"], ["cells"], kernel_shape=[side // 4] * 2, strides=[side // 4] * 2),
        helper.make_node("Reshape", ["cells", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], [logits], perm=[0, 2, 1]),
        helper.make_node("ReduceMean", [logits], ["mean"], axes=[2]),
        helper.make_node("Mul", ["mean", "nought"], ["zero"]),
        helper.make_node("Add", ["places", "zero"], [boxes]),
    ]
    places = [[(i % 4 + 0.5) / 4, (i // 4 + 0.5) / 4, 0.25, 0.25] for i in range(16)]
    constants = {"shape": np.array([1, 3, 16]), "nought": np.float32(0), "places": np.array([places], np.float32)}
    graph = helper.make_graph(
        nodes,
        "sees",
        [tensor("images", TensorProto.FLOAT, [1, 3, side, side])],
        [tensor(boxes, TensorProto.FLOAT, [1, 16, 4]), tensor(logits, TensorProto.FLOAT, [1, 16, 3])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, FOLDER / name)


save_seeing("dfine_sees.onnx", "pred_logits", "pred_boxes", 64)
save_seeing("rfdetr_sees.onnx", "labels", "dets", 96)
save_means(
    "yolov5_cls.onnx",
    [1, 3, 32, 32],
    metadata={"stride": "32", "names": "{0: 'red', 1: 'green', 2: 'blue'}"},
    behind=[helper.make_node("Gemm", ["means", "weights", "bias"], ["output0"], transB=1)],
    values={"weights": np.eye(3), "bias": np.zeros(3)},
)
save_means(
    "copy_plugin.onnx",
    [1, 3, 32, 32],
    behind=[helper.make_node("CopyForTests_TRT", ["means"], ["output0"], domain="TRT", plugin_version="1")],
)


def save_eight_bits(name, most):
    """The means of the channels, by a network of eight bits: 16 copies of each, twice as large, and sums of these with
    weights of `most`."""
    copies = 16
    spread, back = np.zeros((3 * copies, 3, 1, 1), np.float32), np.zeros((3, 3 * copies, 1, 1), np.int8)
    for channel in range(3):
        part = slice(channel * copies, (channel + 1) * copies)
        spread[part, channel], back[channel, part] = 2, most
    constants = {
        "spread": spread,
        "step": np.float32(1 / 255),
        "zero": np.uint8(0),
        "weights": back,
        "weight_step": np.float32(1 / most / 2 / copies),
        "weight_zero": np.int8(0),
    }
    nodes = [
        helper.make_node("Conv", ["images", "spread"], ["wide"]),
        helper.make_node("QuantizeLinear", ["wide", "step", "zero"], ["bytes"]),
        helper.make_node("DequantizeLinear", ["bytes", "step", "zero"], ["values"]),
        helper.make_node("DequantizeLinear", ["weights", "weight_step", "weight_zero"], ["real_weights"]),
        helper.make_node("Conv", ["values", "real_weights"], ["sums"]),
        helper.make_node("ReduceMean", ["sums"], ["output0"], axes=[2, 3], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "eight bits",
        [tensor("images", TensorProto.FLOAT, [1, 3, 32, 32])],
        [tensor("output0", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, FOLDER / name)


save_eight_bits("eight_bits.onnx", 127)
save_eight_bits("seven_bits.onnx", 64)


def save_map(name, task, nodes, kind, shape):
    """A network that makes a map of each image, in batches and sizes of any kind."""
    image = tensor("images", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    constants = [numpy_helper.from_array(np.float32(value), key) for key, value in (("ten", 10), ("one", 1))]
    output = tensor("output0", kind, ["batch", *shape, "height", "width"])
    made = [helper.make_node(*node, **more) for *node, more in nodes]
    graph = helper.make_graph(made, task, [image], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    names = "{0: 'red', 1: 'green', 2: 'blue'}" if task == "semantic" else "{0: 'depth'}"
    helper.set_model_props(model, {"task": task, "names": names, "imgsz": "[64, 64]", "stride": "32"})
    onnx.save(model, FOLDER / name)


best = [
    ("ArgMax", ["images"], ["best"], {"axis": 1, "keepdims": 0}),
    ("Cast", ["best"], ["output0"], {"to": TensorProto.UINT8}),
]
save_map("semantic.onnx", "semantic", best, TensorProto.UINT8, [])
save_map("logits-semantic.onnx", "semantic", [("Identity", ["images"], ["output0"], {})], TensorProto.FLOAT, [3])
metres = [
    ("ReduceMean", ["images"], ["mean"], {"axes": [1], "keepdims": 1}),
    ("Mul", ["mean", "ten"], ["more"], {}),
    ("Add", ["more", "one"], ["output0"], {}),
]
save_map("depth.onnx", "depth", metres, TensorProto.FLOAT, [1])
